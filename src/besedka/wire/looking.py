"""A look at a room as it is: what a protocol asks and is told that keeps no state of its own.

Neither is ever on the native wire, whose clients fold what they are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
from immutables import Map

from besedka.chat.entries import Entry, Person, RequestId, RoomId, RoomName
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.requests import NO_ROOM, Request
from besedka.chat.rooms import Room
from besedka.chat.told import Kept, Unit


class Look(Request, frozen=True):
    """See a room: by id, by its name, or the direct room with a person. Answered `Seen`."""

    room: RoomId = NO_ROOM
    name: str = ""
    """Folded."""
    person: str = ""
    """A person's name, folded."""
    marker: bool = False
    """Whether `Seen.read` is asked for."""


_CALLED_BY_NAME: Mapping[PrincipalId, AccountName] = Map()


class Seen(Unit, frozen=True):
    """What there is to see."""

    id: RequestId | None
    room: Room | None = None
    """None where there is none that whoever asks may know of."""
    inside: bool = False
    guests: tuple[Person, ...] = ()
    """Those who are in it; the members are in the room."""
    read: int | None = None
    """Up to when whoever asks has read it, in milliseconds since 1970 UTC; None where that is not known."""
    called: Mapping[PrincipalId, AccountName] = _CALLED_BY_NAME
    """The members that are called otherwise just now than their names."""


class GetMarker(Request, frozen=True, kw_only=True):
    """How far I have read a room, or what somebody and I said. Answered `MarkerTold`."""

    name: str
    """As it was typed; a room's begins with `#`."""


class MarkerTold(Unit, frozen=True):
    """Up to when."""

    id: RequestId | None
    time: int | None
    """In milliseconds since 1970 UTC; None where that is not known."""


class Find(Request, frozen=True):
    """See who is here and fits a pattern: over a name, a user name, a host or a real name. Answered `Found`."""

    pattern: str


class Found(Unit, frozen=True):
    """Who fits, as far as the one who asks may find them; of many only some."""

    id: RequestId | None
    people: tuple[Person, ...] = ()


class LookAround(Request, frozen=True):
    """See which rooms there are: those that are not hidden, and those that one is in. Answered `Sights`."""


class Sight(msgspec.Struct, frozen=True):
    """One room from afar."""

    room_name: RoomName
    topic: str
    people: int
    """Members and guests."""
    opened: int
    """When it was opened, in milliseconds since 1970 UTC; 0 where that is not known."""
    topic_since: int
    """When its topic was set; 0 where that is not known."""


class Sights(Unit, frozen=True):
    """The rooms, by name; as many as a list may hold."""

    id: RequestId | None
    rooms: tuple[Sight, ...]


class LookForInvitations(Request, frozen=True):
    """See where one is invited to. Answered `InvitedTo`."""


class InvitedTo(Unit, frozen=True):
    """The rooms that one may join by invitation."""

    id: RequestId | None
    rooms: tuple[RoomName, ...]


class Follow(Request, frozen=True):
    """Tell me from here on when people of these names come and go, and of no others. Answered `done`."""

    names: tuple[str, ...] = ()


class Followed(Unit, frozen=True):
    """Signal: somebody of a name that this session follows has come or gone."""

    person: Person
    here: bool


class AwayMoved(Unit, frozen=True):
    """Signal: somebody is away, or (empty) back; at once, for protocols in which one says so and sees it done."""

    person: Person
    message: str


class KeptUnread(Kept, frozen=True):
    """A receipt of what its session reads later, behind what it has not read yet."""


class RoomRenamed(Unit, frozen=True):
    """A room one is in is called something else from here on; for protocols that know rooms by their names."""

    room: RoomId
    by: Person
    before: RoomName
    after: RoomName
    reason: str = ""


class GuestInvited(Unit, frozen=True):
    """One is invited to a room, and has no log of one's own that would say so."""

    room_name: RoomName
    by: Person


class GuestMove(msgspec.Struct, frozen=True):
    """One guest's coming or going."""

    person: Person
    user: str
    host: str
    real_name: str
    """What it said of itself, for it may be gone when this is told."""
    came: bool = False
    """Otherwise it left,"""
    quit: bool = False
    """by leaving the server."""
    reason: str = ""


class GuestsMoved(Unit, frozen=True):
    """Signal: guests came into a room and left it, in this order. For protocols in which there must be a line of it."""

    room: Room
    moves: tuple[GuestMove, ...]


class Point(msgspec.Struct, frozen=True):
    """A place in the past: an entry of a room, or a moment."""

    time: int = 0
    """Milliseconds since 1970 UTC; means nothing where there is a number."""
    room: RoomId = NO_ROOM
    number: int | None = None


class Recall(Request, frozen=True, kw_only=True):
    """See what was said and done in a room, or between oneself and somebody. Answered `Recalled`.

    The bounds are those of `History`.
    """

    name: str
    """As it was typed; a room's begins with `#`."""
    after: Point | None = None
    before: Point | None = None
    around: Point | None = None
    newest: bool = False
    messages: bool = False
    """Messages and nothing else."""
    limit: int
    """Of entries that `shows` is true of."""
    shows: Callable[[Room, Entry], bool]
    """Whether the protocol has words for an entry."""


class Recalled(Unit, frozen=True):
    """The entries, oldest first."""

    id: RequestId | None
    room: Room | None = None
    """None where nobody has spoken yet."""
    entries: tuple[Entry, ...] = ()


class ListConversations(Request, frozen=True, kw_only=True):
    """See in which rooms, and with whom, the last message was said between two times. Answered `ConversationList`."""

    start: int
    """In milliseconds since 1970 UTC, as the end; neither is included. `limit` of them are counted from here."""
    end: int
    limit: int


class ConversationList(Unit, frozen=True):
    """Rooms, and when the last message in each was said; the earliest first."""

    id: RequestId | None
    lines: tuple[tuple[Room, int], ...]
    """Without the members, but for the two of a conversation."""


class GuestBecame(Unit, frozen=True):
    """Signal: a guest has logged in and is called as before."""

    person: Person
    """The account."""
