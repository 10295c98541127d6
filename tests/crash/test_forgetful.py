"""The power is cut while a server forgets: no floor sinks below what was told, and nothing above it is lost."""

from __future__ import annotations

import random
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from crash.disk import Disk
from crash.forgetful import CONFIGURATION, KEPT, PASSWORD, Lobby, Witness, faults_of
from crash.lives import LAUNCHER
from server import Server
from waiting import block_until

DEEDS = 300, 1500
"""So many writes and syncs of the disk, before one of them is cut in the middle; a start makes some hundred."""

ROUNDS = 25

MESSAGES = 10_000
"""More than are said until then."""

POINTS = ("before-floor:2", "after-floor:2", "before-pruning:2", "after-pruning:2")


class Life:
    """A data directory on a disk that forgets, and one person of its server."""

    def __init__(self, tmp_path: Path, disk: Disk, *, seed: int) -> None:
        self._disk = disk
        self._scratch = tmp_path / "scratch"
        self._config = tmp_path / "besedka.toml"
        self._config.write_text(CONFIGURATION)
        self.dice = random.Random(seed)
        self.witness = Witness("ann")
        self._server({}).add("ann", PASSWORD)

    def _server(self, environment: Mapping[str, str]) -> Server:
        arguments = ("--config", str(self._config), "--no-console")
        return Server(self._disk.data, arguments=arguments, environment=environment, program=LAUNCHER)

    def round(self, *, dies_at: int = 0, weakness: Mapping[str, str] | None = None, torn: bool = True) -> Sequence[str]:
        """Talk until the server is dead, cut its power, and what is wrong after that.

        Where it may be `torn`, half of the cuts leave some of the sectors that were not synced.
        """
        server = self._server({**self._disk.start(dies_at=dies_at), **(weakness or {})})
        server.begin()
        with server:
            if server.wait_listening():
                self.witness.talk(server.port, messages=MESSAGES)
            assert server.wait() == -signal.SIGKILL, server.errors
        self._disk.cut_power(dice=self.dice if torn and self.dice.random() < 0.5 else None)
        return faults_of(self.lobby(), self.witness)

    def lobby(self) -> Lobby:
        """As it lies there."""
        return Lobby(self._disk.data, self._scratch)

    def end(self) -> Sequence[str]:
        """One more start, which finishes what was begun, and goes on."""
        with self._server({}).start() as server:
            self.witness.talk(server.port, messages=KEPT)
            block_until(lambda: self.lobby().first == self.lobby().floor and self._is_little(self.lobby()))
            assert server.stop() == 0
        return faults_of(self.lobby(), self.witness)

    @staticmethod
    def _is_little(lobby: Lobby) -> bool:
        return lobby.messages - lobby.pruned == KEPT


@pytest.mark.slow
def test_power_cuts_while_forgetting(tmp_path: Path, disk: Disk) -> None:
    life = Life(tmp_path, disk, seed=ROUNDS)
    for number in range(ROUNDS):
        assert not life.round(dies_at=life.dice.randint(*DEEDS)), f"round {number}"
    assert life.witness.floor > 1
    assert not life.end()


@pytest.mark.slow
def test_power_cuts_between_the_steps_of_forgetting(tmp_path: Path, disk: Disk) -> None:
    life = Life(tmp_path, disk, seed=1)
    for point in POINTS:
        assert not life.round(weakness={"BESEDKA_CRASH_AT": point}), point
    assert life.witness.floor > 1
    assert not life.end()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("weakness", "found"),
    [
        ({"BESEDKA_SYNCHRONOUS": "OFF", "BESEDKA_CRASH_AT": "after-pruning:20"}, "sunk"),
        ({"BESEDKA_SYNCHRONOUS": "NORMAL", "BESEDKA_CRASH_AT": "after-pruning:20"}, "sunk"),
        ({"BESEDKA_BUG": "floor-in-memory", "BESEDKA_CRASH_AT": "after-pruning:20"}, "sunk"),
        ({"BESEDKA_BUG": "forget-first", "BESEDKA_CRASH_AT": "before-floor:20"}, "lost"),
        ({"BESEDKA_BUG": "forget-one-more", "BESEDKA_CRASH_AT": "before-pruning:20"}, "lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value.values()),
)
def test_a_server_that_forgets_wrongly_is_caught(
    tmp_path: Path, disk: Disk, weakness: Mapping[str, str], found: str
) -> None:
    life = Life(tmp_path, disk, seed=1)
    assert not life.round(dies_at=DEEDS[1])
    faults = life.round(weakness=weakness, torn=False)
    assert any(fault.startswith(found) for fault in faults), faults
