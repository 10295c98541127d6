"""What is answered of people: who somebody is, who bore a name, what is said under which keys.

Nobody is ever told another's address, but what stands for it (`chat.hosts`). Who is invisible looks like one who is
not here, and then it is not said either when they were here last: it would be a moment ago.
"""

from __future__ import annotations

from collections.abc import Iterator

from besedka.chat.answers import DataList, PersonTold, Whereabouts, WhowasList
from besedka.chat.entries import Kind, Person
from besedka.chat.governance import Standing
from besedka.chat.hosts import NO_HOST, host_of
from besedka.chat.masks import is_like, valid_mask
from besedka.chat.names import fold
from besedka.chat.own_requests import GetData, Whois, Whowas
from besedka.chat.personal import Profile
from besedka.chat.principals import AccountRole, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import NO_ROOM
from besedka.chat.rooms import Room
from besedka.chat.told import Unit
from besedka.chat.verdicts import unknown
from besedka.hub.accounts import Account
from besedka.hub.parts import Parts
from besedka.hub.rooms import NOWHERE, OpenRoom
from besedka.hub.session import NO_VALUES, NOTHING_SAID, Online, Session
from besedka.hub.signals import shown
from besedka.wire.looking import Find, Found

FOUND_AT_ONCE = 500
"""After looking at so many, at some three microseconds each, others have their turn."""


