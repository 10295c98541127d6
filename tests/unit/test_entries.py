"""Entries are their own encoding: what they look like is a promise to logs and clients that exist."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given

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
    SessionsRevoked,
    TopicSet,
    Way,
)
from besedka.chat.principals import AccountName, PrincipalId
from shapes import values_of

ANN = Person(PrincipalId(1), AccountName("ann"))

WRITTEN: list[tuple[Body, str]] = [
    (
        Opened(Kind.PUBLIC, RoomName("tea"), PrincipalId(1)),
        '{"kind":"opened","room_kind":"public","room_name":"tea","owner":1,"pair":null}',
    ),
    (
        Opened(Kind.DIRECT, pair=(PrincipalId(1), PrincipalId(2))),
        '{"kind":"opened","room_kind":"direct","room_name":"","owner":null,"pair":[1,2]}',
    ),
    (Message("hi"), '{"kind":"message","text":"hi"}'),
    (Message("waves", Manner.DONE), '{"kind":"message","text":"waves","manner":"done"}'),
    (TopicSet("green"), '{"kind":"topic","topic":"green"}'),
    (
        MembershipChanged(Way.JOINED, (ANN,)),
        '{"kind":"membership","way":"joined","people":[{"principal":1,"name":"ann"}]}',
    ),
    (Archived(), '{"kind":"archived"}'),
    (
        Entered(RoomId(3), Kind.PUBLIC, RoomName("tea"), 2),
        '{"kind":"entered","room":3,"room_kind":"public","room_name":"tea","number":2,"people":[]}',
    ),
    (Left(RoomId(3), 9, Way.REMOVED), '{"kind":"left","room":3,"number":9,"way":"removed"}'),
    (SessionsRevoked(), '{"kind":"revoked"}'),
]


@pytest.mark.parametrize(("body", "json"), WRITTEN, ids=[type(body).__name__ for body, _ in WRITTEN])
def test_how_a_body_is_written(body: Body, json: str) -> None:
    assert msgspec.json.encode(body).decode() == json
    assert msgspec.json.decode(json, type=Body) == body


def test_every_kind_of_body_is_here() -> None:
    assert {type(body) for body, _ in WRITTEN} == set(Body.__args__)


@given(values_of(Entry))
def test_an_entry_survives_being_written(entry: Entry) -> None:
    assert msgspec.json.decode(msgspec.json.encode(entry), type=Entry) == entry
