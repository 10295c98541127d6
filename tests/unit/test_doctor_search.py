"""`besedka doctor` on the search index: of which log it is, whether it is sound, and how far it has got."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from besedka.config import Config
from besedka.serve.directory import Holder
from besedka.serve.doctor import search
from besedka.serve.doctor.findings import Finding, Level, Patient
from besedka.store.logs import SqliteLogStore
from besedka.store.search_file import SEARCH
from kept_world import content
from receiving import FakeJournal

SERVER = Holder(1, 1, "control.sock")


@pytest.fixture
def data(tmp_path: Path, furnished: Path) -> Path:
    """A log and the index of it, which nobody has open."""
    data = tmp_path / "data"
    shutil.copytree(furnished, data)

    async def index() -> None:
        logs = SqliteLogStore.open(data)
        await logs.index.begin(FakeJournal())
        while not await logs.scrub():
            pass
        logs.stop()

    asyncio.run(index())
    return data


def look(data: Path, *, server: Holder | None = None) -> Finding:
    """The one thing that is found. Nothing is changed by looking."""
    before = content(data)
    (finding,) = search.index(Patient(data, Config(), server, 0))
    assert server is not None or content(data) == before
    assert finding.remedy or finding.level in (Level.OK, Level.NOTE)
    return finding


def changed(data: Path, name: str, *statements: str) -> None:
    with closing(sqlite3.connect(data / name)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def test_an_index_that_is_sound(data: Path) -> None:
    for server in (None, SERVER):
        assert look(data, server=server).level is Level.OK
    changed(data, "messages.db", "UPDATE rooms SET head = head + 3")
    changed(data, SEARCH.name, "INSERT INTO listed VALUES (1, 1, 1)")
    behind = look(data)
    assert (behind.level, behind.says) == (Level.NOTE, "it is sound, and 4 entries are to be looked through yet")
    assert behind.remedy.startswith("start the server")
    assert look(data, server=SERVER).remedy.startswith("nothing")
    changed(data, "messages.db", "UPDATE rooms SET floor = head + 1")  # What is not kept is not to be looked through.
    changed(data, SEARCH.name, "DELETE FROM listed")
    assert look(data).level is Level.OK


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE meta SET epoch = 'another'", "it is of another log"),
        ("DELETE FROM meta", "it is of another log"),
        ("UPDATE places SET high = high + 1", "it is ahead of the log"),
        ("INSERT INTO places VALUES (99, 1, 1)", "it is ahead of the log"),
        ("PRAGMA application_id = 1", "it is not one of besedka's"),
        ("PRAGMA user_version = 99", f"its tables are version 99, and this besedka makes {SEARCH.version}"),
    ],
)
def test_an_index_that_the_next_start_throws_away(data: Path, statement: str, says: str) -> None:
    changed(data, SEARCH.name, statement)
    finding = look(data)
    assert (finding.level, finding.says) == (Level.NOTE, says)
    assert finding.remedy == "the next start makes it anew"
    finding = look(data, server=SERVER)  # One that runs should have done so.
    assert (finding.level, finding.says) == (Level.WARNING, says)
    assert finding.remedy.startswith("stop the server, delete search.db")


def test_an_index_that_is_damaged(data: Path) -> None:
    path = data / SEARCH.name
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    assert look(data).level is Level.WARNING
    path.write_bytes(whole)
    changed(data, SEARCH.name, "DROP TABLE places")
    assert look(data).level is Level.WARNING
    path.write_bytes(b"noise" * 5000)
    finding = look(data)
    assert (finding.level, finding.says) == (Level.WARNING, "it is damaged, or cannot be read")
    assert "delete search.db" in finding.remedy


def test_an_index_that_is_too_large_for_a_quick_look(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SECONDS_MAX", -1.0)
    monkeypatch.setattr(search, "STEP_INSTRUCTIONS", 1)
    assert look(data).level is Level.OK


def test_an_index_beside_a_log_that_cannot_be_read(data: Path) -> None:
    (data / "messages.db").write_bytes(b"noise" * 5000)
    assert look(data).level is Level.NOTE


def test_no_index(data: Path) -> None:
    (data / SEARCH.name).unlink()
    assert look(data).level is Level.NOTE
    assert look(data, server=SERVER).level is Level.WARNING
    (data / SEARCH.name).mkdir()
    assert look(data).level is Level.WARNING
    (data / "messages.db").unlink()
    assert not list(search.index(Patient(data, Config(), None, 0)))
