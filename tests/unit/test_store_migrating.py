"""Bringing an older file up to this program's tables."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from additions import opening
from besedka.chat.entries import RoomId
from besedka.limits import Limits
from besedka.store import migrating
from besedka.store import opening as files
from besedka.store.faults import CannotOpen
from besedka.store.logs import SqliteLogStore
from besedka.store.migrating import migrate
from besedka.store.opening import ACCOUNTS, MESSAGES, DatabaseFile
from besedka.store.stores import open_stores
from running import OnLoop

NEXT, LAST = MESSAGES.version + 1, MESSAGES.version + 2

LATER = """
import sqlalchemy as sa
from alembic import op

revision = "{number}"
down_revision = {before}


def upgrade():
    op.execute("UPDATE rooms SET topic = topic || '{number}'")
    op.add_column("rooms", sa.Column("added_{number}", sa.Integer))
"""


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def data(tmp_path: Path, run: OnLoop) -> Path:
    """A directory as this version leaves it."""
    directory = tmp_path / "data"
    stores = open_stores(directory, limits=Limits())
    run(stores.logs.append([opening(1, "one")]))
    run(stores.close())
    return directory


@pytest.fixture
def revisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two more revisions of messages.db than there are, for a program that knows them."""
    directory = tmp_path / "revisions"
    (directory / "messages").mkdir(parents=True)
    (directory / "messages" / f"version_{NEXT}.py").write_text(LATER.format(number=NEXT, before=None))
    (directory / "messages" / f"version_{LAST}.py").write_text(LATER.format(number=LAST, before=f'"{NEXT}"'))
    monkeypatch.setattr(migrating, "REVISIONS", directory)
    later = DatabaseFile(MESSAGES.name, application_id=MESSAGES.application_id, version=LAST)
    monkeypatch.setattr("besedka.store.logs.MESSAGES", later)
    return directory


def tables(path: Path) -> list[tuple[str, str, str]]:
    """What SQLite says the tables are; where it breaks a line depends on whether a column was added later."""
    found = rows(path, "SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2")
    return [
        (str(what), str(name), " ".join(str(sql).split()).replace(" ,", ",").replace(" )", ")"))
        for what, name, sql in found
    ]


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


@pytest.mark.parametrize("file", [MESSAGES, ACCOUNTS], ids=lambda file: str(file.name))
def test_a_file_that_was_migrated_is_like_one_made_anew(data: Path, tmp_path: Path, file: DatabaseFile) -> None:
    path = tmp_path / file.name
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, file, stored=0)
    connection.close()
    assert tables(path) == tables(data / file.name)
    assert rows(path, "PRAGMA user_version") == rows(data / file.name, "PRAGMA user_version") == [(file.version,)]


def test_an_older_file_is_copied_and_brought_up_in_order(data: Path, revisions: Path, run: OnLoop) -> None:
    logs = SqliteLogStore.open(data)
    room = run(logs.room(RoomId(1)))
    assert room is not None
    assert room.topic == f"{NEXT}{LAST}"
    run(logs.append([opening(2, "two")]))
    logs.stop()
    path, copy = data / "messages.db", data / f"messages.db.version-{MESSAGES.version}"
    assert rows(path, "PRAGMA user_version") == [(LAST,)]
    assert rows(path, f"SELECT added_{NEXT}, added_{LAST} FROM rooms WHERE id = 1") == [(None, None)]
    assert rows(copy, "PRAGMA user_version") == [(MESSAGES.version,)]
    assert rows(copy, "SELECT topic FROM rooms") == [("",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [one.name for one in data.iterdir() if one.name.endswith(".new")] == []


def test_a_file_of_this_version_is_not_copied_and_alembic_stays_out(data: Path) -> None:
    from subprocess import run as run_process
    from sys import executable

    program = (
        "import sys; from pathlib import Path; from besedka.limits import Limits\n"
        "from besedka.store.stores import open_stores\n"
        "stores = open_stores(Path(sys.argv[1]), limits=Limits()); stores.logs.stop(); stores.accounts.stop()\n"
        "print(*[name for name in ('alembic', 'sqlalchemy') if name in sys.modules])"
    )
    ended = run_process([executable, "-c", program, str(data)], capture_output=True, text=True, check=True)
    assert ended.stdout == "\n"
    assert sorted(path.name for path in data.iterdir()) == ["accounts.db", "messages.db"]


def test_a_revision_that_fails_leaves_the_file_as_it_was(data: Path, revisions: Path, run: OnLoop) -> None:
    last = revisions / "messages" / f"version_{LAST}.py"
    whole = last.read_text()
    last.write_text(whole + '    op.execute("INSERT INTO nowhere VALUES (1)")\n')
    path = data / "messages.db"
    before = tables(path)
    for _ in range(2):
        with pytest.raises(CannotOpen) as fault:
            SqliteLogStore.open(data)
        assert str(fault.value) == f"{path}: SQLite failed with SQLITE_ERROR."
    assert tables(path) == before
    assert rows(path, "SELECT topic FROM rooms") == [("",)]
    assert rows(path, "PRAGMA user_version") == [(MESSAGES.version,)]
    last.write_text(whole)
    logs = SqliteLogStore.open(data)
    room = run(logs.room(RoomId(1)))
    assert room is not None
    assert room.topic == f"{NEXT}{LAST}"
    logs.stop()


def test_this_program_knows_the_way_to_its_own_version() -> None:
    for file in (MESSAGES, ACCOUNTS):
        found = list((migrating.REVISIONS / Path(file.name).stem).glob("version_*.py"))
        assert sorted(path.stem for path in found) == [f"version_{number}" for number in range(1, file.version + 1)]
    assert files.MESSAGES.application_id != files.ACCOUNTS.application_id
