"""Who is at the other end, by its true address.

Whether a way is safe for secrets (P7) is settled here once for each connection:

- TLS that ends in this process is safe, whoever passed it on. (A proxy that encrypts towards us what reached it in
  the clear looks the same; whoever trusts such a proxy answers for it.)
- A true loopback is safe: the peer's own address is of this machine and is not that of a trusted proxy.
- Behind a trusted proxy on this machine, the way is safe where the proxy says that its peer spoke TLS to it (PROXY
  version 2), or that its peer is on this machine too. A proxy on another machine, or one that says nothing, makes
  nothing safe: everybody behind it looks like the proxy.
- The operator may allow the rest by name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from besedka.net.proxy import Header

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_address(text: str) -> _Address | None:
    """An address as text, an IPv4 address in IPv6's clothes (RFC 4291 §2.5.5.2) as IPv4, without a zone."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def true_address(text: str) -> str:
    """The address as everybody here writes it: of `::ffff:192.0.2.1` and `192.0.2.1` the latter."""
    address = parse_address(text)
    return text if address is None else str(address)


def is_loopback(text: str) -> bool:
    """Whether the address is of this machine alone."""
    address = parse_address(text)
    return address is not None and address.is_loopback


def is_within(text: str, networks: Sequence[Network]) -> bool:
    """Whether the address is in one of the networks."""
    address = parse_address(text)
    return address is not None and any(address in network for network in networks)


def neighbourhood(text: str) -> str:
    """What is counted as one address: an IPv6 host has a whole /64 to itself (RFC 6177 §2)."""
    address = parse_address(text)
    if isinstance(address, ipaddress.IPv6Address) and not address.is_loopback:
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return text


def is_safe(socket_address: str, *, trusted: bool, header: Header | None, tls: bool, allow_plaintext: bool) -> bool:
    """Whether a secret may travel this way; `trusted` is whether the socket's other end is a trusted proxy."""
    if tls or allow_plaintext:
        return True
    if not is_loopback(socket_address):
        return False
    if not trusted:
        return True
    if header is None or header.source is None:
        return False
    return header.encrypted or is_loopback(header.source)


def forwarded_address(values: Sequence[str], *, socket_address: str, networks: Sequence[Network]) -> str:
    """Whose request a trusted proxy passes on, by its X-Forwarded-For headers.

    Each proxy appends the address it was called from, so from the right every address is true up to and including
    the first that is not a trusted proxy's; what stands further left anybody may have written.
    """
    nearest = socket_address
    for text in reversed([part.strip() for value in values for part in value.split(",")]):
        if not is_within(nearest, networks):
            break
        address = parse_address(text)
        if address is None:
            break
        nearest = str(address)
    return nearest
