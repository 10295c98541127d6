"""One timer for many that wait equally long."""

from __future__ import annotations

import asyncio
import functools

from besedka.net.patience import Patience
from receiving import run
from waiting import wait_until


def test_late_in_the_order_of_starting_and_once_each() -> None:
    async def main() -> None:
        late: list[str] = []
        patience = Patience(asyncio.get_running_loop(), seconds=0.02)
        for who in "abcd":
            patience.start(who, functools.partial(late.append, who))
        patience.stop("b")
        patience.stop("nobody")
        patience.start("a", lambda: late.append("a, anew"))
        await wait_until(lambda: len(late) >= 3)
        assert late == ["c", "d", "a, anew"]
        assert len(patience) == 0

    for uv in (True, False):
        run(main, uv=uv)


def test_never_early() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        patience = Patience(loop, seconds=0.03)
        begun = loop.time()
        ended: list[float] = []
        patience.start(1, lambda: ended.append(loop.time()))
        await asyncio.sleep(0.02)  # So that the timer of the first is not the timer of the second.
        second = loop.time()
        patience.start(2, lambda: ended.append(loop.time()))
        await wait_until(lambda: len(ended) == 2)
        assert ended[0] - begun > 0.0299  # uvloop counts in milliseconds, and floats are not exact.
        assert ended[1] - second > 0.0299

    run(main)


def test_one_that_is_late_may_stop_another_or_start_again() -> None:
    async def main() -> None:
        late: list[str] = []
        patience = Patience(asyncio.get_running_loop(), seconds=0.01)

        def first() -> None:
            late.append("first")
            patience.stop("second")
            patience.start("first", lambda: late.append("again"))

        patience.start("first", first)
        patience.start("second", lambda: late.append("second"))
        await wait_until(lambda: "again" in late)
        assert late == ["first", "again"]

    run(main)


def test_giving_up() -> None:
    async def main() -> None:
        late: list[str] = []
        patience = Patience(asyncio.get_running_loop(), seconds=0.01)
        patience.start("a", lambda: late.append("a"))
        patience.give_up()
        sign = Patience(asyncio.get_running_loop(), seconds=0.02)
        sign.start("b", lambda: late.append("b"))
        await wait_until(lambda: late)
        assert late == ["b"]

    run(main)
