"""A hub with stores in memory and nothing random: devices ask, the world settles, and what they were told is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from besedka.chat.entries import Entry, Message, RequestId, RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import ComeAsGuest, Hello, Join, Login, Register, Request, Sync
from besedka.chat.scram import Verifier, make_verifier
from besedka.chat.told import Entries, Presence, Refused, RoomTold, Unit, You
from besedka.hub.governing import HubGovernor
from besedka.hub.hub import Hub
from besedka.hub.parts import Parts
from besedka.hub.ports import Peer
from besedka.hub.session import Session
from besedka.hub.settings import Settings
from besedka.limits import Limits
from besedka.store.memory import MemoryAccountStore, MemoryLogStore
from besedka.wire.native import NativeClient, NativeServer
from sim.stepper import Bell, Process, Stepper

T = TypeVar("T")
U = TypeVar("U", bound=Unit)

PASSWORD = "correct horse"


class Steps(Stepper):
    """A world that can be left alone for a while."""

    def settle(self, seconds: float = 0.0) -> None:
        """Let everything happen that happens within so long."""
        until = self.seconds + seconds
        while self._ready or (self._timers and self._timers[0][0] <= until):
            self.step()
        self.seconds = max(self.seconds, until)


class PlainKeys:
    """Hashes that anybody could turn back, made while `hashing` does what a test wants."""

    def __init__(self) -> None:
        self.hashing: Callable[[], None] = lambda: None
        self.scram = False
        """Whether passwords can be proved."""

    async def hash(self, password: str) -> str:
        self.hashing()
        return f"hash of {password}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        self.hashing()
        return password_hash is not None and password_hash.endswith(f"hash of {password}")

    def outdated(self, password_hash: str) -> bool:
        return False

    def verifier(self, password_hash: str) -> Verifier | None:
        password = password_hash.partition("hash of ")[2]
        return make_verifier(password, salt=b"salt", iterations=4096) if self.scram else None


class Weather:
    """Fills the store's `Disturbance`: raises what it is told to, once."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.lost: Exception | None = None
        """Raised before the next append, which is then lost."""
        self.doubtful: Exception | None = None
        """Raised after the next append, which is kept."""
        self.slow_seconds = 0.0
        """How long an append takes."""

    async def before(self, call: str) -> None:
        if call == "append":
            if self.slow_seconds:
                await self._process.wait_seconds(self.slow_seconds)
            if self.lost is not None:
                error, self.lost = self.lost, None
                raise error

    async def after(self, call: str) -> None:
        if self.doubtful is not None:
            error, self.doubtful = self.doubtful, None
            raise error


