"""The hub: everything that is asked comes in here, and is answered a turn at a time.

A turn takes the writes that have arrived, judges each on rooms that already contain the drafts before it, commits them
all at once, and only then makes them true and tells them. It has one await, the commit. Reads and logins are served
beside it, each holding back its own session and nobody else's. So there are no locks, and no state that is half true
outside a turn: whatever runs while the commit is under way sees the rooms as they were before it.
"""

from __future__ import annotations

import msgspec

from besedka.chat.entries import RoomId
from besedka.chat.pace import Pace
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Leave, Malformed, Request, Write
from besedka.chat.rooms import Room
from besedka.chat.told import PARTING_SENTENCES, Farewell, Parting
from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.hub.forgetting import Forgetting
from besedka.hub.intake import Intake
from besedka.hub.keeping import Addition, Kept
from besedka.hub.orders import Orders, Outcome
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.ports import Link, Peer
from besedka.hub.session import Session, Stage
from besedka.hub.settings import Settings
from besedka.hub.telling import Told
from besedka.hub.turn import Taken, Turn
from besedka.hub.upkeep import Upkeep
from besedka.hub.watch import Watch
from besedka.wire.operating import Resettled
from besedka.wire.protocol import ServerProtocol

FORGIVEN = frozenset({Parting.IDLE, Parting.TOO_SLOW_READER, Parting.FAULT, Parting.REPLACED})
"""Partings that are a lost connection to everybody else: the person may be back in a moment."""


async def _nothing_to_read() -> bool:
    return True


