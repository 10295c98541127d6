"""Rooms in SQLite."""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from besedka.chat.entries import Entry, RequestId, RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import PrincipalId
from besedka.chat.retention import Floor, Retention
from besedka.chat.rooms import Reading, Room
from besedka.chat.searching import Query
from besedka.chat.told import ReactionCount
from besedka.hub.keeping import (
    Addition,
    AuditRow,
    FloorsDue,
    Found,
    Kept,
    LastSaid,
    Moved,
    Page,
    Reactions,
    ReadableRoom,
    Receipt,
    RoomBrief,
    SearchPlace,
    Unread,
)
from besedka.hub.seen import RoomSeen
from besedka.store import pruning, questions
from besedka.store.appending import append
from besedka.store.belongings import SqliteBelongings
from besedka.store.beside import add_audit, audit_row
from besedka.store.faults import FILE_ERRORS, Damaged, opening_fault
from besedka.store.opening import MESSAGES, opened, reader
from besedka.store.rows import ROOM_COLUMNS, STAY_COLUMNS, Row, entry_of, room_of, weight
from besedka.store.scrubbing import scrub
from besedka.store.search import Search
from besedka.store.sifting import Ask
from besedka.store.threads import Readers, Writer
from besedka.words import _

READERS = 2
"""Threads that read: one may be waiting for the disk while the other answers from memory."""


