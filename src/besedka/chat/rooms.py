"""What a room is as of a number: who is in it, how it is governed, and who may read what of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from immutables import Map

from besedka.chat.entries import Kind, Person, RoomId, RoomName, RoomRole
from besedka.chat.governance import Governance
from besedka.chat.names import FoldedName, fold
from besedka.chat.personal import Personal
from besedka.chat.principals import AccountName, PrincipalId, is_guest


class Member(msgspec.Struct, frozen=True):
    """Somebody who is in a room."""

    name: AccountName
    role: RoomRole
    first: int
    """The number of the entry of its first joining ever: where its reading of a closed room begins."""
    voice: bool = False
    """Whether it may speak where only some may."""
    spoke: int = 0
    """The time of its last message in milliseconds, kept while the room is in slow mode."""


class Stay(msgspec.Struct, frozen=True):
    """Somebody who was in a room."""

    first: int
    left: int
    """The number of the entry that ended it, which it may still read."""


class Room(msgspec.Struct, frozen=True):
    """A room as of entry `head`. Before its first entry it is `Room(id)`."""

    id: RoomId
    kind: Kind = Kind.PUBLIC
    name: RoomName = RoomName("")
    owner: PrincipalId | None = None
    pair: tuple[PrincipalId, PrincipalId] | None = None
    topic: str = ""
    head: int = 0
    floor: int = 1
    """The first number still kept."""
    time: int = 0
    """The time of entry `head`, in milliseconds."""
    messages: int = 0
    """How many messages were ever said."""
    pruned: int = 0
    """How many of them were said before the floor."""
    archived: bool = False
    members: Map[PrincipalId, Member] = Map()
    former: Map[PrincipalId, Stay] = Map()
    named: Map[FoldedName, PrincipalId] = Map()
    """The members by name. It follows from `members` and is kept nowhere."""
    governance: Governance = Governance()
    data: Map[str, str] = Map()
    """Small values under keys; at most `Limits.data_keys_max`."""
    personal: Personal = Personal()
    """Of an inbox."""

    @property
    def hidden(self) -> bool:
        """Whether those outside may not know of it (P7)."""
        return self.governance.settings.hidden

    @property
    def passing(self) -> bool:
        """Whether it ends when nobody is left in it."""
        return self.owner is None and self.kind in (Kind.PUBLIC, Kind.PRIVATE)

    def spoke(self, principal: PrincipalId) -> int:
        """When somebody last said something, in milliseconds; known while the room is in slow mode, else 0."""
        member = self.members.get(principal)
        if member is not None and member.spoke:
            return member.spoke
        standing = self.governance.guests.get(principal)
        return 0 if standing is None else standing.spoke

    def member_named(self, name: str) -> Person | None:
        """The member of this name, whatever its letters' case."""
        principal = self.named.get(fold(name))
        return None if principal is None else Person(principal, self.members[principal].name)


class Reading(msgspec.Struct, frozen=True):
    """The numbers somebody may read: from `first` to `last`, None for however far it goes; none where that is less."""

    first: int
    last: int | None


def reading(room: Room, principal: PrincipalId, *, inside: bool) -> Reading | None:
    """What `principal` may read of what is kept of `room` (P7), or None for nothing. `inside` is a guest's presence."""
    if room.kind is Kind.INBOX:
        return Reading(room.floor, None) if principal == room.owner else None
    member = room.members.get(principal)
    if member is not None:
        return reading_of_stay(room.kind, first=member.first, left=None, floor=room.floor)
    if inside and is_guest(principal) and room.kind is Kind.PUBLIC:
        return Reading(room.floor, None)
    stay = room.former.get(principal)
    return None if stay is None else reading_of_stay(room.kind, first=stay.first, left=stay.left, floor=room.floor)


def reading_of_stay(kind: Kind, *, first: int, left: int | None, floor: int) -> Reading:
    """What a stay in a room lets read of what is kept: a public room from its floor, any other from one's own on."""
    return Reading(floor if kind is Kind.PUBLIC else max(first, floor), left)


def audience(room: Room) -> Iterable[PrincipalId]:
    """Whose sessions are told what happens in the room (guests present are the hub's to know)."""
    if room.kind is Kind.INBOX:
        assert room.owner is not None, "an inbox is somebody's"
        return (room.owner,)
    return room.members.keys()


def direct_people(room: Room) -> tuple[Person, ...]:
    """The people of a direct room, in the order of its pair; empty for any other."""
    if room.pair is None:
        return ()
    return tuple(Person(one, room.members[one].name) for one in dict.fromkeys(room.pair) if one in room.members)