class Hub:
    """The server without its sockets. `run` it; `connect` gives it sessions; `stop` ends it."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.places = Places(parts)
        self.sessions: dict[Session, None] = {}
        """Every connection, in the order they came."""
        self.orders = Orders(parts)
        self.intake = Intake(self)
        self.reload = _nothing_to_read
        """Reads the configuration again; whether it was good. Set by whoever has read it in the first place."""
        self._told = Told(parts, self.places)
        self._watch = Watch(self)
        self._connections_given = 0
        self._stopping = False
        self.entries_kept = 0
        """Entries kept since the start."""

    # What the net calls ---------------------------------------------------------------------------------------------

    def connect(self, link: Link, peer: Peer, protocol: ServerProtocol) -> Session | None:
        """A new connection. None if it is not let in; it has been told why and its link is closing."""
        limits, now = self.parts.limits, self.parts.clock.seconds()
        full = limits.flood and len(self.sessions) >= limits.sessions_max
        if full or self._stopping:
            parting = Parting.FULL if full else Parting.SHUTDOWN
            link.write(protocol.tell(Farewell(parting, PARTING_SENTENCES[parting])))
            link.close()
            return None
        pace = Pace(rate=limits.requests_per_second, burst=limits.requests_burst, now=now)
        self._connections_given += 1
        session = Session(
            link, peer, protocol, number=self._connections_given, now=now, pace=pace, receive=self.intake.receive
        )
        self.sessions[session] = None
        if session.stage is Stage.VISITOR:
            session.tell(self.intake.welcome(session))
        return session

    def drained(self, session: Session) -> None:
        """The link takes bytes again."""
        session.full_since = None
        self.places.pump(session)
        self.intake.wake(session)

    def lost(self, session: Session, reason: str) -> None:
        """The connection is gone."""
        del reason  # The net writes it to the log.
        self._end(session, forgiving=True)

    def settle(self, settings: Settings) -> None:
        """The operator decides so from here on; those are told whose protocol has words for it."""
        self.parts.settings = settings
        told = Resettled(registration=settings.registration, guests=settings.guests)
        for session in list(self.sessions):
            session.tell(told)

    # Sessions -------------------------------------------------------------------------------------------------------

    def part(self, session: Session, parting: Parting) -> None:
        """Tell a session why it ends, and end it."""
        if session.ended:
            return
        session.tell(Farewell(parting, PARTING_SENTENCES[parting]))
        self._end(session, forgiving=parting in FORGIVEN)
        session.link.close()

    def _end(self, session: Session, *, forgiving: bool) -> None:
        if session.ended:
            return
        session.stage = Stage.ENDED
        del self.sessions[session]
        self.intake.forget(session)
        self.parts.attendance.give_up(session)
        self.parts.devices.drop(session)
        self.parts.watching.forget(session)
        self.parts.following.forget(session)
        session.pending.clear()
        session.unread = b""
        rooms = list(session.live)
        for opened in rooms:
            opened.drop_reader(session)
        rooms += [opened for opened in map(self.parts.rooms.get, session.behind) if opened is not None]
        if not session.synced and session.online is not None:  # It came, and follows no room.
            rooms = [opened for opened in self.parts.rooms if opened.is_inside(session.online.principal)]
        session.behind.clear()
        session.announcements.clear()
        session.resting.clear()
        session.apart.clear()
        if session.online is not None:
            online, now = session.online, self.parts.clock.seconds()
            online.host, online.user = session.host, session.protocol.user
            online.left_at = self.parts.clock.now()
            tell = self.parts.attendance.leave(session, rooms, now=now, forgiving=forgiving)
            if not self._stopping:  # Everybody is told of that already.
                self.parts.callings.went(tell, online)
                self.parts.signals.went(tell, online)
                if not online.sessions:
                    self.parts.following.look(online.nick)
            if not online.registered and not online.sessions:
                if not self._stopping:
                    inside = [opened for opened in rooms if opened.is_inside(online.principal)]
                    self.parts.guest_moves.quit(inside, online, session)
                self.guest_gone(online.principal)

    def guest_gone(self, principal: PrincipalId) -> None:
        """There is no such guest any more."""
        for opened in list(self.parts.rooms):
            opened.put_out.pop(principal, None)
            if opened.guests.pop(principal, None) is not None:
                self.archive_if_passed(opened.state.id)

    def archive_if_passed(self, room: RoomId) -> None:
        """Somebody left this room; if it was a passing one and they were the last, it ends."""
        opened = self.parts.rooms.get(room)
        empty = opened is not None and not opened.state.members and not opened.guests
        if opened is not None and empty and opened.state.passing and not self._stopping:  # The next start archives too.
            self.parts.tasks.spawn(self._watch.archive_if_empty(room), "archive")

    # The turn -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Turn after turn, until `stop`."""
        self.parts.tasks.spawn(self._watch.run(), "watch")
        self.parts.tasks.spawn(Upkeep(self).run(), "upkeep")
        self.parts.tasks.spawn(Forgetting(self).run(), "forgetting")
        self.parts.tasks.spawn(self._watch.archive_passing_rooms(), "archive passing rooms")
        while not self._stopping:
            await self.parts.bell.wait_ring()
            await self.turn()
        await self.turn()
        for session in list(self.sessions):
            self.part(session, Parting.SHUTDOWN)

    def stop(self) -> None:
        """Take what has arrived, keep it, tell everybody, and end."""
        self._stopping = True
        self.parts.bell.ring()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    async def turn(self) -> None:
        """Judge what has arrived, keep it, tell it."""
        turn = Turn(now=self.parts.clock.now(), inbox_of=self._inbox_of, give_room=self._give_room)
        try:
            self._catch_up()
            self.orders.take(turn)
            self.intake.take_all(turn)
        except Exception as error:  # A fault of ours costs the session it befell, and nobody else.
            self.parts.journal.fault("judging failed", error)
            if turn.judged is not None:
                self._break_off(turn.judged)
            self._ask_again(turn, sure=False)
            return
        additions = turn.additions()
        if additions and not await self._keep(turn, additions):
            return
        try:
            self._tell(turn, additions)
        except Exception as error:  # Nobody knows who has been told: all resume from what they have.
            self.parts.journal.fault("telling failed", error)
            self.parts.doubts += 1
            self._told.fall_back(list(turn.touched))
            for session in list(self.sessions):
                self._break_off(session)

    def _break_off(self, session: Session) -> None:
        """Part with a session whatever state a fault of ours has left it in."""
        try:
            self.part(session, Parting.FAULT)
        except Exception as error:  # The last resort: the server goes on.
            self.parts.journal.fault("parting failed", error)
            self.sessions.pop(session, None)
            session.link.abort()

    def _catch_up(self) -> None:
        """Give those that fell behind in a room that was read again what they missed."""
        fallen, self.parts.fallen_behind = self.parts.fallen_behind, {}
        for session in fallen:
            self.places.pump(session)

    async def _keep(self, turn: Turn, additions: list[Addition]) -> bool:
        """Commit; whether everything judged is now durable."""
        now = self.parts.clock.seconds()
        for addition in additions:
            opened = self.parts.rooms.get(addition.before.id)
            if opened is not None:
                opened.used_at = now  # Nobody puts it away while it is being written to.
        self.parts.unborn.update({one.after.id: None for one in additions if one.before.head == 0})
        fault: StoreFault | None = None
        try:
            outcome = await self.parts.logs.append(additions)
            if not all(isinstance(one, Kept) for one in outcome):
                fault = StoreUnsure("a room was not what it was judged on")
        except StoreFault as error:
            fault = error
        except Exception as error:  # A fault of ours, in the store: nobody knows what it did before.
            self.parts.journal.fault("appending failed", error)
            fault = StoreUnsure("the store broke")
        self.parts.unborn.clear()
        if fault is None:
            return True
        self.parts.journal.fault("keeping failed", fault)
        sure = not isinstance(fault, StoreUnsure)
        self._ask_again(turn, sure=sure)
        if not sure:
            await self.parts.clock.wait_seconds(self.parts.limits.store_retry_seconds)
        return False

    def _tell(self, turn: Turn, additions: list[Addition]) -> None:
        self.orders.finish(Outcome.KEPT)
        self._told.make_true(additions, turn)
        self.entries_kept += sum(len(one.entries) for one in additions)
        if additions:
            self.parts.guest_moves.tell()  # Those of earlier turns; this one's come behind its runs.
        self._told.answer(turn)
        self._told.tell(additions, turn)
        left = dict.fromkeys(turn.moved)
        left.update({one.after.id: None for one in additions if one.before.head == 0})  # A guest may be gone already.
        for session in dict.fromkeys([taken.session for taken in turn.taken]):
            self.places.pump(session)  # What was asked may have moved it.
            self.intake.answered(session)
        self.parts.guest_moves.end_turn()
        self.parts.callings.tell()
        for taken in turn.taken:
            if type(taken.request) is Leave:  # A guest's leaving is no entry.
                left[taken.request.room] = None
        for room in left:
            self.archive_if_passed(room)

    def _inbox_of(self, account: PrincipalId) -> Room | None:
        opened = self.parts.rooms.inbox_of(account)
        return None if opened is None else opened.state

    def _give_room(self) -> RoomId:
        self.parts.rooms_given += 1
        return RoomId(self.parts.rooms_given)

    def _ask_again(self, turn: Turn, *, sure: bool) -> None:
        """Nothing this turn judged is believed. What was surely not kept is refused, the rest is asked again."""
        self.parts.doubts += 1
        self._told.fall_back(list(turn.touched))
        self.orders.finish(Outcome.FAILED)
        for principal in turn.writers | turn.joined:
            online = self.parts.attendance.get(principal)
            if online is not None:
                online.newest = None
        if not sure:
            self.parts.doubtful.update({one.after.id: None for one in turn.additions() if one.before.head == 0})
            self.parts.tasks.spawn(self._read_again(list(turn.touched)), "read again")
        for taken in reversed(turn.taken):
            if sure and taken.wrote:
                self.intake.put_back(taken.session, Malformed(Refusal(Code.NOT_KEPT), id=taken.asked_id))
            else:
                self.intake.put_back(taken.session, _with_id(taken))

    async def _read_again(self, rooms: list[RoomId]) -> None:
        """Find out what became of these rooms: what was kept after all is then told to those it concerns."""
        seconds = self.parts.limits.store_retry_seconds
        while rooms and not self._stopping:
            room = rooms.pop(0)
            try:
                await self.parts.open_room(room)
            except StoreFault:
                rooms.append(room)  # The others come first: this one may be damaged for good.
                await self.parts.clock.wait_seconds(seconds)
                seconds = min(2 * seconds, self.parts.limits.store_retry_seconds_max)


def _with_id(taken: Taken) -> Request | Malformed:
    """The request again, with the id it was appended under, so that it is found if it was kept."""
    if isinstance(taken.request, Write) and taken.request_id is not None:
        return msgspec.structs.replace(taken.request, id=taken.request_id)
    return taken.request
