"""A person at `nc`, for tests of the plain text protocol: lines are written and read, and units told."""

from __future__ import annotations

from besedka.chat.entries import Kind, RoomId, RoomName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.requests import Join, Malformed, Request, Sync
from besedka.chat.told import (
    Refused,
    Registration,
    RoomTold,
    Unit,
    Welcome,
    You,
)
from besedka.limits import Limits
from besedka.wire.text import ENTRIES_SHOWN, TextServer

LIMITS = Limits()
LOBBY = RoomId(1)
NAME, PASSWORD, AGAIN = "Name:", "Password:", "Password again:"
NEW_HERE = "New here. Password again:"
ENTERING = [Join(name="lobby"), Sync(show=ENTRIES_SHOWN)]


def refused(code: Code) -> Refused:
    return Refused(None, code, SENTENCES[code])


def you(name: str = "ann") -> You:
    return You(None, PrincipalId(3), AccountName(name), AccountRole.USER)


def room(number: RoomId = LOBBY, name: str = "lobby", *, kind: Kind = Kind.PUBLIC, topic: str = "") -> RoomTold:
    return RoomTold(number, kind, RoomName(name), topic, head=5, floor=1, messages=2, members=2, after=0)


class Visitor:
    """A person at `nc`, and the hub as far as a protocol notices it."""

    def __init__(
        self,
        registration: Registration = Registration.OPEN,
        *,
        guests: bool = False,
        safe: bool = True,
        prompted: bool = False,
        limits: Limits = LIMITS,
    ) -> None:
        self.protocol = TextServer(limits, prompted=prompted)
        self._asked: list[Request | Malformed] = []
        self._read = b""
        self.welcome = Welcome(1, "besedka 0", "here", "e", (), registration, guests, safe)

    def connect(self) -> Visitor:
        self.tell(self.welcome)
        return self

    def write(self, *lines: str) -> list[Request | Malformed]:
        """Write lines in one piece; what they ask for."""
        return self.write_bytes("".join(line + "\n" for line in lines).encode())

    def write_bytes(self, data: bytes) -> list[Request | Malformed]:
        self._receive(data)
        return self.asked()

    def tell(self, *units: Unit) -> list[Request | Malformed]:
        """Be told something; what it leads to being asked."""
        for unit in units:
            if isinstance(unit, You):
                self.protocol.logged_in()
            self._read += self.protocol.tell(unit)
            self._receive(b"")
        return self.asked()

    def _receive(self, data: bytes) -> None:
        self._asked += self.protocol.receive(data)
        self._read += self.protocol.prompt()

    def asked(self) -> list[Request | Malformed]:
        asked, self._asked = self._asked, []
        return asked

    def read(self) -> list[str]:
        """The lines that came since last looked at."""
        text, self._read = self._read.decode(), b""
        assert text.count("\n") == text.count("\r\n") == len(text.splitlines())
        return text.splitlines()


def present() -> Visitor:
    """Somebody in the lobby."""
    visitor = Visitor().connect()
    visitor.write("ann", "correct horse")
    visitor.tell(you(), room())
    visitor.read()
    return visitor
