"""How much of a room is kept: to which number its floor rises.

What goes are entries, from the oldest on. What they have made of the room stays: its state, its numbers, who may read
from where, how many messages there ever were, and the ids of the requests that became entries.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import msgspec

from besedka.chat.entries import Kind, RoomId
from besedka.chat.rooms import Room
from besedka.chat.settings import RoomSettings

INBOX_ENTRIES_MAX = 10_000
"""Entries of one inbox: it grows with every read marker that moves, and all it says is in its state as well.

A device that was away for longer is told that state, and has missed nothing.
"""

AUDIT_LINES_MAX = 100_000
"""Lines of the audit trail: more than anybody scrolls through, some 10 MiB."""


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a room is kept."""

    seconds: int = 0
    """For how long, by an entry's time; 0 for ever."""
    messages: int = 0
    """How many of the last messages, with whatever happened between them; 0 for all."""
    entries: int = 0
    """How many of the last entries; 0 for all."""

    def within(self, other: Retention) -> Retention:
        """No more than this and no more than the other."""
        return Retention(
            seconds=_stricter(self.seconds, other.seconds),
            messages=_stricter(self.messages, other.messages),
            entries=_stricter(self.entries, other.entries),
        )


FOR_EVER = Retention()


class Floor(msgspec.Struct, frozen=True):
    """Where the floor of a room is to be."""

    room: RoomId
    number: int
    """The first number that is kept; one more than the head where none is."""
    pruned: int
    """How many messages were said before it."""


def retention_of(kind: Kind, settings: RoomSettings, server: Retention) -> Retention:
    """How much is kept of a room of this kind: what its own people want can only be less than the server keeps."""
    if kind is Kind.INBOX:
        return server.within(Retention(entries=INBOX_ENTRIES_MAX))
    return server.within(Retention(seconds=settings.keep_seconds, messages=settings.keep_messages))


def floor_due(
    room: Room, retention: Retention, *, now: int, time_of: Callable[[int], int], said_by: Callable[[int], int]
) -> Floor:
    """Where the floor of a room is to be at `now` (milliseconds since 1970 UTC); it never sinks.

    `time_of` and `said_by` say of a number from the floor to the head its entry's time, and how many messages the room
    had as of it. Both grow with the numbers (P2), so few are asked for.
    """
    kept = range(room.floor, room.head + 1)
    first = room.floor
    if retention.entries:
        first = max(first, room.head + 1 - retention.entries)
    since = now - retention.seconds * 1000
    if retention.seconds and kept and time_of(room.floor) < since:
        first = max(first, room.floor + bisect_left(kept, since, key=time_of))
    if retention.messages and room.messages - room.pruned > retention.messages:
        last_too_many = room.floor + bisect_left(kept, room.messages - retention.messages, key=said_by)
        first = max(first, last_too_many + 1)
    return Floor(room.id, first, said_by(first - 1) if first > room.floor else room.pruned)


def _stricter(one: int, other: int) -> int:
    """The smaller of two limits of which 0 is none."""
    return min(one, other) if one and other else one or other
