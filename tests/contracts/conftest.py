"""Every contract is run against the store in memory and the one in SQLite."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from besedka.limits import Limits
from besedka.store.logs import SqliteLogStore
from besedka.store.memory import MemoryAccountStore, MemoryLogStore
from besedka.store.people import SqliteAccountStore
from receiving import FakeJournal
from running import OnLoop, Run, step


@pytest.fixture(params=["memory", "sqlite"])
def kind(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def run(kind: str) -> Iterator[Run]:
    if kind == "memory":
        yield step  # So the store in memory needs no event loop.
        return
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def logs(kind: str, run: Run, tmp_path: Path) -> Iterator[MemoryLogStore | SqliteLogStore]:
    if kind == "memory":
        yield MemoryLogStore()
        return
    store = SqliteLogStore.open(tmp_path / "data")
    journal = FakeJournal()
    if kind == "indexed":
        run(store.index.begin(journal))
    yield store
    assert not journal.faults
    store.stop()


@pytest.fixture
def accounts(kind: str, tmp_path: Path) -> Iterator[MemoryAccountStore | SqliteAccountStore]:
    limits = Limits(login_known_max=3)
    if kind == "memory":
        yield MemoryAccountStore(limits=limits)
        return
    store = SqliteAccountStore.open(tmp_path / "data", limits=limits)
    yield store
    store.stop()
