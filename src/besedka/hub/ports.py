"""What the hub needs of the world, each as a small protocol that asyncio, the simulator and the tests can fill."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Mapping, Sequence
from enum import Enum
from typing import Any, Protocol

import msgspec

from besedka.chat.audit import AuditLine
from besedka.chat.entries import Entry, RequestId, RoomId, RoomName
from besedka.chat.mending import Rewrite
from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.rooms import Room
from besedka.chat.told import ReactionCount

# What went wrong -------------------------------------------------------------------------------------------------
#
# StoreFault            the store could not do it, or nobody knows whether it did
# ├── StoreUnsure       an append whose outcome is unknown: read again before believing anything
# └── NameTaken         an account of that name is there already (nothing was written)


class StoreFault(Exception):
    """The store could not do what it was asked. Its text names no value that a person wrote."""


class StoreUnsure(StoreFault):
    """It is not known whether an append was kept."""


class NameTaken(StoreFault):
    """An account of that folded name exists."""


# Logs ------------------------------------------------------------------------------------------------------------


class Numbered(msgspec.Struct, frozen=True):
    """An entry to be kept, and the request id that must find it again (None for what follows from another)."""

    entry: Entry
    request: RequestId | None


class Addition(msgspec.Struct, frozen=True):
    """What one commit adds to one room."""

    before: Room
    """The room the entries were judged on; it must still be at `before.head` (0: it must not exist)."""
    after: Room
    """The room they make of it, kept by the same commit."""
    entries: Sequence[Numbered]
    """Not empty; consecutive from `before.head + 1`."""
    rewrites: Sequence[Rewrite] = ()
    """What edits and redactions among the entries make of entries that are kept already, in order."""


class Kept(msgspec.Struct, frozen=True):
    """The addition is durable."""


class Moved(msgspec.Struct, frozen=True):
    """The room is not what the entries were judged on; nothing was added to it."""

    head: int


class Receipt(msgspec.Struct, frozen=True):
    """Where a request was kept: its room and the number of its first entry."""

    room: RoomId
    number: int


class RoomBrief(msgspec.Struct, frozen=True):
    """What a sync needs to know of one room of somebody's."""

    room: RoomId
    head: int
    member: bool
    """Whether it is a member now; otherwise it was one."""


class Unread(msgspec.Struct, frozen=True):
    """One room of somebody's, and how much of it is unread."""

    room: Room
    """Its members left out, but for the two of a direct room."""
    members: int
    read: int
    """The number of the read marker; where there is none, that of the entry before one's own joining."""
    unread: int
    """Messages after it."""
    mentions: int
    """Of those, how many call this account, or everybody."""


class Reactions(msgspec.Struct, frozen=True):
    """What there is of reactions to one message."""

    mine: bool
    """Whether the one who asks has put this one."""
    count: int
    """All reactions by everybody."""


class AuditRow(msgspec.Struct, frozen=True):
    """One line of the audit trail."""

    time: int
    """Milliseconds since 1970 UTC."""
    by: AccountName
    room: RoomName
    """Empty for what an operator decided about the whole server."""
    line: AuditLine


class Page(msgspec.Struct, frozen=True):
    """Consecutive kept entries of a room, oldest first."""

    entries: tuple[Entry, ...]


