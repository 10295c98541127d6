"""One person's belongings in memory, and the steps of what is unfinished: the same as `belongings` has in SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from immutables import Map

from besedka.chat.entries import Entry, Kind, RoomId
from besedka.chat.forgetting import Bygone, forgotten
from besedka.chat.personal import Personal
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Room
from besedka.hub.belongings import SCAN_ENTRIES, Authored, Place, Step, is_about
from besedka.hub.keeping import AuditRow
from besedka.store.rows import encode_body, weight

if TYPE_CHECKING:
    from besedka.store.memory import Disturbance


class MemoryBelongings:
    """The part of the rooms in memory that is about one person at a time."""

    _disturbance: Disturbance
    _rooms: dict[RoomId, Room]
    _entries: dict[RoomId, list[Entry]]
    _audit: list[AuditRow]

    def __init__(self) -> None:
        self._steps: dict[int, str] = {}
        self._steps_given = 0

    def _scanned(self, after: Place) -> tuple[list[tuple[RoomId, Entry]], Place | None]:
        """The next entries of all, and where they end; None where that is the end of all logs."""
        beyond = [
            (room, entry)
            for room, entries in sorted(self._entries.items())
            for entry in entries
            if (room, entry.number) > (after.room, after.number)
        ][:SCAN_ENTRIES]
        return beyond, Place(beyond[-1][0], beyond[-1][1].number) if len(beyond) == SCAN_ENTRIES else None

    async def authored(self, author: PrincipalId, *, after: Place, limit: int, bytes_max: int) -> Authored:
        """The next of somebody's entries, in every room."""
        await self._disturbance.before("authored")
        scanned, end = self._scanned(after)
        found: list[tuple[RoomId, Entry]] = []
        size = 0
        for room, entry in scanned:
            if entry.author != author or entry.number < self._rooms[room].floor:
                continue
            size += weight(encode_body(entry.body))
            if len(found) == limit or (found and size > bytes_max):
                return Authored(tuple(found), Place(found[-1][0], found[-1][1].number))
            found.append((room, entry))
        return Authored(tuple(found), end)

    async def forget(self, whom: Bygone, *, after: Place) -> Place | None:
        """Bury somebody's name, and the words that are no messages, in some more entries."""
        await self._disturbance.before("forget")
        scanned, end = self._scanned(after)
        for room, entry in scanned:
            if whom.is_in(entry):
                self._entries[room][entry.number - 1] = forgotten(entry, whom)
        return end

    async def erase_inbox(self, account: PrincipalId) -> None:
        """Leave nothing of an account's own log but the ids it has used."""
        await self._disturbance.before("erase_inbox")
        for room in self._rooms.values():
            if room.kind is Kind.INBOX and room.owner == account:
                self._entries[room.id] = []
                emptied = msgspec.structs.replace(room, floor=room.head + 1, personal=Personal(), data=Map())
                self._rooms[room.id] = emptied
                return

    async def audit_about(self, name: AccountName, *, since: int, limit: int) -> Sequence[AuditRow]:
        """What an operator did to an account since it was made, the oldest first."""
        await self._disturbance.before("audit_about")
        about = [row for row in self._audit if not row.room and row.time >= since and is_about(row.line.whom, name)]
        return about[max(len(about) - limit, 0) :]

    async def add_step(self, what: str) -> int:
        """Note what must be finished."""
        await self._disturbance.before("add_step")
        self._steps_given += 1
        self._steps[self._steps_given] = what
        return self._steps_given

    async def update_step(self, step: int, what: str) -> None:
        """It has come further."""
        await self._disturbance.before("update_step")
        if step in self._steps:
            self._steps[step] = what

    async def finish_step(self, step: int) -> None:
        """Forget a finished one."""
        await self._disturbance.before("finish_step")
        self._steps.pop(step, None)

    async def pending_steps(self) -> Sequence[Step]:
        """What is to be finished, the oldest first."""
        await self._disturbance.before("pending_steps")
        return [Step(step, what) for step, what in sorted(self._steps.items())]
