"""The hub: everything that is asked comes in here, and is answered a turn at a time.

A turn takes the writes that have arrived, judges each on rooms that already contain the drafts before it, commits them
all at once, and only then makes them true and tells them. It has one await, the commit. Reads and logins are served
beside it, each holding back its own session and nobody else's. So there are no locks, and no state that is half true
outside a turn: whatever runs while the commit is under way sees the rooms as they were before it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from besedka.chat.entries import RoomId
from besedka.chat.pace import Pace
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import (
    ComeAsGuest,
    Exit,
    Hello,
    History,
    ListRooms,
    Login,
    Malformed,
    Ping,
    Pong,
    Register,
    Request,
    Resume,
    Sync,
    Who,
    Write,
)
from besedka.chat.rooms import Room
from besedka.chat.told import PARTING_SENTENCES, PROTOCOL_VERSION, Done, Farewell, Parting, Unit, Welcome
from besedka.hub.judging import Judge, Later, refused
from besedka.hub.login import Arrive, LoginDesk
from besedka.hub.orders import Orders, Outcome
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.ports import Kept, Link, Peer, StoreFault, StoreUnsure
from besedka.hub.preparing import Preparation, Prepared
from besedka.hub.reads import Reads
from besedka.hub.session import Session, Stage
from besedka.hub.telling import Told
from besedka.hub.turn import Taken, Turn
from besedka.hub.watch import Watch
from besedka.wire.protocol import ServerProtocol

Beside = Callable[[Session, Any], Coroutine[Any, Any, Unit | Refusal | Arrive]]
"""Serves one kind of request beside the turn."""


class Hub:
    """The server without its sockets. `run` it; `connect` gives it sessions; `stop` ends it."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.places = Places(parts)
        self.sessions: dict[Session, None] = {}
        """Every connection, in the order they came."""
        self._ready: dict[Session, None] = {}
        self._beside_turn = self._table(LoginDesk(parts), Reads(parts, self.places))
        self._preparation = Preparation(parts)
        self._judge = Judge(parts, self.places)
        self._told = Told(parts, self.places)
        self.orders = Orders(parts)
        self._watch = Watch(self)
        self._rooms_given = parts.logs.rooms_given
        self._connections_given = 0
        self._stopping = False
        self.entries_kept = 0
        """Entries kept since the start."""

    def _table(self, desk: LoginDesk, reads: Reads) -> dict[type, Beside | None]:
        """What is not judged in a turn: served beside it, or (None) at once when nothing before it is unanswered."""
        return {
            Login: desk.carry_out,
            Register: desk.carry_out,
            ComeAsGuest: desk.carry_out,
            Resume: desk.carry_out,
            Sync: reads.sync,
            History: reads.history,
            Who: reads.who,
            ListRooms: reads.rooms,
            Ping: None,
            Pong: None,
            Exit: None,
        }

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
            link, peer, protocol, number=self._connections_given, now=now, pace=pace, receive=self._receive
        )
        self.sessions[session] = None
        if session.stage is Stage.VISITOR:
            session.tell(self._welcome(session))
        return session

    def _receive(self, session: Session, data: bytes) -> None:
        if session.ended:
            return
        session.heard_at = self.parts.clock.seconds()
        session.pending.extend(session.protocol.receive(data))
        if not session.pending:
            return
        self._ready[session] = None
        if len(session.pending) > self.parts.limits.pending_requests_max and not session.paused:
            session.paused = True
            session.link.pause()
        self.parts.bell.ring()

    def drained(self, session: Session) -> None:
        """The link takes bytes again."""
        session.full_since = None
        self.places.pump(session)
        self._wake(session)

    def lost(self, session: Session, reason: str) -> None:
        """The connection is gone."""
        del reason  # The net writes it to the log.
        self._end(session, forgiving=True)

    # Sessions -------------------------------------------------------------------------------------------------------

    def part(self, session: Session, parting: Parting) -> None:
        """Tell a session why it ends, and end it."""
        if session.ended:
            return
        session.tell(Farewell(parting, PARTING_SENTENCES[parting]))
        self._end(session, forgiving=False)
        session.link.close()

    def _end(self, session: Session, *, forgiving: bool) -> None:
        if session.ended:
            return
        session.stage = Stage.ENDED
        del self.sessions[session]
        self._ready.pop(session, None)
        session.pending.clear()
        rooms = list(session.live)
        for opened in rooms:
            opened.drop_reader(session)
        rooms += [opened for opened in map(self.parts.rooms.get, session.behind) if opened is not None]
        session.behind.clear()
        session.announcements.clear()
        if session.online is not None:
            online, now = session.online, self.parts.clock.seconds()
            tell = self.parts.attendance.leave(session, rooms, now=now, forgiving=forgiving)
            self.parts.attendance.signal(tell, online, came=False)
            if not online.registered and not online.sessions:
                self._guest_gone(online.principal)

    def _guest_gone(self, principal: PrincipalId) -> None:
        for opened in list(self.parts.rooms):
            if opened.guests.pop(principal, None) is not None:
                self.archive_if_passed(opened.state.id)

    def archive_if_passed(self, room: RoomId) -> None:
        """Somebody left this room; if it was a passing one and they were the last, it ends."""
        opened = self.parts.rooms.get(room)
        if opened is not None and opened.state.passing and not opened.state.members and not opened.guests:
            self.parts.tasks.spawn(self._watch.archive_if_empty(room), "archive")

    def _wake(self, session: Session) -> None:
        if session.pending and not session.ended:
            self._ready[session] = None
            self.parts.bell.ring()

    def _welcome(self, session: Session) -> Welcome:
        settings = self.parts.settings
        return Welcome(
            version=PROTOCOL_VERSION,
            server=settings.version,
            name=settings.name,
            epoch=self.parts.logs.epoch,
            capabilities=(),
            registration=settings.registration,
            guests=settings.guests,
            safe=session.peer.safe,
        )

    # The turn -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Turn after turn, until `stop`."""
        self.parts.tasks.spawn(self._watch.run(), "watch")
        await self._archive_passing_rooms()
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
        self.orders.take(turn)
        self._take_all(turn)
        additions = turn.additions()
        if additions:
            self.parts.unborn.update({one.after.id: None for one in additions if one.before.head == 0})
            try:
                outcome = await self.parts.logs.append(additions)
            except StoreFault as fault:
                await self._not_kept(turn, fault)
                return
            finally:
                self.parts.unborn.clear()
            if not all(isinstance(one, Kept) for one in outcome):
                await self._not_kept(turn, StoreUnsure("a room was not what it was judged on"))
                return
            self.entries_kept += sum(len(one.entries) for one in additions)
            self._told.make_true(additions, turn)
        self.orders.finish(Outcome.KEPT)
        self._told.answer(turn)
        self._told.tell(additions, turn)
        for taken in turn.taken:
            self._answered(taken.session)
        for room in turn.moved:
            self.archive_if_passed(room)

    def _answered(self, session: Session) -> None:
        if session.ended:
            return
        if session.stage is Stage.VISITOR and session.attempts >= self.parts.limits.login_attempts_max:
            self.part(session, Parting.TOO_MANY_ATTEMPTS)
        if session.paused and len(session.pending) <= self.parts.limits.pending_requests_max // 2:
            session.paused = False
            session.link.go_on()
        self._wake(session)

    def _inbox_of(self, account: PrincipalId) -> Room | None:
        opened = self.parts.rooms.inbox_of(account)
        return None if opened is None else opened.state

    def _give_room(self) -> RoomId:
        self._rooms_given += 1
        return RoomId(self._rooms_given)

    async def _not_kept(self, turn: Turn, fault: StoreFault) -> None:
        """Nothing this turn judged is believed. What was surely not kept is refused, the rest is asked again."""
        self.parts.journal.fault("keeping failed", fault)
        self._told.fall_back(list(turn.touched))
        self.orders.finish(Outcome.FAILED)
        for principal in turn.writers:
            online = self.parts.attendance.get(principal)
            if online is not None:
                online.newest = None
        sure = not isinstance(fault, StoreUnsure)
        for taken in reversed(turn.taken):
            if taken.session.ended:
                continue
            if sure and taken.wrote:
                taken.session.pending.appendleft(Malformed(Refusal(Code.NOT_KEPT), id=taken.asked_id))
            else:
                taken.session.pending.appendleft(_with_id(taken))
            self._ready[taken.session] = None
        if not sure:
            await self.parts.clock.wait_seconds(self.parts.limits.store_retry_seconds)
        self.parts.bell.ring()

    # Taking ---------------------------------------------------------------------------------------------------------

    def _take_all(self, turn: Turn) -> None:
        """Take from each session in turn, until the turn is full. Who is not reached comes first in the next."""
        ready, self._ready = self._ready, {}
        budget = _Budget(self.parts.limits.turn_requests_max, self.parts.limits.turn_bytes_max)
        left_over: dict[Session, None] = {}
        for session in ready:
            if budget.is_spent:
                left_over[session] = None
            else:
                self._take(turn, session, budget)
        if left_over:
            self._ready = left_over | self._ready
            self.parts.bell.ring()

    def _take(self, turn: Turn, session: Session, budget: _Budget) -> None:
        """Take what this session may have judged now, in its order."""
        limits = self.parts.limits
        most = limits.turn_requests_per_session_max
        if limits.flood and session.stage is Stage.PRESENT:
            most = min(most, session.pace.available(self.parts.clock.seconds()))
            if most == 0 and session.pending and not session.held:
                self._wait_for_pace(session)
                return
        taken, wrote = 0, False
        while session.pending and not session.held and not session.link.full and not session.ended:
            if taken >= most or budget.is_spent:
                self._ready[session] = None
                self.parts.bell.ring()
                break
            request = session.pending[0]
            if type(request) in self._beside_turn:
                if wrote:  # It is answered after what was asked before it is kept and told.
                    self._ready[session] = None
                    self.parts.bell.ring()
                    break
                session.pending.popleft()
                self._serve_beside(session, request)
                taken += 1
                continue
            verdict = self._verdict(turn, session, request)
            if isinstance(verdict, Later):
                self._postpone(session, request, verdict)
                break
            session.pending.popleft()
            session.looked_up = None
            turn.taken.append(verdict)
            budget.spend(request)
            taken, wrote = taken + 1, True
            if session.stage is not Stage.PRESENT or (isinstance(request, Malformed) and request.fatal):
                break
        if limits.flood and session.stage is Stage.PRESENT and taken:
            session.pace.take(taken)

    def _wait_for_pace(self, session: Session) -> None:
        session.held = True

        async def wait() -> None:
            await self.parts.clock.wait_seconds(session.pace.seconds_until_one())
            session.held = False
            self._wake(session)

        self.parts.tasks.spawn(wait(), "pace")

    def _postpone(self, session: Session, request: Request | Malformed, why: Later) -> None:
        if why is Later.NEXT_TURN:
            self._ready[session] = None
            self.parts.bell.ring()
            return
        session.held = True
        self.parts.tasks.spawn(self._prepare(session, request), "prepare")

    async def _prepare(self, session: Session, request: Request | Malformed) -> None:
        try:
            if isinstance(request, Arrive):
                session.looked_up = await self._preparation.arrive(request)
            else:
                assert isinstance(request, Write)
                assert session.online is not None
                session.looked_up = await self._preparation.write(session.online, request)
        except StoreFault as fault:
            self.parts.journal.fault("preparing failed", fault)
            await self.parts.clock.wait_seconds(self.parts.limits.store_retry_seconds)
        finally:
            session.held = False
        self._wake(session)

    def _verdict(self, turn: Turn, session: Session, request: Request | Malformed) -> Taken | Later:
        """What becomes of one request that is not served beside the turn."""
        if isinstance(request, Malformed):
            return self._malformed(session, request)
        prepared = session.looked_up if isinstance(session.looked_up, Prepared) else None
        if isinstance(request, Arrive):
            return self._judge.arrive(turn, session, request, prepared)
        if isinstance(request, Hello):
            return self._hello(session, request)
        early = self._too_early(session, request)
        if early is not None:
            return Taken(session, request, refused(request.request_id, early))
        if isinstance(request, Write):
            return self._judge.write(turn, session, request, prepared)
        raise AssertionError("a request of no kind")

    def _malformed(self, session: Session, request: Malformed) -> Taken:
        effect = (lambda: self.part(session, Parting.BAD_INPUT)) if request.fatal else None
        return Taken(session, request, refused(request.id, request.refusal), effect)

    def _hello(self, session: Session, request: Hello) -> Taken:
        if session.stage is not Stage.HELLO:
            return Taken(session, request, refused(request.request_id, Refusal(Code.BAD_REQUEST, "hello")))
        if request.version != PROTOCOL_VERSION:
            refusal = refused(request.request_id, Refusal(Code.BAD_VERSION, str(PROTOCOL_VERSION)))
            return Taken(session, request, refusal, lambda: self.part(session, Parting.BAD_INPUT))
        session.stage = Stage.VISITOR
        return Taken(session, request, self._welcome(session))

    def _too_early(self, session: Session, request: Request) -> Refusal | None:
        """Why this cannot be asked yet, or any more."""
        if session.stage is Stage.HELLO:
            return Refusal(Code.HELLO_FIRST)
        if isinstance(request, Login | Register | ComeAsGuest | Resume):
            return Refusal(Code.LOGGED_IN_ALREADY) if session.stage is Stage.PRESENT else None
        if session.stage is Stage.VISITOR and not isinstance(request, Ping | Pong | Exit):
            return Refusal(Code.LOGIN_FIRST)
        return None

    # Beside the turn ------------------------------------------------------------------------------------------------

    def _serve_beside(self, session: Session, request: Request | Malformed) -> None:
        assert isinstance(request, Request)
        beside = self._beside_turn[type(request)]
        early = self._too_early(session, request)
        if early is not None:
            session.tell(refused(request.request_id, early))
        elif isinstance(request, Ping):
            session.tell(Done(request.request_id))
        elif isinstance(request, Exit):
            self._exit(session, request)
        elif beside is not None:
            session.held = True
            self.parts.tasks.spawn(self._beside(session, request, beside), type(request).__name__)

    async def _beside(self, session: Session, request: Request, beside: Beside) -> None:
        try:
            answer: Unit | Refusal | Arrive = await beside(session, request)
        except StoreFault as fault:
            self.parts.journal.fault("reading failed", fault)
            answer = Refusal(Code.BUSY)
        finally:
            session.held = False
        if session.ended:
            return
        if isinstance(answer, Arrive):
            session.pending.appendleft(answer)
        elif isinstance(answer, Refusal):
            session.tell(refused(request.request_id, answer))
            if answer.code is Code.BANNED:
                self.part(session, Parting.BANNED)
        else:
            session.tell(answer)
        self.places.pump(session)
        self._answered(session)

    def _exit(self, session: Session, request: Exit) -> None:
        if request.forget and session.token is not None:
            token, session.token = session.token, None

            async def forget() -> None:
                await self.parts.accounts.drop_token(token)

            self.parts.tasks.spawn(forget(), "forget token")
        self.part(session, Parting.EXIT)

    async def _archive_passing_rooms(self) -> None:
        """Rooms of guests that a crash cut short: nobody is in them any more."""
        for room in await self.parts.logs.passing_rooms():
            await self._watch.archive_if_empty(room)


def _with_id(taken: Taken) -> Request | Malformed:
    """The request again, with the id it was appended under, so that it is found if it was kept."""
    if isinstance(taken.request, Write) and taken.request_id is not None:
        return msgspec.structs.replace(taken.request, id=taken.request_id)
    return taken.request


class _Budget:
    """How much a turn may still take."""

    __slots__ = ("_bytes", "_requests")

    def __init__(self, requests: int, size: int) -> None:
        self._requests = requests
        self._bytes = size

    def spend(self, request: Request | Malformed) -> None:
        """One request is taken."""
        self._requests -= 1
        text = getattr(request, "text", None)
        if text is not None:
            self._bytes -= len(text)

    @property
    def is_spent(self) -> bool:
        """Whether the turn is full."""
        return self._requests <= 0 or self._bytes <= 0
