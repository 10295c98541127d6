"""What the parts of the net share: whom they serve, how they are set, and everything that is open."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from besedka.hub.ports import Journal
from besedka.limits import Limits
from besedka.net.headcount import Headcount
from besedka.net.patience import Patience
from besedka.net.peers import Network
from besedka.net.ports import Reception
from besedka.wire.protocol import ServerProtocol


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator decides; changed by a reload, as a whole, for connections from then on."""

    name: str = "besedka"
    """What the operator calls this server; on the page."""
    allow_plaintext: bool = False
    allow_text_prompt: bool = True
    trusted_proxies: tuple[Network, ...] = ()
    hostnames: tuple[str, ...] = ()
    """Names that a browser may call this server by, besides localhost and addresses."""


class Wires(msgspec.Struct, frozen=True):
    """How to make the server's end of each protocol."""

    native: Callable[[], ServerProtocol]
    text: Callable[[bool], ServerProtocol]
    """Is told whether `Name:` has been sent already."""
    irc: Callable[[bool], ServerProtocol] | None = None
    """Is told whether the connection is TLS. None where the operator wants none."""


class Holder(Protocol):
    """Whatever has charge of an open connection just now."""

    def abort(self) -> None:
        """End it at once."""
        ...


class Parts:
    """One of each."""

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        reception: Reception[Any],
        wires: Wires,
        journal: Journal,
        limits: Limits,
        settings: Settings,
        tls: ssl.SSLContext,
    ) -> None:
        self.loop = loop
        self.reception = reception
        self.wires = wires
        self.journal = journal
        self.limits = limits
        self.settings = settings
        self.tls = tls
        self.headcount = Headcount(limits)
        self.open: dict[Visit, None] = {}
        """Everything between accepting and the end, in the order it came."""
        self.silent = Patience(loop, seconds=limits.first_byte_seconds)
        """Those that have said nothing."""
        self.undecided = Patience(loop, seconds=limits.login_seconds_max)
        """Those of whom it is not known what they are."""
        self.asking = Patience(loop, seconds=limits.http_idle_seconds_max)
        """Those that speak HTTP and have not asked for anything yet."""
        self.full = Patience(loop, seconds=limits.full_seconds_max)
        """Those that have more unsent than they may."""
        self.closing = Patience(loop, seconds=limits.shutdown_seconds_max)
        """Those whose last words are on their way."""
        self.nobody_left = asyncio.Event()
        self.nobody_left.set()


class Visit:
    """One connection from accepting to its end: what is counted, and what the log says of it."""

    __slots__ = ("_came_at", "_counted_from", "_parts", "address", "holder", "way")

    def __init__(self, parts: Parts, address: str, holder: Holder) -> None:
        self._parts = parts
        self._came_at = parts.loop.time()
        self._counted_from: str | None = None
        self.address = address
        """The true one, as far as it is known yet."""
        self.way = "undecided"
        self.holder = holder
        parts.open[self] = None
        parts.nobody_left.clear()

    def count_from(self, address: str) -> str | None:
        """The true address is known. Answers the sentence that refuses it, if there are too many from there."""
        self.address = address
        sentence = self._parts.headcount.enter_from(address)
        if sentence is None:
            self._counted_from = address
        return sentence

    def opened(self, way: str) -> None:
        """It is known what the peer speaks."""
        self.way = way
        self._parts.journal.note("connection opened", address=self.address, way=way)

    def end(self, reason: str) -> None:
        """It is gone. The first reason is the one that counts."""
        parts = self._parts
        if self not in parts.open:
            return
        del parts.open[self]
        parts.headcount.leave()
        if self._counted_from is not None:
            parts.headcount.leave_from(self._counted_from)
        seconds = round(parts.loop.time() - self._came_at, 3)
        parts.journal.note("connection closed", address=self.address, way=self.way, reason=reason, seconds=seconds)
        if not parts.open:
            parts.nobody_left.set()


def reason_of(error: BaseException | None) -> str:
    """Why a transport was lost, for the log; never a word of the peer's."""
    match error:
        case None:
            return "closed by peer"
        case ConnectionError():
            return "reset by peer"
        case TimeoutError():
            return "peer does not answer"
        case ssl.SSLError():
            return "TLS fault"
        case _:
            return type(error).__name__
