"""One connection before it is known what it is.

    accepted ── peek ──┬── PROXY header (trusted proxies only), taken off the socket ── peek again
                       ├── 0x16: TLS handshake ── ALPN says what it is, or the first bytes inside do
                       └── anything else: the first bytes say what it is
    silence ─────────── `Name:` is sent, and still the first complete line says what it is

Peeking leaves the bytes on the socket, because a TLS handshake must be read by whoever holds the keys, and only a
socket whose bytes are all still there can be given to the loop as one that speaks TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Mapping
from typing import cast

from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.hub.ports import Peer
from besedka.net import proxy
from besedka.net.connection import Connection, TextConnection
from besedka.net.lingering import Lingering
from besedka.net.page import Pages
from besedka.net.parts import Parts, Visit, reason_of
from besedka.net.peers import is_safe, is_within, true_address
from besedka.net.sniffing import Speech, recognise
from besedka.net.tls import ALPN_HTTP, ALPN_IRC, ALPN_NATIVE
from besedka.words import _

PROMPT = b"Name:\r\n"
"""On a line of its own, so that what a client shows next begins a line."""

_ALPN: Mapping[str | None, Speech] = {ALPN_NATIVE: Speech.NATIVE, ALPN_IRC: Speech.IRC, ALPN_HTTP: Speech.HTTP}
_TLS_HANDSHAKE = b"\x16"
_NO_IRC = N_("This server has no IRC; it speaks plain text and besedka's own protocol.")
_KEEPALIVE_PROBES = 4
"""Unanswered ones after which the kernel takes a text session for dead; they share `pong_seconds_max`."""


class Arrival(asyncio.Protocol):
    """Finds out what one connection is and hands it on; from then on nobody refers to it."""

    __slots__ = (
        "_entering",
        "_header",
        "_pages",
        "_parts",
        "_prompted",
        "_said",
        "_socket",
        "_socket_address",
        "_tls",
        "_transport",
        "_trusted",
        "_visit",
    )

    def __init__(self, parts: Parts, pages: Pages, accepted: socket.socket, address: str) -> None:
        self._parts = parts
        self._pages = pages
        self._socket = accepted
        self._socket_address = address
        self._trusted = is_within(address, parts.settings.trusted_proxies)
        self._header: proxy.Header | None = None
        self._said = bytearray()
        """What has been taken off the socket and decides nothing yet."""
        self._prompted = False
        self._tls = False
        self._entering: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._visit = Visit(parts, address, self)

    def begin(self) -> None:
        """The connection has been accepted and counted."""
        parts = self._parts
        if not self._trusted and not self._admitted(self._socket_address):
            return
        parts.undecided.start(self, self._end_undecided)
        if parts.settings.allow_text_prompt:
            parts.silent.start(self, self._prompt)
        parts.loop.add_reader(self._socket.fileno(), self._read_header if self._trusted else self._peek)

    def _admitted(self, address: str) -> bool:
        """Whether one more may come from this address; otherwise it is refused and over."""
        sentence = self._visit.count_from(address)
        if sentence is None:
            return True
        say_and_close(self._socket, sentence)
        self._gone("refused: too many from this address")
        return False

    # On the socket ---------------------------------------------------------------------------------------------------

    def _look(self, count: int, flags: int) -> bytes | None:
        """Bytes of the socket; None where there are none yet, or no more and it is over."""
        try:
            data = self._socket.recv(count, flags)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError as error:
            self._end(reason_of(error))
            return None
        if not data:
            self._end("closed by peer")
            return None
        return data

    def _peek(self) -> None:
        first = self._look(1, socket.MSG_PEEK)
        if first is not None:
            self._enter(tls=first == _TLS_HANDSHAKE)

    def _read_header(self) -> None:
        """Take a trusted proxy's header off the socket, and no byte of what follows it."""
        bytes_max = self._parts.limits.line_bytes_max
        seen = self._look(bytes_max, socket.MSG_PEEK)
        if seen is None:
            return
        before = len(self._said)
        header = proxy.read(self._said + seen, bytes_max=bytes_max)
        self._parts.silent.stop(self)
        if header is proxy.NoHeader.MORE:
            self._said += self._look(len(seen), 0) or b""
            return
        if header is proxy.NoHeader.BROKEN:
            self._end("broken PROXY header")
            return
        loop = self._parts.loop
        loop.remove_reader(self._socket.fileno())
        if isinstance(header, proxy.Header):
            if self._look(header.length - before, 0) is None:
                return
            self._said.clear()
            self._header = header
            if header.source is not None and not self._admitted(true_address(header.source)):
                return
        # Without a header everybody behind the proxy looks like the proxy, so nobody is counted by address.
        if self._said:  # And the byte that shows it to be no header is still on the socket.
            self._enter(tls=False)
        else:
            loop.add_reader(self._socket.fileno(), self._peek)

    def _enter(self, *, tls: bool) -> None:
        """The socket becomes a transport."""
        parts = self._parts
        parts.loop.remove_reader(self._socket.fileno())
        parts.silent.stop(self)
        self._tls = tls
        self._entering = parts.loop.create_task(self._become_transport())

    async def _become_transport(self) -> None:
        parts = self._parts
        try:
            if self._tls:
                # The handshake is part of what `undecided` waits for, so its own timeout need not be shorter.
                await parts.loop.connect_accepted_socket(
                    lambda: self, self._socket, ssl=parts.tls, ssl_handshake_timeout=parts.limits.login_seconds_max
                )
            else:
                await parts.loop.connect_accepted_socket(lambda: self, self._socket)
        except OSError as error:
            self._gone(f"TLS handshake: {reason_of(error)}" if self._tls else reason_of(error))
        except Exception as error:  # The edge.
            parts.journal.fault("taking a socket over failed", error)
            self._socket.close()
            self._gone("internal error")

    # What the loop calls ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._entering = None
        if self._tls:
            chosen = _ALPN.get(transport.get_extra_info("ssl_object").selected_alpn_protocol())
            if chosen is not None:
                self._decide(chosen)
            elif self._parts.settings.allow_text_prompt:
                self._parts.silent.start(self, self._prompt)
        elif self._prompted:
            self._transport.write(PROMPT)

    def data_received(self, data: bytes) -> None:
        self._parts.silent.stop(self)
        self._said += data
        line_bytes_max = self._parts.limits.line_bytes_max
        speech = recognise(self._said, prompted=self._prompted, line_bytes_max=line_bytes_max)
        if speech is not None:
            self._decide(speech)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone(reason_of(exc))

    # What it is ------------------------------------------------------------------------------------------------------

    def _decide(self, speech: Speech) -> None:
        self._parts.silent.stop(self)
        self._parts.undecided.stop(self)
        try:
            _DECISIONS[speech](self)
        except Exception as error:  # The edge.
            self._parts.journal.fault("handing a connection on failed", error)
            self._end("internal error")

    def _peer(self, way: str) -> Peer:
        settings = self._parts.settings
        safe = is_safe(
            self._socket_address,
            trusted=self._trusted,
            header=self._header,
            tls=self._tls,
            allow_plaintext=settings.allow_plaintext,
        )
        return Peer(self._visit.address, safe, f"{way}+tls" if self._tls else way)

    def _native(self) -> None:
        connection = Connection(self._parts, self._open_transport, self._visit)
        connection.begin(self._peer("native"), self._parts.wires.native(), bytes(self._said))

    def _text(self) -> None:
        # A person at a terminal cannot be pinged. (Both loops have set TCP_NODELAY on every transport.)
        limits = self._parts.limits
        keep_alive(self._open_transport, seconds=limits.ping_seconds, seconds_to_answer=limits.pong_seconds_max)
        connection = TextConnection(self._parts, self._open_transport, self._visit)
        connection.begin(self._peer("text"), self._parts.wires.text(self._prompted), bytes(self._said))

    def _http(self) -> None:
        self._pages.serve(self._open_transport, self._visit, self._peer("http"), bytes(self._said))

    def _irc(self) -> None:
        make = self._parts.wires.irc
        if make is None:
            self._visit.opened(self._peer("irc").way)
            self._say_and_end(f"ERROR :{_(_NO_IRC)}", "IRC is not enabled")
            return
        connection = Connection(self._parts, self._open_transport, self._visit)
        connection.begin(self._peer("irc"), make(self._tls), bytes(self._said))

    def _endless_line(self) -> None:
        self._say_and_end(_(SENTENCES[Code.TOO_LONG]), "endless first line")

    def _host_line(self) -> None:
        self._end("a web page's request")

    def _late_tls(self) -> None:
        if self._tls:
            self._end("TLS inside TLS")
        else:
            self._end("TLS after the text prompt: allow_text_prompt = false is for clients this slow")

    @property
    def _open_transport(self) -> asyncio.Transport:
        assert self._transport is not None, "decided before there is a transport"
        return self._transport

    # The end ---------------------------------------------------------------------------------------------------------

    def abort(self) -> None:
        """End at once."""
        self._end("closed by server")

    def _prompt(self) -> None:
        """The peer waits for us to speak first; whoever speaks TLS does not."""
        self._prompted = True
        if self._transport is None:
            self._enter(tls=False)
        else:
            self._transport.write(PROMPT)

    def _end_undecided(self) -> None:
        self._end("said nothing that can be understood in time")

    def _say_and_end(self, sentence: str, reason: str) -> None:
        transport = self._open_transport
        transport.write(f"{sentence}\r\n".encode())
        lingering = Lingering(self._parts, transport, ended=lambda: self._gone(reason))
        self._visit.holder = lingering
        lingering.begin()

    def _end(self, reason: str) -> None:
        if self._transport is not None:
            self._transport.abort()
        elif self._entering is not None:
            self._entering.cancel()
        else:
            self._parts.loop.remove_reader(self._socket.fileno())
            self._socket.close()
        self._gone(reason)

    def _gone(self, reason: str) -> None:
        """Nothing is left."""
        self._parts.silent.stop(self)
        self._parts.undecided.stop(self)
        self._visit.end(reason)


_DECISIONS: Mapping[Speech, Callable[[Arrival], None]] = {
    Speech.TLS: Arrival._late_tls,
    Speech.NATIVE: Arrival._native,
    Speech.HTTP: Arrival._http,
    Speech.IRC: Arrival._irc,
    Speech.TEXT: Arrival._text,
    Speech.HOST_LINE: Arrival._host_line,
    Speech.ENDLESS_LINE: Arrival._endless_line,
}


def say_and_close(accepted: socket.socket, sentence: str) -> None:
    """Refuse a connection that nobody has charge of yet, without waiting: its buffer is empty, so the words fit."""
    with contextlib.suppress(OSError):
        accepted.send(f"{sentence}\r\n".encode())
        accepted.shutdown(socket.SHUT_WR)
    accepted.close()


def keep_alive(transport: asyncio.Transport, *, seconds: float, seconds_to_answer: float) -> None:
    """Have the kernel ask a peer that is silent for `seconds` whether it is still there (tcp(7))."""
    connected = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):  # It is gone already, which the loop is about to say.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, max(1, int(seconds)))
        interval = max(1, int(seconds_to_answer / _KEEPALIVE_PROBES))
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, interval)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_PROBES)
