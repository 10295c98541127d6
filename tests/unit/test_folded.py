"""The folded copy of a text: what it holds alike, and where its words stand in the text as it was."""

from __future__ import annotations

import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from besedka.chat.folded import fold, words_in, words_of

anything = st.text(st.characters(categories=None), max_size=60)
"""Lone surrogates too."""

letters = st.text(
    st.sampled_from(
        "aAéÉßİıſ ёЁйЙи\u0306\u0301\u0308\u0323Щщ-_½ﬁ①\x02\x03\x04,19fF\u00ad\u200d\ufe0f하ᄒ\u1161\u11ab"
        "茶か\u3099ー・ｶﾞก\u0e31"
    ),
    max_size=30,
)
"""What folds in every way there is, close together."""

texts = anything | letters


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Ёлка ещё ЗЕЛЁНАЯ", "елка еще зеленая"),
        ("Йод, йогурт; и\u0306од", "йод, йогурт; йод"),
        ("за\u0301мок", "замок"),
        ("naïve Café STRASSE Straße", "naive cafe strasse strasse"),
        ("İstanbul", "istanbul"),
        ("ﬁne ⅷ ＡＢ", "fine viii ab"),
        ("\x02bo\x02ld \x0304,05red\x03 \x04ff0000wine\x0f", "bold red wine"),
        ("\x03 5 \x0315th", " 5 th"),
        ("со\u00adоб\u200dще\ufe0fние", "сообщение"),
        ("한국어", "한국어"),
        ("が", "が"),
        ("ключ «Ёж» — №1", "ключ «еж» — no1"),
        ("його", "його"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_what_is_alike(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_short_i_is_no_i() -> None:
    assert fold("мой") != fold("мои")


@pytest.mark.slow
def test_every_character_folds_once_and_for_all() -> None:
    for code in range(sys.maxunicode + 1):
        folded = fold(chr(code))
        if not folded.isascii():
            assert fold(folded) == folded, hex(code)


@given(texts)
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(texts)
def test_texts_that_unicode_holds_equivalent_fold_alike(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(texts)
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.casefold()) == fold(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ()),
        (" - ☕ ", ()),
        ("Hello, world_2", ("hello", "world", "2")),
        ("https://example.org/Ёж?q=1", ("https", "example", "org", "еж", "q", "1")),
        ("don't", ("don", "t")),
        ("これはお茶です2本", ("こ", "れ", "は", "お", "茶", "で", "す", "2", "本")),
        ("ｶﾞｲﾄﾞ・東京", ("ガ", "イ", "ド", "東", "京")),
        ("녹차 한 잔", ("녹차", "한", "잔")),
    ],
)
def test_words(text: str, words: tuple[str, ...]) -> None:
    assert words_of(text) == words


@given(texts)
def test_words_joined_by_blanks_come_apart_as_they_were(text: str) -> None:
    words = words_of(text)
    assert tuple(" ".join(words).split(" ")) == (words or ("",))
    assert words_of(" ".join(words)) == words
    assert all(one.isalnum() or not one.isascii() for word in words for one in word)
    assert all(not character.isspace() and character not in "-_*\"'" for word in words for character in word)


@given(texts)
@example("а\u0323\u0306\u0301 и\u0323\u0306")
@example("\u0301a")
@example("½ x")
@example("\x03a\x0304b")
@example("Ёлка ещё «Зелёная»: " + "x" * 70)
def test_words_stand_where_they_are_said_to(text: str) -> None:
    found = list(words_in(text))
    assert tuple(word.folded for word in found) == words_of(text)
    for word in found:
        assert 0 <= word.start < word.end <= len(text)
        assert word.folded in words_of(text[word.start : word.end])
    for one, other in pairwise(found):
        assert one.start <= other.start  # A fraction is two words in one place.
        assert one.end <= other.end


def test_where_words_stand() -> None:
    text = "«Ёж» е\u0308ж \x02Ё\x02ж!"
    assert [text[word.start : word.end] for word in words_in(text)] == ["Ёж", "е\u0308ж", "Ё\x02ж"]


def test_what_is_folded_the_short_way_has_the_words_of_the_long_one() -> None:
    for code in range(0x2100):
        text = f"А{chr(code)}b {chr(code)}1"
        assert words_of(text) == tuple(word.folded for word in words_in(f"{text} ½"))[:-2], hex(code)
