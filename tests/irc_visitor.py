"""A person at an IRC client, for tests of the protocol: lines are written and read, and units told."""

from __future__ import annotations

from collections.abc import Mapping

from besedka.chat.entries import Entry, Kind, Person, RoomId, RoomName
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.requests import ComeAsGuest, Malformed, Ping, Request
from besedka.chat.rooms import Room
from besedka.chat.told import Done, Refused, Registration, RoomTold, Unit, Welcome, You
from besedka.limits import Limits
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from besedka.wire.irc.settings import IrcSettings
from besedka.wire.irc.world import Counts, Face
from besedka.wire.looking import Seen

LIMITS = Limits()
GUEST = PrincipalId(-7)
ANN, BOB = PrincipalId(3), PrincipalId(4)
TEA = RoomId(9)


class FakeWorld:
    """Fills `wire.irc.world.World`: people are here by being put in `people`."""

    server = "here."
    network = "here"
    version = "besedka-0"
    created = 1_000

    def __init__(self) -> None:
        self.people = {ANN: "ann", BOB: "bob", GUEST: "guest"}
        self.faces: dict[PrincipalId, Face] = {}
        self.data: dict[PrincipalId, dict[str, str]] = {}
        self.told: dict[int, tuple[Room, Entry]] = {}
        self.irc = IrcSettings()

    @property
    def settings(self) -> IrcSettings:
        return self.irc

    def now(self) -> int:
        return 2_000

    def face(self, principal: PrincipalId) -> Face:
        return self.faces.get(principal, Face(user="u", host="h", away=""))

    def name(self, principal: PrincipalId) -> str | None:
        return self.people.get(principal)

    def values(self, principal: PrincipalId, *, asker: PrincipalId) -> Mapping[str, str]:
        return self.data.get(principal, {})

    def account(self, principal: PrincipalId) -> str | None:
        return self.people.get(principal) if principal > 0 else None

    def named(self, name: FoldedName) -> Person | None:
        found = {fold(one): principal for principal, one in self.people.items()}.get(name)
        return None if found is None else Person(found, AccountName(self.people[found]))

    def away_in(self, room: RoomId, principal: PrincipalId) -> str:
        return self.face(principal).away

    def kept(self, room: RoomId, number: int) -> tuple[Room, Entry] | None:
        return self.told.get(number)

    def room(self, room: RoomId) -> Room | None:
        return next((found for found, _ in self.told.values() if found.id == room), None)

    def counts(self) -> Counts:
        return Counts(users=3, invisible=0, admins=1, unknown=0, rooms=2, users_most=5)


def refused(code: Code) -> Refused:
    return Refused(None, code, SENTENCES[code])


def room_told(*, name: str = "tea", after: int = 5, head: int = 5) -> RoomTold:
    return RoomTold(TEA, Kind.PUBLIC, RoomName(name), "", head=head, floor=1, messages=2, members=2, after=after)


class Visitor:
    """A person at an IRC client, and the hub as far as a protocol notices it."""

    def __init__(self, *, guests: bool = True, safe: bool = True, tls: bool = False) -> None:
        self.world = FakeWorld()
        self.protocol = IrcServer(LIMITS, self.world, Formats(self.world), tls=tls)
        self._asked: list[Request | Malformed] = []
        self._read = b""
        self.tell(Welcome(1, "besedka 0", "here", "e", (), Registration.OPEN, guests, safe))

    def write(self, *lines: str) -> list[Request | Malformed]:
        """Write lines in one piece; what they ask for."""
        return self.write_bytes("".join(line + "\r\n" for line in lines).encode())

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
        assert text.count("\n") == text.count("\r\n")
        return text.split("\r\n")[:-1]

    def numerics(self) -> list[str]:
        """Of those, the numerics and commands."""
        return [line.split(" ")[1] if line.startswith(":") else line.split(" ")[0] for line in self.read()]


def you(principal: PrincipalId = GUEST, name: str = "guest") -> You:
    return You(None, principal, AccountName(name), AccountRole.USER)


def present(*capabilities: str, principal: PrincipalId = GUEST, name: str = "guest") -> Visitor:
    """A guest who has come in, with these capabilities."""
    visitor = Visitor()
    if capabilities:
        visitor.write("CAP REQ :" + " ".join(capabilities), "CAP END")
    asked = visitor.write(f"NICK {name}", "USER u 0 * :Real Name")
    assert [type(one) for one in asked] == [ComeAsGuest]
    assert [type(one) for one in visitor.tell(you(principal, name))] == [Ping]
    for _ in visitor.tell(Done(None)):
        visitor.tell(Done(None))
    visitor.read()
    assert not visitor.protocol.waits
    return visitor


def seated(*capabilities: str) -> Visitor:
    """The same, in the room `tea`."""
    visitor = present(*capabilities)
    visitor.write("JOIN #tea")
    visitor.tell(Done(None, TEA), room_told(), Done(None), seen())
    visitor.read()
    assert not visitor.protocol.waits
    return visitor


def seen(room: Room | None = None, *, inside: bool = True) -> Seen:
    return Seen(None, room or Room(TEA, name=RoomName("tea"), head=5), inside, (Person(GUEST, AccountName("guest")),))
