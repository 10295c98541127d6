"""Waiting the same number of seconds for each of many things, with one timer for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

Late = Callable[[], None]


class Patience:
    """Tells when something has taken too long.

    Everybody waits equally long, so the order of starting is the order of deadlines: starting and stopping cost one
    step in a dict, and ten thousand connections share one timer.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, *, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._waiting: dict[object, tuple[float, Late]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def start(self, who: object, late: Late) -> None:
        """`late` is called once after the seconds, unless `who` is stopped before. Starting again starts anew."""
        self._waiting.pop(who, None)
        deadline = self._loop.time() + self._seconds
        self._waiting[who] = (deadline, late)
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._look)

    def stop(self, who: object) -> None:
        """Nobody waits for `who` any more, if anybody did."""
        self._waiting.pop(who, None)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        late = []
        for who, (deadline, _late) in self._waiting.items():
            if deadline > now:
                self._timer = self._loop.call_at(deadline, self._look)
                break
            late.append(who)
        for who in late:
            # One that is late may have stopped another meanwhile.
            waiting = self._waiting.pop(who, None)
            if waiting is not None:
                waiting[1]()

    def give_up(self) -> None:
        """Nobody is waited for any more."""
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
