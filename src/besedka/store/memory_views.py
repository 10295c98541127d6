"""What the store in memory shows of a room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from immutables import Map

from besedka.chat.entries import Kind, RoomName
from besedka.chat.names import FoldedName
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Room, direct_people, reading
from besedka.hub.keeping import ReadableRoom
from besedka.hub.seen import RoomSeen
from besedka.store.rows import borne_name, leading_names


def names_of(room: Room) -> set[FoldedName]:
    """The name a room bears and those that lead to it."""
    borne = borne_name(room)
    return {*leading_names(room), *(() if borne is None else (borne,))}


def without_people(room: Room) -> Room:
    """With nobody who is or was in it."""
    return msgspec.structs.replace(room, members=Map(), former=Map(), named=Map())


def in_a_list(room: Room) -> Room:
    """With the two of a direct room, and nobody else."""
    return msgspec.structs.replace(room, former=Map()) if room.pair else without_people(room)


def seen(room: Room) -> RoomSeen:
    """What an operator sees of it."""
    owner = None if room.owner is None else room.members.get(room.owner)
    return RoomSeen(
        id=room.id,
        name=room.name,
        kind=room.kind,
        settings=room.governance.settings,
        owner=room.owner,
        owner_name="" if owner is None else owner.name,
        members=len(room.members),
        messages=room.messages,
        topic=room.topic,
    )


def readable(principal: PrincipalId, rooms: Iterable[Room]) -> Iterator[ReadableRoom]:
    """What somebody may read of these rooms, inboxes left out, by id."""
    for room in sorted(rooms, key=lambda room: room.id):
        may_read = None if room.kind is Kind.INBOX else reading(room, principal, inside=False)
        if may_read is not None:
            secret = room.hidden and may_read.last is not None
            name = RoomName("") if secret else room.name
            yield ReadableRoom(room.id, room.kind, name, may_read, direct_people(room))
