"""Readers that are not at the head: told of a room, given page after page, and put at the head again.

A session that could not take a run, that has just come back, or that has just been let into a room is *behind* in it
with a number. While its socket takes them it gets pages from the room's tail, or from the store where the tail is
too short; one page is under way at a time. Whoever is full gets nothing and costs nothing. A room that cannot be
read, because a page of it is damaged, is left alone for longer each time, and the session's other rooms go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from besedka.chat.cursor import Cursor, Resumption, resumption
from besedka.chat.entries import Entry, Kind, Message, RoomId
from besedka.chat.mending import as_read, mended
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Reading, Room
from besedka.chat.told import Unreadable
from besedka.hub.announcing import room_told
from besedka.hub.faults import StoreFault
from besedka.hub.naming import by_name, is_renamed, name_behind, tell_renamed
from besedka.hub.parts import Parts
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Announcement, Apart, Rest, Session

LOGGED_EVERY_SECONDS = 300.0
"""How often the log says of one room that it cannot be read: often enough to be found among the last lines."""

FAILURES_UNTOLD = 1
"""A store that is only busy can be read at the second attempt; a reader is told from the next failure on."""


class Places:
    """Moves readers that are behind."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._logged: dict[RoomId, float] = {}
        """When the log last said that a room cannot be read; no more than may be open, the oldest first."""

    def put(self, session: Session, room: RoomId, *, after: int, announcement: Announcement | None = None) -> None:
        """From here on the session has the room up to `after` and no more; `pump` it when the turn is told."""
        opened = self._parts.rooms.get_stale(room)
        if opened is not None and opened in session.live:
            opened.drop_reader(session)
        session.behind[room] = after
        if announcement is not None:
            session.announcements[room] = announcement
        if room in session.resting:
            session.resting[room].until = 0.0  # From here it may be readable.

    def withhold(self, session: Session, room: RoomId, number: int) -> None:
        """Should the session be behind, it is not to be shown this entry of its own in the pages to come."""
        if session.behind.get(room, number) < number:
            session.apart.setdefault(room, Apart()).withheld.append(number)

    def forget(self, session: Session, room: RoomId) -> None:
        """The session no longer reads the room."""
        session.behind.pop(room, None)
        session.announcements.pop(room, None)
        session.resting.pop(room, None)
        session.apart.pop(room, None)
        session.missed.pop(room, None)

    def pump(self, session: Session) -> None:
        """Give the session what it can take of what it has not."""
        if session.behind:
            while session.behind and not session.pumping and not session.link.full and not session.ended:
                room = self._due(session)
                if room is None:
                    break
                opened = self._parts.rooms.get(room)
                if opened is None or not self._from_tail(session, opened):
                    session.pumping = True
                    self._parts.tasks.spawn(self._from_store(session, room), "page")
            if not session.behind:  # A dict keeps the room that a thousand places took.
                session.behind, session.announcements = {}, {}
        if session.missed and not session.pumping and not session.link.full and not session.ended:
            self._catch_up_signals(session)

    def _due(self, session: Session) -> RoomId | None:
        """The first room behind that is not to be left alone for now."""
        if not session.resting:
            return next(iter(session.behind))
        now = self._parts.clock.seconds()
        due = (room for room in session.behind if room not in session.resting or session.resting[room].until <= now)
        return next(due, None)

    def _from_tail(self, session: Session, opened: OpenRoom) -> bool:
        """Give what is in memory; False if the store must be asked."""
        upto = self._begin(session, opened)
        if upto is None:
            return True
        after = session.behind[opened.state.id]
        entries = opened.entries_after(after, min(upto, after + self._parts.limits.page_entries_max))
        if entries is None:
            return False
        self._give(session, opened, _fitting(entries, self._parts.limits.run_bytes_max), upto)
        return True

    async def _from_store(self, session: Session, room: RoomId) -> None:
        try:
            opened = await self._parts.open_room(room)
            if opened is None:
                self.forget(session, room)
            elif room in session.behind and not session.ended:
                await self._page_from_store(session, opened)
        except StoreFault as fault:
            self._leave_alone(session, room, fault)
        finally:
            session.pumping = False
        self.pump(session)

    def _leave_alone(self, session: Session, room: RoomId, fault: StoreFault) -> None:
        """The room cannot be read: try it again later, and tell the reader once (`Watch` pumps when that is due)."""
        now, limits = self._parts.clock.seconds(), self._parts.limits
        if self._logged.get(room, -LOGGED_EVERY_SECONDS) + LOGGED_EVERY_SECONDS <= now:
            self._logged.pop(room, None)
            self._logged[room] = now
            if len(self._logged) > limits.rooms_open_max:
                del self._logged[next(iter(self._logged))]
            self._parts.journal.note("a room cannot be read", room=room)
            self._parts.journal.fault("reading a page failed", fault)
        if session.ended or room not in session.behind:
            return
        rest = session.resting.setdefault(room, Rest())
        rest.failures += 1
        doubled = limits.store_retry_seconds * 2.0 ** min(rest.failures - 1, 16)
        rest.until = now + min(doubled, limits.store_retry_seconds_max)
        session.behind[room] = session.behind.pop(room)  # Its other rooms come first.
        if rest.failures == FAILURES_UNTOLD + 1:
            session.tell(Unreadable(room, untold=room in session.announcements))

    async def _page_from_store(self, session: Session, opened: OpenRoom) -> None:
        upto = self._begin(session, opened)
        if upto is None:
            return
        room, after = opened.state.id, session.behind[opened.state.id]
        if after >= upto:
            self._give(session, opened, (), upto)
            return
        limits, head = self._parts.limits, opened.state.head
        page = await self._parts.logs.page(
            room, after=after, upto=upto, limit=limits.page_entries_max, bytes_max=limits.run_bytes_max
        )
        opened_now = self._parts.rooms.get(room)
        moved = session.behind.get(room) != after or room in session.announcements
        since = opened.entries_after(head, opened.state.head)
        pruned = after < opened.state.floor - 1
        if opened_now is not opened or session.ended or moved or pruned or since is None:
            return  # It was moved meanwhile, or much was said; the next page starts from where it is now.
        last = self._last(session, opened)  # The head may have moved while the page was read.
        if last is None:
            self.forget(session, room)
            return
        entries = [entry for entry in mended(page.entries, since) if entry.number <= last]
        if not entries and last > after:
            self._parts.journal.note("the store has a gap", room=room, after=after, upto=upto)
            last = after
        self._give(session, opened, entries, last)

    def _last(self, session: Session, opened: OpenRoom) -> int | None:
        """The last number the session may have of the room as it is; None if it may have none."""
        readable = self._reading(session, opened)
        if readable is None:
            return None
        return opened.state.head if readable.last is None else min(readable.last, opened.state.head)

    def _reading(self, session: Session, opened: OpenRoom) -> Reading | None:
        principal = PrincipalId(0) if session.online is None else session.online.principal
        return opened.reading(principal)

    def _begin(self, session: Session, opened: OpenRoom) -> int | None:
        """Tell the session of the room if that is due; the last number it may now have, or None if it has no place."""
        room = opened.state.id
        readable = self._reading(session, opened)
        if readable is None:
            self.forget(session, room)
            return None
        upto = opened.state.head if readable.last is None else min(readable.last, opened.state.head)
        announcement = session.announcements.pop(room, None)
        if announcement is None and session.behind[room] < opened.state.floor - 1:
            announcement = Announcement(session.behind[room], 0)
        if announcement is not None:
            self._announce(session, opened, announcement, readable)
        return upto

    def _announce(self, session: Session, opened: OpenRoom, announcement: Announcement, readable: Reading) -> None:
        state = opened.state
        if state.kind is Kind.INBOX:  # The first room of every sync.
            session.ignore(state.personal.ignored)
        epoch = self._parts.logs.epoch
        last = state.head if readable.last is None else min(readable.last, state.head)
        way, after = Resumption.ON, (fresh := max(0, last - announcement.show))
        if announcement.place is not None:
            cursor = Cursor("" if announcement.foreign else epoch, announcement.place)
            way, after = resumption(cursor, epoch=epoch, head=state.head, floor=state.floor, fresh=fresh)
        after = max(after, readable.first - 1, state.floor - 1)
        stays = way is Resumption.ON and session.behind.get(state.id) == after
        session.behind[state.id] = after
        told = room_told(session, opened, readable, after=after, resumption=way)
        apart = session.apart.get(state.id)
        if apart is not None and apart.called is not None and told.room_name:
            if stays and session.protocol.sees_guests:
                told = replace(told, room_name=apart.called)  # What it reads from there says how it came to be renamed.
            else:
                apart.called = None  # It is told what the room is called now; one outside a hidden room is not.
        session.tell(told)

    def _give(self, session: Session, opened: OpenRoom, entries: Sequence[Entry], upto: int) -> None:
        """Hand over consecutive entries, and put the session at the head when it has them all."""
        room = opened.state.id
        after = session.behind[room]
        session.resting.pop(room, None)
        readable = self._reading(session, opened)
        if entries:
            assert entries[0].number == after + 1
            after = entries[-1].number
            if readable is not None and readable.last is not None:
                entries = [as_read(entry, readable.last) for entry in entries]
            self._write(session, opened.state, _but_withheld(session, room, entries, after))
        if after < upto:
            session.behind[room] = after
            return
        del session.behind[room]
        session.apart.pop(room, None)
        if readable is not None and readable.last is None and session.synced:
            opened.add_reader(session)

    def _write(self, session: Session, room: Room, entries: Sequence[Entry]) -> None:
        pieces: Iterable[tuple[Room, Sequence[Entry], Entry | None]] = [(room, entries, None)]
        apart = session.apart.get(room.id)
        before = None if apart is None else apart.called
        if before is not None or is_renamed(entries):
            name = name_behind(entries, before or room.name)
            pieces = by_name(room, entries, name)
            session.apart.setdefault(room.id, Apart()).called = name
        for called, some, renaming in pieces:
            data = session.format.run(called, some)
            if data:
                session.link.write(data)
            if renaming is not None:
                tell_renamed(session, called, renaming)

    def _catch_up_signals(self, session: Session) -> None:
        """Instead of the signals that were dropped, the present state."""
        for room in [room for room in session.missed if room not in session.behind]:
            del session.missed[room]
            opened = self._parts.rooms.get(room)
            if opened is not None and opened in session.live:
                session.tell(self._parts.signals.present(opened, session))


def _but_withheld(session: Session, room: RoomId, entries: Sequence[Entry], after: int) -> Sequence[Entry]:
    """What it is shown of these, which are all up to `after`."""
    apart = session.apart.get(room)
    if apart is None or not apart.withheld:
        return entries
    own = apart.withheld
    shown = [entry for entry in entries if entry.number not in own]
    while own and own[0] <= after:
        own.popleft()
    return shown


def _fitting(entries: Sequence[Entry], bytes_max: int) -> Sequence[Entry]:
    """As many of the first entries as fit, one at least. JSON at its worst makes six bytes of a character."""
    size = 0
    for count, entry in enumerate(entries):
        size += 200 + (6 * len(entry.body.text) if isinstance(entry.body, Message) else 0)
        if size > bytes_max and count:
            return entries[:count]
    return entries
