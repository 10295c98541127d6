"""What the net needs of whoever takes the calls: the hub, or a fake in the tests."""

from __future__ import annotations

from typing import Protocol, TypeVar

from besedka.hub.ports import Link, Peer
from besedka.wire.protocol import ServerProtocol


class Session(Protocol):
    """One connection, as the one who took it knows it."""

    def receive(self, data: bytes) -> None:
        """Bytes have come, in order, in any cut. Never called again after `lost`."""
        ...


S = TypeVar("S", bound=Session)


class Reception(Protocol[S]):
    """Takes the connections that the net has found out about. Nothing here waits."""

    def connect(self, link: Link, peer: Peer, protocol: ServerProtocol) -> S | None:
        """A connection speaks `protocol`. None refuses it: a farewell was written and the link told to close."""
        ...

    def drained(self, session: S) -> None:
        """The link is no longer full."""
        ...

    def lost(self, session: S, reason: str) -> None:
        """The connection is gone; called exactly once for each session. The reason is for the log."""
        ...
