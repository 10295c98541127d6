"""People at WeeChat, irssi, `nc` and `besedka chat` in one room, and what each of them sees on the screen."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from clients.screens import Screen, irssi, netcat, weechat
from server import BESEDKA, Server

pytestmark = pytest.mark.clients

PASSWORD: Final = "correct horse"
CHANNEL: Final = "#lobby"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with socket.socket() as probe:  # A port that the next server to look for one will not take in the meantime.
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = Server(tmp_path / "data", arguments=["--no-console", "--port", str(port)])
    for name in ("ann", "bob", "cat", "dan"):
        running.add(name, PASSWORD, *(["--admin"] if name == "dan" else []))
    with running:
        yield running


class Company:
    """Four people, each at a program of another kind."""

    def __init__(self, stack: ExitStack, server: Server, directory: Path) -> None:
        # The oldest way in first: it makes the lobby, and the others find somebody there.
        self.cat = stack.enter_context(netcat(server.port))
        self.cat.sees("Name:")
        self.cat.types("cat", PASSWORD)
        self.cat.sees("[lobby] -- cat joined")
        self.ann = stack.enter_context(
            weechat(directory / "weechat", server.port, name="ann", password=PASSWORD, channel=CHANNEL)
        )
        self.bob = stack.enter_context(
            irssi(directory / "irssi", server.port, name="bob", password=PASSWORD, channel=CHANNEL)
        )
        self.dan = stack.enter_context(_chat(directory / "state", server.port))
        self.dan.sees("Name")
        self.dan.types("dan")
        self.dan.sees("Password")
        self.dan.types(PASSWORD)
        self.dan.sees("lobby>")
        self.ann.sees("3.  #lobby")
        self.ann.types("/buffer #lobby")
        self.ann.sees("ann [ann] (ann of WeeChat)", "has joined #lobby")
        self.bob.sees("Act: 2")
        self.bob.presses("M-2")
        self.bob.sees("[#lobby]", "bob")

    def hear(self, name: str, text: str) -> None:
        """Everybody sees what somebody said, in the way of their own program."""
        self.ann.sees(f"{name} | {text}")
        self.bob.sees(f"< {name}> {text}")
        self.cat.sees(text if name == "cat" else f"[lobby] {name}: {text}")
        self.dan.sees(f"{name}: {text}")


def _chat(state: Path, port: int) -> Screen:
    environment = {"TERM": "screen", "XDG_STATE_HOME": str(state), "HOME": str(state)}
    return Screen([*BESEDKA, "chat", "127.0.0.1", str(port)], environment=environment)


def test_four_programs_talk_in_one_room_and_read_on_after_a_crash(server: Server, tmp_path: Path) -> None:
    with ExitStack() as stack:
        company = Company(stack, server, tmp_path)
        for name in ("ann", "bob", "cat", "dan"):
            getattr(company, name).types(f"hello from {name}")
            company.hear(name, f"hello from {name}")
        company.ann.types("/me waves")
        company.bob.sees("* ann waves")
        company.cat.sees("[lobby] * ann waves")
        server.kill()
        company.ann.sees("irc: disconnected from server")
        server.start()
        company.cat = stack.enter_context(netcat(server.port))
        company.cat.types("cat", PASSWORD)
        company.cat.sees("[lobby] dan: hello from dan", "[lobby] * ann waves")
        for screen, sign in (
            (company.ann, "[ann]"),
            (company.bob, "Join to #lobby was synced"),
            (company.dan, "lobby>"),
        ):
            screen.sees(sign)
        company.dan.types("is everybody back?")
        company.hear("dan", "is everybody back?")
        for name in ("ann", "bob", "cat"):
            getattr(company, name).types(f"{name} is back")
            company.hear(name, f"{name} is back")


def test_who_is_put_out_sees_it_and_may_come_again(server: Server, tmp_path: Path) -> None:
    with ExitStack() as stack:
        company = Company(stack, server, tmp_path)
        company.dan.types("/kick ann tea is over")
        company.ann.sees("dan has kicked ann (tea is over)")
        company.bob.sees("ann was kicked from #lobby by dan [tea is over]")
        company.ann.types("/join #lobby")
        company.bob.sees("ann [~ann@")
        company.ann.types("I am here again")
        company.hear("ann", "I am here again")
        company.dan.types("/kick bob you too")
        company.bob.sees("bob was kicked from #lobby by dan [you too]")