class Notebook:
    """Fills `hub.ports.Journal`."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, BaseException]] = []

    def note(self, event: str, **fields: str | int | float) -> None:
        """Nobody reads it."""

    def fault(self, event: str, error: BaseException) -> None:
        self.faults.append((event, error))


class Dice:
    """Fills `hub.ports.Dice` by counting."""

    def __init__(self) -> None:
        self.thrown = 0

    def token_bytes(self, count: int) -> bytes:
        self.thrown += 1
        return self.thrown.to_bytes(count, "big")


class Wire:
    """Fills `hub.ports.Link`, and keeps what was written."""

    def __init__(self) -> None:
        self.full = False
        self.reading = True
        self.closed = False
        self.written = bytearray()

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def pause(self) -> None:
        self.reading = False

    def go_on(self) -> None:
        self.reading = True


class Device:
    """A native client without a memory: it asks, and looks at what it was told."""

    def __init__(self, server: HubRoom, address: str) -> None:
        self.server = server
        self.link = Wire()
        self._client = NativeClient()
        session = server.hub.connect(self.link, Peer(address, True, "native"), NativeServer(server.limits))
        assert session is not None
        self.session: Session = session
        self.units: list[Unit] = []
        self.ask(Hello(version=1))

    def ask(self, *requests: Request) -> None:
        """In one piece; nothing happens yet."""
        self.session.receive(b"".join(map(self._client.ask, requests)))

    def told(self, kind: type[U]) -> list[U]:
        """Everything of this kind so far."""
        units = self._client.receive(bytes(self.link.written))
        self.link.written.clear()
        self.units += [unit for unit in units if isinstance(unit, Unit)]
        return [unit for unit in self.units if isinstance(unit, kind)]

    def entries(self, room: RoomId) -> list[Entry]:
        return [entry for run in self.told(Entries) if run.room == room for entry in run.entries]

    def heard(self, room: RoomId) -> list[str]:
        return [entry.body.text for entry in self.entries(room) if isinstance(entry.body, Message)]

    def refusals(self) -> list[Code]:
        return [unit.code for unit in self.told(Refused)]

    def seen(self, room: RoomId) -> tuple[list[str], list[str]]:
        """Who came into and who has gone from a room, as signalled by the time that this is told."""
        self.server.settle(0.3)
        signals = [signal for signal in self.told(Presence) if signal.room == room]
        return [one.name for signal in signals for one in signal.came], [
            one.name for signal in signals for one in signal.went
        ]

    @property
    def you(self) -> You:
        return self.told(You)[-1]

    def room(self, name: str) -> RoomId:
        return next(told.room for told in self.told(RoomTold) if told.room_name == name)

    def sync(self) -> Device:
        self.ask(Sync(epoch="memory", show=100))
        self.server.settle()
        return self

    def join(self, name: str) -> RoomId:
        self.ask(Join(id=self.server.new_id(), name=name))
        self.server.settle()
        return self.room(name)

    def hang_up(self) -> None:
        self.server.hub.lost(self.session, "closed by peer")
        self.server.settle()


class HubRoom:
    """The server, and the time it lives in."""

    def __init__(
        self, *, limits: Limits | None = None, settings: Settings | None = None, logs: MemoryLogStore | None = None
    ) -> None:
        """`logs` is what an earlier server left."""
        self.limits = limits or Limits()
        self.steps = Steps(0)
        self.process = Process(self.steps)
        self.weather = Weather(self.process)
        self.logs = (logs or MemoryLogStore()).reopened(disturbance=self.weather)
        self.accounts = MemoryAccountStore()
        self.keys = PlainKeys()
        self.notebook = Notebook()
        self.parts = Parts(
            logs=self.logs,
            accounts=self.accounts,
            keys=self.keys,
            clock=self.process,
            bell=Bell(),
            tasks=self.process,
            dice=Dice(),
            journal=self.notebook,
            limits=self.limits,
            settings=settings or Settings(guests=True),
        )
        self.hub = Hub(self.parts)
        self.governor = HubGovernor(self.hub)
        self._ids = 0
        self.process.spawn(self.hub.run(), "hub")
        self.settle()

    def settle(self, seconds: float = 0.1) -> None:
        self.steps.settle(seconds)

    def done(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine that waits for nothing comes to."""
        try:
            work.send(None)
        except StopIteration as end:
            return cast(T, end.value)
        raise AssertionError("it waits")

    def ordered(self, work: Coroutine[Any, Any, T], *, seconds: float = 1.0) -> T:
        """What an operator's order comes to."""
        outcomes: list[T] = []

        async def carry_out() -> None:
            outcomes.append(await work)

        self.process.spawn(carry_out(), "operator")
        self.settle(seconds)
        (outcome,) = outcomes
        return outcome

    def new_id(self) -> RequestId:
        """Greater than all before."""
        self._ids += 1
        return RequestId(f"{self._ids:032x}")

    def visitor(self, *, address: str = "192.0.2.1") -> Device:
        device = Device(self, address)
        self.settle()
        return device

    def registered(self, name: str) -> Device:
        """A new account, logged in, and synced."""
        device = self.visitor()
        device.ask(Register(name=name, password=PASSWORD, remember=True))
        self.settle()
        return device.sync()

    def another(self, device: Device) -> Device:
        """Another device of the same account."""
        other = self.visitor()
        other.ask(Login(name=device.you.name, password=PASSWORD, remember=True))
        self.settle()
        assert other.told(You), "not let in"
        return other.sync()

    def guest(self, name: str) -> Device:
        device = self.visitor()
        device.ask(ComeAsGuest(name=name))
        self.settle()
        return device.sync()


ANN = PrincipalId(1)
"""The first to register."""


def folded(name: str) -> FoldedName:
    """For looking things up."""
    return FoldedName(name)


def named(name: str) -> AccountName:
    """For making things."""
    return AccountName(name)
