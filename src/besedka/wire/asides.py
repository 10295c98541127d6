"""Asides: what is said to those who are here and not kept. Asked and told by protocols that have such.

Programs ask each other things in IRC (CTCP, TAGMSG), and some lines are for those with a prefix only (STATUSMSG). None
is an entry: it has no number, nobody reads it later, and whoever is full misses it. Asides are never on the native
wire, where programs have requests for what they want to know.
"""

from __future__ import annotations

import msgspec

from besedka.chat.entries import Manner, Person, RequestId, RoomId
from besedka.chat.permissions import Rank
from besedka.chat.requests import NO_ROOM, Request, Tags
from besedka.chat.rooms import Room
from besedka.chat.told import TypingState, Unit


class SayAside(Request, frozen=True):
    """Say something aside, in a room or to one person. Answered `AsideSaid`."""

    room: RoomId = NO_ROOM
    name: str = ""
    """Instead of a room: whom. Nothing is said of whether they are here."""
    least: Rank = Rank.OUTSIDER
    """In a room, for those who are at least so much in it."""
    text: str | None = None
    """None where there are tags alone."""
    manner: Manner = Manner.SAID
    tags: Tags = ()
    typing: TypingState | None = None
    """Where it says nothing but that its author is writing: then a room is told that, in every protocol."""


class Aside(msgspec.Struct, frozen=True):
    """What was said."""

    author: Person
    time: int
    """Milliseconds since 1970 UTC."""
    mark: str
    """Nothing else that is ever told has the same."""
    least: Rank
    text: str | None
    manner: Manner
    tags: Tags
    room: Room | None = None
    to: Person | None = None
    """Whom it is for; None in a room."""

    def __repr__(self) -> str:
        """Without what a person wrote."""
        return f"<Aside {self.mark}>"


class AsideTold(Unit, frozen=True):
    """Signal: somebody says something aside."""

    aside: Aside


class AsideSaid(Unit, frozen=True):
    """The answer to whoever said it: this is what others were told."""

    id: RequestId | None
    aside: Aside
