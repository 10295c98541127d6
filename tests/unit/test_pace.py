"""The token bucket, with the time as an argument."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.pace import Pace


def test_a_burst_goes_through_at_once_and_then_the_rate() -> None:
    pace = Pace(rate=2.0, burst=3, now=10.0)
    assert pace.available(10.0) == 3
    pace.take(3)
    assert pace.available(10.4) == 0
    assert pace.available(10.5) == 1
    assert pace.available(11.0) == 2


def test_it_never_holds_more_than_a_burst() -> None:
    assert Pace(rate=2.0, burst=3, now=0.0).available(1000.0) == 3


def test_time_that_runs_backwards_adds_nothing() -> None:
    pace = Pace(rate=1.0, burst=2, now=10.0)
    pace.take(2)
    assert pace.available(5.0) == 0
    assert pace.available(10.5) == 0
    assert pace.available(11.0) == 1


@given(rate=st.floats(0.1, 1000.0), burst=st.integers(1, 60), now=st.floats(0.0, 1e9))
def test_whoever_waits_as_long_as_it_says_is_let_through(rate: float, burst: int, now: float) -> None:
    pace = Pace(rate=rate, burst=burst, now=now)
    pace.take(pace.available(now))
    wait = pace.seconds_until_one()
    assert 1 / rate <= wait <= 1 / rate + 0.002
    assert pace.available(now + wait) >= 1


def test_more_than_was_available_is_our_fault() -> None:
    with pytest.raises(AssertionError, match="more than was available"):
        Pace(rate=1.0, burst=1, now=0.0).take(2)


@given(steps=st.lists(st.floats(0.0, 3.0), max_size=40), rate=st.floats(0.5, 50.0), burst=st.integers(1, 60))
def test_whoever_takes_all_there_is_gets_no_more_than_the_burst_and_the_rate(
    steps: list[float], rate: float, burst: int
) -> None:
    pace, now, taken = Pace(rate=rate, burst=burst, now=0.0), 0.0, 0
    for seconds in steps:
        now += seconds
        count = pace.available(now)
        pace.take(count)
        taken += count
        assert taken <= burst + rate * now + 1e-6
