"""A crowd joins a room: a thousand entries, each told to everybody who is there by then."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from besedka.bench.delivery import gather
from besedka.bench.peers import Peer
from besedka.bench.server import Device, Running, cpu_seconds
from besedka.chat.requests import Join
from besedka.chat.told import Kept, Refused, Unit

MARK = b'"way":"joined"'
"""Stands once in every entry that lets somebody in."""

JOINED_SECONDS_MAX = 60.0


class Joining:
    """Everybody joins at once; it is over when everybody has its receipt and the first has heard of the last."""

    def __init__(self, peers: Sequence[Peer], pid: int | None) -> None:
        self._peers = peers
        self._pid = pid
        self._kept = 0
        self._done = asyncio.get_running_loop().create_future()

    def _hear(self, _peer: Peer, unit: Unit) -> None:
        if isinstance(unit, Refused) and not self._done.done():
            self._done.set_exception(RuntimeError(f"a join was refused: {unit.code.value}"))
        self._kept += isinstance(unit, Kept)
        if self._kept == len(self._peers) and not self._done.done():
            self._done.set_result(None)

    async def run(self) -> tuple[float, float]:
        """Seconds, and seconds of server CPU."""
        for peer in self._peers:
            peer.on_unit = self._hear
        began, cpu = time.perf_counter(), cpu_seconds(self._pid)
        base = time.time_ns() << 64
        for index, peer in enumerate(self._peers):
            peer.ask(Join(id=f"{base + index:032x}", name="crowd"))
        await asyncio.wait_for(self._done, JOINED_SECONDS_MAX)
        return time.perf_counter() - began, cpu_seconds(self._pid) - cpu


async def measure(running: Running, devices: Sequence[Device], progress: Callable[[str], None]) -> str:
    """Everybody joins a new room at once."""
    arrived = await gather(running, devices, progress)
    peers = [peer for peer, _ in arrived]
    progress("joining")
    seconds, cpu = await Joining(peers, running.pid).run()
    for peer in peers:
        peer.close()
    return f"{len(peers)} clients join one room: {seconds:.2f} s, {cpu:.2f} s of server CPU"
