"""What an account's inbox says of it as of a number: how far it has read, whom it ignores, what it says of itself."""

from __future__ import annotations

import msgspec
from immutables import Map

from besedka.chat.entries import Kind, Level, Person, RoomId, RoomName
from besedka.chat.principals import PrincipalId


class Marker(msgspec.Struct, frozen=True):
    """How far somebody has read."""

    number: int
    time: int
    """Milliseconds since 1970 UTC."""
    said: int
    """How many messages the room had by then."""


class Profile(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody says of themselves."""

    real_name: str = ""
    bot: bool = False
    invisible: bool = False
    unlisted: bool = False
    """Whether it is told to those alone who share a room with it in which rooms it is, and no pattern finds it."""
    accounts_only: bool = False
    """Whether no guest may begin a conversation with it."""


class Invitation(msgspec.Struct, frozen=True):
    """Somebody wants one in a room that one has not entered since."""

    room: RoomId
    number: int
    """Of the inbox's entry that says so."""
    room_kind: Kind
    room_name: RoomName
    by: Person


class Personal(msgspec.Struct, frozen=True):
    """Everything an account keeps for all its devices."""

    markers: Map[str, Marker] = Map()
    """By target, as `MarkerMoved` has it; at most `Limits.markers_max`."""
    ignored: Map[PrincipalId, Person] = Map()
    """At most `Limits.ignored_max`."""
    notify: Map[RoomId, Level] = Map()
    """Rooms that are not at `Level.ALL`."""
    invitations: Map[RoomId, Invitation] = Map()
    """At most `INVITATIONS_MAX`."""
    profile: Profile = Profile()


INVITATIONS_MAX = 100
"""Invitations one inbox remembers; the oldest is forgotten first, so that strangers cannot fill it."""
