"""What a peer speaks, told from the first bytes it sends (DESIGN §5).

A pure function of the bytes so far: whatever it once says of some bytes it says of the same bytes with more after
them, so the way they were cut on their journey makes no difference.
"""

from __future__ import annotations

import re
from enum import Enum


class Speech(Enum):
    """What the first bytes are."""

    TLS = "tls"
    NATIVE = "native"
    HTTP = "http"
    IRC = "irc"
    TEXT = "text"
    HOST_LINE = "host-line"
    """A header of HTTP where a conversation should begin: a web page talks through somebody's browser."""
    ENDLESS_LINE = "endless-line"
    """More bytes without an end of line than a line may have."""


_TLS_HANDSHAKE = 0x16
"""The content type of a handshake record (RFC 8446 §5.1)."""
_FRAME = 0x00
"""The length of every frame is under 16 MiB, so its first byte is this one."""

_HTTP_METHOD = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH) ")
"""RFC 9110 §9 and RFC 5789. Methods are case-sensitive, so a text line `get well soon` is none."""
_HTTP_VERSION = re.compile(rb"HTTP/[0-9](?:\.[0-9])?\Z")
_IRC_COMMAND = re.compile(
    rb"(?:CAP|NICK|USER|PASS|QUIT|PING|AUTHENTICATE)(?P<parameters> .*)?\Z", re.IGNORECASE | re.DOTALL
)


def recognise(data: bytes | bytearray, *, prompted: bool, line_bytes_max: int) -> Speech | None:
    """What a peer speaks that has sent `data`, or None while that cannot be known.

    `prompted` is whether it was asked `Name:` before it said anything. Then a lone `nick` is the answer of somebody
    called so, and no command, which would have a parameter; `QUIT` needs none. At most `line_bytes_max` bytes are
    asked for.
    """
    if not data:
        return None
    if data[0] == _TLS_HANDSHAKE:
        return Speech.TLS
    if data[0] == _FRAME:
        return Speech.NATIVE
    if _HTTP_METHOD.match(data):
        return Speech.HTTP
    end = data.find(b"\n", 0, line_bytes_max)
    if end >= 0:
        return _recognise_line(bytes(data[:end]).removesuffix(b"\r"), prompted=prompted)
    return Speech.ENDLESS_LINE if len(data) >= line_bytes_max else None


def _recognise_line(line: bytes, *, prompted: bool) -> Speech:
    if _HTTP_VERSION.search(line.rstrip()):
        return Speech.HTTP
    if line[:5].lower() == b"host:":
        return Speech.HOST_LINE
    if line[:1] in (b"@", b":"):
        return Speech.IRC
    command = _IRC_COMMAND.match(line)
    if command and (command["parameters"] or not prompted or line.upper() == b"QUIT"):
        return Speech.IRC
    return Speech.TEXT
