"""Backups of a large log, one after another, while people talk: how fast they are, and who waits for them."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from besedka.bench import delivery
from besedka.bench.delivery import Load, Measured, Shape
from besedka.bench.server import Device, Running, Unmeasured
from besedka.store.faults import FILE_ERRORS
from besedka.store.search_file import SEARCH, connect

TALK = Shape(readers=100, speakers=4, window=64, messages_each=1250, per_second=500)
"""Ten seconds of a busy evening: 50,000 deliveries a second, so that a machine of two cores has room for a backup."""

PAUSE_SECONDS = 0.2

INDEXED_SECONDS_MAX = 600.0
"""A million messages take a minute on a machine that is quiet."""


class Backup(msgspec.Struct, frozen=True):
    """One that was made."""

    bytes: int
    seconds: float

    @property
    def speed(self) -> float:
        """MB/s, the starting of the program included."""
        return self.bytes / 1e6 / self.seconds


class Outcome(msgspec.Struct, frozen=True):
    """The same talk twice."""

    alone: Measured
    beside: Measured
    backups: Sequence[Backup]

    def lines(self, messages: int) -> list[str]:
        """For people."""
        speeds = sorted(backup.speed for backup in self.backups)
        size = self.backups[-1].bytes / 1e6
        return [
            f"nobody makes a backup: {self.alone.line()}",
            f"backups all the time:  {self.beside.line()}",
            f"{len(speeds)} backups of {messages:,} messages, {size:,.0f} MB each: {speeds[len(speeds) // 2]:,.0f} MB/s"
            f" (median), {speeds[0]:,.0f} (slowest)",
        ]


async def wait_indexed(data: Path, messages: int) -> None:
    """Wait until search knows what `fill` has said: that is work of its own, and none of a backup's."""
    deadline = time.perf_counter() + INDEXED_SECONDS_MAX
    while not _is_indexed(data / SEARCH.name, messages):
        if time.perf_counter() > deadline:
            raise Unmeasured("the search index was not complete in time")
        await asyncio.sleep(PAUSE_SECONDS)


def _is_indexed(path: Path, messages: int) -> bool:
    try:
        with closing(connect(path, mode="ro")) as connection:
            (listed,) = connection.execute("SELECT EXISTS (SELECT 1 FROM listed)").fetchone()
            (high,) = connection.execute("SELECT coalesce(max(high), 0) FROM places").fetchone()
    except FILE_ERRORS:
        return False  # It is only being made.
    return not listed and high >= messages


async def measure(running: Running, devices: Sequence[Device], data: Path, progress: Callable[[str], None]) -> Outcome:
    """Talk, and talk again while backups are made into the data directory's neighbourhood."""
    arrived = await delivery.gather(running, devices, progress)
    peers, room = [peer for peer, _ in arrived], arrived[0][1]
    progress("talking")
    alone = await Load(TALK, peers, room, running.pid).run()
    progress("talking, with backups")
    talking = asyncio.create_task(Load(TALK, peers, room, running.pid).run())
    backups = []
    while not talking.done():
        backups.append(await _back_up(data, data.parent / "backup.tar"))
        await asyncio.sleep(PAUSE_SECONDS)
    for peer in peers:
        peer.close()
    return Outcome(alone, await talking, backups)


async def _back_up(data: Path, file: Path) -> Backup:
    _forget(file)
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "besedka", "backup", str(file), "--data", str(data), stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        raise Unmeasured("no backup was made; its own message is above")
    return Backup(_size(file), time.perf_counter() - began)


def _forget(file: Path) -> None:
    file.unlink(missing_ok=True)


def _size(file: Path) -> int:
    return file.stat().st_size
