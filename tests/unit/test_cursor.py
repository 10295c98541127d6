"""Where a reader is, against a log written out as a list of numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.cursor import Cursor, Resumption, Step, resumption, step

WHOLE = st.integers(0, 12)


@pytest.mark.parametrize(
    ("after", "number", "lies"),
    [(0, 1, Step.NEXT), (4, 5, Step.NEXT), (4, 4, Step.REPEAT), (4, 1, Step.REPEAT), (4, 6, Step.GAP)],
)
def test_how_an_entry_lies(after: int, number: int, lies: Step) -> None:
    assert step(after, number) is lies


@given(number=WHOLE, head=WHOLE, pruned=WHOLE)
def test_nothing_is_missed_and_nothing_comes_twice(number: int, head: int, pruned: int) -> None:
    pruned = min(pruned, head)
    kept = list(range(1, head + 1))[pruned:]
    way, after = resumption(Cursor("e", number), epoch="e", head=head, floor=pruned + 1, fresh=0)
    given_out = [one for one in kept if one > after]
    if number > head:
        assert way is Resumption.START_OVER
        assert given_out == kept
    else:
        assert given_out == [one for one in kept if one > number]
        assert way is (Resumption.PRUNED if number < pruned else Resumption.ON)
        assert after >= number


@given(number=WHOLE, head=WHOLE, pruned=WHOLE, show=WHOLE)
def test_a_place_in_another_log_is_worth_nothing(number: int, head: int, pruned: int, show: int) -> None:
    pruned = min(pruned, head)
    way, after = resumption(Cursor("old", number), epoch="new", head=head, floor=pruned + 1, fresh=max(0, head - show))
    assert way is Resumption.START_OVER
    assert list(range(after + 1, head + 1)) == list(range(pruned + 1, head + 1))[-show or head + 1 :]


def test_a_negative_place_is_in_no_log() -> None:
    assert resumption(Cursor("e", -1), epoch="e", head=3, floor=1, fresh=2) == (Resumption.START_OVER, 2)
