"""What is served beside the turn: questions, signals, jobs.

Whatever takes time holds back the next request of its own session and nobody else's. The rest is done at once.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from besedka.chat.own_requests import (
    Away,
    ChangeNick,
    ChangePassword,
    EndSessions,
    GetData,
    ListSessions,
    Overview,
    Typing,
    WatchData,
    Whois,
    Whowas,
)
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import (
    ComeAsGuest,
    Exit,
    History,
    ListRooms,
    Login,
    Ping,
    Pong,
    Register,
    Request,
    Resume,
    Search,
    Sync,
    Who,
)
from besedka.chat.room_requests import ListMarks
from besedka.chat.told import Done, Parting, Unit
from besedka.hub.asides import Asides
from besedka.hub.callings import BeCalled
from besedka.hub.commanding import Commanding
from besedka.hub.faults import StoreFault
from besedka.hub.judging import refused
from besedka.hub.lending import Lending
from besedka.hub.login import Arrive, LoginDesk
from besedka.hub.looks import Looks
from besedka.hub.markers import Markers
from besedka.hub.own_account import OwnAccount
from besedka.hub.pages import Pages
from besedka.hub.people import Directory
from besedka.hub.reads import Reads
from besedka.hub.revoking import Revoking
from besedka.hub.searches import Searches
from besedka.hub.session import Session
from besedka.wire.asides import SayAside
from besedka.wire.looking import (
    Find,
    Follow,
    GetMarker,
    ListConversations,
    Look,
    LookAround,
    LookForInvitations,
    Recall,
)
from besedka.wire.operating import GiveBack, LendAdmin
from besedka.wire.proving import AskChallenge, EnterProved, Knock, Prove

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

Answer = Unit | Refusal | Arrive | BeCalled | None
"""None where there is nothing to say."""

Served = Callable[[Session, Any], Coroutine[Any, Any, Answer]]
"""Serves one kind of request, in its own time."""

DoneAtOnce = Callable[[Session, Any], Unit | Refusal | None]
"""Does one kind of request without waiting for anything."""


class Beside:
    """Carries out what is not judged in a turn."""

    def __init__(self, hub: Hub, answered: Callable[[Session], None]) -> None:
        """`answered` is told when a session may be asked for more."""
        self._hub = hub
        self._parts = hub.parts
        self._answered = answered
        self._revoking = Revoking(hub)
        desk = LoginDesk(hub.parts, hub.part)
        self._own = OwnAccount(hub, desk)
        lending, commanding = Lending(hub, desk), Commanding(hub)
        reads, pages = Reads(hub.parts, hub.places), Pages(hub.parts)
        looks, directory = Looks(hub.parts), Directory(hub.parts)
        self._served: dict[type, Served] = {
            **dict.fromkeys((Login, Register, ComeAsGuest, Resume), desk.carry_out),
            **dict.fromkeys((AskChallenge, Prove, EnterProved, Knock), desk.carry_out),
            Sync: reads.sync,
            History: pages.history,
            Search: Searches(hub.parts).search,
            Recall: pages.recall,
            ListConversations: pages.conversations,
            GetMarker: Markers(hub.parts).told,
            Who: reads.who,
            Look: looks.look,
            LookAround: looks.around,
            LookForInvitations: looks.invitations,
            ListRooms: reads.rooms,
            ListMarks: reads.marks,
            Overview: reads.overview,
            Typing: reads.typing,
            SayAside: Asides(hub.parts).say,
            Whois: directory.whois,
            Whowas: directory.whowas,
            GetData: directory.data,
            ListSessions: self._revoking.sessions,
            EndSessions: self._revoking.end,
            ChangePassword: self._change_password,
            **self._own.served(),
            Find: directory.find,
            LendAdmin: lending.lend,
            **commanding.served(),
            ChangeNick: self._change_nick,
        }
        self._at_once: dict[type, DoneAtOnce] = {
            Ping: lambda _session, request: Done(request.request_id),
            Pong: lambda _session, _request: None,
            Away: hub.parts.signals.away,
            WatchData: hub.parts.watching.watch,
            Follow: hub.parts.following.follow,
            GiveBack: lending.give_back,
            Exit: self._exit,
        }
        self.kinds: Final[frozenset[type]] = frozenset({*self._served, *self._at_once})
        """What is not judged in a turn."""

    def serve(self, session: Session, request: Request) -> None:
        """Carry it out. Everything that the session asked before is answered."""
        at_once = self._at_once.get(type(request))
        if at_once is not None:
            answer = at_once(session, request)
            if answer is not None:
                session.tell(refused(request.request_id, answer) if isinstance(answer, Refusal) else answer)
            return
        session.held = True
        self._parts.tasks.spawn(self._serve(session, request), type(request).__name__)

    async def _serve(self, session: Session, request: Request) -> None:
        try:
            answer = await self._answer(session, request)
        except Exception as error:  # A fault of ours costs this session its connection, and nobody else.
            self._parts.journal.fault("serving failed", error)
            self._hub.part(session, Parting.FAULT)
            return
        session.held = False
        if session.ended:
            return
        if isinstance(answer, Arrive | BeCalled):
            session.pending.insert(0, answer)
        elif isinstance(answer, Refusal):
            session.tell(refused(request.request_id, answer))
            if answer.code is Code.BANNED:
                self._hub.part(session, Parting.BANNED)
        elif answer is not None:
            session.tell(answer)
        self._hub.places.pump(session)
        self._answered(session)

    async def _answer(self, session: Session, request: Request) -> Answer:
        """What it comes to. A session whose sync was refused would hear nothing for ever: that is tried again."""
        while not session.ended:
            try:
                return await self._served[type(request)](session, request)
            except StoreFault as fault:
                self._parts.journal.fault("reading failed", fault)
                if not isinstance(request, Sync):
                    return Refusal(Code.BUSY)
            await self._parts.clock.wait_seconds(self._parts.limits.store_retry_seconds)
        return None

    async def _change_password(self, session: Session, request: ChangePassword) -> Answer:
        refusal = await self._own.change_password(session, request)
        if refusal is not None:
            return refusal
        await self._revoking.end_others(session)
        return Done(request.request_id)

    async def _change_nick(self, session: Session, request: ChangeNick) -> Answer:
        parts = self._parts
        return await parts.callings.choose(session, request, accounts=parts.accounts, settings=parts.settings)

    def _exit(self, session: Session, request: Exit) -> None:
        if request.forget and session.token is not None:
            token = session.token
            self._parts.devices.drop(session)

            async def forget() -> None:
                await self._parts.accounts.drop_token(token)

            self._parts.tasks.spawn(forget(), "forget token")
        self._hub.part(session, Parting.EXIT)
