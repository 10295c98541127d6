"""Cutting a stream of bytes into whole messages.

Two ways of marking where a message ends are known here: a length before it (`FrameDecoder`, `encode_frame`) and a
line end after it (`LineDecoder`). Neither reads a socket, and neither raises because of what it was given: bytes go
in as they come, whole messages come out, and what cannot be a message comes out as a `Fault` in its place. However
the stream is cut, what comes out is the same.

    frames = FrameDecoder(bytes_max=4096)
    for message in frames.receive(data):
        if message is Fault.TOO_LONG or message is Fault.EMPTY:
            ...  # refuse, and close: nothing more will come out
        else:
            ...  # one whole message

A decoder holds on to less than one message beside what a single call brings: what is over the limit is refused from
its length alone (a frame), or as soon as the limit is passed (a line).
"""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final

FRAME_BYTES_CEILING: Final = (1 << 24) - 1
"""The longest frame that the protocol has: a longer one would not begin with 0x00, by which servers know frames."""

HEADER_BYTES: Final = 4
"""A length, big-endian, of what follows it."""

_HEADER = struct.Struct(">I")


class Fault(Enum):
    """Why some bytes are no message."""

    EMPTY = "empty"
    """A frame of length 0. Nothing after it can be trusted."""
    TOO_LONG = "too-long"
    """Over the limit. After a frame nothing more is understood; a line is passed over up to its end."""
    UNREADABLE = "unreadable"
    """A whole message that the protocol above the framing does not have; framing itself never says so."""


def encode_frame(message: bytes) -> bytes:
    """One message with its length before it. An empty or overlong one is the caller's mistake."""
    assert 0 < len(message) <= FRAME_BYTES_CEILING, "a frame that no decoder takes"
    return _HEADER.pack(len(message)) + message


class FrameDecoder:
    """Messages that each come after a 4-byte big-endian length, which must be from 1 to `bytes_max`."""

    __slots__ = ("_broken", "_bytes_max", "_held", "_wanted")

    def __init__(self, *, bytes_max: int) -> None:
        assert 0 < bytes_max <= FRAME_BYTES_CEILING
        self._bytes_max = bytes_max
        self._held = bytearray()
        """The beginning of a message: at most 4 + `bytes_max` bytes."""
        self._wanted = HEADER_BYTES
        """How many bytes must be held before there is anything new to look at."""
        self._broken = False

    def raise_limit(self, bytes_max: int) -> None:
        """Take longer messages from the next call of `receive` on. A limit is never lowered."""
        assert self._bytes_max <= bytes_max <= FRAME_BYTES_CEILING
        self._bytes_max = bytes_max

    def receive(self, data: bytes) -> list[bytes | Fault]:
        """The messages that are whole now, in order. A `Fault` is the last thing that ever comes out."""
        if self._broken:
            return []
        held = self._held
        if held:
            held += data
            if len(held) < self._wanted:
                return []
            data = bytes(held)
            held.clear()
        messages: list[bytes | Fault] = []
        start, size, bytes_max = 0, len(data), self._bytes_max
        while size - start >= HEADER_BYTES:
            (length,) = _HEADER.unpack_from(data, start)
            if not 0 < length <= bytes_max:
                self._broken = True
                messages.append(Fault.TOO_LONG if length else Fault.EMPTY)
                return messages
            end = start + HEADER_BYTES + length
            if end > size:
                self._wanted = end - start
                break
            messages.append(data[start + HEADER_BYTES : end])
            start = end
        else:
            self._wanted = HEADER_BYTES
        held += data[start:]
        return messages


class LineDecoder:
    """Messages that each end with LF, or CR LF; the limit is of the line without its end."""

    __slots__ = ("_bytes_max", "_held", "_skipping")

    def __init__(self, *, bytes_max: int) -> None:
        assert bytes_max > 0
        self._bytes_max = bytes_max
        self._held = bytearray()
        """The beginning of a line: at most `bytes_max` bytes and a CR."""
        self._skipping = False
        """The line that is coming has been refused already."""

    def raise_limit(self, bytes_max: int) -> None:
        """Take longer lines from the next call of `receive` on. A limit is never lowered."""
        assert self._bytes_max <= bytes_max
        self._bytes_max = bytes_max

    def receive(self, data: bytes) -> list[bytes | Fault]:
        """The lines that are whole now, in order and without their ends; `Fault.TOO_LONG` stands for one refused."""
        *ended, rest = data.split(b"\n")
        lines: list[bytes | Fault] = []
        if ended and (self._held or self._skipping):
            first = self._end(ended.pop(0))
            if first is not None:
                lines.append(first)
        lines += [self._bounded(piece.removesuffix(b"\r")) for piece in ended]
        if rest and not self._skipping and not self._hold(rest):
            lines.append(Fault.TOO_LONG)
        return lines

    def _end(self, piece: bytes) -> bytes | Fault | None:
        """What has come with the end of a line: the line, its refusal, or nothing if that was given already."""
        if self._skipping:
            self._skipping = False
            return None
        if self._held:
            piece = bytes(self._held) + piece
            self._held.clear()
        return self._bounded(piece.removesuffix(b"\r"))

    def _bounded(self, line: bytes) -> bytes | Fault:
        return line if len(line) <= self._bytes_max else Fault.TOO_LONG

    def _hold(self, rest: bytes) -> bool:
        """Keep the beginning of a line for later; False if it is too long already and will be passed over."""
        size = len(self._held) + len(rest)
        carriage_returns = 1 if (rest or self._held).endswith(b"\r") else 0  # Perhaps the first half of the line's end.
        if size - carriage_returns <= self._bytes_max:
            self._held += rest
            return True
        self._held.clear()
        self._skipping = True
        return False
