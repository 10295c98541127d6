"""Who is at the other end, and whether a secret may travel there."""

from __future__ import annotations

import ipaddress

import pytest

from besedka.net.peers import (
    forwarded_address,
    is_loopback,
    is_safe,
    is_within,
    neighbourhood,
    parse_address,
    true_address,
)
from besedka.net.proxy import Header

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00::/8"))
LOCAL, AFAR = Header(1, "127.0.0.1"), Header(1, "192.0.2.7")
SILENT, ENCRYPTED = Header(1, None), Header(1, "192.0.2.7", encrypted=True)


def test_an_address_has_one_spelling() -> None:
    assert true_address("::ffff:192.0.2.7") == "192.0.2.7"
    assert true_address("2001:DB8:0::7") == "2001:db8::7"
    assert true_address("fe80::1%eth0") == "fe80::1"
    assert true_address("somewhere") == "somewhere"
    assert parse_address("somewhere") is None


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["128.0.0.1", "0.0.0.0", "::", "localhost", ""])
def test_not_loopback(address: str) -> None:
    assert not is_loopback(address)


def test_within_networks() -> None:
    assert is_within("10.1.2.3", PROXIES)
    assert is_within("::ffff:10.1.2.3", PROXIES)
    assert is_within("fd00::1", PROXIES)
    assert not is_within("192.0.2.7", PROXIES)
    assert not is_within("", PROXIES)
    assert not is_within("10.1.2.3", ())


def test_an_ipv6_host_cannot_be_many() -> None:
    assert neighbourhood("2001:db8::1") == neighbourhood("2001:db8::ffff:1")
    assert neighbourhood("2001:db8::1") != neighbourhood("2001:db8:0:1::1")
    assert neighbourhood("192.0.2.7") != neighbourhood("192.0.2.8")


@pytest.mark.parametrize(
    ("address", "trusted", "header", "tls", "allow", "safe"),
    [
        ("127.0.0.1", False, None, False, False, True),
        ("192.0.2.7", False, None, False, False, False),
        ("192.0.2.7", False, None, True, False, True),
        ("192.0.2.7", False, None, False, True, True),
        ("127.0.0.1", True, None, False, False, False),
        ("127.0.0.1", True, SILENT, False, False, False),
        ("127.0.0.1", True, AFAR, False, False, False),
        ("127.0.0.1", True, LOCAL, False, False, True),
        ("127.0.0.1", True, ENCRYPTED, False, False, True),
        ("127.0.0.1", True, AFAR, True, False, True),
        ("10.0.0.1", True, ENCRYPTED, False, False, False),
        ("10.0.0.1", True, LOCAL, False, False, False),
        ("10.0.0.1", True, AFAR, True, False, True),
    ],
)
def test_safe_ways(address: str, trusted: bool, header: Header | None, tls: bool, allow: bool, safe: bool) -> None:
    assert is_safe(address, trusted=trusted, header=header, tls=tls, allow_plaintext=allow) is safe


@pytest.mark.parametrize(
    ("values", "socket_address", "address"),
    [
        (["192.0.2.7"], "10.0.0.1", "192.0.2.7"),
        (["203.0.113.9, 192.0.2.7"], "10.0.0.1", "192.0.2.7"),
        (["203.0.113.9", "192.0.2.7, 10.0.0.2"], "10.0.0.1", "192.0.2.7"),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.1", "10.0.0.3"),
        (["nonsense"], "10.0.0.1", "10.0.0.1"),
        (["192.0.2.7, , 10.0.0.2"], "10.0.0.1", "10.0.0.2"),
        ([], "10.0.0.1", "10.0.0.1"),
        (["203.0.113.9"], "192.0.2.7", "192.0.2.7"),
    ],
)
def test_forwarded_for_is_believed_as_far_as_proxies_are(values: list[str], socket_address: str, address: str) -> None:
    assert forwarded_address(values, socket_address=socket_address, networks=PROXIES) == address
