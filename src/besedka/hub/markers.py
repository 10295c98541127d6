"""Where a read marker is, or is to be: what it is about, the number, its time, and how much had been said by then.

A guest's are remembered by its session, under the names that it used.
"""

from __future__ import annotations

from besedka.chat.entries import Kind, MarkerMoved, Message, RoomId
from besedka.chat.names import FoldedName, fold
from besedka.chat.own_requests import MoveMarker
from besedka.chat.requests import NO_ROOM
from besedka.chat.told import Unit
from besedka.hub.finding import Finding
from besedka.hub.parts import Parts
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.wire.looking import GetMarker, MarkerTold


class Markers:
    """Finds markers: in memory where the room is open and its tail reaches back, else in the store."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._finding = Finding(parts)

    def find_in_memory(self, online: Online, request: MoveMarker) -> MarkerMoved | None:
        """The marker, if nothing must be read for it; None says nothing about it."""
        opened = self._parts.rooms.get(request.room)
        last = None if opened is None else _last(opened, online)
        if opened is None or last is None or not request.number:
            return None
        return self._at(opened, min(request.number, last), time=request.time)

    async def find(self, online: Online, request: MoveMarker) -> MarkerMoved | None:
        """The marker; None where a room is meant that one may not read."""
        if request.room != NO_ROOM:
            return await self._in_room(await self._parts.open_room(request.room), online, request)
        opened = await self._meant(online, fold(request.name))
        if opened is not None and opened.reading(online.principal) is not None:
            return await self._in_room(opened, online, request)
        return self.by_name(request)

    def by_name(self, request: MoveMarker) -> MarkerMoved:
        """The marker of a name, whether or not there is anything of that name, or (a guest's) of a room's id."""
        time = min(request.time, self._parts.clock.now())
        target = _target(request.name) if request.room == NO_ROOM else str(request.room)
        return MarkerMoved(target, request.number, time)

    async def told(self, session: Session, request: GetMarker) -> Unit:
        """How far somebody has read what they call so."""
        online = _online(session)
        meant = await self._meant(online, fold(request.name)) if online.registered else None
        readable = meant is not None and meant.reading(online.principal) is not None
        room = meant.state.id if meant is not None and readable else NO_ROOM
        await self.prepare(online)
        return MarkerTold(request.request_id, self.read(online, room, request.name))

    async def prepare(self, online: Online) -> None:
        """Open what `read` reads. Raises `StoreFault`."""
        if online.inbox is not None:
            await self._parts.open_room(online.inbox)

    def read(self, online: Online, room: RoomId, name: str) -> int | None:
        """Up to when somebody has read, as its marker of this room or of this name says; None where there is none."""
        inbox = None if online.inbox is None else self._parts.rooms.get(online.inbox)
        markers = online.markers if inbox is None else inbox.state.personal.markers
        found = [markers[target].time for target in (str(room), _target(name)) if target in markers]
        return max(found, default=None)

    async def _meant(self, online: Online, name: FoldedName) -> OpenRoom | None:
        """The direct room with somebody of this name, or the room of this name; with a `#` it is a room's name."""
        if not name.startswith("#"):
            person = await self._finding.person(name)
            direct = None if person is None else await self._finding.direct(online.principal, person.principal)
            if direct is not None:
                return direct
        return await self._finding.room(FoldedName(name.removeprefix("#")))

    async def _in_room(self, opened: OpenRoom | None, online: Online, request: MoveMarker) -> MarkerMoved | None:
        last = None if opened is None else _last(opened, online)
        if opened is None or last is None:
            return None
        room, number = opened.state.id, request.number
        if not number:
            number = await self._parts.logs.number_at(room, request.time)
        number = min(number, last)
        marker = self._at(opened, number, time=request.time)
        if marker is not None:
            return marker
        entry = await self._parts.logs.entry(room, number)
        said = await self._parts.logs.said_by(room, number)
        time = request.time if entry is None else max(request.time, entry.time)
        return self._moved(opened, number, time=time, said=said)

    def _at(self, opened: OpenRoom, number: int, *, time: int) -> MarkerMoved | None:
        """The marker at a number that the tail reaches back to."""
        state = opened.state
        if number == state.head:
            return self._moved(opened, number, time=max(time, state.time), said=state.messages)
        entry, later = opened.entry(number), opened.entries_after(number, state.head)
        if entry is None or later is None:
            return None
        said = state.messages - sum(type(one.body) is Message for one in later)
        return self._moved(opened, number, time=max(time, entry.time), said=said)

    def _moved(self, opened: OpenRoom, number: int, *, time: int, said: int) -> MarkerMoved:
        """A time to come would hold the marker there for ever, so none is later than now."""
        latest = max(self._parts.clock.now(), opened.state.time)
        return MarkerMoved(str(opened.state.id), number, min(time, latest), said)


def _target(name: str) -> str:
    """What a marker of this name is about. Digits alone are a room's id."""
    folded = fold(name)
    return f"#{folded}" if folded.isdigit() else folded


def _online(session: Session) -> Online:
    assert session.online is not None, "only who has said who it is asks"
    return session.online


def _last(opened: OpenRoom, online: Online) -> int | None:
    """The last number somebody may read of a room, or None."""
    readable = opened.reading(online.principal)
    if readable is None or opened.state.kind is Kind.INBOX:
        return None
    return opened.state.head if readable.last is None else min(readable.last, opened.state.head)
