"""How many connections there may be."""

from __future__ import annotations

from besedka.limits import Limits
from besedka.net.headcount import Headcount


def test_over_all() -> None:
    headcount = Headcount(Limits(sessions_max=2))
    assert [headcount.enter() is None for _ in range(3)] == [True, True, False]
    assert headcount.here == 2
    headcount.leave()
    assert headcount.enter() is None


def test_from_one_address() -> None:
    headcount = Headcount(Limits(connections_per_address_max=2))
    assert [headcount.enter_from("192.0.2.7") is None for _ in range(3)] == [True, True, False]
    assert headcount.enter_from("192.0.2.8") is None
    headcount.leave_from("192.0.2.7")
    assert headcount.enter_from("192.0.2.7") is None
    for address in ("192.0.2.7", "192.0.2.7", "192.0.2.8"):
        headcount.leave_from(address)
    assert [headcount.enter_from("192.0.2.7") is None for _ in range(3)] == [True, True, False]


def test_no_limit_where_floods_are_wanted() -> None:
    headcount = Headcount(Limits(flood=False, sessions_max=1, connections_per_address_max=1))
    assert [headcount.enter() or headcount.enter_from("192.0.2.7") for _ in range(3)] == [None] * 3
    assert headcount.here == 3
