"""People at IRC clients of a whole hub, with an account or as guests; it settles after what they write."""

from __future__ import annotations

from besedka.hub.ports import Peer
from besedka.hub.surroundings import Surroundings
from besedka.limits import Limits
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from hub_room import PASSWORD, HubRoom, Wire

LIMITS = Limits()


class IrcRoom(HubRoom):
    """A hub that people join by IRC."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        super().__init__(limits=limits)
        self.world = Surroundings(self.hub, created=1)
        self.formats = Formats(self.world)


class IrcPerson:
    """One connection, registered and idle."""

    def __init__(self, server: IrcRoom, name: str, *capabilities: str, account: bool = False) -> None:
        self.server = server
        self.link = Wire()
        protocol = IrcServer(server.limits, server.world, server.formats)
        session = server.hub.connect(self.link, Peer("203.0.113.9", True, "irc"), protocol)
        assert session is not None
        self.session = session
        if account:
            self.write(f"PASS :{name}:{PASSWORD}")
        self.write(f"CAP REQ :{' '.join(capabilities)}", "CAP END", f"NICK {name}", f"USER {name} 0 * :{name.title()}")
        self.welcome = self.read()

    def write(self, *lines: str) -> None:
        self.session.receive("".join(line + "\r\n" for line in lines).encode())
        self.server.settle()

    def read(self) -> list[str]:
        text = self.link.written.decode()
        self.link.written.clear()
        return text.split("\r\n")[:-1]

    def answer(self, line: str) -> list[str]:
        """What comes when this is written."""
        self.read()
        self.write(line)
        return self.read()
