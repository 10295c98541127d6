"""What the load on the IRC door comes to, as it is read and printed; and one load that is really put on it."""

from __future__ import annotations

import pytest
import uvloop

from besedka.bench.irc import LOADS, Cost, Load, generator, lines, measure, read
from besedka.bench.irc_servers import besedka
from besedka.bench.server import Unmeasured

PRINTED = """\
join: 100 clients in 0.18s, cpu 0.15s, rss/client 13.3 KiB
fanout: 792000 deliveries in 0.86s = 918898/s; server cpu 0.69s = 0.871 us/delivery; gen cpu 0.14s; lat us p50 24320 \
p99 32768 max 44032; rss 68648 KiB
"""


def test_what_the_generator_prints_is_read() -> None:
    assert read(PRINTED) == Cost(0.871, 32.768, 0.18, 0.15)


@pytest.mark.parametrize("output", ["", PRINTED.splitlines()[0]])
def test_a_load_that_was_not_carried_to_its_end_is_no_figure(output: str) -> None:
    with pytest.raises(Unmeasured, match="not carried to its end"):
        read(output)


def test_both_are_shown_with_their_ratio_and_its_aim() -> None:
    load = Load(1000, 1, 64, 10, 0.5)
    ours = [Cost(one, 10.0, 1.5, 1.25) for one in (0.5, 0.3, 0.4)]
    delivered, joined = lines(load, ours, [Cost(0.8, 20.0, 60.0, 0.5)])
    assert delivered.startswith("1000 clients x 1, window 64 ")
    assert delivered.endswith("ratio 0.50 (aim 0.5)")
    assert joined == (
        "1000 clients connect and join: 1.50 s (aim 2), 1.25 s of server CPU (aim 2); ngIRCd 60.00 s, 0.50 s"
    )


def test_without_the_other_there_is_no_ratio() -> None:
    paced = next(load for load in LOADS if load.per_second)
    (delivered,) = lines(paced, [Cost(9.0, 4.0, 0.1, 0.1)], [])
    assert delivered.endswith("p99   4.00 ms (aim 5 ms)")


@pytest.mark.slow
def test_a_small_load_is_carried() -> None:
    async def carry() -> Cost:
        async with generator() as program:
            return await measure(program, besedka, Load(10, 2, 4, 200, None))

    cost = uvloop.run(carry())
    assert cost.p99_milliseconds > 0
