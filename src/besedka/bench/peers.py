"""The clients of a load: as cheap as they can be, so that the server is what is measured.

A plain reader counts the messages in the bytes it gets and decodes nothing. A speaker looks for its receipts. One
witness decodes everything, checks that the numbers have no gap, and takes the times.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import time
from collections.abc import Callable
from enum import Enum
from typing import cast

import msgspec

from besedka.bench.server import Device, Running, Unmeasured
from besedka.chat.entries import Message, RoomId
from besedka.chat.requests import Hello, Register, Request, Resume, Sync
from besedka.chat.told import PROTOCOL_VERSION, Entries, Kept, Refused, RoomTold, Unit, You
from besedka.wire.framing import FRAME_BYTES_CEILING, FrameDecoder
from besedka.wire.native import NativeClient

MARK = b'"kind":"message"'
"""Stands once in every message of a run."""


RECEIPT = b'{"is":"kept"'
"""How a receipt begins."""


class Attention(Enum):
    """What a peer decodes of what it is told."""

    ALL = "all"
    RECEIPTS = "receipts"
    NOTHING = "nothing"


class Peer(asyncio.Protocol):
    """One native connection."""

    def __init__(self, on_unit: Callable[[Peer, Unit], None]) -> None:
        self.on_unit = on_unit
        self._codec = NativeClient()
        self._transport: asyncio.WriteTransport | None = None
        self._tail = b""
        self._attention = Attention.ALL
        self._frames = FrameDecoder(bytes_max=FRAME_BYTES_CEILING)
        self._mark = MARK
        self.counted = 0
        """How often the mark has come since `count` was called."""
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's are not its subclasses.

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.lost.done():
            self.lost.set_result(exc)

    def data_received(self, data: bytes) -> None:
        seen = self._tail + data
        self.counted += seen.count(self._mark)
        self._tail = seen[-(len(self._mark) - 1) :]
        if self._attention is Attention.ALL:
            for unit in self._codec.receive(data):
                if isinstance(unit, Unit):
                    self.on_unit(self, unit)
        elif self._attention is Attention.RECEIPTS:
            for frame in self._frames.receive(data):
                if isinstance(frame, bytes) and frame.startswith(RECEIPT):
                    self.on_unit(self, msgspec.json.decode(frame, type=Kept))

    def count(self, mark: bytes, attention: Attention) -> None:
        """Count how often these bytes come from here on. Between two frames only: what is decoded may change."""
        self._mark, self._tail, self.counted, self._attention = mark, b"", 0, attention

    def ask(self, *requests: Request) -> None:
        """Send requests in one piece."""
        assert self._transport is not None
        self._transport.write(b"".join(map(self._codec.ask, requests)))

    def close(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()


class Arrival:
    """Brings one peer from connecting to being at the head of the lobby."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.lobby: RoomId | None = None
        self.head = 0
        self.you: asyncio.Future[You] = loop.create_future()
        self.in_lobby: asyncio.Future[RoomId] = loop.create_future()

    def __call__(self, peer: Peer, unit: Unit) -> None:
        if isinstance(unit, Refused) and not self.you.done():
            self.you.set_exception(Unmeasured(f"the server refused: {unit.why}"))
        elif isinstance(unit, You) and not self.you.done():
            self.you.set_result(unit)
            peer.ask(Sync(id=f"{2:032x}"))
        elif isinstance(unit, RoomTold) and unit.room_name == "lobby":
            self.lobby, self.head = unit.room, unit.head
            if unit.after == unit.head and not self.in_lobby.done():
                self.in_lobby.set_result(unit.room)
        elif isinstance(unit, Entries) and self._is_head(unit) and not self.in_lobby.done():
            self.in_lobby.set_result(unit.room)

    def _is_head(self, unit: Entries) -> bool:
        return unit.room == self.lobby and unit.entries[-1].number >= self.head


ARRIVAL_SECONDS_MAX = 60.0


async def arrive(running: Running, device: Device, *, tls: bool = False) -> tuple[Peer, RoomId]:
    """Connect, resume by token, sync, and come back at the head of the lobby."""
    peer, arrival = await _connect(running, tls=tls)
    peer.ask(Hello(version=PROTOCOL_VERSION), Resume(id=f"{1:032x}", token=device.token))
    room = await asyncio.wait_for(arrival.in_lobby, ARRIVAL_SECONDS_MAX)
    return peer, room


async def register(running: Running, count: int, progress: Callable[[str], None]) -> list[Device]:
    """Make people on a server that is there already: it must let anybody register."""
    devices = []
    stamp = time.time_ns() // 1_000_000
    for index in range(count):
        peer, arrival = await _connect(running, tls=False)
        name, password = f"bench-{stamp}-{index}"[:32], secrets.token_urlsafe(16)
        peer.ask(Hello(version=PROTOCOL_VERSION), Register(id=f"{1:032x}", name=name, password=password, remember=True))
        you = await asyncio.wait_for(arrival.you, ARRIVAL_SECONDS_MAX)
        assert you.token is not None
        devices.append(Device(you.name, you.principal, you.token))
        peer.close()
        progress(f"{index + 1} of {count} people registered")
    return devices


async def _connect(running: Running, *, tls: bool) -> tuple[Peer, Arrival]:
    arrival = Arrival()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if tls else None
    if context is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # The load is on loopback, against a server it has just started.
        context.set_alpn_protocols(["besedka/1"])
    loop = asyncio.get_running_loop()
    _, peer = await loop.create_connection(
        lambda: Peer(arrival),
        running.host,
        running.port,
        ssl=context,
        server_hostname="localhost" if tls else None,
    )
    return peer, arrival


class Said(msgspec.Struct):
    """What a speaker has under way."""

    sent: int = 0
    seen: int = 0
    """Messages of its own that the witness has seen."""


def text_of(speaker: int, nanoseconds: int, size: int) -> str:
    """A message that says who said it and when, `size` bytes long."""
    return f"{speaker} {nanoseconds} ".ljust(size, "x")


def parse(body: Message) -> tuple[int, int]:
    """Who said it and when."""
    speaker, nanoseconds, _ = body.text.split(" ", 2)
    return int(speaker), int(nanoseconds)


def receipt_of(unit: Unit) -> str | None:
    """The id a receipt is for."""
    return unit.id if isinstance(unit, Kept) else None
