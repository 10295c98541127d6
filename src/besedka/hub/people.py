"""What is answered of people: who somebody is, who bore a name, what is said under which keys.

Nobody is ever told another's address, but what stands for it (`chat.hosts`). Who is invisible looks like one who is
not here, and then it is not said either when they were here last: it would be a moment ago.
"""

from __future__ import annotations

from collections.abc import Iterator

from besedka.chat.answers import DataList, PersonTold, WhowasList
from besedka.chat.entries import Kind, Person
from besedka.chat.hosts import NO_HOST, host_of
from besedka.chat.names import fold
from besedka.chat.own_requests import GetData, Whois, Whowas
from besedka.chat.personal import Profile
from besedka.chat.principals import AccountRole, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import NO_ROOM
from besedka.chat.rooms import Room
from besedka.chat.told import RoomLine, Unit
from besedka.chat.verdicts import unknown
from besedka.hub.accounts import Account
from besedka.hub.parts import Parts
from besedka.hub.rooms import NOWHERE, OpenRoom
from besedka.hub.session import NO_VALUES, NOTHING_SAID, Online, Session
from besedka.hub.signals import shown


class Directory:
    """Answers questions about people."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def whois(self, session: Session, request: Whois) -> Unit | Refusal:
        """Who somebody is, as far as the one who asks may know."""
        asker = session.online
        assert asker is not None, "a question before login"
        name = fold(request.name)
        guest = self._parts.attendance.guest_named(name)
        if guest is not None:
            rooms = tuple(self._guests_rooms(guest, asker))
            return self._told(request, guest, AccountRole.USER, guest.profile, rooms)
        account = await self._parts.accounts.account_named(name)
        if account is None:
            return Refusal(Code.NO_SUCH_PERSON)
        profile = await self._profile(account.id)
        rooms = await self._rooms(account.id, asker)
        online = self._parts.attendance.get(account.id)
        if shown(online).online and online is not None:
            return self._told(request, online, account.role, profile, rooms)
        return self._absent(request, account, profile, rooms)

    def _told(
        self, request: Whois, online: Online, role: AccountRole, profile: Profile, rooms: tuple[RoomLine, ...]
    ) -> PersonTold:
        here = shown(online)
        return PersonTold(
            id=request.request_id,
            person=online.person,
            role=role,
            host=online.sessions[-1].host if online.sessions else online.host,
            online=here.online,
            real_name=profile.real_name,
            bot=profile.bot,
            away=here.away,
            rooms=rooms,
        )

    def _absent(self, request: Whois, account: Account, profile: Profile, rooms: tuple[RoomLine, ...]) -> PersonTold:
        left = self._parts.attendance.departed.last_seen(account.id)
        return PersonTold(
            id=request.request_id,
            person=Person(account.id, account.name),
            role=account.role,
            host=NO_HOST if profile.invisible else host_of(account.last_address, self._parts.logs.host_key),
            online=False,
            real_name=profile.real_name,
            bot=profile.bot,
            last_seen=0 if profile.invisible else max(account.last_seen, left),
            rooms=rooms,
        )

    async def whowas(self, session: Session, request: Whowas) -> Unit:
        """Who bore a name until lately."""
        assert session.online is not None, "a question before login"
        return WhowasList(request.request_id, self._parts.attendance.departed.named(request.name))

    async def data(self, session: Session, request: GetData) -> Unit | Refusal:
        """The values of a room that one may know of (of a hidden one, that one is in), or of anybody."""
        if request.room != NO_ROOM:
            opened = await self._parts.open_room(request.room)
            refusal = self._withheld(session, opened)
            if refusal is not None or opened is None:
                return refusal or Refusal(Code.NO_SUCH_ROOM)
            values = opened.state.data
        else:
            name = fold(request.name)
            guest = self._parts.attendance.guest_named(name)
            account = None if guest is not None else await self._parts.accounts.account_named(name)
            if guest is None and account is None:
                return Refusal(Code.NO_SUCH_PERSON)
            own = None if account is None else await self._inbox(account.id)
            values = guest.data if guest is not None else NO_VALUES if own is None else own.state.data
        return DataList(request.request_id, tuple(sorted(values.items())))

    def _withheld(self, session: Session, opened: OpenRoom | None) -> Refusal | None:
        assert session.online is not None, "a question before login"
        inside = opened is not None and opened.is_inside(session.online.principal)
        state = NOWHERE if opened is None else opened.state
        refusal = unknown(state, session.actor(inside=inside))
        return Refusal(Code.NOT_A_MEMBER) if refusal is None and state.hidden and not inside else refusal

    async def _inbox(self, account: PrincipalId) -> OpenRoom | None:
        opened = self._parts.rooms.inbox_of(account)
        if opened is not None:
            return opened
        room = await self._parts.logs.inbox(account)
        return None if room is None else await self._parts.open_room(room)

    async def _profile(self, account: PrincipalId) -> Profile:
        own = await self._inbox(account)
        return NOTHING_SAID if own is None else own.state.personal.profile

    async def _rooms(self, account: PrincipalId, asker: Online) -> tuple[RoomLine, ...]:
        """The rooms somebody is in that the one who asks is in too, or may find."""
        theirs = await self._parts.logs.unread(account)
        mine = {brief.room for brief in await self._parts.logs.briefs(asker.principal) if brief.member}
        lines = []
        for one in theirs:
            opened = self._parts.rooms.get(one.room.id)
            guests = 0 if opened is None else len(opened.guests)
            joined = one.room.id in mine if opened is None else opened.is_inside(asker.principal)
            if one.room.kind is not Kind.DIRECT and (joined or not one.room.hidden):
                lines.append(_line(one.room, one.members + guests, joined))
        return tuple(lines[: self._parts.limits.rooms_listed_max])

    def _guests_rooms(self, guest: Online, asker: Online) -> Iterator[RoomLine]:
        for opened in self._parts.rooms:
            joined = opened.is_inside(asker.principal)
            if guest.principal in opened.guests and (joined or not opened.state.hidden):
                yield _line(opened.state, len(opened.state.members) + len(opened.guests), joined)


def _line(room: Room, members: int, joined: bool) -> RoomLine:
    return RoomLine(room.id, room.kind, room.name, room.topic, members, joined)
