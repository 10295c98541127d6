"""Where this client is in every room: what is next, what is a repeat, what is missing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import msgspec

from besedka.chat.cursor import Resumption, Step, step
from besedka.chat.entries import (
    Entered,
    Entry,
    Left,
    MembershipChanged,
    Renamed,
    RolesChanged,
    RoomId,
    RoomName,
    SettingsChanged,
    TopicSet,
    Way,
)
from besedka.chat.principals import PrincipalId
from besedka.chat.requests import Place
from besedka.chat.settings import changed
from besedka.chat.told import Entries, RoomTold
from besedka.client.events import Appeared, Arrived, Jump, Jumped
from besedka.client.memory import KnownRoom


class Places:
    """The rooms of one person on one server, each with this client's place in it."""

    def __init__(self, rooms: Iterable[KnownRoom], *, rooms_max: int) -> None:
        """`rooms_max` bounds the rooms listed in a sync, and those remembered after leaving so as to repeat nothing."""
        self.rooms = {known.room: known for known in rooms}
        self._rooms_max = rooms_max
        self._healing: set[RoomId] = set()

    def listed(self) -> tuple[Place, ...]:
        """What a sync lists: every room that can still move, by id; rooms I am in first where not all fit.

        Beside `rooms_max` rooms there is the inbox, and the lobby, which is entered at the first login whatever else.
        """
        moving = sorted((known for known in self.rooms.values() if not known.finished), key=lambda one: not one.inside)
        return tuple(sorted((known.room, known.place) for known in moving[: self._rooms_max + 2]))

    def forget(self) -> None:
        """Nothing that was known holds any more."""
        self.rooms.clear()
        self._healing.clear()

    def healed(self) -> None:
        """A sync was answered or the connection is another: a gap seen from here on is a new one."""
        self._healing.clear()

    def told(self, unit: RoomTold) -> Appeared | Jumped | None:
        """A room as the server describes it; the entries after `unit.after` follow."""
        known = self.rooms.get(unit.room)
        if known is None:
            self.rooms[unit.room] = _described(unit, unit.room_name, place=unit.after, in_at=0, left_at=None)
            return Appeared(unit.room, unit.after)
        before, place, event = known.place, known.place, None
        if unit.resumption is Resumption.START_OVER:
            place = unit.after
            event = Jumped(unit.room, Jump.START_OVER, before, place)
        elif unit.after > before:
            # A place ahead of mine: I asked for an older one that is pruned, or I was outside meanwhile.
            place = unit.after
            pruned = unit.resumption is Resumption.PRUNED
            event = Jumped(unit.room, Jump.PRUNED if pruned else Jump.REJOINED, before, place)
        name = unit.room_name or known.name  # What a hidden room is called now is not told to who has left it.
        self.rooms[unit.room] = _described(unit, name, place=place, in_at=known.in_at, left_at=known.left_at)
        return event

    def take(self, unit: Entries, me: PrincipalId | None) -> tuple[Arrived | None, Place | None]:
        """What of a run is new here, and the place to sync from if some of it is missing (once for each gap)."""
        known = self.rooms.get(unit.room)
        place = known.place if known else 0
        fresh: list[Entry] = []
        gap: Place | None = None
        for entry in unit.entries:
            match step(place, entry.number):
                case Step.NEXT if known:
                    fresh.append(entry)
                    place += 1
                case Step.REPEAT:
                    pass
                case _:
                    if unit.room not in self._healing:
                        self._healing.add(unit.room)
                        gap = (unit.room, place)
                    break
        if not fresh or known is None:
            return None, gap
        self.rooms[unit.room] = msgspec.structs.replace(known, place=place)
        for entry in fresh:
            self._fold(unit.room, entry, me)
        return Arrived(unit.room, tuple(fresh)), gap

    def _fold(self, room: RoomId, entry: Entry, me: PrincipalId | None) -> None:
        """What an entry changes in what this client knows."""
        match entry.body:
            case MembershipChanged(way=way, people=people):
                if any(person.principal == me for person in people):
                    self.moved(room, entry.number, way)
            case Entered(room=other, number=number):
                self.moved(other, number, Way.JOINED)
            case Left(room=other, number=number, way=way):
                self.moved(other, number, way)
            case _ if entry.number > self.rooms[room].as_of:
                self.rooms[room] = _after(self.rooms[room], entry, me)

    def moved(self, room: RoomId, number: int, way: Way) -> None:
        """I joined or left a room by its entry `number`. The receipt, the inbox and the room say so, in any order."""
        known = self.rooms.get(room)
        if known is None:
            return
        match way:
            case Way.JOINED:
                in_at, left_at = _known_inside(number, in_at=known.in_at, left_at=known.left_at)
                self.rooms[room] = msgspec.structs.replace(known, in_at=in_at, left_at=left_at)
            case Way.LEFT | Way.REMOVED:
                if number > known.in_at and number > (known.left_at or 0):
                    self.rooms[room] = msgspec.structs.replace(known, left_at=number)
                    self._bound()
            case _:
                assert_never(way)

    def came_in(self, room: RoomId) -> None:
        """A guest is in a room: nothing is numbered when guests come and go."""
        if room in self.rooms:
            self.rooms[room] = msgspec.structs.replace(self.rooms[room], left_at=None)

    def went_out(self, room: RoomId) -> None:
        """A guest is outside a room, and what it has is all it may read."""
        if room in self.rooms:
            known = self.rooms[room]
            self.rooms[room] = msgspec.structs.replace(known, left_at=known.place)
            self._bound()

    def _bound(self) -> None:
        """Forget the finished rooms first met, past the limit."""
        finished = [room for room, known in self.rooms.items() if known.finished]
        for room in finished[: max(0, len(finished) - self._rooms_max)]:
            del self.rooms[room]


def _after(known: KnownRoom, entry: Entry, me: PrincipalId | None) -> KnownRoom:
    """What a room is after an entry that its description did not yet have in it."""
    match entry.body:
        case TopicSet(topic=topic):
            return msgspec.structs.replace(known, topic=topic)
        case Renamed(room_name=name):
            return msgspec.structs.replace(known, name=name)
        case SettingsChanged(change=change):
            return msgspec.structs.replace(known, settings=changed(known.settings, change))
        case RolesChanged(changes=changes):
            for one in changes:
                if one.person.principal == me:
                    role = known.role if one.role is None else one.role
                    voice = known.voice if one.voice is None else one.voice
                    known = msgspec.structs.replace(known, role=role, voice=voice)
            return known
        case _:
            return known


def _known_inside(number: int, *, in_at: int, left_at: int | None) -> tuple[int, int | None]:
    """What is known once I am known to be in a room as of a number: what came before that is over."""
    return max(in_at, number), None if left_at is None or left_at <= number else left_at


def _described(unit: RoomTold, name: RoomName, *, place: int, in_at: int, left_at: int | None) -> KnownRoom:
    if unit.members:  # Whoever is outside is told of none.
        in_at, left_at = _known_inside(unit.head, in_at=in_at, left_at=left_at)
    return KnownRoom(
        room=unit.room,
        kind=unit.room_kind,
        name=name,
        place=place,
        topic=unit.topic,
        as_of=unit.head,
        people=unit.people,
        settings=unit.settings,
        role=unit.role,
        voice=unit.voice,
        in_at=in_at,
        left_at=left_at,
    )
