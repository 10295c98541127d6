"""The end of a connection: the last words are on their way, and nothing more is heard.

Closing a socket with unread bytes makes the kernel send a reset, which may overtake the last words and destroy them
in the peer's own buffer (RFC 1122 §4.2.2.13). So this side says that it has finished, throws away what still comes,
and closes when the peer does, or after `shutdown_seconds_max`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from besedka.net.parts import Parts


class Lingering(asyncio.Protocol):
    """Takes a transport over from whoever wrote the last words to it, and calls `ended` once when it is gone."""

    __slots__ = ("_ended", "_parts", "_transport")

    def __init__(self, parts: Parts, transport: asyncio.Transport, *, ended: Callable[[], None]) -> None:
        self._parts = parts
        self._transport = transport
        self._ended = ended

    def begin(self, *, heard_all: bool = False) -> None:
        """Nothing may be written from here on. `heard_all` tells that the peer has already said it has finished."""
        transport = self._transport
        transport.set_protocol(self)
        self._parts.closing.start(self, transport.abort)
        if heard_all or not transport.can_write_eof():
            transport.close()  # TLS says in its own words that it has finished, and waits for the peer's.
            return
        try:
            transport.write_eof()
        except OSError:  # The peer is gone already, and the transport has not noticed.
            transport.abort()
            return
        transport.resume_reading()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._parts.closing.stop(self)
        self._ended()
