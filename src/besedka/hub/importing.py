"""Bringing an exported room into a new one, by way of turns, while the server runs.

The new room has no name and nobody in it until everything is there: so nobody finds it, and whatever ends the server in
between leaves a passing room without anybody, which the next start archives like all of these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from besedka.chat.entries import (
    Body,
    Draft,
    Kind,
    MembershipChanged,
    Opened,
    Person,
    Renamed,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomName,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    Way,
)
from besedka.chat.importing import Imported, draft_of
from besedka.chat.names import fold
from besedka.chat.principals import SERVER, AccountName
from besedka.chat.refusals import Code, Refusal
from besedka.chat.rooms import Room
from besedka.hub.accounts import Account
from besedka.hub.hub import Hub
from besedka.hub.orders import Outcome
from besedka.hub.turn import Turn

IMPORTS_MAX = 4
"""Imports at once; one more ends that which was begun first."""

_SERVER_NAME = AccountName("server")


class NewRoom(msgspec.Struct, frozen=True):
    """What the new room is to be from the beginning."""

    opened: int
    """When the first of what comes was said, in milliseconds since 1970 UTC; 0 where nothing comes."""
    hidden: bool = False
    invite_only: bool = False


class Importing:
    """Makes a room of what is brought, a part at a time."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts

    async def begin(self, new: NewRoom) -> RoomId | Refusal:
        """Open a room that nobody finds."""
        made: RoomId | None = None

        def write(turn: Turn) -> Outcome:
            nonlocal made
            if self._parts.rooms_given >= self._parts.limits.rooms_max:
                return Outcome.NOTHING
            room = turn.new_room()
            change = SettingsChange(hidden=new.hidden or None, invite_only=new.invite_only or None)
            settings = (SettingsChanged(change),) if new.hidden or new.invite_only else ()
            bodies = (Opened(Kind.PUBLIC), *settings)
            turn.add(room, [_by_server(body) for body in bodies], time=min(new.opened or turn.now, turn.now))
            made = room.id
            self._parts.coming[made] = None
            return Outcome.KEPT

        outcome = await self._hub.orders.carry_out(write)
        self._forget_abandoned()
        if outcome is Outcome.NOTHING:
            return Refusal(Code.ROOMS_FULL)
        return made if outcome is Outcome.KEPT and made is not None else Refusal(Code.NOT_KEPT)

    async def bring(self, room: RoomId, entries: Sequence[Imported], *, after: int) -> Refusal | None:
        """Keep the next of them, where the room's last entry is `after`: so a part that is sent again is refused."""

        def write(turn: Turn, state: Room) -> Outcome:
            if state.head != after:
                return Outcome.NOTHING
            for one in entries:  # Nobody says anything later than now; and times do not fall, as P2 has it.
                turn.add(state, (draft_of(room, one),), time=min(one.time, turn.now))
            return Outcome.KEPT

        return await self._write(room, write)

    async def finish(self, room: RoomId, name: RoomName, owner: Account) -> Refusal | None:
        """Name it and put its owner into it: from now on there is such a room."""
        if await self._parts.logs.room_named(fold(name)) is not None:
            return Refusal(Code.ROOM_NAME_TAKEN)
        briefs = await self._parts.logs.briefs(owner.id)
        if sum(brief.member for brief in briefs) > self._parts.limits.rooms_per_account_max:  # The inbox is one.
            return Refusal(Code.PERSON_FULL)
        taken = False
        person = Person(owner.id, owner.name)
        inbox = await self._parts.logs.inbox(owner.id)
        if inbox is not None:
            await self._parts.open_room(inbox)

        def write(turn: Turn, state: Room) -> Outcome:
            nonlocal taken
            if turn.named(fold(name)) is not None or self._parts.rooms.named(fold(name)) is not None:
                taken = True
                return Outcome.NOTHING
            if inbox is not None and not turn.has_inbox(owner.id):
                return Outcome.UNPREPARED
            owned = RolesChanged((RoleChange(person, RoomRole.OWNER),))
            bodies = (Renamed(name, RoomName("")), MembershipChanged(Way.JOINED, (person,)), owned)
            turn.add(state, [_by_server(body) for body in bodies])
            return Outcome.KEPT

        refusal = await self._write(room, write)
        if refusal is None:
            self._parts.coming.pop(room, None)
        return Refusal(Code.ROOM_NAME_TAKEN) if taken else refusal

    def _forget_abandoned(self) -> None:
        """Whoever began an import may have gone away in the middle of it."""
        while len(self._parts.coming) > IMPORTS_MAX:
            oldest = next(iter(self._parts.coming))
            del self._parts.coming[oldest]
            self._hub.archive_if_passed(oldest)

    async def _write(self, room: RoomId, write: Callable[[Turn, Room], Outcome]) -> Refusal | None:
        """Carry out what is written into a room that is being imported; `NOTHING` says that something is in the way."""

        def write_there(turn: Turn) -> Outcome:
            opened = self._parts.rooms.get(room)
            if opened is None:
                return Outcome.UNPREPARED
            state = turn.tentative(opened.state)
            return write(turn, state) if room in self._parts.coming else Outcome.NOTHING

        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED:
            if await self._parts.open_room(room) is None:
                return Refusal(Code.NO_SUCH_ROOM)
            outcome = await self._hub.orders.carry_out(write_there)
        if outcome is Outcome.NOTHING:
            return Refusal(Code.NOT_ALLOWED)
        return None if outcome is Outcome.KEPT else Refusal(Code.NOT_KEPT)


def _by_server(body: Body) -> Draft:
    return Draft(SERVER, _SERVER_NAME, body)