class SqliteLogStore(SqliteBelongings):
    """`messages.db`. Made by `open`; to be closed."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, readers: Sequence[sqlite3.Connection], copy: Path | None
    ) -> None:
        row = connection.execute(
            "SELECT epoch, boot, host_key, (SELECT coalesce(max(id), 0) FROM rooms),"
            " (SELECT coalesce(max(owner), 0) FROM rooms WHERE kind = 'inbox') FROM meta"
        ).fetchone()
        if row is None:
            raise Damaged(_("{path}: it is damaged (its epoch is gone); restore a backup.").format(path=path))
        self.epoch: str = row[0]
        self.boot: int = row[1]
        self.host_key: bytes = row[2]
        self.rooms_given: int = row[3]
        self.newest_account = PrincipalId(row[4])
        """The newest account that has an inbox here, as of opening: no account made from now on may be older."""
        self.copy = copy
        """The copy that was made of the file where this opening has brought it up to date."""
        self._path = path
        self._file: int | None = os.open(path, os.O_RDWR)
        """For `scrub`; closed after the last connection."""
        self._writer = Writer(path, connection)
        self._readers = Readers(path, readers, name="reader")
        self.index = Search(path.parent, self.epoch)
        """Of words; nothing is indexed before it is begun."""

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Open the file, making it where there is none. Blocks; raises `CannotOpen`."""
        path = directory / MESSAGES.name
        connection, copy = opened(directory, MESSAGES, fill=_begin)
        readers: list[sqlite3.Connection] = []
        try:
            connection.execute("UPDATE meta SET boot = boot + 1")
            readers += (reader(path) for _ in range(READERS))
            return cls(path, connection, readers, copy)
        except BaseException as error:
            for each in (connection, *readers):
                each.close()
            raise opening_fault(path, error) if isinstance(error, FILE_ERRORS) else error from None

    def stop(self) -> None:
        """Finish what was asked, fold the write-ahead log into the file and close it. Blocks; may be repeated."""
        self.index.stop()
        self._readers.stop()
        self._writer.stop()  # The last connection to close folds the log in.
        if self._file is not None:
            os.close(self._file)
            self._file = None

    async def close(self) -> None:
        """The same without blocking the loop."""
        await asyncio.to_thread(self.stop)

    async def append(self, additions: Sequence[Addition]) -> Sequence[Kept | Moved]:
        """Keep all that still fit, in one commit."""
        try:
            return await self._writer.call(lambda connection: append(connection, additions))
        finally:
            self.index.news.note(additions)

    # Rooms.

    async def room(self, room: RoomId) -> Room | None:
        """The room as of its head."""

        def read(connection: sqlite3.Connection) -> Room | None:
            row = connection.execute(f"SELECT {ROOM_COLUMNS} FROM rooms WHERE id = ?", (room,)).fetchone()
            if row is None:
                return None
            stays = connection.execute(f"SELECT {STAY_COLUMNS} FROM stays WHERE room = ?", (room,))
            return room_of(row, stays, connection.execute(_MARKERS, (room,)))

        return await self._readers.call(read)

    async def room_named(self, name: FoldedName) -> RoomId | None:
        """The room that bears this name now, or else the one it leads on to."""
        rows = await self._rows(
            "SELECT id FROM rooms WHERE folded = ?1 UNION ALL SELECT room FROM former_names WHERE folded = ?1", name
        )
        return rows[0][0] if rows else None

    async def direct_room(self, one: PrincipalId, other: PrincipalId) -> RoomId | None:
        """The direct room of two principals, in any order."""
        return await self._room_where("low = ? AND high = ?", min(one, other), max(one, other))

    async def inbox(self, account: PrincipalId) -> RoomId | None:
        """The account's own log."""
        return await self._room_where("kind = 'inbox' AND owner = ?", account)

    async def _room_where(self, condition: str, *values: int | str) -> RoomId | None:
        rows = await self._rows(f"SELECT id FROM rooms WHERE {condition}", *values)
        return rows[0][0] if rows else None

    async def briefs(self, account: PrincipalId) -> Sequence[RoomBrief]:
        """Every room the account is or was in, and its inbox, by id."""
        rows = await self._rows(
            'SELECT id, head, "left" IS NULL FROM stays JOIN rooms ON id = room WHERE principal = ?1'
            " UNION SELECT id, head, 1 FROM rooms WHERE kind = 'inbox' AND owner = ?1 ORDER BY 1",
            account,
        )
        return [RoomBrief(room, head, bool(member)) for room, head, member in rows]

    async def public_rooms(self, *, limit: int) -> Sequence[Room]:
        """Rooms with a name that are neither hidden nor archived, by name, without their members."""
        query = f"SELECT {ROOM_COLUMNS} FROM rooms WHERE hidden = 0 AND folded IS NOT NULL ORDER BY folded LIMIT ?"
        rows = await self._rows(query, limit)
        return [room_of(row) for row in rows]

    async def member_counts(self, rooms: Sequence[RoomId]) -> Mapping[RoomId, int]:
        """How many members each of these rooms has."""

        def read(connection: sqlite3.Connection) -> dict[RoomId, int]:
            query = "SELECT members FROM rooms WHERE id = ?"
            return {room: (connection.execute(query, (room,)).fetchone() or (0,))[0] for room in rooms}

        return await self._readers.call(read)

    async def passing_rooms(self) -> Sequence[RoomId]:
        """Rooms without an owner that are not archived yet."""
        rows = await self._rows(
            "SELECT id FROM rooms WHERE kind IN ('public', 'private') AND owner IS NULL AND archived = 0 ORDER BY id"
        )
        return [room for (room,) in rows]

    async def rooms_with_marks_due(self, *, now: int, limit: int) -> Sequence[RoomId]:
        """Rooms that list a mask whose time is over at `now`, the longest overdue first."""
        rows = await self._rows("SELECT id FROM rooms WHERE due <= ? ORDER BY due, id LIMIT ?", now, limit)
        return [room for (room,) in rows]

    async def last_said(
        self, principal: PrincipalId, *, after: int, before: int, beside: Sequence[RoomId] = ()
    ) -> Sequence[LastSaid]:
        """Where the last message was said between these times, by id."""
        return await self._readers.call(
            lambda connection: questions.last_said(connection, principal, after=after, before=before, beside=beside)
        )

    async def readable_rooms(self, principal: PrincipalId) -> Sequence[ReadableRoom]:
        """Every room somebody is or was a member of, by id."""
        return await self._readers.call(lambda connection: questions.readable_rooms(connection, principal))

    async def unread(self, account: PrincipalId) -> Sequence[Unread]:
        """The rooms the account is a member of, by id."""
        return await self._readers.call(lambda connection: questions.unread(connection, account))

    async def rooms_seen(self, *, limit: int) -> Sequence[RoomSeen]:
        """Public and private rooms that are not archived, by name."""
        return await self._readers.call(lambda connection: questions.rooms_seen(connection, limit))

    async def messages_kept(self) -> int:
        """How many messages of all rooms are kept."""
        ((kept,),) = await self._rows("SELECT coalesce(sum(messages - pruned), 0) FROM rooms")
        return int(kept)

    # Entries.

    async def page(
        self, room: RoomId, *, after: int, upto: int, limit: int, bytes_max: int, messages: bool = False
    ) -> Page:
        """The first entries with `after < number <= upto`."""
        query = f"{_ENTRIES} {_MESSAGES if messages else ''} AND number > ? AND number <= ? ORDER BY number LIMIT ?"
        return Page(tuple(await self._entries(query, (room, after, upto, limit), bytes_max)))

    async def page_before(
        self, room: RoomId, *, before: int, first: int, limit: int, bytes_max: int, messages: bool = False
    ) -> Page:
        """The last entries with `first <= number < before`, oldest first."""
        which = f"{_ENTRIES} {_MESSAGES if messages else ''}"
        query = f"{which} AND number >= ? AND number < ? ORDER BY number DESC LIMIT ?"
        return Page(tuple(reversed(await self._entries(query, (room, first, before, limit), bytes_max))))

    async def _entries(self, query: str, values: Row, bytes_max: int) -> list[Entry]:
        def read(connection: sqlite3.Connection) -> list[Entry]:
            entries: list[Entry] = []
            size = 0
            for row in connection.execute(query, values):
                size += weight(row[4])
                if entries and size > bytes_max:
                    break
                entries.append(entry_of(row))
            return entries

        return await self._readers.call(read)

    async def entry(self, room: RoomId, number: int) -> Entry | None:
        """One kept entry as it stands now."""
        entries = await self._entries(f"{_ENTRIES} AND number = ?", (room, number), 0)
        return entries[0] if entries else None

    async def reactions(self, room: RoomId, number: int, principal: PrincipalId, reaction: str) -> Reactions:
        """Whether somebody put this reaction to a message, and how many everybody did."""
        return await self._readers.call(
            lambda connection: questions.reactions(connection, room, number, principal, reaction)
        )

    async def reaction_counts(
        self, room: RoomId, *, first: int, last: int, upto: int, principal: PrincipalId, limit: int
    ) -> Sequence[ReactionCount]:
        """The reactions to the messages from `first` to `last` put by `upto`, by number and then as first put."""
        return await self._readers.call(
            lambda connection: questions.reaction_counts(
                connection, room, first=first, last=last, upto=upto, principal=principal, limit=limit
            )
        )

    async def said_by(self, room: RoomId, number: int) -> int:
        """How many messages the room had as of this entry."""
        return await self._readers.call(lambda connection: questions.said_by(connection, room, number))

    async def number_at(self, room: RoomId, time: int) -> int:
        """The last entry that is not younger than `time`."""
        return await self._readers.call(lambda connection: questions.number_at(connection, room, time))

    async def search(
        self,
        query: Query,
        scope: Mapping[RoomId, Reading],
        *,
        older_than: SearchPlace | None,
        limit: int,
        bytes_max: int,
        spans_max: int,
    ) -> Found:
        """The newest messages that match, in these rooms and from and to where these may be read."""
        return await self.index.find(Ask(query, scope, older_than, limit, bytes_max, spans_max))

    # Request ids.

    async def newest_request(self, sender: PrincipalId) -> RequestId | None:
        """The greatest request id this sender ever had kept."""
        rows = await self._rows("SELECT max(id) FROM requests WHERE author = ?", sender)
        newest: RequestId | None = rows[0][0]
        return newest

    async def kept_request(self, sender: PrincipalId, request: RequestId, room: RoomId | None) -> Receipt | None:
        """The first entry kept for this request, in `room` or (None) wherever there is one."""
        rows = await self._rows(
            "SELECT room, number FROM requests WHERE author = ?1 AND id = ?2 AND (?3 IS NULL OR room = ?3)"
            " ORDER BY room LIMIT 1",
            sender,
            request,
            room,
        )
        return Receipt(*rows[0]) if rows else None

    # The audit trail, and what is to be gone.

    async def audit(self, *, limit: int) -> Sequence[AuditRow]:
        """The last lines of the audit trail, the oldest first."""
        return await self._readers.call(lambda connection: questions.audit(connection, limit))

    async def add_audit(self, row: AuditRow) -> None:
        """Put an operator's act there."""
        line = audit_row(row.time, row.by, row.room, row.line)
        await self._writer.call(lambda connection: add_audit(connection, [line]))

    async def floors_due(self, retention: Retention, *, now: int, after: RoomId, limit: int) -> FloorsDue:
        """The rooms whose floors are to rise, or have risen unswept, by id."""
        return await self._readers.call(
            lambda connection: pruning.floors_due(connection, retention, now=now, after=after, limit=limit)
        )

    async def raise_floors(self, floors: Sequence[Floor]) -> None:
        """Let floors rise, in one commit."""
        await self._writer.call(lambda connection: pruning.raise_floors(connection, floors))
        for floor in floors:
            self.index.news.look_at(floor.room, floor.number)

    async def prune(self, room: RoomId, *, limit: int) -> bool:
        """Forget the first entries before the floor; whether there may be more."""
        return await self._writer.call(lambda connection: pruning.prune(connection, room, limit))

    async def prune_audit(self, *, before: int, keep: int, limit: int) -> bool:
        """Forget the first lines of the audit trail; whether there may be more."""
        return await self._writer.call(
            lambda connection: pruning.prune_audit(connection, before=before, keep=keep, limit=limit)
        )

    async def shrink(self, *, pages: int) -> bool:
        """Give back some of what is free in the file; whether there is more."""
        return await self._writer.call_between(lambda connection: pruning.shrink(connection, pages))

    async def scrub(self) -> bool:
        """See that nothing of what was rewritten is left in the files; False where a reader was in the way."""
        file = self._file
        if file is None:
            return False  # It is closed.
        clean = await self._writer.call_between(lambda connection: scrub(connection, self._path, file))
        return await self.index.scrub() and clean

    async def _rows(self, query: str, *values: int | str | None) -> list[Row]:
        return await self._readers.call(lambda connection: connection.execute(query, values).fetchall())


_ENTRIES = "SELECT number, time, author, name, CAST(body AS BLOB) FROM entries WHERE room = ?"


_BEGINNING = '{"kind":"message"'
_MESSAGES = f"AND substr(body, 1, {len(_BEGINNING)}) = '{_BEGINNING}'"
"""Which entries are messages: their kind is what `rows.encode_body` begins with."""

_MARKERS = (
    "SELECT target, number, markers.time, said FROM rooms JOIN markers ON account = owner"
    " WHERE id = ? AND kind = 'inbox'"
)


def _begin(connection: sqlite3.Connection) -> None:
    """The first rows of a new log: the random name that says which one it is, and its key."""
    values = (secrets.token_hex(16), secrets.token_bytes(32))
    connection.execute("INSERT INTO meta (epoch, boot, host_key) VALUES (?, 0, ?)", values)
