"""An IRC client for tests: blocking, over a plain loopback socket, every wait bounded."""

from __future__ import annotations

import base64
import itertools
import socket
from types import TracebackType
from typing import Self

from waiting import SECONDS_MAX

_tokens = itertools.count(1)


class IrcPeer:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._held = b""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)

    def write(self, *lines: str) -> None:
        """Lines in one piece."""
        self._socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def line(self) -> str | None:
        """The next line; None when the server has ended the connection."""
        while b"\r\n" not in self._held:
            data = self._socket.recv(65_536)
            if not data:
                return None
            self._held += data
        line, _, self._held = self._held.partition(b"\r\n")
        return line.decode()

    def read(self) -> list[str]:
        """Every line up to now: what was asked is answered, and told to everybody, by then."""
        token = f"token-{next(_tokens)}"
        self.write(f"PING {token}")
        lines: list[str] = []
        while (line := self.line()) is not None and not line.endswith(f" {token}"):
            if line.startswith("PING "):
                self.write("PONG " + line.removeprefix("PING "))
            else:
                lines.append(line)
        return lines

    def log_in(self, name: str, password: str, *capabilities: str) -> list[str]:
        """Register with SASL PLAIN."""
        secret = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        wanted = " ".join(["sasl", *capabilities])
        self.write("CAP LS 302", f"CAP REQ :{wanted}", f"NICK {name}", f"USER {name} 0 * :{name.title()}")
        self.write("AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}", "CAP END")
        return self.read()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
