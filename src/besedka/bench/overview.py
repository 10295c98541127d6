"""How long an account with a thousand rooms waits for what is unread in them, with a great many messages kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from besedka.bench.idle import furnish
from besedka.bench.server import Device
from besedka.chat.entries import Body, Draft, Kind, MarkerMoved, Message, Opened, RoomId
from besedka.chat.folding import evolve, number
from besedka.chat.rooms import Room
from besedka.hub.keeping import Addition, Numbered
from besedka.store.stores import Stores

ROOMS = 1000
ROOMS_AT_ONCE = 50
"""Written in one commit."""
MESSAGES_AT_ONCE = 40
"""In one room by one commit: so those of a room lie in many places of the file, as they do where people talk."""
MENTION_EVERY = 40
ASKED = 50


async def fill(stores: Stores, device: Device, messages: int, progress: Callable[[str], None]) -> None:
    """Put somebody into the rooms and say so many messages in them; half of the rooms have a read marker."""
    first = stores.logs.rooms_given + 1
    await furnish(stores, device, ROOMS)
    rooms = [room for room in [await stores.logs.room(RoomId(first + place)) for place in range(ROOMS)] if room]
    assert len(rooms) == ROOMS, "a room that was not made"
    for said in range(0, messages, MESSAGES_AT_ONCE * ROOMS_AT_ONCE):
        start = said // MESSAGES_AT_ONCE % ROOMS
        some = rooms[start : start + ROOMS_AT_ONCE]
        additions = [_addition(room, device, _talk(device)) for room in some]
        await stores.logs.append(additions)
        rooms[start : start + ROOMS_AT_ONCE] = [addition.after for addition in additions]
        progress(f"{said} messages kept")
    markers = [MarkerMoved(str(room.id), room.head // 2, room.time, room.messages // 2) for room in rooms[::2]]
    inbox = Room(RoomId(first + ROOMS))
    await stores.logs.append([_addition(inbox, device, [Opened(Kind.INBOX, owner=device.account), *markers])])


def _talk(device: Device) -> Iterator[Body]:
    for place in range(MESSAGES_AT_ONCE):
        called = () if place % MENTION_EVERY else (device.account,)
        yield Message("something that somebody says " + "x" * 60, mentions=called)


def _addition(before: Room, device: Device, bodies: Sequence[Body] | Iterator[Body]) -> Addition:
    now, state, entries = int(time.time() * 1000), before, []
    for body in bodies:
        entry = number(state, Draft(device.account, device.name, body), now)
        state = evolve(state, entry)
        entries.append(Numbered(entry, None))
    return Addition(before, state, entries)


async def measure(stores: Stores, device: Device) -> list[tuple[float, float]]:
    """Milliseconds from asking the store to its answer, and of CPU meanwhile, again and again."""
    milliseconds = []
    for _ in range(ASKED):
        began, began_cpu = time.perf_counter(), time.process_time()
        rooms = await stores.logs.unread(device.account)
        milliseconds.append(((time.perf_counter() - began) * 1000, (time.process_time() - began_cpu) * 1000))
        assert len(rooms) == ROOMS, "a room is missing"
        assert all(one.unread > 0 for one in rooms), "a room in which everything was read is no measurement"
    return milliseconds


def line(milliseconds: Sequence[tuple[float, float]], messages: int) -> str:
    """One line for people."""
    times, cpu = (sorted(some) for some in zip(*milliseconds, strict=True))
    middle = len(times) // 2
    return (
        f"with {messages:,} messages: what is unread in {ROOMS:,} rooms in {times[middle]:.1f} ms (p50),"
        f" {times[-1]:.1f} ms (worst); {cpu[middle]:.1f} ms of CPU"
    )
