"""What must be in memory before a request can be judged: the room, the inboxes it will note, who it means, its id.

A request whose needs are not met waits, and with it the later ones of its session; nobody else does. What is found may
be out of date by the time it is judged, so the judge asks the open rooms first and believes a preparation only where
they have nothing to say.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

import msgspec

from besedka.chat.entries import Entry, MarkerMoved, Person, RequestId, RoomId
from besedka.chat.names import LOBBY, fold
from besedka.chat.own_requests import Ignore, MoveMarker, SetNotify, SetProfile
from besedka.chat.personal_rules import PERSONAL_RULES
from besedka.chat.principals import PrincipalId, is_account
from besedka.chat.refusals import Refusal
from besedka.chat.requests import (
    NO_ROOM,
    Edit,
    Join,
    Leave,
    Malformed,
    React,
    Redact,
    Request,
    Say,
    SetTopic,
    Tell,
    Write,
)
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    MakeCode,
    Open,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.text import one_line
from besedka.hub.faults import StoreFault
from besedka.hub.finding import Finding
from besedka.hub.keeping import Reactions, Receipt, RoomBrief
from besedka.hub.login import Arrive
from besedka.hub.markers import Markers
from besedka.hub.parts import Parts
from besedka.hub.session import Online, Session

LOOK_UPS_MAX = 4
"""How often what a request needs is looked for before it is refused: for fifteen seconds, with waits that double.

A room that is damaged for good would otherwise hold up all that its session asks, for ever.
"""


class Prepared(msgspec.Struct, frozen=True):
    """What the store said."""

    room_absent: bool = False
    """There is no such room."""
    name_free: bool = False
    """No room is called so."""
    other: Person | None = None
    """Whom the request names: anybody for a `tell` and an `ignore`, else an account."""
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
    head: int = 0
    """The head of the room before the message was looked for: what is found holds unless it was touched since."""
    target: Entry | None = None
    """The message that the request is about."""
    reactions: Reactions | None = None
    """Those to it."""
    marker: MarkerMoved | None = None
    """Where a read marker is to be."""


_IN_ONES_INBOX = frozenset({Join, Open, Leave, *PERSONAL_RULES, SetData})
"""What one's own inbox notes, or holds."""


