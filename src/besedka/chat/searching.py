"""What it means that a message is found by a query.

A message is cut into words: runs of letters and digits of its *folded* text. The index keeps exactly these words, so
whatever it answers is what `matches` would have said, which is the definition and is used for what is not indexed yet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import msgspec

from besedka.chat import names
from besedka.chat.entries import Entry, Message
from besedka.chat.names import FoldedName
from besedka.chat.principals import PrincipalId

WORD_CHARACTERS_MAX = 64
"""A longer word counts as its beginning: there are none in any language, but keys, digests and pictures as text."""

_PLAIN = re.compile("[\t\n -~\u00ab\u00bbЁА-яё\u2013\u2014\u201c-\u201e]*")
"""ASCII without control characters, Russian letters, quotes and dashes: nearly all that is said."""

_FORMATTING = (
    "\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d-\x1f]"
)
"""IRC's colours and styles (https://modern.ircdocs.horse/formatting): they may stand in the middle of a word."""
_FORMATTED = re.compile(_FORMATTING)

_WORD = re.compile(r"[^\W_]+")
_STRETCH = re.compile(f"(?:{_FORMATTING}|[^\\s!-/:-@\\[-`{{-~])+")
"""What words lie in, in a text as it was written: between blanks and marks of ASCII."""
_LETTER = re.compile(f"(?:{_FORMATTING})|.", re.DOTALL)

_LINK = re.compile(r"[0-9A-Za-z]://\S")


class Term(msgspec.Struct, frozen=True):
    """One word, or several that stand side by side."""

    words: tuple[str, ...]
    """Not empty; each as `words_of` gives it."""
    prefix: bool = False
    """Whether the last one is only the beginning of a word."""


class Query(msgspec.Struct, frozen=True):
    """What is looked for: messages of which everything said here is true."""

    terms: tuple[Term, ...] = ()
    authors: tuple[PrincipalId, ...] = ()
    names: tuple[FoldedName, ...] = ()
    """Who said it: one of `authors`, or somebody who went by one of `names` then. Both empty: anybody."""
    after: int | None = None
    """Not said earlier than this, in milliseconds since 1970 UTC."""
    before: int | None = None
    """Said earlier than this."""
    has_link: bool = False

    def __repr__(self) -> str:
        """Without what somebody looks for, which is nobody else's business."""
        return "<Query>"


def fold(text: str) -> str:
    """The form that words are compared in: no case, no accents, `ё` as `е`, nothing of IRC's colours and styles.

    `й` stays apart from `и`: they are different letters to whoever writes them, and not one with a mark.
    """
    if _PLAIN.fullmatch(text):
        return text.lower().replace("ё", "е")  # What the rest comes to, at a fifth of the cost.
    bare = _FORMATTED.sub("", text)
    once = unicodedata.normalize("NFKD", bare).casefold()
    letters = unicodedata.normalize("NFKD", once).replace("и\u0306", "й")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in order: what the index keeps of it."""
    words: list[str] = _WORD.findall(fold(text))
    if max(map(len, words), default=0) > WORD_CHARACTERS_MAX:
        return tuple(word[:WORD_CHARACTERS_MAX] for word in words)
    return tuple(words)


def has_link(text: str) -> bool:
    """Whether there is an address of a page, or the like, in it."""
    return "://" in text and _LINK.search(text) is not None


def matches(query: Query, entry: Entry) -> bool:
    """Whether an entry, as it may be read, is what is looked for. Only messages are, and not what was redacted."""
    message = entry.body
    if not isinstance(message, Message) or not message.text:
        return False
    if query.before is not None and entry.time >= query.before:
        return False
    if query.after is not None and entry.time < query.after:
        return False
    if query.has_link and not has_link(message.text):
        return False
    if not _said_by(query, entry):
        return False
    words = words_of(message.text) if query.terms else ()
    return all(next(_places(term, words), None) is not None for term in query.terms)


def _said_by(query: Query, entry: Entry) -> bool:
    anybody = not query.authors and not query.names
    return anybody or entry.author in query.authors or names.fold(entry.name) in query.names


def spans(query: Query, text: str) -> tuple[tuple[int, int], ...]:
    """Where the words that were looked for stand in `text`: from and to, in characters, in order, never overlapping."""
    placed = list(_placed_words(text))
    words = [word for word, _, _ in placed]
    hits = {
        place + offset for term in query.terms for place in _places(term, words) for offset in range(len(term.words))
    }
    found: list[tuple[int, int]] = []
    for hit in sorted(hits):
        _, start, end = placed[hit]
        if found and start < found[-1][1]:  # Two words of one character, as some fractions are.
            start = found.pop()[0]
        found.append((start, end))
    return tuple(found)


def _places(term: Term, words: Sequence[str]) -> Iterator[int]:
    """Where in `words` a term begins."""
    *firsts, last = term.words
    for place in range(len(words) - len(firsts)):
        end = words[place + len(firsts)]
        ends = end.startswith(last) if term.prefix else end == last
        if ends and all(words[place + offset] == word for offset, word in enumerate(firsts)):
            yield place


def _placed_words(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of a text, each with where it stands in it."""
    for stretch in _STRETCH.finditer(text):
        words = words_of(stretch.group())
        if len(words) == 1:
            yield words[0], *stretch.span()
        elif words:
            yield from _placed_letter_by_letter(stretch.group(), stretch.start())


def _placed_letter_by_letter(stretch: str, offset: int) -> Iterator[tuple[str, int, int]]:
    """The same of a stretch in which there are several."""
    letters: list[str] = []
    origins: list[tuple[int, int]] = []
    for match in _LETTER.finditer(stretch):
        folded = fold(match.group())
        letters.append(folded)
        origins += [match.span()] * len(folded)
    for word in _WORD.finditer("".join(letters)):
        yield word.group()[:WORD_CHARACTERS_MAX], offset + origins[word.start()][0], offset + origins[word.end() - 1][1]
