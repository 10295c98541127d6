"""The stores in memory, for tests and the simulator.

They pass the same contract as the SQLite ones (`tests/contracts`). Nothing here knows an event loop: every coroutine
runs to its end without suspending, unless the disturbance it was given suspends it. A disturbance that raises before
the change has lost it, one that raises after has kept it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, Self

import msgspec

from besedka.chat.audit import audit_line
from besedka.chat.entries import Entry, Kind, Message, Reacted, RequestId, RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import PrincipalId
from besedka.chat.retention import Floor, Retention
from besedka.chat.rooms import Reading, Room, reading
from besedka.chat.searching import Query
from besedka.chat.told import ReactionCount
from besedka.hub.keeping import (
    Addition,
    AuditRow,
    FloorsDue,
    Found,
    Kept,
    LastSaid,
    Moved,
    Page,
    Reactions,
    ReadableRoom,
    Receipt,
    RoomBrief,
    SearchPlace,
    Unread,
)
from besedka.hub.seen import RoomSeen
from besedka.store.memory_accounts import MemoryAccountStore as MemoryAccountStore
from besedka.store.memory_belongings import MemoryBelongings
from besedka.store.memory_views import (
    by_name,
    counts_of,
    fitting_of,
    floor_of,
    in_a_list,
    meant,
    names_of,
    old_lines,
    only,
    readable,
    said_in,
    seen,
    unread_of,
    without_people,
)
from besedka.store.sifting import Ask, page_of, sifted


class Disturbance(Protocol):
    """What may happen around a call: it may suspend or raise a `StoreFault`; `call` is the method's name."""

    async def before(self, call: str) -> None:
        """The call has arrived and nothing was done yet."""
        ...

    async def after(self, call: str) -> None:
        """What the call changes is kept, and its caller does not know yet. Only `append` comes here."""
        ...


class Calm:
    """Nothing ever happens."""

    async def before(self, call: str) -> None:
        """Go on at once."""

    async def after(self, call: str) -> None:
        """Go on at once."""


