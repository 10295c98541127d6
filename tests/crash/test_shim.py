"""The disk that forgets does forget, and only what was not synced: else the crash tests would prove nothing."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from crash.disk import SECTOR, Disk

KEEPER = """
import os, signal, sqlite3, sys
path, synchronous, commits = sys.argv[1], sys.argv[2], int(sys.argv[3])
connection = sqlite3.connect(path, isolation_level=None)
other = sqlite3.connect(path, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = " + synchronous)
connection.execute("CREATE TABLE IF NOT EXISTS words (word TEXT)")
for number in range(commits):
    connection.execute("INSERT INTO words VALUES (?)", ("x" * 500 + str(number),))
    assert other.execute("SELECT max(rowid) FROM words").fetchone()[0] > number
print(connection.execute("SELECT count(*) FROM words").fetchone()[0], flush=True)
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO words VALUES ('not committed')")
os.kill(os.getpid(), signal.SIGKILL)
"""
"""Commits so many words, each seen by another connection at once, says how many there are, and dies."""

CHECKPOINT = 400
"""Commits after which the log of 1,000 pages has been folded into the file (two pages or three each)."""


def run(code: str, *arguments: str | Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a small program under the shim."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def words(path: Path) -> int:
    """How many words a sound database has; 0 where there is not even a table."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,):
            return 0
        count: int = connection.execute("SELECT count(*) FROM words").fetchone()[0]
        return count
    finally:
        connection.close()


def dice_or_none() -> Iterable[random.Random | None]:
    """Nothing that was not synced survives, or some of it."""
    yield None
    for seed in range(3):
        yield random.Random(seed)


@pytest.mark.parametrize("commits", [3, CHECKPOINT])
def test_what_is_committed_with_full_survives(disk: Disk, commits: int) -> None:
    database = disk.data / "words.db"
    kept = 0
    for dice in dice_or_none():
        done = run(KEEPER, database, "FULL", str(commits), environment=disk.start())
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert int(done.stdout) == kept + commits
        disk.cut_power(dice=dice)
        kept = words(database)
        assert kept == int(done.stdout)


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_what_is_committed_with_less_is_lost(disk: Disk, synchronous: str) -> None:
    database = disk.data / "words.db"
    done = run(KEEPER, database, synchronous, "3", environment=disk.start())
    assert done.stdout == "3\n"
    assert words(copied(database)) == 3  # A mere kill would have lost nothing.
    disk.cut_power()
    assert words(database) == 0


def copied(database: Path) -> Path:
    """The database as the process left it, elsewhere."""
    target = database.parent.parent / "copy.db"
    for ending in ("", "-wal"):
        Path(f"{target}{ending}").write_bytes(Path(f"{database}{ending}").read_bytes())
    return target


@pytest.mark.parametrize("dies_at", [1, 5, 41, 42, 43])
def test_it_kills_in_the_middle_of_a_deed(disk: Disk, dies_at: int) -> None:
    database = disk.data / "words.db"
    done = run(KEEPER, database, "FULL", "100", environment=disk.start(dies_at=dies_at))
    assert done.returncode == -signal.SIGKILL
    assert done.stdout == ""  # It never came to say how many.
    disk.cut_power(dice=random.Random(dies_at))
    assert words(database) < 100


TORN = """
import os, sys
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.write(descriptor, b"a" * 5000)
os.fsync(descriptor)
os.pwrite(descriptor, b"b" * 3000, 4000)
os.rename(sys.argv[1], sys.argv[1] + ".new")
if sys.argv[2] == "shorter":
    os.ftruncate(descriptor, 100)
    os.ftruncate(descriptor, 200)
    os.fdatasync(descriptor)
assert os.path.getsize(sys.argv[1] + ".new") == (200 if sys.argv[2] == "shorter" else 7000)
"""


def test_a_write_without_a_sync_is_lost(disk: Disk) -> None:
    assert run(TORN, disk.data / "a.db", "longer", environment=disk.start()).returncode == 0
    disk.cut_power()
    assert not (disk.data / "a.db").exists()
    assert (disk.data / "a.db.new").read_bytes() == b"a" * 5000


def test_a_file_is_as_short_as_it_was_cut(disk: Disk) -> None:
    assert run(TORN, disk.data / "a.db", "shorter", environment=disk.start()).returncode == 0
    disk.cut_power()
    assert (disk.data / "a.db.new").read_bytes() == b"a" * 100 + b"\0" * 100


def test_some_sectors_of_a_write_without_a_sync_may_survive(disk: Disk) -> None:
    seen = set()
    for seed in range(8):
        (disk.data / "a.db.new").unlink(missing_ok=True)
        run(TORN, disk.data / "a.db", "longer", environment=disk.start())
        disk.cut_power(dice=random.Random(seed))
        there = (disk.data / "a.db.new").read_bytes()
        assert len(there) in (5000, 7000)
        assert there[: 4000 // SECTOR * SECTOR] == b"a" * (4000 // SECTOR * SECTOR)
        seen.add(there)
    assert len(seen) > 2


def test_other_files_are_left_alone(disk: Disk) -> None:
    code = "import sys; open(sys.argv[1], 'w').write('kept')"
    assert run(code, disk.data / "server.log", environment=disk.start()).returncode == 0
    disk.cut_power()
    assert (disk.data / "server.log").read_text() == "kept"


def test_a_full_disk_takes_no_more(disk: Disk) -> None:
    environment = disk.start()
    disk.fill()
    done = run(KEEPER, disk.data / "words.db", "FULL", "1", environment=environment)
    assert "database or disk is full" in done.stderr
    disk.free()
    assert run(KEEPER, disk.data / "words.db", "FULL", "1", environment=environment).stdout == "1\n"


def test_what_a_broken_disk_was_to_sync_is_lost(disk: Disk) -> None:
    environment = disk.start()
    disk.break_down()
    done = run(KEEPER, disk.data / "words.db", "FULL", "1", environment=environment)
    assert "disk I/O error" in done.stderr
    disk.repair()
    disk.cut_power()
    assert words(disk.data / "words.db") == 0


def test_a_way_past_it_ends_the_process(disk: Disk) -> None:
    code = """
import mmap, os, sys
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(descriptor, 4096)
mmap.mmap(descriptor, 4096)
"""
    done = run(code, disk.data / "a.db", environment=disk.start())
    assert done.returncode == -signal.SIGABRT
    assert "by way of memory" in done.stderr


SIGNALLED = """
import os, signal, sys, time
reading, writing = os.pipe()
os.set_blocking(writing, False)
signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
signal.signal(signal.SIGALRM, lambda number, frame: None)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
deadline = time.monotonic() + 0.5
while time.monotonic() < deadline:
    os.pwrite(descriptor, b"a" * 100, 0)
    os.write(descriptor, b"a" * 100)
    os.lseek(descriptor, 0, 0)
signal.setitimer(signal.ITIMER_REAL, 0)
print("done")
"""


def test_a_signal_in_the_middle_of_a_write_is_taken(disk: Disk) -> None:
    """An interpreter's handler writes to a pipe; were that to wait for a lock of the shim's, it would wait for ever."""
    assert run(SIGNALLED, disk.data / "a.db", environment=disk.start()).stdout == "done\n"


LOCKED = """
import fcntl, os, subprocess, sys
descriptor = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(descriptor, fcntl.LOCK_EX)
os.write(descriptor, b"kept")
os.fsync(descriptor)
code = "import fcntl, os, sys; fcntl.lockf(os.open(sys.argv[1], os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)"
done = subprocess.run([sys.executable, "-c", code, sys.argv[1]], capture_output=True, text=True)
print("BlockingIOError" in done.stderr)
"""


def test_a_sync_leaves_locks_as_they_are(disk: Disk) -> None:
    """A process loses its locks on a file when it closes any descriptor of it; SQLite would be without its own."""
    assert run(LOCKED, disk.data / "a.db", environment=disk.start()).stdout == "True\n"


def test_what_is_open_for_writing_only_is_synced(disk: Disk) -> None:
    code = """
import os, sys
descriptor = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o600)
os.writev(descriptor, [b"kept"])
os.fsync(descriptor)
"""
    assert run(code, disk.data / "a.db", environment=disk.start()).returncode == 0
    disk.cut_power()
    assert (disk.data / "a.db").read_bytes() == b"kept"
