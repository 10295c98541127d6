"""Keeps a core connected: moves its bytes, notices a dead line, and comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from besedka.chat.refusals import SENTENCES
from besedka.chat.told import PARTING_SENTENCES, Farewell, Parting, Refused, You
from besedka.client.core import Core
from besedka.client.device import Address, Device, DeviceFault
from besedka.client.dialling import Changed, Connection, Deadlines, LinkFault, NotBesedka, TurnedAway, dial, not_besedka
from besedka.client.events import Answered, Event, Phase
from besedka.words import _

FINAL = frozenset(
    {
        Parting.EXIT,
        Parting.KICKED,
        Parting.BANNED,
        Parting.REVOKED,
        Parting.REPLACED,
        Parting.BAD_INPUT,
        Parting.TOO_MANY_ATTEMPTS,
    }
)
"""Partings after which coming back by itself would be rude or useless, or would send a newer connection away."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long a connection is believed in, and how soon another is tried, in seconds."""

    quiet: float = 90.0
    """Silence after which the server is asked for a sign of life; it asks us after 60."""
    dead: float = 30.0
    """Silence after that before the connection is given up."""
    retry_first: float = 1.0
    """The most that the first attempt waits: a restarted server is back by then."""
    retry_max: float = 30.0
    """The most that any waits: people look at the screen in the meantime."""


class TryingAgain(msgspec.Struct, frozen=True):
    """The connection is gone; the next attempt is in so many seconds."""

    seconds: float
    why: str
    """A sentence, or empty where the line just ended."""


class Back(msgspec.Struct, frozen=True):
    """The connection is there again, and who this is was accepted."""


class Known(msgspec.Struct, frozen=True):
    """The server was met for the first time, and is known by this key from now on."""

    key: str


class NotKept(msgspec.Struct, frozen=True):
    """Something this device should remember it cannot."""

    why: str


News = TryingAgain | Back | Known | NotKept


def retry_seconds(attempt: int, patience: Patience, chance: float) -> float:
    """How long to wait before attempt 0, 1, 2 …; `chance` in [0, 1).

    Exponential with full jitter: a server that comes back is not met by everybody at the same moment.
    """
    return chance * min(patience.retry_max, patience.retry_first * 2.0 ** min(attempt, 30))


class Link:
    """One core and, most of the time, one connection for it."""

    def __init__(
        self,
        core: Core,
        address: Address,
        device: Device,
        *,
        show: Callable[[Event | News], None],
        chance: Callable[[], float],
        deadlines: Deadlines | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`show` is called with everything that happens, in order; `chance` gives numbers in [0, 1)."""
        self._core = core
        self._address = address
        self._device = device
        self._show = show
        self._chance = chance
        self._deadlines = deadlines or Deadlines()
        self._patience = patience or Patience()
        self._connection: Connection | None = None
        self._attempt = 0
        self._parting: Parting | None = None
        self._refusal = ""

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    @property
    def parting(self) -> Parting | None:
        """How the server ended the last session, if it said so."""
        return self._parting

    async def open(self) -> None:
        """Connect and be welcomed, once. Raises `LinkFault` when that cannot be."""
        known = self._device.known(self._address)
        self._parting, self._refusal = None, ""
        self._connection = await dial(
            self._address, known, known_servers=self._device.known_servers, deadlines=self._deadlines
        )
        how = self._connection.how
        self._core.connected()
        self.flush()
        try:
            async with asyncio.timeout(self._deadlines.welcome):
                while self._core.phase is Phase.GREETING and await self._move():
                    pass
        except TimeoutError:
            await self.close()
        if not self.connected:
            raise TurnedAway(self._refusal) if self._refusal else NotBesedka(not_besedka(self._address))
        if how != known:
            self._keep_known(how, new=known is None)

    def _keep_known(self, how: str, *, new: bool) -> None:
        try:
            self._device.keep_known(self._address, how)
        except DeviceFault as fault:
            self._show(NotKept(str(fault)))
        if new:
            self._show(Known(how))

    def flush(self) -> None:
        """Send what the core has for the server, if there is a connection."""
        if self._connection is not None:
            self._connection.write(self._core.to_send())

    async def answer(self) -> bool:
        """Move bytes until the login that was asked is answered; whether the connection still stands."""
        self.flush()
        while self._core.phase is Phase.ENTERING:
            if not await self._move():
                return False
        return self.connected

    async def run(self) -> None:
        """Move bytes, and connect again whenever that is needed, until the server has said a final farewell.

        Raises `LinkFault` where trying again would be wrong: the server is not known to be the one it was.
        """
        while True:
            if self._connection is None:
                await self._come_back()
            elif not await self._move():
                if self._parting in FINAL:
                    return
                await self._wait_retry("")

    async def close(self) -> None:
        """Drop the connection, having sent what was written."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.write(self._core.to_send())
            self._core.lost()
            await connection.close()

    async def _come_back(self) -> None:
        try:
            await self.open()
        except LinkFault as fault:
            if isinstance(fault, Changed) or self._parting in FINAL:
                raise
            await self._wait_retry(str(fault))

    async def _wait_retry(self, why: str) -> None:
        seconds = retry_seconds(self._attempt, self._patience, self._chance())
        self._attempt += 1
        self._show(TryingAgain(seconds, why))
        await asyncio.sleep(seconds)

    async def _move(self) -> bool:
        """Take what has come, or find that the connection has ended; whether it stands."""
        assert self._connection is not None, "nothing to move"
        data = await self._read(self._connection)
        events = self._core.receive(data) if data else []
        for event in events:
            self._note(event)
            self._show(event)
        if not data or self._core.phase is Phase.OVER:
            await self.close()
            return False
        self.flush()
        return True

    async def _read(self, connection: Connection) -> bytes:
        """What has come; empty when the connection has ended or is dead."""
        try:
            async with asyncio.timeout(self._patience.quiet):
                return await connection.read()
        except TimeoutError:
            pass
        if self._core.phase is Phase.IN:
            self._core.ping()
            self.flush()
        try:
            async with asyncio.timeout(self._patience.dead):
                return await connection.read()
        except TimeoutError:
            return b""

    def _note(self, event: Event) -> None:
        match event:
            case Farewell(parting=parting):
                self._parting = parting
                self._refusal = self._refusal or _(PARTING_SENTENCES[parting])
            case Answered(answer=Refused(code=code)) if self._core.phase is Phase.GREETING:
                self._refusal = _(SENTENCES[code])
            case Answered(answer=You()) if self._attempt:
                self._attempt = 0
                self._show(Back())
            case _:
                pass
