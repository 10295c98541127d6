"""Real clients of a real server, who write down what they were promised and what they saw."""

from __future__ import annotations

import asyncio
import os
import random
import ssl
import time
from collections.abc import Sequence
from typing import cast

from besedka.chat.entries import Entry, Kind, RequestId, RoomId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import History
from besedka.chat.told import Farewell, Kept, Page, Parting, Refused
from besedka.client.core import Core
from besedka.client.events import Answered, Arrived, Event, Garbled, Jumped, Phase, Welcomed
from besedka.client.ids import Ids
from besedka.client.memory import AnyWrite
from besedka.net.tls import ALPN_NATIVE
from waiting import wait_until

PASSWORD = "correct horse"
WINDOW = 8
"""Requests of one person under way at once, so that a turn holds several of everybody's."""

BUSY_SECONDS = 0.05
"""After which whom the server had no time to let in asks again, as any client does."""

ROOMS = ("garden", "kitchen", "attic")

NOT_A_FAULT = frozenset({Code.NOT_A_MEMBER, Code.NO_SUCH_PERSON, Code.NOT_KEPT, Code.LAST_OWNER})
"""Refusals that a busy person meets: a room left a moment ago, somebody not registered yet, a full disk.

And whoever has opened a room stays in it as long as others do.
"""


