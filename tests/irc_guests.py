"""People at IRC clients of one hub, in memory: what they write is done at once."""

from __future__ import annotations

import re

from besedka.hub.ports import Peer
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from hub_room import PASSWORD, HubRoom, Wire


class Guest:
    """One IRC connection, before or after it has registered."""

    def __init__(self, server: HubRoom, protocol: IrcServer, name: str) -> None:
        self.server = server
        self.name = name
        self.link = Wire()
        session = server.hub.connect(self.link, Peer("203.0.113.9", True, "irc"), protocol)
        assert session is not None
        self.session = session
        self.welcome: list[str] = []
        """The words of welcome, as `plainly` has them."""

    def write(self, *lines: str) -> None:
        """Write lines in one piece, and wait until all is done that follows."""
        self.session.receive("".join(line + "\r\n" for line in lines).encode())
        self.server.settle()

    def read(self) -> list[str]:
        """The lines that came since last looked at."""
        text = self.link.written.decode()
        self.link.written.clear()
        return text.split("\r\n")[:-1]

    def plainly(self) -> list[str]:
        """The same without tags, the server's name, and the names of batches."""
        lines = [re.sub(r"^@\S+ ", "", line).removeprefix(":besedka. ") for line in self.read()]
        return [re.sub(r"^BATCH ([+-])\S+", r"BATCH \1", line) for line in lines]


class Guests:
    """They share their formats, as connections of one server do."""

    def __init__(self, server: HubRoom, world: Surroundings) -> None:
        self._server = server
        self._world = world
        self._formats = Formats(world)

    def visitor(self, name: str) -> Guest:
        """A connection that has said nothing yet, of somebody who will be called so."""
        return Guest(self._server, IrcServer(self._server.limits, self._world, self._formats), name)

    def come(self, name: str, *capabilities: str) -> Guest:
        """A guest with these capabilities."""
        return self._enter(self.visitor(name), capabilities, ())

    def come_back(self, name: str, *capabilities: str) -> Guest:
        """An account, logged in by PASS."""
        return self._enter(self.visitor(name), capabilities, (f"PASS :{name}:{PASSWORD}",))

    def _enter(self, guest: Guest, capabilities: tuple[str, ...], more: tuple[str, ...]) -> Guest:
        asked = [f"CAP REQ :{' '.join(capabilities)}"] if capabilities else []
        guest.write(*asked, *more, f"NICK {guest.name}", f"USER {guest.name} 0 * :{guest.name.title()}", "CAP END")
        guest.welcome = guest.plainly()
        return guest
