"""Bugs of search to plant: each finds what it should not, or not what it should, the way a tired programmer would.

Those that only an index can have are planted beside it (`tests/unit/test_search_planted.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest

from besedka.chat.answers import SearchPage
from besedka.chat.entries import Edited, Entry, Kind, Redacted, RoomId
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Reading
from besedka.hub.keeping import Addition, Found, FoundMessage, Kept, Moved, ReadableRoom
from besedka.hub.searches import Searches
from besedka.store import memory
from besedka.store.memory import MemoryLogStore
from besedka.store.sifting import sifted
from sim.planted import Plant


def _believed(patch: pytest.MonkeyPatch) -> None:
    """What was found is not looked at again: there are two walls, and either alone keeps these bugs from showing."""

    def careless(self: Searches, found: Found, *as_of: Any) -> list[FoundMessage]:
        return [*found.messages]

    patch.setattr(Searches, "_as_of_now", careless)


def _readable(patch: pytest.MonkeyPatch, change: Callable[[ReadableRoom], ReadableRoom]) -> None:
    right = Searches._rooms

    async def careless(self: Searches, principal: PrincipalId) -> Sequence[ReadableRoom]:
        return [change(one) for one in await right(self, principal)]

    _believed(patch)
    patch.setattr(Searches, "_rooms", careless)


def _read_as(one: ReadableRoom, *, first: int, last: int | None) -> ReadableRoom:
    return msgspec.structs.replace(one, reading=Reading(first, last))


def found_in_rooms_of_others(patch: pytest.MonkeyPatch) -> None:
    """All rooms that are open are searched, also those in which the asker never was."""
    right = Searches._rooms

    async def careless(self: Searches, principal: PrincipalId) -> Sequence[ReadableRoom]:
        rooms = {one.room: one for one in await right(self, principal)}
        for opened in self._parts.rooms:
            state = opened.state
            if state.kind is not Kind.INBOX:
                rooms.setdefault(state.id, ReadableRoom(state.id, state.kind, state.name, Reading(1, None)))
        return [*rooms.values()]

    _believed(patch)
    patch.setattr(Searches, "_rooms", careless)


def found_after_leaving(patch: pytest.MonkeyPatch) -> None:
    """Whoever has left a room finds what is said there afterwards."""
    _readable(patch, lambda one: _read_as(one, first=one.reading.first, last=None))


def found_before_coming(patch: pytest.MonkeyPatch) -> None:
    """Whoever has come into a private room finds what was said there before."""
    _readable(patch, lambda one: _read_as(one, first=1, last=one.reading.last))


def _as_it_was_first(patch: pytest.MonkeyPatch, mending: type[Edited | Redacted]) -> None:
    """What was mended in this way is found as it read before."""
    add = MemoryLogStore._add
    before: dict[tuple[int, RoomId, int], Entry] = {}

    def remember(self: MemoryLogStore, addition: Addition) -> Kept | Moved:
        room = addition.after.id
        for numbered in addition.entries:
            if isinstance(numbered.entry.body, mending):
                there, number = self._entries.get(room, []), numbered.entry.body.number
                if number <= len(there):
                    before.setdefault((id(self._entries), room, number), there[number - 1])
        return add(self, addition)

    async def careless(self: MemoryLogStore, query: Any, scope: Mapping[RoomId, Reading], **page: Any) -> Found:
        def stale(_query: Any, entries: Any, _scope: Any) -> Any:
            kept = id(self._entries)
            return sifted(query, [(room, before.get((kept, room, e.number), e)) for room, e in entries], scope)

        with pytest.MonkeyPatch.context() as once:
            once.setattr(memory, "sifted", stale)
            return await search(self, query, scope, **page)

    search = MemoryLogStore.search
    patch.setattr(MemoryLogStore, "_add", remember)
    patch.setattr(MemoryLogStore, "search", careless)


def redacted_is_found(patch: pytest.MonkeyPatch) -> None:
    """The store finds a message by words that were taken back, and shows them."""
    _as_it_was_first(patch, Redacted)


def edited_is_found_as_it_was(patch: pytest.MonkeyPatch) -> None:
    """The store finds a message by what it said before it was edited, and not by what it says."""
    _as_it_was_first(patch, Edited)


def _paged(patch: pytest.MonkeyPatch, change: Callable[[Found], Found]) -> None:
    right = MemoryLogStore.search

    async def careless(self: MemoryLogStore, *asked: Any, **more: Any) -> Found:
        return change(await right(self, *asked, **more))

    patch.setattr(MemoryLogStore, "search", careless)


def found_on_two_pages(patch: pytest.MonkeyPatch) -> None:
    """The next page begins with the last message of the one before."""

    def change(found: Found) -> Found:
        if found.next is None or len(found.messages) < 2:
            return found
        return msgspec.structs.replace(found, next=msgspec.structs.replace(found.next, number=found.next.number + 1))

    _paged(patch, change)


def found_between_two_pages(patch: pytest.MonkeyPatch) -> None:
    """The next page begins behind the message that it should begin with."""
    _paged(
        patch,
        lambda found: msgspec.structs.replace(found, messages=found.messages[:-1]) if found.next is not None else found,
    )


def oldest_first(patch: pytest.MonkeyPatch) -> None:
    """A page is told in the order in which it was said."""
    right = Searches._page

    async def careless(self: Searches, *asked: Any) -> SearchPage | None:
        page = await right(self, *asked)
        return page and msgspec.structs.replace(page, hits=page.hits[::-1])

    patch.setattr(Searches, "_page", careless)


def the_last_is_not_found_yet(patch: pytest.MonkeyPatch) -> None:
    """What was said last in a room is forgotten, as by an index that is not asked what it does not know yet."""

    def careless(query: Any, entries: Any, scope: Any) -> Any:
        there = list(entries)
        lasts = {room: entry.number for room, entry in there}
        return sifted(query, [(room, entry) for room, entry in there if entry.number < lasts[room]], scope)

    patch.setattr(memory, "sifted", careless)


SEARCH_PLANTS: tuple[Plant, ...] = (
    found_in_rooms_of_others,
    found_after_leaving,
    found_before_coming,
    redacted_is_found,
    edited_is_found_as_it_was,
    found_on_two_pages,
    found_between_two_pages,
    oldest_first,
    the_last_is_not_found_yet,
)
