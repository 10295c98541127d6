"""What an operator sees of the server: sessions, rooms, bans, load."""

from __future__ import annotations

from typing import NewType

import msgspec

from besedka.chat.entries import Kind, RoomId, RoomName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.settings import RoomSettings

SessionNumber = NewType("SessionNumber", int)
"""Which live session; given by the hub, not reused while the server runs."""


class SessionSeen(msgspec.Struct, frozen=True):
    """One session that has said who it is, as of now."""

    number: SessionNumber
    principal: PrincipalId
    name: AccountName
    role: AccountRole
    address: str
    way: str
    since: int
    """When it said who it is, in milliseconds since 1970 UTC."""


class Load(msgspec.Struct, frozen=True):
    """How busy the hub is and has been since it started."""

    connections: int
    """Open now, whether or not they have said who they are."""
    rooms_open: int
    """Rooms held in memory."""
    kept: int
    """Entries kept since the start."""


class RoomSeen(msgspec.Struct, frozen=True):
    """A room as the operator sees it. Direct rooms and inboxes are never shown."""

    id: RoomId
    name: RoomName
    kind: Kind
    settings: RoomSettings
    owner: PrincipalId | None
    """The account it counts as its owner's; there may be more owners. None of a passing room."""
    owner_name: str
    """Empty where that one is no member any more, or is no account."""
    members: int
    messages: int
    topic: str


class Ban(msgspec.Struct, frozen=True):
    """A ban in force: of an account, or of an address or network."""

    what: str
    """The account's name, or the address, as shown."""
    account: PrincipalId | None
    address: str | None
    since: int
    until: int | None
    """In milliseconds since 1970 UTC; None is for ever."""
