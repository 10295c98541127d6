"""The simulator finds bugs: each of these is planted, and must be caught within as many seeds as are always played."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from sim.planted import (
    PLANTS,
    Plant,
    banned_may_come_in,
    edits_are_read_from_outside,
    rights_of_the_turn_before,
)
from sim.planted_forgetting import FORGETTING_PLANTS, floors_end_with_the_process, swept_before_risen
from sim.planted_irc import IRC_PLANTS, pong_at_once
from sim.planted_search import SEARCH_PLANTS, found_before_coming, redacted_is_found
from sim.world import World

SEEDS = 200

SEEN_AT: Mapping[Plant, int] = {
    banned_may_come_in: 154,
    edits_are_read_from_outside: 186,
    floors_end_with_the_process: 13,
    found_before_coming: 47,
    pong_at_once: 6,
    redacted_is_found: 10,
    rights_of_the_turn_before: 65,
    swept_before_risen: 17,
}
"""Where to begin with what few worlds show. Only time is lost where other code makes other worlds of the same seeds."""


@pytest.mark.parametrize(
    "plant", [*PLANTS, *FORGETTING_PLANTS, *IRC_PLANTS, *SEARCH_PLANTS], ids=lambda plant: plant.__name__
)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    first = SEEN_AT.get(plant, 0)
    for seed in (*range(first, SEEDS), *range(first)):
        try:
            World(seed).run()
        except AssertionError:
            return
    pytest.fail(f"{SEEDS} seeds passed in spite of: {plant.__doc__}")