class Person:
    """One account with one device, which goes on over any number of kills of the server."""

    def __init__(self, name: str, *, others: Sequence[str], dice: random.Random, tls: bool = False) -> None:
        """`others` are the names to tell things to; it may grow."""
        self.name = name
        self._others = others
        self._dice = dice
        self._tls = _trusting() if tls else None
        self.core = Core(new_id=Ids(now=lambda: time.time_ns() // 1_000_000, token_bytes=os.urandom), show=1000)
        self._transport: asyncio.WriteTransport | None = None
        self._said = 0
        self.talking = False
        self.writes: dict[RequestId, AnyWrite] = {}
        """Everything ever asked."""
        self.receipts: dict[RequestId, Kept] = {}
        """Everything promised."""
        self.refused: dict[RequestId, Code] = {}
        self.seen: dict[RoomId, dict[int, Entry]] = {}
        """Everything shown, by room and number."""
        self.pages: dict[RequestId, tuple[Entry, ...]] = {}
        """Every page of history asked for."""
        self.unanswered: dict[RequestId, Code] = {}
        """Pages that were refused."""
        self.jumps: dict[RoomId, list[Jumped]] = {}
        self.busy = 0
        """How often the server had no time to let us in."""
        self.faults: list[str] = []
        """What should never have happened, in sentences."""

    # Connections -------------------------------------------------------------------------------------------------

    async def come(self, port: int) -> None:
        """Connect, register or come back, and be told everything; bounded."""
        await self.connect(port)
        await wait_until(lambda: self.core.in_step or not self.connected)
        assert self.core.in_step, f"{self.name} did not get in"

    async def connect(self, port: int) -> None:
        """Connect only: the server may die at any moment from here on."""
        loop = asyncio.get_running_loop()
        name = None if self._tls is None else "localhost"
        await loop.create_connection(lambda: _Line(self), "127.0.0.1", port, ssl=self._tls, server_hostname=name)

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._transport is not None

    async def wait_gone(self) -> None:
        """Take what the kernel still has of a dead server's words; bounded."""
        await wait_until(lambda: not self.connected)

    def hang_up(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def made(self, transport: asyncio.WriteTransport) -> None:
        """From the connection: it stands."""
        self._transport = transport
        self.core.connected()
        self._flush()

    def gone(self) -> None:
        """From the connection: it has ended."""
        self._transport = None
        self.core.lost()

    def got(self, data: bytes) -> None:
        """From the connection: bytes."""
        for event in self.core.receive(data):
            self._note(event)
        self._talk()
        self._flush()

    def _flush(self) -> None:
        if self._transport is not None:
            self._transport.write(self.core.to_send())

    # What happens ------------------------------------------------------------------------------------------------

    def _note(self, event: Event) -> None:
        match event:
            case Welcomed(resuming=False):
                self._enter()
            case Answered(answer=Kept(id=asked) as kept) if asked is not None:
                self._note_receipt(asked, kept)
            case Answered(request=History(id=asked), answer=Refused(code=code)) if asked is not None:
                self.unanswered[RequestId(asked)] = code
            case Answered(request=request, answer=Refused(code=code)):
                self._note_refusal(None if request is None else request.request_id, code)
            case Answered(answer=Page(id=asked, entries=entries)) if asked is not None:
                self.pages[asked] = entries
            case Arrived(room=room, entries=entries):
                for entry in entries:
                    self._see(room, entry)
            case Jumped(room=room):
                self.jumps.setdefault(room, []).append(event)
            case Farewell(parting=parting) if parting is not Parting.SHUTDOWN:
                self.faults.append(f"{self.name} was sent away: {parting.value}")
            case Garbled():
                self.faults.append(f"{self.name} was told something garbled")
            case _:
                pass

    def _enter(self) -> None:
        """Come in, or come back, where one is a stranger."""
        if self.core.phase is Phase.STRANGER:
            if self.core.token is None:
                self.core.register(self.name, PASSWORD)
            else:
                self.core.resume()
            self._flush()

    def _note_receipt(self, asked: RequestId, kept: Kept) -> None:
        earlier = self.receipts.setdefault(asked, kept)
        if earlier != kept:
            self.faults.append(f"{self.name} got two receipts for one request: {earlier} and {kept}")
        if asked in self.refused:
            self.faults.append(f"{self.name} got a receipt for what was refused: {kept}")

    def _note_refusal(self, asked: RequestId | None, code: Code) -> None:
        if code is Code.NAME_TAKEN and self.core.phase is Phase.STRANGER:
            self.core.login(self.name, PASSWORD)  # The server died before it could say that I am registered.
        elif code is Code.BUSY and self.core.phase is Phase.STRANGER:
            self.busy += 1
            asyncio.get_running_loop().call_later(BUSY_SECONDS, self._enter)
        elif code in NOT_A_FAULT and asked in self.writes:
            self.refused[asked] = code
        else:
            self.faults.append(f"{self.name} was refused: {code.value}")

    def _see(self, room: RoomId, entry: Entry) -> None:
        earlier = self.seen.setdefault(room, {}).setdefault(entry.number, entry)
        if earlier != entry:
            self.faults.append(f"{self.name} saw two different entries under number {entry.number} of room {room}")

    # Talking -----------------------------------------------------------------------------------------------------

    def talk(self) -> None:
        """Say and do things, from now on, as fast as receipts come."""
        self.talking = True
        self._talk()
        self._flush()

    def hush(self) -> None:
        """Begin nothing new."""
        self.talking = False

    def _talk(self) -> None:
        while self.talking and self.core.in_step and len(self.core.outbox) < WINDOW:
            self._note_write(self._do_something())

    def _note_write(self, asked: RequestId | Refusal) -> RequestId:
        assert not isinstance(asked, Refusal)
        self.writes[asked] = self.core.outbox[-1]
        return asked

    def _do_something(self) -> RequestId | Refusal:
        inside = [known for known in self.core.rooms.values() if known.inside and known.kind is not Kind.INBOX]
        leavable = [known for known in inside if known.kind is Kind.PUBLIC and known.name != "lobby"]
        chance = self._dice.random()
        if chance < 0.05:
            return self.core.join(self._dice.choice(ROOMS))
        if chance < 0.08 and leavable:
            return self.core.leave(self._dice.choice(leavable).room)
        if chance < 0.16 or not inside:
            return self.core.tell(self._dice.choice(self._others), self._new_text())
        room = self._dice.choice(inside)
        if chance < 0.2 and room.kind is Kind.PUBLIC:
            return self.core.topic(room.room, self._new_text())
        return self.core.say(room.room, self._new_text())

    def say(self, room: RoomId) -> RequestId:
        """Say one thing."""
        asked = self._note_write(self.core.say(room, self._new_text()))
        self._flush()
        return asked

    def tell(self, name: str) -> RequestId:
        """Say one thing to one person."""
        asked = self._note_write(self.core.tell(name, self._new_text()))
        self._flush()
        return asked

    def ask_history(self, room: RoomId, *, before: int | None = None, limit: int = 50) -> RequestId:
        """Ask for a page of a room; it comes into `pages`, or the refusal into `unanswered`."""
        asked = self.core.history(room, before=before, limit=limit)
        self._flush()
        assert not isinstance(asked, Refusal)
        return asked

    async def history(self, room: RoomId) -> tuple[Entry, ...]:
        """The last entries of a room, as a page; bounded."""
        asked = self.ask_history(room)
        await wait_until(lambda: asked in self.pages)
        return self.pages[asked]

    def _new_text(self) -> str:
        self._said += 1
        return f"{self.name} {self._said}"

    def lobby(self) -> RoomId:
        """Where everybody is."""
        return next(known.room for known in self.core.rooms.values() if known.name == "lobby")


def _trusting() -> ssl.SSLContext:
    """TLS to whatever certificate: a power cut may have taken the one that was made at the start."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols([ALPN_NATIVE])
    return context


class _Line(asyncio.Protocol):
    """The connection of one person."""

    def __init__(self, person: Person) -> None:
        self._person = person

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._person.made(cast(asyncio.WriteTransport, transport))

    def data_received(self, data: bytes) -> None:
        self._person.got(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._person.gone()
