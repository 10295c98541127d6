"""People who talk much, people who read late, and people who page through the past, at a real server."""

from __future__ import annotations

import asyncio
import re
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Self, TypeVar

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Message, RoomId
from besedka.chat.requests import Hello, History, Login, Request, Say, Sync
from besedka.chat.told import PROTOCOL_VERSION, Entries, Kept, Page, Refused, RoomTold, Synced, Unit
from besedka.wire.native import NativeClient
from native_peer import new_id
from waiting import wait_for

PASSWORD = "correct horse"
RECEIVE_BYTES = 4096
"""What the kernel holds for somebody who reads late: as little as it lets one have."""

WINDOW = 64
"""Messages a writer has under way."""

PADDING = " ".ljust(1200, "x")
"""So that far fewer messages fit into the buffers between server and reader than are said meanwhile."""

U = TypeVar("U", bound=Unit)


class NativeLine:
    """One native connection, logged in and in step."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._codec = NativeClient()
        self._told: list[Unit] = []
        self.lobby = RoomId(0)

    @classmethod
    async def come(cls, port: int, name: str) -> Self:
        """Connect, log in, and be told of the lobby."""
        line = cls(*await asyncio.open_connection("127.0.0.1", port))
        line.ask(Hello(version=PROTOCOL_VERSION), Login(id=new_id(), name=name, password=PASSWORD), Sync(id=new_id()))
        while (told := await line.wanted(RoomTold)).room_name != "lobby":
            pass
        line.lobby = told.room
        return line

    def ask(self, *requests: Request) -> None:
        """Requests in one piece."""
        self._writer.write(b"".join(map(self._codec.ask, requests)))

    async def unit(self) -> Unit:
        """The next one."""
        while not self._told:
            data = await wait_for(self._reader.read(65_536))
            assert data, "the server has ended the connection"
            self._told += (unit for unit in self._codec.receive(data) if isinstance(unit, Unit))
        return self._told.pop(0)

    async def wanted(self, kind: type[U]) -> U:
        """The next of a kind; others are passed over."""
        while not isinstance(unit := await self.unit(), kind):
            assert not isinstance(unit, Refused), unit.why
        return unit

    def close(self) -> None:
        """End the connection."""
        self._writer.close()


class Talker:
    """Says one thing after another in the lobby as fast as it has receipts."""

    def __init__(self, line: NativeLine, name: str) -> None:
        self._line, self._name = line, name
        self.numbers: dict[str, int] = {}
        """Of what it has receipts for, by their words."""

    async def talk(self, messages: int) -> None:
        """Say so many."""
        under_way: dict[str | None, str] = {}
        for number in range(messages):
            say = Say(id=new_id(), room=self._line.lobby, text=f"{self._name} {number}{PADDING}")
            under_way[say.id] = f"{self._name} {number}"
            self._line.ask(say)
            while len(under_way) == WINDOW or (number == messages - 1 and under_way):
                answer = await self._line.wanted(Kept)
                self.numbers[under_way.pop(answer.id)] = answer.number
        self._line.close()


# Those who read late ---------------------------------------------------------------------------------------------


class Late(ABC):
    """One connection that is read a little now and then."""

    def __init__(self, port: int, name: str) -> None:
        self._port, self._name = port, name
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        self._socket.setblocking(False)
        self.shown: list[str | None] = []
        """The words of each message, in the order they were shown; None where it was told that some are missing."""
        self.present = False
        """Whether it was let in."""

    @property
    @abstractmethod
    def greeting(self) -> bytes:
        """What it says first."""

    @abstractmethod
    def take(self, data: bytes) -> None:
        """Bytes came."""

    async def come(self) -> None:
        """Connect, and read until it is in."""
        await asyncio.get_running_loop().sock_connect(self._socket, ("127.0.0.1", self._port))
        await self.say(self.greeting)
        await self.read(lambda: self.present)

    async def say(self, data: bytes) -> None:
        """Bytes as they are."""
        await wait_for(asyncio.get_running_loop().sock_sendall(self._socket, data))

    async def sip(self, size: int) -> None:
        """Read so many bytes and no more, which must be there."""
        left = size
        while left > 0:
            left -= await self._read_some(left)

    async def read(self, enough: Callable[[], bool]) -> None:
        """Read until it has enough."""
        while not enough():
            await self._read_some(65_536)

    async def _read_some(self, most: int) -> int:
        data = await wait_for(asyncio.get_running_loop().sock_recv(self._socket, most))
        assert data, f"{self._name} was sent away: {self.shown[-3:]}"
        self.take(data)
        return len(data)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


class LateNative(Late):
    """A native program. It checks itself that numbers follow one another and that a gap goes to the floor."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(port, name)
        self._codec = NativeClient()
        self._lobby, self._place = RoomId(0), 0

    @property
    def greeting(self) -> bytes:
        login = Login(id=new_id(), name=self._name, password=PASSWORD)
        return b"".join(map(self._codec.ask, (Hello(version=PROTOCOL_VERSION), login, Sync(id=new_id()))))

    def take(self, data: bytes) -> None:
        for unit in self._codec.receive(data):
            if isinstance(unit, RoomTold) and unit.room_name == "lobby":
                self._be_told(unit)
            elif isinstance(unit, Entries) and unit.room == self._lobby:
                for entry in unit.entries:
                    assert entry.number == self._place + 1
                    self._place = entry.number
                    if isinstance(entry.body, Message):
                        self.shown.append(words_of(entry.body.text))
            self.present |= isinstance(unit, Synced)

    def _be_told(self, room: RoomTold) -> None:
        if self._lobby and room.resumption is Resumption.PRUNED:
            assert room.after == room.floor - 1 > self._place
            self.shown.append(None)
        else:
            assert not self._lobby, "it was there already, and has missed nothing"
        self._lobby, self._place = room.room, room.after


