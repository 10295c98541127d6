"""People at IRC clients of a hub in memory, for tests of what they see of each other."""

from __future__ import annotations

from besedka.chat.own_requests import SetProfile
from besedka.chat.principals import AccountRole
from besedka.hub.ports import Peer
from besedka.hub.session import Session
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from hub_room import PASSWORD, HubRoom, Wire


class Company:
    """A server, and those who come to it."""

    def __init__(self, server: HubRoom) -> None:
        self.server = server
        self.world = Surroundings(server.hub, created=1)
        self.formats = Formats(self.world)

    def guest(self, name: str, *capabilities: str, user: str = "", safe: bool = True) -> Sitter:
        """Somebody without an account."""
        wanted = [f"CAP REQ :{' '.join(capabilities)}", "CAP END"] if capabilities else []
        return Sitter(self, [*wanted, f"NICK {name}", f"USER {user or name} 0 * :{name.title()}"], safe=safe)

    def guests(self, *names: str) -> list[Sitter]:
        return [self.guest(name) for name in names]

    def account(self, name: str, *before: str) -> Sitter:
        """Somebody who is registered, at a client of its own, which says something before all else."""
        nick = [] if any(line.startswith("NICK") for line in before) else [f"NICK {name}"]
        return Sitter(self, [*before, f"PASS :{name}:{PASSWORD}", *nick, f"USER {name} 0 * :{name.title()}"])

    def register(self, name: str, *, admin: bool = False) -> None:
        """Make an account, whose first device goes again."""
        device = self.server.registered(name)
        principal = device.you.principal
        device.hang_up()
        self.server.settle(20)
        if admin:
            self.server.ordered(self.server.accounts.set_role(principal, AccountRole.ADMIN))


class Sitter:
    """One of them."""

    def __init__(self, company: Company, lines: list[str], *, safe: bool = True) -> None:
        self.company = company
        self.link = Wire()
        protocol = IrcServer(company.server.limits, company.world, company.formats)
        session = company.server.hub.connect(self.link, Peer("203.0.113.9", safe, "irc"), protocol)
        assert session is not None
        self.session: Session = session
        self.write(*lines)
        self.welcome = self.read()

    def write(self, *lines: str) -> None:
        self.session.receive("".join(line + "\r\n" for line in lines).encode())
        self.company.server.settle()

    def be(self, *, invisible: bool) -> None:
        """Look like one who is not here, as native clients can."""
        assert isinstance(self.session.protocol, IrcServer)
        self.session.protocol.ask(SetProfile(invisible=invisible), lambda _unit: None)
        self.write("PING x")
        self.read()

    def read(self) -> list[str]:
        """The lines since last looked at, the server's own without its name."""
        text = self.link.written.decode()
        self.link.written.clear()
        return [line.removeprefix(f":{self.company.world.server} ") for line in text.split("\r\n")[:-1]]

    def asked(self, *lines: str) -> list[str]:
        """What is answered to these."""
        self.read()
        self.write(*lines)
        return self.read()
