"""A world of its own for coroutines: virtual time, and seeded chance in place of an event loop.

Whatever can happen now is in one list, and chance alone says what happens next; when nothing can happen now, time goes
on to the next thing that can. So a whole server with its clients runs from one seed, and the same seed is the same run.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Coroutine, Generator
from random import Random
from types import coroutine
from typing import Any

Action = Callable[[], None]
Park = Callable[[Action], None]
"""What a coroutine waits for: it is given how to go on."""

STARTED_AT = 1_700_000_000_000
"""When every world begins, in milliseconds since 1970 UTC."""


@coroutine
def parked(park: Park) -> Generator[Park, None, None]:
    """Wait until whoever `park` gave the continuation to calls it."""
    yield park


class Stepper:
    """Chooses what happens next."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.seconds = 0.0
        self._ready: list[Action] = []
        self._timers: list[tuple[float, int, Action]] = []
        self._timers_set = 0

    def soon(self, action: Action) -> None:
        """It can happen now."""
        self._ready.append(action)

    def later(self, seconds: float, action: Action) -> None:
        """It can happen after so long."""
        self._timers_set += 1
        heapq.heappush(self._timers, (self.seconds + seconds, self._timers_set, action))

    def step(self) -> bool:
        """One thing happens; False when nothing ever will."""
        if not self._ready and self._timers:
            self.seconds = max(self.seconds, self._timers[0][0])
        while self._timers and self._timers[0][0] <= self.seconds:
            self._ready.append(heapq.heappop(self._timers)[2])
        if not self._ready:
            return False
        chosen = self.random.randrange(len(self._ready))
        self._ready[chosen], self._ready[-1] = self._ready[-1], self._ready[chosen]
        self._ready.pop()()
        return True


class Bell:
    """Fills `hub.ports.Bell`. One task at most waits for it."""

    def __init__(self) -> None:
        self._rung = False
        self._go_on: Action | None = None

    def ring(self) -> None:
        """There is work."""
        self._rung = True
        if self._go_on is not None:
            go_on, self._go_on = self._go_on, None
            go_on()

    async def wait_ring(self) -> None:
        """Come back as soon as there is work."""
        while not self._rung:
            await parked(self._wait)
        self._rung = False

    def _wait(self, go_on: Action) -> None:
        assert self._go_on is None, "two wait for one bell"
        self._go_on = go_on


class Process:
    """Tasks that die together, with a clock. Fills `hub.ports.Tasks` and `hub.ports.Clock`."""

    def __init__(self, stepper: Stepper, *, clock_off: int = 0) -> None:
        """`clock_off` is by how many milliseconds its idea of the time is wrong."""
        self.stepper = stepper
        self.alive = True
        self.clock_off = clock_off
        self._tasks: dict[Coroutine[Any, Any, None], None] = {}

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run it beside all else. What it raises comes out of `Stepper.step`."""
        self._tasks[work] = None
        self.stepper.soon(lambda: self._advance(work))

    def _advance(self, work: Coroutine[Any, Any, None]) -> None:
        if not self.alive:
            return
        try:
            park: Park = work.send(None)
        except StopIteration:
            del self._tasks[work]
        else:
            park(lambda: self.stepper.soon(lambda: self._advance(work)))

    def kill(self) -> None:
        """Nothing of it ever runs again. Not to be called by one of its own tasks."""
        self.alive = False
        tasks, self._tasks = self._tasks, {}
        for work in tasks:
            work.close()

    def now(self) -> int:
        """Milliseconds since 1970 UTC, as this process has it."""
        return STARTED_AT + int(self.stepper.seconds * 1000) + self.clock_off

    def seconds(self) -> float:
        """Seconds of a clock that never goes back."""
        return self.stepper.seconds

    async def wait_seconds(self, seconds: float) -> None:
        """Come back after this long."""
        await parked(lambda go_on: self.stepper.later(seconds, go_on))
