"""What every device must have and be told when nothing happens any more: the same as the log says, everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from besedka.chat.entries import Entry, Kind, Level, Message, RoomId
from besedka.chat.mending import as_read
from besedka.chat.names import fold
from besedka.chat.principals import PrincipalId, is_guest
from besedka.chat.rooms import Room
from besedka.chat.settings import RoomSettings
from sim.record import Record, hold

if TYPE_CHECKING:
    from sim.people import Device


def check_rest(record: Record, device: Device) -> None:
    """One device, at rest, has everything and is told everything as it is."""
    me = device.core.principal
    assert me is not None, "everybody has been let in"
    for room in record.rooms.values():
        if me in room.members and room.kind is not Kind.INBOX:
            _check_room(record, device, room, me)
    _check_list(record, device, me)
    if not is_guest(me):
        _check_own(record, device, me)
        _check_overview(record, device, me)
        _check_found(record, device, me)


def _check_room(record: Record, device: Device, room: Room, me: PrincipalId) -> None:
    """What a client knows of a room that it is in."""
    device.screens.check_texts(record, room.id)
    known, member = device.core.rooms[room.id], room.members[me]
    described = known.name, known.topic, _keyless(known.settings), known.role, known.voice
    is_so = room.name, room.topic, _keyless(room.governance.settings), member.role, member.voice
    hold(described == is_so, f"{device.label} knows room {room.id} as {described}, and it is {is_so}")


def _keyless(settings: RoomSettings) -> tuple[RoomSettings, bool]:
    """Settings, and whether there is a key: which one, a device need not know."""
    return msgspec.structs.replace(settings, key=""), bool(settings.key)


def _check_list(record: Record, device: Device, me: PrincipalId) -> None:
    listed = device.listed
    hold(listed is not None, f"{device.label} was not told which rooms there are")
    assert listed is not None
    named = [room for room in record.rooms.values() if room.kind in (Kind.PUBLIC, Kind.PRIVATE)]
    expected = [room for room in named if not room.archived and not room.governance.settings.hidden]
    expected.sort(key=lambda room: fold(room.name))
    found = [(line.room, line.room_name, line.topic) for line in listed.rooms]
    hold(
        found == [(room.id, room.name, room.topic) for room in expected],
        f"{device.label} is told of the rooms {found}, and there are {[(room.id, room.name) for room in expected]}",
    )
    if not is_guest(me):
        joined = {line.room for line in listed.rooms if line.joined}
        mine = {room.id for room in expected if me in room.members}
        hold(joined == mine, f"{device.label} is told that it is in {joined} of these rooms, and is in {mine}")


def _check_own(record: Record, device: Device, me: PrincipalId) -> None:
    """Markers, settings and invitations are the same on all devices of an account."""
    inbox, own = record.inbox(me), device.core.own
    assert inbox is not None, "every account has an inbox"
    personal = inbox.personal
    kept = (
        {target: marker.number for target, marker in personal.markers.items()},
        dict(personal.ignored),
        dict(personal.notify),
        set(personal.invitations),
        personal.profile,
    )
    here = dict(own.read), dict(own.ignored), dict(own.notify), set(own.invitations), own.profile
    hold(here == kept, f"{device.label} has {here} of its account, and the inbox says {kept}")


def _check_overview(record: Record, device: Device, me: PrincipalId) -> None:
    """What is unread is counted from the messages as they stand."""
    overview = device.overview
    hold(overview is not None, f"{device.label} was not told what is unread")
    assert overview is not None
    mine = [room for _, room in sorted(record.rooms.items()) if me in room.members and room.kind is not Kind.INBOX]
    told = [(one.line.room, one.head, one.read, one.unread, one.mentions, one.level) for one in overview.rooms]
    expected = [_unread(record, room, me) for room in mine]
    hold(told == expected, f"{device.label} is told of {told} as unread, and there is {expected}")


def _unread(record: Record, room: Room, me: PrincipalId) -> tuple[RoomId, int, int, int, int, Level]:
    inbox = record.inbox(me)
    assert inbox is not None, "every account has an inbox"
    marker = inbox.personal.markers.get(str(room.id))
    read = marker.number if marker is not None else room.members[me].first - 1
    after = max(read, record.floors.get(room.id, 1) - 1)
    later = [entry.body for entry in record.entries[room.id][after:] if isinstance(entry.body, Message)]
    called = sum(body.calls_room or me in body.mentions for body in later)
    return room.id, room.head, read, len(later), called, inbox.personal.notify.get(room.id, Level.ALL)


def _check_found(record: Record, device: Device, me: PrincipalId) -> None:
    """A search finds all that may be read and has the word, and nothing else."""
    expected = []
    for room in record.rooms.values():
        span = None if room.kind is Kind.INBOX else record.span(room.id, me)
        for entry in () if span is None else record.entries[room.id]:
            floor = record.floors.get(room.id, 1)
            if span is not None and span.has(entry.number) and entry.number >= floor and _is_meant(entry, span.last):
                expected.append((entry.time, room.id, entry.number))
    found = [(hit.entry.time, hit.room, hit.entry.number) for hit in device.found]
    hold(found == sorted(expected, reverse=True), f"{device.label} finds {found}, and may read {sorted(expected)}")


def _is_meant(entry: Entry, last: int | None) -> bool:
    body = as_read(entry, last).body
    return isinstance(body, Message) and any(word.startswith("б") for word in body.text.split(" "))
