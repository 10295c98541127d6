"""One live connection: who it is, what it has asked and not been answered, and where it is in each room."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec
from immutables import Map

from besedka.chat.entries import Person, RequestId, RoomId, RoomName
from besedka.chat.names import FoldedName
from besedka.chat.pace import Pace
from besedka.chat.personal import Marker, Profile
from besedka.chat.principals import AccountName, AccountRole, Actor, PrincipalId, is_account
from besedka.chat.requests import Malformed, Request
from besedka.chat.told import Unit
from besedka.hub.ports import Link, Peer
from besedka.hub.rooms import OpenRoom
from besedka.wire.protocol import Format, ServerProtocol

if TYPE_CHECKING:
    from besedka.hub.preparing import LookedUp
    from besedka.hub.proofs import Proof


NOTHING_SAID = Profile()
"""One for all who say nothing of themselves."""

NO_MARKERS: Map[str, Marker] = Map()

NO_VALUES: Map[str, str] = Map()


class Stage(Enum):
    """How far a connection has come."""

    HELLO = "hello"
    """A native client that has not said hello."""
    VISITOR = "visitor"
    """Somebody who has not said who it is."""
    PRESENT = "present"
    """A session."""
    ENDED = "ended"


class Online:
    """A principal with at least one session, or lost so lately that nobody has been told."""

    __slots__ = (
        "away",
        "data",
        "export_pace",
        "exporting",
        "gone_at",
        "host",
        "inbox",
        "kept",
        "left_at",
        "markers",
        "muted",
        "name",
        "newest",
        "nick",
        "nick_pace",
        "person",
        "principal",
        "profile",
        "role",
        "rooms_joined",
        "search_pace",
        "sessions",
        "spoke_at",
        "user",
    )

    def __init__(self, principal: PrincipalId, name: AccountName, role: AccountRole, *, muted: bool) -> None:
        self.principal = principal
        self.name = name
        """Its account's, or what a guest is called."""
        self.nick = name
        """What it is called; changed by `be_called` alone, and where others know of it by `Attendance.call`."""
        self.person = Person(principal, name)
        """Its id, and what it is called."""
        self.nick_pace: Pace | None = None
        """How often it may change that."""
        self.search_pace: Pace | None = None
        """How often it may search."""
        self.export_pace: Pace | None = None
        """How often it may have all told that is known of it."""
        self.exporting = ""
        """Where that goes on, if it is under way."""
        self.role = role
        self.muted = muted
        self.inbox: RoomId | None = None
        self.sessions: list[Session] = []
        self.rooms_joined = 0
        """Rooms it is in, its inbox not counted."""
        self.newest: RequestId | None = None
        """The greatest request id it ever had kept; None while that is not known."""
        self.kept = 0
        """Counts its kept requests: a look-up made before the last of them proves nothing."""
        self.gone_at: float | None = None
        """When its last session was lost, on the monotonic clock."""
        self.away = ""
        """What it said of not being at the keyboard; empty while it is."""
        self.profile = NOTHING_SAID
        """What it says of itself: an account's is its inbox's, a guest's is nowhere else."""
        self.data: Map[str, str] = NO_VALUES
        """Small values under keys: an account's are its inbox's, a guest's are nowhere else."""
        self.markers: Map[str, Marker] = NO_MARKERS
        """How far a guest has read, by target; an account's are its inbox's."""
        self.host = ""
        """That of the last session that ended."""
        self.user = ""
        """The user name of the same."""
        self.left_at = 0
        """When that was, in milliseconds since 1970 UTC."""
        self.spoke_at = 0
        """When it last had something kept, in milliseconds since 1970 UTC; 0 for not since it came."""

    def be_called(self, nick: AccountName) -> None:
        """From here on it is called so."""
        self.nick, self.person = nick, Person(self.principal, nick)

    @property
    def other_nick(self) -> str:
        """What it is called where that is another name than its account's; empty where it is not."""
        return "" if self.nick == self.name else self.nick

    @property
    def registered(self) -> bool:
        """Whether it is an account."""
        return is_account(self.principal)

    @property
    def is_admin(self) -> bool:
        """Whether it is an administrator, by its account or because one lent a session of its the rights."""
        return self.role is AccountRole.ADMIN or any(session.lender is not None for session in self.sessions)


class Announcement(msgspec.Struct, frozen=True):
    """A room that a session is to be told of before its entries."""

    place: int | None
    """The last entry the device says it has; None where the room is new to it."""
    show: int
    """How many entries before the head a room begins that is new to the device, or that it must start over."""
    foreign: bool = False
    """Whether the place is of another epoch."""


WITHHELD_MAX: Final = 256
"""Of its own entries, so many are kept from a session that is behind in a room: more than a turn takes of one. Of more,
which takes a room that cannot be read for long, it is told the oldest as everybody is."""


class Apart:
    """What is otherwise for one session in a room behind."""

    __slots__ = ("called", "withheld")

    def __init__(self) -> None:
        self.called: RoomName | None = None
        """What the room was called at its place; None where it is called so still."""
        self.withheld: deque[int] = deque(maxlen=WITHHELD_MAX)
        """The entries that it made itself and is not shown, for it is told of them otherwise."""


class Rest:
    """How long a room that could not be read for a session is left alone."""

    __slots__ = ("failures", "until")

    def __init__(self) -> None:
        self.failures = 0
        """How often in a row."""
        self.until = 0.0
        """When it is tried again, on the monotonic clock."""


