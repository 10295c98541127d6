"""Somebody has written down what is known of them, is removed, and comes back under their name as somebody else."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from besedka.chat.entries import Message
from besedka.chat.requests import History, Login, Register, Sync
from besedka.chat.told import Page, RoomTold, Unit, You
from native_peer import NativePeer, new_id
from server import Server, besedka

PASSWORD = "correct horse"


@pytest.fixture
def server(used: Path, tmp_path: Path) -> Iterator[Server]:
    """Where names are free again at once."""
    config = tmp_path / "besedka.toml"
    config.write_text("[limits]\nremoved_name_days = 0\n")
    server = Server(used, arguments=["--no-console", "--config", str(config)])
    for name in ("ann", "bob"):
        server.add(name, PASSWORD)
    with server.start():
        yield server


def says(server: Server, tmp_path: Path, name: str, *lines: str) -> str:
    """Somebody with the line client types this and leaves; what stands on the screen then."""
    typed = "\n".join((PASSWORD, *lines, ""))
    state = {"BESEDKA_STATE": str(tmp_path / f"state of {name}")}
    done = besedka("chat", "127.0.0.1", str(server.port), "--name", name, typed=typed, environment=state)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return done.stdout + done.stderr


def lobby(server: Server, name: str) -> list[tuple[str, str]]:
    """What was said there, as somebody reads it."""
    with NativePeer(server.port) as peer:
        peer.hello()
        peer.ask(Login(id=new_id(), name=name, password=PASSWORD), Sync(id=new_id()))
        room = next(unit.room for unit in units(peer) if isinstance(unit, RoomTold) and unit.room_name == "lobby")
        peer.ask(History(id=new_id(), room=room, limit=50))
        page = next(unit for unit in units(peer) if isinstance(unit, Page))
    return [(entry.name, entry.body.text) for entry in page.entries if isinstance(entry.body, Message)]


def units(peer: NativePeer) -> Iterator[Unit]:
    while (unit := peer.next_unit()) is not None:
        yield unit


@pytest.mark.parametrize(("by_oneself", "redact"), [(False, False), (False, True), (True, True)])
def test_what_is_known_is_told_and_then_forgotten(
    server: Server, tmp_path: Path, by_oneself: bool, redact: bool
) -> None:
    mine, theirs = tmp_path / "mine.json", tmp_path / "theirs.json"
    says(server, tmp_path, "bob", "b 1")
    says(server, tmp_path, "ann", "a 1", f"/export {mine}")
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600
    done = besedka("user", "export", "ann", "-o", str(theirs), "--data", str(server.data))
    assert done.returncode == 0, done.stderr
    own, others = json.loads(mine.read_text()), json.loads(theirs.read_text())
    assert own["account"]["name"] == "ann"
    assert [one["body"]["text"] for one in own["written"] if one["body"]["kind"] == "message"] == ["a 1"]
    assert (own["written"], own["rooms"]) == (others["written"], others["rooms"])
    assert "b 1" not in mine.read_text()

    if by_oneself:
        assert "for ever" in says(server, tmp_path, "ann", "/remove-account")
        shown = says(server, tmp_path, "ann", "/remove-account ann redact", PASSWORD)
        assert "your account is removed" in shown
    else:
        options = ["--redact"] if redact else []
        done = besedka("user", "remove", "ann", *options, "--data", str(server.data))
        assert (done.returncode, done.stdout) == (0, "ann is removed.\n")
    tombstone = f"removed-{own['account']['id']}"
    assert lobby(server, "bob") == [("bob", "b 1"), (tombstone, "" if redact else "a 1")]
    with NativePeer(server.port) as peer:
        peer.hello()
        peer.ask(Register(id=new_id(), name="ann", password=PASSWORD))
        you = next(unit for unit in units(peer) if isinstance(unit, You))
    assert you.principal > own["account"]["id"]
