"""The one transaction that keeps what a turn has decided."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from besedka.chat.entries import Message, RoomId
from besedka.chat.rooms import Room
from besedka.hub.keeping import Addition, Kept, Moved
from besedka.store.batches import batches, insert
from besedka.store.beside import Beside, mend
from besedka.store.claims import Claims
from besedka.store.rows import (
    GOVERNED_COLUMNS,
    MOVED_COLUMNS,
    ROOM_COLUMNS,
    STAY_COLUMNS,
    Row,
    borne_name,
    encode_body,
    governed_row,
    is_governed,
    leading_names,
    moved_row,
    room_row,
    stay_rows,
)


def append(connection: sqlite3.Connection, additions: Sequence[Addition]) -> list[Kept | Moved]:
    """Write what still fits of the additions; the caller commits."""
    heads = _heads(connection, [addition.before.id for addition in additions])
    claims = Claims(connection)
    answers: list[Kept | Moved] = []
    kept: list[Addition] = []
    governed: dict[RoomId, None] = {}
    for addition in additions:
        before, after = addition.before, addition.after
        head = heads.get(before.id, 0)
        if head != before.head:
            answers.append(Moved(head))
            continue
        if head == 0 or is_governed(before, after):
            if not claims.move(before, after):
                answers.append(Moved(head))
                continue
            governed[after.id] = None
        assert [numbered.entry.number for numbered in addition.entries] == [*range(head + 1, after.head + 1)]
        heads[after.id] = after.head
        answers.append(Kept())
        kept.append(addition)
    _write_rooms(connection, kept, governed)
    _write_logs(connection, kept)
    for addition in kept:
        mend(connection, addition)
    return answers


def _heads(connection: sqlite3.Connection, rooms: Sequence[RoomId]) -> dict[RoomId, int]:
    heads: dict[RoomId, int] = {}
    for table, values in batches([(room,) for room in rooms]):
        heads.update(connection.execute(f"SELECT id, head FROM rooms WHERE id IN ({table})", values))
    return heads


def _write_rooms(connection: sqlite3.Connection, kept: Sequence[Addition], governed: dict[RoomId, None]) -> None:
    """The rooms as of their heads. What an index is about is updated only where it changes, and the floor never here.

    It may have risen since the room was judged on: see `pruning`.
    """
    latest = {addition.after.id: addition.after for addition in kept}
    new = {addition.after.id for addition in kept if addition.before.head == 0}
    insert(
        connection,
        f"INSERT INTO rooms ({ROOM_COLUMNS}, folded)",
        [(*room_row(room), borne_name(room)) for room in latest.values() if room.id in new],
    )
    for table, values in batches([governed_row(latest[room]) for room in governed if room not in new]):
        connection.execute(
            f"WITH now ({GOVERNED_COLUMNS}) AS ({table})"
            " UPDATE rooms SET name = now.name, folded = now.folded, owner = now.owner, archived = now.archived,"
            " hidden = now.hidden, governance = now.governance, data = now.data, personal = now.personal,"
            " due = now.due FROM now WHERE rooms.id = now.id",
            values,
        )
    _write_former_names(connection, [latest[room] for room in governed])
    for table, values in batches([moved_row(room) for room in latest.values() if room.id not in new]):
        connection.execute(
            f"WITH now ({MOVED_COLUMNS}) AS ({table})"
            " UPDATE rooms SET topic = now.topic, head = now.head, time = now.time, messages = now.messages,"
            " members = now.members FROM now WHERE rooms.id = now.id",
            values,
        )


def _write_former_names(connection: sqlite3.Connection, rooms: Sequence[Room]) -> None:
    for table, values in batches([(room.id,) for room in rooms]):
        connection.execute(f"DELETE FROM former_names WHERE room IN ({table})", values)
    leading = [(name, room.id) for room in rooms for name in leading_names(room)]
    insert(connection, "INSERT INTO former_names (folded, room)", leading)


_STAY_GOES_ON = (
    'ON CONFLICT DO UPDATE SET name = excluded.name, role = excluded.role, "left" = excluded."left",'
    " voice = excluded.voice, spoke = excluded.spoke"
)
"""Where it began, and what had been said by then, stays."""


def _write_logs(connection: sqlite3.Connection, kept: Sequence[Addition]) -> None:
    entries: list[Row] = []
    requests: list[Row] = []
    stays: list[Row] = []
    beside = Beside()
    for addition in kept:
        room, said = addition.after.id, addition.before.messages
        for numbered in addition.entries:
            entry = numbered.entry
            body = entry.body
            if type(body) is Message:
                said += 1
                if body.mentions or body.calls_room:
                    beside.mention(room, entry.number, body)
            else:
                beside.note(addition.after, entry)
            text = encode_body(body).decode()
            entries.append((room, entry.number, entry.time, entry.author, entry.name, text, said))
            if numbered.request is not None:
                requests.append((entry.author, numbered.request, room, entry.number))
        assert said == addition.after.messages, "a message that was not counted"
        stays += stay_rows(addition)
    insert(connection, "INSERT INTO entries (room, number, time, author, name, body, said)", entries)
    insert(connection, "INSERT OR IGNORE INTO requests (author, id, room, number)", requests)
    insert(connection, f"INSERT INTO stays (room, {STAY_COLUMNS}, said)", stays, _STAY_GOES_ON)
    beside.write(connection)
