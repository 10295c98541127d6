"""Who may try a password, and how long those wait who failed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.names import FoldedName
from besedka.hub.gate import Gate, Throttle
from besedka.limits import Limits

LIMITS = Limits(login_free_failures=3, login_delay_seconds_max=30.0, login_failures_seconds=3600.0)
ANN, BOB = FoldedName("ann"), FoldedName("bob")


def failing(throttle: Throttle, times: int, *, name: FoldedName = ANN, address: str = "a", now: float = 0.0) -> None:
    for _ in range(times):
        throttle.failed(name, address, now=now)


# Throttle --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0.0), (2, 0.0), (3, 1.0), (4, 2.0), (5, 4.0), (7, 16.0), (8, 30.0), (500, 30.0)]
)
def test_the_delay_doubles_after_the_free_ones(failures: int, seconds: float) -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, failures)
    assert throttle.seconds(ANN, "a", now=0.0) == seconds


def test_waiting_elsewhere_counts() -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, 5)
    assert throttle.seconds(ANN, "a", now=1.5) == 2.5
    assert throttle.seconds(ANN, "a", now=4.0) == 0.0


def test_accounts_and_addresses_are_counted_apart() -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, 3)
    assert throttle.seconds(ANN, "elsewhere", now=0.0) == 1.0
    assert throttle.seconds(BOB, "a", now=0.0) == 1.0
    assert throttle.seconds(BOB, "elsewhere", now=0.0) == 0.0


def test_a_name_is_never_taken_for_an_address() -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, 3, name=FoldedName("a"), address="x")
    assert throttle.seconds(BOB, "a", now=0.0) == 0.0


def test_long_ago_is_forgotten() -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, 500)
    assert throttle.seconds(ANN, "a", now=3601.0) == 0.0
    throttle.failed(ANN, "a", now=3601.0)
    assert throttle.seconds(ANN, "a", now=3601.0) == 0.0


def test_success_begins_anew() -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, 9)
    throttle.succeeded(ANN, "a", now=0.0)
    throttle.succeeded(ANN, "a", now=0.0)
    assert throttle.seconds(ANN, "a", now=0.0) == 0.0


def test_logging_in_to_an_account_of_ones_own_forgives_no_guesses_at_others() -> None:
    throttle = Throttle(LIMITS)
    for _ in range(5):
        throttle.failed(ANN, "a", now=0.0)
        throttle.failed(BOB, "a", now=0.0)
        throttle.succeeded(BOB, "a", now=0.0)
    assert throttle.seconds(BOB, "a", now=0.0) == 4.0
    assert throttle.seconds(ANN, "elsewhere", now=0.0) == 4.0


def test_only_what_an_account_counted_here_is_forgiven() -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, 4)
    failing(throttle, 3, address="elsewhere")
    throttle.succeeded(ANN, "a", now=0.0)
    assert throttle.seconds(BOB, "a", now=0.0) == 0.0
    assert throttle.seconds(BOB, "elsewhere", now=0.0) == 1.0


def test_what_is_long_ago_cannot_be_forgiven_again() -> None:
    throttle = Throttle(LIMITS)
    failing(throttle, 9)
    failing(throttle, 3, name=BOB, now=4000.0)
    throttle.succeeded(ANN, "a", now=4000.0)
    assert throttle.seconds(FoldedName("carl"), "a", now=4000.0) == 1.0


def test_only_so_many_are_remembered_and_the_oldest_is_forgotten_first() -> None:
    throttle = Throttle(Limits(login_failures_remembered_max=7))
    failing(throttle, 3, address="first")
    failing(throttle, 3, name=BOB, address="second")
    failing(throttle, 1, name=FoldedName("carl"), address="second")
    assert throttle.seconds(FoldedName("-"), "second", now=0.0) == 2.0
    assert throttle.seconds(FoldedName("-"), "first", now=0.0) == 1.0
    assert throttle.seconds(ANN, "-", now=0.0) == 0.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10)), max_size=60))
def test_the_sum_of_guesses_is_bounded_however_they_are_spread(guesses: list[tuple[str, float]]) -> None:
    """Whoever always waits as told, from however many addresses, gets about one guess in 30 s at one account."""
    throttle, now = Throttle(LIMITS), 0.0
    for count, (address, pause) in enumerate(guesses):
        waited = throttle.seconds(ANN, address, now=now)
        assert waited <= LIMITS.login_delay_seconds_max
        now += waited + pause
        throttle.failed(ANN, address, now=now)
        assert now >= sum(min(30.0, 2.0**beyond) for beyond in range(count - 2))


# Gate ------------------------------------------------------------------------------------------------------------


def test_one_attempt_at_a_time_for_each_key() -> None:
    gate = Gate(Limits())
    assert gate.enter("a")
    assert not gate.enter("a")
    assert gate.enter("b")
    gate.leave("a")
    assert gate.enter("a")


def test_strangers_leave_room_for_those_who_are_known() -> None:
    gate = Gate(Limits(gate_waiting_max=2, gate_known_waiting_max=1))
    assert gate.begin_hash(known=False)
    assert gate.begin_hash(known=False)
    assert not gate.begin_hash(known=False)
    assert gate.begin_hash(known=True)
    assert not gate.begin_hash(known=True)
    gate.end_hash(known=False)
    assert gate.begin_hash(known=False)
    assert not gate.begin_hash(known=True)


def test_load_tests_go_through() -> None:
    gate = Gate(Limits(flood=False, gate_waiting_max=1))
    assert gate.enter("a")
    assert gate.enter("a")
    gate.leave("a")
    gate.leave("a")
    assert gate.begin_hash(known=False)
    assert gate.begin_hash(known=False)
    gate.end_hash(known=False)


def test_a_place_is_given_back_once() -> None:
    with pytest.raises(AssertionError):
        Gate(Limits()).end_hash(known=True)
