"""Whom a message calls by name."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a_room import ANN, BOB, CARL, opened
from besedka.chat.entries import Kind, Person
from besedka.chat.mentions import calls_everybody, may_call, mentioned
from besedka.chat.principals import AccountName, PrincipalId

NAMES = ["Жанна", "straße", "x.y", "ann_", "[bot]", "w`", "ann-marie"]
OTHERS = [Person(PrincipalId(at), AccountName(name)) for at, name in enumerate(NAMES, 10)]
ROOM = opened(Kind.PUBLIC, ANN, BOB, CARL, *OTHERS)
NAMED = {one.principal: one.name for one in (ANN, BOB, CARL, *OTHERS)}


def called(text: str, author: Person = CARL, at_most: int = 9) -> list[str]:
    found = mentioned(ROOM, text, author.principal, at_most=at_most)
    assert may_call(text) or not found
    return [NAMED[one] for one in found]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@bob hi", ["bob"]),
        ("hi @Bob", ["bob"]),
        ("hi @bob.", ["bob"]),
        ("hi @bob, @ann!", ["bob", "ann"]),
        ("(@bob)", ["bob"]),
        ("[@bob]", ["bob"]),
        ("`@bob`", ["bob"]),
        ("*@bob*", ["bob"]),
        ("@bob's tea", ["bob"]),
        ("@bob-", ["bob"]),
        ("@bob: @bob", ["bob"]),
        ("line\n@bob", ["bob"]),
        ("bob: hi", ["bob"]),
        ("bob, hi", ["bob"]),
        ("BOB:hi", ["bob"]),
        ("bob:", ["bob"]),
        ("bob: ask @ann", ["bob", "ann"]),
        ("@жанна", ["Жанна"]),
        ("ЖАННА: да", ["Жанна"]),
        ("@STRASSE", ["straße"]),
        ("@x.y.", ["x.y"]),
        ("@ann_", ["ann_"]),
        ("@ann_.", ["ann_"]),
        ("@ann-marie", ["ann-marie"]),
        ("@[bot]: hi", ["[bot]"]),
        ("[bot]: hi", ["[bot]"]),
        ("@w`", ["w`"]),
        ("@@bob", []),
        ("bob", []),
        ("hi bob", []),
        ("hi, bob: tea", []),
        ("bob hi: there", []),
        ("mail bob@ann", []),
        ("a@bob.example", []),
        ("@bobby", []),
        ("@ bob", []),
        (" bob: hi", []),
        ("nobody: hi", []),
        ("@nobody", []),
        ("", []),
    ],
)
def test_whom_a_text_calls(text: str, names: list[str]) -> None:
    assert called(text) == names


def test_nobody_calls_themselves_and_nobody_is_called_twice_or_without_end() -> None:
    assert called("@bob @ann @bob", BOB) == ["ann"]
    assert called("bob: @ann @carl", ANN, at_most=1) == ["bob"]
    assert called("@bob", at_most=0) == []


@pytest.mark.parametrize("text", ["@room", "hi @ROOM!", "(@room)", "@room.", "[@room]"])
def test_everybody_is_called(text: str) -> None:
    assert calls_everybody(text)
    assert may_call(text)


@pytest.mark.parametrize("text", ["room", "room: hi", "@rooms", "a@room", "@@room", "@ room", ""])
def test_nobody_in_particular_is(text: str) -> None:
    assert not calls_everybody(text)


@given(st.text("@:, bobann.[]`_\n", max_size=40))
def test_whatever_may_call_nobody_calls_nobody(text: str) -> None:
    if not may_call(text):
        assert called(text) == []
        assert not calls_everybody(text)


@given(st.text(max_size=20), st.sampled_from([ANN, BOB, *OTHERS]))
def test_a_name_behind_an_at_between_spaces_calls_whatever_stands_around_it(around: str, who: Person) -> None:
    assert who.name in called(f"{around} @{who.name} {around}", at_most=99)


@pytest.mark.parametrize(
    "text", ["@a" * 2048, "@a " * 1365, "@" * 4096, "a" * 4095 + ":", "@" + "]" * 4095, "@.-]" * 1024]
)
def test_no_text_takes_long(text: str) -> None:
    began = time.process_time()
    for _ in range(10):
        called(text)
        calls_everybody(text)
    assert time.process_time() - began < 0.5
