"""The client's side of the conversation, as a machine without sockets, clocks or dice.

Theory of operation
-------------------
Three doors: bytes in (`receive`, which answers with events), deeds in (`ask`, `say`, …), bytes out (`to_send`).
`connected` begins a connection and `lost` ends it; everything the client must not forget outlives both.

Two things are kept over connections. The **places**: for each room the number of the last entry the surface was
given. An entry is passed on only if it is the next one, so no screen ever shows a gap, a repeat or a swap: a repeat is
dropped, and at a gap the rest is dropped and that one room is synced again from its place. The **outbox**: writes
without a receipt, in order. They are asked again with the ids they had, after every login, until `kept` or a refusal
takes them out; the ids make that harmless (P3).

Beside the places stands what each room is to me (`rooms`), and what my inbox says of me (`own`): both are as the
server described the room, and folded from there on from the entries that pass.

A foreign epoch at the welcome means that rooms and numbers may mean something else now. Then all places are forgotten,
and the outbox is returned to the surface rather than said in rooms that may be others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import cast

import msgspec

from besedka.chat import requests, told
from besedka.chat.answers import DataTold, InviteCode
from besedka.chat.entries import RequestId, RoomId, Way
from besedka.chat.own_requests import Typing
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Place, Request
from besedka.client.events import Answer, Answered, Arrived, Event, Garbled, Phase, Returned, StartedOver, Welcomed
from besedka.client.memory import AnyWrite, KnownRoom, State
from besedka.client.outbox import Outbox, id_of
from besedka.client.own import Own
from besedka.client.places import Places
from besedka.client.requesting import Requesting
from besedka.limits import Limits
from besedka.wire.framing import Fault
from besedka.wire.native import NativeClient

_NOT_NOW = (Code.HELLO_FIRST, Code.LOGIN_FIRST)
"""Refusals of a write that are about the connection, not the write: it is asked again on the next one."""


class Core(Requesting):
    """One person's client on one server. Methods that ask something return the request's id, or why not."""

    def __init__(
        self,
        *,
        new_id: Callable[[], RequestId],
        state: State | None = None,
        show: int = 20,
        client: str = "besedka",
        limits: Limits | None = None,
        outbox_max: int = 128,
    ) -> None:
        """`new_id` makes request ids (UUIDv7); `show` is how many entries of a room that is new here are asked for.

        `outbox_max` bounds what is said while nobody answers: two turns' worth of one session.
        """
        state = state or State()
        self._new_id = new_id
        self.show = show
        self._client = client
        self._limits = limits or Limits()
        self._codec = NativeClient()
        self._out = bytearray()
        self._phase = Phase.OFFLINE
        self._welcome: told.Welcome | None = None
        self._epoch = state.epoch
        self._principal = state.principal
        self._name = state.name
        self._inbox = state.inbox
        self.token: str | None = state.token
        """For coming back without a password; the surface keeps it, or takes it away."""
        self._places = Places(state.rooms, rooms_max=self._limits.rooms_per_account_max)
        self._own = state.own
        self._outbox = Outbox(state.outbox, writes_max=outbox_max)
        self._asked: dict[RequestId, Request] = {}
        self._signalled: RequestId | None = None
        """The last signal sent: it is answered only if refused, and nobody cares."""
        self._awaited: int | None = None

    # What the surface may look at ------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        """How far the present connection is."""
        return self._phase

    @property
    def welcome(self) -> told.Welcome | None:
        """How the server introduced itself last."""
        return self._welcome

    @property
    def principal(self) -> PrincipalId | None:
        """Who I am, once logged in for the first time."""
        return self._principal

    @property
    def name(self) -> str:
        """What I am called; empty before the first login."""
        return self._name

    @property
    def rooms(self) -> Mapping[RoomId, KnownRoom]:
        """Every room known, the inbox and rooms once left included."""
        return self._places.rooms

    @property
    def inbox(self) -> RoomId | None:
        """My inbox among the rooms; None for a guest."""
        return self._inbox

    @property
    def own(self) -> Own:
        """What my inbox says of me: whom I ignore, what I have read, who invited me …"""
        return self._own

    @property
    def outbox(self) -> tuple[AnyWrite, ...]:
        """Writes without a receipt, in order."""
        return self._outbox.writes

    @property
    def full(self) -> bool:
        """Whether nothing more may be written until a receipt comes."""
        return self._outbox.full

    @property
    def waiting(self) -> int:
        """How many requests have no answer yet, unsent writes included."""
        return len(self._outbox.ids() | self._asked.keys())

    def awaits(self, request: RequestId) -> bool:
        """Whether this request has no answer yet."""
        return request in self._outbox or request in self._asked

    @property
    def in_step(self) -> bool:
        """Whether the server has told every room that was to be told after this connection's login."""
        return self._phase is Phase.IN and self._awaited == 0

    def state(self) -> State:
        """All there is to remember; `Core(state=…)` goes on from it."""
        return State(
            epoch=self._epoch,
            principal=self._principal,
            name=self._name,
            inbox=self._inbox,
            token=self.token,
            rooms=tuple(self._places.rooms.values()),
            outbox=self.outbox,
            own=self._own,
        )

    # The connection --------------------------------------------------------------------------------------------

    def connected(self) -> None:
        """A new connection is there, and the last one was `lost`: hello is to be sent."""
        assert self._phase is Phase.OFFLINE, "one connection at a time"
        self._codec = NativeClient()
        self._places.healed()
        self._awaited = None
        self._phase = Phase.GREETING
        self._queue(requests.Hello(version=told.PROTOCOL_VERSION, client=self._client))

    def lost(self) -> None:
        """The connection is gone. What was asked but not written is forgotten; writes wait for the next one."""
        self._phase = Phase.OFFLINE
        self._out.clear()
        self._asked.clear()

    def to_send(self) -> bytes:
        """The bytes to send now; the caller has them from here on."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def receive(self, data: bytes) -> list[Event]:
        """Bytes in any cut; what they mean for the surface, in order. Never raises because of what they are."""
        events: list[Event] = []
        if self._phase is Phase.OFFLINE:
            return events
        for unit in self._codec.receive(data):
            if self._phase is Phase.OVER:
                break
            if isinstance(unit, Fault):
                self._phase = Phase.OVER
                events.append(Garbled(unit))
            else:
                self._told(unit, events)
        return events

    # Coming in -------------------------------------------------------------------------------------------------

    def login(self, name: str, password: str) -> RequestId | Refusal:
        """Enter with a password. For a stranger only; answered `you`."""
        return self._enter(requests.Login(id=self._new_id(), name=name, password=password, remember=True))

    def register(self, name: str, password: str, *, invitation: str = "") -> RequestId | Refusal:
        """Make an account and enter. For a stranger only; answered `you`."""
        return self._enter(
            requests.Register(id=self._new_id(), name=name, password=password, invitation=invitation, remember=True)
        )

    def come_as_guest(self, name: str) -> RequestId | Refusal:
        """Enter without an account. For a stranger only; answered `you`."""
        return self._enter(requests.ComeAsGuest(id=self._new_id(), name=name))

    def resume(self) -> RequestId | Refusal:
        """Enter with the token, again: the first time is done by itself. For a stranger who has one."""
        assert self.token is not None, "nothing to resume with"
        return self._enter(requests.Resume(id=self._new_id(), token=self.token))

    # Asking ----------------------------------------------------------------------------------------------------

    def ask(self, request: Request) -> RequestId | Refusal:
        """Ask something under an id of its own; that, or why it cannot be asked at all.

        A write is asked now or when the connection is back, and not while `full`; anything else is asked in phase IN,
        and its answer does not outlive the connection. Whoever enters or exits uses the methods for that.
        """
        request = msgspec.structs.replace(request, id=self._new_id())
        if isinstance(request, requests.Write):
            return self._write(cast(AnyWrite, request))
        assert self._phase is Phase.IN, "asked when logged in"
        return self._queue(request) or id_of(request)

    def exit(self, *, forget: bool = False) -> None:
        """End the session, and with `forget` its token. Answered by a farewell; not in phase OFFLINE or OVER."""
        self._queue(requests.Exit(id=self._new_id(), forget=forget))
        if forget:
            self.token = None

    def _queue(self, request: Request) -> Refusal | None:
        """Queue a request's bytes, unless it cannot be sent at all."""
        assert self._phase not in (Phase.OFFLINE, Phase.OVER), "nobody to ask"
        frame = self._frame(request, inside=self._phase is Phase.IN)
        if isinstance(frame, Refusal):
            return frame
        self._out += frame
        if isinstance(request, Typing):
            self._signalled = request.request_id
        elif request.request_id is not None and not isinstance(request, requests.Hello | requests.Exit):
            self._asked[request.request_id] = request
        return None

    def _frame(self, request: Request, *, inside: bool) -> bytes | Refusal:
        """The bytes of a request. What no server could read is refused here, as the connection would not survive it."""
        try:
            frame = self._codec.ask(request)
        except UnicodeEncodeError:  # A lone surrogate: there is no UTF-8 for it.
            return Refusal(Code.BAD_TEXT)
        bytes_max = self._limits.frame_bytes_max if inside else self._limits.frame_bytes_before_login_max
        return frame if len(frame) <= bytes_max else Refusal(Code.TOO_LONG)

    def _enter(self, request: Request) -> RequestId | Refusal:
        assert self._phase is Phase.STRANGER, "to be asked after the welcome and before `you`"
        refusal = self._queue(request)
        if refusal is not None:
            return refusal
        self._phase = Phase.ENTERING
        return id_of(request)

    def _write(self, request: AnyWrite) -> RequestId | Refusal:
        frame = self._frame(request, inside=True)
        if isinstance(frame, Refusal):
            return frame
        self._outbox.add(request)
        if self._phase is Phase.IN:
            self._out += frame
        return id_of(request)

    def _sync(self, rooms: tuple[Place, ...]) -> None:
        self._queue(requests.Sync(id=self._new_id(), epoch=self._epoch, places=rooms, show=self.show))

    # Being told ------------------------------------------------------------------------------------------------

    def _told(self, unit: told.Unit, events: list[Event]) -> None:
        if isinstance(unit, Answer):
            self._answered(unit, events)
            return
        match unit:
            case told.Entries():
                arrived, gap = self._places.take(unit, self._principal)
                if arrived is not None:
                    self._fold(arrived)
                    events.append(arrived)
                if gap is not None:
                    self._sync((gap,))
            case told.RoomTold():
                self._awaited = max(0, self._awaited - 1) if self._awaited is not None else None
                self._own = self._own if unit.personal is None else Own.of(unit.personal)
                if (event := self._places.told(unit)) is not None:
                    events.append(event)
            case told.Welcome():
                self._welcomed(unit, events)
            case told.Pinged():
                self._queue(requests.Pong())
            case told.Presence() | told.TypingTold() | told.Called():
                events.append(unit)
            case DataTold():
                pass  # This session watches nothing; another of the same account may.
            case told.Unreadable():
                self._awaited = max(0, self._awaited - unit.untold) if self._awaited is not None else None
                events.append(unit)
            case told.Farewell():
                self._phase = Phase.OVER
                events.append(unit)
            case _:
                raise AssertionError("a unit that no server of this protocol sends")

    def _fold(self, arrived: Arrived) -> None:
        """What my inbox says that its description did not yet have in it."""
        if arrived.room == self._inbox:
            described = self._places.rooms[arrived.room].as_of
            self._own = reduce(Own.after, (one for one in arrived.entries if one.number > described), self._own)

    def _welcomed(self, welcome: told.Welcome, events: list[Event]) -> None:
        self._welcome = welcome
        self._phase = Phase.STRANGER
        if self._epoch not in ("", welcome.epoch):
            self._start_over(events)
        self._epoch = welcome.epoch
        resuming = self.token is not None and not isinstance(self.resume(), Refusal)
        events.append(Welcomed(welcome, resuming=resuming))

    def _start_over(self, events: list[Event]) -> None:
        """What was known is of another log, or of another person."""
        returned = self.outbox
        self._places.forget()
        self._own = Own()
        self._outbox.clear()
        events.append(StartedOver())
        if returned:
            events.append(Returned(returned))

    def _answered(self, answer: Answer, events: list[Event]) -> None:
        request_id = answer.id
        if request_id is not None and request_id == self._signalled:
            return
        asked = None if request_id is None else self._asked.pop(request_id, None)
        request = self._outbox.find(request_id) or asked
        match answer:
            case told.You():
                self._logged_in(answer, events)
            case told.Synced():
                self._places.healed()
                self._awaited = answer.rooms if self._awaited is None else self._awaited
            case told.Refused():
                self._refused(request, answer)
            case told.Kept(room=room, number=number):
                self._outbox.settle(request_id)
                if isinstance(request, requests.Join | requests.Leave):
                    self._places.moved(room, number, Way.JOINED if isinstance(request, requests.Join) else Way.LEFT)
            case InviteCode():
                self._outbox.settle(request_id)
            case told.Done():
                self._outbox.settle(request_id)
                self._moved_as_guest(request, answer)
            case _:
                pass
        if not isinstance(request, requests.Ping):
            events.append(Answered(request, answer))

    def _logged_in(self, you: told.You, events: list[Event]) -> None:
        if self._principal not in (None, you.principal):
            self._start_over(events)
        self._principal, self._name, self._inbox = you.principal, you.name, you.inbox
        self.token = you.token or self.token
        self._phase, self._awaited = Phase.IN, None
        self._sync(self._places.listed())
        for write in self.outbox:
            self._out += self._codec.ask(write)

    def _refused(self, request: Request | None, refused: told.Refused) -> None:
        if isinstance(request, requests.Sync):
            self._places.healed()
        elif isinstance(request, requests.Resume | requests.Login | requests.Register | requests.ComeAsGuest):
            self._phase = Phase.STRANGER
            if refused.code is Code.TOKEN_DEAD:
                self.token = None
        elif request is not None and refused.code not in _NOT_NOW:
            self._outbox.settle(request.request_id)

    def _moved_as_guest(self, request: Request | None, done: told.Done) -> None:
        if done.room is None:
            return
        if isinstance(request, requests.Join):
            self._places.came_in(done.room)
        elif isinstance(request, requests.Leave):
            self._places.went_out(done.room)
