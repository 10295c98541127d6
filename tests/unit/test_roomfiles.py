"""Files of rooms: what is read of them, and what is wrong with them."""

from __future__ import annotations

import io
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from besedka.admin import roomfiles
from besedka.admin.roomfiles import RoomFile, RoomFileFault
from besedka.chat.entries import Body, Edited, Entry, Message, Person, Reacted, Redacted, RoomName, TopicSet
from besedka.chat.importing import Imported
from besedka.chat.principals import AccountName, PrincipalId
from besedka.limits import Limits

HEADER = roomfiles.RoomHeader(format=roomfiles.FORMAT, version=roomfiles.VERSION, room=RoomName("garden"))
ANN = Person(PrincipalId(1), AccountName("ann"))


def entry(number: int, body: Body, *, author: Person = ANN, time: int | None = None) -> Entry:
    return Entry(number, number if time is None else time, author.principal, author.name, body)


def lines(*entries: Entry) -> list[bytes]:
    return (msgspec.json.encode(HEADER) + b"\n" + roomfiles.json_lines(entries)).splitlines(keepends=True)


def read(parts: list[bytes], *, first: int = 2) -> list[Imported]:
    return list(RoomFile(io.BytesIO(b"".join(parts)), limits=Limits()).entries(first))


NESTED = b"[" * 100_000 + b"]" * 100_000

TALK = lines(entry(4, Message("roses")), entry(5, Message("red?", reply=4)), entry(7, TopicSet("flowers")))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda: TALK[1:], "line 1: this is no room exported as JSON Lines"),
        (lambda: [b"[]\n"], "line 1: this is no room exported as JSON Lines"),
        (list, "line 1: this is no room exported as JSON Lines"),
        (lambda: [TALK[0].replace(b'"version":1', b'"version":2')], "line 1: made by another version of besedka"),
        (lambda: [*TALK[:3], b"{\n"], "line 4: no entry"),
        (lambda: [*TALK[:3], b"\xff\n"], "line 4: no entry"),
        (lambda: [*TALK, TALK[1]], "line 5: out of order"),
        (lambda: [*TALK, TALK[3]], "line 5: out of order"),
        (lambda: [*TALK[:2], TALK[2].strip()], "line 3: cut off, or too long"),
        (lambda: [TALK[0], TALK[1].replace(b"ann", b"a n")], "line 2: nobody can be called so"),
        (lambda: [TALK[0], TALK[1].replace(b"ann", rb"a\u000an")], "line 2: nobody can be called so"),
        (lambda: [TALK[0], TALK[1].replace(b"roses", b"r" * 4097)], "line 2: "),
        (lambda: [TALK[0], TALK[1].replace(b"roses", rb"\u0000")], "line 2: "),
        (lambda: [TALK[0], TALK[1].replace(b"roses", b"r" * roomfiles.LINE_BYTES_MAX)], "line 2: cut off, or too long"),
        (lambda: [*TALK[:3], TALK[3].replace(b"flowers", rb"a\u000ab")], "line 4: "),
        (lambda: [TALK[0], TALK[1].replace(b'"time":4', b'"time":-4')], "line 2: before 1970"),
        (lambda: [TALK[0], TALK[1].replace(b'"number":4', b'"number":%d' % (1 << 63))], "line 2: no entry"),
        (lambda: [TALK[0], TALK[1].replace(b'"time":4', b'"time":%d' % (1 << 70))], "line 2: no entry"),
        (lambda: [TALK[0], b'{"more":%b}\n' % NESTED], "line 2: no entry"),
        (lambda: [b'{"more":%b}\n' % NESTED], "line 1: this is no room exported as JSON Lines"),
    ],
)
def test_a_file_that_is_not_whole_is_not_read(change: Callable[[], list[bytes]], why: str) -> None:
    with pytest.raises(RoomFileFault) as fault:
        read(change())
    assert str(fault.value).startswith(why)
    assert "roses" not in str(fault.value)


def test_what_people_wrote_comes_over_under_new_numbers() -> None:
    bob = Person(PrincipalId(9), AccountName("bob"))
    came = read(
        lines(
            entry(4, Message("roses")),
            entry(5, Message("", redacted=6)),
            entry(6, Redacted(5, ANN)),
            entry(8, Message("red?", reply=4), author=bob),
            entry(9, Message("which?", reply=5)),
            entry(10, Message("before the floor", reply=3)),
            entry(11, Reacted(8, "+1")),
            entry(12, Reacted(5, "+1")),
            entry(13, Edited(4, "roses")),
            entry(14, TopicSet("flowers"), author=bob),
        ),
        first=3,
    )
    assert [(one.author, one.name, one.body) for one in came] == [
        (0, "ann", Message("roses")),
        (1, "bob", Message("red?", reply=3)),
        (0, "ann", Message("which?")),
        (0, "ann", Message("before the floor")),
        (0, "ann", Reacted(4, "+1")),
        (1, "bob", TopicSet("flowers")),
    ]


def test_the_server_may_have_said_something_too() -> None:
    (came,) = read(lines(entry(4, Message("hello"), author=Person(PrincipalId(0), AccountName("server")))))
    assert came.name == "server"


def test_it_goes_in_parts_that_a_deed_takes() -> None:
    long, short = Message("x" * 4000), Message("y")
    came = read(lines(*(entry(number, long if number < 100 else short) for number in range(1, 700))))
    parts = list(roomfiles.in_parts(came))
    assert [one for part in parts for one in part] == came
    assert max(map(len, parts)) == roomfiles.AT_ONCE_MAX
    assert max(len(msgspec.json.encode(part)) for part in parts) < roomfiles.AT_ONCE_BYTES_MAX + 5000


@given(some.lists(some.binary(max_size=40) | some.sampled_from(TALK), max_size=6))
def test_whatever_is_in_a_file_it_is_read_or_refused(parts: list[bytes]) -> None:
    try:
        came = read(parts)
    except RoomFileFault:
        return
    assert b"".join(parts).startswith(TALK[0])
    assert all(isinstance(one.body, Message | TopicSet) for one in came)
