"""Somebody with nothing but `nc`, who writes down what is shown. Nothing has an id, so nothing is ever said again."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from typing import cast

from besedka.chat.entries import Message
from crash.verdict import Files
from waiting import wait_until

PASSWORD = "correct horse"
LOQUACITY = 0.3
"""Lines said for each that is shown: enough to have some under way at every kill, and less than are answered."""

_SAID = re.compile(r"\[lobby\] (?!-- )\S+: (.*)")


class Texter:
    """One account at one terminal, which is used again after every kill of the server."""

    def __init__(self, name: str, *, dice: random.Random) -> None:
        self.name = name
        self._dice = dice
        self._transport: asyncio.WriteTransport | None = None
        self._said = 0
        self._talking = False
        self.present = False
        """Whether it was let in on this connection."""
        self.shown: list[list[str]] = []
        """The messages it was shown on each connection."""

    async def connect(self, port: int) -> None:
        """Connect, and say who it is: a plain text session begins with a line."""
        loop = asyncio.get_running_loop()
        self.present = False
        self.shown.append([])
        transport, _ = await loop.create_connection(lambda: _Terminal(self), "127.0.0.1", port)
        self._transport = transport
        self._write(self.name)

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._transport is not None

    async def wait_gone(self) -> None:
        """Take what the kernel still has of a dead server's words; bounded."""
        await wait_until(lambda: not self.connected)

    def talk(self) -> None:
        """Say things from now on."""
        self._talking = True
        self._say()

    def hush(self) -> None:
        """Say nothing more."""
        self._talking = False

    def gone(self) -> None:
        """From the connection: it has ended."""
        self._transport = None

    def heard(self, line: str) -> None:
        """From the connection: a line."""
        if line in ("Password:", "New here. Password again:"):
            self._write(PASSWORD)
        elif line.startswith("Hello, "):
            self.present = True
        elif said := _SAID.fullmatch(line):
            self.shown[-1].append(said[1])
            if self._talking and self._dice.random() < LOQUACITY:
                self._say()

    def _say(self) -> None:
        self._said += 1
        self._write(f"{self.name} {self._said}")

    def _write(self, line: str) -> None:
        if self._transport is not None:
            self._transport.write(line.encode() + b"\n")


class _Terminal(asyncio.Protocol):
    """The connection of one texter."""

    def __init__(self, texter: Texter) -> None:
        self._texter = texter
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            self._texter.heard(line.decode())

    def connection_lost(self, exc: Exception | None) -> None:
        self._texter.gone()


def shown_faults(files: Files, texter: Texter, *, all_told: bool = False) -> Iterator[str]:
    """What it was shown and should not have been, or not there; with `all_told` also what it was not shown at last.

    Its own words it is shown only where they were said before it came.
    """
    lobby = next((room.id for room in files.rooms.values() if room.name == "lobby"), None)
    said = [] if lobby is None else [entry for entry in files.logs[lobby] if isinstance(entry.body, Message)]
    words = [cast(Message, entry.body).text for entry in said]
    others = [entry.name != texter.name for entry in said]
    for number, shown in enumerate(texter.shown):
        last: int | None = None
        for text in shown:
            if text not in words:
                yield f"lost: {texter.name} was shown {text!r}, which is not there"
                continue
            place = words.index(text)
            if last is not None and (place <= last or any(others[last + 1 : place])):
                yield f"reordered: {texter.name} was shown {text!r} after {words[last]!r}"
            last = place
        if all_told and number == len(texter.shown) - 1 and last is not None and any(others[last + 1 :]):
            yield f"{texter.name} was not shown what was said after {words[last]!r}"
