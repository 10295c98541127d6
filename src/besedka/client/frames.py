"""Interim: the client's end of the native protocol, until wire.native is there."""

from __future__ import annotations

import msgspec

from besedka.chat.requests import Request
from besedka.chat.told import AnyUnit, Unit
from besedka.limits import Limits


class Fault(msgspec.Struct, frozen=True):
    why: str


class NativeClient:
    def __init__(self, limits: Limits) -> None:
        self._buffer = bytearray()
        self._decoder = msgspec.json.Decoder(AnyUnit)

    def ask(self, request: Request) -> bytes:
        body = msgspec.json.encode(request)
        return len(body).to_bytes(4, "big") + body

    def receive(self, data: bytes) -> list[Unit | Fault]:
        self._buffer += data
        units: list[Unit | Fault] = []
        while len(self._buffer) >= 4:
            size = int.from_bytes(self._buffer[:4], "big")
            if len(self._buffer) < 4 + size:
                break
            units.append(self._decoder.decode(bytes(self._buffer[4 : 4 + size])))
            del self._buffer[: 4 + size]
        return units
