"""What people type to search: words, and the little syntax around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.queries import Asked, parse
from besedka.chat.refusals import Code, Refusal
from besedka.chat.searching import Term
from besedka.limits import Limits

LIMITS = Limits()

DAY = 86_400_000
NOW = 1_795_386_600_000
"""2026-11-22 22:30 UTC."""

TODAY = 1_795_305_600_000


def asked(text: str, zone: int = 0) -> Asked:
    found = parse(text, now=NOW, zone=zone, limits=LIMITS)
    assert isinstance(found, Asked)
    return found


def terms(text: str) -> list[str]:
    return [" ".join(term.words) + "*" * term.prefix for term in asked(text).terms]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hedgehog", ["hedgehog"]),
        ("Ёжик в тумане", ["ежик", "в", "тумане"]),
        ("fog fog FOG", ["fog"]),
        ('"in the Fog" hedgehog', ["in the fog", "hedgehog"]),
        ("«в тумане» “the fog” „im Nebel“", ["в тумане", "the fog", "im nebel"]),
        ("hedge*", ["hedge*"]),
        ('"in the fo"*', ["in the fo*"]),
        ('"in the fo*"', ["in the fo*"]),
        ("C++ don't a-b", ["c", "don t", "a b"]),
        ("https://example.org/Tea", ["https example org tea"]),
        ('"not closed', ["not", "closed"]),
        ('tea "" " " -- ☕ *', ["tea"]),
        ('"tea", then', ["tea", "then"]),
        ("NOT (a OR b) AND c NEAR d ^e col:f", ["not", "a", "or", "b", "and", "c", "near", "d", "e", "col f"]),
        ("from: in: tea", ["from", "in", "tea"]),
        ("before:dawn after:2026-13-01 after:2026-02-30", ["before dawn", "after 2026 13 01", "after 2026 02 30"]),
        ("before:2026-11-22T24:00 x", ["before 2026 11 22t24 00", "x"]),
        ("has:tea 12:30", ["has tea", "12 30"]),
        ("from:☕ in:#", ["from", "in"]),
        ("\ud800 x", ["x"]),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert terms(text) == found


def test_people() -> None:
    assert asked("from:ann От:@Боб FROM:ann").people == ("ann", "Боб")
    assert asked("from:me").mine
    assert asked("от:меня").mine
    assert asked("from:me").people == ()


def test_rooms() -> None:
    assert asked("tea in:#den В:кухня in:@bob").rooms == ("#den", "кухня", "@bob")


def test_links() -> None:
    assert asked("has:link").has_link
    assert asked("есть:ссылка").has_link


@pytest.mark.parametrize(
    ("text", "zone", "after", "before"),
    [
        ("before:2026-11-22", 0, None, TODAY),
        ("до:22.11.2026", 0, None, TODAY),
        ("after:2026-11-22", 0, TODAY + DAY, None),
        ("after:2026-11-21 before:2026-11-23", 0, TODAY, TODAY + DAY),
        ("before:2026-11-22", 180, None, TODAY - 180 * 60_000),
        ("after:2026-11-22T18:30", 0, TODAY + 1110 * 60_000, None),
        ("after:2026-11-22T18:30", 60, TODAY + 1050 * 60_000, None),
        ("after:2026-11-22t18:30:05+05:30", 60, TODAY + 780 * 60_000 + 5000, None),
        ("after:2026-11-22T18:30-0100 after:2020-01-01", 0, TODAY + 1170 * 60_000, None),
        ("before:2026-11-22T18:30Z before:2030-1-1", 60, None, TODAY + 1110 * 60_000),
        ("before:today", 0, None, TODAY),
        ("after:вчера", 0, TODAY, None),
        ("before:today", 120, None, TODAY + DAY - 120 * 60_000),
    ],
)
def test_times(text: str, zone: int, after: int | None, before: int | None) -> None:
    found = asked("tea " + text, zone)
    assert found.terms == (Term(("tea",)),)
    assert (found.after, found.before) == (after, before)


@pytest.mark.parametrize("text", ["", "  ", '""', "☕", "in:den", "before:today", "in:den after:2026-11-22"])
def test_whoever_looks_for_nothing_is_told_what_to_say(text: str) -> None:
    assert parse(text, now=NOW, limits=LIMITS) == Refusal(Code.NOTHING_ASKED)


@pytest.mark.parametrize(
    "text",
    [
        "a" * (LIMITS.search_characters_max + 1),
        " ".join(f"w{at}" for at in range(LIMITS.search_words_max + 1)),
        '"' + " ".join("x" * (LIMITS.search_words_max + 1)) + '"',
        " ".join(f"from:a{at}" for at in range(LIMITS.search_words_max + 1)),
    ],
)
def test_too_much(text: str) -> None:
    assert parse(text, now=NOW, limits=LIMITS) == Refusal(Code.TEXT_LONG)


pieces = st.sampled_from(
    [
        "from:",
        "in:",
        "before:",
        "after:",
        "has:",
        "link",
        "2026-11-22",
        "T18:30",
        "+03:00",
        '"',
        "«",
        "*",
        " ",
        "ёж",
        ":",
    ]
)


@given(st.text(max_size=40) | st.lists(pieces, max_size=12).map("".join), st.integers(-1440, 1440))
def test_whatever_is_typed_asks_for_something_or_is_refused(text: str, zone: int) -> None:
    found = parse(text, now=NOW, zone=zone, limits=LIMITS)
    if isinstance(found, Refusal):
        assert found.code is Code.NOTHING_ASKED
    else:
        assert found.terms or found.people or found.mine or found.has_link
        assert all(term.words and all(term.words) for term in found.terms)
        assert all(word.strip() == word for term in found.terms for word in term.words)


def test_nothing_of_a_question_is_in_a_log() -> None:
    found = asked("secret from:secret in:secret")
    assert "secret" not in f"{found!r}{found}{found.terms!r}"
