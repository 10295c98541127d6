"""One person's belongings in `messages.db`, and the steps of what is unfinished.

A page of somebody's entries is found by looking at so many of everybody's: an index by author would cost every message
that is kept, for what somebody asks once in a year.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from besedka.chat.entries import Entry, RoomId
from besedka.chat.forgetting import Bygone, forgotten, tombstone
from besedka.chat.principals import AccountName, PrincipalId
from besedka.hub.belongings import SCAN_ENTRIES, Authored, Place, Step
from besedka.hub.keeping import AuditRow
from besedka.store.questions import audit_about
from besedka.store.rows import encode_body, entry_of, weight
from besedka.store.search import Search
from besedka.store.threads import Readers, Writer

REWRITTEN_MAX = 500
"""Entries rewritten in one commit, which the turn's may have to wait for: some 10 ms."""

_COLUMNS = "room, number, time, author, name, CAST(body AS BLOB)"

_END = "SELECT room, number FROM entries WHERE (room, number) > (?, ?) ORDER BY room, number LIMIT 1 OFFSET ?"

_SPAN = f"SELECT {_COLUMNS} FROM entries WHERE (room, number) > (?, ?) AND (room, number) <= (?, ?)"

_EVERYTHING = Place(1 << 62, 0)  # type: ignore[arg-type]  # Beyond every room.


class SqliteBelongings:
    """The part of `messages.db` that is about one person at a time."""

    _writer: Writer
    _readers: Readers
    index: Search

    async def authored(self, author: PrincipalId, *, after: Place, limit: int, bytes_max: int) -> Authored:
        """The next of somebody's entries, in every room."""
        return await self._readers.call(lambda connection: _authored(connection, author, after, limit, bytes_max))

    async def forget(self, whom: Bygone, *, after: Place) -> Place | None:
        """Bury somebody's name, and the words that are no messages, in some more entries."""
        place = await self._writer.call(lambda connection: _forget(connection, whom, after))
        if place is None:
            await self.index.bury(whom.principal)
        return place

    async def erase_inbox(self, account: PrincipalId) -> None:
        """Leave nothing of an account's own log but the ids it has used."""
        await self._writer.call(lambda connection: _erase_inbox(connection, account))

    async def audit_about(self, name: AccountName, *, since: int, limit: int) -> Sequence[AuditRow]:
        """What an operator did to an account since it was made, the oldest first."""
        return await self._readers.call(lambda connection: audit_about(connection, name, since, limit))

    async def add_step(self, what: str) -> int:
        """Note what must be finished."""

        def write(connection: sqlite3.Connection) -> int:
            (step,) = connection.execute("INSERT INTO steps (what) VALUES (?) RETURNING id", (what,)).fetchone()
            return int(step)

        return await self._writer.call(write)

    async def update_step(self, step: int, what: str) -> None:
        """It has come further."""
        await self._do("UPDATE steps SET what = ? WHERE id = ?", what, step)

    async def finish_step(self, step: int) -> None:
        """Forget a finished one."""
        await self._do("DELETE FROM steps WHERE id = ?", step)

    async def _do(self, statement: str, *values: int | str) -> None:
        await self._writer.call(lambda connection: connection.execute(statement, values).close())

    async def pending_steps(self) -> Sequence[Step]:
        """What is to be finished, the oldest first."""
        query = "SELECT id, what FROM steps ORDER BY id"
        rows = await self._readers.call(lambda connection: connection.execute(query).fetchall())
        return [Step(*row) for row in rows]


def _end(connection: sqlite3.Connection, after: Place) -> Place | None:
    """Where to stop looking this time; None where the end of everything is nearer."""
    row = connection.execute(_END, (after.room, after.number, SCAN_ENTRIES - 1)).fetchone()
    return None if row is None else Place(*row)


def _span(after: Place, end: Place | None) -> tuple[int, ...]:
    upto = end or _EVERYTHING
    return (after.room, after.number, upto.room, upto.number)


def _authored(
    connection: sqlite3.Connection, author: PrincipalId, after: Place, limit: int, bytes_max: int
) -> Authored:
    end, size = _end(connection, after), 0
    found: list[tuple[RoomId, Entry]] = []
    floor = "(SELECT floor FROM rooms WHERE rooms.id = entries.room)"  # What lies before it is only not deleted yet.
    query = f"{_SPAN} AND author = ? AND number >= {floor} ORDER BY room, number"
    for room, *row in connection.execute(query, (*_span(after, end), author)):
        size += weight(row[4])
        if len(found) == limit or (found and size > bytes_max):
            last, entry = found[-1]
            return Authored(tuple(found), Place(last, entry.number))
        found.append((room, entry_of(tuple(row))))
    return Authored(tuple(found), end)


def _forget(connection: sqlite3.Connection, whom: Bygone, after: Place) -> Place | None:
    end = _end(connection, after)
    query = f"{_SPAN} AND (author = ? OR instr(body, ?)) ORDER BY room, number LIMIT ?"
    theirs = connection.execute(query, (*_span(after, end), whom.principal, whom.written, REWRITTEN_MAX)).fetchall()
    if len(theirs) == REWRITTEN_MAX:
        end = Place(*theirs[-1][:2])
    for room, number, *row in theirs:
        entry = forgotten(entry_of((number, *row)), whom)
        values = (entry.name, encode_body(entry.body).decode(), room, number)
        connection.execute("UPDATE entries SET name = ?, body = ? WHERE room = ? AND number = ?", values)
    if theirs:
        connection.execute("UPDATE meta SET mended = 1 WHERE mended = 0")
    connection.execute(
        "UPDATE stays SET name = ?1 WHERE principal = ?2 AND name <> ?1", (tombstone(whom.principal), whom.principal)
    )
    return end


def _erase_inbox(connection: sqlite3.Connection, account: PrincipalId) -> None:
    """The room itself stays: by its owner it is known which ids were given (`SqliteLogStore.newest_account`)."""
    inbox = "SELECT id FROM rooms WHERE kind = 'inbox' AND owner = ?"
    connection.execute(f"DELETE FROM entries WHERE room IN ({inbox})", (account,))
    connection.execute(
        "UPDATE rooms SET floor = head + 1, personal = '', data = '' WHERE kind = 'inbox' AND owner = ?", (account,)
    )
    connection.execute("DELETE FROM markers WHERE account = ?", (account,))
    connection.execute("DELETE FROM mentions WHERE account = ?", (account,))
    connection.execute("UPDATE meta SET mended = 1 WHERE mended = 0")
