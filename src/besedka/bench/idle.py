"""What a connection costs that says nothing: resident memory of the server, per connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from besedka.bench.peers import arrive
from besedka.bench.server import Device, Running, resident_bytes
from besedka.chat.entries import Draft, Kind, Opened, Person, RoomId, RoomName, Way
from besedka.chat.entries import MembershipChanged as Changed
from besedka.chat.folding import evolve, number
from besedka.chat.rooms import Room
from besedka.hub.keeping import Addition, Numbered
from besedka.store.stores import Stores

SETTLED_SECONDS = 65.0
"""After a minute the server has put away what nobody uses."""
AT_ONCE = 32


async def measure(running: Running, devices: Sequence[Device], *, tls: bool, progress: Callable[[str], None]) -> float:
    """KiB of resident memory for each of these connections, after the first few have warmed the server."""
    assert running.pid is not None, "memory is that of a server started for it"
    warm, counted = devices[:AT_ONCE], devices[AT_ONCE:]
    peers = [peer for peer, _ in await asyncio.gather(*(arrive(running, device, tls=tls) for device in warm))]
    await asyncio.sleep(SETTLED_SECONDS)
    before = resident_bytes(running.pid)
    for first in range(0, len(counted), AT_ONCE):
        some = counted[first : first + AT_ONCE]
        peers += [peer for peer, _ in await asyncio.gather(*(arrive(running, device, tls=tls) for device in some))]
        progress(f"{len(peers)} connections{' over TLS' if tls else ''}")
    await asyncio.sleep(SETTLED_SECONDS)
    after = resident_bytes(running.pid)
    for peer in peers:
        peer.close()
    return (after - before) / len(counted) / 1024


async def furnish(stores: Stores, device: Device, rooms: int) -> None:
    """Make somebody a member of so many rooms, without a server."""
    first = stores.logs.rooms_given + 1
    now = int(time.time() * 1000)
    person = Person(device.account, device.name)
    for begin in range(first, first + rooms, 256):
        additions = []
        for room_id in range(begin, min(begin + 256, first + rooms)):
            before = state = Room(RoomId(room_id))
            entries = []
            for body in (
                Opened(Kind.PUBLIC, RoomName(f"room{room_id}"), device.account),
                Changed(Way.JOINED, (person,)),
            ):
                entry = number(state, Draft(device.account, device.name, body), now)
                state = evolve(state, entry)
                entries.append(Numbered(entry, None))
            additions.append(Addition(before, state, entries))
        await stores.logs.append(additions)
