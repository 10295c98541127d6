"""How the server's end of each protocol is made."""

from __future__ import annotations

from collections.abc import Callable

from besedka.config import Config
from besedka.hub.hub import Hub
from besedka.hub.surroundings import Surroundings
from besedka.limits import Limits
from besedka.net.parts import Wires
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from besedka.wire.native import NativeServer
from besedka.wire.text import TextServer
from besedka.words import _


def make_wires(hub: Hub, config: Config, limits: Callable[[], Limits]) -> Wires:
    """All the ways in that the operator wants. `limits` are those for whoever connects from then on."""
    return Wires(
        native=lambda: NativeServer(limits()),
        text=lambda prompted: TextServer(limits(), prompted=prompted, translate=_),
        irc=_irc(hub, limits) if config.irc_enabled else None,
    )


def _irc(hub: Hub, limits: Callable[[], Limits]) -> Callable[[bool], IrcServer]:
    """IRC connections share their formats, so that a room's run is encoded once for all alike."""
    world = Surroundings(hub, created=hub.parts.clock.now())
    formats = Formats(world)
    return lambda tls: IrcServer(limits(), world, formats, tls=tls, translate=_)
