"""A flood of wrong passwords, and what it costs somebody honest who logs in meanwhile.

The flood comes from as many loopback addresses as it has connections, so that the limit of one attempt per address
does not stop it; the honest one has logged in from its address before.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from besedka.bench.peers import Peer
from besedka.bench.server import Running, data_directory, serving
from besedka.chat.principals import AccountName, AccountRole
from besedka.chat.refusals import Code
from besedka.chat.requests import Hello, Login
from besedka.chat.told import PROTOCOL_VERSION, Refused, Unit, You
from besedka.limits import Limits
from besedka.store.passwords import Argon2Keys
from besedka.store.stores import open_stores

PASSWORD = "correct horse"
AT_ONCE = 200
AGAIN_SECONDS = 0.1
"""How soon somebody honest who was told "busy" tries again."""


async def attempt(running: Running, *, name: str, password: str, address: str) -> Unit:
    """One login on a connection of its own, from a loopback address."""
    answer: asyncio.Future[Unit] = asyncio.get_running_loop().create_future()

    def hear(_peer: Peer, unit: Unit) -> None:
        if isinstance(unit, You | Refused) and not answer.done():
            answer.set_result(unit)

    _, peer = await asyncio.get_running_loop().create_connection(
        lambda: Peer(hear), running.host, running.port, local_addr=(address, 0)
    )
    try:
        peer.ask(Hello(version=PROTOCOL_VERSION), Login(id=f"{1:032x}", name=name, password=password))
        return await asyncio.wait_for(answer, 60)
    finally:
        peer.close()


class Flood:
    """Guesses, so many at once, until all are made."""

    def __init__(self, running: Running, guesses: int) -> None:
        self._running = running
        self._left = guesses
        self.hashed = 0

    async def run(self) -> None:
        """Make them all."""
        await asyncio.gather(*(self._guess(number) for number in range(AT_ONCE)))

    async def _guess(self, number: int) -> None:
        while self._left > 0:
            self._left -= 1
            address = f"127.0.{1 + number // 200}.{1 + number % 200}"
            answer = await attempt(self._running, name="ann", password="guess", address=address)
            self.hashed += isinstance(answer, Refused) and answer.code is Code.WRONG_PASSWORD


async def measure(guesses: int, progress: Callable[[str], None]) -> str:
    """Run the flood, and log in again and again beside it."""
    async with data_directory(0) as (data, _):
        await _add_ann(data)
        async with serving(data, configuration='name = "bench"\n') as running:
            await attempt(running, name="ann", password=PASSWORD, address="127.0.0.1")
            flood = Flood(running, guesses)
            flooding = asyncio.ensure_future(flood.run())
            waits: list[float] = []
            while not flooding.done():
                began = time.perf_counter()
                await _wait_honest_login(running)
                waits.append(time.perf_counter() - began)
                progress(f"{len(waits)} honest logins")
            await flooding
    waits.sort()
    return (
        f"beside {guesses} guesses from {AT_ONCE} addresses, {flood.hashed} of them hashed: {len(waits)} honest logins,"
        f" p50 {waits[len(waits) // 2]:.2f} s, worst {waits[-1]:.2f} s"
    )


async def _wait_honest_login(running: Running) -> None:
    """Log in, trying again while the server is busy, as a client does."""
    while True:
        if isinstance(await attempt(running, name="ann", password=PASSWORD, address="127.0.0.1"), You):
            return
        await asyncio.sleep(AGAIN_SECONDS)


async def _add_ann(data: Path) -> None:
    limits = Limits()
    keys = Argon2Keys(limits=limits)
    stores = open_stores(data, limits=limits)
    try:
        await stores.accounts.add_account(
            name=AccountName("ann"),
            password_hash=await keys.hash(PASSWORD),
            role=AccountRole.USER,
            address="127.0.0.1",
            now=int(time.time() * 1000),
            invitation=None,
        )
    finally:
        await stores.close()
        await keys.close()
