"""What is taken into a turn, in what order, and what is served beside it.

A session's requests are answered in the order it sent them. Writes may pile up in one turn; a read or a login waits
until all before it is answered, and then holds back what comes after it, of this session only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import (
    ComeAsGuest,
    Exit,
    Hello,
    Login,
    Malformed,
    Ping,
    Pong,
    Register,
    Request,
    Resume,
    Write,
)
from besedka.chat.told import PROTOCOL_VERSION, Parting, Welcome
from besedka.hub.arriving import Reception
from besedka.hub.becoming import Becoming, may_become
from besedka.hub.beside import Beside
from besedka.hub.callings import BeCalled
from besedka.hub.cases import Later, Wanting
from besedka.hub.judging import Judge, refused
from besedka.hub.login import Arrive
from besedka.hub.pings import Pings
from besedka.hub.preparing import Preparation
from besedka.hub.session import Session, Stage
from besedka.hub.turn import Taken, Turn
from besedka.wire.proving import AskChallenge, EnterProved, Knock, Prove

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

CLIENT_CHARACTERS_MAX = 100
"""Of what a program says it is, so much is remembered: its name and its version."""

PIECE_BYTES = 16_384
"""What is understood at once: sixty-four messages of usual length, and few enough lines of one letter."""

_FOR_GUESTS = frozenset({Login, AskChallenge, Prove, EnterProved, Register})
"""Ways in by which a guest goes on as an account."""

_WAYS_IN = _FOR_GUESTS | {ComeAsGuest, Resume, Knock}

_FOR_VISITORS = _WAYS_IN | {Ping, Pong, Exit}
"""What may be asked by somebody who has not said who it is."""


class Intake:
    """Sessions that have asked something, and what becomes of it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts
        self._ready: dict[Session, None] = {}
        """Sessions with something to take, in the order they will be looked at."""
        self._pings = Pings(hub.parts, self.wake)
        self._preparation = Preparation(hub.parts)
        self._judge = Judge(hub.parts, hub.places)
        self._reception = Reception(hub.parts, Becoming(hub))
        self._beside = Beside(hub, self.answered)

    def forget(self, session: Session) -> None:
        """The session has ended."""
        self._ready.pop(session, None)
        self._pings.forget(session)

    def put_back(self, session: Session, request: Request | Malformed) -> None:
        """Ask this again, before what the session has asked since."""
        if not session.ended:
            session.pending.insert(0, request)
            self.wake(session)

    def wake(self, session: Session) -> None:
        """The session may have something to take."""
        if session.pending and not session.ended:
            self._ready[session] = None
            self._parts.bell.ring()

    def welcome(self, session: Session) -> Welcome:
        """What a visitor is told of this server."""
        settings = self._parts.settings
        return Welcome(
            version=PROTOCOL_VERSION,
            server=settings.version,
            name=settings.name,
            epoch=self._parts.logs.epoch,
            capabilities=(),
            registration=settings.registration,
            guests=settings.guests,
            safe=session.peer.safe,
        )

    # Understanding --------------------------------------------------------------------------------------------------

    def receive(self, session: Session, data: bytes) -> None:
        """Bytes have come; or, without any, the protocol may have something to ask."""
        if session.ended:
            return
        if data:
            session.heard_at = self._parts.clock.seconds()
            session.unread = session.unread + data if session.unread else data
        else:
            self._understand(session, b"")
        self._read(session)

    def _read(self, session: Session) -> None:
        """Make requests of what was received, a piece at a time, until enough is pending."""
        while session.unread and not session.paused and not session.ended:
            piece, session.unread = session.unread[:PIECE_BYTES], session.unread[PIECE_BYTES:]
            self._understand(session, piece)
            if len(session.pending) > self._parts.limits.pending_requests_max:
                session.paused = True
                session.link.pause()
        self.wake(session)

    def _understand(self, session: Session, data: bytes) -> None:
        session.pending.extend(session.protocol.receive(data))
        if session.protocol.converses:
            if session.protocol.format is not session.plain_format:
                session.read_anew()
            said = session.protocol.prompt()
            if said:
                session.link.write(said)

    # Taking ---------------------------------------------------------------------------------------------------------

    def take_all(self, turn: Turn) -> None:
        """Take from each session in turn, until the turn is full. Who is not reached comes first in the next."""
        ready, self._ready = self._ready, {}
        budget = _Budget(self._parts.limits.turn_requests_max, self._parts.limits.turn_bytes_max)
        left_over = dict(ready)
        try:
            for session in self._pings.last(ready):
                if budget.is_spent:
                    break
                del left_over[session]
                self._take(turn, session, budget)
        finally:  # A fault that befell one session does not make the others wait for ever.
            if left_over:
                self._pings.passed_over(left_over)
                self._ready = left_over | self._ready
                self._parts.bell.ring()

    def _take(self, turn: Turn, session: Session, budget: _Budget) -> None:
        """Take what this session may have judged now, in its order."""
        limits = self._parts.limits
        turn.judged = session
        most = limits.turn_requests_per_session_max
        if limits.flood:
            most = min(most, session.pace.available(self._parts.clock.seconds()))
            if most == 0 and session.pending and not session.held:
                self._wait_for_pace(session)
                return
        taken, wrote = 0, False
        while session.pending and not session.held and not session.link.full and session.stage is not Stage.ENDED:
            if taken >= most or budget.is_spent:
                self._ready[session] = None
                self._parts.bell.ring()
                break
            request = session.pending[0]
            if type(request) in self._beside.kinds:
                if wrote or self._waits(turn, session, request):  # Until what was asked before it is kept and told.
                    if not session.held:
                        self._ready[session] = None
                        self._parts.bell.ring()
                    break
                del session.pending[0]
                self._serve(session, request)
                taken += 1
                continue
            verdict = self._verdict(turn, session, request)
            if isinstance(verdict, Later | Wanting):
                self._postpone(session, request, verdict)
                break
            del session.pending[0]
            session.looked_up = None
            self._pings.judged(session)
            turn.taken.append(verdict)
            budget.spend(request)
            taken, wrote = taken + 1, True
            if session.stage is not Stage.PRESENT or (isinstance(request, Malformed) and request.fatal):
                break
            if verdict.effect is not None and session.online is not None and not session.online.registered:
                self._ready[session] = None  # A guest is where it went only when this turn is told.
                self._parts.bell.ring()
                break
        if limits.flood:
            session.pace.take(taken)
        self._read_on(session)

    def _waits(self, turn: Turn, session: Session, request: Request | Malformed) -> bool:
        """Whether it is a ping that waits for what others have said: a PONG says that all before it is told."""
        return type(request) is Ping and self._pings.waits(session, turn_says=bool(turn.touched))

    def _wait_for_pace(self, session: Session) -> None:
        session.held = True

        async def wait() -> None:
            await self._parts.clock.wait_seconds(session.pace.seconds_until_one())
            session.held = False
            self.wake(session)

        self._parts.tasks.spawn(wait(), "pace")

    def _postpone(self, session: Session, request: Request | Malformed, why: Later | Wanting) -> None:
        if why is Later.NEXT_TURN:
            self._ready[session] = None
            self._parts.bell.ring()
            return
        session.held = True
        if isinstance(request, Write):
            self._pings.delay(session)
        inboxes = why.inboxes if isinstance(why, Wanting) else ()
        self._parts.tasks.spawn(self._prepare(session, request, inboxes), "prepare")

    async def _prepare(self, session: Session, request: Request | Malformed, inboxes: tuple[PrincipalId, ...]) -> None:
        try:
            session.looked_up = await self._preparation.look_up(session, request, inboxes)
            if session.looked_up is None:
                _replace(session.pending, request, by=_busy(request))
        except Exception as error:  # The same, for a look-up.
            self._parts.journal.fault("preparing failed", error)
            self._hub.part(session, Parting.FAULT)
            return
        session.held = False
        self.wake(session)

    def _verdict(self, turn: Turn, session: Session, request: Request | Malformed) -> Taken | Later | Wanting:
        """What becomes of one request that is not served beside the turn."""
        looked_up = session.looked_up
        fits = looked_up is not None and looked_up.request is request and looked_up.doubts == self._parts.doubts
        prepared = looked_up.found if looked_up is not None and fits else None
        if isinstance(request, Write):
            if session.stage is Stage.PRESENT:
                return self._judge.write(turn, session, request, prepared)
            early = self._too_early(session, request)
            assert early is not None, "only who has said who it is writes"
            return Taken(session, request, refused(request.request_id, early))
        if isinstance(request, Malformed):
            return self._malformed(session, request)
        if isinstance(request, Arrive):
            return self._reception.arrive(turn, session, request, prepared)
        if isinstance(request, BeCalled):
            called = request
            return Taken(session, request, None, lambda: self._parts.callings.note(session, called))
        assert isinstance(request, Hello), "a request of no kind"
        return self._hello(session, request)

    def _malformed(self, session: Session, request: Malformed) -> Taken:
        effect = (lambda: self._hub.part(session, Parting.BAD_INPUT)) if request.fatal else None
        return Taken(session, request, refused(request.id, request.refusal), effect)

    def _hello(self, session: Session, request: Hello) -> Taken:
        if session.stage is not Stage.HELLO:
            return Taken(session, request, refused(request.request_id, Refusal(Code.BAD_REQUEST, "hello")))
        if request.version != PROTOCOL_VERSION:
            refusal = refused(request.request_id, Refusal(Code.BAD_VERSION, str(PROTOCOL_VERSION)))
            return Taken(session, request, refusal, lambda: self._hub.part(session, Parting.BAD_INPUT))
        session.stage, session.client = Stage.VISITOR, request.client[:CLIENT_CHARACTERS_MAX]
        return Taken(session, request, self.welcome(session))

    def _too_early(self, session: Session, request: Request) -> Refusal | None:
        """Why this cannot be asked yet, or any more."""
        if session.stage is Stage.PRESENT:
            if type(request) not in _WAYS_IN or (type(request) in _FOR_GUESTS and may_become(session)):
                return None
            return Refusal(Code.LOGGED_IN_ALREADY)
        if session.stage is Stage.HELLO:
            return Refusal(Code.HELLO_FIRST)
        return None if type(request) in _FOR_VISITORS else Refusal(Code.LOGIN_FIRST)

    # What is not judged ---------------------------------------------------------------------------------------------

    def _serve(self, session: Session, request: Request | Malformed) -> None:
        """Serve it beside the turn, unless it cannot be asked."""
        assert isinstance(request, Request)
        early = self._too_early(session, request)
        if early is None:
            self._beside.serve(session, request)
        else:
            session.tell(refused(request.request_id, early))

    def answered(self, session: Session) -> None:
        """What the session asked has been answered: it may be read from again, and asked for more."""
        if session.ended:
            return
        unknown = session.online is None or not session.online.registered
        if unknown and session.attempts >= self._parts.limits.login_attempts_max:
            self._hub.part(session, Parting.TOO_MANY_ATTEMPTS)
        self._read_on(session)
        self.wake(session)

    def _read_on(self, session: Session) -> None:
        """Read from the socket again once enough of what was pending is taken."""
        enough = len(session.pending) <= self._parts.limits.pending_requests_max // 2
        if session.paused and enough and not session.ended:
            session.paused = False
            self._read(session)
            if not session.paused:
                session.link.go_on()


def _busy(request: Request | Malformed) -> Malformed:
    """The refusal of a request of which nothing could be found out, not even whether it was kept before."""
    return Malformed(Refusal(Code.BUSY), request.request_id if isinstance(request, Request) else request.id)


def _replace(pending: list[Request | Malformed], request: Request | Malformed, *, by: Malformed) -> None:
    """Put one thing in another's place. Others may have been put before it, and one that has ended asks nothing."""
    pending[:] = [by if one is request else one for one in pending]


class _Budget:
    """How much a turn may still take."""

    __slots__ = ("_bytes", "_requests", "is_spent")

    def __init__(self, requests: int, size: int) -> None:
        self._requests = requests
        self._bytes = size
        self.is_spent = False
        """Whether the turn is full."""

    def spend(self, request: Request | Malformed) -> None:
        """One request is taken."""
        self._requests -= 1
        text = getattr(request, "text", None)
        if text is not None:
            self._bytes -= len(text)
        self.is_spent = self._requests <= 0 or self._bytes <= 0
