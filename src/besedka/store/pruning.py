"""Forgetting what lies before the floors of rooms, a little at a time, so that nobody waits for it.

A floor rises by a commit of its own, and only then do the entries before it go, in batches; after a crash between the
two the next look finds them (`floors_due` names every room that has some left). Each batch notes that words which are
gone may lie in the files still: see `scrubbing`. The pages that become free are given back to the file system by
`shrink`, also in steps.

What a batch holds is asked for as one row, and pages are given back by one statement: for each row or statement the
driver gives up the interpreter's lock, and beside a busy loop it waits up to 5 ms to have it again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from besedka.chat.entries import Message, RoomId
from besedka.chat.retention import Floor, Retention, floor_due, retention_of
from besedka.hub.keeping import FloorsDue
from besedka.store.batches import batches
from besedka.store.beside import called
from besedka.store.faults import FILE_ERRORS
from besedka.store.rows import ROOM_COLUMNS, Row, decode_body, room_of

BODIES_MAX = 262_144
"""Characters of JSON in one batch, however many entries may be in it: a commit that others wait for is to be short."""

FREE_PAGES_KEPT = 256
"""Pages of 4 KiB that stay in the file for what is said next: a file need not shrink and grow all the time."""


def floors_due(connection: sqlite3.Connection, server: Retention, *, now: int, after: RoomId, limit: int) -> FloorsDue:
    """Of the rooms whose ids follow `after`, at most `limit`: those whose floors are to rise, or have risen unswept.

    A room that cannot be read is left alone; whoever reads it will find that out.
    """
    query = f"SELECT {ROOM_COLUMNS} FROM rooms WHERE id > ? ORDER BY id LIMIT ?"
    rows = connection.execute(query, (after, limit)).fetchall()
    floors: list[Floor] = []
    for row in rows:
        with suppress(*FILE_ERRORS, msgspec.DecodeError, LookupError):
            floors += _floor_due(connection, row, server, now=now)
    return FloorsDue(tuple(floors), RoomId(rows[-1][0]) if len(rows) == limit else None)


def _floor_due(connection: sqlite3.Connection, row: Row, server: Retention, *, now: int) -> Iterable[Floor]:
    room = room_of(row)

    def of(column: str, number: int) -> int:
        query = f"SELECT {column} FROM entries WHERE room = ? AND number = ?"
        row = connection.execute(query, (room.id, number)).fetchone()
        if row is None:
            raise LookupError("an entry that should be kept is gone")
        return int(row[0])

    floor = floor_due(
        room,
        retention_of(room.kind, room.governance.settings, server),
        now=now,
        time_of=lambda number: of("time", number),
        said_by=lambda number: of("said", number),
    )
    if floor.number > room.floor or (room.floor > 1 and _is_unswept(connection, room.id, room.floor)):
        yield floor


def _is_unswept(connection: sqlite3.Connection, room: RoomId, floor: int) -> bool:
    """Whether entries before the floor are there still."""
    query = "SELECT 1 FROM entries WHERE room = ? AND number < ? LIMIT 1"
    return connection.execute(query, (room, floor)).fetchone() is not None


def raise_floors(connection: sqlite3.Connection, floors: Sequence[Floor]) -> None:
    """Let floors rise; one that is higher already stays."""
    rows = [(floor.number, floor.pruned, floor.room) for floor in floors]
    for table, values in batches(rows):
        connection.execute(
            f"WITH due (number, pruned, room) AS ({table})"
            " UPDATE rooms SET floor = due.number, pruned = due.pruned FROM due"
            " WHERE rooms.id = due.room AND rooms.floor < due.number",
            values,
        )


def prune(connection: sqlite3.Connection, room: RoomId, limit: int) -> bool:
    """Delete the first entries before a room's floor, at most `limit` and of `BODIES_MAX`, and what is beside them.

    Whether there may be more.
    """
    floor, last, calling = connection.execute(_FIRST, (room, limit, BODIES_MAX)).fetchone()
    if last is None:
        return False
    connection.execute("UPDATE meta SET mended = 1 WHERE mended = 0")
    mentions: list[Row] = []
    for number, raw in _decode_calling(calling):
        with suppress(msgspec.DecodeError):  # What is damaged goes too, and whom it called nobody knows.
            body = decode_body(raw)
            if type(body) is Message:
                mentions += [(account, room, number) for account in sorted(called(body))]
    for table, values in batches(mentions):
        connection.execute(f"DELETE FROM mentions WHERE (account, room, number) IN ({table})", values)
    connection.execute("DELETE FROM reactions WHERE room = ? AND number <= ?", (room, last))
    connection.execute("DELETE FROM entries WHERE room = ? AND number <= ?", (room, last))
    return bool(last < floor - 1)


_MAY_CALL = "instr(body, '\"mentions\"') OR instr(body, '\"calls_room\"')"
"""What every message that calls somebody has in its JSON; a text that says so itself has its quotes escaped there."""

_FIRST = f"""
SELECT floor, max(number), CAST('[' || coalesce(group_concat('[' || number || ',' || body || ']')
       FILTER (WHERE ({_MAY_CALL}) AND json_valid(body)), '') || ']' AS BLOB)
FROM (SELECT floor, number, body, sum(length(body)) OVER (ORDER BY number) - length(body) AS before
      FROM (SELECT floor, number, body FROM rooms JOIN entries ON room = id
            WHERE id = ?1 AND number < floor ORDER BY number LIMIT ?2))
WHERE before < ?3
"""
_decode_calling = msgspec.json.Decoder(list[tuple[int, msgspec.Raw]]).decode


def prune_audit(connection: sqlite3.Connection, *, before: int, keep: int, limit: int) -> bool:
    """Delete the first lines of the audit trail, at most `limit`: older than `before`, or before the last `keep`.

    Whether there may be more. Times do not go with the ids exactly: a line is gone once all before it are.
    """
    last, count = connection.execute(_FIRST_LINES, (limit, before, keep)).fetchone()
    if not count:
        return False
    connection.execute("DELETE FROM audit WHERE id <= ?", (last,))
    return bool(count == limit)


_FIRST_LINES = """
WITH first AS (SELECT id, time FROM audit ORDER BY id LIMIT ?1),
     staying AS (SELECT min(id) AS id FROM first WHERE time >= ?2 AND id > (SELECT max(id) FROM audit) - ?3)
SELECT max(first.id), count(*) FROM first, staying WHERE staying.id IS NULL OR first.id < staying.id
"""


def shrink(connection: sqlite3.Connection, pages: int) -> bool:
    """Give back at most so many free pages to the file system; whether there are more than shall stay.

    Outside of a transaction. The file itself is cut when the write-ahead log is next folded into it.
    """
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    most = min(pages, free - FREE_PAGES_KEPT)
    if most <= 0:
        return False
    # Not `execute`: that takes one step of a statement without columns, and one step is one page.
    connection.executescript(f"PRAGMA incremental_vacuum({most})")
    return bool(free - most > FREE_PAGES_KEPT)
