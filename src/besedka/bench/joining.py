"""A crowd joins a room: a thousand entries, each told to everybody who is there by then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from besedka.bench.delivery import gather
from besedka.bench.peers import RECEIPT, Attention, Peer
from besedka.bench.server import Device, Running, cpu_seconds
from besedka.chat.requests import Join

JOINED_SECONDS_MAX = 60.0
LOOK_SECONDS = 0.002


async def _join(peers: Sequence[Peer], pid: int | None) -> tuple[float, float]:
    """Everybody joins at once; seconds, and seconds of server CPU, until everybody has its receipt."""
    for peer in peers:
        peer.count(RECEIPT, Attention.NOTHING)
    began, cpu = time.perf_counter(), cpu_seconds(pid)
    base = time.time_ns() << 64
    for index, peer in enumerate(peers):
        peer.ask(Join(id=f"{base + index:032x}", name="crowd"))
    while not all(peer.counted for peer in peers):
        await asyncio.sleep(LOOK_SECONDS)
        if time.perf_counter() - began > JOINED_SECONDS_MAX:
            raise RuntimeError("some joins were not kept")
    return time.perf_counter() - began, cpu_seconds(pid) - cpu


async def measure(running: Running, devices: Sequence[Device], progress: Callable[[str], None]) -> str:
    """Everybody joins a new room at once."""
    arrived = await gather(running, devices, progress)
    peers = [peer for peer, _ in arrived]
    progress("joining")
    seconds, cpu = await _join(peers, running.pid)
    for peer in peers:
        peer.close()
    return f"{len(peers)} clients join one room: {seconds:.2f} s, {cpu:.2f} s of server CPU"
