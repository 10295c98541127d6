"""What is kept beside the log so that nobody has to read all of it: mentions, reactions, read markers, the audit trail.

All of it follows from the entries. A mention's row stands for an unread one: it goes when its account has read so far.
Where a message calls everybody there is one row, of account 0, and none of those it calls by name as well: so whoever
counts both counts each message once.
"""

from __future__ import annotations

import sqlite3

from besedka.chat.audit import AuditLine, audit_line
from besedka.chat.entries import Entry, MarkerMoved, Message, Reacted, RoomId
from besedka.chat.mending import Rewrite
from besedka.chat.personal import Marker
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Room
from besedka.hub.keeping import Addition
from besedka.store.batches import batches, insert
from besedka.store.rows import Row, decode_body, encode_body

EVERYBODY = PrincipalId(0)
"""Whose mentions are everybody's."""


ID_DIGITS_MAX = 16
"""Ids fit 53 bits; a longer number is a name."""


def called(message: Message) -> frozenset[PrincipalId]:
    """The accounts of the rows a message has in `mentions`."""
    return frozenset((EVERYBODY,)) if message.calls_room else frozenset(message.mentions)


def room_meant(target: str) -> RoomId | None:
    """The room a read marker is about, where it is one by id (`MarkerMoved.target`)."""
    by_id = target.isascii() and target.isdecimal() and len(target) <= ID_DIGITS_MAX
    return RoomId(int(target)) if by_id else None


class Beside:
    """The rows of one batch."""

    def __init__(self) -> None:
        self._mentions: list[Row] = []
        self._reactions: dict[tuple[RoomId, int, str, PrincipalId], int | None] = {}
        """The number of the entry that put it; None where it was taken back."""
        self._markers: dict[tuple[PrincipalId | None, str], Marker] = {}
        self._audit: list[Row] = []

    def mention(self, room: RoomId, number: int, message: Message) -> None:
        """A message calls somebody."""
        self._mentions += [(account, room, number) for account in called(message)]

    def note(self, room: Room, entry: Entry) -> None:
        """An entry of a room that is no message; `room` is the room after it or later."""
        match entry.body:
            case Reacted(number, reaction, withdrawn):
                self._reactions[room.id, number, reaction, entry.author] = None if withdrawn else entry.number
            case MarkerMoved(target):
                self._markers[room.owner, target] = room.personal.markers[target]
            case _:
                line = audit_line(entry)
                if line is not None:
                    self._audit.append(audit_row(entry.time, entry.name, room.name, line))

    def write(self, connection: sqlite3.Connection) -> None:
        """Bring the tables up to the batch."""
        insert(connection, "INSERT OR REPLACE INTO mentions (account, room, number)", self._mentions)
        self._write_reactions(connection)
        self._write_markers(connection)
        add_audit(connection, self._audit)

    def _write_reactions(self, connection: sqlite3.Connection) -> None:
        put = [(*key, at) for key, at in self._reactions.items() if at is not None]
        insert(connection, "INSERT OR REPLACE INTO reactions (room, number, reaction, principal, at)", put)
        for table, values in batches([key for key, at in self._reactions.items() if at is None]):
            query = f"DELETE FROM reactions WHERE (room, number, reaction, principal) IN ({table})"
            connection.execute(query, values)

    def _write_markers(self, connection: sqlite3.Connection) -> None:
        rows = [(*key, marker.number, marker.time, marker.said) for key, marker in self._markers.items()]
        insert(connection, "INSERT OR REPLACE INTO markers (account, target, number, time, said)", rows)
        meant = ((account, room_meant(target), number) for account, target, number, *_ in rows)
        read = [row for row in meant if row[1] is not None]
        for table, values in batches(read):
            connection.execute(
                f"WITH read (account, room, upto) AS ({table}) DELETE FROM mentions WHERE (account, room, number) IN"
                " (SELECT one.account, one.room, one.number FROM read CROSS JOIN mentions AS one"
                " ON one.account = read.account AND one.room = read.room AND one.number <= read.upto)",
                values,
            )


def audit_row(time: int, by: AccountName, room: str, line: AuditLine) -> Row:
    """A line of the audit trail as `add_audit` takes it."""
    return (time, by, room, line.act, line.whom, line.reason, line.until)


def add_audit(connection: sqlite3.Connection, rows: list[Row]) -> None:
    """Put lines at the end of the audit trail."""
    insert(connection, "INSERT INTO audit (time, by, room, act, whom, reason, until)", rows)


def mend(connection: sqlite3.Connection, addition: Addition) -> None:
    """Rewrite what edits and redactions have rewritten, and note that the old words may lie in the files still."""
    for rewrite in addition.rewrites:
        _rewrite(connection, addition.after.id, rewrite)
    if addition.rewrites:
        connection.execute("UPDATE meta SET mended = 1 WHERE mended = 0")


def _rewrite(connection: sqlite3.Connection, room: RoomId, rewrite: Rewrite) -> None:
    place = (room, rewrite.number)
    kept = connection.execute("SELECT CAST(body AS BLOB) FROM entries WHERE room = ? AND number = ?", place).fetchone()
    if kept is None:
        return  # It was pruned.
    query = "UPDATE entries SET body = ? WHERE room = ? AND number = ?"
    connection.execute(query, (encode_body(rewrite.body).decode(), *place))
    before, after = decode_body(kept[0]), rewrite.body
    if isinstance(before, Message) and isinstance(after, Message):
        had, has = called(before), called(after)
        for account in had - has:
            connection.execute("DELETE FROM mentions WHERE account = ? AND room = ? AND number = ?", (account, *place))
        insert(
            connection,
            "INSERT OR REPLACE INTO mentions (account, room, number)",
            [(account, *place) for account in sorted(has - had)],
        )
