"""Pages of the past: which entries of a room lie where somebody asks, and which of them they may read.

Served beside the turn, as of the head when the reading began. Times grow with the numbers (P2), so a time is a number
that the store finds by halving. A page may be of messages alone, or of what a protocol can show; then it is looked for
page by page until there is enough. What is mended while it is on its way is told as it is by now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from besedka.chat.entries import Entry, Message, RoomId
from besedka.chat.mending import as_read, mended
from besedka.chat.names import fold
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import History
from besedka.chat.rooms import Room
from besedka.chat.told import Page, ReactionCount, Unit
from besedka.hub.finding import Finding
from besedka.hub.parts import Parts
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.wire.ignoring import is_said_by
from besedka.wire.looking import ConversationList, ListConversations, Point, Recall, Recalled

PAGES_MAX = 10
"""Pages looked through for one answer, whatever they show: two thousand entries are some milliseconds."""


class _Asked(msgspec.Struct, frozen=True):
    """What is asked for of a room."""

    after: Point | None
    before: Point | None
    around: Point | None
    newest: bool
    messages: bool
    limit: int
    shows: Callable[[Entry], bool]


class _Span(msgspec.Struct, frozen=True):
    """The entries `after < number < before`, counted from one end."""

    after: int
    before: int
    newest: bool


class Pages:
    """Answers to questions about what was said and done."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._finding = Finding(parts)

    async def history(self, session: Session, request: History) -> Unit | Refusal:
        """A page of a room that the session may read, by the room's id."""
        online = _online(session)
        opened = await self._parts.open_room(request.room)
        readable = None if opened is None else opened.reading(online.principal)
        if opened is None or readable is None:
            hidden = opened is None or opened.state.hidden or opened.state.archived
            return Refusal(Code.NO_SUCH_ROOM if hidden else Code.NOT_A_MEMBER)
        state = opened.state
        head = state.head if readable.last is None else min(state.head, readable.last)
        first = max(readable.first, state.floor)
        limit = max(1, min(request.limit, self._parts.limits.page_entries_max))
        asked = _Asked(
            _point(request.after, request.after_time),
            _point(request.before, request.before_time),
            _point(request.around, request.around_time),
            request.newest,
            request.messages,
            limit,
            lambda _entry: True,
        )
        found = await self._find(state.id, asked, first=first, head=head)
        reactions: Sequence[ReactionCount] = ()
        if any(isinstance(entry.body, Message) for entry in found):
            reactions = await self._parts.logs.reaction_counts(
                state.id,
                first=found[0].number,
                last=found[-1].number,
                upto=head,
                principal=online.principal,
                limit=self._parts.limits.reactions_listed_max,
            )
        since = self._since(opened, state)
        if since is None:  # So much has come, or gone, that nobody knows here what was taken away meanwhile.
            return await self.history(session, request)
        entries = [as_read(entry, readable.last) for entry in mended(found, since)]
        return Page(request.request_id, state.id, tuple(entries), head, first, tuple(reactions))

    async def recall(self, session: Session, request: Recall) -> Unit | Refusal:
        """The same by a room's or a person's name, for those inside: as much of it as can be shown."""
        online = _online(session)
        opened = await self._meant(online, request.name)
        if isinstance(opened, Refusal):
            return opened
        readable = None if opened is None else opened.reading(online.principal)
        if opened is None or readable is None:
            return Recalled(request.request_id)  # They have not spoken with each other yet.
        state, first = opened.state, max(readable.first, opened.state.floor)
        points = [one for one in (request.after, request.before, request.around) if one is not None]
        if any(_is_strange(one, state.id, first, state.head) for one in points):
            return Refusal(Code.NO_SUCH_MESSAGE)
        limit = max(1, min(request.limit, self._parts.limits.page_entries_max))

        def shows(entry: Entry) -> bool:
            return request.shows(state, entry) and not is_said_by(session.ignored, entry)

        asked = _Asked(request.after, request.before, request.around, request.newest, request.messages, limit, shows)
        found = await self._find(state.id, asked, first=first, head=state.head)
        since = self._since(opened, state)
        if since is None:
            return await self.recall(session, request)
        return Recalled(request.request_id, state, tuple(filter(shows, mended(found, since))))

    async def conversations(self, session: Session, request: ListConversations) -> Unit:
        """Where the last message was said between two times, the earliest first; counted from the first of the two."""
        online = _online(session)
        beside = [opened.state.id for opened in self._parts.rooms if online.principal in opened.guests]
        low, high = sorted((request.start, request.end))
        found = await self._parts.logs.last_said(online.principal, after=low, before=high, beside=beside)
        mine = []
        for one in found:
            opened = self._parts.rooms.get(one.room.id)
            if opened is None or opened.is_inside(online.principal):  # Else it was put out since this was read.
                mine.append((one.room if opened is None else opened.state, one.time))
        ordered = sorted(mine, key=lambda one: (one[1], one[0].id))
        limit = max(1, min(request.limit, self._parts.limits.page_entries_max))
        lines = ordered[:limit] if request.start <= request.end else ordered[-limit:]
        return ConversationList(request.request_id, tuple(lines))

    async def _meant(self, online: Online, name: str) -> OpenRoom | Refusal | None:
        """The room of a channel's name that one is in, or the conversation with somebody; None where there is none."""
        if name.startswith("#"):
            opened = await self._finding.room(fold(name[1:]))
            if opened is None or not opened.is_inside(online.principal):
                return Refusal(Code.NO_SUCH_ROOM)
            return opened if opened.reading(online.principal) is not None else Refusal(Code.NOT_A_MEMBER)
        person = await self._finding.person(fold(name))
        if person is not None:
            return await self._finding.direct(online.principal, person.principal)
        return await self._finding.departed(online.principal, fold(name)) or Refusal(Code.NO_SUCH_PERSON)

    def _since(self, opened: OpenRoom, before: Room) -> list[Entry] | None:
        """What has come to a room since it was this; None where its floor rose, or nobody here knows so much."""
        now = self._parts.rooms.get(before.id) or opened
        return now.entries_after(before.head, now.state.head) if now.state.floor == before.floor else None

    # Where it lies --------------------------------------------------------------------------------------------------

    async def _find(self, room: RoomId, asked: _Asked, *, first: int, head: int) -> list[Entry]:
        """The entries between `first` and `head` that are asked for, oldest first."""
        bytes_max = self._parts.limits.run_bytes_max
        if asked.around is None:
            span = await self._span(room, asked, first=first, head=head)
            return await self._some(room, span, asked, limit=asked.limit, bytes_max=bytes_max)
        around = min(max(await self._upto(room, asked.around), first), head)
        half, bytes_max = (asked.limit + 1) // 2, bytes_max // 2
        upto = _Span(first - 1, around + 1, newest=True)
        older = await self._some(room, upto, asked, limit=half, bytes_max=bytes_max)
        if len(older) == asked.limit:
            return older
        behind, rest = _Span(around, head + 1, newest=False), asked.limit - len(older)
        return older + await self._some(room, behind, asked, limit=rest, bytes_max=bytes_max)

    async def _span(self, room: RoomId, asked: _Asked, *, first: int, head: int) -> _Span:
        """Between which numbers it lies. Bounds the wrong way round are exchanged and counted from the newest."""
        one, other, newest = asked.after, asked.before, asked.newest or asked.after is None
        after = first - 1 if one is None else await self._upto(room, one)
        before = head + 1 if other is None else await self._since_when(room, other)
        if one is not None and other is not None and after >= before:
            after, before, newest = await self._upto(room, other), await self._since_when(room, one), True
        return _Span(max(after, first - 1), min(before, head + 1), newest)

    async def _upto(self, room: RoomId, point: Point) -> int:
        """The last number that is not behind a point."""
        return await self._parts.logs.number_at(room, point.time) if point.number is None else point.number

    async def _since_when(self, room: RoomId, point: Point) -> int:
        """The first number that is not before it."""
        return await self._parts.logs.number_at(room, point.time - 1) + 1 if point.number is None else point.number

    async def _some(self, room: RoomId, span: _Span, asked: _Asked, *, limit: int, bytes_max: int) -> list[Entry]:
        """So many from one end of a span, page after page until enough of them can be shown, or weigh enough."""
        logs, found = self._parts.logs, list[Entry]()
        after, before, size = span.after, span.before, limit
        for _ in range(PAGES_MAX):
            if span.newest:
                page = await logs.page_before(
                    room, before=before, first=after + 1, limit=size, bytes_max=bytes_max, messages=asked.messages
                )
            else:
                page = await logs.page(
                    room, after=after, upto=before - 1, limit=size, bytes_max=bytes_max, messages=asked.messages
                )
            shown = [entry for entry in page.entries if asked.shows(entry)]
            found = shown + found if span.newest else found + shown
            bytes_max -= sum(map(_weight, shown))
            last = not page.entries or (len(page.entries) < size and found)  # A short page was cut, or is the last.
            if last or len(found) >= limit or bytes_max <= 0:
                break
            size = self._parts.limits.page_entries_max  # What is not shown seldom comes alone.
            if span.newest:
                before = page.entries[0].number
            else:
                after = page.entries[-1].number
        return found[-limit:] if span.newest else found[:limit]


def _is_strange(point: Point, room: RoomId, first: int, head: int) -> bool:
    """Whether a point is an entry that is none of the room's, or that one may not read: of it nothing is known."""
    return point.number is not None and (point.room != room or not first <= point.number <= head)


def _point(number: int | None, time: int | None) -> Point | None:
    """The point that a request gives by a number or by a time."""
    return None if number is None and time is None else Point(time=time or 0, number=number)


def _weight(entry: Entry) -> int:
    """About how many bytes an entry takes: what people wrote, and about as much as a source and tags beside it."""
    return 200 + (len(entry.body.text) if isinstance(entry.body, Message) else 0)


def _online(session: Session) -> Online:
    assert session.online is not None, "only who has said who it is asks"
    return session.online
