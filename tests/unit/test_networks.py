"""The networks of an address: as the standard library has them, one by one."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.store.networks import enclosing, network


@given(st.ip_addresses())
def test_an_address_lies_in_every_network_that_its_beginning_names(address: object) -> None:
    plain = ip_address(str(address))
    mapped = getattr(plain, "ipv4_mapped", None) or plain
    whole = [ip_network((mapped, bits), strict=False) for bits in range(mapped.max_prefixlen + 1)]
    assert enclosing(str(address)) == [network(str(one)) for one in whole]


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2.256", "192.0.2.0/24"])
def test_what_is_no_address_lies_in_none(address: str) -> None:
    assert enclosing(address) == []
