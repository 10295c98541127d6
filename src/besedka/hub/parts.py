"""What the parts of the hub share: the ports it was given, and the tables it owns."""

from __future__ import annotations

from besedka.chat.entries import Kind, MembershipChanged, RoomId, RoomName, Way
from besedka.chat.principals import PrincipalId, is_guest
from besedka.chat.retention import Floor
from besedka.chat.rooms import Room, audience
from besedka.hub.accounts import AccountStore, Keys
from besedka.hub.callings import Callings
from besedka.hub.devices import Devices
from besedka.hub.following import Following
from besedka.hub.guest_moves import GuestMoves
from besedka.hub.keeping import LogStore
from besedka.hub.naming import call
from besedka.hub.ports import Bell, Clock, Dice, Journal, Tasks
from besedka.hub.presence import Attendance
from besedka.hub.rooms import OpenRoom, RoomTable
from besedka.hub.session import Announcement, Session
from besedka.hub.settings import Settings
from besedka.hub.signals import Signals
from besedka.hub.watching import Watching
from besedka.limits import Limits

COMMIT_SECONDS = 0.005
"""About what one commit takes; whoever asks for a room that is just being made looks again after it."""


class Parts:
    """One of each. Attributes never change but `settings`, which a reload replaces as a whole."""

    def __init__(
        self,
        *,
        logs: LogStore,
        accounts: AccountStore,
        keys: Keys,
        clock: Clock,
        bell: Bell,
        tasks: Tasks,
        dice: Dice,
        journal: Journal,
        limits: Limits,
        settings: Settings,
    ) -> None:
        self.logs = logs
        self.accounts = accounts
        self.keys = keys
        self.clock = clock
        self.bell = bell
        self.tasks = tasks
        self.dice = dice
        self.journal = journal
        self.limits = limits
        self.settings = settings
        self.rooms = RoomTable(limits)
        self.attendance = attendance = Attendance(limits)
        self.following = following = Following(limits=limits, attendance=attendance)
        self.signals = signals = Signals(
            limits=limits, clock=clock, tasks=tasks, rooms=self.rooms, attendance=attendance, following=following
        )
        self.watching = Watching(limits=limits, attendance=attendance, signals=signals, following=following)
        self.guest_moves = moves = GuestMoves(rooms=self.rooms, limits=limits, clock=clock, tasks=tasks)
        self.callings = Callings(
            limits=limits, clock=clock, attendance=attendance, signals=signals, guest_moves=moves, following=following
        )
        self.devices = Devices()
        self.unborn: dict[RoomId, None] = {}
        """Rooms that the commit under way makes: they may be in the store and are not yet true."""
        self.doubtful: dict[RoomId, None] = {}
        """Rooms that a commit of unknown outcome may have made: if it did, nobody was told of them."""
        self.coming: dict[RoomId, None] = {}
        """Rooms that are being imported, in the order they were begun: nobody is in them until all of it is there."""
        self.rooms_given = logs.rooms_given
        """The highest room id ever given out."""
        self.people_changes = 0
        """Counts what the operator decides about people: a login that one overtakes is asked to try again."""
        self.unscrubbed = True
        """Whether something was redacted, or may have been by an earlier process, that the files may still hold."""
        self.doubts = 0
        """How many turns failed: what was looked up before the last of them proves nothing."""
        self.fallen_behind: dict[Session, None] = {}
        """Readers that the next turn must give what they missed."""

    async def open_room(self, room: RoomId) -> OpenRoom | None:
        """The room, read from the store unless it is open already. None if there is no such room.

        Nothing is written to a room that is not open, so what was read is still true when it arrives; where two
        readers raced, the second finds the room open and uses that. A stale room is read again and its readers
        are put where they were.
        """
        while room in self.unborn:
            await self.clock.wait_seconds(COMMIT_SECONDS)
        found = self.rooms.get(room)
        if found is not None:
            found.used_at = self.clock.seconds()
            return found
        state = await self.logs.room(room)
        if state is None or state.head == 0:
            self.doubtful.pop(room, None)
            return None
        put_out = await self._guests_put_out(room, state)
        found = self.rooms.get(room)
        if found is not None:
            return found
        now = self.clock.seconds()
        stale = self.rooms.get_stale(room)
        opened = OpenRoom(state, tail_max=self.limits.tail_entries_max, now=now)
        if stale is not None:  # Its floor may have risen since this was read.
            opened.raise_floor(Floor(room, stale.state.floor, stale.state.pruned))
            self._move_readers(stale, opened, put_out)
        self.rooms.add(opened)
        if stale is not None:
            self._heed_inbox(opened)
            self._tell_newcomers(opened, stale.state)
        elif room in self.doubtful:
            self._tell_newcomers(opened, Room(room))
        else:
            self._seat_readers(opened)
        self.doubtful.pop(room, None)
        return opened

    async def _guests_put_out(self, room: RoomId, state: Room) -> list[tuple[PrincipalId, int]]:
        """The guests that a commit of unknown outcome has put out, and by which entries: only these say so."""
        stale = self.rooms.get_stale(room)
        if stale is None or not stale.guests or stale.state.head == state.head:
            return []
        after, limits = stale.state.head, self.limits
        found: list[tuple[PrincipalId, int]] = []
        while after < state.head:
            page = await self.logs.page(
                room, after=after, upto=state.head, limit=limits.page_entries_max, bytes_max=limits.run_bytes_max
            )
            for entry in page.entries:
                if isinstance(entry.body, MembershipChanged) and entry.body.way is Way.REMOVED:
                    found += [(one.principal, entry.number) for one in entry.body.people if is_guest(one.principal)]
            after = page.entries[-1].number if page.entries else state.head
        return found

    def _move_readers(self, stale: OpenRoom, opened: OpenRoom, put_out: list[tuple[PrincipalId, int]]) -> None:
        """Readers of a room that was read again: at the head if it has not moved, else behind at the old one."""
        self.rooms.put_away(stale)
        opened.guests.update(stale.guests)
        opened.put_out.update(stale.put_out)
        for guest, number in put_out:
            opened.put_guest_out(guest, number)
        for sessions in stale.readers.values():
            for session in sessions:
                if opened.state.head == stale.state.head:
                    opened.add_reader(session)
                else:
                    session.behind[opened.state.id] = stale.state.head
                    self.fallen_behind[session] = None
        self._remember_name(opened.state, stale.state.name)
        self.bell.ring()

    def _remember_name(self, room: Room, before: RoomName) -> None:
        """Those who are behind in a room that was renamed, for all the server knows, read on under its old name."""
        for online in self.attendance if room.name != before else ():
            for session in online.sessions:
                if session.behind.get(room.id, room.head) < room.head:
                    call(session, room.id, before)

    def _heed_inbox(self, opened: OpenRoom) -> None:
        """What an inbox that was read again says of its account is so for its sessions, as after a turn."""
        owner, personal = opened.state.owner, opened.state.personal
        online = None if owner is None or opened.state.kind is not Kind.INBOX else self.attendance.get(owner)
        if online is not None:
            self.watching.profile_changed(online, personal.profile)
            online.data = opened.state.data
            for session in online.sessions:
                session.ignore(personal.ignored)

    def _tell_newcomers(self, opened: OpenRoom, before: Room) -> None:
        """Whoever became a member by a commit of unknown outcome, or another one, has not heard so since `before`."""
        room = opened.state.id
        if before.head and opened.state.kind is Kind.INBOX:
            return
        for principal in audience(opened.state):
            was, now = before.members.get(principal), opened.state.members.get(principal)
            same = was is not None and now is not None and (was.role, was.voice) == (now.role, now.voice)
            online = None if same else self.attendance.get(principal)
            for session in () if online is None else online.sessions:
                if session.synced and room not in session.announcements:
                    after = session.behind.setdefault(room, before.head)
                    session.announcements[room] = Announcement(after, 0)
                    self.fallen_behind[session] = None
        self.bell.ring()

    def _seat_readers(self, opened: OpenRoom) -> None:
        """Everybody whose room this is has been at its head all the time."""
        for principal in audience(opened.state):
            online = self.attendance.get(principal)
            for session in () if online is None else online.sessions:
                if session.synced and opened.state.id not in session.behind:
                    opened.add_reader(session)
