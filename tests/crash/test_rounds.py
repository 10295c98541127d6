"""A real server is killed again and again while people talk: nothing promised is lost, doubled or reordered."""

from __future__ import annotations

import asyncio
import os
import secrets
from pathlib import Path

import pytest

from crash.disk import Disk
from crash.lives import Life

ROUNDS = int(os.environ.get("BESEDKA_CRASH_ROUNDS", "3"))
"""Kills of one server; `make crash ROUNDS=n` sets it."""

MANY = 40
"""In CI: some fold the log into the file, some hit a start."""


async def live(life: Life, rounds: int) -> None:
    """So many kills, each judged; then an orderly end."""
    for number in range(rounds):
        assert not await life.round(), f"round {number} of seed {life.seed}"
    assert life.receipts > 0
    assert not await life.end(), f"the end of seed {life.seed}"


@pytest.mark.slow
def test_many_kills(tmp_path: Path) -> None:
    asyncio.run(live(Life(tmp_path, seed=secrets.randbits(32)), MANY))


@pytest.mark.slow
def test_many_power_cuts(tmp_path: Path, disk: Disk) -> None:
    asyncio.run(live(Life(tmp_path, seed=secrets.randbits(32), disk=disk), MANY))


def test_kills(tmp_path: Path) -> None:
    asyncio.run(live(Life(tmp_path, seed=secrets.randbits(32)), ROUNDS))


def test_power_cuts(tmp_path: Path, disk: Disk) -> None:
    asyncio.run(live(Life(tmp_path, seed=secrets.randbits(32), disk=disk), ROUNDS))


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_a_server_that_does_not_sync_is_caught(tmp_path: Path, disk: Disk, synchronous: str) -> None:
    life = Life(tmp_path, seed=1, disk=disk, weakness={"BESEDKA_SYNCHRONOUS": synchronous})
    faults = asyncio.run(life.round())
    assert any(fault.startswith("lost") for fault in faults)
