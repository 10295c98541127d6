"""What a client must not forget to go on exactly where it was stopped."""

from __future__ import annotations

import msgspec

from besedka.chat.entries import Kind, Person, RoomId, RoomName, RoomRole
from besedka.chat.own_requests import Ignore, MoveMarker, SetNotify, SetProfile
from besedka.chat.principals import PrincipalId
from besedka.chat.requests import Edit, Join, Leave, React, Redact, Say, SetTopic, Tell
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    MakeCode,
    Open,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.settings import RoomSettings
from besedka.client.own import Own

AnyWrite = (
    Say
    | Tell
    | Edit
    | Redact
    | React
    | Open
    | Join
    | Leave
    | SetTopic
    | ChangeSettings
    | Rename
    | Kick
    | SetMark
    | LiftMark
    | SetRole
    | Transfer
    | Invite
    | Uninvite
    | MakeCode
    | SetData
    | MoveMarker
    | Ignore
    | SetNotify
    | SetProfile
)
"""What waits in an outbox for its receipt."""


class KnownRoom(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A room as this client knows it."""

    room: RoomId
    kind: Kind
    name: RoomName
    place: int
    """The number of the last entry this client has; 0 for none."""
    topic: str = ""
    as_of: int = 0
    """The number the room was described as of: what earlier entries changed is in it already."""
    people: tuple[Person, ...] = ()
    """The two people of a direct room."""
    settings: RoomSettings = RoomSettings()
    role: RoomRole = RoomRole.MEMBER
    """Mine."""
    voice: bool = False
    """Whether I have one."""
    in_at: int = 0
    """The greatest number as of which I am known to be in it; 0 if it is not known."""
    left_at: int | None = None
    """The number of the entry that put me outside, while I am outside."""

    @property
    def inside(self) -> bool:
        """Whether I am in it, as far as this client knows."""
        return self.left_at is None

    @property
    def finished(self) -> bool:
        """Whether nothing more can come of it: I am outside and have all I may read."""
        return self.left_at is not None and self.place >= self.left_at


class State(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who this is, its place in every room, and the writes without a receipt. JSON by `msgspec`; holds a secret."""

    epoch: str = ""
    """The log the places are in; empty before the first welcome."""
    principal: PrincipalId | None = None
    """Who I was when I was last logged in."""
    name: str = ""
    inbox: RoomId | None = None
    token: str | None = None
    rooms: tuple[KnownRoom, ...] = ()
    outbox: tuple[AnyWrite, ...] = ()
    """In the order they were asked."""
    own: Own = Own()
    """What the inbox says, up to its place."""

    def __repr__(self) -> str:
        """Without the token and what was written."""
        return "<State>"
