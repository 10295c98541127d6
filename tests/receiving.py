"""A fake of whoever takes the net's calls, and a listener to try with it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop

from besedka.hub.ports import Link, Peer
from besedka.limits import Limits
from besedka.net.binding import port_of, wait_bound
from besedka.net.listener import Listener
from besedka.net.parts import Settings, Wires
from besedka.net.tls import Certificate, self_made
from besedka.wire.protocol import ServerProtocol
from waiting import wait_for, wait_until

LOOPS = pytest.mark.parametrize("uv", [True, False], ids=["uvloop", "asyncio"])
"""For what the two loops do each in their own way: which is how bytes move, and how transports end."""

QUICK = Limits(first_byte_seconds=0.02)
"""Asks a silent peer at once."""
PATIENT = Limits(first_byte_seconds=60.0)
"""Never asks within a test."""
SMALL = Limits(buffer_bytes_max=65_536)
CHUNK = b"x" * 32_768


class FakeSession:
    """Keeps what it receives; echoes it where the reception says so."""

    def __init__(self, reception: FakeReception, link: Link, peer: Peer, protocol: str) -> None:
        self._reception = reception
        self.link = link
        self.peer = peer
        self.protocol = protocol
        self.received = b""
        self.drained = 0
        self.lost: list[str] = []

    def receive(self, data: bytes) -> None:
        assert not self.lost, "bytes after the end"
        self.received += data
        if b"explode" in data:
            raise RuntimeError("as the test wished")
        if self._reception.echo:
            self.link.write(data)


class FakeReception:
    """Takes every connection, or refuses each with a word."""

    def __init__(self) -> None:
        self.sessions: list[FakeSession] = []
        self.echo = False
        self.refusing: bytes | None = None

    def connect(self, link: Link, peer: Peer, protocol: ServerProtocol) -> FakeSession | None:
        if self.refusing is not None:
            link.write(self.refusing)
            link.close()
            return None
        session = FakeSession(self, link, peer, cast(str, protocol))
        self.sessions.append(session)
        return session

    def drained(self, session: FakeSession) -> None:
        assert not session.link.full
        session.drained += 1

    def lost(self, session: FakeSession, reason: str) -> None:
        session.lost.append(reason)


class FakeJournal:
    """Keeps its lines."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, dict[str, str | int | float]]] = []
        self.faults: list[tuple[str, BaseException]] = []

    def note(self, event: str, **fields: str | int | float) -> None:
        self.notes.append((event, fields))

    def fault(self, event: str, error: BaseException) -> None:
        self.faults.append((event, error))

    def events(self, event: str) -> list[dict[str, str | int | float]]:
        return [fields for noted, fields in self.notes if noted == event]


WIRES = Wires(
    native=lambda: cast(ServerProtocol, "native"),
    text=lambda prompted: cast(ServerProtocol, "text, prompted" if prompted else "text"),
)
"""The net never looks into a protocol, so its name will do."""


class Stand:
    """A listener on a loopback port with a fake behind it."""

    def __init__(self, listener: Listener, reception: FakeReception, journal: FakeJournal, port: int) -> None:
        self.listener = listener
        self.reception = reception
        self.journal = journal
        self.port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(
        self, tls: ssl.SSLContext | None = None, *, room: int | None = None
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client, which is ended with the stand if not before; its kernel keeps about `room` bytes unread."""
        client = socket.socket()
        client.setblocking(False)
        if room is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        try:
            await wait_for(asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", self.port)))
            name = None if tls is None else "localhost"
            reader, writer = await wait_for(asyncio.open_connection(sock=client, ssl=tls, server_hostname=name))
        except BaseException:
            client.close()
            raise
        self._writers.append(writer)
        return reader, writer

    async def end_clients(self) -> None:
        """Nothing of a client may outlive the loop."""
        for writer in self._writers:
            writer.transport.abort()
            with contextlib.suppress(OSError):
                await wait_for(writer.wait_closed())

    async def session(self, number: int = 0) -> FakeSession:
        """The session of this number, as soon as there is one."""
        await wait_until(lambda: len(self.reception.sessions) > number)
        return self.reception.sessions[number]

    async def reason(self) -> str:
        """Why the only connection that has ended did."""
        await wait_until(lambda: self.journal.events("connection closed"))
        (closed,) = self.journal.events("connection closed")
        return str(closed["reason"])


@contextlib.asynccontextmanager
async def standing(
    certificate: Certificate,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    settings: Settings = Settings(),  # noqa: B008 - frozen
    listening: Sequence[socket.socket] | None = None,
    wires: Wires = WIRES,
) -> AsyncIterator[Stand]:
    """A listener that is stopped at the end, when nothing may be left of it."""
    sockets = list(listening) if listening is not None else await wait_bound("127.0.0.1", 0)
    reception, journal = FakeReception(), FakeJournal()
    port = port_of(sockets)
    listener = Listener(
        sockets,
        reception=reception,
        wires=wires,
        journal=journal,
        limits=limits,
        settings=settings,
        tls=certificate.context,
    )
    listener.go_on()
    stand = Stand(listener, reception, journal, port)
    try:
        yield stand
    finally:
        listener.stop_accepting()
        await wait_for(listener.wait_gone(seconds=0))
        await stand.end_clients()
    assert listener.connections == 0
    assert all(len(session.lost) == 1 for session in reception.sessions), "lost exactly once"


def run(main: Callable[[], Coroutine[Any, Any, None]], *, uv: bool = True) -> None:
    """Run a test on the loop that serves in production, or on the standard one. No callback may fail unseen."""
    unseen: list[dict[str, Any]] = []
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if uv else asyncio.new_event_loop) as runner:
        runner.get_loop().set_exception_handler(lambda _loop, context: unseen.append(context))
        runner.run(main())
    assert not unseen


def client_context(certificate: Path | None = None, *, alpn: Sequence[str] = ()) -> ssl.SSLContext:
    """A client that trusts one certificate, or any."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = certificate is not None
    if certificate is None:
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(certificate)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def make_certificate(folder: Path) -> Certificate:
    """A certificate of one's own making."""
    return self_made(folder)


# Clients that are slow -------------------------------------------------------------------------------------------


async def send_bytewise(writer: asyncio.StreamWriter, data: bytes) -> None:
    """So that each byte arrives by itself."""
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.002)


async def small_sockets() -> list[socket.socket]:
    """Listening sockets whose connections soon have no room, so that a test need not fill megabytes."""
    sockets = await wait_bound("127.0.0.1", 0)
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    return sockets


async def unread(stand: Stand) -> socket.socket:
    """A client that reads nothing by itself, and has said its name."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await wait_for(loop.sock_connect(client, ("127.0.0.1", stand.port)))
    await wait_for(loop.sock_sendall(client, b"ann\n"))
    return client


def fill(session: FakeSession) -> int:
    """Write until the link is full; how much that was."""
    written = 0
    while not session.link.full:
        session.link.write(CHUNK)
        written += len(CHUNK)
        assert written < 16_000_000, "never full"
    return written


async def stays_full(session: FakeSession) -> bool:
    """Whether the link is full although the client has had time to take what it takes unasked."""
    await asyncio.sleep(0.05)
    return session.link.full


async def read_exactly(client: socket.socket, count: int) -> None:
    loop = asyncio.get_running_loop()
    while count:
        data = await wait_for(loop.sock_recv(client, min(count, 65_536)))
        assert data, "closed before all was read"
        count -= len(data)


async def read_to_the_end(client: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while more := await wait_for(loop.sock_recv(client, 65_536)):
        data += more
    return data
