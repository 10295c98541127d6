"""How entries and rooms lie in the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from immutables import Map

from besedka.chat.entries import (
    Body,
    Entry,
    Kind,
    MembershipChanged,
    Message,
    RolesChanged,
    RoomId,
    RoomName,
    RoomRole,
)
from besedka.chat.names import FoldedName, fold
from besedka.chat.personal import Marker
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Member, Room, Stay
from besedka.hub.keeping import Addition
from besedka.store.states import data_of, data_text, governance_of, governance_text, personal_of, personal_text

Row = tuple[Any, ...]
"""One row, as the driver takes and gives it."""

ENTRY_BYTES = 96
"""What an entry weighs in a page beside its body: number, time, author and name as JSON."""

encode_body = msgspec.json.Encoder().encode
decode_body = msgspec.json.Decoder(Body).decode
_KINDS = {kind.value: kind for kind in Kind}
_ROLES = {role.value: role for role in RoomRole}

GOVERNED_COLUMNS = "id, name, folded, owner, archived, hidden, governance, data, personal, due"
"""What seldom changes of a room; some of it is in indexes."""
MOVED_COLUMNS = "id, topic, head, time, messages, members"
"""What a message, too, may change of a room."""
ROOM_COLUMNS = (
    "id, kind, name, owner, low, high, topic, head, floor, pruned, time, messages, members, archived, hidden,"
    " governance, data, personal, due"
)
STAY_COLUMNS = 'principal, name, role, first, "left", voice, spoke'


def weight(body: bytes) -> int:
    """About how many bytes an entry with this body takes in a page."""
    return len(body) + ENTRY_BYTES


def entry_of(row: Row) -> Entry:
    """An entry from number, time, author, name and the body's bytes."""
    number, time, author, name, body = row
    return Entry(number, time, author, name, decode_body(body))


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
        room.pruned,
        room.time,
        room.messages,
        len(room.members),
        int(room.archived),
        *_governance_row(room),
    )


def moved_row(room: Room) -> Row:
    """A room as `MOVED_COLUMNS`."""
    return (room.id, room.topic, room.head, room.time, room.messages, len(room.members))


def governed_row(room: Room) -> Row:
    """A room as `GOVERNED_COLUMNS`."""
    return (room.id, room.name, borne_name(room), room.owner, int(room.archived), *_governance_row(room))


def _governance_row(room: Room) -> Row:
    return (
        int(room.hidden),
        governance_text(room.governance, room.kind),
        data_text(room.data),
        personal_text(room.personal),
        None if room.archived else room.governance.next_due(),
    )


def is_governed(before: Room, after: Room) -> bool:
    """Whether some of `GOVERNED_COLUMNS` may have changed; told by identity, which the fold keeps of what stays."""
    if before.governance is not after.governance or before.owner != after.owner or before.data is not after.data:
        return True
    if before.personal is after.personal:
        return before.name != after.name or before.archived is not after.archived
    one, other = before.personal, after.personal  # A marker moves often, and has a table of its own.
    same = one.ignored is other.ignored and one.notify is other.notify and one.invitations is other.invitations
    return not same or one.profile is not other.profile


def borne_name(room: Room) -> FoldedName | None:
    """The folded name by which a room is found, or None where it bears none (any longer)."""
    return fold(room.name) if room.name and not room.archived else None


def leading_names(room: Room) -> tuple[FoldedName, ...]:
    """The folded names it bore once and that lead on to it: none where it has no owner, or is archived."""
    if room.archived or room.owner is None:
        return ()
    return tuple(fold(name) for name in room.governance.former_names)


def room_of(row: Row, stays: Iterable[Row] = (), markers: Iterable[Row] = ()) -> Room:
    """A room from `ROOM_COLUMNS`, its stays as `STAY_COLUMNS`, and its markers: target, number, time and said."""
    id_, kind_value, name, owner, low, high, topic, head, floor, pruned, time, messages, _members, *states = row
    archived, _hidden, governance, data, personal, _due = states
    kind = _KINDS[kind_value]
    members: dict[PrincipalId, Member] = {}
    former: dict[PrincipalId, Stay] = {}
    for principal, member_name, role, first, left, voice, spoke in stays:
        if left is None:
            members[principal] = Member(member_name, _ROLES[role], first, bool(voice), spoke)
        else:
            former[principal] = Stay(first, left)
    return Room(
        id=RoomId(id_),
        kind=kind,
        name=RoomName(name),
        owner=owner,
        pair=None if low is None else (low, high),
        topic=topic,
        head=head,
        floor=floor,
        pruned=pruned,
        time=time,
        messages=messages,
        archived=bool(archived),
        members=Map(members) if members else Map(),
        former=Map(former) if former else Map(),
        named=Map({fold(member.name): principal for principal, member in members.items()}) if members else Map(),
        governance=governance_of(governance, kind),
        data=data_of(data),
        personal=personal_of(personal, Map({target: Marker(*marker) for target, *marker in markers})),
    )


def stay_rows(addition: Addition) -> list[Row]:
    """The stays an addition changes: room, `STAY_COLUMNS`, and (for one that begins) what was said by then.

    Who is affected is read from the entries, so that the cost is that of the change and not of the room; what they
    are now is read from the room after it, so that the fold stays in one place.
    """
    before, after = addition.before, addition.after
    if before.members is after.members and before.former is after.former:
        return []
    changed: dict[PrincipalId, int] = {}
    said = before.messages
    for numbered in addition.entries:
        match numbered.entry.body:
            case Message():
                said += 1
                changed.setdefault(numbered.entry.author, said)  # In slow mode it is noted when somebody spoke.
            case MembershipChanged(people=people):
                for person in people:
                    changed.setdefault(person.principal, said)
            case RolesChanged(changes=changes):
                for change in changes:
                    changed.setdefault(change.person.principal, said)
    rows = ((_stay_row(before, after, principal), said) for principal, said in changed.items())
    return [(*row, said) for row, said in rows if row is not None]


def _stay_row(before: Room, after: Room, principal: PrincipalId) -> Row | None:
    """The row of somebody who is or was a member; None where it is as it was, or for a guest, who is neither."""
    member = after.members.get(principal)
    if member is not None:
        if before.members.get(principal) == member:
            return None
        voice = int(member.voice)
        return (after.id, principal, member.name, member.role.value, member.first, None, voice, member.spoke)
    stay = after.former.get(principal)
    if stay is None or before.former.get(principal) == stay:
        return None
    return (after.id, principal, AccountName(""), RoomRole.MEMBER.value, stay.first, stay.left, 0, 0)
