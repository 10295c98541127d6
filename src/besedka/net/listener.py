"""Everything that listens: the sockets, the connections that came through them, and how they end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from typing import Any

from besedka.hub.ports import Journal
from besedka.limits import Limits
from besedka.net.accepting import Acceptor
from besedka.net.arrival import Arrival, say_and_close
from besedka.net.page import Pages
from besedka.net.parts import Parts, Settings, Wires
from besedka.net.ports import Reception


class Listener:
    """Accepts on listening sockets and brings who speaks besedka's protocols to the reception.

    Made inside a running loop, with sockets from `binding.wait_bound`; `go_on` starts it. To end it, `stop_accepting`,
    have the hub say farewell and close its links, and `wait_gone`.
    """

    def __init__(
        self,
        sockets: Sequence[socket.socket],
        *,
        reception: Reception[Any],
        wires: Wires,
        journal: Journal,
        limits: Limits,
        settings: Settings,
        tls: ssl.SSLContext,
    ) -> None:
        loop = asyncio.get_running_loop()
        self._parts = Parts(
            loop=loop, reception=reception, wires=wires, journal=journal, limits=limits, settings=settings, tls=tls
        )
        self._pages = Pages(self._parts)
        self._acceptor = Acceptor(sockets, loop=loop, limits=limits, journal=journal, arrived=self._arrived)

    @property
    def paused(self) -> bool:
        """Whether nobody is accepted."""
        return not self._acceptor.accepting

    @property
    def connections(self) -> int:
        """How many are open, whatever they speak."""
        return self._parts.headcount.here

    def go_on(self) -> None:
        """Accept from now on."""
        self._acceptor.go_on()

    def pause(self) -> None:
        """Accept nobody until `go_on`; those that are open stay, those that come wait in the kernel."""
        self._acceptor.pause()

    def reload(self, *, settings: Settings, tls: ssl.SSLContext) -> None:
        """Settings and certificate for those who come from now on."""
        self._parts.settings = settings
        self._parts.tls = tls

    def stop_accepting(self) -> None:
        """Accept nobody ever again, and end those of whom it is not known what they are."""
        self._acceptor.close()
        for visit in list(self._parts.open):
            if isinstance(visit.holder, Arrival):
                visit.holder.abort()

    async def wait_gone(self, *, seconds: float) -> None:
        """Come back when every connection has ended; those that have not after `seconds` are ended at once."""
        try:
            await asyncio.wait_for(self._parts.nobody_left.wait(), seconds)
        except TimeoutError:
            for visit in list(self._parts.open):
                visit.holder.abort()
            await self._parts.nobody_left.wait()
        parts = self._parts
        for patience in (parts.silent, parts.undecided, parts.asking, parts.full, parts.closing):
            patience.give_up()

    def _arrived(self, accepted: socket.socket, address: str) -> None:
        sentence = self._parts.headcount.enter()
        if sentence is None:
            Arrival(self._parts, self._pages, accepted, address).begin()
        else:
            say_and_close(accepted, sentence)
            self._parts.journal.note("connection refused", address=address, why="too many connections")
