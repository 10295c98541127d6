"""What an entry makes of a room.

`evolve` is the one fold: the server uses it on what it is about to keep, the tests to prove that the state kept with
the log equals the log folded from its first entry.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, assert_never, cast

import msgspec
from immutables import Map

from besedka.chat.entries import (
    Archived,
    Body,
    CodeMade,
    DataSet,
    Draft,
    Edited,
    Entered,
    Entry,
    Ignored,
    InvitationsChanged,
    Invited,
    Left,
    Level,
    Marked,
    MarkerMoved,
    MembershipChanged,
    Message,
    NotifySet,
    Opened,
    Person,
    ProfileSet,
    Reacted,
    Redacted,
    Renamed,
    RoleChange,
    RolesChanged,
    RoomRole,
    SessionsRevoked,
    SettingsChanged,
    Tagged,
    TopicSet,
    Unmarked,
    Way,
)
from besedka.chat.governance import FORMER_NAMES_MAX, GUESTS_MAX, Governance, Listed, Standing
from besedka.chat.names import fold
from besedka.chat.personal import INVITATIONS_MAX, Invitation, Marker, Personal, Profile
from besedka.chat.principals import SERVER, PrincipalId, is_guest
from besedka.chat.rooms import Member, Room, Stay
from besedka.chat.settings import PRESETS, changed

CLOCK_LEAD_MILLISECONDS = 1000
"""How far entry times may run ahead of the clock to stay distinct (P2)."""

K = TypeVar("K")
V = TypeVar("V")

_replace = msgspec.structs.replace


def _without(mapping: Map[K, V], key: K) -> Map[K, V]:
    return mapping.delete(key) if key in mapping else mapping


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
    return _replace(room, head=entry.number, time=entry.time)


def _message(room: Room, entry: Entry, _body: Body) -> Room:
    messages = room.messages + 1
    if room.governance.settings.slow_seconds and entry.author != SERVER:
        room = _with_spoke(room, entry)
    return _replace(room, head=entry.number, time=entry.time, messages=messages)


def _tagged(room: Room, entry: Entry, body: Body) -> Room:
    if room.governance.settings.slow_seconds:
        room = _with_spoke(room, entry)
    return _advance(room, entry, body)


def _with_spoke(room: Room, entry: Entry) -> Room:
    member = room.members.get(entry.author)
    if member is not None:
        return _replace(room, members=room.members.set(entry.author, _replace(member, spoke=entry.time)))
    standing = _replace(room.governance.guests.get(entry.author, Standing()), spoke=entry.time)
    return _replace(room, governance=room.governance.with_standing(entry.author, standing))


def _opened(room: Room, entry: Entry, body: Body) -> Room:
    opened = cast(Opened, body)
    assert entry.number == 1, "a room is opened once"
    governance = Governance(settings=PRESETS[opened.room_kind])
    if is_guest(entry.author) and opened.pair is None:
        governance = _replace(governance, guests=Map({entry.author: Standing(RoomRole.MODERATOR)}))
    if opened.room_name:
        governance = _replace(governance, opened=entry.time)
    return _replace(
        room,
        head=1,
        time=entry.time,
        kind=opened.room_kind,
        name=opened.room_name,
        owner=opened.owner,
        pair=opened.pair,
        governance=governance,
    )


def _topic(room: Room, entry: Entry, body: Body) -> Room:
    governance = _replace(room.governance, topic_by=entry.name, topic_since=entry.time)
    return _replace(_governed(room, entry, governance), topic=cast(TopicSet, body).topic)


def _archived(room: Room, entry: Entry, _body: Body) -> Room:
    return _replace(room, head=entry.number, time=entry.time, archived=True)


def _data(room: Room, entry: Entry, body: Body) -> Room:
    data = cast(DataSet, body)
    values = room.data.set(data.key, data.value) if data.value else _without(room.data, data.key)
    return _replace(room, head=entry.number, time=entry.time, data=values)


# Who is in it ----------------------------------------------------------------------------------------------------


def _membership(room: Room, entry: Entry, body: Body) -> Room:
    moved = cast(MembershipChanged, body)
    match moved.way:
        case Way.JOINED:
            after = _joined(room, entry, moved)
        case Way.LEFT | Way.REMOVED:
            after = _left(room, entry, moved)
        case _:
            assert_never(moved.way)
    return _replace(after, head=entry.number, time=entry.time)


def _joined(room: Room, entry: Entry, moved: MembershipChanged) -> Room:
    members, former, named, governance = room.members, room.former, room.named, room.governance
    stood = Standing()
    if moved.guest is not None:
        stood = governance.guests.get(moved.guest.principal, stood)
        governance = _replace(governance, guests=_without(governance.guests, moved.guest.principal))
    for person in moved.people:
        stay = former.get(person.principal)
        first = stay.first if stay else entry.number
        role = RoomRole.OWNER if person.principal == room.owner else stood.role
        members = members.set(person.principal, Member(person.name, role, first, stood.voice, stood.spoke))
        named = named.set(fold(person.name), person.principal)
        if stay:
            former = former.delete(person.principal)
        governance = governance.without_invitation(person.principal)
    return _replace(room, members=members, former=former, named=named, governance=governance)


def _left(room: Room, entry: Entry, moved: MembershipChanged) -> Room:
    members, former, named, governance = room.members, room.former, room.named, room.governance
    for person in moved.people:
        member = members.get(person.principal)
        if member is None:
            assert is_guest(person.principal), "an account that is no member cannot go"
            governance = _replace(governance, guests=_without(governance.guests, person.principal))
            governance = governance.without_invitation(person.principal)
            continue
        if member.spoke:
            governance = governance.with_standing(person.principal, Standing(spoke=member.spoke))
        former = former.set(person.principal, Stay(member.first, entry.number))
        members = members.delete(person.principal)
        named = _without(named, fold(member.name))
    after = _replace(room, members=members, former=former, named=named, governance=governance)
    return _replace(after, owner=_owner_after(after)) if members else after


def _owner_after(room: Room) -> PrincipalId | None:
    """Whose the room is: as before, unless that account is here as something else or not at all, and others own it."""
    if room.owner is None or room.owner == SERVER or _is_owner(room, room.owner):
        return room.owner
    owners = [principal for principal, member in room.members.items() if member.role is RoomRole.OWNER]
    return min(owners, key=lambda one: (room.members[one].first, one), default=room.owner)


def _is_owner(room: Room, principal: PrincipalId) -> bool:
    member = room.members.get(principal)
    return member is not None and member.role is RoomRole.OWNER


def _roles(room: Room, entry: Entry, body: Body) -> Room:
    after = room
    for change in cast(RolesChanged, body).changes:
        after = _with_role(after, change)
    return _replace(after, head=entry.number, time=entry.time, owner=_owner_of(after))


def _with_role(room: Room, change: RoleChange) -> Room:
    principal = change.person.principal
    member = room.members.get(principal)
    if member is not None:
        role = member.role if change.role is None else change.role
        voice = member.voice if change.voice is None else change.voice
        return _replace(room, members=room.members.set(principal, _replace(member, role=role, voice=voice)))
    before = room.governance.guests.get(principal, Standing())
    role = before.role if change.role is None else change.role
    voice = before.voice if change.voice is None else change.voice
    standing = _replace(before, role=role, voice=voice)
    return _replace(room, governance=room.governance.with_standing(principal, standing))


def _owner_of(room: Room) -> PrincipalId | None:
    """The same where roles changed: a passing room that has an owner now is that account's."""
    if room.owner is None:
        owners = [principal for principal, member in room.members.items() if member.role is RoomRole.OWNER]
        return min(owners, default=None)
    return _owner_after(room)


