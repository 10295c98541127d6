"""Looking for messages without an index: every one of them is compared with the query."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from besedka.chat.entries import Entry, Message, RoomId
from besedka.chat.mending import as_read
from besedka.chat.rooms import Reading
from besedka.chat.searching import Query, matches, spans
from besedka.hub.keeping import Found, FoundMessage, SearchPlace
from besedka.store.rows import ENTRY_BYTES


class Ask(msgspec.Struct, frozen=True):
    """What one search is about."""

    query: Query
    scope: Mapping[RoomId, Reading]
    older_than: SearchPlace | None
    limit: int
    bytes_max: int
    spans_max: int


def sifted(
    query: Query, entries: Iterable[tuple[RoomId, Entry]], scope: Mapping[RoomId, Reading]
) -> list[FoundMessage]:
    """What matches of some entries, as it may be read, in any order."""
    found: list[FoundMessage] = []
    for room, entry in entries:
        reading = scope.get(room)
        if reading is None or entry.number < reading.first:
            continue
        if reading.last is not None and entry.number > reading.last:
            continue
        read = as_read(entry, reading.last)
        if matches(query, read):
            found.append(FoundMessage(room, read))
    return found


def page_of(ask: Ask, found: Iterable[FoundMessage], *, since: int = 0) -> Found:
    """The newest of what was found, as one page."""
    older = (one for one in found if ask.older_than is None or one.place < ask.older_than)
    newest = sorted(older, key=lambda one: one.place, reverse=True)
    page = tuple(_fitting(newest, ask.limit, ask.bytes_max))
    shown = tuple(msgspec.structs.replace(one, spans=spans(ask.query, _text(one))[: ask.spans_max]) for one in page)
    return Found(shown, page[-1].place if page and len(page) < len(newest) else None, since)


def _fitting(newest: Sequence[FoundMessage], limit: int, bytes_max: int) -> Iterator[FoundMessage]:
    size = 0
    for position, one in enumerate(newest[:limit]):
        size += len(_text(one).encode()) + ENTRY_BYTES
        if position and size > bytes_max:
            return
        yield one


def _text(found: FoundMessage) -> str:
    assert isinstance(found.entry.body, Message), "only messages are found"
    return found.entry.body.text
