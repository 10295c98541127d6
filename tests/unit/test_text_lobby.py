"""Plain text after login: each line is said in the lobby, and what is told there is shown."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Kind, RoomId
from besedka.chat.entries import Person as PersonAt
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.requests import Exit, Say
from besedka.chat.told import (
    AwayPerson,
    Done,
    Kept,
    Presence,
    TypingPerson,
    TypingState,
    TypingTold,
    Unit,
)
from text_visitor import ENTERING, LOBBY, Visitor, present, refused, room, you


def test_the_lobby_is_the_room_that_lines_are_said_in() -> None:
    visitor = Visitor().connect()
    visitor.write("ann", "correct horse")
    visitor.tell(you())
    visitor.tell(room(RoomId(8), "den"), room(RoomId(9), "lobby", kind=Kind.PRIVATE))
    assert visitor.write("hi") == []
    assert visitor.tell(room(RoomId(5), "Lobby")) == [Say(room=RoomId(5), text="hi")]
    assert visitor.tell(room(RoomId(6))) == []
    assert visitor.write("hi") == [Say(room=RoomId(6), text="hi")]


@pytest.mark.parametrize("answer", [Kept(None, RoomId(5), 9), Done(None, RoomId(5))])
def test_a_lobby_by_another_name_is_the_room_that_joining_it_led_to(answer: Unit) -> None:
    visitor = Visitor().connect()
    visitor.write("ann", "correct horse")
    assert visitor.tell(you(), answer, room(RoomId(4), "den")) == ENTERING
    visitor.read()
    assert visitor.write("hi") == []
    assert visitor.tell(room(RoomId(5), "h\nall", topic="tea")) == [Say(room=RoomId(5), text="hi")]
    visitor.tell(Kept(None, RoomId(4), 2), Presence(RoomId(5), back=(PersonAt(PrincipalId(4), AccountName("bob")),)))
    assert visitor.read() == ["[h\u23ceall] -- the topic is: tea", "[h\u23ceall] -- bob came back"]
    assert visitor.write("ho") == [Say(room=RoomId(5), text="ho")]


def test_empty_lines_say_nothing_and_spaces_are_kept() -> None:
    assert present().write("", "   ", "\t", "  hi ") == [Say(room=LOBBY, text="  hi ")]


def test_without_a_lobby_there_is_nothing_to_stay_for() -> None:
    visitor = Visitor().connect()
    visitor.write("ann", "correct horse")
    visitor.tell(you())
    visitor.read()
    assert visitor.tell(refused(Code.ROOM_FULL)) == [Exit()]
    assert visitor.read() == [SENTENCES[Code.ROOM_FULL]]


def test_a_refusal_is_one_sentence() -> None:
    visitor = present()
    visitor.tell(refused(Code.MUTED))
    assert visitor.read() == [SENTENCES[Code.MUTED]]


def test_what_only_a_program_wants_to_know_is_not_told() -> None:
    visitor = present()
    visitor.tell(Kept(None, LOBBY, 4), Done(None))
    assert visitor.read() == []


def test_who_comes_and_goes_is_told_of_the_lobby_only() -> None:
    visitor = present()
    bob, eve = PersonAt(PrincipalId(4), AccountName("bob")), PersonAt(PrincipalId(5), AccountName("e\nve"))
    visitor.tell(Presence(LOBBY, came=(bob, eve)), Presence(LOBBY, went=(bob,)), Presence(RoomId(2), went=(eve,)))
    assert visitor.read() == ["[lobby] -- bob, e\u23ceve came online", "[lobby] -- bob went offline"]


def test_who_is_away_and_back_is_told_of_the_lobby_and_no_number_that_changes_all_the_time() -> None:
    visitor = present()
    bob, eve = PersonAt(PrincipalId(4), AccountName("bob")), PersonAt(PrincipalId(5), AccountName("eve"))
    away = (AwayPerson(bob, "supper\n[lobby] eve: hi"), AwayPerson(eve, ""))
    visitor.tell(Presence(LOBBY, away=away, back=(bob, eve)), Presence(RoomId(2), away=away))
    assert visitor.read() == [
        "[lobby] -- bob, eve came back",
        "[lobby] -- bob is away: supper\u23ce[lobby] eve: hi",
        "[lobby] -- eve is away",
    ]
    visitor.tell(Presence(LOBBY, online=812), TypingTold(LOBBY, (TypingPerson(bob, TypingState.ACTIVE),)))
    assert visitor.read() == []


def test_a_line_that_begins_with_a_slash_is_said_like_any_other() -> None:
    assert present().write("/kick bob") == [Say(room=LOBBY, text="/kick bob")]


def test_what_is_no_longer_kept_is_said_to_be_missing() -> None:
    visitor = present()
    visitor.read()
    for one in (room(), room(RoomId(9), "den"), room(RoomId(8), "", kind=Kind.DIRECT)):
        visitor.tell(replace(one, resumption=Resumption.PRUNED))
    visitor.tell(replace(room(RoomId(9), "den"), resumption=Resumption.START_OVER))
    missing = "-- some of what was said here meanwhile is no longer kept"
    assert visitor.read() == [f"[lobby] {missing}", f"[den] {missing}"]
