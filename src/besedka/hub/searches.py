"""Searching in what somebody may read, beside the turn.

Where a searcher may look is read anew for each page: the rooms it is in, from where it may read, and those it has left
up to that. A room that is not among them is as unknown as one there is not. What is mended while the answer is on its
way is told as it is by now, and only if it is still what was looked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from besedka.chat.answers import Hit, HitRoom, SearchPage
from besedka.chat.entries import Entry, Kind, Message, RoomId, RoomName
from besedka.chat.mending import as_read, mended
from besedka.chat.names import FoldedName, fold
from besedka.chat.pace import Pace
from besedka.chat.principals import PrincipalId
from besedka.chat.queries import Asked, parse
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Search
from besedka.chat.searching import Query, matches, spans
from besedka.hub.finding import Finding
from besedka.hub.keeping import Found, FoundMessage, ReadableRoom, SearchPlace
from besedka.hub.parts import Parts
from besedka.hub.rooms import OpenRoom
from besedka.hub.search_queue import SearchQueue
from besedka.hub.session import Online, Session

ATTEMPTS_MAX = 3
"""How often one page is looked for while rooms are written to so fast that nobody knows what was mended."""


class Searches:
    """Answers `search`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._finding = Finding(parts)
        self._queue = SearchQueue(parts.limits, parts.clock)

    async def search(self, session: Session, request: Search) -> SearchPage | Refusal | None:
        """A page of what was looked for; None where the session has ended meanwhile. Raises `StoreFault`."""
        online = session.online
        assert online is not None, "only who has said who it is asks"
        parts = self._parts
        asked = parse(request.query, now=parts.clock.now(), zone=request.zone, limits=parts.limits)
        if isinstance(asked, Refusal):
            return asked
        await self._wait_for_pace(online, session)
        place = self._queue.enter(online.principal)
        if place is None:
            return Refusal(Code.BUSY)
        try:
            if not await self._queue.wait_called(place):
                return Refusal(Code.BUSY)
            return await self._answer(session, online, request, asked)
        finally:
            self._queue.leave(place)

    async def _answer(
        self, session: Session, online: Online, request: Search, asked: Asked
    ) -> SearchPage | Refusal | None:
        for _ in range(ATTEMPTS_MAX):
            if session.ended:
                return None
            rooms = await self._rooms(online.principal)
            meant = _meant(asked, rooms, online.principal)
            meant = await self._named_otherwise(asked, rooms) if meant is None else meant
            if meant is None:
                return Refusal(Code.NO_SUCH_ROOM)
            answer = await self._page(online, request, await self._query(asked, online), meant)
            if answer is not None:
                return answer
            await self._read_stale(meant)
        return Refusal(Code.BUSY)

    async def _read_stale(self, rooms: Sequence[ReadableRoom]) -> None:
        """What became of a failed append is known when its room is read again; perhaps nobody else asks for that."""
        for one in rooms:
            opened = self._parts.rooms.get_stale(one.room)
            if opened is not None and opened.stale:
                await self._parts.open_room(one.room)

    async def _wait_for_pace(self, online: Online, session: Session) -> None:
        """A search costs more than other questions, so an account has its own pace for them, on all its devices."""
        limits, clock = self._parts.limits, self._parts.clock
        if not limits.flood:
            return
        if online.search_pace is None:
            online.search_pace = Pace(rate=limits.searches_per_second, burst=limits.searches_burst, now=clock.seconds())
        while not online.search_pace.available(clock.seconds()):
            await clock.wait_seconds(online.search_pace.seconds_until_one())
            if session.ended:
                return
        online.search_pace.take(1)

    # What is meant --------------------------------------------------------------------------------------------------

    async def _rooms(self, principal: PrincipalId) -> Sequence[ReadableRoom]:
        """All of which somebody may read something. A guest's presence in a public room is kept nowhere."""
        kept = await self._parts.logs.readable_rooms(principal)
        known = {one.room for one in kept}
        present = []
        for opened in self._parts.rooms:
            reading = opened.reading(principal) if principal in opened.guests or principal in opened.put_out else None
            if reading is not None and opened.state.id not in known:
                state = opened.state
                name = RoomName("") if state.hidden and reading.last is not None else state.name
                present.append(ReadableRoom(state.id, state.kind, name, reading))
        return [*kept, *present]

    async def _named_otherwise(self, asked: Asked, rooms: Sequence[ReadableRoom]) -> Sequence[ReadableRoom] | None:
        """The same where a room is asked for by a name it bore once."""
        readable, found = {one.room: one for one in rooms}, []
        for name in asked.rooms:
            opened = None if name.startswith("@") else await self._finding.room(_room_name(name))
            room = None if opened is None else readable.get(opened.state.id)
            if room is None or not room.name:
                return None
            found.append(room)
        return found

    async def _query(self, asked: Asked, online: Online) -> Query:
        """What is asked, with people for their names: accounts that bear one now, and whoever bore it then."""
        authors = [online.principal] if asked.mine else []
        for name in asked.people:
            person = await self._finding.person(fold(name))
            if person is not None:
                authors.append(person.principal)
        names = tuple(fold(name) for name in asked.people)
        return Query(asked.terms, tuple(authors), names, asked.after, asked.before, asked.has_link)

    # What is found --------------------------------------------------------------------------------------------------

    async def _page(
        self, online: Online, request: Search, query: Query, rooms: Sequence[ReadableRoom]
    ) -> SearchPage | None:
        """One page; None where so much was written meanwhile that nobody knows what was mended."""
        limits = self._parts.limits
        scope = {one.room: one.reading for one in rooms}
        heads = {room: opened.state.head for room in scope if (opened := self._parts.rooms.get(room)) is not None}
        found = await self._parts.logs.search(
            query,
            scope,
            older_than=None if request.older_than is None else SearchPlace(*request.older_than),
            limit=max(1, min(request.limit, limits.search_hits_max)),
            bytes_max=limits.run_bytes_max,
            spans_max=limits.search_spans_max,
        )
        now = self._as_of_now(found, query, online.principal, heads)
        if now is None:
            return None
        hits = tuple(Hit(one.room, one.entry, tuple(one.spans[: limits.search_spans_max])) for one in now)
        told = {one.room for one in hits}
        return SearchPage(
            request.request_id,
            hits,
            tuple(self._hit_room(one, online.principal) for one in rooms if one.room in told),
            None if found.next is None else (found.next.time, found.next.room, found.next.number),
            found.since,
        )

    def _as_of_now(
        self, found: Found, query: Query, principal: PrincipalId, heads: Mapping[RoomId, int]
    ) -> list[FoundMessage] | None:
        """What was found and is so still, as it reads now. None where that cannot be told in this moment."""
        still = []
        for one in found.messages:
            opened = self._parts.rooms.get_stale(one.room)
            if opened is None:  # Nothing is written to a room that is not open, but one may just be being made.
                still += [] if one.room in self._parts.unborn else [one]
                continue
            since = None if opened.stale else self._since(opened, heads.get(one.room))
            if since is None:
                return None
            (entry,) = mended([one.entry], since)
            reading, head = opened.reading(principal), opened.state.head
            if reading is None or entry.number > (head if reading.last is None else min(head, reading.last)):
                continue  # Of a turn that is kept and not yet true: perhaps the one that puts the searcher out.
            if entry.number < reading.first:
                continue  # The floor has risen meanwhile.
            if _edited(entry) > head:
                return None
            entry = as_read(entry, reading.last)
            if entry is one.entry:
                still.append(one)
            elif matches(query, entry):
                assert isinstance(entry.body, Message), "only messages are found"
                still.append(FoundMessage(one.room, entry, spans(query, entry.body.text)))
        return still

    def _hit_room(self, room: ReadableRoom, principal: PrincipalId) -> HitRoom:
        """A room as it may be told by now: who has left a hidden one meanwhile is told no name of it."""
        opened = self._parts.rooms.get_stale(room.room)
        reading = None if opened is None else opened.reading(principal)
        outside = opened is not None and opened.state.hidden and (reading is None or reading.last is not None)
        return HitRoom(room.room, room.kind, RoomName("") if outside else room.name, room.people)

    def _since(self, opened: OpenRoom, head: int | None) -> Sequence[Entry] | None:
        """What has come to a room since its head was this, or it was not open; None where nobody knows here."""
        if head is not None:
            return opened.entries_after(head, opened.state.head)
        return opened.tail if len(opened.tail) < self._parts.limits.tail_entries_max else None


def _meant(asked: Asked, rooms: Sequence[ReadableRoom], principal: PrincipalId) -> Sequence[ReadableRoom] | None:
    """The rooms to look in, by the names they bear; None where one of the names is none of theirs."""
    if not asked.rooms:
        return rooms
    found = dict[RoomId, ReadableRoom]()
    for name in asked.rooms:
        named = [one for one in rooms if _is_called(one, name, principal)]
        if not named:
            return None
        found |= {one.room: one for one in named}
    return [*found.values()]


def _is_called(room: ReadableRoom, name: str, principal: PrincipalId) -> bool:
    """Whether a room is meant by a name: its own, or the other's with `@` before it in a conversation of two."""
    if not name.startswith("@"):
        return bool(room.name) and fold(room.name) == _room_name(name)
    others = [one for one in room.people if one.principal != principal] or room.people
    return room.kind is Kind.DIRECT and any(fold(one.name) == fold(name[1:]) for one in others)


def _edited(entry: Entry) -> int:
    """The number of a message's last edit; 0 for none."""
    return entry.body.edited if isinstance(entry.body, Message) else 0


def _room_name(name: str) -> FoldedName:
    return fold(name.removeprefix("#"))