def kept_in(online: Online, request: Write) -> RoomId | None:
    """The room whose log a request is for; None where it has none yet, or another may bear the name by now."""
    if type(request) in PERSONAL_RULES or (isinstance(request, SetData) and request.room == NO_ROOM):
        return online.inbox
    room: RoomId | None = getattr(request, "room", None)
    return room


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
        self._markers = Markers(parts)
        self._finding = Finding(parts)
        self._needs: dict[type[Write], Callable[[Online, Write], Awaitable[Prepared]]] = {
            **dict.fromkeys((Say, Edit, Redact, React), self._message),
            **dict.fromkeys((SetTopic, Leave, ChangeSettings, LiftMark), self._room),
            **dict.fromkeys((Kick, SetRole, Transfer, MakeCode), self._room),
            **dict.fromkeys((Invite, Uninvite, SetMark), self._account),
            **dict.fromkeys((SetNotify, SetProfile), self._nothing),
            Join: self._name,
            Open: self._name,
            Rename: self._rename,
            Tell: self._tell,
            SetData: self._data,
            Ignore: self._person,
            MoveMarker: self._marker,
        }

    async def look_up(
        self, session: Session, request: Request | Malformed, inboxes: Sequence[PrincipalId] = ()
    ) -> LookedUp | None:
        """What a request needs; None if the store, or a room in it, could not be read for too long.

        `inboxes` are those that the judge has found it would write to.
        """
        seconds = self._parts.limits.store_retry_seconds
        for _ in range(LOOK_UPS_MAX):
            doubts = self._parts.doubts
            try:
                if isinstance(request, Arrive):
                    found = await self._arrive(request)
                else:
                    assert isinstance(request, Write)
                    assert session.online is not None
                    found = await self._write(session.online, request, inboxes)
                return LookedUp(request, found, doubts)
            except StoreFault as fault:
                self._parts.journal.fault("preparing failed", fault)
            await self._parts.clock.wait_seconds(seconds)
            seconds *= 2
        return None

    async def _arrive(self, request: Arrive) -> Prepared:
        """For a login: the inbox, the lobby, and the rooms whose people will want to know."""
        lobby = await self._finding.room(fold(LOBBY))
        if not is_account(request.principal):
            return Prepared(room_absent=lobby is None)
        inboxless = await self._inboxes([request.principal])
        briefs = await self._parts.logs.briefs(request.principal)
        present = [brief.room for brief in briefs if brief.member]
        for room in present[: self._parts.limits.rooms_opened_at_sync_max]:
            with suppress(StoreFault):  # Its people are not told, but a damaged room keeps nobody out.
                await self._parts.open_room(room)
        return Prepared(room_absent=lobby is None, inboxless=inboxless, briefs=briefs)

    async def needs(self, online: Online, request: Write, inboxes: Sequence[PrincipalId]) -> Prepared:
        """For anything that is said or done, whoever does it. Raises `StoreFault`."""
        found = await self._needs[type(request)](online, request)
        concerned = [*inboxes, *([online.principal] if type(request) in _IN_ONES_INBOX else [])]
        inboxless = [*found.inboxless, *await self._inboxes([one for one in concerned if is_account(one)])]
        return msgspec.structs.replace(found, inboxless=inboxless)

    async def _write(self, online: Online, request: Write, inboxes: Sequence[PrincipalId]) -> Prepared:
        """For what a client asks, which may have been kept before."""
        found = await self.needs(online, request, inboxes)
        receipt, looked_up = await self._receipt(online, request)
        return msgspec.structs.replace(found, receipt=receipt, looked_up=looked_up)

    async def _nothing(self, _online: Online, _request: Write) -> Prepared:
        return Prepared()

    async def _room(self, _online: Online, request: Write) -> Prepared:
        assert not isinstance(request, Tell | Join)
        opened = await self._parts.open_room(request.room)  # type: ignore[attr-defined]  # The table sees to that.
        return Prepared(room_absent=opened is None)

    async def _data(self, online: Online, request: Write) -> Prepared:
        assert isinstance(request, SetData)
        return Prepared() if request.room == NO_ROOM else await self._room(online, request)

    async def _name(self, _online: Online, request: Write) -> Prepared:
        assert isinstance(request, Join | Open)
        return Prepared(name_free=await self._finding.room(fold(request.name.removeprefix("#"))) is None)

    async def _rename(self, online: Online, request: Write) -> Prepared:
        assert isinstance(request, Rename)
        found = await self._room(online, request)
        free = await self._finding.room(fold(request.name.removeprefix("#"))) is None
        return msgspec.structs.replace(found, name_free=free)

    async def _account(self, online: Online, request: Write) -> Prepared:
        """For what is about an account that need not be in the room."""
        assert isinstance(request, Invite | Uninvite | SetMark)
        found = await self._room(online, request)
        if not isinstance(request, SetMark):
            return msgspec.structs.replace(found, other=await self._finding.person(fold(request.name)))
        account = await self._parts.accounts.account_named(fold(request.mask))
        other = None if account is None else Person(account.id, account.name)
        return msgspec.structs.replace(found, other=other)

    async def _person(self, _online: Online, request: Write) -> Prepared:
        assert isinstance(request, Ignore)
        return Prepared(other=await self._finding.person(fold(request.name)))

    async def _message(self, online: Online, request: Write) -> Prepared:
        """For what is about a message: the entry and its reactions, where the tail does not reach back to it."""
        assert isinstance(request, Say | Edit | Redact | React)
        opened = await self._parts.open_room(request.room)
        if opened is None:
            return Prepared(room_absent=True)
        number = request.reply if isinstance(request, Say) else request.number
        head = opened.state.head
        readable = opened.reading(online.principal)
        if not number or readable is None or opened.entry(number) is not None or not readable.first <= number <= head:
            return Prepared(head=head)
        target = await self._parts.logs.entry(request.room, number)
        reactions = None
        if isinstance(request, React):
            reaction = one_line(request.reaction, bytes_max=self._parts.limits.reaction_bytes_max)
            if not isinstance(reaction, Refusal):
                reactions = await self._parts.logs.reactions(request.room, number, online.principal, reaction)
        return Prepared(head=head, target=target, reactions=reactions)

    async def _tell(self, online: Online, request: Write) -> Prepared:
        assert isinstance(request, Tell)
        other = await self._finding.person(fold(request.name))
        if other is None:
            return Prepared()
        if await self._finding.direct(online.principal, other.principal) is not None:
            return Prepared(other=other)
        pair = [one for one in (online.principal, other.principal) if is_account(one)]
        inboxless = await self._inboxes(pair)
        briefs = await self._parts.logs.briefs(other.principal)
        return Prepared(room_absent=True, other=other, other_briefs=briefs, inboxless=inboxless)

    async def _marker(self, online: Online, request: Write) -> Prepared:
        assert isinstance(request, MoveMarker)
        return Prepared(marker=await self._markers.find(online, request))

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
        room = kept_in(online, request)
        return await self._parts.logs.kept_request(online.principal, request_id, room), looked_up

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
