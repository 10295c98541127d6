"""What a room's log holds: entries, and the bodies they can have.

The structures here are also their own encoding: the native protocol, the vectors and the store all write an entry
as the JSON that `msgspec` makes of it. Renaming a field is a change of the protocol and needs a migration.
"""

from __future__ import annotations

from enum import Enum
from typing import NewType

import msgspec

from besedka.chat.principals import AccountName, PrincipalId

RoomId = NewType("RoomId", int)
"""Never reused, from 1."""

RoomName = NewType("RoomName", str)
"""A room's name as it was made, already found valid by `names.room_name`."""

RequestId = NewType("RequestId", str)
"""16 bytes as 32 lower-case hexadecimal digits, time first (UUIDv7, RFC 9562 §5.7): text order is time order."""


class Kind(Enum):
    """What a room is for: a preset of who may find, enter and read it."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"
    INBOX = "inbox"
    """An account's own log: what happened to it, for all its devices."""


class Manner(Enum):
    """How a message is meant."""

    SAID = "said"
    DONE = "done"
    NOTED = "noted"


class RoomRole(Enum):
    """What a member may do in a room."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"


class Way(Enum):
    """How somebody's membership changed."""

    JOINED = "joined"
    LEFT = "left"
    REMOVED = "removed"


class Person(msgspec.Struct, frozen=True):
    """A principal by id, with its name as it was at the time."""

    principal: PrincipalId
    name: AccountName


class Opened(msgspec.Struct, frozen=True, tag_field="kind", tag="opened"):
    """The first entry of every log: what kind of room this is."""

    room_kind: Kind
    room_name: RoomName = RoomName("")
    """Empty for direct rooms and inboxes."""
    owner: PrincipalId | None = None
    """None makes a passing room: its name is free again when nobody is left in it."""
    pair: tuple[PrincipalId, PrincipalId] | None = None
    """Whose direct room this is, lower id first; both the same for a conversation with oneself."""


class Message(msgspec.Struct, frozen=True, tag_field="kind", tag="message", omit_defaults=True):
    """Something a person wrote."""

    text: str
    manner: Manner = Manner.SAID


class TopicSet(msgspec.Struct, frozen=True, tag_field="kind", tag="topic"):
    """The room's topic from here on."""

    topic: str


class MembershipChanged(msgspec.Struct, frozen=True, tag_field="kind", tag="membership"):
    """Some people's membership changed, all in the same way, by one request."""

    way: Way
    people: tuple[Person, ...]


class Archived(msgspec.Struct, frozen=True, tag_field="kind", tag="archived"):
    """A passing room ended: its name is free, its log stays under its id."""


class Entered(msgspec.Struct, frozen=True, tag_field="kind", tag="entered"):
    """Inbox: this account is a member of a room from here on."""

    room: RoomId
    room_kind: Kind
    room_name: RoomName
    number: int
    """The number of the entry that made it so, in that room."""
    people: tuple[Person, ...] = ()
    """The two people of a direct room."""


class Left(msgspec.Struct, frozen=True, tag_field="kind", tag="left"):
    """Inbox: this account is no longer a member of a room; it may read up to `number`."""

    room: RoomId
    number: int
    way: Way = Way.LEFT


class SessionsRevoked(msgspec.Struct, frozen=True, tag_field="kind", tag="revoked"):
    """Inbox: every session token made before this is dead."""


Body = Opened | Message | TopicSet | MembershipChanged | Archived | Entered | Left | SessionsRevoked


class Draft(msgspec.Struct, frozen=True):
    """What a request may become once it is allowed."""

    author: PrincipalId
    name: AccountName
    body: Body


class Entry(msgspec.Struct, frozen=True):
    """A draft that has been numbered, and, once the store has said so, kept."""

    number: int
    """From 1, without a gap."""
    time: int
    """Milliseconds since 1970 UTC, growing with the number as P2 says."""
    author: PrincipalId
    name: AccountName
    """The author's name as it was."""
    body: Body
