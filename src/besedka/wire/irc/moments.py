"""Times as clients write them (IRCv3 server-time): `YYYY-MM-DDThh:mm:ss.sssZ`."""

from __future__ import annotations

import re
from typing import Final

_MOMENT: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z", re.ASCII)

_DAYS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_PREFIX: Final = "timestamp="
"""What a time begins with where it stands in for a message (IRCv3 chathistory, read-marker)."""


def reference(text: str) -> int | None:
    """The milliseconds since 1970 UTC that `timestamp=…` says; None for what is no time."""
    return milliseconds(text.removeprefix(_PREFIX)) if text.startswith(_PREFIX) else None


def milliseconds(text: str) -> int | None:
    """A time in milliseconds since 1970 UTC, 0 for what was before; None for what is no time."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hours, minutes, seconds, thousandths = map(int, found.groups())
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    # A second of 60 is a leap second (ISO 8601), and as good as the first of the next minute.
    if not 1 <= month <= 12 or hours > 23 or minutes > 59 or seconds > 60:
        return None
    if not 1 <= day <= _DAYS[month - 1] + (leap and month == 2):
        return None
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400 - _DAYS_BEFORE_1970
    days += sum(_DAYS[: month - 1]) + (leap and month > 2) + day - 1
    return max(0, (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + thousandths)


_DAYS_BEFORE_1970: Final = 719_162
"""Since 1 January of the year 1."""
