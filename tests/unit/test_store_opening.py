"""Making and opening the files of a data directory, and what is refused."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from additions import ANN, inbox, opening
from besedka.chat.entries import Message, RoomId
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.hub.keeping import Kept
from besedka.limits import Limits
from besedka.store.faults import CannotOpen, Damaged, Foreign, Missing, Newer, NotWritable
from besedka.store.logs import SqliteLogStore
from besedka.store.opening import ACCOUNTS, MESSAGES, DatabaseFile
from besedka.store.people import SqliteAccountStore
from besedka.store.stores import Stores, open_stores
from running import OnLoop

LIMITS = Limits()
NOBODY = 65_534


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory that was used and closed."""
    directory = tmp_path / "data"
    with asyncio.Runner() as runner:
        run = OnLoop(runner)
        stores = open_stores(directory, limits=LIMITS)
        texts = (Message("x" * 4000) for _ in range(20))
        assert run(stores.logs.append([opening(1, "one", *texts), inbox(2, ANN)])) == [Kept(), Kept()]
        add(stores, run)
        run(stores.close())
    return directory


def add(stores: Stores, run: OnLoop, name: str = "ann") -> PrincipalId:
    added = stores.accounts.add_account(
        name=AccountName(name), password_hash="hash", role=AccountRole.USER, address="", now=1, invitation=None
    )
    return run(added).id


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# Making ----------------------------------------------------------------------------------------------------------


def test_what_is_made_is_closed_to_others(tmp_path: Path, run: OnLoop) -> None:
    before = os.umask(0)
    try:
        directory = tmp_path / "new" / "data"
        stores = open_stores(directory, limits=LIMITS)
        run(stores.logs.append([opening(1, "one")]))
    finally:
        os.umask(before)
    assert mode(directory) == 0o700
    assert "messages.db-wal" in names(directory)
    assert {path.name: mode(path) for path in directory.iterdir() if mode(path) != 0o600} == {}
    run(stores.close())


def test_closing_leaves_two_files_and_no_thread(tmp_path: Path, run: OnLoop) -> None:
    before = threading.active_count()
    stores = open_stores(tmp_path, limits=LIMITS)
    assert threading.active_count() > before
    run(stores.logs.append([opening(1, "one")]))
    stores.logs.stop()
    stores.accounts.stop()
    assert threading.active_count() == before
    assert names(tmp_path) == ["accounts.db", "messages.db"]


def test_a_directory_of_ours_is_closed_to_others_and_another_is_left_as_it_is(data: Path, tmp_path: Path) -> None:
    data.chmod(0o755)
    (data / "messages.db").chmod(0o644)
    SqliteLogStore.open(data).stop()
    assert mode(data) == 0o700
    assert mode(data / "messages.db") == 0o600
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "something").touch()
    shared.chmod(0o755)
    SqliteLogStore.open(shared).stop()
    assert mode(shared) == 0o755


def test_a_start_that_was_cut_off_while_making_a_file_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "messages.db.new").write_bytes(b"half a file")
    (tmp_path / "messages.db.new-journal").write_bytes(b"and its journal")
    SqliteLogStore.open(tmp_path).stop()
    assert "messages.db" in names(tmp_path)
    assert "messages.db.new" not in names(tmp_path)


def test_every_commit_is_written_ahead_and_synced(tmp_path: Path, run: OnLoop) -> None:
    stores = open_stores(tmp_path, limits=LIMITS)
    for store in (stores.logs, stores.accounts):
        assert run(store._writer.call(lambda one: one.execute("PRAGMA synchronous").fetchone())) == (2,)
        assert run(store._writer.call(lambda one: one.execute("PRAGMA journal_mode").fetchone())) == ("wal",)
    run(stores.close())


# Opening again ---------------------------------------------------------------------------------------------------


def test_a_log_keeps_its_epoch_and_counts_its_boots(tmp_path: Path, run: OnLoop) -> None:
    first = SqliteLogStore.open(tmp_path)
    run(first.append([opening(5, "one")]))
    first.stop()
    second = SqliteLogStore.open(tmp_path)
    second.stop()
    assert (first.boot, first.rooms_given) == (1, 0)
    assert (second.boot, second.rooms_given) == (2, 5)
    assert second.epoch == first.epoch
    other = SqliteLogStore.open(tmp_path / "other")
    other.stop()
    assert other.epoch != first.epoch


def test_what_a_killed_process_committed_is_there(tmp_path: Path, run: OnLoop) -> None:
    program = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from additions import opening; from besedka.store.logs import SqliteLogStore\n"
        "logs = SqliteLogStore.open(Path(sys.argv[1]))\n"
        "asyncio.run(logs.append([opening(1, 'one')]))\n"
        "os._exit(9)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], env=environment, check=False)
    assert ended.returncode == 9
    assert (tmp_path / "messages.db-wal").stat().st_size > 0
    logs = SqliteLogStore.open(tmp_path)
    assert run(logs.room(RoomId(1))) == opening(1, "one").after
    logs.stop()


def test_an_id_the_log_knows_is_not_given_again_by_older_accounts(data: Path, run: OnLoop) -> None:
    (data / "accounts.db").unlink()
    SqliteAccountStore.open(data, limits=LIMITS).stop()  # As a backup from before anybody came.
    stores = open_stores(data, limits=LIMITS)
    assert add(stores, run, "eve") == 2
    run(stores.close())


def test_a_log_without_accounts_is_not_opened(data: Path) -> None:
    (data / "accounts.db").unlink()
    with pytest.raises(Missing, match=r"accounts\.db: it is gone but messages\.db is there; restore a backup"):
        open_stores(data, limits=LIMITS)
    assert names(data) == ["messages.db"]


