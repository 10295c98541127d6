"""What a name means, a room's or a person's: in memory where that is open, else in the store."""

from __future__ import annotations

from besedka.chat.entries import Kind, Person
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import PrincipalId
from besedka.hub.keeping import LogStore
from besedka.hub.parts import Parts
from besedka.hub.rooms import OpenRoom

ALL_TIME = 1 << 62
"""Milliseconds that no clock ever shows."""


class Finding:
    """Finds rooms and people by name. Raises `StoreFault`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    @property
    def _logs(self) -> LogStore:
        return self._parts.logs

    async def room(self, name: FoldedName) -> OpenRoom | None:
        """The room of this name, or the one it leads on to."""
        opened = self._parts.rooms.named(name)
        if opened is not None:
            return opened
        room = await self._logs.room_named(name)
        return None if room is None else await self._parts.open_room(room)

    async def person(self, name: FoldedName) -> Person | None:
        """The guest or the account of this name or nick; an account under its own."""
        online = self._parts.attendance.named(name)
        if online is not None and not online.registered:
            return online.person
        account = await self._parts.accounts.account_named(name if online is None else fold(online.name))
        return None if account is None else Person(account.id, account.name)

    async def direct(self, one: PrincipalId, other: PrincipalId) -> OpenRoom | None:
        """The conversation of two."""
        opened = self._parts.rooms.of_pair(one, other)
        if opened is not None:
            return opened
        room = await self._logs.direct_room(one, other)
        return None if room is None else await self._parts.open_room(room)

    async def departed(self, one: PrincipalId, name: FoldedName) -> OpenRoom | None:
        """The last conversation with somebody who bore this name and is nobody any more: a guest that has gone."""
        mine = await self._logs.last_said(one, after=0, before=ALL_TIME)
        theirs = [
            said
            for said in mine
            if said.room.kind is Kind.DIRECT
            and any(fold(two.name) == name for who, two in said.room.members.items() if who != one)
        ]
        return await self._parts.open_room(max(theirs, key=lambda said: said.time).room.id) if theirs else None
