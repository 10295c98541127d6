"""An IRC client on a WebSocket, for tests: blocking, over a loopback socket, every wait bounded."""

from __future__ import annotations

import itertools
import socket
from types import TracebackType
from typing import Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Request, TextMessage

from waiting import SECONDS_MAX

_tokens = itertools.count(1)


class WebPeer:
    """One connection, which has agreed on `text.ircv3.net`."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX)
        self._web = WSConnection(ConnectionType.CLIENT)
        request = Request(host=f"127.0.0.1:{port}", target="/irc", subprotocols=["text.ircv3.net"])
        self._socket.sendall(self._web.send(request))
        self._lines: list[str] = []
        self.ended: int | None = None
        """The status code of the server's farewell."""
        self.accepted = ""
        """The subprotocol."""

    def write(self, *lines: str) -> None:
        """A message each."""
        self._socket.sendall(b"".join(self._web.send(TextMessage(line)) for line in lines))

    def hear(self) -> None:
        """Whatever comes next."""
        self._web.receive_data(self._socket.recv(65_536) or None)
        for event in self._web.events():
            if isinstance(event, TextMessage):
                self._lines.append(event.data)
            elif isinstance(event, AcceptConnection):
                self.accepted = event.subprotocol or ""
            elif isinstance(event, CloseConnection):
                self.ended = event.code

    def read(self) -> list[str]:
        """Every line up to now, as `IrcPeer` has it."""
        token = f"web-{next(_tokens)}"
        self.write(f"PING {token}")
        while not self._lines or not self._lines[-1].endswith(f" {token}"):
            self.hear()
        lines, self._lines = self._lines[:-1], []
        return lines

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
