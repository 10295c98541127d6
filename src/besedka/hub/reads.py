"""What is served beside the turn, as of a stated number: lists, looks, and what a device that comes back missed.

Each read checks rights on the room as it is when the read begins, and never answers past that room's head then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from immutables import Map

from besedka.chat.answers import MarkLine, MarkList, OverviewLine, OverviewTold
from besedka.chat.entries import Kind, Level, RoomId
from besedka.chat.governance import Standing
from besedka.chat.governing_rules import may_govern
from besedka.chat.names import fold
from besedka.chat.own_requests import Overview, Typing
from besedka.chat.permissions import Act
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import ListRooms, Sync, Who
from besedka.chat.room_requests import ListMarks
from besedka.chat.rooms import Member, Reading, direct_people
from besedka.chat.speaking_rules import may_speak
from besedka.chat.told import People, PersonLine, RoomLine, RoomList, Synced, Unit
from besedka.chat.verdicts import Circumstances, unknown
from besedka.hub.keeping import RoomBrief
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.rooms import NOWHERE, OpenRoom
from besedka.hub.session import Announcement, Online, Session
from besedka.hub.signals import shown


class Reads:
    """Answers to requests that change nothing."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._places = places

    def _absent(self, opened: OpenRoom | None) -> Refusal:
        if opened is None or opened.state.hidden or opened.state.archived:
            return Refusal(Code.NO_SUCH_ROOM)
        return Refusal(Code.NOT_A_MEMBER)

    async def who(self, session: Session, request: Who) -> Unit | Refusal:
        """The members of a room one is in, those online first, then by name; of a large room only some."""
        online = _online(session)
        opened = await self._parts.open_room(request.room)
        if opened is None or not opened.is_inside(online.principal) or opened.state.kind is Kind.INBOX:
            return self._absent(opened)
        state, most = opened.state, self._parts.limits.people_listed_max
        people = []
        for principal in self._some_members(opened, most):
            member = state.members[principal]
            people.append(_line(principal, member, self._parts.attendance.get(principal)))
        for principal, guest in islice(opened.guests.items(), most):
            standing = state.governance.guests.get(principal, Standing())
            people.append(_line(principal, Member(guest.name, standing.role, 0, standing.voice), guest))
        people.sort(key=lambda line: (not line.online, fold(line.name)))
        inside = len(state.members) + len(opened.guests)
        return People(request.request_id, state.id, state.head, tuple(people[:most]), inside)

    def _some_members(self, opened: OpenRoom, most: int) -> Iterable[PrincipalId]:
        """All members, or of a large room so many, those online before the others.

        Folding and sorting 20,000 names takes some thirty milliseconds, in which nobody would be told anything.
        """
        members, attendance = opened.state.members, self._parts.attendance
        if len(members) <= most:
            return members.keys()
        here = (one.principal for one in attendance if one.principal in members and shown(one).online)
        online = list(islice(here, most))
        others = (principal for principal in members if not shown(attendance.get(principal)).online)
        return [*online, *islice(others, most - len(online))]

    async def marks(self, session: Session, request: ListMarks) -> Unit | Refusal:
        """Whom a room bans, mutes or excepts, as it was typed; for those who are in the room."""
        opened = await self._parts.open_room(request.room)
        inside = opened is not None and opened.is_inside(_online(session).principal)
        state, actor = NOWHERE if opened is None else opened.state, session.actor(inside=inside)
        refusal = may_govern(state, actor, Act.SEE_LISTS)
        if refusal is not None:
            return refusal
        now = self._parts.clock.now()
        lines = tuple(
            MarkLine(one.mark.mask, one.by, one.since, one.mark.until, one.mark.reason)
            for one in state.governance.of_listing(request.listing)
            if one.in_force(now)
        )
        return MarkList(request.request_id, state.id, request.listing, lines)

    async def overview(self, session: Session, request: Overview) -> Unit | Refusal:
        """The rooms one is in, and what is unread in each. A guest has read what it was shown."""
        online = _online(session)
        if not online.registered:
            return Refusal(Code.ACCOUNT_NEEDED)
        found = await self._parts.logs.unread(online.principal)
        inbox = None if online.inbox is None else await self._parts.open_room(online.inbox)
        notify: Map[RoomId, Level] = Map() if inbox is None else inbox.state.personal.notify
        lines = []
        for one in found:
            room, opened = one.room, self._parts.rooms.get(one.room.id)
            if opened is not None and online.principal not in opened.state.members:
                continue  # It was put out since this was read.
            members = one.members + (0 if opened is None else len(opened.guests))
            line = RoomLine(room.id, room.kind, room.name, room.topic, members, True, direct_people(room))
            level = notify.get(room.id, Level.ALL)
            lines.append(OverviewLine(line, room.head, one.read, one.unread, one.mentions, level))
        return OverviewTold(request.request_id, tuple(lines))

    async def typing(self, session: Session, request: Typing) -> Refusal | None:
        """Somebody is writing: told to the room, if they may speak in it. Not answered unless refused."""
        online = _online(session)
        opened = await self._parts.open_room(request.room)
        state = NOWHERE if opened is None else opened.state
        actor = session.actor(inside=opened is not None and opened.is_inside(online.principal))
        circumstances = Circumstances(self._parts.limits, self._parts.clock.now())
        refusal = unknown(state, actor) or may_speak(state, actor, circumstances)
        if refusal is None and opened is not None:
            self._parts.signals.typing(opened, online, request.state)
        return refusal

    async def rooms(self, session: Session, request: ListRooms) -> Unit | Refusal:
        """The public rooms, by name."""
        online = _online(session)
        limit = self._parts.limits.rooms_listed_max
        found = await self._parts.logs.public_rooms(limit=limit + 1)
        counts = await self._parts.logs.member_counts([room.id for room in found])
        mine = {brief.room for brief in await self._briefs(online) if brief.member}
        lines = []
        for room in found[:limit]:
            opened = self._parts.rooms.get(room.id)
            state = room if opened is None else opened.state
            members = counts.get(room.id, 0) if opened is None else len(state.members) + len(opened.guests)
            joined = room.id in mine if opened is None else opened.is_inside(online.principal)
            if not state.archived and not state.hidden:
                lines.append(RoomLine(room.id, state.kind, state.name, state.topic, members, joined))
        return RoomList(request.request_id, tuple(lines), more=len(found) > limit)

    async def _briefs(self, online: Online) -> Sequence[RoomBrief]:
        return await self._parts.logs.briefs(online.principal) if online.registered else ()

    async def sync(self, session: Session, request: Sync) -> Unit | Refusal:
        """Find what this device has missed; it is given from here on, the inbox first."""
        online = _online(session)
        # The inbox is one more; and so is the lobby, which is entered at the first login whatever else.
        if len(request.places) > self._parts.limits.rooms_per_account_max + 2:
            return Refusal(Code.TOO_LONG, "places")
        briefs = await self._briefs(online)
        # From here to the end nothing is awaited: what is open now is the truth, the rest cannot have changed.
        places = dict(request.places)
        foreign = request.epoch != self._parts.logs.epoch
        first = not session.synced
        session.synced = True
        told = 0
        ordered = sorted(briefs, key=lambda brief: (brief.room != online.inbox, brief.room))
        for brief in [*ordered, *self._guest_rooms(online), *self._entered_since(online, briefs)]:
            told += self._sync_room(
                session, brief, places.get(brief.room), foreign=foreign, first=first, show=request.show
            )
        return Synced(request.request_id, told)

    def _sync_room(
        self, session: Session, brief: RoomBrief, place: int | None, *, foreign: bool, first: bool, show: int
    ) -> int:
        opened = self._parts.rooms.get_stale(brief.room)
        head = brief.head if opened is None else opened.state.head
        readable: Reading | None = None if opened is None else opened.reading(_online(session).principal)
        member = brief.member if opened is None else readable is not None and readable.last is None
        if place is None and (not (first and member) or opened in session.live or brief.room in session.behind):
            return 0  # What it follows since it was a guest it goes on following.
        if first and member and place == head and not foreign:
            if opened is not None:
                opened.add_reader(session)
            return 0
        announcement = Announcement(place, show, foreign)
        self._places.put(session, brief.room, after=place or 0, announcement=announcement)
        return 1

    def _guest_rooms(self, online: Online) -> list[RoomBrief]:
        """A guest's rooms are those it is present in."""
        if online.registered:
            return []
        return [
            RoomBrief(opened.state.id, opened.state.head, True)
            for opened in self._parts.rooms
            if opened.is_inside(online.principal)
        ]

    def _entered_since(self, online: Online, briefs: Sequence[RoomBrief]) -> list[RoomBrief]:
        """Rooms entered while the briefs were read: they are open, because they were just written to."""
        known = {brief.room for brief in briefs}
        if not online.registered:
            return []
        return [
            RoomBrief(opened.state.id, opened.state.head, True)
            for opened in self._parts.rooms
            if opened.state.id not in known and online.principal in opened.state.members
        ]


def _line(principal: PrincipalId, member: Member, online: Online | None) -> PersonLine:
    here = shown(online)
    bot = here.online and online is not None and online.profile.bot
    name = online.nick if here.online and online is not None else member.name
    return PersonLine(principal, name, member.role, here.online, member.voice, here.away, bot)


def _online(session: Session) -> Online:
    assert session.online is not None, "a read before login"
    return session.online
