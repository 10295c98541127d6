"""IRC over WebSocket (RFC 6455; IRCv3 websocket): a message is one line without its end.

wsproto reads: the handshake, frames, fragments and masks are its affair, and it keeps no more of a message than has not
been asked for. What is written needs no state, so a run is made into messages once for all sockets of one kind.
Back-pressure is that of every connection: a full socket is not read from, so no ping is answered then either.

Any path will do. Which page of the web talks to us is told by Origin: it must be ours, or there is no page.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Final

import msgspec
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import RemoteProtocolError

from besedka.hub.ports import Peer
from besedka.net import proxy
from besedka.net.connection import Connection
from besedka.net.lingering import Lingering
from besedka.net.page import host_name, is_host_ours
from besedka.net.parts import Parts, Visit
from besedka.net.peers import forwarded_address, is_safe, is_within
from besedka.wire.irc.lines import INPUT_BYTES_MAX
from besedka.wire.protocol import ServerProtocol

_GOING: Final = 1000
"""Status code "normal closure" (RFC 6455 §7.4.1)."""

_FINAL: Final = 0x80
"""The bit of a frame that no other follows as a part of its message (RFC 6455 §5.2)."""

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(?P<host>[^/@\s]+)\Z", re.IGNORECASE)
"""A scheme, a host, and perhaps a port (RFC 6454 §6.2); `null` names nobody."""


class Kind(Enum):
    """What a client may agree on, and the opcode of what it is sent then."""

    TEXT = "text.ircv3.net", 0x1
    BINARY = "binary.ircv3.net", 0x2


class Refused(msgspec.Struct, frozen=True):
    """Why there is no WebSocket, as a status of HTTP."""

    status: int


def judge(request: Request, *, hostnames: tuple[str, ...]) -> Kind | Refused:
    """Whether a handshake is accepted, and which of the subprotocols it names: "the client's order of preference"."""
    ours = is_host_ours(request.host, hostnames)
    if not ours:
        return Refused(400 if ours is None else 421)  # DNS rebinding: as with the page.
    origins = [value.decode("latin-1") for name, value in request.extra_headers if name == b"origin"]
    if len(origins) > 1 or (origins and not _is_origin_ours(origins[0], request.host, hostnames)):
        return Refused(403)
    kinds = {kind.value[0]: kind for kind in Kind}
    return next((kinds[name] for name in request.subprotocols if name in kinds), Refused(400))


def _is_origin_ours(origin: str, host: str, hostnames: tuple[str, ...]) -> bool:
    """Whether a page came from the host it talks to, or from one that is this server by its configuration.

    Any address is a good Host, but a page that came from another address is somebody else's.
    """
    match = _ORIGIN.match(origin)
    named = None if match is None else host_name(match["host"])
    return named is not None and named in {host_name(host), *map(str.lower, hostnames)}


@lru_cache(maxsize=len(Kind))
def in_messages(lines: bytes, kind: Kind) -> bytes:
    """Whole lines as one frame each; the last run of each kind is remembered, for other sockets are told the same."""
    frames = bytearray()
    for line in lines.split(b"\r\n"):
        if not line:
            continue
        if kind is Kind.TEXT:
            line = line.decode(errors="replace").encode()  # "MAY replace non-UTF-8 bytes"
        size = len(line)
        frames.append(_FINAL | kind.value[1])
        if size < 126:
            frames.append(size)
        else:  # No line has more than 65,535 bytes.
            frames.append(126)
            frames += size.to_bytes(2, "big")
        frames += line
    return bytes(frames)


class WebSocket(Connection):
    """A connection of IRC whose lines are messages."""

    __slots__ = ("_kind", "_message", "_socket")

    def __init__(self, parts: Parts, transport: asyncio.Transport, visit: Visit) -> None:
        super().__init__(parts, transport, visit)
        self._socket = WSConnection(ConnectionType.SERVER)
        self._kind = Kind.TEXT
        self._message = bytearray()
        """What has come of a message: no more than a line may have, and one byte that shows it to be longer."""

    def shake_hands(self, peer: Peer, make: Callable[[bool], ServerProtocol], said: bytes) -> None:
        """Answer the request that the peer has sent; go on as IRC, or end."""
        try:
            self._socket.receive_data(said)
            (request,) = self._socket.events()
            assert isinstance(request, Request), "the first event of a server"
        except RemoteProtocolError as error:
            hint = error.event_hint
            self._refuse(hint.status_code if isinstance(hint, RejectConnection) else 400)
            return
        except UnicodeError:  # Of a Host or a path.
            self._refuse(400)
            return
        found = judge(request, hostnames=self._parts.settings.hostnames)
        who = None if isinstance(found, Refused) else self._behind_proxy(peer, request)
        if isinstance(found, Refused) or who is None:
            self._refuse(found.status if isinstance(found, Refused) else 503)
            return
        self._kind = found
        self._transport.write(self._socket.send(AcceptConnection(subprotocol=found.value[0])))
        self.write = self._write_lines
        self.begin(who, make(who.is_tls), b"")
        self._hear()

    def _behind_proxy(self, peer: Peer, request: Request) -> Peer | None:
        """Who is there: a trusted proxy that sends no PROXY header says so in those of HTTP. None for too many."""
        way = peer.way.replace("http", "websocket", 1)
        networks = self._parts.settings.trusted_proxies
        if not is_within(peer.address, networks):
            return Peer(peer.address, peer.safe, way)
        forwarded = _values(request, b"x-forwarded-for")
        address = forwarded_address(forwarded, socket_address=peer.address, networks=networks)
        encrypted = _values(request, b"x-forwarded-proto") == ["https"]
        header = proxy.Header(0, address if address != peer.address else None, encrypted)
        safe = peer.safe or is_safe(peer.address, trusted=True, header=header, tls=False, allow_plaintext=False)
        if address != peer.address and self._visit.count_from(address) is not None:
            return None
        return Peer(address, safe, way)

    def _refuse(self, status: int) -> None:
        self._visit.opened("http")
        head = f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\nSec-WebSocket-Version: 13\r\n\r\n"
        self._transport.write(head.encode())
        lingering = Lingering(self._parts, self._transport, ended=lambda: self._visit.end("no WebSocket"))
        self._visit.holder = lingering
        lingering.begin()

    # What comes ------------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._socket.state is ConnectionState.OPEN:  # TLS may still bring something when this side has closed.
            self._socket.receive_data(data)
            self._hear()

    def _hear(self) -> None:
        lines = bytearray()
        for event in self._socket.events():
            if isinstance(event, TextMessage):
                self._collect(event.data.encode(), lines, whole=event.message_finished)
            elif isinstance(event, BytesMessage):
                self._collect(event.data, lines, whole=event.message_finished)
            elif isinstance(event, Ping):
                self._transport.write(self._socket.send(event.response()))
            elif isinstance(event, CloseConnection):  # The peer's own, or because of what it sent.
                self._transport.write(self._socket.send(event.response()))
                self._transport.close()
                break  # What comes behind a farewell is not heard.
        if lines:
            super().data_received(bytes(lines))

    def _collect(self, piece: bytes | bytearray, lines: bytearray, *, whole: bool) -> None:
        """One more piece of a message. Of one that is longer than a line so much is kept as shows it."""
        self._message += piece[: INPUT_BYTES_MAX + 1 - len(self._message)]
        if whole:
            lines += self._message.rstrip(b"\r\n") + b"\r\n"
            self._message.clear()

    # What goes -------------------------------------------------------------------------------------------------------

    def _write_lines(self, data: bytes) -> None:
        self._transport.write(in_messages(data, self._kind))

    def close(self) -> None:
        """Say that this is the end, after what was written; then as every connection."""
        if self._reason is None and self._socket.state is ConnectionState.OPEN:
            self._transport.write(self._socket.send(CloseConnection(code=_GOING)))
        super().close()


def _values(request: Request, header: bytes) -> list[str]:
    return [value.decode("latin-1") for name, value in request.extra_headers if name == header]
