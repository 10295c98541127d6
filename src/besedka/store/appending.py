"""The one transaction that keeps what a turn has decided.

Each table gets one statement for the whole batch, of `VALUES (…), (…), …`. A statement for each row would give up the
interpreter's lock and fight for it again with every row; `json_each` needs one statement too and costs twice as much
(measured: 256 rows of 100 bytes, 4.3 µs a row against 8.9). A statement of 128 rows is some 30 KiB once it is prepared,
and preparing it takes as long as carrying it out. So a batch is cut into a whole number of sixteens and what is left:
two statements, of few sizes, which stay prepared.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from besedka.chat.entries import Kind, RoomId
from besedka.chat.names import fold
from besedka.chat.rooms import Room
from besedka.hub.ports import Addition, Kept, Moved
from besedka.store.rows import MOVED_COLUMNS, ROOM_COLUMNS, Row, borne_name, encode_body, moved_row, room_row, stay_rows

ROWS_MAX = 512
"""Rows in one statement: a turn, far below SQLite's 32,766 parameters."""

ROWS_STEP = 16
"""The most rows that are cut off a batch: some 20 µs of work, less than preparing a statement of a hundred rows."""


def append(connection: sqlite3.Connection, additions: Sequence[Addition]) -> list[Kept | Moved]:
    """Write what still fits of the additions; the caller commits."""
    heads = _heads(connection, [addition.before.id for addition in additions])
    taken = _Taken(connection)
    answers: list[Kept | Moved] = []
    kept: list[Addition] = []
    for addition in additions:
        head = heads.get(addition.before.id, 0)
        if head != addition.before.head or (head == 0 and not taken.take(addition.after)):
            answers.append(Moved(head))
            continue
        assert [numbered.entry.number for numbered in addition.entries] == [*range(head + 1, addition.after.head + 1)]
        heads[addition.after.id] = addition.after.head
        if addition.after.archived:
            taken.release(connection, addition.after)
        answers.append(Kept())
        kept.append(addition)
    _write_rooms(connection, kept)
    _write_logs(connection, kept)
    return answers


class _Taken:
    """Names, pairs and inboxes there can be only one room for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._new: set[tuple[object, ...]] = set()

    def take(self, room: Room) -> bool:
        """Whether a new room can be where it wants to be; then it is there, and nobody else can."""
        places = _places(room)
        if any(place in self._new or self._is_kept(place) for place in places):
            return False
        self._new.update(places)
        return True

    def release(self, connection: sqlite3.Connection, room: Room) -> None:
        """An archived room's name is free, for the rest of this batch too."""
        connection.execute("UPDATE rooms SET archived = 1, folded = NULL WHERE id = ?", (room.id,))
        self._new.discard(("name", fold(room.name)))

    def _is_kept(self, place: tuple[object, ...]) -> bool:
        what, *values = place
        return self._connection.execute(_PLACES[what], values).fetchone() is not None


_PLACES: dict[object, str] = {
    "name": "SELECT 1 FROM rooms WHERE folded = ?",
    "pair": "SELECT 1 FROM rooms WHERE low = ? AND high = ?",
    "inbox": "SELECT 1 FROM rooms WHERE kind = 'inbox' AND owner = ?",
}


def _places(room: Room) -> list[tuple[object, ...]]:
    places: list[tuple[object, ...]] = []
    if (name := borne_name(room)) is not None:
        places.append(("name", name))
    if room.pair is not None:
        places.append(("pair", *room.pair))
    if room.kind is Kind.INBOX:
        places.append(("inbox", room.owner))
    return places


def _heads(connection: sqlite3.Connection, rooms: Sequence[RoomId]) -> dict[RoomId, int]:
    heads: dict[RoomId, int] = {}
    for table, values in _batches([(room,) for room in rooms]):
        heads.update(connection.execute(f"SELECT id, head FROM rooms WHERE id IN ({table})", values))
    return heads


def _write_rooms(connection: sqlite3.Connection, kept: Sequence[Addition]) -> None:
    """The rooms as of their heads. Those that exist are updated only where they change, so that no index is touched."""
    latest = {addition.after.id: addition.after for addition in kept}
    new = {addition.after.id for addition in kept if addition.before.head == 0}
    _insert(
        connection,
        f"INSERT INTO rooms ({ROOM_COLUMNS}, folded)",
        [(*room_row(room), borne_name(room)) for room in latest.values() if room.id in new],
    )
    moved = [moved_row(room) for room in latest.values() if room.id not in new]
    for table, values in _batches(moved):
        connection.execute(
            f"WITH now ({MOVED_COLUMNS}) AS ({table})"
            " UPDATE rooms SET topic = now.topic, head = now.head, floor = now.floor, time = now.time,"
            " messages = now.messages, members = now.members FROM now WHERE rooms.id = now.id",
            values,
        )


def _write_logs(connection: sqlite3.Connection, kept: Sequence[Addition]) -> None:
    entries: list[Row] = []
    requests: list[Row] = []
    stays: list[Row] = []
    for addition in kept:
        room = addition.after.id
        for numbered in addition.entries:
            entry = numbered.entry
            body = encode_body(entry.body).decode()
            entries.append((room, entry.number, entry.time, entry.author, entry.name, body))
            if numbered.request is not None:
                requests.append((entry.author, numbered.request, room, entry.number))
        stays += stay_rows(addition)
    _insert(connection, "INSERT INTO entries (room, number, time, author, name, body)", entries)
    _insert(connection, "INSERT OR IGNORE INTO requests (author, id, room, number)", requests)
    _insert(connection, 'INSERT OR REPLACE INTO stays (room, principal, name, role, first, "left")', stays)


def _insert(connection: sqlite3.Connection, into: str, rows: Sequence[Row]) -> None:
    for table, values in _batches(rows):
        connection.execute(f"{into} {table}", values)


def _batches(rows: Sequence[Row]) -> Iterator[tuple[str, list[object]]]:
    """The rows as tables that a statement can take, each with the values it is to be executed with."""
    start = 0
    while start < len(rows):
        left = len(rows) - start
        count = min(left - left % ROWS_STEP, ROWS_MAX) or left
        some = rows[start : start + count]
        start += count
        yield _table(len(some[0]), count), [*chain.from_iterable(some)]


@cache
def _table(width: int, count: int) -> str:
    """A question mark for every value, which is all that a statement's text ever holds of one."""
    row = f"({', '.join('?' * width)})"
    return f"VALUES {', '.join([row] * count)}"
