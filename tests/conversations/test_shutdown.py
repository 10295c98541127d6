"""Ending: however it is told to, and however full the sockets are, the server ends in order."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from besedka.chat.entries import RoomId
from besedka.chat.requests import History, Say
from besedka.chat.told import Farewell, Kept, Parting
from native_peer import NativePeer, new_id
from server import Server

LOBBY = RoomId(2)
PASSWORD = "correct horse"


@pytest.fixture
def server(used: Path) -> Iterator[Server]:
    server = Server(used)
    server.add("ann", PASSWORD)
    with server.start():
        yield server


WAYS: dict[str, Callable[[Server], object]] = {
    "SIGTERM": lambda server: server.send(signal.SIGTERM),
    "SIGINT": lambda server: server.send(signal.SIGINT),
    "console": lambda server: server.type_line("shutdown"),
    "ctl": lambda server: server.ctl("shutdown"),
}


@pytest.mark.parametrize("way", WAYS)
def test_told_to_end_it_says_goodbye_and_leaves_nothing_behind(server: Server, way: str) -> None:
    with NativePeer(server.port) as peer:
        peer.login("ann", PASSWORD)
        asked = new_id()
        peer.ask(Say(id=asked, room=LOBBY, text="last words"))
        peer.wait(lambda unit: isinstance(unit, Kept))
        WAYS[way](server)
        assert peer.wait(lambda unit: isinstance(unit, Farewell)).parting is Parting.SHUTDOWN
        assert peer.next_unit() is None
    assert server.wait() == 0
    left = {path.name for path in server.data.iterdir()}
    assert not left & {"server.port", "control.sock"}
    assert not [name for name in left if name.endswith("-wal")], "the log was folded into the file"
    assert any(line.startswith("stopp") for line in server.log())


def test_a_full_socket_does_not_hold_up_the_end(server: Server) -> None:
    with NativePeer(server.port, receive_bytes=4096) as peer:
        peer.login("ann", PASSWORD)
        peer.ask(*[Say(id=new_id(), room=LOBBY, text="x" * 4000) for _ in range(50)])
        peer.wait(lambda unit: isinstance(unit, Kept))
        peer.patience(seconds=0.3)
        while not peer.closed:  # Ask for more than it takes, until nothing more is read of what it asks.
            peer.ask(*[History(id=new_id(), room=LOBBY, limit=200) for _ in range(100)])
        server.send(signal.SIGTERM)
        began = time.monotonic()
        assert server.wait() == 0
        assert time.monotonic() - began < 5.0, "it waited for somebody who never reads"