class LogStore(Protocol):
    """The truth about rooms. Every answer is as of one moment; each call is one short transaction."""

    @property
    def epoch(self) -> str:
        """The random name of this log."""
        ...

    @property
    def boot(self) -> int:
        """How many times this log has been opened, this one included: what guests' ids begin with."""
        ...

    @property
    def host_key(self) -> bytes:
        """32 random bytes made with this log: what addresses are hashed with before anybody sees them."""
        ...

    @property
    def rooms_given(self) -> int:
        """The highest room id ever given out, as of opening; the hub counts on from there."""
        ...

    async def append(self, additions: Sequence[Addition]) -> Sequence[Kept | Moved]:
        """Keep all that still fit, durably, in one commit; answer for each in order.

        Raises `StoreUnsure` when the outcome is not known, another `StoreFault` when nothing was kept.
        """
        ...

    async def room(self, room: RoomId) -> Room | None:
        """The room as of its head."""
        ...

    async def room_named(self, name: FoldedName) -> RoomId | None:
        """The room that bears this name now, or else the one it leads on to; archived rooms bear none."""
        ...

    async def direct_room(self, one: PrincipalId, other: PrincipalId) -> RoomId | None:
        """The direct room of two principals (the same twice: with oneself), in any order."""
        ...

    async def inbox(self, account: PrincipalId) -> RoomId | None:
        """The account's own log."""
        ...

    async def page(self, room: RoomId, *, after: int, upto: int, limit: int, bytes_max: int) -> Page:
        """The first entries with `after < number <= upto`, at most `limit` and about `bytes_max` (one at least)."""
        ...

    async def page_before(self, room: RoomId, *, before: int, first: int, limit: int, bytes_max: int) -> Page:
        """The last entries with `first <= number < before`, oldest first, bounded in the same way."""
        ...

    async def newest_request(self, sender: PrincipalId) -> RequestId | None:
        """The greatest request id this sender ever had kept, in any room. A greater one is certainly new."""
        ...

    async def kept_request(self, sender: PrincipalId, request: RequestId, room: RoomId | None) -> Receipt | None:
        """The first entry kept for this request in `room`, or (None) in whichever room has one; outlives the entry."""
        ...

    async def briefs(self, account: PrincipalId) -> Sequence[RoomBrief]:
        """Every room the account is or was a member of, its inbox included, by id."""
        ...

    async def public_rooms(self, *, limit: int) -> Sequence[Room]:
        """Rooms with a name that are neither hidden nor archived, by name, with their members left out."""
        ...

    async def member_counts(self, rooms: Sequence[RoomId]) -> Mapping[RoomId, int]:
        """How many members each of these rooms has."""
        ...

    async def entry(self, room: RoomId, number: int) -> Entry | None:
        """One kept entry as it stands now."""
        ...

    async def reactions(self, room: RoomId, number: int, principal: PrincipalId, reaction: str) -> Reactions:
        """Whether somebody put this reaction to a message, and how many everybody did."""
        ...

    async def reaction_counts(
        self, room: RoomId, *, first: int, last: int, principal: PrincipalId, limit: int
    ) -> Sequence[ReactionCount]:
        """The reactions to messages `first <= number <= last`, by number and then as they were first put."""
        ...

    async def said_by(self, room: RoomId, number: int) -> int:
        """How many messages the room had as of this entry; 0 for none."""
        ...

    async def number_at(self, room: RoomId, time: int) -> int:
        """The last entry that is not younger than `time` (milliseconds since 1970 UTC); 0 for none."""
        ...

    async def unread(self, account: PrincipalId) -> Sequence[Unread]:
        """The rooms the account is a member of, its inbox not among them, by id."""
        ...

    async def rooms_with_marks_due(self, *, now: int, limit: int) -> Sequence[RoomId]:
        """Rooms that are not archived and list a mask whose time is over at `now`."""
        ...

    async def audit(self, *, limit: int) -> Sequence[AuditRow]:
        """The last lines of the audit trail, the oldest first. Acts in rooms are put there by `append`."""
        ...

    async def add_audit(self, row: AuditRow) -> None:
        """Put an operator's act there, durably."""
        ...

    async def scrub(self) -> bool:
        """See that nothing of what was redacted or rewritten is left in the files; whether that is so now.

        Cheap where nothing was. False where a reader was in the way: try again soon.
        """
        ...

    async def passing_rooms(self) -> Sequence[RoomId]:
        """Rooms without an owner that are not archived yet; looked at once, at start."""
        ...


class Step(msgspec.Struct, frozen=True):
    """Something begun in both of the store's files that must be finished, by the next start at the latest."""

    id: int
    what: str
    """JSON of whoever began it; repeating it must be harmless."""


class Steps(Protocol):
    """What is unfinished because no transaction spans both files. Every change is durable before it returns."""

    async def add_step(self, what: str) -> int:
        """Note it before the first file is touched; the id is for `finish_step`."""
        ...

    async def finish_step(self, step: int) -> None:
        """Both files have it. Repeating it is harmless."""
        ...

    async def pending_steps(self) -> Sequence[Step]:
        """What is to be finished, the oldest first."""
        ...


# People ----------------------------------------------------------------------------------------------------------


class Account(msgspec.Struct, frozen=True):
    """A registered person, without its secrets."""

    id: PrincipalId
    name: AccountName
    role: AccountRole
    first_seen: int
    """When it was made, in milliseconds since 1970 UTC."""
    first_address: str
    last_seen: int
    last_address: str
    muted: bool = False


class Credentials(msgspec.Struct, frozen=True):
    """What a login is checked against. The hash never leaves the store and the keys."""

    account: Account
    password_hash: str

    def __repr__(self) -> str:
        """Without the hash."""
        return f"<Credentials of {self.account.id}>"


class InvitationState(Enum):
    """Whether an invitation code lets somebody in."""

    GOOD = "good"
    BAD = "bad"


class Token(msgspec.Struct, frozen=True):
    """A device of somebody's that may come back without the password."""

    handle: str
    """What it is called (`hub.tokens.token_handle`); nothing that leads to the token."""
    client: str
    """What its program said it is."""
    address: str
    used: int
    """When it was last used, in milliseconds since 1970 UTC."""