# How it is governed ----------------------------------------------------------------------------------------------


def _governed(room: Room, entry: Entry, governance: Governance) -> Room:
    return _replace(room, head=entry.number, time=entry.time, governance=governance)


def _settings(room: Room, entry: Entry, body: Body) -> Room:
    settings = changed(room.governance.settings, cast(SettingsChanged, body).change)
    return _governed(room, entry, _replace(room.governance, settings=settings))


def _renamed(room: Room, entry: Entry, body: Body) -> Room:
    renamed = cast(Renamed, body)
    names = tuple(name for name in room.governance.former_names if fold(name) != fold(renamed.room_name))
    if room.owner is not None and fold(renamed.before) != fold(renamed.room_name):
        names = (*names, renamed.before)[-FORMER_NAMES_MAX:]
    opened = room.governance.opened or entry.time  # An imported room bears no name before.
    governance = _replace(room.governance, former_names=names, opened=opened)
    return _replace(_governed(room, entry, governance), name=renamed.room_name)


def _marked(room: Room, entry: Entry, body: Body) -> Room:
    mark = cast(Marked, body).mark
    others = tuple(
        one
        for one in room.governance.listed
        if one.mark.listing is not mark.listing or fold(one.mark.mask) != fold(mark.mask)
    )
    return _governed(room, entry, _replace(room.governance, listed=(*others, Listed(mark, entry.name, entry.time))))


