"""What the store in memory shows of a room."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, takewhile

import msgspec
from immutables import Map

from besedka.chat.entries import Entry, Kind, Message, RoomId, RoomName
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import PrincipalId
from besedka.chat.retention import Floor, Retention, floor_due, retention_of
from besedka.chat.rooms import Room, direct_people, reading
from besedka.chat.told import ReactionCount
from besedka.hub.keeping import AuditRow, ReadableRoom, Unread
from besedka.hub.seen import RoomSeen
from besedka.store.rows import borne_name, encode_body, leading_names, weight


def names_of(room: Room) -> set[FoldedName]:
    """The name a room bears and those that lead to it."""
    borne = borne_name(room)
    return {*leading_names(room), *(() if borne is None else (borne,))}


def by_name(rooms: Iterable[Room]) -> list[Room]:
    """Those that bear a name, by it."""
    return sorted((room for room in rooms if borne_name(room) is not None), key=lambda room: fold(room.name))


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


def unread_of(room: Room, entries: Sequence[Entry], account: PrincipalId, inbox: Room | None) -> Unread:
    """What of a room an account has not read."""
    marker = inbox.personal.markers.get(str(room.id)) if inbox else None
    read = marker.number if marker else room.members[account].first - 1
    said = max(marker.said if marker else said_in(entries[:read]), room.pruned)
    calls = (entry.body for entry in entries[max(read, room.floor - 1) :] if isinstance(entry.body, Message))
    mentions = sum(body.calls_room or account in body.mentions for body in calls)
    return Unread(in_a_list(room), len(room.members), read, max(room.messages - said, 0), mentions)


def counts_of(
    messages: Iterable[tuple[int, Mapping[tuple[str, PrincipalId], int]]], upto: int, principal: PrincipalId
) -> list[ReactionCount]:
    """The reactions to messages that were put by `upto`, by number and then as first put."""
    counts: list[ReactionCount] = []
    for number, there in sorted(messages, key=lambda message: message[0]):
        put = [one for one, at in there.items() if at <= upto]
        for reaction in dict.fromkeys(reaction for reaction, _ in put):
            count = sum(one == reaction for one, _ in put)
            counts.append(ReactionCount(number, reaction, count, (reaction, principal) in put))
    return counts


def said_in(entries: Iterable[Entry]) -> int:
    """How many of them are messages."""
    return sum(isinstance(entry.body, Message) for entry in entries)


def only(found: Iterable[RoomId]) -> RoomId | None:
    """The one room that was found, if any."""
    rooms = list(found)
    assert len(rooms) <= 1, "two rooms in one place"
    return rooms[0] if rooms else None


def fitting_of(entries: Iterable[Entry], limit: int, bytes_max: int) -> list[Entry]:
    """The first `limit` entries that weigh no more than `bytes_max`; one at least where there is one."""
    fitting: list[Entry] = []
    size = 0
    for entry in entries:
        size += weight(encode_body(entry.body))
        if len(fitting) == limit or (fitting and size > bytes_max):
            break
        fitting.append(entry)
    return fitting


def meant(entries: Iterable[Entry], *, messages: bool) -> Iterable[Entry]:
    """All of them, or only messages."""
    return (entry for entry in entries if not messages or isinstance(entry.body, Message))


def floor_of(room: Room, entries: Sequence[Entry], retention: Retention, *, now: int) -> Floor:
    """Where the floor of a room is to be; `entries` are all of its log."""
    return floor_due(
        room,
        retention_of(room.kind, room.governance.settings, retention),
        now=now,
        time_of=lambda number: entries[number - 1].time,
        said_by=lambda number: said_in(entries[:number]),
    )


def old_lines(lines: Sequence[AuditRow], *, before: int, keep: int, limit: int) -> int:
    """How many of the first lines, at most `limit`, are older than `before`, or come before the last `keep`."""
    old = takewhile(lambda one: one[1].time < before or one[0] < len(lines) - keep, enumerate(lines))
    return len(list(islice(old, limit)))
