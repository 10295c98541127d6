"""A large past is forgotten while people talk: who waits for that, what it costs, and how long it takes."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from besedka.bench import delivery
from besedka.bench.delivery import Load, Measured, Shape
from besedka.bench.peers import Peer
from besedka.bench.server import CONFIGURATION, Device, Running, Unmeasured, cpu_seconds
from besedka.chat.entries import RoomId
from besedka.store.opening import MESSAGES

BUSY_EVENING = Shape(readers=100, speakers=4, window=64, messages_each=1250, per_second=500)
"""Ten seconds of it."""

RUSH = Shape(readers=100, speakers=4, window=64, messages_each=5000)
"""As fast as they can: a second of it, or two."""

SHAPES = {BUSY_EVENING: 3, RUSH: 10}
"""What is talked, and how often each time."""

EVERYTHING = CONFIGURATION + "retention_look_seconds = 1.0\nping_seconds = 3600.0\n"
"""Nobody answers a ping here."""

LITTLE = EVERYTHING + "[retention]\nmessages = 10000\n"

BEGINNING_SECONDS_MAX = 30.0
GONE_SECONDS_MAX = 600.0
LOOK_SECONDS = 0.1
QUIET_SECONDS = 6.0
"""Longer than the server waits before it looks after its logs."""

IDLE = 0.02
"""Of a core: what it takes where there is nothing to do."""


class Past(msgspec.Struct, frozen=True):
    """How far a room's past is forgotten."""

    floor: int
    first: int
    """The first number that is there: the floor, once it is swept."""


class Outcome(msgspec.Struct, frozen=True):
    """The same talk before, while and after the past is forgotten."""

    before: Measured
    beside: Measured
    after: Measured
    gone: int
    """Entries that went while people talked."""
    rest: int
    """Those that were left then."""
    rest_seconds: float
    """What these took, with nobody talking."""

    def lines(self) -> list[str]:
        """For people."""
        rest = f"; {self.rest:,} more with nobody talking, {self.rest / self.rest_seconds:,.0f}/s"
        return [
            f"before:    {self.before.line()}",
            f"meanwhile: {self.beside.line()}",
            f"after:     {self.after.line()}",
            f"{self.gone:,} entries were forgotten meanwhile, {self.gone / self.beside.seconds:,.0f}/s"
            + (rest if self.rest else ""),
        ]


async def measure(
    running: Running, devices: Sequence[Device], data: Path, shape: Shape, progress: Callable[[str], None]
) -> Outcome:
    """Talk, have most of the past forgotten, talk meanwhile, and talk again when it is gone."""
    arrived = await delivery.gather(running, devices, progress)
    peers, room = [peer for peer, _ in arrived], arrived[0][1]
    await _wait_quiet(running, progress)
    progress("talking")
    before = await _talk(running, shape, peers, room)
    _keep(running, data, LITTLE)
    await _wait_past(data, room, lambda past: past.floor > 1, seconds_max=BEGINNING_SECONDS_MAX)
    began = _past(data, room)
    progress("talking, while the past is forgotten")
    beside = await _talk(running, shape, peers, room)
    ended, rest_began = _past(data, room), time.perf_counter()
    _keep(running, data, EVERYTHING)
    progress("the rest is forgotten")
    await _wait_past(data, room, lambda past: past.first == past.floor, seconds_max=GONE_SECONDS_MAX)
    rest_seconds = time.perf_counter() - rest_began
    await _wait_quiet(running, progress)
    progress("talking, when it is gone")
    after = await _talk(running, shape, peers, room)
    for peer in peers:
        peer.close()
    rest = _past(data, room).first - ended.first
    return Outcome(before, beside, after, ended.first - began.first, rest, rest_seconds)


async def _talk(running: Running, shape: Shape, peers: Sequence[Peer], room: RoomId) -> Measured:
    """Several times, as one."""
    talks = [await Load(shape, peers, room, running.pid).run() for _ in range(SHAPES[shape])]
    return Measured(
        shape,
        sum(one.deliveries for one in talks),
        sum(one.seconds for one in talks),
        sum(one.cpu for one in talks),
        [milliseconds for one in talks for milliseconds in one.receipt],
        [milliseconds for one in talks for milliseconds in one.delivery],
    )


def _keep(running: Running, data: Path, configuration: str) -> None:
    assert running.pid is not None
    (data.parent / "bench.toml").write_text(configuration)
    os.kill(running.pid, signal.SIGHUP)


def _past(data: Path, room: RoomId) -> Past:
    file = data / MESSAGES.name
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        query = "SELECT floor, (SELECT min(number) FROM entries WHERE room = rooms.id) FROM rooms WHERE id = ?"
        return Past(*connection.execute(query, (room,)).fetchone())


async def _wait_quiet(running: Running, progress: Callable[[str], None]) -> None:
    """Until the server does nothing by itself: it indexes, scrubs, gives back pages."""
    progress("waiting until the server is idle")
    until, spent = time.perf_counter() + GONE_SECONDS_MAX, float("-inf")
    while (now := cpu_seconds(running.pid)) - spent > IDLE * QUIET_SECONDS:
        if time.perf_counter() > until:
            raise Unmeasured("the server is never idle")
        spent = now
        await asyncio.sleep(QUIET_SECONDS)


async def _wait_past(data: Path, room: RoomId, wanted: Callable[[Past], bool], *, seconds_max: float) -> None:
    """Until it is as wanted."""
    until = time.perf_counter() + seconds_max
    while not wanted(_past(data, room)):
        if time.perf_counter() > until:
            raise Unmeasured("the server does not forget what it is to forget")
        await asyncio.sleep(LOOK_SECONDS)
