"""A look at a room as it is: what a protocol asks and is told that keeps no state of its own.

Neither is ever on the native wire, whose clients fold what they are told.
"""

from __future__ import annotations

import msgspec

from besedka.chat.entries import Person, RequestId, RoomId
from besedka.chat.requests import NO_ROOM, Request
from besedka.chat.rooms import Room
from besedka.chat.told import Unit


class Look(Request, frozen=True):
    """See a room: by id, or by its name. Answered `Seen`."""

    room: RoomId = NO_ROOM
    name: str = ""
    """Folded."""


class Seen(Unit, frozen=True):
    """What there is to see."""

    id: RequestId | None
    room: Room | None = None
    """None where there is none that whoever asks may know of."""
    inside: bool = False
    guests: tuple[Person, ...] = ()
    """Those who are in it; the members are in the room."""


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
