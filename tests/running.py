"""Running one call of a store to its end, with an event loop or without."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from waiting import wait_for

T = TypeVar("T")


class Run(Protocol):
    """Runs one call to its end."""

    def __call__(self, call: Coroutine[Any, Any, T]) -> T: ...


def step(call: Coroutine[Any, Any, T]) -> T:
    """Run what never suspends, without an event loop."""
    try:
        call.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    call.close()
    raise AssertionError("it suspended")


class OnLoop:
    """Runs calls on an event loop, each within the deadline of all waits."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner

    def __call__(self, call: Coroutine[Any, Any, T]) -> T:
        """The result of one call."""
        return self._runner.run(wait_for(call))
