"""What is found by which words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from additions import ANN, NOW
from besedka.chat.entries import Entry, Manner, Message, TopicSet
from besedka.chat.folded import WORD_CHARACTERS_MAX, words_of
from besedka.chat.names import fold as fold_name
from besedka.chat.principals import PrincipalId
from besedka.chat.searching import Query, Term, has_link, matches, spans

TEXTS = st.text(st.sampled_from("aAbеЕёЁйЙи\u0306\u0301é1_ -.,½ﬁßİ中\x02\x033\x04Ω☃\n")) | st.text(max_size=40)


def saying(text: str) -> Entry:
    return Entry(3, NOW, ANN.principal, ANN.name, Message(text))


def test_a_very_long_word_counts_as_its_beginning() -> None:
    assert words_of("x" * 100 + " y") == ("x" * WORD_CHARACTERS_MAX, "y")
    assert matches(Query((Term(words_of("x" * 90)),)), saying("x" * 100))


@given(TEXTS, TEXTS)
def test_a_blank_parts_words(one: str, other: str) -> None:
    assert words_of(f"{one} {other}") == (*words_of(one), *words_of(other))


@given(TEXTS)
def test_each_word_is_shown_where_it_stands(text: str) -> None:
    every = Query(tuple(Term((word,)) for word in words_of(text)))
    shown = spans(every, text)
    assert all(0 <= start < end <= len(text) for start, end in shown)
    assert all(one[1] <= other[0] for one, other in pairwise(shown))
    assert bool(shown) is bool(words_of(text))
    if text.isascii() and text.isprintable():
        assert [text[start:end].lower()[:WORD_CHARACTERS_MAX] for start, end in shown] == list(words_of(text))


def test_highlights() -> None:
    phrase = Query((Term(("green", "te"), prefix=True), Term(("мед",))))
    text = "A Green, \x02T\x02ea; МЁД green"
    assert [text[start:end] for start, end in spans(phrase, text)] == ["Green", "T\x02ea", "МЁД"]
    assert spans(Query((Term(("1",)), Term(("2",)))), "½") == ((0, 1),)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (Query(), True),
        (Query((Term(("tea",)),)), True),
        (Query((Term(("te",)),)), False),
        (Query((Term(("te",), prefix=True),)), True),
        (Query((Term(("tea", "green")),)), False),
        (Query((Term(("green", "tea")), Term(("now",)))), True),
        (Query((Term(("green",)), Term(("black",)))), False),
        (Query(authors=(ANN.principal,)), True),
        (Query(authors=(PrincipalId(9),)), False),
        (Query(authors=(PrincipalId(9),), names=(fold_name("ANN"),)), True),
        (Query(names=(fold_name("bob"),)), False),
        (Query(after=NOW), True),
        (Query(after=NOW + 1), False),
        (Query(before=NOW + 1), True),
        (Query(before=NOW), False),
        (Query(has_link=True), False),
    ],
)
def test_what_matches(query: Query, found: bool) -> None:
    assert matches(query, saying("Green tea now")) is found


def test_nothing_but_messages_matches_and_not_what_was_redacted() -> None:
    assert not matches(Query(), Entry(3, NOW, ANN.principal, ANN.name, TopicSet("tea")))
    assert not matches(Query(), Entry(3, NOW, ANN.principal, ANN.name, Message("", Manner.SAID, redacted=4)))


@pytest.mark.parametrize(
    ("text", "has"), [("see https://a.b", True), ("ftp://x", True), ("a :// b", False), ("a:b", False), ("://x", False)]
)
def test_links(text: str, has: bool) -> None:
    assert has_link(text) is has


def test_what_is_looked_for_is_not_in_any_report() -> None:
    query = Query((Term(("secret",)),))
    assert "secret" not in f"{query!r} {query} {query.terms}"


def test_what_is_written_without_blanks_is_found_in_the_middle_and_shown_in_one_piece() -> None:
    query = Query((Term(words_of("お茶")),))
    assert spans(query, "これはお茶です。お茶") == ((3, 5), (8, 10))
    assert spans(query, "茶お") == ()
