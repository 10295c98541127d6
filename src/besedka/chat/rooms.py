"""What a room is as of a number, and what an entry makes of it.

`evolve` is the one fold: the server uses it on what it is about to keep, the tests to prove that the state kept with
the log equals the log folded from its first entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never, cast

import msgspec
from immutables import Map

from besedka.chat.entries import (
    Archived,
    Body,
    Draft,
    Entered,
    Entry,
    Kind,
    Left,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoomId,
    RoomName,
    RoomRole,
    SessionsRevoked,
    TopicSet,
    Way,
)
from besedka.chat.principals import AccountName, PrincipalId, is_guest

CLOCK_LEAD_MILLISECONDS = 1000
"""How far entry times may run ahead of the clock to stay distinct (P2)."""


class Member(msgspec.Struct, frozen=True):
    """Somebody who is in a room."""

    name: AccountName
    role: RoomRole
    first: int
    """The number of the entry of its first joining ever: where its reading of a closed room begins."""


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
    archived: bool = False
    members: Map[PrincipalId, Member] = Map()
    former: Map[PrincipalId, Stay] = Map()

    @property
    def hidden(self) -> bool:
        """Whether those outside may not know of it (P7)."""
        return self.kind is not Kind.PUBLIC

    @property
    def passing(self) -> bool:
        """Whether it ends when nobody is left in it."""
        return self.owner is None and self.kind is Kind.PUBLIC


def number(room: Room, draft: Draft, now: int) -> Entry:
    """The entry a draft becomes as the next of `room`; `now` is the clock in milliseconds since 1970 UTC.

    Its time is at least 1 ms after its predecessor's as long as that leads the clock by less than a second, and never
    before it (P2).
    """
    if now > room.time:
        time = now
    elif room.time + 1 - now < CLOCK_LEAD_MILLISECONDS:
        time = room.time + 1
    else:
        time = room.time
    return Entry(room.head + 1, time, draft.author, draft.name, draft.body)


def evolve(room: Room, entry: Entry) -> Room:
    """The room after `entry`, which must be its next."""
    assert entry.number == room.head + 1, "an entry out of order"
    assert entry.time >= room.time, "an entry before its predecessor"
    change = _CHANGES[type(entry.body)]
    return change(room, entry, entry.body)


def _advance(room: Room, entry: Entry, _body: Body) -> Room:
    return msgspec.structs.replace(room, head=entry.number, time=entry.time)


def _message(room: Room, entry: Entry, _body: Body) -> Room:
    return msgspec.structs.replace(room, head=entry.number, time=entry.time, messages=room.messages + 1)


def _opened(room: Room, entry: Entry, body: Body) -> Room:
    opened = cast(Opened, body)
    assert entry.number == 1, "a room is opened once"
    return msgspec.structs.replace(
        room,
        head=1,
        time=entry.time,
        kind=opened.room_kind,
        name=opened.room_name,
        owner=opened.owner,
        pair=opened.pair,
    )


def _topic(room: Room, entry: Entry, body: Body) -> Room:
    return msgspec.structs.replace(room, head=entry.number, time=entry.time, topic=cast(TopicSet, body).topic)


def _membership(room: Room, entry: Entry, body: Body) -> Room:
    changed = cast(MembershipChanged, body)
    members, former = room.members, room.former
    match changed.way:
        case Way.JOINED:
            for person in changed.people:
                stay = former.get(person.principal)
                first = stay.first if stay else entry.number
                role = RoomRole.OWNER if person.principal == room.owner else RoomRole.MEMBER
                members = members.set(person.principal, Member(person.name, role, first))
                if stay:
                    former = former.delete(person.principal)
        case Way.LEFT | Way.REMOVED:
            for person in changed.people:
                former = former.set(person.principal, Stay(members[person.principal].first, entry.number))
                members = members.delete(person.principal)
        case _:
            assert_never(changed.way)
    return msgspec.structs.replace(room, head=entry.number, time=entry.time, members=members, former=former)


def _archived(room: Room, entry: Entry, _body: Body) -> Room:
    return msgspec.structs.replace(room, head=entry.number, time=entry.time, archived=True)


_CHANGES: dict[type, Callable[[Room, Entry, Body], Room]] = {
    Opened: _opened,
    Message: _message,
    TopicSet: _topic,
    MembershipChanged: _membership,
    Archived: _archived,
    Entered: _advance,
    Left: _advance,
    SessionsRevoked: _advance,
}


class Reading(msgspec.Struct, frozen=True):
    """The numbers somebody may read: from `first` to `last`, None for however far it goes."""

    first: int
    last: int | None


def reading(room: Room, principal: PrincipalId, *, inside: bool) -> Reading | None:
    """What `principal` may read of `room` (P7), or None for nothing. `inside` is a guest's presence."""
    if room.kind is Kind.INBOX:
        return Reading(1, None) if principal == room.owner else None
    member = room.members.get(principal)
    if member is not None:
        return Reading(1 if room.kind is Kind.PUBLIC else member.first, None)
    if inside and is_guest(principal) and room.kind is Kind.PUBLIC:
        return Reading(1, None)
    stay = room.former.get(principal)
    if stay is not None:
        return Reading(1 if room.kind is Kind.PUBLIC else stay.first, stay.left)
    return None


def audience(room: Room) -> Iterable[PrincipalId]:
    """Whose sessions are told what happens in the room (guests present are the hub's to know)."""
    if room.kind is Kind.INBOX:
        assert room.owner is not None, "an inbox is somebody's"
        return (room.owner,)
    return room.members.keys()


def inbox_notices(room: Room, entry: Entry) -> list[tuple[PrincipalId, Body]]:
    """What the inboxes of those concerned note of `entry`, given the room after it. Guests have no inbox."""
    body = entry.body
    if room.kind is Kind.INBOX or not isinstance(body, MembershipChanged):
        return []
    if body.way is Way.JOINED:
        people = body.people if room.kind is Kind.DIRECT else ()
        note: Body = Entered(room.id, room.kind, room.name, entry.number, people)
    else:
        note = Left(room.id, entry.number, body.way)
    return [(person.principal, note) for person in body.people if not is_guest(person.principal)]


def direct_people(room: Room) -> tuple[Person, ...]:
    """The people of a direct room, in the order of its pair; empty for any other."""
    if room.pair is None:
        return ()
    return tuple(Person(one, room.members[one].name) for one in dict.fromkeys(room.pair) if one in room.members)
