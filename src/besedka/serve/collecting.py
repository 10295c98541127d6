"""The interpreter's collector of unreachable cycles, set for a server."""

from __future__ import annotations

import gc

YOUNG_MAX = 5_000
"""Objects that come to be before the young ones are looked through: a turn of 256 messages holds some 3,000 of them for
a few milliseconds. Python's own 700 had each turn looked through several times, for nothing."""


def spare_what_stays() -> None:
    """Call it when everything is open: what is there by then is never looked through again, for it stays to the end.

    Under load that and the young ones were 5 % of the CPU, and up to 31 ms at once.
    """
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, *gc.get_threshold()[1:])
