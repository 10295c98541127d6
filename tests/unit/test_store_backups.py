"""Making backups: as of one moment, whole or not there, with nothing in them that was taken back."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from besedka.limits import Limits
from besedka.store import backups, snapshots
from besedka.store.archives import Manifest, unpack
from besedka.store.backups import Made, back_up, last_backup, pour
from besedka.store.faults import BadBackup, Missing
from besedka.store.opening import ACCOUNTS, MESSAGES, reader
from besedka.store.stores import open_stores
from kept_world import ask, content, make_account
from running import OnLoop

NOW = 1_700_000_000_000


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def data(tmp_path: Path, furnished: Path) -> Path:
    shutil.copytree(furnished, tmp_path / "data")
    return tmp_path / "data"


def opened(backup: Path, folder: Path) -> Manifest:
    """Lay its files into a folder that is not there yet."""
    folder.mkdir()
    with backup.open("rb") as file:
        return unpack(file, folder, made_room=lambda _manifest: None)


def test_a_backup_has_all_that_cannot_be_made_again(data: Path, tmp_path: Path) -> None:
    (data / "server.log").write_text("a line\n")
    (data / "search.db").write_text("an index\n")
    made = back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    manifest = opened(tmp_path / "b.tar", tmp_path / "x")
    assert (made.time, made.bytes) == (NOW, (tmp_path / "b.tar").stat().st_size)
    assert [part.name for part in manifest.parts] == ["accounts.db", "messages.db", "besedka.toml", "tls/self-made.pem"]
    assert manifest.epoch == ask(data / "messages.db", "SELECT epoch FROM meta")
    assert ask(tmp_path / "x" / "accounts.db", "SELECT count(*) FROM accounts") == 2
    assert ask(tmp_path / "x" / "messages.db", "SELECT count(*) FROM entries WHERE body LIKE '%kept%'") == 1
    assert stat.S_IMODE((tmp_path / "b.tar").stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data", "x"]
    assert last_backup(data) == made
    assert not list(data.glob("*-wal"))  # Whoever was alone leaves nothing behind.


def test_a_pipe_gets_the_same(data: Path, tmp_path: Path) -> None:
    output = io.BytesIO()
    made = pour(data, output, alone=True, now=NOW)
    back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    assert output.getvalue() == (tmp_path / "b.tar").read_bytes()
    assert made.bytes == len(output.getvalue())
    assert not (data / "backup.new").exists()


def test_what_was_taken_back_is_not_in_it_though_it_may_be_in_the_file(data: Path, tmp_path: Path) -> None:
    """A copy of the pages alone has it: the gaps between rows that were moved."""
    with closing(sqlite3.connect(data / "messages.db")) as connection:
        assert connection.execute("SELECT mended FROM meta").fetchone() == (1,)
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entries'").fetchone()
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
    with (data / "messages.db").open("r+b") as file:
        file.seek((root - 1) * page_bytes)
        page = file.read(page_bytes)
        start, _end = 8 + 2 * int.from_bytes(page[3:5], "big"), 0
        file.seek((root - 1) * page_bytes + start)
        file.write(b"secret secret")
    back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    assert b"kept" in (tmp_path / "b.tar").read_bytes()
    assert b"secret" not in (tmp_path / "b.tar").read_bytes()
    opened(tmp_path / "b.tar", tmp_path / "x")
    assert ask(tmp_path / "x" / "messages.db", "SELECT mended FROM meta") == 0


def test_while_others_write_it_is_as_of_one_moment(data: Path, tmp_path: Path, run: OnLoop) -> None:
    stores = open_stores(data, limits=Limits())
    try:
        run(make_account(stores, "eve"))  # In the write-ahead log alone.
        back_up(data, tmp_path / "b.tar", alone=False, now=NOW, confirm=lambda: None)
        run(make_account(stores, "dan"))
    finally:
        run(stores.close())
    opened(tmp_path / "b.tar", tmp_path / "x")
    assert ask(tmp_path / "x" / "accounts.db", "SELECT count(*) FROM accounts") == 3


def test_a_commit_between_the_two_looks_is_noticed(data: Path) -> None:
    """The first file is read, then something is done in both, then the second is read: that pair never was."""
    people, log = data / ACCOUNTS.name, data / MESSAGES.name
    left = [2]

    def write(statement: str) -> None:
        if statement.startswith("BEGIN") and left[0]:
            left[0] -= 1
            writer.execute("UPDATE accounts SET last_seen = last_seen + 1")

    with ExitStack() as stack:
        writer = stack.enter_context(closing(sqlite3.connect(people, isolation_level=None)))
        watching, first, second = (stack.enter_context(closing(reader(path))) for path in (people, people, log))
        second.set_trace_callback(write)
        snapshots.begin_together(watching, first, second)
        assert left == [0]
        assert first.execute("SELECT max(last_seen) FROM accounts").fetchone() == (2,)


def test_a_file_that_is_written_to_for_ever_ends_the_attempt(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "ATTEMPTS_MAX", 3)
    people, log = data / ACCOUNTS.name, data / MESSAGES.name
    with ExitStack() as stack:
        writer = stack.enter_context(closing(sqlite3.connect(people, isolation_level=None)))
        watching, first, second = (stack.enter_context(closing(reader(path))) for path in (people, people, log))
        write = "UPDATE accounts SET last_seen = last_seen + 1"
        second.set_trace_callback(lambda _statement: writer.execute(write).close())
        with pytest.raises(BadBackup, match="without a pause"):
            snapshots.begin_together(watching, first, second)
        assert not first.in_transaction


def test_nothing_is_ever_overwritten(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "b.tar"

    def take_the_name() -> None:
        target.write_text("something else")

    take_the_name()
    with pytest.raises(BadBackup, match="is there already"):
        back_up(data, target, alone=True, now=NOW)
    target.unlink()
    with pytest.raises(BadBackup, match="is there already"):
        back_up(data, target, alone=True, now=NOW, confirm=take_the_name)
    assert target.read_text() == "something else"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar", "data"]


def test_it_has_its_name_only_when_all_of_it_is_on_the_disk(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that bears the name after a power cut is whole, and so is the directory that has the name."""
    did: list[str] = []
    fsync, link = os.fsync, os.link

    def note_sync(descriptor: int) -> None:
        did.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def note_link(source: Path, target: Path) -> None:
        did.append("link")
        link(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "link", note_link)
    back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    assert did[-3:] == ["sync whole", "link", f"sync {tmp_path.name}"]


