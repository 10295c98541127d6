"""The simulator finds bugs: each of these is planted, and must be caught within as many seeds as are always played."""

from __future__ import annotations

import pytest

from sim.planted import PLANTS, Plant
from sim.world import World

SEEDS = 200


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    for seed in range(SEEDS):
        try:
            World(seed).run()
        except AssertionError:
            return
    pytest.fail(f"{SEEDS} seeds passed in spite of: {plant.__doc__}")
