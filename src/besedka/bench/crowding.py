"""A crowd in one room: everybody connects, types, leaves the room, and goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

from besedka.bench.delivery import gather
from besedka.bench.joining import receipts
from besedka.bench.peers import Peer
from besedka.bench.server import Device, Running, cpu_seconds
from besedka.chat.entries import RoomId
from besedka.chat.own_requests import Typing
from besedka.chat.requests import Exit, Join, Leave
from besedka.chat.told import Kept, Unit

GONE_SECONDS_MAX = 60.0


async def _fill(running: Running, devices: Sequence[Device], progress: Callable[[str], None]) -> RoomId:
    """Everybody becomes a member of one room, and goes again; the room."""
    peers = [peer for peer, _ in await gather(running, devices, progress)]
    found: asyncio.Future[RoomId] = asyncio.get_running_loop().create_future()

    def on_unit(_peer: Peer, unit: Unit) -> None:
        if isinstance(unit, Kept) and not found.done():
            found.set_result(unit.room)

    peers[0].on_unit = on_unit
    peers[0].ask(Join(id=f"{time.time_ns() << 64:032x}", name="crowd"))
    room = await asyncio.wait_for(found, GONE_SECONDS_MAX)
    await receipts(peers[1:], lambda request_id: (Join(id=request_id, name="crowd"),))
    await _go(peers)
    return room


async def _go(peers: Sequence[Peer]) -> None:
    for peer in peers:
        peer.ask(Exit())
    await asyncio.wait_for(asyncio.gather(*(peer.lost for peer in peers)), GONE_SECONDS_MAX)


async def measure(running: Running, devices: Sequence[Device], progress: Callable[[str], None]) -> str:
    """Everybody at once; what each part takes, and the server's CPU for each of them."""
    room = await _fill(running, devices, progress)
    cpu, times = cpu_seconds(running.pid), [time.perf_counter()]
    peers = [peer for peer, _ in await gather(running, devices, progress)]
    times.append(time.perf_counter())
    peers[0].ask(Typing(room=room))  # It is the owner, who cannot leave the others alone.
    await receipts(peers[1:], lambda request_id: (Typing(room=room), Leave(id=request_id, room=room)))
    times.append(time.perf_counter())
    await _go(peers)
    times.append(time.perf_counter())
    each = (cpu_seconds(running.pid) - cpu) / len(peers)
    connecting, leaving, going = (after - before for before, after in pairwise(times))
    return (
        f"{len(peers)} people connect ({connecting:.2f} s), type and leave a room of {len(peers)} ({leaving:.2f} s)"
        f" and go ({going:.2f} s): {times[-1] - times[0]:.2f} s in all, {each * 1000:.2f} ms of server CPU each"
    )
