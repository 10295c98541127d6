"""What an operator does to whole rooms: reading one out for a file, bringing such a file into a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, assert_never

import msgspec

from besedka.admin.deeds import (
    Answer,
    BeginImport,
    BringEntries,
    Ended,
    FinishImport,
    ReadRoom,
    RoomDeed,
    RoomPart,
    Status,
)
from besedka.admin.ports import People
from besedka.admin.trail import AuditTrail
from besedka.chat.entries import RoomId, RoomName
from besedka.chat.importing import Imported, checked
from besedka.chat.names import FoldedName, fold, room_name
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.chat.rooms import Room
from besedka.hub.accounts import Account
from besedka.hub.importing import NewRoom
from besedka.hub.keeping import Page
from besedka.limits import Limits
from besedka.wire.native import told_without_key
from besedka.words import _

PART_ENTRIES_MAX = 1000
"""Entries of a room in one answer: a page of milliseconds, and a line of a megabyte or two."""


class Logs(Protocol):
    """The rooms, as they are read out."""

    async def room(self, room: RoomId) -> Room | None: ...

    async def room_named(self, name: FoldedName) -> RoomId | None: ...

    async def page(
        self, room: RoomId, *, after: int, upto: int, limit: int, bytes_max: int, messages: bool = False
    ) -> Page: ...


class Importer(Protocol):
    """Makes a room of what is brought."""

    async def begin(self, new: NewRoom) -> RoomId | Refusal: ...

    async def bring(self, room: RoomId, entries: Sequence[Imported], *, after: int) -> Refusal | None: ...

    async def finish(self, room: RoomId, name: RoomName, owner: Account) -> Refusal | None: ...


class RoomDesk:
    """Carries out the deeds about rooms."""

    def __init__(
        self, *, logs: Logs, people: People, trail: AuditTrail, limits: Limits, importer: Importer | None
    ) -> None:
        """`importer` is None where no server runs: rooms are made by turns."""
        self._logs = logs
        self._people = people
        self._trail = trail
        self._limits = limits
        self._importer = importer

    async def carry_out(self, deed: RoomDeed, answer: Answer) -> Ended:
        """Do it. Raises `StoreFault`."""
        if isinstance(deed, ReadRoom):
            return await self._read(deed, answer)
        if self._importer is None:
            return answer.refuse(_("Rooms are made by a running server; start it, and import then."))
        match deed:
            case BeginImport():
                return await self._begin(self._importer, deed, answer)
            case BringEntries():
                return await self._bring(self._importer, deed, answer)
            case FinishImport():
                return await self._finish(self._importer, deed, answer)
            case _:
                assert_never(deed)

    async def _read(self, deed: ReadRoom, answer: Answer) -> Ended:
        room = await self._find(deed.room)
        if room is None or not room.name:
            return answer.refuse(_(SENTENCES[Code.NO_SUCH_ROOM]))
        after, limits = max(deed.after, room.floor - 1), self._limits
        page = await self._logs.page(
            room.id, after=after, upto=room.head, limit=PART_ENTRIES_MAX, bytes_max=limits.run_bytes_max
        )
        settings = room.governance.settings
        answer.show(
            RoomPart(
                room=room.id,
                name=room.name,
                topic=room.topic,
                hidden=settings.hidden,
                invite_only=settings.invite_only,
                floor=room.floor,
                head=room.head,
                entries=told_without_key(page.entries),
            )
        )
        return Ended(Status.FINE)

    async def _find(self, called: str | RoomId) -> Room | None:
        """By name or by id."""
        found = await self._logs.room_named(fold(called.removeprefix("#"))) if isinstance(called, str) else called
        return None if found is None else await self._logs.room(found)

    async def _begin(self, importer: Importer, deed: BeginImport, answer: Answer) -> Ended:
        checked = await self._checked(deed.name, deed.owner)
        if isinstance(checked, Refusal):
            return answer.refuse(_(SENTENCES[checked.code]))
        room = await importer.begin(deed.new)
        if isinstance(room, Refusal):
            return answer.refuse(_(SENTENCES[room.code]))
        return Ended(Status.FINE, count=room)

    async def _bring(self, importer: Importer, deed: BringEntries, answer: Answer) -> Ended:
        entries: list[Imported] = []
        for entry in deed.entries:
            body = checked(entry.body, limits=self._limits)
            if isinstance(body, Refusal):
                return answer.refuse(_(SENTENCES[body.code]))
            entries.append(msgspec.structs.replace(entry, body=body))
        refusal = await importer.bring(deed.room, entries, after=deed.after)
        return Ended(Status.FINE) if refusal is None else answer.refuse(_(SENTENCES[refusal.code]))

    async def _finish(self, importer: Importer, deed: FinishImport, answer: Answer) -> Ended:
        checked = await self._checked(deed.name, deed.owner)
        if isinstance(checked, Refusal):
            return answer.refuse(_(SENTENCES[checked.code]))
        name, owner = checked
        await self._trail.record("import", f"#{name}")  # No account is called so, and has this told of itself.
        refusal = await importer.finish(deed.room, name, owner)
        return Ended(Status.FINE) if refusal is None else answer.refuse(_(SENTENCES[refusal.code]))

    async def _checked(self, called: str, owner: str) -> tuple[RoomName, Account] | Refusal:
        """The new room's name, which must be free, and whose it will be."""
        name = room_name(called, limits=self._limits)
        if isinstance(name, Refusal):
            return name
        if await self._logs.room_named(fold(name)) is not None:
            return Refusal(Code.ROOM_NAME_TAKEN)
        account = await self._people.account_named(fold(owner))
        return Refusal(Code.NO_SUCH_PERSON) if account is None else (name, account)
