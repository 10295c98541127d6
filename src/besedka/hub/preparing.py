"""What must be in memory before a request can be judged: the room, the inboxes it will note, who it means, its id.

A request whose needs are not met waits, and with it the later ones of its session; nobody else does. What is found may
be out of date by the time it is judged, so the judge asks the open rooms first and believes a preparation only where
they have nothing to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import msgspec

from besedka.chat.entries import Person, RequestId, RoomId
from besedka.chat.names import LOBBY, FoldedName, fold
from besedka.chat.principals import PrincipalId, is_account
from besedka.chat.requests import Join, Leave, Malformed, Request, Say, SetTopic, Tell, Write
from besedka.hub.login import Arrive
from besedka.hub.parts import Parts
from besedka.hub.ports import Receipt, RoomBrief, StoreFault
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session

LOOK_UPS_MAX = 4
"""How often what a request needs is looked for before it is refused: for fifteen seconds, with waits that double.

A room that is damaged for good would otherwise hold up all that its session asks, for ever.
"""


class Prepared(msgspec.Struct, frozen=True):
    """What the store said."""

    room_absent: bool = False
    """There is no such room."""
    other: Person | None = None
    """Whom a `tell` is for."""
    other_briefs: Sequence[RoomBrief] = ()
    """The rooms of whom a `tell` is for, where it opens their direct room."""
    inboxless: Sequence[PrincipalId] = ()
    """Accounts that have no inbox yet."""
    receipt: Receipt | None = None
    """Where this very request was kept."""
    looked_up: int | None = None
    """`Online.kept` when the receipt was looked for; None if it was not."""
    briefs: Sequence[RoomBrief] = ()
    """The rooms of somebody who arrives."""


class LookedUp(msgspec.Struct, frozen=True):
    """A preparation, and the very request it is for: another may have been put before it meanwhile."""

    request: Request
    found: Prepared
    doubts: int
    """`Parts.doubts` when it began."""


class Preparation:
    """Looks things up, beside the turn."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def look_up(self, session: Session, request: Request | Malformed) -> LookedUp | None:
        """What a request needs; None if the store, or a room in it, could not be read for too long."""
        seconds = self._parts.limits.store_retry_seconds
        for _ in range(LOOK_UPS_MAX):
            doubts = self._parts.doubts
            try:
                if isinstance(request, Arrive):
                    found = await self._arrive(request)
                else:
                    assert isinstance(request, Write)
                    assert session.online is not None
                    found = await self._write(session.online, request)
                return LookedUp(request, found, doubts)
            except StoreFault as fault:
                self._parts.journal.fault("preparing failed", fault)
            await self._parts.clock.wait_seconds(seconds)
            seconds *= 2
        return None

    async def _arrive(self, request: Arrive) -> Prepared:
        """For a login: the inbox, the lobby, and the rooms whose people will want to know."""
        lobby = await self._named(fold(LOBBY))
        if not is_account(request.principal):
            return Prepared(room_absent=lobby is None)
        inboxless = await self._inboxes([request.principal])
        briefs = await self._parts.logs.briefs(request.principal)
        present = [brief.room for brief in briefs if brief.member]
        for room in present[: self._parts.limits.rooms_opened_at_sync_max]:
            with suppress(StoreFault):  # Its people are not told, but a damaged room keeps nobody out.
                await self._parts.open_room(room)
        return Prepared(room_absent=lobby is None, inboxless=inboxless, briefs=briefs)

    async def _write(self, online: Online, request: Write) -> Prepared:
        """For anything that is said or done in a room."""
        other: Person | None = None
        other_briefs: Sequence[RoomBrief] = ()
        concerned: list[PrincipalId] = []
        match request:
            case Say() | SetTopic():
                opened = await self._parts.open_room(request.room)
            case Leave():
                opened = await self._parts.open_room(request.room)
                concerned = [online.principal]
            case Join():
                opened = await self._named(fold(request.name.removeprefix("#")))
                concerned = [online.principal]
            case Tell():
                other = await self._person(fold(request.name))
                opened = None if other is None else await self._direct(online.principal, other.principal)
                if other is not None and opened is None:
                    concerned = [online.principal, other.principal]
                    other_briefs = await self._parts.logs.briefs(other.principal)
            case _:
                raise AssertionError("not a write of a client's")
        inboxless = await self._inboxes([one for one in concerned if is_account(one)])
        receipt, looked_up = await self._receipt(online, request)
        return Prepared(
            room_absent=opened is None,
            other=other,
            other_briefs=other_briefs,
            inboxless=inboxless,
            receipt=receipt,
            looked_up=looked_up,
        )

    async def _receipt(self, online: Online, request: Write) -> tuple[Receipt | None, int | None]:
        """Whether this request was kept before. Ids past the sender's greatest are new without asking."""
        while online.newest is None:
            doubts = self._parts.doubts
            newest = await self._parts.logs.newest_request(online.principal)
            briefs = await self._parts.logs.briefs(online.principal) if online.registered else ()
            if online.newest is None and doubts == self._parts.doubts:  # Else it may be older than what was kept.
                online.newest = newest or RequestId("")
                if online.registered:  # After a doubt this is not known any better.
                    online.rooms_joined = self._parts.rooms.count_joined(online.principal, briefs, inbox=online.inbox)
        request_id = request.request_id
        if request_id is None or request_id > online.newest:
            return None, None
        looked_up = online.kept
        # Where it names no room by its id, another room may bear the name by now.
        room = request.room if isinstance(request, Say | SetTopic | Leave) else None
        return await self._parts.logs.kept_request(online.principal, request_id, room), looked_up

    async def _named(self, name: FoldedName) -> OpenRoom | None:
        opened = self._parts.rooms.named(name)
        if opened is not None:
            return opened
        room = await self._parts.logs.room_named(name)
        return None if room is None else await self._parts.open_room(room)

    async def _direct(self, one: PrincipalId, other: PrincipalId) -> OpenRoom | None:
        opened = self._parts.rooms.of_pair(one, other)
        if opened is not None:
            return opened
        room = await self._parts.logs.direct_room(one, other)
        return None if room is None else await self._parts.open_room(room)

    async def _person(self, name: FoldedName) -> Person | None:
        guest = self._parts.attendance.guest_named(name)
        if guest is not None:
            return guest.person
        account = await self._parts.accounts.account_named(name)
        return None if account is None else Person(account.id, account.name)

    async def _inboxes(self, accounts: Sequence[PrincipalId]) -> list[PrincipalId]:
        """Open the inboxes of these accounts; those that have none."""
        inboxless: list[PrincipalId] = []
        for account in dict.fromkeys(accounts):
            if self._parts.rooms.inbox_of(account) is not None:
                continue
            room: RoomId | None = await self._parts.logs.inbox(account)
            if room is None:
                inboxless.append(account)
            else:
                await self._parts.open_room(room)
        return inboxless
