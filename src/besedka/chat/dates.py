"""Days of the calendar as numbers, without a clock."""

from __future__ import annotations

from typing import Final

DAY: Final = 86_400_000
"""Milliseconds."""

_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_DAYS_BEFORE_1970: Final = 719_162
"""Since 1 January of the year 1."""


def days_since_1970(year: int, month: int, day: int) -> int | None:
    """How many days this one is after 1 January 1970, less than none before it; None where there is no such day."""
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS[month - 1] + (leap and month == 2):
        return None
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400 - _DAYS_BEFORE_1970
    return days + sum(_DAYS[: month - 1]) + (leap and month > 2) + day - 1
