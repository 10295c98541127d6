"""What the hub needs of whoever keeps its logs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from besedka.chat.audit import AuditLine
from besedka.chat.entries import Entry, Kind, Person, RequestId, RoomId, RoomName
from besedka.chat.mending import Rewrite
from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.retention import Floor, Retention
from besedka.chat.rooms import Reading, Room
from besedka.chat.searching import Query
from besedka.chat.told import ReactionCount
from besedka.hub.belongings import Belongings
from besedka.hub.belongings import Step as Step
from besedka.hub.belongings import Steps as Steps


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


class LastSaid(msgspec.Struct, frozen=True):
    """A room of somebody's, and when the last message in it was said that they may read."""

    room: Room
    """Its members left out, but for the two of a direct room."""
    time: int
    """Milliseconds since 1970 UTC."""


class ReadableRoom(msgspec.Struct, frozen=True):
    """A room of which somebody may read something."""

    room: RoomId
    kind: Kind
    name: RoomName
    """Empty for a direct room, and for a hidden one that was left: what that is called now is not told (P7)."""
    reading: Reading
    """From where it is still kept."""
    people: tuple[Person, ...] = ()
    """The two of a direct room, in the order of its pair."""


class Page(msgspec.Struct, frozen=True):
    """Consecutive kept entries of a room, oldest first."""

    entries: tuple[Entry, ...]


class FloorsDue(msgspec.Struct, frozen=True):
    """Where floors are to rise, or have risen and entries before them are still there."""

    floors: tuple[Floor, ...]
    next: RoomId | None
    """After which room to look on; None where there is no more."""


class SearchPlace(msgspec.Struct, frozen=True, order=True):
    """Where a message stands among all rooms' messages: by time, then by room, then by number."""

    time: int
    """Milliseconds since 1970 UTC."""
    room: RoomId
    number: int


class FoundMessage(msgspec.Struct, frozen=True):
    """A message that was looked for."""

    room: RoomId
    entry: Entry
    """As whoever asks may read it."""
    spans: Sequence[tuple[int, int]] = ()
    """Where in its text words stand first, as `chat.searching.spans` has it: in long texts that takes milliseconds."""

    @property
    def place(self) -> SearchPlace:
        """Where it stands among all."""
        return SearchPlace(self.entry.time, self.room, self.entry.number)


class Found(msgspec.Struct, frozen=True):
    """A page of what was looked for, the newest first."""

    messages: tuple[FoundMessage, ...]
    next: SearchPlace | None
    """What the next page is to be older than; None where there is no more. A short page need not be the last."""
    since: int = 0
    """Everything from this time on was looked through, in milliseconds since 1970 UTC; 0 where all of it was.

    Older messages are not all indexed yet: the search is to be repeated later.
    """


class LogStore(Belongings, Protocol):
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

    async def page(
        self, room: RoomId, *, after: int, upto: int, limit: int, bytes_max: int, messages: bool = False
    ) -> Page:
        """The first entries with `after < number <= upto`, at most `limit` and about `bytes_max` (one at least).

        With `messages` only those, and then they are not consecutive.
        """
        ...

    async def page_before(
        self, room: RoomId, *, before: int, first: int, limit: int, bytes_max: int, messages: bool = False
    ) -> Page:
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
        self, room: RoomId, *, first: int, last: int, upto: int, principal: PrincipalId, limit: int
    ) -> Sequence[ReactionCount]:
        """The reactions to messages `first <= number <= last` that stand and were put by entries up to `upto`.

        By number, and then as they were first put.
        """
        ...

    async def said_by(self, room: RoomId, number: int) -> int:
        """How many messages the room had as of this entry; 0 for none."""
        ...

    async def number_at(self, room: RoomId, time: int) -> int:
        """The last entry that is not younger than `time` (milliseconds since 1970 UTC); 0 for none."""
        ...

    async def last_said(
        self, principal: PrincipalId, *, after: int, before: int, beside: Sequence[RoomId] = ()
    ) -> Sequence[LastSaid]:
        """Where the last message was said between these times (exclusive, in milliseconds), by id.

        Of the rooms that somebody is a member of, their inbox not among them, and of those `beside`, which are public.
        """
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

    async def readable_rooms(self, principal: PrincipalId) -> Sequence[ReadableRoom]:
        """Every room somebody is or was a member of, by id, its inbox not among them; archived rooms are."""
        ...

    async def search(
        self,
        query: Query,
        scope: Mapping[RoomId, Reading],
        *,
        older_than: SearchPlace | None,
        limit: int,
        bytes_max: int,
        spans_max: int,
    ) -> Found:
        """The newest messages that match, in these rooms and from and to where these may be read.

        At most `limit` and about `bytes_max` (one at least), and `spans_max` places in each. Never stale: what was kept
        before it was asked is found, and nobody finds a message by words that were taken back, or that they may not
        read.
        """
        ...

    async def floors_due(self, retention: Retention, *, now: int, after: RoomId, limit: int) -> FloorsDue:
        """The rooms whose floors are to rise at `now`, and those with entries before their floor, by id.

        Looks at no more than `limit` rooms, those whose ids follow `after`. `retention` is the server's. A room that
        cannot be read is passed over.
        """
        ...

    async def raise_floors(self, floors: Sequence[Floor]) -> None:
        """Let floors rise, durably, in one commit; one that is higher already stays.

        What lies before a floor may go from then on, and nobody is to be told of it any more. An `append` of what was
        judged before that leaves the floor where it is.
        """
        ...

    async def prune(self, room: RoomId, *, limit: int) -> bool:
        """Forget the first entries before a room's floor, at most `limit`; whether there may be more.

        Mentions of them, and reactions to them, go with them; request ids stay.
        """
        ...

    async def prune_audit(self, *, before: int, keep: int, limit: int) -> bool:
        """Forget the first lines of the audit trail, at most `limit`; whether there may be more.

        Those from before a time (milliseconds since 1970 UTC), and those before the last `keep`.
        """
        ...

    async def shrink(self, *, pages: int) -> bool:
        """Give back some of what is free in the file, at most so many pages of it; whether there is more to give."""
        ...

    async def scrub(self) -> bool:
        """See that nothing of what was redacted, rewritten or pruned is left in the files; whether that is so now.

        Cheap where nothing was. False where a reader was in the way: try again soon.
        """
        ...

    async def passing_rooms(self) -> Sequence[RoomId]:
        """Rooms without an owner that are not archived yet; looked at once, at start."""
        ...
