"""The rooms held in memory: their state, their last entries, and who reads them at the head.

A room is open while it is used; only an open room can be written to. So whoever is in a room that is not open is
at its head without anything being kept for it: a session in a thousand quiet rooms costs what one in none does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from besedka.chat.entries import Edited, Entry, Kind, Reacted, Redacted, RoomId
from besedka.chat.mending import Rewrite
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import PrincipalId
from besedka.chat.retention import Floor
from besedka.chat.rooms import Reading, Room, reading
from besedka.hub.keeping import RoomBrief
from besedka.limits import Limits
from besedka.wire.protocol import Format

if TYPE_CHECKING:
    from besedka.hub.session import Online, Session


NOWHERE = Room(RoomId(0))
"""What a request is judged on where there is no room; one that opens a room gets its id only then."""


class OpenRoom:
    """A room in memory. `state` is what is kept; nothing tentative ever gets here."""

    __slots__ = ("_tail_max", "guests", "put_out", "readers", "stale", "state", "tail", "used_at")

    def __init__(self, state: Room, *, tail_max: int, now: float) -> None:
        self.state = state
        self.tail: list[Entry] = []
        """The last entries, consecutive up to the head; those before must be read from the store.

        A list and not a deque, as is what a session has pending: an empty deque takes 0.7 KiB, and most are empty.
        """
        self._tail_max = tail_max
        self.readers: dict[Format, list[Session]] = {}
        """Sessions at the head, by format."""
        self.guests: dict[PrincipalId, Online] = {}
        """Guests present. Their membership is their session."""
        self.put_out: dict[PrincipalId, int] = {}
        """Guests still online that were put out, each with the number of the entry that did it: they read up to it."""
        self.stale = False
        """An append to it failed or is unknown: it is read again before anything else."""
        self.used_at = now

    def extend(self, state: Room, entries: Sequence[Entry], rewrites: Sequence[Rewrite] = ()) -> None:
        """Make true what was kept."""
        assert entries[0].number == self.state.head + 1
        assert entries[-1].number == state.head
        for rewrite in rewrites:
            before = self.entry(rewrite.number)
            if before is not None:
                place = rewrite.number - self.tail[0].number
                self.tail[place] = msgspec.structs.replace(before, body=rewrite.body)
        floor = self.state.floor  # It may have risen while this was being kept.
        self.state = state if state.floor == floor else _with_floor(state, floor, self.state.pruned)
        self.tail.extend(entries)
        if len(self.tail) > self._tail_max:
            del self.tail[: len(self.tail) - self._tail_max]

    def raise_floor(self, floor: Floor) -> None:
        """What lies before it is forgotten: nobody is given it from here on."""
        if floor.number <= self.state.floor:
            return
        self.state = _with_floor(self.state, floor.number, floor.pruned)
        if self.tail:
            del self.tail[: max(0, floor.number - self.tail[0].number)]

    def entries_after(self, after: int, upto: int) -> list[Entry] | None:
        """Entries `after < number <= upto` if the tail still has them all; None if the store must be asked."""
        if after >= upto:
            return []
        if not self.tail or self.tail[0].number > after + 1:
            return None
        skip = after + 1 - self.tail[0].number
        return self.tail[skip : skip + upto - after]

    def entry(self, number: int) -> Entry | None:
        """One entry as it stands, if the tail still has it."""
        if not self.tail or not self.tail[0].number <= number <= self.tail[-1].number:
            return None
        return self.tail[number - self.tail[0].number]

    def is_untouched(self, number: int, *, since: int) -> bool:
        """Whether what was read of a message when the head was `since` still holds, as far as the tail can tell."""
        later = self.entries_after(since, self.state.head)
        return later is not None and not any(
            type(entry.body) in _TOUCHING and entry.body.number == number  # type: ignore[union-attr]
            for entry in later
        )

    def let_in(self, guest: Online) -> None:
        """A guest is here from now on."""
        self.guests[guest.principal] = guest
        self.put_out.pop(guest.principal, None)

    def put_guest_out(self, guest: PrincipalId, number: int) -> None:
        """The entry of this number puts a guest out; it may read up to it as long as it is online."""
        if self.guests.pop(guest, None) is not None:
            self.put_out[guest] = number

    def is_inside(self, principal: PrincipalId) -> bool:
        """Whether somebody is in the room: by membership, or a guest by its session."""
        return principal in self.state.members or principal in self.guests

    def reading(self, principal: PrincipalId) -> Reading | None:
        """What somebody may read of the room as it is."""
        last = self.put_out.get(principal)
        if last is not None:
            return Reading(self.state.floor, last)
        return reading(self.state, principal, inside=principal in self.guests)

    def add_reader(self, session: Session) -> None:
        """The session is at the head."""
        self.readers.setdefault(session.format, []).append(session)
        session.live.append(self)

    def drop_reader(self, session: Session) -> None:
        """The session is no longer at the head, or gone."""
        sessions = self.readers[session.format]
        sessions.remove(session)
        if not sessions:  # A format may be one account's alone.
            del self.readers[session.format]
        session.live.remove(self)


def _with_floor(state: Room, floor: int, pruned: int) -> Room:
    return msgspec.structs.replace(state, floor=floor, pruned=pruned)


_TOUCHING = frozenset({Edited, Redacted, Reacted})
"""What is said of a message after it, by its number."""


def bears(room: Room, name: FoldedName) -> bool:
    """Whether a room is found by this name: its own, or one that leads to it still."""
    return name in _names(room)


def _names(room: Room) -> list[FoldedName]:
    """Its own name first; a room that has ended is found by none."""
    return [] if room.archived or not room.name else [fold(room.name), *map(fold, room.governance.former_names)]


class RoomTable:
    """Every open room, found by id, name, pair or owner. Bounded by `rooms_open_max` as far as nobody is in them."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._rooms: dict[RoomId, OpenRoom] = {}
        self._by_name: dict[FoldedName, RoomId] = {}
        self._by_pair: dict[tuple[PrincipalId, PrincipalId], RoomId] = {}
        self._inboxes: dict[PrincipalId, RoomId] = {}
        self._listed: dict[RoomId, None] = {}
        """Rooms that anybody may know of by their name."""

    def __len__(self) -> int:
        return len(self._rooms)

    def __iter__(self) -> Iterator[OpenRoom]:
        return iter(self._rooms.values())

    @property
    def listed(self) -> int:
        """How many open rooms anybody may know of by their name."""
        return len(self._listed)

    def get(self, room: RoomId) -> OpenRoom | None:
        """The room, if it is open and fit to be judged on."""
        found = self._rooms.get(room)
        return None if found is None or found.stale else found

    def get_stale(self, room: RoomId) -> OpenRoom | None:
        """The room even if it must be read again."""
        return self._rooms.get(room)

    def named(self, name: FoldedName) -> OpenRoom | None:
        """The open room of this name; that there is none says nothing about the store."""
        room = self._by_name.get(name)
        return None if room is None else self.get(room)

    def of_pair(self, one: PrincipalId, other: PrincipalId) -> OpenRoom | None:
        """The open direct room of two people."""
        room = self._by_pair.get((min(one, other), max(one, other)))
        return None if room is None else self.get(room)

    def inbox_of(self, account: PrincipalId) -> OpenRoom | None:
        """The open inbox of an account."""
        room = self._inboxes.get(account)
        return None if room is None else self.get(room)

    def count_joined(self, principal: PrincipalId, briefs: Sequence[RoomBrief], *, inbox: RoomId | None) -> int:
        """In how many rooms somebody is, its inbox not counted: open ones as they are, the rest as they were read.

        What was read may be older than what is open, but nothing is written to a room that is not open.
        """
        count = sum(principal in one.state.members for one in self._rooms.values() if not one.stale)
        read = [brief for brief in briefs if brief.room != inbox and self.get(brief.room) is None]
        return count + sum(brief.member for brief in read)

    def add(self, room: OpenRoom) -> None:
        """A room has been read or made."""
        state = room.state
        assert state.head > 0, "a room without entries is not open"
        self._rooms[state.id] = room
        self.refresh(room)

    def refresh(self, room: OpenRoom, before: Room | None = None) -> None:
        """What the room is found by may be another than `before`."""
        state = room.state
        if state.pair is not None:
            self._by_pair[state.pair] = state.id
            return
        if state.kind is Kind.INBOX:
            assert state.owner is not None
            self._inboxes[state.owner] = state.id
            return
        if before is None or before.hidden is not state.hidden or before.archived is not state.archived:
            if state.name and not state.hidden and not state.archived:
                self._listed[state.id] = None
            else:
                self._listed.pop(state.id, None)
        if before is None or (before.name, before.archived) != (state.name, state.archived):
            self._forget_names(state.id, () if before is None else _names(before))
            for name in reversed(_names(state)):
                self._by_name.setdefault(name, state.id)  # Where another bears a former name, it is that one's.
            if not state.archived:
                self._by_name[fold(state.name)] = state.id

    def _forget_names(self, room: RoomId, names: Iterable[FoldedName]) -> None:
        for name in names:
            if self._by_name.get(name) == room:
                del self._by_name[name]

    def put_away(self, room: OpenRoom) -> None:
        """Forget a room that nobody needs; its readers stay readers, as of any room that is not open."""
        state = room.state
        del self._rooms[state.id]
        if state.pair is not None:
            self._by_pair.pop(state.pair, None)
        elif state.kind is Kind.INBOX and state.owner is not None:
            self._inboxes.pop(state.owner, None)
        else:
            self._listed.pop(state.id, None)
            self._forget_names(state.id, _names(state))
        for sessions in room.readers.values():
            for session in sessions:
                session.live.remove(room)

    def idle_rooms(self, *, now: float, seconds: float) -> list[OpenRoom]:
        """What may be put away: idle inboxes, and the least lately used of other idle rooms beyond `rooms_open_max`."""
        idle = [
            room
            for room in self._rooms.values()
            if room.used_at + seconds < now and not room.guests and not room.stale  # Else its readers lose their place.
        ]
        inboxes = [room for room in idle if room.state.kind is Kind.INBOX]
        excess = len(self._rooms) - len(inboxes) - self._limits.rooms_open_max
        if excess <= 0:
            return inboxes
        others = [room for room in idle if room.state.kind is not Kind.INBOX]
        return inboxes + sorted(others, key=lambda room: room.used_at)[:excess]
