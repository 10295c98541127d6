"""Times as clients write them, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.wire.irc.moments import milliseconds, reference
from besedka.wire.irc.pages import iso_time

YEAR_9999 = 253_402_300_799_999


@given(st.integers(0, YEAR_9999))
def test_a_time_is_read_as_it_was_written(time: int) -> None:
    assert milliseconds(iso_time(time)) == time


def test_a_time_before_all_others_is_the_first_of_them() -> None:
    assert milliseconds("1969-12-31T23:59:59.999Z") == milliseconds("0001-01-01T00:00:00.000Z") == 0


def test_a_leap_second_is_the_next_minute() -> None:
    assert milliseconds("2016-12-31T23:59:60.500Z") == milliseconds("2017-01-01T00:00:00.500Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2020-01-01",
        "2020-01-01T00:00:00Z",
        "2020-01-01T00:00:00.000",
        "2020-01-01T00:00:00.000z",
        "2020-00-01T00:00:00.000Z",
        "2020-13-01T00:00:00.000Z",
        "2021-02-29T00:00:00.000Z",
        "1900-02-29T00:00:00.000Z",
        "2020-04-31T00:00:00.000Z",
        "2020-01-01T24:00:00.000Z",
        "2020-01-01T00:60:00.000Z",
        "2020-01-01T00:00:61.000Z",
        "٢٠٢٠-01-01T00:00:00.000Z",
        " 2020-01-01T00:00:00.000Z",
        "2020-01-01T00:00:00.000Z\n",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert milliseconds(text) is None


def test_a_reference_says_that_it_is_a_time() -> None:
    assert reference("timestamp=1970-01-01T00:00:01.000Z") == 1000
    assert reference("1970-01-01T00:00:01.000Z") is None
    assert reference("timestamp=*") is None
