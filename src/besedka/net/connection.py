"""One connection that has been understood: moves bytes between a transport and a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from besedka.hub.ports import Peer
from besedka.net.lingering import Lingering
from besedka.net.parts import Parts, Visit, reason_of
from besedka.net.ports import Session
from besedka.wire.protocol import ServerProtocol
from besedka.wire.text import LEAVE


def _drop(_data: bytes) -> None:
    """What is written to a connection that has ended."""


class Connection(asyncio.Protocol):
    """The hub's `Link` on one side, asyncio's protocol on the other."""

    __slots__ = ("_heard_all", "_parts", "_paused", "_reason", "_session", "_transport", "_visit", "full", "write")

    write: Callable[[bytes], None]
    """The transport's own method while the connection lives, so that a run costs no call more than it must."""

    def __init__(self, parts: Parts, transport: asyncio.Transport, visit: Visit) -> None:
        self._parts = parts
        self._transport = transport
        self._visit = visit
        self._session: Session | None = None
        self._paused = False
        self._heard_all = False
        self._reason: str | None = None
        self.full = False
        self.write = transport.write

    def begin(self, peer: Peer, protocol: ServerProtocol, data: bytes) -> None:
        """Take the transport over; `data` is what the peer has said already."""
        self._visit.holder = self
        self._visit.opened(peer.way)
        self._transport.set_protocol(self)
        # Also for TLS, whose own default is eight times as much. What TLS has encrypted moves to the transport under it
        # in one piece as soon as that has room, and the connection is no longer full though nothing has reached the
        # peer; that happens once, so a TLS connection holds at most twice what a plain one does.
        self._transport.set_write_buffer_limits(high=self._parts.limits.buffer_bytes_max)
        try:
            self._session = self._parts.reception.connect(self, peer, protocol)
        except Exception as error:  # The edge: one connection's end is not the server's.
            self._fail("taking a connection failed", error)
            return
        if self._reason is not None:
            return
        if self._session is None:
            self.close()
        elif data:
            self.data_received(data)

    # What the loop calls ---------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        session = self._session
        if session is not None:
            try:
                session.receive(data)
            except Exception as error:  # The edge.
                self._fail("receiving failed", error)

    def pause_writing(self) -> None:
        self.full = True
        self._parts.full.start(self, self._end_slow)
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self.full = False
        self._parts.full.stop(self)
        if not self._paused:
            self._transport.resume_reading()
        if self._session is not None:
            try:
                self._parts.reception.drained(self._session)
            except Exception as error:  # The edge.
                self._fail("going on with a drained connection failed", error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(self._reason or reason_of(exc))

    # What the hub calls ----------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Send what was written, then close; at once where that takes longer than `shutdown_seconds_max`."""
        if self._reason is not None:
            return
        self._stop("closed by server")
        lingering = Lingering(self._parts, self._transport, ended=self._lingered)
        self._visit.holder = lingering
        lingering.begin(heard_all=self._heard_all)

    def abort(self) -> None:
        """Close at once, dropping what is unsent."""
        self._stop("closed by server")
        self._transport.abort()

    def pause(self) -> None:
        """Read nothing more until `go_on`."""
        self._paused = True
        if self._reason is None:
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read again, or as soon as the connection is no longer full."""
        self._paused = False
        if not self.full:
            self._transport.resume_reading()

    # The end ---------------------------------------------------------------------------------------------------------

    def _end_slow(self) -> None:
        """The peer has taken nothing for too long."""
        self._stop("too-slow-reader")
        self._transport.abort()

    def _fail(self, event: str, error: Exception) -> None:
        self._parts.journal.fault(event, error)
        self._stop("internal error")
        self._transport.abort()

    def _stop(self, reason: str) -> None:
        """The first reason is the one that counts."""
        self._reason = self._reason or reason
        self.write = _drop
        self._parts.full.stop(self)

    def _lingered(self) -> None:
        self._end(self._reason or "closed by server")

    def _end(self, reason: str) -> None:
        self._stop(reason)
        session, self._session = self._session, None
        self._visit.end(reason)
        if session is not None:
            try:
                self._parts.reception.lost(session, reason)
            except Exception as error:  # The edge.
                self._parts.journal.fault("losing a connection failed", error)


class TextConnection(Connection):
    """A connection of somebody whose program closes its side when it has read its input (`printf … | nc -N`).

    That is `exit`: what was said before is still answered, and then the server closes. Under TLS a peer that closes
    its side hears nothing more, so there the connection is lost.
    """

    __slots__ = ("_in_line",)

    def begin(self, peer: Peer, protocol: ServerProtocol, data: bytes) -> None:
        """Take the transport over; `data` is what the peer has said already."""
        self._in_line = False
        super().begin(peer, protocol, data)

    def data_received(self, data: bytes) -> None:
        self._in_line = not data.endswith(b"\n")
        super().data_received(data)

    def eof_received(self) -> bool:
        if not self._transport.can_write_eof():
            return False
        if not self._heard_all:  # Said again where reading was paused and goes on.
            self._heard_all = True
            # The hub closes as soon as it has answered, which takes as long as logging in may.
            self._parts.undecided.start(self, self.abort)
            leave = f"{LEAVE}\n".encode()
            super().data_received(b"\n" + leave if self._in_line else leave)
        return True

    def _end(self, reason: str) -> None:
        self._parts.undecided.stop(self)
        super()._end(reason)