def _unmarked(room: Room, entry: Entry, body: Body) -> Room:
    lifted = cast(Unmarked, body)
    masks = {fold(mask) for mask in lifted.masks}
    left = tuple(
        one
        for one in room.governance.listed
        if one.mark.listing is not lifted.listing or fold(one.mark.mask) not in masks
    )
    return _governed(room, entry, _replace(room.governance, listed=left))


def _invitations(room: Room, entry: Entry, body: Body) -> Room:
    change = cast(InvitationsChanged, body)
    governance = room.governance
    for person in change.people:
        if change.withdrawn:
            governance = governance.without_invitation(person.principal)
            continue
        governance = _replace(governance, invited=governance.invited.set(person.principal, entry.time))
        if change.excused:
            governance = _replace(governance, excused=governance.excused.set(person.principal, entry.time))
    guests = [one for one in governance.invited if is_guest(one)]
    if len(guests) > GUESTS_MAX:
        governance = governance.without_invitation(max(guests))  # Their ids count down: the first to come.
    return _governed(room, entry, governance)


def _code(room: Room, entry: Entry, body: Body) -> Room:
    made = cast(CodeMade, body)
    return _governed(room, entry, _replace(room.governance, code=made.digest, code_until=made.until))


# What an inbox says of its account -------------------------------------------------------------------------------


def _personal(room: Room, entry: Entry, personal: Personal) -> Room:
    return _replace(room, head=entry.number, time=entry.time, personal=personal)


def _entered(room: Room, entry: Entry, body: Body) -> Room:
    invitations = _without(room.personal.invitations, cast(Entered, body).room)
    if len(invitations) == len(room.personal.invitations):
        return _advance(room, entry, body)
    return _personal(room, entry, _replace(room.personal, invitations=invitations))


def _left_room(room: Room, entry: Entry, body: Body) -> Room:
    left = cast(Left, body).room
    if left not in room.personal.notify:
        return _advance(room, entry, body)
    return _personal(room, entry, _replace(room.personal, notify=room.personal.notify.delete(left)))


def _invited(room: Room, entry: Entry, body: Body) -> Room:
    invited = cast(Invited, body)
    invitations = room.personal.invitations
    if invited.withdrawn:
        invitations = _without(invitations, invited.room)
    else:
        by = Person(entry.author, entry.name)
        invitation = Invitation(invited.room, entry.number, invited.room_kind, invited.room_name, by)
        invitations = invitations.set(invited.room, invitation)
        if len(invitations) > INVITATIONS_MAX:
            invitations = invitations.delete(min(invitations, key=lambda one: invitations[one].number))
    return _personal(room, entry, _replace(room.personal, invitations=invitations))


def _marker(room: Room, entry: Entry, body: Body) -> Room:
    moved = cast(MarkerMoved, body)
    markers = room.personal.markers.set(moved.target, Marker(moved.number, moved.time, moved.said))
    return _personal(room, entry, _replace(room.personal, markers=markers))


def _ignored(room: Room, entry: Entry, body: Body) -> Room:
    change = cast(Ignored, body)
    principal, ignored = change.person.principal, room.personal.ignored
    ignored = _without(ignored, principal) if change.withdrawn else ignored.set(principal, change.person)
    return _personal(room, entry, _replace(room.personal, ignored=ignored))


def _notify(room: Room, entry: Entry, body: Body) -> Room:
    chosen = cast(NotifySet, body)
    notify = room.personal.notify
    notify = _without(notify, chosen.room) if chosen.level is Level.ALL else notify.set(chosen.room, chosen.level)
    return _personal(room, entry, _replace(room.personal, notify=notify))


def _profile(room: Room, entry: Entry, body: Body) -> Room:
    given = {name: value for name, value in msgspec.structs.asdict(cast(ProfileSet, body)).items() if value is not None}
    profile: Profile = _replace(room.personal.profile, **given)
    return _personal(room, entry, _replace(room.personal, profile=profile))


_CHANGES: dict[type, Callable[[Room, Entry, Body], Room]] = {
    Opened: _opened,
    Message: _message,
    Edited: _advance,
    Redacted: _advance,
    Reacted: _advance,
    Tagged: _tagged,
    TopicSet: _topic,
    MembershipChanged: _membership,
    RolesChanged: _roles,
    SettingsChanged: _settings,
    Renamed: _renamed,
    Marked: _marked,
    Unmarked: _unmarked,
    InvitationsChanged: _invitations,
    CodeMade: _code,
    DataSet: _data,
    Archived: _archived,
    Entered: _entered,
    Left: _left_room,
    SessionsRevoked: _advance,
    Invited: _invited,
    MarkerMoved: _marker,
    Ignored: _ignored,
    NotifySet: _notify,
    ProfileSet: _profile,
}
