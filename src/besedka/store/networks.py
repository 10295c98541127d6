"""Which banned networks an address lies in."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network


def network(address: str) -> str:
    """An address or network in its one written form: a network of one address is that address.

    Raises ValueError (without repeating the text) for what is neither.
    """
    host, slash, prefix = address.partition("/")
    plain = _plain(host)
    if plain is None:
        raise ValueError("neither an IP address nor a network")
    try:
        return _written(ip_network(f"{plain}{slash}{prefix}", strict=False))
    except ValueError:
        raise ValueError("neither an IP address nor a network") from None


def enclosing(address: str) -> list[str]:
    """Every network the address lies in, as `network` writes them; none for what is no IP address.

    There are at most 129, so looking each up costs the same however many bans there are.
    """
    plain = _plain(address)
    if plain is None:
        return []
    whole, bits, make = int(plain), plain.max_prefixlen, type(plain)
    # By arithmetic: an `ip_network` of each would be most of what letting somebody in takes.
    networks = [f"{make(whole >> left << left)}/{bits - left}" for left in range(bits, 0, -1)]
    return [*networks, str(plain)]


def _written(one: IPv4Network | IPv6Network) -> str:
    return str(one.network_address if one.prefixlen == one.max_prefixlen else one)


def _plain(address: str) -> IPv4Address | IPv6Address | None:
    """Without a zone, and an IPv4 address written as IPv6 as what it is."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed
