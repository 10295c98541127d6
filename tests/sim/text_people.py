"""People with nothing but `nc`: they answer what they are asked, and then every line is said in the lobby."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from besedka.chat.entries import Message, RoomId
from besedka.chat.principals import is_guest
from besedka.chat.refusals import SENTENCES, Code
from besedka.limits import Limits
from besedka.wire.text import TextServer
from sim.link import Connection
from sim.record import Record, hold
from sim.secrecy import Viewer
from sim.stepper import Process
from sim.tokens import token, tokens_in

if TYPE_CHECKING:
    from sim.world import World

_SAID = re.compile(r"\[[^\]]*\] (?:\* |-)?[^ :]+(?::|-)? (.*)", re.DOTALL)
"""A line of a conversation; its last group is what was said, after whom it answers."""

_TURNED_AWAY = frozenset(
    SENTENCES[code]
    for code in (
        Code.TOO_MANY_ROOMS,
        Code.INVITATION_ONLY,
        Code.WRONG_KEY,
        Code.ROOM_FULL,
        Code.ROOM_NAME_TAKEN,
        Code.BANNED_HERE,
    )
)
"""What is said to somebody whom the lobby does not take."""

_NOTICE = re.compile(r"\[[^\]]*\] -- ")


class TextTap:
    """What the hub writes to one plain text session, checked as it is written."""

    def __init__(self, record: Record, connection: Connection, label: str) -> None:
        self._record = record
        self._connection = connection
        self._label = label
        self._viewer = Viewer(record)
        self._rest = b""
        self.shown: dict[RoomId, int] = {}
        """The last message shown of each room."""

    def asked(self, data: bytes) -> None:
        """There is nothing to see in lines."""

    def written(self, data: bytes) -> bytes:
        """What the hub has written, all of which is sent."""
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        online = self._connection.session.online if self._connection.session is not None else None
        if online is not None:
            if self._viewer.me is None and is_guest(online.principal):
                self._viewer.me = online.principal
                self._viewer.came_in_first()
            self._viewer.me = online.principal
        for line in lines:
            self._viewer.check_words(line)
            said = _SAID.fullmatch(line.decode())
            if said is not None and _NOTICE.match(line.decode()) is None:
                self._check(said[1])
        return data

    def _check(self, text: str) -> None:
        found = tokens_in(text.encode())
        hold(len(found) == 1, f"{self._label} is told what nobody says: {text}")
        room, number = self._record.stands[found[0]]
        last = self.shown.get(room)
        if last is not None:
            hold(last < number, f"{self._label} is told of {room}/{number} after {last}")
            self._nothing_between(room, last, number)
        self.shown[room] = number

    def _nothing_between(self, room: RoomId, last: int, upto: int) -> None:
        """No message of others was left out, but what was said while it was outside, or by whom its account ignores.

        Its own are shown to it only where it was behind; whose a mended one was, its text does not say any more.
        """
        online = self._connection.session.online if self._connection.session is not None else None
        for entry in self._record.entries[room][last : upto - 1]:
            if (
                isinstance(entry.body, Message)
                and not (entry.body.edited or entry.body.redacted or entry.body.text.startswith(self._label + "~"))
                and online is not None
                and not self._record.ever_ignored(online.principal, entry.author)
            ):
                inside = self._record.was_inside(room, online.principal, entry.number)
                pruned = entry.number < self._record.floors.get(room, 1)
                hold(not inside or pruned, f"{self._label} is not told of {room}/{entry.number}")

    def complete(self) -> None:
        """It has been told all there is."""
        for room, last in self.shown.items():
            self._nothing_between(room, last, len(self._record.entries[room]) + 1)


class Texter:
    """One person at one terminal."""

    def __init__(self, world: World, *, name: str, label: str, address: str) -> None:
        self.world = world
        self.name = name
        self.label = label
        self.address = address
        self.connection: Connection | None = None
        self.wanted = True
        self.active = True
        self._turned_away = False
        """It cannot enter the lobby, so there is nothing to do here."""
        self._said = 0
        self._connections = 0
        self._heard = b""
        self._tap: TextTap | None = None
        self._present = False
        self.process = Process(world.stepper)
        self.process.spawn(self._stay_connected(), "connect")
        self.process.spawn(self._live(), "live")

    def protocol(self, limits: Limits) -> TextServer:
        """The server's end of what it speaks."""
        return TextServer(limits, prompted=False)

    def tap(self, record: Record, connection: Connection) -> TextTap:
        """What looks at a new connection."""
        self._heard, self._present = b"", False
        self._connections += 1
        self._tap = TextTap(record, connection, f"{self.label}.{self._connections}")
        return self._tap

    async def _stay_connected(self) -> None:
        while True:
            if self.connection is None and self.wanted:
                self.connection = self.world.connect(self)
            await self.process.wait_seconds(self.world.random.uniform(0.01, 1.0))

    def received(self, connection: Connection, data: bytes) -> None:
        """Words from the server."""
        if connection is not self.connection:
            return
        *lines, self._heard = (self._heard + data).split(b"\r\n")
        for line in lines:
            self.world.tell_story(self.label, line.decode())
            self._answer(line.decode())

    def ended(self, connection: Connection) -> None:
        """The connection is gone."""
        if connection is self.connection:
            self.connection = None

    def _answer(self, line: str) -> None:
        if line == "Name:":
            self._write(self.name)
        elif line in ("Password:", "New here. Password again:"):
            self._write(f"password of {self.name}")
        elif line.startswith("Hello, "):
            self._present = True
        elif line in _TURNED_AWAY:
            self._turned_away = True

    def _write(self, line: str) -> None:
        if self.connection is not None:
            self.connection.send(line.encode() + self.world.random.choice([b"\n", b"\r\n"]))

    async def _live(self) -> None:
        random = self.world.random
        while True:
            await self.process.wait_seconds(random.expovariate(1 / self.world.leisure))
            if self.active and self._present:
                for _ in range(random.choice([1, 1, 3])):
                    self._write("exit" if random.random() < 0.03 else self._something())

    def _something(self) -> str:
        self._said += 1
        return f"{token(f'{self.label}.{self._connections}', self._said)} и всё"

    def last_words(self) -> None:
        """Nobody waits for these."""

    def last_questions(self) -> None:
        """There is nothing that it could ask."""

    def crash(self) -> None:
        """The terminal is closed."""
        if self.connection is not None:
            self.world.random.choice([self.connection.vanish, self.connection.hang_up])()
            self.connection = None

    @property
    def settled(self) -> bool:
        """Whether it is in, and nothing is on its way."""
        if self._turned_away:
            return True
        session = None if self.connection is None else self.connection.session
        given = session is not None and session.synced and not session.behind
        return self._present and given and self.connection is not None and self.connection.idle

    @property
    def unrest(self) -> str:
        """Why it is not settled."""
        return f"{self.label} present: {self._present}, connected: {self.connection is not None}"

    def check_complete(self) -> None:
        """It has been told all there is, as far as it was there."""
        if self._tap is not None and self._present and not self._turned_away:
            self._tap.complete()