class MemoryLogStore(MemoryBelongings):
    """Rooms in dictionaries."""

    def __init__(self, *, epoch: str = "memory", disturbance: Disturbance | None = None) -> None:
        super().__init__()
        self.epoch = epoch
        self.boot = 1
        self.host_key = b"memory".ljust(32)
        self.rooms_given = 0
        self._disturbance = disturbance or Calm()
        self._rooms: dict[RoomId, Room] = {}
        self._entries: dict[RoomId, list[Entry]] = {}
        """From number 1 on."""
        self._requests: dict[PrincipalId, dict[tuple[RequestId, RoomId], int]] = {}
        self._reactions: dict[tuple[RoomId, int], dict[tuple[str, PrincipalId], int]] = {}
        """By room and number of the message, in the order they were put."""
        self._gone: dict[RoomId, int] = {}
        """How many of a room's first entries nobody can read any more."""
        self._audit: list[AuditRow] = []
        self.closed = False

    def reopened(self, *, epoch: str | None = None, disturbance: Disturbance | None = None) -> Self:
        """What the next process finds: all that was kept so far, one boot later.

        A copy made earlier and reopened under another epoch is a restore of a backup.
        """
        other = type(self)(epoch=epoch or self.epoch, disturbance=disturbance or self._disturbance)
        other.boot = self.boot + 1
        other.rooms_given = max(self._rooms, default=0)
        other._rooms = dict(self._rooms)
        other._entries = {room: list(entries) for room, entries in self._entries.items()}
        other._requests = {sender: dict(kept) for sender, kept in self._requests.items()}
        other._reactions = {message: dict(put) for message, put in self._reactions.items()}
        other._gone = dict(self._gone)
        other._audit = list(self._audit)
        other.host_key = self.host_key
        other._steps = dict(self._steps)
        other._steps_given = self._steps_given
        return other

    async def close(self) -> None:
        """Nothing to let go of."""
        self.closed = True

    async def append(self, additions: Sequence[Addition]) -> Sequence[Kept | Moved]:
        """Keep what still fits, all at one moment."""
        await self._disturbance.before("append")
        answers = [self._add(addition) for addition in additions]
        await self._disturbance.after("append")
        return answers

    def _add(self, addition: Addition) -> Kept | Moved:
        before, after = addition.before, addition.after
        known = self._rooms.get(before.id)
        head = known.head if known else 0
        if head != before.head or self._place_taken(after):
            return Moved(head)
        if known is not None and known.floor != after.floor:
            after = msgspec.structs.replace(after, floor=known.floor, pruned=known.pruned)
        self._rooms[after.id] = after
        entries = self._entries.setdefault(after.id, [])
        for numbered in addition.entries:
            entry = numbered.entry
            entries.append(entry)
            if numbered.request is not None:
                kept = self._requests.setdefault(entry.author, {})
                kept.setdefault((numbered.request, after.id), entry.number)
            self._note(after, entry)
        for rewrite in addition.rewrites:
            entries[rewrite.number - 1] = msgspec.structs.replace(entries[rewrite.number - 1], body=rewrite.body)
        assert len(entries) == after.head, "entries with a gap"
        return Kept()

    def _note(self, room: Room, entry: Entry) -> None:
        body = entry.body
        if isinstance(body, Reacted):
            put = self._reactions.setdefault((room.id, body.number), {})
            put.pop((body.reaction, entry.author), None)
            if not body.withdrawn:
                put[body.reaction, entry.author] = entry.number
        line = audit_line(entry)
        if line is not None:
            self._audit.append(AuditRow(entry.time, entry.name, room.name, line))

    def _place_taken(self, new: Room) -> bool:
        return any(
            names_of(new) & names_of(room)
            or (new.pair is not None and new.pair == room.pair)
            or (new.kind is Kind.INBOX and room.kind is Kind.INBOX and new.owner == room.owner)
            for room in self._rooms.values()
            if room.id != new.id
        )

    async def room(self, room: RoomId) -> Room | None:
        """The room as of its head."""
        await self._disturbance.before("room")
        return self._rooms.get(room)

    async def room_named(self, name: FoldedName) -> RoomId | None:
        """The room that bears this name now, or else the one it leads on to."""
        await self._disturbance.before("room_named")
        return only(room.id for room in self._rooms.values() if name in names_of(room))

    async def direct_room(self, one: PrincipalId, other: PrincipalId) -> RoomId | None:
        """The direct room of two principals."""
        await self._disturbance.before("direct_room")
        pair = (min(one, other), max(one, other))
        return only(room.id for room in self._rooms.values() if room.pair == pair)

    async def inbox(self, account: PrincipalId) -> RoomId | None:
        """The account's own log."""
        await self._disturbance.before("inbox")
        return only(room.id for room in self._rooms.values() if room.kind is Kind.INBOX and room.owner == account)

    async def page(
        self, room: RoomId, *, after: int, upto: int, limit: int, bytes_max: int, messages: bool = False
    ) -> Page:
        """The first entries with `after < number <= upto`."""
        await self._disturbance.before("page")
        entries = self._entries.get(room, [])[max(after, self._gone.get(room, 0)) : max(upto, 0)]
        return Page(tuple(fitting_of(meant(entries, messages=messages), limit, bytes_max)))

    async def page_before(
        self, room: RoomId, *, before: int, first: int, limit: int, bytes_max: int, messages: bool = False
    ) -> Page:
        """The last entries with `first <= number < before`."""
        await self._disturbance.before("page_before")
        entries = self._entries.get(room, [])[max(first - 1, self._gone.get(room, 0)) : max(before - 1, 0)]
        return Page(tuple(reversed(fitting_of(meant(reversed(entries), messages=messages), limit, bytes_max))))

    async def newest_request(self, sender: PrincipalId) -> RequestId | None:
        """The greatest request id this sender ever had kept."""
        await self._disturbance.before("newest_request")
        return max((request for request, _ in self._requests.get(sender, {})), default=None)

    async def kept_request(self, sender: PrincipalId, request: RequestId, room: RoomId | None) -> Receipt | None:
        """The first entry kept for this request."""
        await self._disturbance.before("kept_request")
        kept = self._requests.get(sender, {})
        if room is None:
            room = min((there for known, there in kept if known == request), default=None)
        number = None if room is None else kept.get((request, room))
        return None if room is None or number is None else Receipt(room, number)

    async def briefs(self, account: PrincipalId) -> Sequence[RoomBrief]:
        """Every room the account is or was in, and its inbox, by id."""
        await self._disturbance.before("briefs")
        return [
            RoomBrief(room.id, room.head, account not in room.former)
            for _, room in sorted(self._rooms.items())
            if account in room.members or account in room.former or (room.kind is Kind.INBOX and room.owner == account)
        ]

    async def public_rooms(self, *, limit: int) -> Sequence[Room]:
        """Rooms with a name that are neither hidden nor archived, by name, without their members."""
        await self._disturbance.before("public_rooms")
        return [without_people(room) for room in by_name(self._rooms.values()) if not room.hidden][:limit]

    async def member_counts(self, rooms: Sequence[RoomId]) -> Mapping[RoomId, int]:
        """How many members each of these rooms has."""
        await self._disturbance.before("member_counts")
        return {room: len(self._rooms[room].members) if room in self._rooms else 0 for room in rooms}

    async def passing_rooms(self) -> Sequence[RoomId]:
        """Rooms without an owner that are not archived yet."""
        await self._disturbance.before("passing_rooms")
        return [room.id for _, room in sorted(self._rooms.items()) if room.passing and not room.archived]

    async def rooms_seen(self, *, limit: int) -> Sequence[RoomSeen]:
        """Public and private rooms that are not archived, by name."""
        await self._disturbance.before("rooms_seen")
        return [seen(room) for room in by_name(self._rooms.values())[:limit]]

    async def messages_kept(self) -> int:
        """How many messages of all rooms are kept."""
        return sum(room.messages - room.pruned for room in self._rooms.values())

    async def rooms_with_marks_due(self, *, now: int, limit: int) -> Sequence[RoomId]:
        """Rooms that list a mask whose time is over at `now`, the longest overdue first."""
        await self._disturbance.before("rooms_with_marks_due")
        due = [(room.governance.next_due(), room.id) for room in self._rooms.values() if not room.archived]
        return [room for time, room in sorted((time, room) for time, room in due if time is not None and time <= now)][
            :limit
        ]

    async def entry(self, room: RoomId, number: int) -> Entry | None:
        """One kept entry as it stands now."""
        await self._disturbance.before("entry")
        entries = self._entries.get(room, [])
        return entries[number - 1] if self._gone.get(room, 0) < number <= len(entries) else None

    async def reactions(self, room: RoomId, number: int, principal: PrincipalId, reaction: str) -> Reactions:
        """Whether somebody put this reaction to a message, and how many everybody did."""
        await self._disturbance.before("reactions")
        put = self._reactions.get((room, number), {})
        return Reactions((reaction, principal) in put, len(put))

    async def reaction_counts(
        self, room: RoomId, *, first: int, last: int, upto: int, principal: PrincipalId, limit: int
    ) -> Sequence[ReactionCount]:
        """The reactions to the messages from `first` to `last` put by `upto`, by number and then as first put."""
        await self._disturbance.before("reaction_counts")
        there = ((number, put) for (one, number), put in self._reactions.items() if one == room)
        return counts_of(((number, put) for number, put in there if first <= number <= last), upto, principal)[:limit]

    async def said_by(self, room: RoomId, number: int) -> int:
        """How many messages the room had as of this entry; of one before the floor, as of the last of those."""
        await self._disturbance.before("said_by")
        pruned = self._rooms[room].pruned if room in self._rooms else 0
        return max(said_in(self._entries.get(room, [])[: max(number, 0)]), pruned)

    async def number_at(self, room: RoomId, time: int) -> int:
        """The last entry that is not younger than `time`."""
        await self._disturbance.before("number_at")
        floor = self._rooms[room].floor if room in self._rooms else 1
        number = sum(entry.time <= time for entry in self._entries.get(room, []))
        return number if number >= floor else 0

    async def last_said(
        self, principal: PrincipalId, *, after: int, before: int, beside: Sequence[RoomId] = ()
    ) -> Sequence[LastSaid]:
        """Where the last message was said between these times, by id."""
        await self._disturbance.before("last_said")
        found = []
        for _, room in sorted(self._rooms.items()):
            readable = Reading(1, None) if room.id in beside else reading(room, principal, inside=False)
            if readable is None or readable.last is not None or room.kind is Kind.INBOX:
                continue
            first = max(readable.first, room.floor)
            said = [one.time for one in self._entries[room.id][first - 1 :] if isinstance(one.body, Message)]
            if said and after < said[-1] < before:
                found.append(LastSaid(in_a_list(room), said[-1]))
        return found

    async def readable_rooms(self, principal: PrincipalId) -> Sequence[ReadableRoom]:
        """Every room somebody is or was a member of, by id."""
        await self._disturbance.before("readable_rooms")
        return [*readable(principal, self._rooms.values())]

    async def unread(self, account: PrincipalId) -> Sequence[Unread]:
        """The rooms the account is a member of, by id."""
        await self._disturbance.before("unread")
        inbox = next((one for one in self._rooms.values() if one.kind is Kind.INBOX and one.owner == account), None)
        mine = [room for _, room in sorted(self._rooms.items()) if account in room.members]
        return [unread_of(room, self._entries[room.id], account, inbox) for room in mine]

    async def audit(self, *, limit: int) -> Sequence[AuditRow]:
        """The last lines of the audit trail, the oldest first."""
        await self._disturbance.before("audit")
        return self._audit[max(len(self._audit) - limit, 0) :]

    async def add_audit(self, row: AuditRow) -> None:
        """Put an operator's act there."""
        await self._disturbance.before("add_audit")
        self._audit.append(row)

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
        """The newest messages that match; every one is compared."""
        await self._disturbance.before("search")
        there = [self._rooms[room] for room in scope if room in self._rooms]
        entries = ((room.id, entry) for room in there for entry in self._entries[room.id][room.floor - 1 :])
        ask = Ask(query, scope, older_than, limit, bytes_max, spans_max)
        return page_of(ask, sifted(query, entries, scope))

    async def floors_due(self, retention: Retention, *, now: int, after: RoomId, limit: int) -> FloorsDue:
        """The rooms whose floors are to rise, or have risen unswept, by id."""
        await self._disturbance.before("floors_due")
        rooms = [room for id_, room in sorted(self._rooms.items()) if id_ > after][:limit]
        floors = [floor_of(room, self._entries[room.id], retention, now=now) for room in rooms]
        due = tuple(floor for floor in floors if self._gone.get(floor.room, 0) < floor.number - 1)
        return FloorsDue(due, rooms[-1].id if len(rooms) == limit else None)

    async def raise_floors(self, floors: Sequence[Floor]) -> None:
        """Let floors rise."""
        await self._disturbance.before("raise_floors")
        for floor in floors:
            room = self._rooms[floor.room]
            if room.floor < floor.number:
                self._rooms[room.id] = msgspec.structs.replace(room, floor=floor.number, pruned=floor.pruned)

    async def prune(self, room: RoomId, *, limit: int) -> bool:
        """Forget the first entries before the floor; whether there may be more."""
        await self._disturbance.before("prune")
        gone = self._gone.get(room, 0)
        last = min(gone + limit, self._rooms[room].floor - 1)
        for number in range(gone + 1, last + 1):
            self._reactions.pop((room, number), None)
        self._gone[room] = last
        return last - gone == limit

    async def prune_audit(self, *, before: int, keep: int, limit: int) -> bool:
        """Forget the first lines of the audit trail; whether there may be more."""
        await self._disturbance.before("prune_audit")
        old = old_lines(self._audit, before=before, keep=keep, limit=limit)
        del self._audit[:old]
        return old == limit

    async def shrink(self, *, pages: int) -> bool:
        """There is no file."""
        await self._disturbance.before("shrink")
        return pages < 0

    async def scrub(self) -> bool:
        """There is no file."""
        await self._disturbance.before("scrub")
        return True
