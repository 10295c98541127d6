"""A bot of a library that other people wrote: it connects over TLS, logs in by SASL, joins, answers, and is put out."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from irc_peer import IrcPeer
from server import Server
from waiting import block_until

pytestmark = pytest.mark.clients

PASSWORD: Final = "correct horse"


class Bot:
    """Says back what is said to it by name. The library is there only where these tests are run, and has no types."""

    def __init__(self, port: int) -> None:
        import irc.client
        import irc.connection

        self.happened: list[str] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._reactor: Any = irc.client.Reactor()
        self._reactor.add_global_handler("all_events", self._note)
        factory = irc.connection.Factory(wrapper=partial(context.wrap_socket, server_hostname="localhost"))
        self._connection: Any = self._reactor.server()
        self._connection.connect(
            "127.0.0.1", port, "echo", password=PASSWORD, sasl_login="echo", connect_factory=factory
        )

    def lives_until(self, holds: Callable[[], bool]) -> None:
        """Hear and answer until something holds."""

        def lived() -> bool:
            self._reactor.process_once(timeout=0.01)
            return holds()

        block_until(lived)

    def close(self) -> None:
        """Leave."""
        self._connection.disconnect("done")

    def _note(self, connection: Any, event: Any) -> None:
        self.happened.append(" ".join([event.type, *event.arguments]))
        if event.type == "welcome":
            connection.join("#lobby")
        elif event.type == "pubmsg" and event.arguments[0].startswith("echo: "):
            connection.privmsg(event.target, event.arguments[0].removeprefix("echo: "))


@pytest.mark.filterwarnings("default")  # What the library does is its own affair.
def test_a_bot_answers_and_is_put_out(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", arguments=["--no-console"])
    server.add("ann", PASSWORD, "--admin")
    server.add("echo", PASSWORD)
    with server, IrcPeer(server.port) as ann:
        ann.log_in("ann", PASSWORD)
        ann.write("JOIN #lobby")
        ann.read()
        bot = Bot(server.port)
        heard: list[str] = []

        def reads(end: str) -> bool:
            heard.extend(ann.read())
            return any(line.endswith(end) for line in heard)

        bot.lives_until(lambda: "endofnames #lobby End of /NAMES list" in bot.happened)
        assert any("SASL authentication successful" in one for one in bot.happened)
        ann.write("PRIVMSG #lobby :echo: Polly wants a cracker")
        bot.lives_until(lambda: reads("PRIVMSG #lobby :Polly wants a cracker"))
        ann.write("KICK #lobby echo :enough")
        bot.lives_until(lambda: "kick echo enough" in bot.happened)
        bot.close()
