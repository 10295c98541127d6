"""How names, times and rooms look."""

from __future__ import annotations

import time

import pytest

from besedka.chat.entries import Kind, Person, RoomName
from besedka.chat.principals import AccountName, PrincipalId
from besedka.client.memory import KnownRoom
from besedka.client.showing import Look, clock, day, label, moment
from scripted import ANN, BOB, LOBBY

PLAIN = Look()


def test_times_are_local_and_days_too(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        monkeypatch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        assert clock(1_700_000_000_000) == "07:13"
        assert day(1_700_000_000_000) == "2023-11-15"
        assert moment(1_700_000_000_000) == "2023-11-15 07:13"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_colours_are_stable_and_only_where_wanted() -> None:
    look = Look(colour=True)
    assert look.name("Bob")[:5] == look.name("BOB")[:5], "the same person in the same colour"
    assert look.name("bob").startswith("\x1b[")
    assert look.name("bob").endswith("\x1b[0m")
    assert PLAIN.name("bob") == "bob"
    assert PLAIN.name("b\x1bob") == "b\ufffdob"
    assert look.dim("") == ""


def room(kind: Kind, name: str = "", people: tuple[tuple[PrincipalId, str], ...] = ()) -> KnownRoom:
    known = tuple(Person(principal, AccountName(one)) for principal, one in people)
    return KnownRoom(room=LOBBY, kind=kind, name=RoomName(name), place=0, people=known)


def test_a_conversation_of_two_is_called_by_the_other() -> None:
    assert label(room(Kind.PUBLIC, "dev"), ANN) == "dev"
    assert label(room(Kind.DIRECT, people=((ANN, "ann"), (BOB, "bob"))), ANN) == "@bob"
    assert label(room(Kind.DIRECT, people=((ANN, "ann"),)), ANN) == "@ann"
    assert label(room(Kind.DIRECT), ANN) == "@?"
