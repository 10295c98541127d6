"""What the hub needs of the machine it runs on, each as a small protocol that asyncio or a test can fill."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from typing import Any, Protocol

import msgspec


class Clock(Protocol):
    """Time, as the world has it."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC; may jump."""
        ...

    def seconds(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def wait_seconds(self, seconds: float) -> Awaitable[None]:
        """Come back after this long."""
        ...


class Bell(Protocol):
    """Wakes the hub. Ringing a rung bell changes nothing; waiting takes the ring away."""

    def ring(self) -> None:
        """There is work."""
        ...

    def wait_ring(self) -> Awaitable[None]:
        """Come back as soon as there is work."""
        ...


class Tasks(Protocol):
    """Runs what is served beside the turn. A task that fails is reported by its owner, never silently."""

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it beside the turn."""
        ...


class Dice(Protocol):
    """Chance."""

    def token_bytes(self, count: int) -> bytes:
        """Bytes nobody can guess."""
        ...


class Journal(Protocol):
    """The service log. Fields are made harmless by the journal; no field is ever a secret or a message body."""

    def note(self, event: str, **fields: str | int | float) -> None:
        """One line about something that happened."""
        ...

    def fault(self, event: str, error: BaseException) -> None:
        """One line and the frames of an internal error, without values."""
        ...


class Peer(msgspec.Struct, frozen=True):
    """Who is at the other end, decided once by the net."""

    address: str
    """The true address, without a port: a proxy's word where the proxy is trusted."""
    safe: bool
    """Whether a secret may travel this way: TLS, a true loopback, or the operator's leave."""
    way: str
    """For the log: `native`, `text`, `native+tls` and so on."""

    @property
    def is_tls(self) -> bool:
        """Whether nobody between can read what is said."""
        return self.way.endswith("+tls")


class Link(Protocol):
    """The connection under a session, as the hub sees it."""

    full: bool
    """Whether more than `buffer_bytes_max` is unsent; it calls `Hub.drained` when that ends."""

    def write(self, data: bytes) -> None:
        """Send, in order, without waiting. Only the hub's bounds keep this small."""
        ...

    def close(self) -> None:
        """Send what was written, then close, within the link's own deadline; it calls `Hub.lost` at the end."""
        ...

    def abort(self) -> None:
        """Close at once, dropping what is unsent."""
        ...

    def pause(self) -> None:
        """Read nothing more until `go_on`."""
        ...

    def go_on(self) -> None:
        """Read again."""
        ...
