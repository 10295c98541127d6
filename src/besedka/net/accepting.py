"""The accept loop: takes connections off listening sockets, and outlives what the kernel runs out of.

asyncio's own loop is not used because a connection must be peeked at before it belongs to a transport, and because
of what it does without descriptors (python/cpython#74186: it stops accepting, or accepts in a busy loop).
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Sequence

from besedka.chat.pace import Pace
from besedka.hub.ports import Journal
from besedka.limits import Limits
from besedka.net.peers import true_address

_AT_ONCE = 64
"""Connections taken before others of the loop have their turn: at some 30 µs each, 2 ms."""
_REST_SECONDS = 0.2
"""After the kernel had no descriptor: soon enough for people, too seldom to be work."""
_REPORT_SECONDS = 60.0
"""Between two log lines that say so."""

_NOBODY = frozenset({errno.EAGAIN, errno.EINTR})
_THEIRS = frozenset(
    {
        errno.ECONNABORTED,
        errno.EPERM,
        errno.EPROTO,
        errno.ENOPROTOOPT,
        errno.EOPNOTSUPP,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENONET,
    }
)
"""accept(2): errors already pending on the new connection, to be treated like EAGAIN; the next may be fine."""

Arrived = Callable[[socket.socket, str], None]
"""Is given a non-blocking socket and the address at its other end; it owns the socket from then on."""


class Acceptor:
    """Accepts on some listening sockets, of which it is the owner."""

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        *,
        loop: asyncio.AbstractEventLoop,
        limits: Limits,
        journal: Journal,
        arrived: Arrived,
    ) -> None:
        self._sockets = list(sockets)
        self._loop = loop
        self._journal = journal
        self._arrived = arrived
        rate = max(limits.accepts_per_second, 1.0)
        self._pace = Pace(rate=rate, burst=int(rate), now=loop.time()) if limits.flood else None
        self._wanted = False
        self._rest: asyncio.TimerHandle | None = None
        self._reported_at: float | None = None

    @property
    def accepting(self) -> bool:
        """Whether connections are taken as they come, now or after a short rest."""
        return self._wanted

    def go_on(self) -> None:
        """Accept from now on."""
        if not self._wanted:
            self._wanted = True
            self._watch()

    def pause(self) -> None:
        """Accept nothing; whoever connects waits in the kernel until `go_on`."""
        if self._wanted:
            self._wanted = False
            self._unwatch()

    def close(self) -> None:
        """Accept nothing for ever; whoever connects is refused by the kernel."""
        self.pause()
        for listening in self._sockets:
            listening.close()
        self._sockets.clear()

    def _watch(self) -> None:
        self._rest = None
        for listening in self._sockets:
            self._loop.add_reader(listening.fileno(), self._accept_some, listening)

    def _unwatch(self) -> None:
        if self._rest is not None:
            self._rest.cancel()
            self._rest = None
        for listening in self._sockets:
            self._loop.remove_reader(listening.fileno())

    def _rest_for(self, seconds: float) -> None:
        self._unwatch()
        self._rest = self._loop.call_later(seconds, self._watch)

    def _accept_some(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            if not self._wanted:
                return  # Whoever arrived last has had it paused.
            if self._pace is not None and self._pace.available(self._loop.time()) < 1:
                self._rest_for(self._pace.seconds_until_one())
                return
            try:
                accepted, address = listening.accept()
            except OSError as error:
                if error.errno in _NOBODY:
                    return
                if error.errno in _THEIRS:
                    continue
                self._exhausted(error)  # EMFILE, ENFILE, ENOBUFS, ENOMEM; nothing else is known.
                return
            if self._pace is not None:
                self._pace.take(1)
            self._hand_over(accepted, address)

    def _hand_over(self, accepted: socket.socket, address: tuple[str, int]) -> None:
        try:
            accepted.setblocking(False)
            self._arrived(accepted, true_address(address[0]))
        except Exception as error:  # The edge: no connection ends the accepting of others.
            accepted.close()
            self._journal.fault("accepting a connection failed", error)

    def _exhausted(self, error: OSError) -> None:
        now = self._loop.time()
        if self._reported_at is None or now - self._reported_at >= _REPORT_SECONDS:
            self._reported_at = now
            self._journal.note("cannot accept connections for now", why=error.strerror or "")
        self._rest_for(_REST_SECONDS)
