"""Everything a session can be told, as it stands on the native wire."""

from __future__ import annotations

from enum import Enum

import msgspec

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Entry, Kind, Level, Person, RequestId, RoomId, RoomName, RoomRole
from besedka.chat.personal import Invitation, Marker, Profile
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import N_, Code
from besedka.chat.settings import RoomSettings

PROTOCOL_VERSION = 1


class Unit(msgspec.Struct, frozen=True, tag_field="is", omit_defaults=True):
    """Something a session is told."""


class TypingState(Enum):
    """What somebody is doing with a message that is not sent (IRCv3 `+typing`)."""

    ACTIVE = "active"
    PAUSED = "paused"
    DONE = "done"


class Registration(Enum):
    """Who may make an account for themselves."""

    OPEN = "open"
    INVITE = "invite"
    CLOSED = "closed"


class Welcome(Unit, frozen=True, tag="welcome", omit_defaults=False):
    """The server's side of the handshake; text sessions get it on connecting."""

    version: int
    server: str
    """The program and its version."""
    name: str
    """What the operator calls this server."""
    epoch: str
    """The name of this log: places from another one mean nothing here."""
    capabilities: tuple[str, ...]
    registration: Registration
    guests: bool
    safe: bool
    """Whether a secret may be sent on this connection."""


class You(Unit, frozen=True, tag="you"):
    """Who this session is from now on."""

    id: RequestId | None
    principal: PrincipalId
    name: AccountName
    role: AccountRole
    inbox: RoomId | None = None
    """A guest has none."""
    token: str | None = None
    """For `resume`, where `remember` asked for it. A secret."""
    nick: str = ""
    """What it is called where that is another name."""

    def __repr__(self) -> str:
        """Without the token."""
        return "<You>"


class Synced(Unit, frozen=True, tag="synced"):
    """A sync was understood; what was missed follows, room by room."""

    id: RequestId | None
    rooms: int
    """How many `room` units follow because of it."""


