"""A real server is killed again and again while people talk: nothing promised is lost, doubled or reordered."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import pytest

from crash.disk import Disk
from crash.lives import Life

ROUNDS = int(os.environ.get("BESEDKA_CRASH_ROUNDS", "3"))
"""Kills in one test; `make crash ROUNDS=n` sets it."""

MANY = 40
"""In CI: some hit the log being folded into the file, some a start."""

LIFE_ROUNDS = 25
"""Kills of one data directory; then a new one begins, so that judging it stays quick."""


async def live(directory: Path, rounds: int, *, shim: Path | None) -> None:
    """So many kills, each judged, and an orderly end of each data directory. With the shim, of its power too."""
    while rounds > 0:
        home = directory / str(rounds)
        home.mkdir()
        disk = None if shim is None else Disk(home / "data", home / "disk", shim=shim)
        life = Life(home, seed=secrets.randbits(32), disk=disk, mixed=True)
        for number in range(min(rounds, LIFE_ROUNDS)):
            assert not await life.round(), f"round {number} of seed {life.seed}"
        assert life.receipts > 0
        assert not await life.end(), f"the end of seed {life.seed}"
        log = (life.data / "server.log").read_text()
        assert all(f"way={way}\n" in log for way in ("native", "native+tls", "text"))
        assert any(text.startswith("p") for shown in life.texters[0].shown for text in shown)
        assert any(entry.name == "t0" for log in life.files().logs.values() for entry in log)
        rounds -= LIFE_ROUNDS


@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(MANY, marks=pytest.mark.slow)])
def test_kills(tmp_path: Path, rounds: int) -> None:
    asyncio.run(live(tmp_path, rounds, shim=None))


@pytest.mark.parametrize("rounds", [ROUNDS, pytest.param(MANY, marks=pytest.mark.slow)])
def test_power_cuts(tmp_path: Path, shim: Path, rounds: int) -> None:
    asyncio.run(live(tmp_path, rounds, shim=shim))


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_a_server_that_does_not_sync_is_caught(tmp_path: Path, disk: Disk, synchronous: str) -> None:
    life = Life(tmp_path, seed=1, disk=disk, weakness={"BESEDKA_SYNCHRONOUS": synchronous})
    faults = asyncio.run(life.round())
    assert any(fault.startswith("lost") for fault in faults)


@pytest.mark.parametrize(
    ("bug", "point", "found"),
    [
        ("tell-first", "before-messages-commit", "lost"),
        ("forget-ids", "after-messages-commit", "doubled"),
        ("keep-backwards", "after-messages-commit", "reordered"),
    ],
)
def test_a_server_that_breaks_a_promise_is_caught(tmp_path: Path, bug: str, point: str, found: str) -> None:
    async def faults() -> Sequence[str]:
        life = Life(tmp_path, seed=1, weakness={"BESEDKA_BUG": bug})
        # In the second round, what has no receipt is asked again.
        return await life.round_until(point, 20) or await life.round_until(point, 20)

    assert any(fault.startswith(found) for fault in asyncio.run(faults()))
