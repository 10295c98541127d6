"""A crowd joins a room: a thousand entries, each told to everybody who is there by then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from besedka.bench.delivery import gather
from besedka.bench.peers import RECEIPT, Attention, Peer
from besedka.bench.server import Device, Running, Unmeasured, cpu_seconds
from besedka.chat.requests import Join, Request

KEPT_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.002


async def receipts(peers: Sequence[Peer], ask: Callable[[str], tuple[Request, ...]]) -> None:
    """Everybody asks at once what `ask` makes of a request id; until everybody has its receipt."""
    for peer in peers:
        peer.count(RECEIPT, Attention.NOTHING)
    began = time.perf_counter()
    base = time.time_ns() << 64
    for index, peer in enumerate(peers):
        peer.ask(*ask(f"{base + index:032x}"))
    while not all(peer.counted for peer in peers):
        await asyncio.sleep(LOOK_SECONDS)
        if time.perf_counter() - began > KEPT_SECONDS_MAX:
            raise Unmeasured("some requests were not kept")


async def measure(running: Running, devices: Sequence[Device], progress: Callable[[str], None]) -> str:
    """Everybody joins a new room at once."""
    arrived = await gather(running, devices, progress)
    peers = [peer for peer, _ in arrived]
    progress("joining")
    began, cpu = time.perf_counter(), cpu_seconds(running.pid)
    await receipts(peers, lambda request_id: (Join(id=request_id, name="crowd"),))
    seconds, cpu = time.perf_counter() - began, cpu_seconds(running.pid) - cpu
    for peer in peers:
        peer.close()
    return f"{len(peers)} clients join one room: {seconds:.2f} s, {cpu:.2f} s of server CPU"
