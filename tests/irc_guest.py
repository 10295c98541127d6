"""Guests at IRC clients of a whole hub, which settles after each line they write."""

from __future__ import annotations

from besedka.hub.ports import Peer
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from hub_room import HubRoom, Wire


class Guest:
    """A guest at an IRC client."""

    def __init__(self, server: HubRoom, world: Surroundings, formats: Formats, name: str) -> None:
        self.server = server
        self.link = Wire()
        protocol = IrcServer(server.limits, world, formats)
        session = server.hub.connect(self.link, Peer("203.0.113.9", True, "irc"), protocol)
        assert session is not None
        self.session = session
        self.write(f"NICK {name}", f"USER {name} 0 * :{name.title()}")
        self.read()

    def write(self, *lines: str) -> None:
        self.session.receive("".join(line + "\r\n" for line in lines).encode())
        self.server.settle()

    def read(self) -> list[str]:
        text = self.link.written.decode()
        self.link.written.clear()
        return text.split("\r\n")[:-1]

    def said(self) -> list[str]:
        """What people did, without who they are."""
        return [line.split(" ", 1)[1] for line in self.read() if "!" in line.split(" ")[0]]


def guests(server: HubRoom, world: Surroundings, *names: str) -> list[Guest]:
    formats = Formats(world)
    return [Guest(server, world, formats, name) for name in names]
