"""Everything a session can ask, as it stands on the native wire.

Each request carries the id its sender gave it; answers echo it. Writes need one (P3): it makes a resend harmless.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from besedka.chat.entries import Manner, RequestId, RoomId
from besedka.chat.refusals import Refusal

Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]  # `$` would let a newline follow.
Name = Annotated[str, msgspec.Meta(max_length=1024)]
Secret = Annotated[str, msgspec.Meta(max_length=4096)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 53)]
InRoom = Annotated[RoomId, msgspec.Meta(ge=0, le=1 << 53)]
"""A room's id as a client may send it: no store has to meet a number it cannot hold."""
Place = tuple[InRoom, Count]
NO_ROOM = RoomId(0)
"""Zero is no room's id."""
Breaks = Annotated[tuple[Count, ...], msgspec.Meta(max_length=256)]
Tags = Annotated[tuple[tuple[Name, Annotated[str, msgspec.Meta(max_length=4096)]], ...], msgspec.Meta(max_length=64)]


class Request(msgspec.Struct, frozen=True, tag_field="is", kw_only=True, omit_defaults=True):
    """What all requests have: the id that their answer echoes."""

    id: Id | None = None

    @property
    def request_id(self) -> RequestId | None:
        """The id as its own type."""
        return None if self.id is None else RequestId(self.id)

    def __repr__(self) -> str:
        """A request in a log or a traceback shows its kind, never what a person wrote."""
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class Hello(Request, frozen=True, tag="hello"):
    """The first request of a native session."""

    version: Count
    client: Name = ""
    capabilities: tuple[Name, ...] = ()


class Login(Request, frozen=True, tag="login"):
    """Enter as a registered account. Answered `you`."""

    name: Name
    password: Secret
    remember: bool = False
    """Ask for a session token, so that coming back needs no password."""


class Register(Request, frozen=True, tag="register"):
    """Make an account and enter as it. Answered `you`."""

    name: Name
    password: Secret
    invitation: Secret = ""
    remember: bool = False


class ComeAsGuest(Request, frozen=True, tag="guest"):
    """Enter with a name and no account, where guests are admitted. Answered `you`."""

    name: Name


class Resume(Request, frozen=True, tag="resume"):
    """Enter with the token an earlier login gave. Answered `you`."""

    token: Secret


class Sync(Request, frozen=True, tag="sync"):
    """Say what this device has, and be told the rest from now on. Answered `synced`; needed once after login.

    A room of mine that I do not list is new to this device: it begins `show` entries before its head. A later sync
    moves this session to the places it lists and touches no other room.
    """

    epoch: Name = ""
    places: tuple[Place, ...] = ()
    """Each room with the number of the last entry this device has of it; 0 for none."""
    show: Count = 0


class Write(Request, frozen=True):
    """A request that may become drafts. Its id is unique for its sender and room (P3)."""


class Spoken(Write, frozen=True, kw_only=True):
    """What the requests that say something have in common."""

    text: str
    manner: Manner = Manner.SAID
    breaks: Breaks = ()
    """Where the sender cut a long line: offsets in characters, growing, inside the text."""
    tags: Tags = ()
    """What the sender's program attached, for other programs; kept as it is. Without a text they are kept alone."""


class Say(Spoken, frozen=True, tag="say"):
    """Say something in a room. Answered `kept`."""

    room: InRoom
    reply: Count = 0
    """The number of the message this answers; 0 for none."""


class Tell(Spoken, frozen=True, tag="tell"):
    """Say something to one person, opening our direct room if there is none. Answered `kept`."""

    name: Name


class Edit(Write, frozen=True, tag="edit"):
    """Let a message say something else. Answered `kept`."""

    room: InRoom
    number: Count
    text: str


class Redact(Write, frozen=True, tag="redact"):
    """Take away what a message said. Answered `kept`, or `done` where it is gone already."""

    room: InRoom
    number: Count
    reason: str = ""


class React(Write, frozen=True, tag="react"):
    """Put a reaction to a message, or take it back. Answered `kept`, or `done` where it is so already."""

    room: InRoom
    number: Count
    reaction: str
    withdrawn: bool = False


class Join(Write, frozen=True, tag="join"):
    """Become a member of a room, opening a public one if there is none. Answered `kept`, or `done` to a guest."""

    name: Name
    show: Count = 0
    """How many entries before one's own joining to be shown."""
    key: Secret = ""
    """For a room that has one."""
    code: Secret = ""
    """An invite code, for a room that is entered by invitation."""


class Leave(Write, frozen=True, tag="leave"):
    """End one's membership of a room. Answered `kept`, or `done` to a guest."""

    room: InRoom
    reason: str = ""


class SetTopic(Write, frozen=True, tag="topic"):
    """Set a room's topic; empty takes it away. Answered `kept`."""

    room: InRoom
    topic: str


class History(Request, frozen=True, tag="history"):
    """A page of a room's log as of now: entries after one, before one, between two, or around one. Answered `page`.

    An entry is given by its number, or by a time in milliseconds since 1970 UTC: after a time is after all that is not
    younger, before it is before all that is not older. Of what lies between the bounds the page has the first entries
    where it has a lower bound, and else the last. Bounds the wrong way round are exchanged, and the page has the last.
    """

    room: InRoom
    before: Count | None = None
    after: Count | None = None
    around: Count | None = None
    before_time: Count | None = None
    after_time: Count | None = None
    around_time: Count | None = None
    newest: bool = False
    """The last entries, although there is a lower bound."""
    messages: bool = False
    """Messages and nothing else, so that `limit` counts them."""
    limit: Count = 50


class Search(Request, frozen=True, tag="search"):
    """The newest messages of which all is true that `query` says, in what one may read. Answered `found`."""

    query: str
    """As a person types it: see "Searching"."""
    zone: Annotated[int, msgspec.Meta(ge=-1440, le=1440)] = 0
    """How many minutes the asker's clock is ahead of UTC: where its days begin."""
    older_than: tuple[Count, InRoom, Count] | None = None
    """What the last page said is `next`."""
    limit: Count = 20


class ListRooms(Request, frozen=True, tag="rooms"):
    """The public rooms. Answered `room-list`."""


class Who(Request, frozen=True, tag="who"):
    """The members of a room. Answered `people`."""

    room: InRoom


class Ping(Request, frozen=True, tag="ping"):
    """Answered `done` after everything asked before it."""


class Pong(Request, frozen=True, tag="pong"):
    """The answer to a server's ping. Not answered."""


class Exit(Request, frozen=True, tag="exit"):
    """End this session, and with `forget` its token too. Answered `farewell`."""

    forget: bool = False


class Malformed(msgspec.Struct, frozen=True):
    """What a protocol makes of bytes that are no request: a refusal, told in its turn."""

    refusal: Refusal
    id: RequestId | None = None
    fatal: bool = False
    """Whether the bytes that follow cannot be understood either, so that the connection closes."""