class AccountStore(Protocol):
    """The truth about people. Tokens and invitations come in as they were made and are stored hashed."""

    async def credentials(self, name: FoldedName) -> Credentials | None:
        """The account of this name with its hash."""
        ...

    async def account(self, account: PrincipalId) -> Account | None:
        """The account of this id."""
        ...

    async def account_named(self, name: FoldedName) -> Account | None:
        """The account of this name, without its hash."""
        ...

    async def add_account(
        self,
        *,
        name: AccountName,
        password_hash: str,
        role: AccountRole,
        address: str,
        now: int,
        invitation: str | None,
    ) -> Account:
        """Make an account, spending one use of `invitation` in the same commit where one is given.

        Raises `NameTaken`; raises `StoreFault` if the invitation has meanwhile been used up.
        """
        ...

    async def invitation(self, code: str, *, now: int) -> InvitationState:
        """Whether the code is known, not expired and not used up."""
        ...

    async def rehash(self, account: PrincipalId, *, old: str, new: str) -> None:
        """Replace a hash by a better one of the same password, unless it has changed meanwhile."""
        ...

    async def visited(self, account: PrincipalId, *, address: str, now: int) -> None:
        """Note a login: time and address of the last visit, and that this address has succeeded for this account."""
        ...

    async def known_address(self, account: PrincipalId, address: str) -> bool:
        """Whether a login to this account has ever succeeded from this address."""
        ...

    async def add_token(
        self, account: PrincipalId, *, token: str, client: str, address: str, now: int, expires: int, at_most: int
    ) -> None:
        """Keep a session token (hashed); the account's oldest beyond `at_most` die."""
        ...

    async def tokens(self, account: PrincipalId, *, now: int) -> Sequence[Token]:
        """The live tokens of an account, the one last used first."""
        ...

    async def drop_tokens(self, account: PrincipalId, *, handle: str | None = None, but: str | None = None) -> int:
        """End the token of this handle, or (None) all of the account but the one of handle `but`; how many ended."""
        ...

    async def change_password(self, account: PrincipalId, *, old: str, new: str, but: str | None) -> bool:
        """Replace the hash `old` by `new` and end all tokens but that of handle `but`, in one commit.

        False, and nothing done, where the hash is another by now.
        """
        ...

    async def redeem_token(self, token: str, *, now: int, expires: int) -> Account | None:
        """Whose live token this is, prolonging it until `expires`."""
        ...

    async def drop_token(self, token: str) -> None:
        """End one token."""
        ...

    async def banned(self, account: PrincipalId | None, address: str, *, now: int) -> bool:
        """Whether a ban on this account or address is in force."""
        ...


class Keys(Protocol):
    """Password hashing, off the hub's back, with bounded concurrency of its own."""

    async def hash(self, password: str) -> str:
        """A new hash of the password, with its parameters and salt."""
        ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password. `None` costs as much as a real check and is never true."""
        ...

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash should be made anew at this login (old parameters, or a wrapped MD5)."""
        ...


# The machine -----------------------------------------------------------------------------------------------------


class Clock(Protocol):
    """Time, as the world has it."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC; may jump."""
        ...

    def seconds(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def wait_seconds(self, seconds: float) -> Awaitable[None]:
        """Come back after this long."""
        ...


class Bell(Protocol):
    """Wakes the hub. Ringing a rung bell changes nothing; waiting takes the ring away."""

    def ring(self) -> None:
        """There is work."""
        ...

    def wait_ring(self) -> Awaitable[None]:
        """Come back as soon as there is work."""
        ...


class Tasks(Protocol):
    """Runs what is served beside the turn. A task that fails is reported by its owner, never silently."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it beside the turn."""
        ...


class Dice(Protocol):
    """Chance."""

    def token_bytes(self, count: int) -> bytes:
        """Bytes nobody can guess."""
        ...


class Journal(Protocol):
    """The service log. Fields are made harmless by the journal; no field is ever a secret or a message body."""

    def note(self, event: str, **fields: str | int | float) -> None:
        """One line about something that happened."""
        ...

    def fault(self, event: str, error: BaseException) -> None:
        """One line and the frames of an internal error, without values."""
        ...


class Peer(msgspec.Struct, frozen=True):
    """Who is at the other end, decided once by the net."""

    address: str
    """The true address, without a port: a proxy's word where the proxy is trusted."""
    safe: bool
    """Whether a secret may travel this way: TLS, a true loopback, or the operator's leave."""
    way: str
    """For the log: `native`, `text`, `native+tls` and so on."""


class Link(Protocol):
    """The connection under a session, as the hub sees it."""

    full: bool
    """Whether more than `buffer_bytes_max` is unsent; it calls `Hub.drained` when that ends."""

    def write(self, data: bytes) -> None:
        """Send, in order, without waiting. Only the hub's bounds keep this small."""
        ...

    def close(self) -> None:
        """Send what was written, then close, within the link's own deadline; it calls `Hub.lost` at the end."""
        ...

    def abort(self) -> None:
        """Close at once, dropping what is unsent."""
        ...

    def pause(self) -> None:
        """Read nothing more until `go_on`."""
        ...

    def go_on(self) -> None:
        """Read again."""
        ...
