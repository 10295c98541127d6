"""How entries and rooms lie in the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from immutables import Map

from besedka.chat.entries import Body, Entry, Kind, MembershipChanged, RoomId, RoomName, RoomRole
from besedka.chat.governance import Governance
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Member, Room, Stay
from besedka.chat.settings import PRESETS
from besedka.hub.ports import Addition

Row = tuple[Any, ...]
"""One row, as the driver takes and gives it."""

ENTRY_BYTES = 96
"""What an entry weighs in a page beside its body: number, time, author and name as JSON."""

encode_body = msgspec.json.Encoder().encode
_decode_body = msgspec.json.Decoder(Body).decode
_KINDS = {kind.value: kind for kind in Kind}
_ROLES = {role.value: role for role in RoomRole}

ROOM_COLUMNS = "id, kind, name, owner, low, high, topic, head, floor, time, messages, members, archived"
MOVED_COLUMNS = "id, topic, head, floor, time, messages, members"
"""What an entry may change of a room, its being archived apart."""


def weight(body: bytes) -> int:
    """About how many bytes an entry with this body takes in a page."""
    return len(body) + ENTRY_BYTES


def entry_of(row: Row) -> Entry:
    """An entry from number, time, author, name and the body's bytes."""
    number, time, author, name, body = row
    return Entry(number, time, author, name, _decode_body(body))


def room_row(room: Room) -> Row:
    """A room as `ROOM_COLUMNS`."""
    low, high = room.pair or (None, None)
    return (
        room.id,
        room.kind.value,
        room.name,
        room.owner,
        low,
        high,
        room.topic,
        room.head,
        room.floor,
        room.time,
        room.messages,
        len(room.members),
        int(room.archived),
    )


def moved_row(room: Room) -> Row:
    """A room as `MOVED_COLUMNS`."""
    return (room.id, room.topic, room.head, room.floor, room.time, room.messages, len(room.members))


def borne_name(room: Room) -> FoldedName | None:
    """The folded name by which a room is found, or None where it bears none (any longer)."""
    return fold(room.name) if room.name and not room.archived else None


def room_of(row: Row, stays: Iterable[Row] = ()) -> Room:
    """A room from `ROOM_COLUMNS` and its stays: principal, name, role, first and left."""
    id_, kind, name, owner, low, high, topic, head, floor, time, messages, _, archived = row
    members: dict[PrincipalId, Member] = {}
    former: dict[PrincipalId, Stay] = {}
    for principal, member_name, role, first, left in stays:
        if left is None:
            members[principal] = Member(member_name, _ROLES[role], first)
        else:
            former[principal] = Stay(first, left)
    return Room(
        id=RoomId(id_),
        kind=_KINDS[kind],
        name=RoomName(name),
        owner=owner,
        pair=None if low is None else (low, high),
        topic=topic,
        head=head,
        floor=floor,
        time=time,
        messages=messages,
        archived=bool(archived),
        members=Map(members),
        former=Map(former),
        named=Map({fold(member.name): principal for principal, member in members.items()}),
        governance=Governance(settings=PRESETS[_KINDS[kind]]),
    )


def stay_rows(addition: Addition) -> list[Row]:
    """The stays an addition changes: room, principal, name, role, first and left.

    Who is affected is read from the entries, so that the cost is that of the change and not of the room; what they
    are now is read from the room after it, so that the fold stays in one place.
    """
    changed: dict[PrincipalId, None] = {}
    for numbered in addition.entries:
        body = numbered.entry.body
        if isinstance(body, MembershipChanged):
            changed.update(dict.fromkeys(person.principal for person in body.people))
    return [_stay_row(addition.after, principal) for principal in changed]


def _stay_row(room: Room, principal: PrincipalId) -> Row:
    member = room.members.get(principal)
    if member is not None:
        return (room.id, principal, member.name, member.role.value, member.first, None)
    stay = room.former[principal]
    return (room.id, principal, AccountName(""), RoomRole.MEMBER.value, stay.first, stay.left)
