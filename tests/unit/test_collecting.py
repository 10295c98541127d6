"""The collector after the start: what is there stays out of its way, and a turn does not set it off."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from besedka.serve.collecting import spare_what_stays


@pytest.fixture
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_what_is_there_at_the_start_is_not_looked_through_again() -> None:
    old: list[list[int]] = [[]]
    rounds: list[str] = []
    spare_what_stays()
    new: list[list[int]] = [[]]
    looked_at = {id(one) for one in gc.get_objects()}
    assert id(old) not in looked_at
    assert id(new) in looked_at
    gc.callbacks.append(lambda phase, _info: rounds.append(phase))
    try:
        turn: list[list[int]] = [[] for _ in range(3_000)]
    finally:
        gc.callbacks.pop()
    assert len(turn) == 3_000
    assert len(rounds) <= 2, "one look at most, and its end"
