"""A native client for tests: blocking, over a plain loopback socket, every wait bounded."""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec

from besedka.chat.requests import Hello, Login, Ping, Request, Sync
from besedka.chat.told import PROTOCOL_VERSION, Done, Entries, Presence, Refused, RoomTold, Synced, Unit, You
from besedka.wire.native import NativeClient
from waiting import SECONDS_MAX

_numbers = itertools.count(1)


def new_id() -> str:
    """A request id that no test has used."""
    return f"{next(_numbers):032x}"


def frame(message: bytes) -> bytes:
    """One frame, however odd its content."""
    return struct.pack("!I", len(message)) + message


class NativePeer:
    """One connection. Units that come unasked are kept in `unasked`."""

    def __init__(self, port: int, *, receive_bytes: int | None = None) -> None:
        self._codec = NativeClient()
        self._told: list[Unit] = []
        self.unasked: list[Unit] = []
        self.closed = False
        """Whether the server has ended the connection."""
        self._socket = socket.socket()
        if receive_bytes is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self._socket.settimeout(SECONDS_MAX)
        self._socket.connect(("127.0.0.1", port))

    def patience(self, *, seconds: float) -> None:
        """How long a send may wait before the connection counts as closed."""
        self._socket.settimeout(seconds)

    def send(self, data: bytes) -> None:
        """Bytes as they are. A connection that the server ends while they are sent is `closed`."""
        try:
            self._socket.sendall(data)
        except (ConnectionError, TimeoutError):
            self.closed = True

    def ask(self, *requests: Request) -> None:
        """Requests in one piece."""
        self.send(b"".join(map(self._codec.ask, requests)))

    def next_unit(self) -> Unit | None:
        """The next thing it is told, None when the server has ended the connection."""
        while not self._told:
            try:
                data = self._socket.recv(65_536)
            except ConnectionError:
                data = b""
            if not data:
                self.closed = True
                return None
            for unit in self._codec.receive(data):
                assert isinstance(unit, Unit), "the server sent what is no unit"
                self._told.append(unit)
        return self._told.pop(0)

    def wait(self, wanted: Callable[[Unit], bool]) -> Any:
        """Read until a unit is wanted; what came before it is in `unasked`. Fails if the connection ends first."""
        while (unit := self.next_unit()) is not None:
            if wanted(unit):
                return unit
            self.unasked.append(unit)
        raise AssertionError(f"the connection ended; it was told {self.unasked[-3:]}")

    def answers(self) -> list[Unit]:
        """Every answer to what was asked so far, in order; live entries and signals left out."""
        ping = new_id()
        self.ask(Ping(id=ping))
        answers: list[Unit] = []
        while (unit := self.next_unit()) is not None:
            if isinstance(unit, Done | Refused) and unit.id == ping:
                break
            if not isinstance(unit, Entries | Presence | RoomTold):
                answers.append(unit)
        return answers

    def hello(self) -> Self:
        """Greet, and be welcomed."""
        self.ask(Hello(version=PROTOCOL_VERSION))
        self.wait(lambda unit: type(unit).__name__ == "Welcome")
        return self

    def login(self, name: str, password: str) -> You:
        """Enter and sync."""
        self.hello().ask(Login(id=new_id(), name=name, password=password))
        you = self.wait(lambda unit: isinstance(unit, You))
        self.ask(Sync(id=new_id()))
        self.wait(lambda unit: isinstance(unit, Synced))
        assert isinstance(you, You)
        return you

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def as_json(request: Request) -> dict[str, Any]:
    """A request as the object it is on the wire."""
    decoded = msgspec.json.decode(msgspec.json.encode(request))
    assert isinstance(decoded, dict)
    return decoded
