"""What there can be only one room for: a name it bears, a name that leads to it, a pair, an inbox.

Rooms and former names lie in two tables, so that no index of SQLite's sees to it that a name is in one of them only;
this does. What is let go of is free at once, for the rest of the same batch too.
"""

from __future__ import annotations

import sqlite3

from besedka.chat.entries import Kind
from besedka.chat.rooms import Room
from besedka.store.rows import borne_name, leading_names

Place = tuple[object, ...]


def places(room: Room) -> frozenset[Place]:
    """What the room has for itself."""
    claimed: list[Place] = [("name", name) for name in leading_names(room)]
    if (name := borne_name(room)) is not None:
        claimed.append(("name", name))
    if room.pair is not None:
        claimed.append(("pair", *room.pair))
    if room.kind is Kind.INBOX:
        claimed.append(("inbox", room.owner))
    return frozenset(claimed)


_KEPT: dict[object, str] = {
    "name": "SELECT 1 FROM rooms WHERE folded = ?1 UNION ALL SELECT 1 FROM former_names WHERE folded = ?1",
    "pair": "SELECT 1 FROM rooms WHERE low = ? AND high = ?",
    "inbox": "SELECT 1 FROM rooms WHERE kind = 'inbox' AND owner = ?",
}


class Claims:
    """The places as one batch moves them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._new: set[Place] = set()
        """Taken by rooms of this batch that are not written yet."""

    def move(self, before: Room, after: Room) -> bool:
        """Whether a room can have what it now wants; then it has it, and what it no longer wants is free."""
        had, wanted = places(before), places(after)
        if any(place in self._new or self._is_kept(place) for place in wanted - had):
            return False
        self._new |= wanted - had
        for place in had - wanted:
            self._let_go(after, place)
        return True

    def _is_kept(self, place: Place) -> bool:
        what, *values = place
        return self._connection.execute(_KEPT[what], values).fetchone() is not None

    def _let_go(self, room: Room, place: Place) -> None:
        what, name = place  # Nothing but a name is ever let go of.
        assert what == "name", "a pair and an inbox are for ever"
        self._new.discard(place)
        values = (room.id, name)
        self._connection.execute("UPDATE rooms SET folded = NULL WHERE id = ? AND folded = ?", values)
        self._connection.execute("DELETE FROM former_names WHERE room = ? AND folded = ?", values)
