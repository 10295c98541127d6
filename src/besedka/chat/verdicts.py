"""What a rule is given beside its request, and what it may answer."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from immutables import Map

from besedka.chat.entries import Body, Draft, Entry, Kind, MarkerMoved, Person, RoomName, RoomRole
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import SERVER, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.rooms import Room, reading
from besedka.limits import Limits

Verdict = tuple[Draft, ...] | Refusal
"""Drafts for the room that was judged, in order; an empty tuple where what was asked is already so."""


Nicks = Mapping[FoldedName, PrincipalId]
"""Who bears which nick."""

NO_NICKS: Nicks = Map()


class Circumstances(msgspec.Struct, frozen=True):
    """What a rule needs to know beside the room and whoever asks."""

    limits: Limits
    now: int = 0
    """The clock, in milliseconds since 1970 UTC."""
    room_name: RoomName = RoomName("")
    """What a room would be called that this request opens, or renames."""
    other: Person | None = None
    """Whom a request names that is no member of the room: an account, or a guest who is here."""
    other_here: bool = False
    """Whether that one is a guest present in the room."""
    unwelcome: bool = False
    """Whether that one ignores the actor; looked at where a direct room is opened."""
    rooms_joined: int = 0
    """How many rooms the actor is in."""
    other_rooms_joined: int = 0
    """How many the other is in; looked at where a direct room is opened."""
    target: Entry | None = None
    """The entry a request is about, as it stands now."""
    reacted: bool = False
    """Whether the actor has put this reaction to it already."""
    reactions: int = 0
    """How many reactions it has from everybody."""
    guests_here: int = 0
    """How many guests are in the room; looked at where somebody joins."""
    present: tuple[Actor, ...] = ()
    """Who is in the room just now, for a mark that puts people out."""
    code: str = ""
    """SHA-256 of the invite code that was just made."""
    marker: MarkerMoved | None = None
    """Where a read marker is to be, its target found."""
    nicks: Nicks = NO_NICKS
    """The accounts that are called otherwise just now than their names."""


def draft(actor: Actor, body: Body) -> Draft:
    """What somebody wants to be kept."""
    return Draft(actor.principal, actor.called, body)


def absent(room: Room, actor: Actor) -> Refusal | None:
    """Why somebody may not act in a room at all: what is hidden is not there for those outside (P7)."""
    unseen = unknown(room, actor)
    if unseen is not None or actor.principal == SERVER or actor.inside:
        return unseen
    return Refusal(Code.NOT_A_MEMBER)


def unknown(room: Room, actor: Actor) -> Refusal | None:
    """Why there is no such room for somebody; None where they may know of it."""
    if room.head == 0 or room.archived:
        return Refusal(Code.NO_SUCH_ROOM)
    if actor.inside:
        return None  # The hot path; nobody is inside an inbox.
    if room.kind is Kind.INBOX:
        return Refusal(Code.NO_SUCH_ROOM)
    if actor.principal == SERVER or not room.hidden:
        return None
    if actor.principal in room.governance.invited or reading(room, actor.principal, inside=False) is not None:
        return None
    return Refusal(Code.NO_SUCH_ROOM)


def last_owner(room: Room, going: tuple[Person, ...], *, stay: bool = False) -> Refusal | None:
    """Why these may not all go, or (`stay`) be owners no longer: a room that people own keeps one, by no accident.

    Where the server owns it (the lobby) it always does; and whoever is the last one inside may go, the room is theirs.
    """
    without = {person.principal for person in going}
    owners = {principal for principal, member in room.members.items() if member.role is RoomRole.OWNER}
    if room.owner == SERVER or not owners & without or owners - without:
        return None
    empties = not stay and without.issuperset(room.members)
    return None if empties else Refusal(Code.LAST_OWNER)


def member_called(room: Room, name: str, circumstances: Circumstances) -> Person | None:
    """The member whose name or nick this is, under the name of its account."""
    found = room.member_named(name)
    if found is not None:
        return found
    principal = circumstances.nicks.get(fold(name))
    member = None if principal is None else room.members.get(principal)
    return None if principal is None or member is None else Person(principal, member.name)


def present_person(room: Room, name: str, circumstances: Circumstances) -> Person | Refusal:
    """Who in the room is called so: a member, or a guest who is here."""
    member = member_called(room, name, circumstances)
    if member is not None:
        return member
    other = circumstances.other
    if other is not None and circumstances.other_here and fold(other.name) == fold(name):
        return other
    return Refusal(Code.NOT_HERE)
