"""Times as clients write them (IRCv3 server-time): `YYYY-MM-DDThh:mm:ss.sssZ`."""

from __future__ import annotations

import re
from typing import Final

from besedka.chat.dates import days_since_1970

_MOMENT: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})\.([0-9]{3})Z", re.ASCII)

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
    # A second of 60 is a leap second (ISO 8601), and as good as the first of the next minute.
    days = days_since_1970(year, month, day)
    if days is None or hours > 23 or minutes > 59 or seconds > 60:
        return None
    return max(0, (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + thousandths)
