"""Entries as lines of text: readable, and nobody can write somebody else's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

from besedka.chat.entries import (
    Archived,
    Body,
    Entered,
    Entry,
    Kind,
    Left,
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
from besedka.chat.rooms import Member, Room
from besedka.wire.text_format import TEXT
from shapes import values_of

ANN, BOB = Person(PrincipalId(3), AccountName("ann")), Person(PrincipalId(4), AccountName("bob"))
LOBBY = Room(RoomId(1), Kind.PUBLIC, RoomName("lobby"))


def direct(one: Person, other: Person) -> Room:
    members = {person.principal: Member(person.name, RoomRole.MEMBER, 2) for person in (one, other)}
    pair = (one.principal, other.principal)
    return Room(RoomId(2), Kind.DIRECT, pair=pair, members=Map(members))


def by_bob(*bodies: Body) -> list[Entry]:
    return [Entry(number, number, BOB.principal, BOB.name, body) for number, body in enumerate(bodies, 1)]


def lines(room: Room, *bodies: Body) -> list[str]:
    run = TEXT.run(room, by_bob(*bodies)).decode()
    assert run.count("\n") == run.count("\r\n") == len(run.splitlines())
    return run.splitlines()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (Message("hi"), "bob: hi"),
        (Message("waves", Manner.DONE), "* bob waves"),
        (Message("build passed", Manner.NOTED), "-bob- build passed"),
        (Message("a\tb {text}"), "bob: a\tb {text}"),
        (TopicSet("tea {name}"), "-- bob set the topic: tea {name}"),
        (TopicSet(""), "-- bob took the topic away"),
        (MembershipChanged(Way.JOINED, (ANN, BOB)), "-- ann, bob joined"),
        (MembershipChanged(Way.LEFT, (BOB,)), "-- bob left"),
        (MembershipChanged(Way.REMOVED, (ANN,)), "-- ann was put out by bob"),
        (Opened(Kind.PUBLIC, RoomName("lobby")), "-- bob opened this room"),
        (Archived(), "-- this room has ended"),
    ],
)
def test_each_body_is_a_line_of_its_room(body: Body, line: str) -> None:
    assert lines(LOBBY, body) == [f"[lobby] {line}"]


def test_a_run_is_its_lines_in_order() -> None:
    assert lines(LOBBY, Message("one"), Message("two")) == ["[lobby] bob: one", "[lobby] bob: two"]


def test_a_message_of_several_lines_is_indented_so_that_none_looks_like_somebody_elses() -> None:
    assert lines(LOBBY, Message("hi\n[lobby] ann: I resign\n\nName:")) == [
        "[lobby] bob: hi",
        "    [lobby] ann: I resign",
        "    ",
        "    Name:",
    ]


def test_what_moves_the_cursor_is_shown_as_a_mark() -> None:
    assert lines(LOBBY, Message("a\x1b[1A\x07\u202eb\u2028c\x85d"), TopicSet("x\x1b]0;y\x07")) == [
        "[lobby] bob: a\ufffd[1A\ufffd\ufffdb\ufffdc\ufffdd",
        "[lobby] -- bob set the topic: x\ufffd]0;y\ufffd",
    ]


def test_a_direct_room_is_called_by_its_people_and_shows_what_they_say() -> None:
    room = direct(ANN, BOB)
    opening = (Opened(Kind.DIRECT, pair=(ANN.principal, BOB.principal)), MembershipChanged(Way.JOINED, (ANN, BOB)))
    assert lines(room, *opening, Message("hi"), TopicSet("us")) == [
        "[ann & bob] bob: hi",
        "[ann & bob] -- bob set the topic: us",
    ]
    assert lines(direct(BOB, BOB), Message("note to self")) == ["[bob] bob: note to self"]


def test_an_inbox_is_for_programs() -> None:
    inbox = Room(RoomId(3), Kind.INBOX, owner=ANN.principal)
    bodies = (Entered(RoomId(1), Kind.PUBLIC, RoomName("lobby"), 2), Left(RoomId(1), 5), SessionsRevoked())
    assert TEXT.run(inbox, by_bob(Opened(Kind.INBOX, owner=ANN.principal), *bodies)) == b""
    assert TEXT.run(LOBBY, by_bob(*bodies)) == b""


@given(st.sampled_from(["lobby", "a\nb", "\x1b"]), values_of(tuple[Entry, ...]))
def test_every_line_begins_with_the_room_or_is_indented(name: str, entries: tuple[Entry, ...]) -> None:
    run = TEXT.run(Room(RoomId(1), Kind.PUBLIC, RoomName(name)), entries).decode()
    for line in run.removesuffix("\r\n").split("\r\n") if run else []:
        assert line.startswith(("[lobby] ", "[a\u23ceb] ", "[\ufffd] ", "    "))
        assert not set(line) & set("\x00\x07\x1b\r\n\x0b\x0c\x85\u2028\u202e\u200b")
