"""The PROXY protocol, cut anywhere, good and bad."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.net.proxy import Header, NoHeader, read

BYTES_MAX = 4096
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def told(data: bytes) -> Header | NoHeader:
    return read(data, bytes_max=BYTES_MAX)


def version_2(command: int, family: int, block: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(block)) + block


def tcp_4(source: str, tlv: bytes = b"") -> bytes:
    return ipaddress.IPv4Address(source).packed + bytes([10, 0, 0, 1]) + struct.pack("!HH", 5, 9090) + tlv


def tlv(kind: int, value: bytes) -> bytes:
    return struct.pack("!BH", kind, len(value)) + value


SSL_YES = tlv(0x20, b"\x01\x00\x00\x00\x00")
SSL_NO = tlv(0x20, b"\x00\x00\x00\x00\x00")

GOOD: list[tuple[bytes, str | None, bool]] = [
    (b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 9090\r\n", "192.0.2.7", False),
    (b"PROXY TCP6 2001:DB8::7 ::1 0 65535\r\n", "2001:db8::7", False),
    (b"PROXY UNKNOWN\r\n", None, False),
    (b"PROXY UNKNOWN ffff::1 whatever 1 2\r\n", None, False),
    (version_2(0x21, 0x11, tcp_4("192.0.2.7")), "192.0.2.7", False),
    (version_2(0x21, 0x11, tcp_4("192.0.2.7", tlv(0x01, b"h2") + SSL_YES)), "192.0.2.7", True),
    (version_2(0x21, 0x11, tcp_4("192.0.2.7", SSL_NO)), "192.0.2.7", False),
    (version_2(0x21, 0x21, ipaddress.IPv6Address("2001:db8::7").packed + bytes(16 + 4)), "2001:db8::7", False),
    (version_2(0x20, 0x00, b""), None, False),
    (version_2(0x20, 0x11, tcp_4("192.0.2.7")), None, False),
    (version_2(0x21, 0x00, b"xyz"), None, False),
    (version_2(0x21, 0x31, bytes(216)), None, False),
]


@pytest.mark.parametrize(("data", "source", "encrypted"), GOOD)
def test_a_header_is_read(data: bytes, source: str | None, encrypted: bool) -> None:
    assert told(data) == Header(len(data), source, encrypted)


@pytest.mark.parametrize("data", [one for one, _source, _encrypted in GOOD])
def test_a_header_may_come_in_any_pieces_and_ends_where_it_ends(data: bytes) -> None:
    for size in range(1, len(data)):
        assert told(data[:size]) is NoHeader.MORE
    header = told(data + b"\x16\x03\x01")
    assert isinstance(header, Header)
    assert header.length == len(data)


@pytest.mark.parametrize(
    "data",
    [
        b"PROXY TCP4 192.0.2.7 10.0.0.1 56324\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.1 56324 9090 1\r\n",
        b"PROXY TCP4 2001:db8::7 10.0.0.1 56324 9090\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.256 56324 9090\r\n",
        b"PROXY TCP4 192.0.2.\xff 10.0.0.1 56324 9090\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.1 65536 9090\r\n",
        b"PROXY TCP4 192.0.2.7 10.0.0.1 +1 9090\r\n",
        b"PROXY TCP4  192.0.2.7 10.0.0.1 1 2\r\n",
        b"PROXY UDP4 192.0.2.7 10.0.0.1 1 2\r\n",
        b"PROXY " + b"x" * 101,
        version_2(0x11, 0x11, tcp_4("192.0.2.7")),
        version_2(0x22, 0x11, tcp_4("192.0.2.7")),
        version_2(0x21, 0x11, tcp_4("192.0.2.7")[:-1]),
        version_2(0x21, 0x11, tcp_4("192.0.2.7", b"\x20\x00")),
        version_2(0x21, 0x11, tcp_4("192.0.2.7", b"\x20\x00\x05\x01")),
        SIGNATURE + struct.pack("!BBH", 0x21, 0x11, BYTES_MAX),
    ],
)
def test_a_broken_header_is_told_from_none(data: bytes) -> None:
    assert told(data) is NoHeader.BROKEN


@pytest.mark.parametrize(
    "data", [b"\x16", b"\x00\x00", b"PASS x\r\n", b"PROPFIND /", b"PROXYx", b"ann\n", b"\r\n\r\nx"]
)
def test_other_bytes_are_left_alone(data: bytes) -> None:
    assert told(data) is NoHeader.OTHER


@given(
    st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 1.2.3.4 ", SIGNATURE, SIGNATURE + b"\x21\x11\x00\x10"]), st.binary()
)
def test_garbage_never_raises_and_any_cut_says_the_same(start: bytes, rest: bytes) -> None:
    data = start + rest
    verdicts = [told(data[:size]) for size in range(len(data) + 1)]
    decided = [verdict for verdict in verdicts if verdict is not NoHeader.MORE]
    assert len(set(decided)) <= 1
    assert verdicts == [NoHeader.MORE] * (len(verdicts) - len(decided)) + decided