def test_a_file_system_without_links_will_do(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(_source: Path, _target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    opened(tmp_path / "b.tar", tmp_path / "x")
    assert not (tmp_path / "b.tar.new").exists()


def test_what_a_killed_one_left_is_taken_over_and_a_living_one_is_not(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b.tar.new"
    folder.mkdir(mode=0o700)
    (folder / "messages.db-journal").write_text("half")

    def too(_made: object = None) -> None:
        with pytest.raises(BadBackup, match="another process"):
            back_up(data, tmp_path / "b.tar", alone=True, now=NOW)

    back_up(data, tmp_path / "b.tar", alone=True, now=NOW, confirm=too)
    assert not folder.exists()


def test_what_is_not_ours_in_the_folder_is_left_alone(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "b.tar.new"
    folder.mkdir(mode=0o700)
    (folder / "diary.txt").write_text("dear diary")
    with pytest.raises(BadBackup, match="is in the way"):
        back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    assert (folder / "diary.txt").read_text() == "dear diary"


def test_nothing_is_laid_where_others_may_reach_it(data: Path, tmp_path: Path) -> None:
    """Somebody may have made it first, in a place like /tmp."""
    folder = tmp_path / "b.tar.new"
    folder.mkdir(mode=0o700)
    folder.chmod(0o777)
    with pytest.raises(BadBackup, match="is in the way"):
        back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["accounts.db", "messages.db"])
def test_no_backup_is_made_of_what_is_damaged(data: Path, tmp_path: Path, name: str) -> None:
    before = content(data)
    with (data / name).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 100)
    with pytest.raises(BadBackup, match="damaged"):
        back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
    assert set(content(data)) == set(before)


@pytest.mark.parametrize("name", ["accounts.db", "messages.db"])
def test_there_must_be_something_to_keep(data: Path, tmp_path: Path, name: str) -> None:
    (data / name).unlink()
    with pytest.raises(Missing):
        back_up(data, tmp_path / "b.tar", alone=True, now=NOW)


def test_a_disk_that_is_full_is_said_and_nothing_is_left(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backups, "pack", full)
    with pytest.raises(BadBackup, match="No space left"):
        back_up(data, tmp_path / "b.tar", alone=True, now=NOW)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_nothing_is_known_of_a_last_backup_where_there_is_none(tmp_path: Path) -> None:
    assert last_backup(tmp_path) is None
    (tmp_path / backups.LAST_BACKUP).write_text("{")
    assert last_backup(tmp_path) is None
    (tmp_path / backups.LAST_BACKUP).write_text('{"time": 1, "bytes": 2}')
    assert last_backup(tmp_path) == Made(1, 2)
