"""Every wait of the tests: each ends when what it waits for is there, or fails loudly at its deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

SECONDS_MAX = 10.0
"""Long enough for a busy machine; nobody waits this long where things are right."""

_LOOK_SECONDS = 0.002


async def wait_for(awaitable: Awaitable[T], *, seconds: float = SECONDS_MAX) -> T:
    """The result, or `TimeoutError`."""
    return await asyncio.wait_for(awaitable, seconds)


async def wait_until(holds: Callable[[], object], *, seconds: float = SECONDS_MAX) -> None:
    """Come back as soon as `holds()` is true, looking every turn of the loop and then every few milliseconds."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s this still does not hold: {getattr(holds, '__qualname__', holds)}")
        await asyncio.sleep(_LOOK_SECONDS)


def block_until(holds: Callable[[], object], *, seconds: float = SECONDS_MAX) -> None:
    """The same without a loop."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s this still does not hold: {getattr(holds, '__qualname__', holds)}")
        time.sleep(_LOOK_SECONDS)
