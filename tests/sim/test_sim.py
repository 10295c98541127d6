"""The whole server and its clients, from seeds: hub, memory store and native client cores in bad weather."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sim.replay import play
from sim.seeds import first_seed, kept_seeds
from sim.world import World

SEEDS = 200
CHUNK = 5
STORM_SECONDS_QUICK = 10.0
"""Of the seeds that every run plays, so that there is time for many; those kept and the slow ones have all of it."""

SEEDS_LONG = int(os.environ.get("SEEDS", "2000"))
"""How many the slow test plays: `make sim SEEDS=`."""

FIRST = first_seed()


@pytest.mark.parametrize("first", range(FIRST, FIRST + SEEDS, CHUNK))
def test_every_promise_is_kept(first: int) -> None:
    play(list(range(first, first + CHUNK)), storm_seconds=STORM_SECONDS_QUICK)


@pytest.mark.parametrize("seed", kept_seeds())
def test_what_once_went_wrong_goes_well(seed: int) -> None:
    play([seed])


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FIRST + SEEDS, FIRST + SEEDS + SEEDS_LONG, 50))
def test_every_promise_is_kept_for_long(first: int) -> None:
    play(list(range(first, first + 50)))


def test_the_same_seed_is_the_same_run() -> None:
    one, other = World(FIRST), World(FIRST + 1)
    one.run()
    other.run()
    assert one.trace != other.trace
    # In another process strings hash differently, so that a set walked on the way to a peer would show.
    program = f"from sim.world import World; world = World({FIRST}); world.run(); print(world.trace)"
    environment = {**os.environ, "PYTHONHASHSEED": "1", "PYTHONPATH": str(Path(__file__).parent.parent)}
    command = [sys.executable, "-c", program]
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    assert again.stdout.strip() == one.trace
