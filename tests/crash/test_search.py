"""A process is killed, or the power cut, in the middle of indexing and rebuilding: the index is right after it."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from besedka.chat.rooms import Reading
from besedka.chat.searching import Query, Term, matches
from besedka.store import search_index, search_shards
from besedka.store.logs import SqliteLogStore
from crash import indexing
from crash.disk import Disk
from crash.indexing import ROOM, SECRET, WORDS
from receiving import FakeJournal

TESTS = Path(__file__).resolve().parents[1]
EVERYTHING = 1 << 40


def kill_while_indexing(data: Path, chance: random.Random, **environment: str) -> None:
    """Start it, and kill it some time after it has begun to index."""
    process = subprocess.Popen(
        [sys.executable, str(TESTS / "crash" / "indexing.py"), str(data), str(chance.random())],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS), **environment},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"indexing\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.random() * 0.4)
    finally:
        process.kill()
        process.communicate()


async def judge(data: Path) -> None:
    """Everything is found that is there, nothing that is not, and what was taken back is in no file."""
    logs = SqliteLogStore.open(data)
    journal = FakeJournal()
    try:
        await logs.index.begin(journal)
        while not await logs.scrub():
            assert not journal.faults
        page = await logs.page(ROOM, after=0, upto=EVERYTHING, limit=EVERYTHING, bytes_max=EVERYTHING)
        for word in (*WORDS, SECRET):
            query = Query((Term((word.replace("ё", "е"),)),))
            found = await logs.search(
                query, {ROOM: Reading(1, None)}, older_than=None, limit=1 << 20, bytes_max=EVERYTHING, spans_max=9
            )
            expected = [entry.number for entry in reversed(page.entries) if matches(query, entry)]
            assert [one.entry.number for one in found.messages] == expected
        made_anew = [fields["why"] for event, fields in journal.notes if event == "search index made"]
        assert "it is damaged" not in made_anew, "neither a kill nor a cut damages it"
        assert "it is ahead of the log" not in made_anew, "something was indexed before it was kept"
    finally:
        logs.stop()


async def judge_secrecy(data: Path) -> None:
    """Take back what the last process had no time to, and look for it in the files."""
    logs = SqliteLogStore.open(data)
    await logs.index.begin(FakeJournal())
    await indexing.mend(logs, random.Random(1))
    while not await logs.scrub():
        pass
    assert holding(data) == []
    logs.stop()


def holding(data: Path) -> list[str]:
    """The files that have what was taken back."""
    return [path.name for path in data.iterdir() if path.is_file() and SECRET[1:].encode() in path.read_bytes()]


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.slow)])
def test_kills_while_indexing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int) -> None:
    monkeypatch.setattr(search_shards, "SHARD_DOCUMENTS_MAX", indexing.SHARD)
    monkeypatch.setattr(search_index, "LISTED_MIN", indexing.LISTED)
    chance = random.Random(rounds)
    for _ in range(rounds):
        kill_while_indexing(tmp_path / "data", chance)
        asyncio.run(judge(tmp_path / "data"))
    asyncio.run(judge_secrecy(tmp_path / "data"))


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("rounds", [pytest.param(12, marks=pytest.mark.slow)])
def test_power_is_cut_while_indexing(disk: Disk, monkeypatch: pytest.MonkeyPatch, rounds: int, torn: bool) -> None:
    """`synchronous = NORMAL` may lose the last commits of the index, and nothing else.

    The index may be behind the log then, or torn where the disk wrote what it liked; in no case is it believed beyond
    the log, and words that were taken back are not found, nor in any file.
    """
    monkeypatch.setattr(search_shards, "SHARD_DOCUMENTS_MAX", indexing.SHARD)
    monkeypatch.setattr(search_index, "LISTED_MIN", indexing.LISTED)
    chance = random.Random(rounds)
    for _ in range(rounds):
        kill_while_indexing(disk.data, chance, **disk.start())
        disk.cut_power(dice=chance if torn else None)
        asyncio.run(judge(disk.data))
    asyncio.run(judge_secrecy(disk.data))