class Session:
    """A connection and all that the hub knows of it. The hub is its only owner."""

    __slots__ = (
        "_ignored",
        "_receive",
        "_unsent",
        "account",
        "announcements",
        "apart",
        "attempts",
        "behind",
        "claimed",
        "client",
        "format",
        "full_since",
        "heard_at",
        "held",
        "host",
        "lender",
        "link",
        "live",
        "looked_up",
        "missed",
        "number",
        "online",
        "opened_at",
        "pace",
        "paused",
        "peer",
        "pending",
        "pinged_at",
        "plain_format",
        "proof",
        "protocol",
        "pumping",
        "resting",
        "since",
        "stage",
        "synced",
        "token",
        "unread",
        "wished",
    )

    def __init__(
        self,
        link: Link,
        peer: Peer,
        protocol: ServerProtocol,
        *,
        number: int,
        now: float,
        pace: Pace,
        receive: Callable[[Session, bytes], None],
    ) -> None:
        self.number = number
        """Which connection; not reused while the server runs."""
        self.link = link
        self.peer = peer
        self.protocol = protocol
        self.plain_format: Format = protocol.format
        """How it would read entries if its account ignored nobody; changed by `read_anew` alone."""
        self.format: Format = self.plain_format
        """How it reads entries; changed with it."""
        self._ignored: frozenset[PrincipalId] = frozenset()
        self.pace = pace
        self._receive = receive
        self.stage = Stage.HELLO if protocol.handshake else Stage.VISITOR
        self.online: Online | None = None
        self.token: str | None = None
        """The token it came with or was given; changed by `Devices` alone."""
        self.since = 0
        """When it said who it is, in milliseconds since 1970 UTC."""
        self.host = ""
        """What stands for its address where others see it; known since it said who it is."""
        self.account: PrincipalId | None = None
        """Whose it is, or is about to be: a secret of that account's was right."""
        self.lender: PrincipalId | None = None
        """The administrator whose rights it has been lent until it ends (`hub.lending`)."""
        self.client = ""
        """What its program said it is."""
        self.claimed: FoldedName | None = None
        """The name it is about to bear (`Attendance.claim`)."""
        self.wished = False
        """Whether it has said what its account is to be called."""
        self.attempts = 0
        """Logins that failed on this connection."""
        self.proof: Proof | None = None
        """How far it has come with proving who it is."""
        self.opened_at = self.heard_at = now
        self.pinged_at: float | None = None
        self.full_since: float | None = None
        self._unsent = b""
        """Answers of this turn that are to go out with the next."""
        self.unread = b""
        """Received and not yet understood; at most what one read of the socket brings, because then it is paused."""
        self.pending: list[Request | Malformed] = []
        """Asked and not taken, in order."""
        self.held = False
        """A read, a job or a look-up is under way; nothing later is taken before it is answered."""
        self.paused = False
        """Nothing is read from the socket because too much is pending."""
        self.looked_up: LookedUp | None = None
        """What a look-up found for the first pending request."""

        self.synced = False
        """Whether it said what it has; only then is it told what happens."""
        self.live: list[OpenRoom] = []
        """Open rooms at whose head it is. It is as good as live in its other rooms: nobody writes to those."""
        self.behind: dict[RoomId, int] = {}
        """Rooms it could not follow, each with the last number it was given."""
        self.apart: dict[RoomId, Apart] = {}
        """Rooms behind that it reads otherwise than others would."""
        self.announcements: dict[RoomId, Announcement] = {}
        """Rooms behind of which it must be told first."""
        self.resting: dict[RoomId, Rest] = {}
        """Rooms behind that could not be read."""
        self.missed: dict[RoomId, None] = {}
        """Rooms whose signals were dropped while it was full."""
        self.pumping = False
        """A page for it is being read from the store."""

    def actor(self, *, inside: bool) -> Actor:
        """Whoever it is, as the rules see it; what is listed by an address concerns the session that comes from it."""
        who = self.online
        assert who is not None, "only who has said who it is acts"
        role = who.role if self.lender is None else AccountRole.ADMIN
        user, host, address = self.protocol.user, self.host, self.peer.address
        return Actor(who.principal, who.name, role, inside, who.muted, user, host, address, who.other_nick)

    @property
    def is_admin(self) -> bool:
        """Whether it may do what an administrator may: its account is one, or one has lent it the rights."""
        return self.lender is not None or (self.online is not None and self.online.role is AccountRole.ADMIN)

    def receive(self, data: bytes) -> None:
        """Bytes have come; called by the net."""
        self._receive(self, data)

    def tell(self, unit: Unit, *, more: bool = False) -> None:
        """Say something to this session, if it still listens; with `more` it goes out together with what follows."""
        if self.stage is Stage.ENDED:
            return
        protocol = self.protocol
        data = protocol.tell(unit)
        if more:
            self._unsent += data
            return
        if self._unsent:
            data, self._unsent = self._unsent + data, b""
        if data:
            self.link.write(data)
        if protocol.restless or protocol.format is not self.plain_format:
            self._receive(self, b"")

    def ignores(self, author: PrincipalId) -> bool:
        """Whether what somebody says is not to be shown here."""
        return author in self._ignored

    def ignore(self, people: Iterable[PrincipalId]) -> None:
        """Whom its account ignores is known, or has changed: from here on it reads entries without what they say."""
        self._ignored = frozenset(people)
        self.read_anew()

    @property
    def ignored(self) -> frozenset[PrincipalId]:
        """Whom its account ignores, as far as that is known."""
        return self._ignored

    def read_anew(self) -> None:
        """From here on it reads entries in the protocol's format as that is now."""
        live = list(self.live)
        for opened in live:
            opened.drop_reader(self)
        self.plain_format = self.protocol.format
        self.format = self.plain_format.ignoring(self._ignored)
        for opened in live:
            opened.add_reader(self)

    @property
    def ended(self) -> bool:
        """Whether nothing more may be told or asked."""
        return self.stage is Stage.ENDED