class PersonalTold(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an inbox says of its account, on all its devices."""

    markers: tuple[tuple[str, Marker], ...] = ()
    """Each with its target, as `MarkerMoved` has it."""
    ignored: tuple[Person, ...] = ()
    notify: tuple[tuple[RoomId, Level], ...] = ()
    """Rooms that are not at `Level.ALL`."""
    invitations: tuple[Invitation, ...] = ()
    """The oldest first."""
    profile: Profile = Profile()
    data: tuple[tuple[str, str], ...] = ()


class RoomTold(Unit, frozen=True, tag="room"):
    """A room as of number `head`. The entries after `after` follow: those up to `head` are already in this state."""

    room: RoomId
    room_kind: Kind
    room_name: RoomName
    topic: str
    head: int
    floor: int
    messages: int
    members: int
    """How many accounts are in it; none to whoever is outside."""
    after: int
    resumption: Resumption = Resumption.ON
    people: tuple[Person, ...] = ()
    """The two people of a direct room."""
    settings: RoomSettings = RoomSettings()
    role: RoomRole = RoomRole.MEMBER
    """Mine, in a room I am in."""
    voice: bool = False
    personal: PersonalTold | None = None
    """Of an inbox: what it says of its account."""


class Entries(Unit, frozen=True, tag="entries"):
    """Consecutive entries of one room."""

    room: RoomId
    entries: tuple[Entry, ...]


class Kept(Unit, frozen=True, tag="kept"):
    """The receipt: this request's first entry is durable under this number."""

    id: RequestId | None
    room: RoomId
    number: int


class Done(Unit, frozen=True, tag="done"):
    """A request was carried out and left no entry."""

    id: RequestId | None
    room: RoomId | None = None


class Refused(Unit, frozen=True, tag="refused"):
    """The "no" to a request."""

    id: RequestId | None
    code: Code
    why: str
    detail: str = ""


class ReactionCount(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many put one reaction to one message."""

    number: int
    reaction: str
    count: int
    mine: bool = False


class Page(Unit, frozen=True, tag="page"):
    """A page of history, as of number `head`."""

    id: RequestId | None
    room: RoomId
    entries: tuple[Entry, ...]
    head: int
    floor: int
    reactions: tuple[ReactionCount, ...] = ()
    """Those to the page's messages, whenever they were put."""


class RoomLine(msgspec.Struct, frozen=True):
    """One room in a list."""

    room: RoomId
    room_kind: Kind
    room_name: RoomName
    topic: str
    members: int
    joined: bool
    people: tuple[Person, ...] = ()


class RoomList(Unit, frozen=True, tag="room-list"):
    """The public rooms, by name."""

    id: RequestId | None
    rooms: tuple[RoomLine, ...]
    more: bool = False
    """Whether there are more than this list may hold."""


class PersonLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person in a list."""

    principal: PrincipalId
    name: AccountName
    role: RoomRole
    online: bool
    voice: bool = False
    away: str = ""
    bot: bool = False


class People(Unit, frozen=True, tag="people"):
    """Who is in a room, as of number `head`, those online first, then by name."""

    id: RequestId | None
    room: RoomId
    head: int
    people: tuple[PersonLine, ...]
    members: int
    """How many there are; more than listed in a large room."""


class AwayPerson(msgspec.Struct, frozen=True):
    """Somebody who is not at the keyboard, and what they said of it; nothing in a room where they may not speak."""

    person: Person
    message: str


class Presence(Unit, frozen=True, tag="presence"):
    """Signal: who came, went, is away and is back since the last one. Neither numbered nor kept."""

    room: RoomId
    came: tuple[Person, ...] = ()
    went: tuple[Person, ...] = ()
    away: tuple[AwayPerson, ...] = ()
    back: tuple[Person, ...] = ()
    online: int | None = None
    """In a large room: how many are online, instead of who."""


class Called(Unit, frozen=True, tag="called"):
    """Signal: somebody is called otherwise from now on. What they said before keeps the name they said it under."""

    person: Person
    """Under the new name."""
    was: AccountName


class TypingPerson(msgspec.Struct, frozen=True):
    """Somebody who is writing, or has stopped."""

    person: Person
    state: TypingState


class TypingTold(Unit, frozen=True, tag="typing"):
    """Signal: who is writing in a room. Holds for six seconds."""

    room: RoomId
    people: tuple[TypingPerson, ...]


class Unreadable(Unit, frozen=True, tag="unreadable"):
    """Signal: a room cannot be read just now. What is missing of it follows by itself when it can be."""

    room: RoomId
    untold: bool = False
    """Whether its `room` unit, which `synced` has counted, is still to come."""


class Pinged(Unit, frozen=True, tag="ping"):
    """Answer `pong`, or be taken for lost."""


class Parting(Enum):
    """Why a session ends. Values are on the wire: never change one."""

    EXIT = "exit"
    SHUTDOWN = "shutdown"
    KICKED = "kicked"
    BANNED = "banned"
    REVOKED = "revoked"
    REPLACED = "replaced"
    BAD_INPUT = "bad-input"
    TOO_MANY_ATTEMPTS = "too-many-attempts"
    TOO_SLOW_LOGIN = "too-slow-login"
    TOO_SLOW_READER = "too-slow-reader"
    IDLE = "idle"
    FULL = "full"
    FAULT = "fault"


PARTING_SENTENCES: dict[Parting, str] = {
    Parting.EXIT: N_("Bye."),
    Parting.SHUTDOWN: N_("The server is shutting down."),
    Parting.KICKED: N_("An administrator ended this session."),
    Parting.BANNED: N_("You are banned from this server."),
    Parting.REVOKED: N_("This session was ended by its owner or an administrator."),
    Parting.REPLACED: N_("This device has connected again, so this older connection ends."),
    Parting.BAD_INPUT: N_("That was not understood, so this connection ends."),
    Parting.TOO_MANY_ATTEMPTS: N_("Too many attempts."),
    Parting.TOO_SLOW_LOGIN: N_("Logging in took too long."),
    Parting.TOO_SLOW_READER: N_("This connection took nothing for too long."),
    Parting.IDLE: N_("This connection was silent for too long."),
    Parting.FULL: N_("The server is full."),
    Parting.FAULT: N_("Something went wrong on the server."),
}


class Farewell(Unit, frozen=True, tag="farewell"):
    """The last thing a session is told."""

    parting: Parting
    why: str
