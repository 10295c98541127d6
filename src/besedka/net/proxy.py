"""The PROXY protocol, versions 1 and 2: what a trusted proxy says about whose connection it passes on.

A pure function of the bytes so far; it never asks for bytes beyond the header, so that what follows (a TLS hello)
is still on the socket for others. Source: HAProxy, doc/proxy-protocol.txt, sections 2.1 and 2.2.
"""

from __future__ import annotations

import ipaddress
import re
import struct
from enum import Enum

import msgspec


class NoHeader(Enum):
    """Why there is no header."""

    MORE = "more"
    """Everything so far belongs to a header that is not complete."""
    OTHER = "other"
    """The bytes are something else: the proxy passes on no header, or somebody behind its address talks to us."""
    BROKEN = "broken"
    """It begins like a header and is none."""


class Header(msgspec.Struct, frozen=True):
    """What the proxy said."""

    length: int
    """How many bytes the header takes; what follows is the peer's."""
    source: str | None
    """The peer's address; None where the proxy speaks for itself or does not know."""
    encrypted: bool = False
    """Whether the peer spoke TLS to the proxy (version 2 only)."""


_V1_SIGNATURE = b"PROXY "
_V1_BYTES_MAX = 107
"""Section 2.1: the longest line with its CRLF."""
_V1_PORT = re.compile(rb"(?:0|[1-9][0-9]{0,4})\Z")
_V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_V2_FIXED = struct.Struct("!12sBBH")
_V2_LOCAL = 0x20
_V2_PROXY = 0x21
_V2_ADDRESSES = {0x11: (4, 12), 0x21: (16, 36)}
"""TCP over IPv4 and IPv6: the bytes of one address, and of the whole block (two addresses, two ports)."""
_TLV_SSL = 0x20
_CLIENT_SSL = 0x01


def read(data: bytes | bytearray, *, bytes_max: int) -> Header | NoHeader:
    """The header that `data` begins with, or why there is none. `bytes_max` bounds version 2, which has no bound."""
    data = bytes(data)
    for signature, parse in ((_V1_SIGNATURE, _read_v1), (_V2_SIGNATURE, _read_v2)):
        if data.startswith(signature):
            return parse(data, bytes_max)
        if signature.startswith(data):
            return NoHeader.MORE
    return NoHeader.OTHER


def _read_v1(data: bytes, _bytes_max: int) -> Header | NoHeader:
    end = data.find(b"\r\n", 0, _V1_BYTES_MAX)
    if end < 0:
        return NoHeader.MORE if len(data) < _V1_BYTES_MAX else NoHeader.BROKEN
    words = data[len(_V1_SIGNATURE) : end].split(b" ")
    if words[0] == b"UNKNOWN":
        return Header(end + 2, None)
    if len(words) != 5 or words[0] not in (b"TCP4", b"TCP6"):
        return NoHeader.BROKEN
    addresses = [_address_v1(words[0], word) for word in words[1:3]]
    ports = [_V1_PORT.match(word) is not None and int(word) <= 65535 for word in words[3:]]
    if None in addresses or not all(ports):
        return NoHeader.BROKEN
    return Header(end + 2, addresses[0])


def _address_v1(family: bytes, word: bytes) -> str | None:
    try:
        kind = ipaddress.IPv4Address if family == b"TCP4" else ipaddress.IPv6Address
        return str(kind(word.decode("ascii")))
    except (UnicodeDecodeError, ValueError):
        return None


def _read_v2(data: bytes, bytes_max: int) -> Header | NoHeader:
    if len(data) < _V2_FIXED.size:
        return NoHeader.MORE
    _signature, command, family, rest = _V2_FIXED.unpack_from(data)
    length = _V2_FIXED.size + rest
    if command not in (_V2_LOCAL, _V2_PROXY) or length > bytes_max:
        return NoHeader.BROKEN
    if len(data) < length:
        return NoHeader.MORE
    if command == _V2_LOCAL or family not in _V2_ADDRESSES:
        return Header(length, None)
    address_bytes, block_bytes = _V2_ADDRESSES[family]
    if rest < block_bytes:
        return NoHeader.BROKEN
    source = ipaddress.ip_address(data[_V2_FIXED.size : _V2_FIXED.size + address_bytes])
    encrypted = _encrypted(data[_V2_FIXED.size + block_bytes : length])
    return NoHeader.BROKEN if encrypted is None else Header(length, str(source), encrypted)


def _encrypted(values: bytes) -> bool | None:
    """Whether the peer spoke TLS, by the type-length-values of section 2.2; None where they are broken."""
    encrypted = False
    while values:
        if len(values) < 3:
            return None
        kind, size = struct.unpack_from("!BH", values)
        value, values = values[3 : 3 + size], values[3 + size :]
        if len(value) < size:
            return None
        if kind == _TLV_SSL and value:
            encrypted = bool(value[0] & _CLIENT_SSL)
    return encrypted
