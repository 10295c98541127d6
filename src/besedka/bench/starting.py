"""How fast a server is there again, and a page of its history, with a great many messages in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from besedka.bench.peers import Peer, arrive
from besedka.bench.server import Device, serving
from besedka.chat.entries import Draft, Message, RoomId
from besedka.chat.folding import evolve, number
from besedka.chat.names import LOBBY, fold
from besedka.chat.requests import History
from besedka.chat.told import Page, Unit
from besedka.hub.keeping import Addition, Numbered
from besedka.limits import Limits
from besedka.store.stores import open_stores

BATCH = 2000
PAGES = 100
PAGE_ENTRIES = 50
PAGE_SECONDS_MAX = 10.0


async def fill(data: Path, device: Device, messages: int, progress: Callable[[str], None]) -> None:
    """Say so many messages in the lobby, without a server."""
    stores = open_stores(data, limits=Limits())
    try:
        lobby = await stores.logs.room_named(fold(LOBBY))
        assert lobby is not None, "the lobby is opened by the first visit"
        state = await stores.logs.room(lobby)
        assert state is not None
        now = int(time.time() * 1000) - messages * 1000
        said = 0
        while said < messages:
            before, entries = state, []
            for _ in range(min(BATCH, messages - said)):
                said += 1
                body = Message(f"message {said} " + "x" * 80)
                entry = number(state, Draft(device.account, device.name, body), now + said * 1000)
                state = evolve(state, entry)
                entries.append(Numbered(entry, None))
            await stores.logs.append([Addition(before, state, entries)])
            if said % (BATCH * 50) == 0:
                progress(f"{said} messages kept")
    finally:
        await stores.close()


async def starts(data: Path, times: int) -> list[float]:
    """Seconds from starting the process to its listening, again and again."""
    seconds = []
    for _ in range(times):
        async with serving(data) as running:
            seconds.append(running.ready_seconds)
    return seconds


async def pages(data: Path, device: Device) -> list[float]:
    """Milliseconds from asking for a page somewhere in the lobby's history to having it."""
    async with serving(data) as running:
        peer, room = await arrive(running, device)
        milliseconds = []
        for index in range(PAGES):
            milliseconds.append(await _page(peer, room, before=(index + 1) * 9973 % 1_000_000 + PAGE_ENTRIES))
        peer.close()
        return milliseconds


async def _page(peer: Peer, room: RoomId, *, before: int) -> float:
    got: asyncio.Future[Page] = asyncio.get_running_loop().create_future()

    def hear(_peer: Peer, unit: Unit) -> None:
        if isinstance(unit, Page) and not got.done():
            got.set_result(unit)

    peer.on_unit = hear
    began = time.perf_counter()
    peer.ask(History(id=f"{3:032x}", room=room, before=before, limit=PAGE_ENTRIES))
    page = await asyncio.wait_for(got, PAGE_SECONDS_MAX)
    assert page.entries, "an empty page is no measurement"
    return (time.perf_counter() - began) * 1000


def line(seconds: Sequence[float], milliseconds: Sequence[float], messages: int) -> str:
    """One line for people."""
    middle = sorted(seconds)[len(seconds) // 2]
    ordered = sorted(milliseconds)
    return (
        f"with {messages:,} messages: ready {middle:.2f} s after the start (median of {len(seconds)});"
        f" a page of {PAGE_ENTRIES} in {ordered[len(ordered) // 2]:.2f} ms (p50), {ordered[-1]:.2f} ms (worst)"
    )
