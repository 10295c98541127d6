"""What it means that a message is found by a query.

A message is cut into words: runs of letters and digits of its *folded* text. The index keeps exactly these words, so
whatever it answers is what `matches` would have said, which is the definition and is used for what is not indexed yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from besedka.chat import names
from besedka.chat.entries import Entry, Message
from besedka.chat.folded import words_in, words_of
from besedka.chat.names import FoldedName
from besedka.chat.principals import PrincipalId

_LINK = re.compile(r"[0-9A-Za-z]://\S")


class Term(msgspec.Struct, frozen=True):
    """One word, or several that stand side by side."""

    words: tuple[str, ...]
    """Not empty; each as `words_of` gives it."""
    prefix: bool = False
    """Whether the last one is only the beginning of a word."""

    def __repr__(self) -> str:
        """Without what somebody looks for, which is nobody else's business."""
        return "<Term>"


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
        """The same of all of it."""
        return "<Query>"


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
    placed = list(words_in(text))
    words = [word.folded for word in placed]
    hits = {
        place + offset for term in query.terms for place in _places(term, words) for offset in range(len(term.words))
    }
    found: list[tuple[int, int]] = []
    for hit in sorted(hits):
        start, end = placed[hit].start, placed[hit].end
        if (
            found and start <= found[-1][1]
        ):  # Two words of one character, as some fractions are; or with no blank between.
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
