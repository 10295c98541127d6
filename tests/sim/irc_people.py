"""People at IRC clients: they say who they are, join, and write whatever comes into their heads."""

from __future__ import annotations

import base64
from random import Random
from typing import TYPE_CHECKING

import strict_irc
from besedka.limits import Limits
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.conversation import IrcServer
from sim.irc_tap import IrcTap
from sim.irc_wishes import IrcWishes
from sim.link import Connection
from sim.record import Record
from sim.stepper import Process
from sim.tokens import token

if TYPE_CHECKING:
    from sim.world import World

_ALL = tuple(sorted(one.value for one in Capability))


def some_capabilities(random: Random) -> tuple[str, ...]:
    """What a program asks for: nothing, all there is, or a part of it."""
    chance = random.random()
    if chance < 0.2:
        return ()
    if chance < 0.5:
        return _ALL
    return tuple(one for one in _ALL if random.random() < 0.5)


class Chatter:
    """One person at one IRC client."""

    def __init__(self, world: World, random: Random, *, name: str, label: str, address: str, guest: bool) -> None:
        self.world = world
        self.name = name
        self.label = label
        self.address = address
        self.guest = guest
        self.random = random
        self.wants = some_capabilities(random)
        self.connection: Connection | None = None
        self.wanted = True
        self.active = True
        self.present = False
        """Whether it has been let in."""
        self.channels: dict[str, None] = {}
        """Those it is in."""
        self.nicks: dict[str, None] = {}
        self.msgids: dict[str, list[str]] = {}
        """By target, the ids of what it has seen there."""
        self.capabilities: frozenset[str] = frozenset()
        self._registers = not guest
        self._said = self._connections = self._pings = self._labels = 0
        self._answered = 0
        self._heard = b""
        self._tap: IrcTap | None = None
        self._wishes = IrcWishes(self)
        self.process = Process(world.stepper)
        self.process.spawn(self._stay_connected(), "connect")
        self.process.spawn(self._live(), "live")

    def protocol(self, limits: Limits) -> IrcServer:
        """The server's end of what it speaks."""
        assert self.world.server is not None
        return self.world.server.irc(limits, self.address, self._tell_story)

    def _tell_story(self, what: str, it: object) -> None:
        self.world.tell_story(f"{self.label} {what}", it)

    def tap(self, record: Record, connection: Connection) -> IrcTap:
        """What looks at a new connection."""
        self._heard, self.present = b"", False
        self.channels, self.msgids, self.capabilities = {}, {}, frozenset()
        self._pings = self._answered = 0
        self._connections += 1
        self._tap = IrcTap(record, connection, f"{self.label}.{self._connections}", self._tell_story)
        return self._tap

    # The connection -------------------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        while True:
            if self.connection is None and self.wanted:
                self.connection = self.world.connect(self)
                self._introduce()
            await self.process.wait_seconds(self.random.uniform(0.01, 1.0))

    def _introduce(self) -> None:
        """Say who it is, in one of the ways that there are."""
        nick = [f"NICK {self.name}", f"USER {self.name} 0 * :{self.name.title()}"]
        asks = [f"CAP REQ :{' '.join(self.wants)}"] if self.wants else []
        if self.guest:
            self.write(*asks, *nick, *(["CAP END"] if asks else []))
        elif self._registers:
            self.write("CAP LS 302", *asks, *nick, f"REGISTER {self.name} * :{self._password}")
        elif "sasl" in self.wants:
            self.write("CAP LS 302", *asks, *nick, "AUTHENTICATE PLAIN")
        else:
            self.write(*asks, f"PASS :{self.name}:{self._password}", *nick, *(["CAP END"] if asks else []))

    @property
    def _password(self) -> str:
        return f"password of {self.name}"

    def received(self, connection: Connection, data: bytes) -> None:
        """Lines from the server."""
        if connection is not self.connection:
            return
        *lines, self._heard = (self._heard + data).split(b"\r\n")
        for raw in lines:
            (line,) = strict_irc.read(raw + b"\r\n")
            self._read(line)

    def ended(self, connection: Connection) -> None:
        """The connection is gone."""
        if connection is self.connection:
            self.connection, self.present = None, False

    def _read(self, line: strict_irc.Read) -> None:
        nick = line.source.partition("!")[0]
        match line.command, *line.params:
            case "PING", server:
                self.write(f"PONG {server}")
            case "PONG", *_:
                self._answered += 1
            case "CAP", _, "ACK", capabilities:
                self.capabilities |= frozenset(capabilities.split())
            case "AUTHENTICATE", "+":
                secret = f"\0{self.name}\0{self._password}".encode()
                self.write("AUTHENTICATE " + base64.b64encode(secret).decode())
            case (("903" | "REGISTER"), *_):
                self._registers = False
                self.write("CAP END")
            case "FAIL", "REGISTER", code, *_:
                self._registers = code not in ("USERNAME_EXISTS", "ACCOUNT_EXISTS")
                self.write("QUIT")
            case (("464" | "904"), *_):
                self._registers = True
                self.write("QUIT")
            case "433", *_:
                self.write(f"NICK {self.name}{self.random.randrange(9)}")
            case "001", *_:
                self.present = True
                self.write("JOIN #lobby")
            case "JOIN", channel, *_ if nick == self.nick:
                self.channels[channel] = None
            case (("PART" | "KICK"), channel, *rest) if self.nick in (nick, *rest):
                self.channels.pop(channel, None)
            case (("PRIVMSG" | "NOTICE"), target, *_):
                for tag in line.tags:
                    if tag.startswith("msgid="):
                        self.msgids.setdefault(target, []).append(tag.removeprefix("msgid="))

    @property
    def nick(self) -> str:
        """What it believes to be called."""
        return self.name

    def write(self, *lines: str) -> None:
        """Write lines, in one piece."""
        if self.connection is not None:
            self.connection.send("".join(f"{line}\r\n" for line in lines).encode())

    # What it does ---------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        random = self.random
        while True:
            await self.process.wait_seconds(random.expovariate(1 / self.world.leisure))
            if self.active and self.present:
                for _ in range(random.choice([1, 1, 3])):
                    self._act()

    def _act(self) -> None:
        chance = self.random.random()
        if chance < 0.02:
            self.write("QUIT :done")
            self._rest()
        elif chance < 0.12:
            self.ping()
        else:
            line = self._wishes.line()
            if self.capabilities >= {"labeled-response", "batch"} and self.random.random() < 0.3:
                line = self._labelled(line)
            self.write(line)

    def _labelled(self, line: str) -> str:
        self._labels += 1
        label = f"label=l{self._labels}"
        return f"@{label};{line[1:]}" if line.startswith("@") else f"@{label} {line}"

    def _rest(self) -> None:
        """Stay away for a while."""
        self.wanted = False

        async def back() -> None:
            await self.process.wait_seconds(self.random.uniform(0.0, 8.0))
            self.wanted = True

        self.process.spawn(back(), "rest")

    def ping(self) -> None:
        """Ask to be told when all before this is done."""
        self._pings += 1
        self.write(f"PING p{self._pings}")

    def something(self) -> str:
        """A text that nobody has said before."""
        self._said += 1
        return f"{token(f'{self.label}.{self._connections}', self._said)} и всё"

    def last_words(self) -> None:
        """Say something everywhere, and wait until it is said."""
        for channel in self.channels:
            self.write(f"PRIVMSG {channel} :{self.something()}")
        self.ping()

    def last_questions(self) -> None:
        """Ask what there is, so that it can be compared with what there is."""
        for channel in self.channels:
            self.write(f"NAMES {channel}")
        self.ping()

    def crash(self) -> None:
        """The program is closed."""
        if self.connection is not None:
            self.random.choice([self.connection.vanish, self.connection.hang_up])()
            self.connection, self.present = None, False

    @property
    def settled(self) -> bool:
        """Whether it is in, has all its answers, and nothing is on its way."""
        session = None if self.connection is None else self.connection.session
        given = session is not None and session.synced and not session.behind
        idle = self.connection is not None and self.connection.idle
        return self.present and given and idle and self._pings == self._answered

    @property
    def unrest(self) -> str:
        """Why it is not settled."""
        return f"{self.label} present: {self.present}, pings: {self._pings}, pongs: {self._answered}"

    def check_complete(self) -> None:
        """It has been told all there is, as far as it was there."""
        if self._tap is not None and self.present:
            self._tap.complete()
