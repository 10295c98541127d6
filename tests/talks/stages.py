"""Where talks are played: in the simulator, and against a real server process."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from besedka.hub.hub import Hub
from besedka.hub.parts import Parts
from besedka.hub.ports import Peer
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.limits import Limits
from besedka.store.memory import MemoryAccountStore, MemoryLogStore
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from besedka.wire.irc.settings import IrcSettings
from besedka.wire.native import NativeServer
from besedka.wire.protocol import ServerProtocol
from besedka.wire.text import TextServer
from server import Server
from sim.link import Connection, Weather
from sim.stepper import Bell, Process, Stepper
from sim.troubled import SlowKeys
from talks.client_speaking import ClientSpeaker
from talks.irc_speaking import IrcSpeaker
from talks.speaking import Line, NativeSpeaker, Speaker, TextSpeaker
from waiting import SECONDS_MAX

PATIENCE_SECONDS = 60.0
"""How long, of virtual time, something may take to happen in the simulator."""


_LINES: dict[str, type[TextSpeaker] | type[IrcSpeaker]] = {"text": TextSpeaker, "irc": IrcSpeaker}
"""Those who need neither clock nor dice, by how they speak."""


class _Journal:
    """Fills `hub.ports.Journal`; a fault of the hub is a fault of the talk."""

    def note(self, event: str, **fields: str | int | float) -> None:
        """Nobody reads it."""

    def fault(self, event: str, error: BaseException) -> None:
        raise error


class _Dice:
    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper

    def token_bytes(self, count: int) -> bytes:
        return self._stepper.random.randbytes(count)


class _Breeze(Weather):
    """Bytes are late, and never by so much that the server closes a line before its farewell has arrived."""

    def delay(self) -> float:
        random = self._stepper.random
        return random.choice([0.0, 0.001, random.uniform(0.0, 0.02)])


class SimulatedStage:
    """A hub on stores in memory, over links that delay and cut."""

    def __init__(self, seed: int) -> None:
        self._stepper = Stepper(seed)
        self._weather = _Breeze(self._stepper)
        self._limits = Limits()
        self._logs = MemoryLogStore(epoch="talk")
        self._accounts = MemoryAccountStore(limits=self._limits)
        self._connections: list[Connection] = []
        self._start()

    def _start(self) -> None:
        self._process = Process(self._stepper)
        self._logs = self._logs.reopened()
        parts = Parts(
            logs=self._logs,
            accounts=self._accounts,
            keys=SlowKeys(self._process),
            clock=self._process,
            bell=Bell(),
            tasks=self._process,
            dice=_Dice(self._stepper),
            journal=_Journal(),
            limits=self._limits,
            settings=Settings(irc=IrcSettings(before_connect=True)),
        )
        self._hub = Hub(parts)
        self._world = Surroundings(self._hub, created=parts.clock.now())
        self._formats = Formats(self._world)
        self._process.spawn(self._hub.run(), "hub")

    def crash(self) -> None:
        for connection in self._connections:
            connection.server_died()
        self._connections.clear()
        self._process.kill()
        self._start()

    def enter(self, name: str, way: str) -> Speaker:
        if way in _LINES:
            return _LINES[way](name, self._connect)
        process = Process(self._stepper)
        kind = ClientSpeaker if way == "client" else NativeSpeaker
        return kind(name, self._connect, now=process.now, token_bytes=self._stepper.random.randbytes)

    def _connect(self, speaker: Speaker) -> Line:
        connection = Connection(
            self._stepper,
            self._weather,
            buffer_bytes_max=self._limits.buffer_bytes_max,
            received=speaker.received,
            ended=speaker.ended,
        )
        self._connections.append(connection)
        protocol: ServerProtocol
        match speaker:
            case NativeSpeaker():
                protocol, way = NativeServer(self._limits), "native"
            case IrcSpeaker():
                protocol, way = IrcServer(self._limits, self._world, self._formats), "irc"
            case _:
                protocol, way = TextServer(self._limits, prompted=False), "text"
        peer = Peer(address=f"address of {speaker.name}", safe=True, way=way)
        connection.attach(self._hub, self._hub.connect(connection, peer, protocol))
        return Line(connection.send, connection.hang_up)

    def until(self, holds: Callable[[], bool]) -> bool:
        deadline = self._stepper.seconds + PATIENCE_SECONDS
        while not holds():
            if self._stepper.seconds > deadline:
                return False
            self._stepper.step()
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()


class RealStage:
    """A real server process, over real sockets."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._sockets: dict[socket.socket, Speaker] = {}

    def crash(self) -> None:
        self._server.kill()
        self._server.start()

    def enter(self, name: str, way: str) -> Speaker:
        if way in _LINES:
            return _LINES[way](name, self._connect)
        kind = ClientSpeaker if way == "client" else NativeSpeaker
        return kind(name, self._connect, now=lambda: time.time_ns() // 1_000_000, token_bytes=os.urandom)

    def _connect(self, speaker: Speaker) -> Line:
        connection = socket.create_connection(("127.0.0.1", self._server.port), timeout=SECONDS_MAX)
        self._sockets[connection] = speaker

        def cut() -> None:
            del self._sockets[connection]
            connection.close()

        return Line(connection.sendall, cut)

    def until(self, holds: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + SECONDS_MAX
        while not holds():
            if time.monotonic() > deadline:
                return False
            ready, _, _ = select.select(list(self._sockets), [], [], 0.1)
            for connection in ready:
                self._read(connection)
        return True

    def _read(self, connection: socket.socket) -> None:
        speaker = self._sockets[connection]
        try:
            data = connection.recv(65_536)
        except ConnectionError:
            data = b""
        if data:
            speaker.received(data)
        else:
            del self._sockets[connection]
            connection.close()
            speaker.ended()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in list(self._sockets):
            connection.close()
        self._server.kill()
