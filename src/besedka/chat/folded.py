"""The folded copy of a text, in which words are compared when somebody searches, and where its words stand.

People who search care for no case, no accents, and not for whether ё was written е. So both the question and what is
searched are folded: compatibility forms are one (NFKD), marks above and below letters go, and case goes. й stays: it
is a letter of its own, not an и with something above it. What IRC colours a text with, and what has no shape, goes
as well, so that a word half of which is bold is one word.

Folding changes lengths. To say where a word stands in the text as it was, the text is folded again piece by piece:
a piece is what never becomes one with what precedes it, so that the pieces' folds make the fold of the whole.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

import msgspec

_UNSEEN = re.compile(
    "[\x02\x0f\x11\x16\x1d-\x1f]"  # bold, reset, monospace, reverse, italics, strikethrough, underline
    "|\x03(?>[0-9]{1,2}(?:,[0-9]{1,2})?)?"  # a colour, and that of the ground
    "|\x04(?>[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"  # the same in red, green, and blue
    "|[\u00ad\u200c-\u200f\u2060\ufeff]"  # soft hyphen, joiners and directions, byte order mark
    "|[\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # variation selectors
)
"""What a text is formatted with (modern.ircdocs.horse/formatting), and characters without a shape inside words."""

_MARKS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # Latin, Greek, Cyrillic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed]"  # Arabic vowels
)
"""Marks that whoever searches leaves out. Those of other scripts are vowels and voices, and stay."""

_PLAIN = re.compile("[\t\n -~\u00ab\u00bbЁА-яё\u2013\u2014\u201c-\u201e]*")
"""ASCII without control characters, Russian letters, quotes, dashes: nearly all that is said."""

_SIGNS = re.compile("[!-/:-@\\[-`{-~\u00ab\u00bb\u2013\u2014\u201c-\u201e]")
"""What of these is neither letter, digit nor blank."""

_SHORT_I = (("\u0438\u0306", "\u0439"), ("\u0418\u0306", "\u0419"))
"""The two that are one letter, whatever stands above it: й and Й."""

_UNPARTED = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff"  # Japanese syllables
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
"""What is written without blanks. Each is a word, so that what stands in the middle of a sentence is found."""

_WORD = re.compile(rf"(?=[^\W_])[{_UNPARTED}]|[^\W_{_UNPARTED}]+")

CHARACTERS_REMEMBERED = 1024
"""Single ones, with what they come to: more than the letters and signs of those who talk with each other."""

WORD_CHARACTERS_MAX = 64
"""A longer word counts as its beginning: there are none in any language, but keys, digests and pictures as text."""


def fold(text: str) -> str:
    """The form words are searched in. Folding it again changes nothing."""
    if _PLAIN.fullmatch(text):
        return _plainly(text)
    once = _bare(_UNSEEN.sub("", text)).casefold()
    return unicodedata.normalize("NFC", _bare(once))


def _plainly(text: str) -> str:
    """The fold of a text of `_PLAIN`: what the rest comes to, at a fifth of the cost."""
    return text.lower().replace("ё", "е")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text as they are searched, in order: runs of letters and digits of its fold.

    Of what is written without blanks between words, each letter is one: several are found as a phrase is.

    None has a blank in it, nor any sign of ASCII: joined by blanks they come apart again in the same way.
    """
    if _PLAIN.fullmatch(text):
        words = _SIGNS.sub(" ", _plainly(text)).split()  # Half of the cost of finding them.
    else:
        words = _WORD.findall(fold(text))
    if max(map(len, words), default=0) > WORD_CHARACTERS_MAX:
        return tuple(word[:WORD_CHARACTERS_MAX] for word in words)
    return tuple(words)


class Word(msgspec.Struct, frozen=True):
    """A word of a text: folded, and where it stands there."""

    folded: str
    start: int
    """Characters of the text before it."""
    end: int


def words_in(text: str) -> Iterator[Word]:
    """The words of `words_of`, and where each stands in the text as it is."""
    if _PLAIN.fullmatch(text):
        for found in _WORD.finditer(fold(text)):  # Each character became one.
            yield Word(found[0][:WORD_CHARACTERS_MAX], found.start(), found.end())
        return
    folded, starts, ends = "", list[int](), list[int]()
    lengths = [0]
    for start, end, piece in _pieces(text):
        if piece:
            folded += piece
            starts.append(start)
            ends.append(end)
            lengths.append(len(folded))
    for found in _WORD.finditer(folded):
        first, last = bisect_right(lengths, found.start()) - 1, bisect_right(lengths, found.end() - 1) - 1
        yield Word(found[0][:WORD_CHARACTERS_MAX], starts[first], ends[last])


def _bare(text: str) -> str:
    """A text without marks above and below its letters."""
    apart = unicodedata.normalize("NFKD", text)
    for two, one in _SHORT_I:
        apart = apart.replace(two, one)
    return _MARKS.sub("", apart)


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Where each piece of a text begins and ends, and its fold."""
    seen = list(text)
    for found in _UNSEEN.finditer(text):
        seen[found.start() : found.end()] = [""] * len(found[0])
    start, end, piece = 0, 0, ""
    for at, character in enumerate(seen):
        if piece and character and not _goes_on(character):
            yield start, end, _fold_of_one(piece) if len(piece) == 1 else fold(piece)
            piece = ""
        if character:
            start, end, piece = at if not piece else start, at + 1, piece + character
    yield start, end, fold(piece)


@lru_cache(CHARACTERS_REMEMBERED)
def _fold_of_one(character: str) -> str:
    return fold(character)


@lru_cache(CHARACTERS_REMEMBERED)
def _goes_on(character: str) -> bool:
    """Whether a character may become one with what precedes it: a mark, or the rest of a syllable of Hangul."""
    first = unicodedata.normalize("NFKD", character)[0]
    return unicodedata.category(first)[0] == "M" or "\u1160" <= first <= "\u11ff"
