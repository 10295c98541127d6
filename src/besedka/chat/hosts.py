"""What stands for an address where other people see it: a keyed hash, so that masks match and nobody learns more."""

from __future__ import annotations

import hmac
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

NETWORK_BITS = {4: 24, 6: 48}
"""What usually belongs to one household or provider: addresses in it share the second part of their host."""

PART_CHARACTERS = 12
"""60 bits of the hash in base 32: no two addresses are ever confused."""

NO_HOST = "unknown"
"""Of whoever has no address."""


@lru_cache(maxsize=4096)
def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """An address, or None for what is none. One that is mapped into IPv6 is IPv4 (RFC 4291 §2.5.5.2)."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def host_of(address: str, key: bytes) -> str:
    """`<address>.<network>.ip`, both hashed with `key`: the mask `*!*@*.<network>.ip` fits a whole network."""
    whole = address_of(address)
    if whole is None:
        return NO_HOST
    bits = NETWORK_BITS[whole.version]
    left = whole.max_prefixlen - bits
    network = f"{type(whole)(int(whole) >> left << left)}/{bits}"
    return f"{_hashed(str(whole), key)}.{_hashed(network, key)}.ip"


@lru_cache(maxsize=4)
def _keyed(key: bytes) -> hmac.HMAC:
    """A server has one key, and making it ready takes ten times as long as a hash."""
    return hmac.new(key, digestmod="sha256")


def _hashed(text: str, key: bytes) -> str:
    hashing = _keyed(key).copy()
    hashing.update(text.encode())
    digest = int.from_bytes(hashing.digest())
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return "".join(letters[(digest >> (5 * place)) & 31] for place in range(PART_CHARACTERS))