class Directory:
    """Answers questions about people."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def whois(self, session: Session, request: Whois) -> Unit | Refusal:
        """Who somebody is, as far as the one who asks may know."""
        asker = session.online
        assert asker is not None, "a question before login"
        name = fold(request.name)
        bearer = self._parts.attendance.named(name)
        if bearer is not None and not bearer.registered:
            rooms = tuple(self._guests_rooms(bearer, asker))
            return self._told(session, request, bearer, AccountRole.USER, bearer.profile, rooms)
        account = await self._parts.accounts.account_named(name if bearer is None else fold(bearer.name))
        if account is None:
            return Refusal(Code.NO_SUCH_PERSON)
        profile = await self._profile(account.id)
        rooms = await self._rooms(account.id, asker, unlisted=profile.unlisted)
        online = self._parts.attendance.get(account.id)
        if shown(online).online and online is not None:
            return self._told(session, request, online, account.role, profile, rooms)
        return self._absent(request, account, profile, rooms)

    def _told(
        self,
        session: Session,
        request: Whois,
        online: Online,
        role: AccountRole,
        profile: Profile,
        rooms: tuple[Whereabouts, ...],
    ) -> PersonTold:
        here = shown(online)
        near = here.online and (any(one.joined for one in rooms) or online is session.online or session.is_admin)
        return PersonTold(
            id=request.request_id,
            person=online.person,
            role=AccountRole.ADMIN if online.is_admin else role,
            host=online.sessions[-1].host if online.sessions else online.host,
            online=here.online,
            real_name=profile.real_name,
            bot=profile.bot,
            away=here.away,
            rooms=rooms,
            since=min((one.since for one in online.sessions), default=0) if near else 0,
            active=online.spoke_at if near else 0,
            account=online.name if online.other_nick else "",
        )

    def _absent(self, request: Whois, account: Account, profile: Profile, rooms: tuple[Whereabouts, ...]) -> PersonTold:
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

    async def find(self, session: Session, request: Find) -> Found:
        """Who is here and fits a pattern. Who is unlisted is found only by those who share a room with them."""
        asker, found = session.online, list[Person]()
        assert asker is not None, "a question before login"
        if isinstance(valid_mask(request.pattern), Refusal):
            return Found(request.request_id)
        for looked_at, online in enumerate(list(self._parts.attendance), start=1):
            if looked_at % FOUND_AT_ONCE == 0:
                await self._parts.clock.wait_seconds(0.0)
            if len(found) >= self._parts.limits.people_listed_max:
                break
            if shown(online).online and _fits(request.pattern, online) and self._may_find(asker, online):
                found.append(online.person)
        return Found(request.request_id, tuple(found))

    def _may_find(self, asker: Online, online: Online) -> bool:
        if online is asker or not online.profile.unlisted:
            return True
        return any(opened.is_inside(asker.principal) for opened in self._parts.signals.rooms_of(online))

    async def whowas(self, session: Session, request: Whowas) -> Unit:
        """Who bore a name until lately."""
        assert session.online is not None, "a question before login"
        return WhowasList(request.request_id, self._parts.attendance.departed.named(request.name))

    async def data(self, session: Session, request: GetData) -> Unit | Refusal:
        """The values of a room that one is in, or that anybody may know of and join; or of anybody."""
        if request.room != NO_ROOM:
            opened = await self._parts.open_room(request.room)
            refusal = self._withheld(session, opened)
            if refusal is not None or opened is None:
                return refusal or Refusal(Code.NO_SUCH_ROOM)
            values = opened.state.data
        else:
            name = fold(request.name)
            here = self._parts.attendance.named(name)
            account = None if here is not None else await self._parts.accounts.account_named(name)
            if here is None and account is None:
                return Refusal(Code.NO_SUCH_PERSON)
            own = None if account is None else await self._inbox(account.id)
            values = here.data if here is not None else NO_VALUES if own is None else own.state.data
        return DataList(request.request_id, tuple(sorted(values.items())))

    def _withheld(self, session: Session, opened: OpenRoom | None) -> Refusal | None:
        assert session.online is not None, "a question before login"
        inside = opened is not None and opened.is_inside(session.online.principal)
        state = NOWHERE if opened is None else opened.state
        refusal = unknown(state, session.actor(inside=inside))
        closed = state.hidden or state.governance.settings.invite_only
        return Refusal(Code.NOT_A_MEMBER) if refusal is None and closed and not inside else refusal

    async def _inbox(self, account: PrincipalId) -> OpenRoom | None:
        opened = self._parts.rooms.inbox_of(account)
        if opened is not None:
            return opened
        room = await self._parts.logs.inbox(account)
        return None if room is None else await self._parts.open_room(room)

    async def _profile(self, account: PrincipalId) -> Profile:
        own = await self._inbox(account)
        return NOTHING_SAID if own is None else own.state.personal.profile

    async def _rooms(self, account: PrincipalId, asker: Online, *, unlisted: bool) -> tuple[Whereabouts, ...]:
        """The rooms somebody is in that the one who asks is in too, or may find."""
        theirs = await self._parts.logs.unread(account)
        mine = {brief.room for brief in await self._parts.logs.briefs(asker.principal) if brief.member}
        unlisted = unlisted and account != asker.principal
        for one in theirs[: self._parts.limits.rooms_opened_at_sync_max]:
            if one.room.kind is not Kind.DIRECT and (one.room.id in mine or not (one.room.hidden or unlisted)):
                await self._parts.open_room(one.room.id)  # Which says what they are in it.
        # From here on nothing is awaited. What was written to since it was read is open: it may be hidden by now, or
        # they have left it.
        lines: list[Whereabouts] = []
        for one in theirs:
            opened = self._parts.rooms.get(one.room.id)
            room = one.room if opened is None else opened.state
            member = None if opened is None else room.members.get(account)
            joined = room.id in mine if opened is None else opened.is_inside(asker.principal)
            gone = opened is not None and member is None
            if room.kind is Kind.DIRECT or gone or not (joined or not (room.hidden or unlisted)):
                continue
            members = one.members if opened is None else len(room.members) + len(opened.guests)
            standing = Standing() if member is None else Standing(member.role, member.voice)
            lines.append(_where(room, members, joined, standing))
        return tuple(lines[: self._parts.limits.rooms_listed_max])

    def _guests_rooms(self, guest: Online, asker: Online) -> Iterator[Whereabouts]:
        unlisted = guest.profile.unlisted and guest is not asker
        for opened in self._parts.rooms:
            joined = opened.is_inside(asker.principal)
            if guest.principal in opened.guests and (joined or not (opened.state.hidden or unlisted)):
                standing = opened.state.governance.guests.get(guest.principal, Standing())
                yield _where(opened.state, len(opened.state.members) + len(opened.guests), joined, standing)


def _fits(pattern: str, online: Online) -> bool:
    session = online.sessions[-1] if online.sessions else None
    user, host = (online.user, online.host) if session is None else (session.protocol.user, session.host)
    return any(
        is_like(pattern, text)
        for text in (online.name, user, host, online.profile.real_name, f"{online.name}!{user}@{host}")
    )


def _where(room: Room, members: int, joined: bool, standing: Standing) -> Whereabouts:
    return Whereabouts(
        room.id, room.kind, room.name, room.topic, members, joined, role=standing.role, voice=standing.voice
    )
