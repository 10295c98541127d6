"""How entries look: whole, harmless, and nobody's line passes for another's."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import (
    Archived,
    Entered,
    Kind,
    Manner,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoomId,
    RoomName,
    RoomRole,
    SessionsRevoked,
    TopicSet,
    Way,
)
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.told import People, PersonLine, RoomLine, RoomList
from besedka.client.memory import KnownRoom
from besedka.client.showing import INDENT, Look, day, entry_lines, label, people_lines, room_lines
from besedka.wire.native import NativeClient
from scripted import ANN, BOB, LOBBY, entry

PLAIN = Look()


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def shown(body: object, *, where: str = "", name: str = "bob") -> list[str]:
    return entry_lines(entry(1, body, name=name), PLAIN, where=where)  # type: ignore[arg-type]


def test_messages_of_each_manner() -> None:
    assert shown(Message("hi")) == ["22:13 bob: hi"]
    assert shown(Message("hi"), where="dev") == ["22:13 [dev] bob: hi"]
    assert shown(Message("waves", Manner.DONE)) == ["22:13 * bob waves"]
    assert shown(Message("build failed", Manner.NOTED)) == ["22:13 -bob- build failed"]


def test_times_are_local_and_days_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert shown(Message("hi")) == ["07:13 bob: hi"]
    assert day(1_700_000_000_000) == "2023-11-15"


def test_notices() -> None:
    people = tuple(Person(PrincipalId(n), AccountName(f"p{n}")) for n in range(1, 8))
    assert shown(MembershipChanged(Way.JOINED, people[:2])) == ["22:13 -- p1, p2 joined"]
    assert shown(MembershipChanged(Way.LEFT, people)) == ["22:13 -- p1, p2, p3, p4, p5 and 2 more left"]
    assert shown(MembershipChanged(Way.REMOVED, people[:1])) == ["22:13 -- bob removed p1"]
    assert shown(TopicSet("tea\nor not")) == ["22:13 -- bob set the topic: tea⏎or not"]
    assert shown(TopicSet("")) == ["22:13 -- bob took the topic away"]
    assert shown(Opened(Kind.PUBLIC, RoomName("dev"))) == ["22:13 -- bob opened this room"]
    assert shown(Archived()) == ["22:13 -- this room has ended"]
    assert shown(SessionsRevoked()) == ["22:13 -- all your sessions were ended"]
    assert shown(Entered(RoomId(3), Kind.PUBLIC, RoomName("dev"), 1)) == []


def test_an_entry_of_a_newer_server_is_one_line() -> None:
    told = b'{"number":1,"time":1700000000000,"author":2,"name":"bob","body":{"kind":"poll"}}'
    frame = b'{"is":"entries","room":2,"entries":[' + told + b"]}"
    (unit,) = NativeClient().receive(len(frame).to_bytes(4, "big") + frame)
    (line,) = entry_lines(unit.entries[0], PLAIN, where="")  # type: ignore[union-attr]
    assert line == "22:13 -- something that this version cannot show"


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_text_moves_the_cursor_or_begins_a_line_of_its_own(text: str, name: str) -> None:
    lines = entry_lines(entry(1, Message(text), name=name), Look(colour=False), where="")
    assert len(lines) == 1 + text.count("\n")
    assert all(line.startswith(INDENT) for line in lines[1:])
    for line in lines:
        assert "\x1b" not in line
        assert "\r" not in line
        assert "\n" not in line


def test_colours_are_stable_and_only_where_wanted() -> None:
    look = Look(colour=True)
    assert look.name("Bob")[:5] == look.name("BOB")[:5], "the same person in the same colour"
    assert look.name("bob").startswith("\x1b[")
    assert look.name("bob").endswith("\x1b[0m")
    assert PLAIN.name("bob") == "bob"
    assert look.dim("") == ""


def room(kind: Kind, name: str = "", people: tuple[tuple[PrincipalId, str], ...] = ()) -> KnownRoom:
    known = tuple(Person(principal, AccountName(one)) for principal, one in people)
    return KnownRoom(room=LOBBY, kind=kind, name=RoomName(name), place=0, people=known)


def test_a_conversation_of_two_is_called_by_the_other() -> None:
    assert label(room(Kind.PUBLIC, "dev"), ANN) == "dev"
    assert label(room(Kind.DIRECT, people=((ANN, "ann"), (BOB, "bob"))), ANN) == "@bob"
    assert label(room(Kind.DIRECT, people=((ANN, "ann"),)), ANN) == "@ann"
    assert label(room(Kind.DIRECT), ANN) == "@?"


def test_lists() -> None:
    rooms = RoomList(
        None,
        (
            RoomLine(LOBBY, Kind.PUBLIC, RoomName("lobby"), "hi\x1b[2J", 2, True),
            RoomLine(RoomId(3), Kind.PUBLIC, RoomName("dev"), "", 1, False),
        ),
        more=True,
    )
    assert room_lines(rooms, ["@bob"], PLAIN) == [
        "* lobby  2 people  hi\ufffd[2J",
        "  dev  1 person",
        "and more; a server shows so many at once",
        "  @bob",
    ]
    assert "no rooms yet" in room_lines(RoomList(None, ()), [], PLAIN)[0]
    people = People(
        None,
        LOBBY,
        9,
        (
            PersonLine(ANN, AccountName("ann"), RoomRole.OWNER, True),
            PersonLine(BOB, AccountName("bob"), RoomRole.MODERATOR, True),
            PersonLine(PrincipalId(3), AccountName("cat"), RoomRole.MEMBER, False),
        ),
        3,
    )
    assert people_lines(people, "lobby", PLAIN) == ["3 people · lobby", "here: @ann, %bob", "away: cat"]
