"""What an operator does to people who are there, on a real server with real sessions."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from besedka.chat.requests import Join, Redact, Say
from besedka.chat.told import Kept
from command import in_process
from native_peer import NativePeer, new_id
from server import Server
from waiting import SECONDS_MAX, block_until

PASSWORD = "correct horse"


class Nc:
    """Somebody on plain text."""

    def __init__(self, port: int, name: str, *, host: str = "127.0.0.1", password: str = PASSWORD) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS_MAX, source_address=(host, 0))
        self.heard = ""
        self.write(name)
        self.hear("Password:")
        self.write(password)

    def write(self, line: str) -> None:
        self.socket.sendall(line.encode() + b"\n")

    def hear(self, words: str) -> None:
        """Read until this is said."""
        while words not in self.heard:
            more = self.socket.recv(4096).decode()
            assert more, f"the connection ended after {self.heard!r}"
            self.heard += more

    def hear_the_end(self) -> str:
        """Read until the connection ends."""
        while more := self.socket.recv(4096).decode():
            self.heard += more
        return self.heard


@pytest.fixture
def server(used: Path) -> Iterator[Server]:
    with Server(used) as server:
        for name in ("ann", "bob"):
            server.add(name, PASSWORD)
        yield server


def _arrived(stack: ExitStack, port: int, name: str) -> Nc:
    one = Nc(port, name)
    stack.enter_context(one.socket)
    one.hear(f"Hello, {name}")
    return one


@pytest.fixture
def talk(server: Server) -> Iterator[tuple[Nc, Nc]]:
    with ExitStack() as stack:
        ann, bob = [_arrived(stack, server.port, name) for name in ("ann", "bob")]
        bob.write("hi")
        ann.hear("bob: hi")
        yield ann, bob


def test_the_operator_sees_who_is_there_and_is_heard(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, bob = talk
    rows = server.ctl("who").stdout.splitlines()[1:]
    assert [row.split()[:4] for row in rows] == [
        ["ann", "user", "127.0.0.1", "text"],
        ["bob", "user", "127.0.0.1", "text"],
    ]
    assert server.ctl("say", "dinner", "is ready").returncode == 0
    for one in (ann, bob):
        one.hear("dinner is ready")
    assert re.search(r"^lobby +public +the server +2 +2 ", server.ctl("rooms").stdout, re.MULTILINE)
    assert "2 sessions of 2 people" in server.ctl("status").stdout
    assert re.search(r"^ann .* 127\.0\.0\.1$", server.ctl("users").stdout, re.MULTILINE)


def test_somebody_kicked_is_told_and_may_come_back(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, _bob = talk
    assert server.ctl("kick", "ann").stdout == "ann is kicked (1 session).\n"
    assert "An administrator ended this session." in ann.hear_the_end()
    again = Nc(server.port, "ann")
    with again.socket:
        again.hear("Hello, ann")


def test_somebody_banned_is_told_and_may_not_come_back_until_unbanned(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, _bob = talk
    assert server.ctl("ban", "ann").returncode == 0
    assert "You are banned from this server." in ann.hear_the_end()
    again = Nc(server.port, "ann")
    with again.socket:
        again.hear("You are banned from this server.")
    assert server.ctl("unban", "ann").returncode == 0
    again = Nc(server.port, "ann")
    with again.socket:
        again.hear("Hello, ann")


def test_a_banned_network_is_out_and_the_others_stay(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, bob = talk
    far = Nc(server.port, "bob", host="127.0.0.9")
    with far.socket:
        far.hear("Hello, bob")
        assert "(1 session ended)" in server.ctl("ban", "127.0.0.8/30").stdout
        assert "You are banned" in far.hear_the_end()
    ann.write("still here")
    bob.hear("ann: still here")


def test_somebody_muted_is_not_heard_until_unmuted(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, bob = talk
    assert server.ctl("mute", "ann").returncode == 0
    ann.write("can you hear me")
    ann.hear("You are muted on this server.")
    assert server.ctl("unmute", "ann").returncode == 0
    ann.write("and now")
    bob.hear("ann: and now")
    assert "can you hear me" not in bob.heard


def test_a_new_password_ends_the_sessions_of_the_old_one(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, _bob = talk
    done = in_process("user", "passwd", "ann", "--password-stdin", "--data", server.data, typed="battery staple\n")
    assert done.returncode == 0
    assert "This session was ended" in ann.hear_the_end()
    again = Nc(server.port, "ann")
    with again.socket:
        again.hear("Wrong name or password.")


def test_a_guest_and_an_account_never_bear_one_name(used: Path, tmp_path: Path) -> None:
    config = tmp_path / "besedka.toml"
    config.write_text("[accounts]\nguests = true\n")
    add = ("user", "add", "EVE", "--password-stdin", "--data", used)
    with Server(used, arguments=("--config", str(config))) as server:
        guest = Nc(server.port, "eve", password="")
        with guest.socket:
            guest.hear("Hello, eve")
            assert in_process(*add, typed=PASSWORD).returncode == 0
            guest.hear("-- eve is now called guest-")
            assert re.search(r"^guest-\d+ +guest", server.ctl("who").stdout, re.MULTILINE)
            account = Nc(server.port, "eve")
            with account.socket:
                account.hear("Hello, EVE")


def test_somebody_removed_is_gone_and_leaves_the_rooms(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, bob = talk
    assert in_process("user", "remove", "ann", "--data", server.data).returncode == 0
    assert "This session was ended" in ann.hear_the_end()
    bob.hear("ann")
    assert re.search(r"^lobby +public +the server +1 ", server.ctl("rooms").stdout, re.MULTILINE)
    assert "ann" not in server.ctl("users").stdout


def test_somebody_removed_without_a_server_leaves_the_rooms_at_the_next_start(
    server: Server, talk: tuple[Nc, Nc]
) -> None:
    assert server.stop() == 0
    assert in_process("user", "remove", "ann", "--data", server.data).returncode == 0
    server.start()
    block_until(lambda: re.search(r"^lobby +public +the server +1 ", server.ctl("rooms").stdout, re.MULTILINE))


def test_an_owner_removed_without_a_server_passes_rooms_on_and_the_operator_may_as_well(server: Server) -> None:
    server.add("eve", PASSWORD)
    with NativePeer(server.port) as ann, NativePeer(server.port) as bob:
        for peer, name in ((ann, "ann"), (bob, "bob")):
            peer.login(name, PASSWORD)
            peer.ask(Join(id=new_id(), name="tea"))
            peer.wait(lambda unit: isinstance(unit, Kept))
    assert re.search(r"^tea +public +ann +2 ", server.ctl("rooms").stdout, re.MULTILINE)
    assert server.stop() == 0
    assert in_process("user", "remove", "ann", "--data", server.data).returncode == 0
    server.start()
    block_until(lambda: re.search(r"^tea +public +bob +1 ", server.ctl("rooms").stdout, re.MULTILINE))
    assert server.ctl("owner", "tea", "eve").stderr == "They are not in that room.\n"
    with NativePeer(server.port) as eve:
        eve.login("eve", PASSWORD)
        eve.ask(Join(id=new_id(), name="tea"))
        eve.wait(lambda unit: isinstance(unit, Kept))
        assert server.ctl("owner", "#tea", "EVE").stdout == "eve owns #tea.\n"
    acts = [row.split()[2:] for row in server.ctl("audit").stdout.splitlines()[1:]]
    assert acts == [
        ["operator", "remove", "ann", "-", "-", "-"],
        ["server", "kick", "ann", "lobby", "-", "-"],
        ["server", "roles", "bob:", "owner", "tea", "-", "-"],
        ["server", "kick", "ann", "tea", "-", "-"],
        ["server", "roles", "eve:", "owner", "tea", "-", "-"],
    ]


def test_what_was_taken_back_is_scrubbed_at_once_where_the_operator_says_so(server: Server) -> None:
    with NativePeer(server.port) as ann:
        ann.login("ann", PASSWORD)
        ann.ask(Join(id=new_id(), name="tea"))
        room = ann.wait(lambda unit: isinstance(unit, Kept)).room
        ann.ask(Say(id=new_id(), room=room, text="the eagle has landed"))
        number = ann.wait(lambda unit: isinstance(unit, Kept)).number
        assert _in_files(server, b"eagle")
        ann.ask(Redact(id=new_id(), room=room, number=number))
        ann.wait(lambda unit: isinstance(unit, Kept))
        assert _in_files(server, b"eagle"), "it is in the write-ahead log still"
        block_until(lambda: server.ctl("scrub").returncode == 0)
        assert not _in_files(server, b"eagle")


def _in_files(server: Server, words: bytes) -> bool:
    return any(words in path.read_bytes() for path in server.data.glob("messages.db*"))


def test_nothing_of_the_talk_is_in_the_log(server: Server, talk: tuple[Nc, Nc]) -> None:
    ann, bob = talk
    ann.write("the eagle has landed")
    bob.hear("eagle")
    assert server.ctl("say", "the eagle").returncode == 0
    assert server.stop() == 0
    text = (server.data / "server.log").read_text()
    assert "eagle" not in text
    assert PASSWORD not in text
    assert "logged in name=ann" in text