def test_accounts_without_a_log_begin_a_new_one(data: Path, run: OnLoop) -> None:
    (data / "messages.db").unlink()
    stores = open_stores(data, limits=LIMITS)
    assert run(stores.logs.room(RoomId(1))) is None
    assert [account.name for account in run(stores.accounts.accounts())] == ["ann"]
    run(stores.close())


# Refusing --------------------------------------------------------------------------------------------------------


def refused(directory: Path, kind: type[CannotOpen], name: str) -> str:
    """The sentence of the refusal, after seeing that nothing was changed and no thread was left."""
    before = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    threads = threading.active_count()
    with pytest.raises(kind) as fault:
        open_stores(directory, limits=LIMITS)
    assert threading.active_count() == threads
    after = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    assert after[name] == before[name]
    assert fault.value.__cause__ is None
    said = str(fault.value)
    assert said.startswith(str(directory / name))
    assert "\n" not in said
    return said


@pytest.mark.parametrize("name", ["messages.db", "accounts.db"])
@pytest.mark.parametrize(
    ("damage", "kind", "says"),
    [
        (lambda whole: b"", Damaged, "its beginning is gone"),
        (lambda whole: bytes(len(whole)), Damaged, "its beginning is gone"),
        (lambda whole: whole[: len(whole) // 2], Damaged, "are left"),
        (lambda whole: b"name,address\n" * 100, Foreign, "not one of besedka's"),
        (lambda whole: whole[:4096] + b"\xff" * (len(whole) - 4096), Damaged, "restore a backup"),
        (lambda whole: whole[:100] + b"\xff" * 3996 + whole[4096:], Damaged, "restore a backup"),
        (lambda whole: whole.replace(b"CREATE", b"\xff\xfe\xfdATE", 1), Damaged, "restore a backup"),
    ],
    ids=["empty", "zeros", "cut", "text", "pages", "schema", "words of the schema"],
)
def test_a_damaged_file_is_said_and_left(
    data: Path, name: str, damage: Callable[[bytes], bytes], kind: type[CannotOpen], says: str
) -> None:
    path = data / name
    path.write_bytes(damage(path.read_bytes()))
    assert says in refused(data, kind, name)


def test_a_log_that_has_lost_its_epoch_is_refused(data: Path) -> None:
    emptied = sqlite3.connect(data / "messages.db", isolation_level=None)
    emptied.execute("DELETE FROM meta")
    emptied.close()
    assert "its epoch is gone" in refused(data, Damaged, "messages.db")


@pytest.mark.parametrize("name", ["messages.db", "accounts.db"])
def test_another_programs_database_is_left_alone(data: Path, name: str) -> None:
    (data / name).unlink()
    other = sqlite3.connect(data / name)
    other.execute("CREATE TABLE theirs (a)")
    other.close()
    assert "choose another data directory" in refused(data, Foreign, name)


def test_the_two_files_are_not_taken_for_each_other(data: Path) -> None:
    (data / "messages.db").write_bytes((data / "accounts.db").read_bytes())
    refused(data, Foreign, "messages.db")


@pytest.mark.parametrize("file", [MESSAGES, ACCOUNTS], ids=lambda file: str(file.name))
def test_a_newer_file_is_left_for_the_newer_program(data: Path, file: DatabaseFile) -> None:
    newer = sqlite3.connect(data / file.name)
    newer.execute(f"PRAGMA user_version = {file.version + 1}")
    newer.close()
    assert f"version {file.version + 1}" in refused(data, Newer, file.name)


def test_a_directory_in_the_place_of_a_file_is_refused(data: Path) -> None:
    (data / "messages.db").unlink()
    (data / "messages.db").mkdir()
    with pytest.raises(Foreign, match="it is not a file"):
        open_stores(data, limits=LIMITS)


def test_a_file_in_the_place_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(NotWritable, match="choose another data directory"):
        open_stores(tmp_path / "data", limits=LIMITS)


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A directory of a user whom permissions hold back, as that user."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        user = os.getuid()
        if user == 0:
            os.chown(directory, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, 0)
        try:
            yield directory
        finally:
            directory.chmod(0o700)
            os.setresuid(user, user, user)


def test_what_may_not_be_written_is_said(unprivileged: Path) -> None:
    SqliteLogStore.open(unprivileged).stop()
    (unprivileged / "messages.db").chmod(0o400)
    with pytest.raises(NotWritable, match=r"messages\.db: it cannot be written; give this user write permission"):
        SqliteLogStore.open(unprivileged)
    (unprivileged / "messages.db").chmod(0o600)
    unprivileged.chmod(0o500)
    with pytest.raises(NotWritable, match="it cannot be written; choose another data directory"):
        SqliteLogStore.open(unprivileged)
    with pytest.raises(NotWritable, match="Permission denied; choose another data directory"):
        SqliteLogStore.open(unprivileged / "inner")


def test_a_lock_held_by_another_program_is_said(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("besedka.store.opening.BUSY_SECONDS", 0.01)
    other = sqlite3.connect(data / "messages.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(NotWritable, match="another program is using it"):
        SqliteLogStore.open(data)
    other.close()


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="nothing here counts the bytes read")
def test_opening_reads_no_more_of_a_long_log_than_of_a_short_one(data: Path, run: OnLoop) -> None:
    logs = SqliteLogStore.open(data)
    made = opening(3, "long", *(Message("x" * 4000) for _ in range(2000)))
    run(logs.append([made]))
    logs.stop()
    assert (data / "messages.db").stat().st_size > 8_000_000
    before = bytes_read()
    SqliteLogStore.open(data).stop()
    assert bytes_read() - before < 400_000


def bytes_read() -> int:
    """By this process so far, from the page cache too."""
    counted = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counted["rchar"])