class LateLines(Late):
    """Somebody who reads lines."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(port, name)
        self._rest = b""

    def take(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            self.take_line(line.decode())

    @abstractmethod
    def take_line(self, line: str) -> None:
        """A line came."""


class LateIrc(LateLines):
    """An IRC client. A long message comes in several lines, of which only the first begins with its words."""

    @property
    def greeting(self) -> bytes:
        return f"PASS :{self._name}:{PASSWORD}\r\nNICK {self._name}\r\nUSER u 0 * :u\r\nJOIN #lobby\r\n".encode()

    def take_line(self, line: str) -> None:
        if " PRIVMSG #lobby :w" in line:
            self.shown.append(words_of(line.partition(" PRIVMSG #lobby :")[2]))
        elif line.endswith(" NOTICE #lobby :Some of what was said here meanwhile is no longer kept."):
            self.shown.append(None)
        self.present |= " 366 " in line


class LateText(LateLines):
    """Somebody with nothing but `nc`."""

    @property
    def greeting(self) -> bytes:
        return f"{self._name}\r\n{PASSWORD}\r\n".encode()

    def take_line(self, line: str) -> None:
        said = re.match(r"\[lobby\] w\d: (w\d \d+)", line)
        if said:
            self.shown.append(said[1])
        elif line == "[lobby] -- some of what was said here meanwhile is no longer kept":
            self.shown.append(None)
        self.present |= line.startswith("Hello, ")


def words_of(text: str) -> str:
    """Those by which a message is known."""
    return text.partition("  ")[0].rstrip("x").rstrip()


def faults_of(late: Late, numbers: Mapping[str, int], floor: int) -> list[str]:
    """What is wrong with what somebody was shown, given what was said and the floor at the end."""
    said = sorted(numbers, key=numbers.__getitem__)
    places = {words: place for place, words in enumerate(said)}
    faults: list[str] = []
    place, told = -1, False
    for words in late.shown:
        if words is None:
            told = True
            continue
        if places[words] <= place:
            faults.append(f"{words} comes after {said[place]}")
        missing = said[place + 1 : places[words]]
        if missing and not told:
            faults.append(f"nobody says that something is missing before {words}")
        faults += [f"{one} is kept, and not shown" for one in missing if numbers[one] >= floor]
        place, told = places[words], False
    return faults if place == len(said) - 1 else [*faults, f"nothing is shown after {late.shown[-1]}"]


# Those who page --------------------------------------------------------------------------------------------------

PAGE = 20


async def page_back(line: NativeLine, until: asyncio.Event) -> int:
    """From the newest entry to the floor, again and again; how often the floor has risen past it meanwhile."""
    overtaken = 0
    before: int | None = None
    while not until.is_set():
        line.ask(History(id=new_id(), room=line.lobby, before=before, limit=PAGE))
        page = await line.wanted(Page)
        found = [entry.number for entry in page.entries]
        assert all(later == earlier + 1 for earlier, later in pairwise(found)), "a gap in a page"
        if found:
            assert found[0] >= page.floor
            assert found[-1] == (page.head if before is None else before - 1)
        else:
            assert before is not None
            assert page.floor >= before, "an empty page, and nothing says that the rest is gone"
            overtaken += 1
        before = found[0] if found and found[0] > page.floor else None
    return overtaken


class IrcPager:
    """An IRC client that asks for CHATHISTORY, one page before the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def come(cls, port: int, name: str) -> Self:
        """Connect and join."""
        pager = cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 20))
        pager._write(f"PASS :{name}:{PASSWORD}", "CAP REQ :batch message-tags draft/chathistory", "CAP END")
        pager._write(f"NICK {name}", "USER u 0 * :u", "JOIN #lobby")
        while " 366 " not in await pager._line():
            pass
        return pager

    async def page(self, which: str) -> list[tuple[int, str]] | None:
        """Number and words of each message of a page; None where its id is gone."""
        self._write(f"CHATHISTORY {which} {PAGE}")
        batch = ""
        found: list[tuple[int, str]] = []
        while True:
            line = await self._line()
            if "FAIL CHATHISTORY MESSAGE_ERROR" in line:
                return None
            if begun := re.search(r"BATCH \+(\S+) chathistory #lobby", line):
                batch = begun[1]
            elif batch and line.endswith(f"BATCH -{batch}"):
                return found
            elif (
                batch
                and f"batch={batch}" in line
                and (said := re.search(r"msgid=\d+-(\d+)\S* .*PRIVMSG \S+ :(w\d \d+)", line))
            ):
                found.append((int(said[1]), said[2]))

    async def page_back(self, until: asyncio.Event) -> list[Sequence[tuple[int, str]]]:
        """Again and again; the pages of each walk, joined."""
        walks: list[Sequence[tuple[int, str]]] = []
        while not until.is_set():
            walk: list[tuple[int, str]] = []
            page = await self.page("LATEST #lobby *")
            while page:
                walk = [*page, *walk]
                page = await self.page(f"BEFORE #lobby msgid=1-{page[0][0]}")
            walks.append(walk)
        return walks

    def close(self) -> None:
        """End the connection."""
        self._writer.close()

    def _write(self, *lines: str) -> None:
        self._writer.write("".join(line + "\r\n" for line in lines).encode())

    async def _line(self) -> str:
        line = await wait_for(self._reader.readline())
        assert line, "the server has ended the connection"
        if line.startswith(b"PING"):
            self._write(line.decode().strip().replace("PING", "PONG", 1))
        return line.decode().rstrip("\r\n")
