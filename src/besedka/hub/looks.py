"""What a protocol that keeps no rooms is shown of them (`wire.looking`): one as it is, which there are, where to."""

from __future__ import annotations

from collections.abc import Sequence

from besedka.chat.entries import Kind, RoomId
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.requests import NO_ROOM
from besedka.chat.rooms import Room
from besedka.chat.told import Unit
from besedka.hub.finding import Finding
from besedka.hub.markers import Markers
from besedka.hub.parts import Parts
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.wire.looking import InvitedTo, Look, LookAround, LookForInvitations, Seen, Sight, Sights

_CHANNELS = (Kind.PUBLIC, Kind.PRIVATE)
"""Rooms with a name."""


class Looks:
    """Answers to those who look."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._finding = Finding(parts)
        self._markers = Markers(parts)

    async def look(self, session: Session, request: Look) -> Unit:
        """A room as it is, for a protocol that keeps none; what is hidden is there for those inside only."""
        online, opened = _online(session), None
        if request.person:
            direct = await self._direct(online, FoldedName(request.person))
            return Seen(request.request_id, None if direct is None else direct.state, direct is not None)
        if request.marker:
            await self._markers.prepare(online)
        if request.room != NO_ROOM:
            opened = await self._parts.open_room(request.room)
        elif request.name:
            opened = self._parts.rooms.named(FoldedName(request.name))
            found = None if opened is not None else await self._parts.logs.room_named(FoldedName(request.name))
            if found is not None:
                opened = await self._parts.open_room(found)
        if opened is None or opened.state.kind not in _CHANNELS or opened.state.archived:
            return Seen(request.request_id)
        inside = opened.is_inside(online.principal)
        if opened.state.hidden and not inside:
            return Seen(request.request_id)
        guests = tuple([guest.person for guest in opened.guests.values()])
        state = opened.state
        read = self._markers.read(online, state.id, f"#{state.name}") if request.marker else None
        return Seen(request.request_id, state, inside, guests, read, self._called(opened))

    def _called(self, opened: OpenRoom) -> dict[PrincipalId, AccountName]:
        """The members of a room that are called otherwise than their names."""
        bearers = [one for one in self._parts.attendance.nicks.values() if one in opened.state.members]
        found = {one: self._parts.attendance.get(one) for one in bearers}
        return {principal: online.nick for principal, online in found.items() if online is not None}

    async def _direct(self, online: Online, name: FoldedName) -> OpenRoom | None:
        """The direct room with whoever has this name."""
        other = await self._finding.person(name)
        return None if other is None else await self._finding.direct(online.principal, other.principal)

    async def around(self, session: Session, request: LookAround) -> Unit:
        """The rooms that are not hidden, and the hidden ones that one is in; all by name."""
        online, limit = _online(session), self._parts.limits.rooms_listed_max
        found = await self._parts.logs.public_rooms(limit=limit)
        counts = dict(await self._parts.logs.member_counts([room.id for room in found]))
        mine = await self._hidden(online, counts)
        rooms = {room.id: room for room in [*found, *mine]}
        seen = []
        for room in rooms.values():
            opened = self._parts.rooms.get(room.id)
            state = room if opened is None else opened.state
            inside = opened is not None and opened.is_inside(online.principal)
            if state.archived or (state.hidden and not inside and room not in mine):
                continue
            people = counts.get(room.id, 0) if opened is None else len(state.members) + len(opened.guests)
            governance = state.governance
            seen.append(Sight(state.name, state.topic, people, governance.opened, governance.topic_since))
        return Sights(request.request_id, tuple(sorted(seen, key=lambda one: fold(one.room_name))[:limit]))

    async def _hidden(self, online: Online, counts: dict[RoomId, int]) -> Sequence[Room]:
        """The hidden rooms somebody is in; how many are in each is added to the counts."""
        if not online.registered:
            there = [opened.state for opened in self._parts.rooms if online.principal in opened.guests]
            return [room for room in there if room.hidden and room.kind in _CHANNELS]
        found = [one for one in await self._parts.logs.unread(online.principal) if one.room.kind in _CHANNELS]
        counts.update({one.room.id: one.members for one in found})
        return [one.room for one in found if one.room.hidden]

    async def invitations(self, session: Session, request: LookForInvitations) -> Unit:
        """An account's inbox says where it is invited to; a guest's invitations are in the rooms that are open."""
        online = _online(session)
        if online.inbox is not None:
            inbox = await self._parts.open_room(online.inbox)
            told = () if inbox is None else inbox.state.personal.invitations.values()
            names = [one.room_name for one in sorted(told, key=lambda one: one.number)]
        else:
            rooms = (opened.state for opened in self._parts.rooms)
            names = [room.name for room in rooms if online.principal in room.governance.invited and not room.archived]
        return InvitedTo(request.request_id, tuple(names))


def _online(session: Session) -> Online:
    assert session.online is not None, "nobody looks before login"
    return session.online
