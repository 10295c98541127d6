"""What may be said, and what becomes of it where it is shown."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from besedka.chat.refusals import Code, Refusal
from besedka.chat.text import harmless, harmless_line, message_text, topic_text
from besedka.limits import Limits

LIMITS = Limits()

anything = st.text(st.characters(categories=None), max_size=60)
"""Lone surrogates too: `st.text()` alone makes none."""

SHAPED = frozenset(
    [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440)]
)
"""Of category Cf, but marks one can see: signs of Arabic, Syriac and Kaithi numbers, joints of hieroglyphs."""


def hides(character: str) -> bool:
    """Whether Unicode says that it moves, hides, reverses or is nothing."""
    category = unicodedata.category(character)
    direction = unicodedata.bidirectional(character)
    embeds = direction in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    unshaped = category == "Cf" and ord(character) not in SHAPED
    return embeds or unshaped or (category in {"Cc", "Cs", "Zl", "Zp"} and character not in "\t\n")


# Showing ---------------------------------------------------------------------------------------------------------


def test_no_character_that_hides_is_shown() -> None:
    assert [
        hex(code) for code in range(sys.maxunicode + 1) if hides(chr(code)) and harmless(chr(code)) != "\ufffd"
    ] == []


@pytest.mark.parametrize(
    "text", ["a\tb\nc", "Žluťoučký", "☕️", "1️⃣", "👩", "שלום", "สวัสดี", "हिन्दी", "\u0610\u0605", "\ufffd"]
)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\ufffd[2Jgone"),
        ("\x9b31m", "\ufffd31m"),
        ("a\rb", "a\ufffdb"),
        ("\u202eexe.txt", "\ufffdexe.txt"),
        ("a\u200bb", "a\ufffdb"),
        ("a\u2028b", "a\ufffdb"),
        ("\u3164", "\ufffd"),
        ("\U000e0041", "\ufffd"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_what_would_fool_them_is_not(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(anything)
@example("\u2066\r\x85\ud800\U0001d173")
def test_harmless_text_has_nothing_that_hides(text: str) -> None:
    shown = harmless(text)
    assert not any(map(hides, shown))
    assert len(shown) == len(text)
    assert harmless(shown) == shown


@given(anything)
def test_a_harmless_line_is_one_line(text: str) -> None:
    line = harmless_line(text)
    assert len(line.splitlines()) <= 1
    assert not set(line) & set("\t\n\r\v\f")


def test_where_a_line_ended_can_be_seen() -> None:
    assert harmless_line("a\nb\tc") == "a\u23ceb c"


# Saying ----------------------------------------------------------------------------------------------------------


@given(anything)
@example("e\u0301" * 1500)
@example("\u0390" * 2049)
def test_a_message_is_kept_composed_and_within_its_bytes_or_refused_for_a_reason(raw: str) -> None:
    kept = message_text(raw, limits=LIMITS)
    if not isinstance(kept, Refusal):
        assert kept == unicodedata.normalize("NFC", raw)
        assert 1 <= len(kept.encode()) <= 4096
        assert not set(kept) & set("\0\r")
        assert message_text(kept, limits=LIMITS) == kept
    elif kept.code is Code.BAD_TEXT:
        assert any(one in "\0\r" or unicodedata.category(one) == "Cs" for one in raw)
    elif kept.code is Code.EMPTY_TEXT:
        assert not raw.strip()
    else:
        assert kept.code is Code.TEXT_LONG
        assert len(unicodedata.normalize("NFC", raw).encode()) > 4096


@pytest.mark.parametrize("raw", ["x" * 4096, "ж" * 2048, "e\u0301" * 2048, "a\nb", "\x02bold\x02", "\x1b[0m"])
def test_a_message(raw: str) -> None:
    assert message_text(raw, limits=LIMITS) == unicodedata.normalize("NFC", raw)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", Code.EMPTY_TEXT),
        (" \n\t", Code.EMPTY_TEXT),
        ("\u3000", Code.EMPTY_TEXT),
        ("x" * 4097, Code.TEXT_LONG),
        ("ж" * 2049, Code.TEXT_LONG),
        ("e\u0301" * 2049, Code.TEXT_LONG),
        ("ж" * 1_000_000, Code.TEXT_LONG),
        ("a\0b", Code.BAD_TEXT),
        ("a\rb", Code.BAD_TEXT),
        ("ж\0", Code.BAD_TEXT),
        ("\ud800", Code.BAD_TEXT),
        ("x\0" * 4096, Code.BAD_TEXT),
    ],
)
def test_no_message(raw: str, code: Code) -> None:
    assert message_text(raw, limits=LIMITS) == Refusal(code)


@pytest.mark.parametrize("raw", ["", " ", "green tea", "x" * 512, "чай"])
def test_a_topic(raw: str) -> None:
    assert topic_text(raw, limits=LIMITS) == raw


@pytest.mark.parametrize(
    ("raw", "code"),
    [("a\nb", Code.BAD_TEXT), ("a\rb", Code.BAD_TEXT), ("x" * 513, Code.TEXT_LONG), ("\udc00", Code.BAD_TEXT)],
)
def test_no_topic(raw: str, code: Code) -> None:
    assert topic_text(raw, limits=LIMITS) == Refusal(code)
