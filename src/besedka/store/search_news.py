"""Which rooms have entries that the index does not know yet."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from itertools import islice

from besedka.chat.entries import RoomId
from besedka.hub.keeping import Addition


class SearchNews:
    """Rooms, and how far each goes. Told by whoever keeps entries, asked by the threads that index and search.

    It has no bound of its own: there are no more rooms in it than have been written to and not been indexed since.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heads: dict[RoomId, int] = {}
        self._entries = 0
        self.wake = threading.Event()
        """Set when there is something to do; whoever does it clears it first."""

    def note(self, additions: Iterable[Addition]) -> None:
        """These are kept, or nobody knows; nobody has been told of them yet."""
        with self._lock:
            for addition in additions:
                self._heads[addition.after.id] = addition.after.head
                self._entries += len(addition.entries)
        if not self.wake.is_set():
            self.wake.set()

    def look_at(self, room: RoomId, head: int) -> None:
        """Something may be to do about this room."""
        with self._lock:
            self._heads[room] = max(head, self._heads.get(room, 0))
        self.wake.set()

    def taken(self, limit: int) -> dict[RoomId, int]:
        """Some of the rooms, the longest waiting first, as `settle` takes them."""
        with self._lock:
            return dict(islice(self._heads.items(), limit))

    def settle(self, taken: Mapping[RoomId, int]) -> None:
        """All that was there of these rooms when they were taken is indexed."""
        with self._lock:
            for room, head in taken.items():
                if self._heads.get(room) == head:
                    del self._heads[room]

    def among(self, rooms: Mapping[RoomId, object]) -> list[RoomId]:
        """Those of these rooms that have such entries."""
        with self._lock:
            if len(self._heads) < len(rooms):
                return [room for room in self._heads if room in rooms]
            return [room for room in rooms if room in self._heads]

    def taken_entries(self) -> int:
        """How many entries were noted since this was asked the last time."""
        with self._lock:
            entries, self._entries = self._entries, 0
            return entries

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._heads)
