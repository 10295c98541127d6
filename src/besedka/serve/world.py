"""The world as the hub needs it, on asyncio: time, a bell, tasks and dice."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Coroutine
from typing import Any

from besedka.hub.ports import Journal


class SystemClock:
    """The machine's clocks."""

    def now(self) -> int:
        """Milliseconds since 1970 UTC; may jump."""
        return time.time_ns() // 1_000_000

    def seconds(self) -> float:
        """Seconds of a clock that never goes back."""
        return time.monotonic()

    def wait_seconds(self, seconds: float) -> Awaitable[None]:
        """Come back after this long."""
        return asyncio.sleep(seconds)


class EventBell:
    """An event that forgets itself."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """There is work."""
        self._event.set()

    async def wait_ring(self) -> None:
        """Come back as soon as there is work."""
        if self._event.is_set():
            await asyncio.sleep(0)  # What has come to the sockets during the last turn is read first: fuller turns.
        await self._event.wait()
        self._event.clear()


class TaskRoster:
    """Every task beside the hub's turn; the one owner of them all."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it beside the turn; what it raises is in the log."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._journal.fault(f"task failed: {task.get_name()}", error)

    async def end_all(self) -> None:
        """Cancel what still runs, and wait for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class SystemDice:
    """The kernel's random numbers."""

    def token_bytes(self, count: int) -> bytes:
        """Bytes nobody can guess."""
        return secrets.token_bytes(count)
