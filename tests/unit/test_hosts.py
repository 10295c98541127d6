"""What stands for an address: the same for the same, telling nothing of it, with a part for its network."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.hosts import NO_HOST, address_of, host_of

KEY = b"k" * 32
HOST = re.compile(r"[a-z2-7]{12}\.[a-z2-7]{12}\.ip")

addresses = st.ip_addresses().map(str)


@given(addresses)
def test_a_host_has_one_shape_and_depends_on_the_key(address: str) -> None:
    host = host_of(address, KEY)
    assert HOST.fullmatch(host)
    assert host == host_of(address, KEY)
    assert host != host_of(address, b"another")
    assert address not in host


@given(addresses, addresses)
def test_two_addresses_have_two_hosts(one: str, other: str) -> None:
    assert (host_of(one, KEY) == host_of(other, KEY)) is (address_of(one) == address_of(other))


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("192.0.2.1", "192.0.2.200", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1:2::3", "2001:db8:1:9::", True),
        ("2001:db8:1::", "2001:db8:2::", False),
    ],
)
def test_a_network_is_the_second_part(one: str, other: str, near: bool) -> None:
    first, second = host_of(one, KEY).split("."), host_of(other, KEY).split(".")
    assert first[0] != second[0]
    assert (first[1] == second[1]) is near


def test_a_mapped_address_is_the_one_that_it_maps() -> None:
    assert host_of("::ffff:192.0.2.1", KEY) == host_of("192.0.2.1", KEY)


@pytest.mark.parametrize("address", ["", "unknown", "192.0.2.256", "192.0.2.0/24"])
def test_whoever_has_no_address_has_no_host(address: str) -> None:
    assert host_of(address, KEY) == NO_HOST
    assert address_of(address) is None
