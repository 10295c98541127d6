"""The data directory: who may hold it, and what its lock says."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from besedka.serve.directory import DataDirectory, DirectoryFault, Holder, holder, wait_released
from waiting import block_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "parents" / "data"


@pytest.fixture
def held(path: Path) -> Iterator[DataDirectory]:
    held = DataDirectory.hold(path)
    yield held
    held.release()


def crash(held: DataDirectory) -> None:
    """What the kernel does at a crash: the lock is let go, and nothing is tidied."""
    os.close(held._lock)


def test_a_directory_is_made_for_its_user_alone(held: DataDirectory, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((path / "lock").stat().st_mode) == 0o600
    assert held.last_port is None


@pytest.mark.parametrize("content", [[], ["lost+found"], ["messages.db"], ["holiday.jpg", "lock"]])
def test_a_directory_that_is_empty_or_ours_is_closed_to_others(path: Path, content: list[str]) -> None:
    path.mkdir(parents=True)
    path.chmod(0o755)
    for name in content:
        (path / name).touch()
    DataDirectory.hold(path).release()
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_directory_of_other_things_is_refused_and_named_harmlessly(path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o755)
    (path / "a\x1b[2J").touch()
    with pytest.raises(DirectoryFault, match=r"holds other things than a chat's data \(a\ufffd\[2J\)"):
        DataDirectory.hold(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755
    assert not (path / "lock").exists()


def test_whoever_comes_second_is_told_who_was_first(held: DataDirectory, path: Path) -> None:
    with pytest.raises(DirectoryFault, match=rf"in use by process {os.getpid()};"):
        DataDirectory.hold(path)
    held.announce(port=9090, control=path / "control.sock")
    with pytest.raises(DirectoryFault, match=rf"in use by process {os.getpid()} \(port 9090\);"):
        DataDirectory.hold(path)


def test_a_holder_that_has_said_nothing_is_another_process(held: DataDirectory, path: Path) -> None:
    (path / "lock").write_text("")
    with pytest.raises(DirectoryFault, match="in use by another process;"):
        DataDirectory.hold(path)
    assert holder(path) == Holder(0)


def test_the_holder_says_how_to_reach_it_until_it_lets_go(path: Path) -> None:
    assert holder(path) is None
    held = DataDirectory.hold(path)
    assert holder(path) == Holder(os.getpid())
    held.announce(port=9090, control=path / "control.sock")
    assert holder(path) == Holder(os.getpid(), 9090, str(path / "control.sock"))
    assert (path / "server.port").read_text() == "9090\n"
    held.release()
    assert holder(path) is None
    assert os.listdir(path) == ["lock"]
    assert (path / "lock").read_bytes() == b""


def test_the_size_of_a_database_is_its_files_and_its_logs(held: DataDirectory, path: Path) -> None:
    for name, size in {"messages.db": 100, "messages.db-wal": 20, "messages.db-shm": 3, "accounts.db": 7}.items():
        (path / name).write_bytes(bytes(size))
    assert held.sizes() == {"messages.db": 120, "accounts.db": 7}


def test_after_a_crash_the_last_port_is_known_and_after_an_orderly_end_it_is_not(path: Path) -> None:
    held = DataDirectory.hold(path)
    held.announce(port=9123, control=path / "control.sock")
    crash(held)
    assert holder(path) is None
    held = DataDirectory.hold(path)
    assert held.last_port == 9123
    assert not (path / "server.port").exists()
    held.release()
    held = DataDirectory.hold(path)
    assert held.last_port is None
    held.release()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"pid":"x"}', b"[" * 10_000])
def test_a_lock_with_anything_in_it_can_be_held(path: Path, content: bytes) -> None:
    path.mkdir(parents=True)
    (path / "lock").write_bytes(content)
    held = DataDirectory.hold(path)
    assert held.last_port is None
    held.release()


def test_a_look_at_the_lock_does_not_keep_a_server_from_starting(path: Path) -> None:
    path.mkdir(parents=True)
    (path / "lock").touch()
    looking = os.open(path / "lock", os.O_RDONLY)
    fcntl.flock(looking, fcntl.LOCK_SH)
    timer = threading.Timer(0.1, os.close, [looking])
    timer.start()
    DataDirectory.hold(path).release()
    timer.join()


def test_the_end_of_a_holder_can_be_waited_for(path: Path) -> None:
    held = DataDirectory.hold(path)
    assert not wait_released(path, seconds=0.05)
    timer = threading.Timer(0.1, held.release)
    timer.start()
    assert wait_released(path, seconds=10)
    timer.join()


def test_a_lock_that_is_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    path.mkdir(parents=True)
    (tmp_path / "precious").write_text("mine")
    (path / "lock").symlink_to(tmp_path / "precious")
    for use in (DataDirectory.hold, holder):
        with pytest.raises(DirectoryFault, match="cannot be used"):
            use(path)
    assert (tmp_path / "precious").read_text() == "mine"


def test_a_disk_without_room_is_one_sentence_and_leaves_nothing_held(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.pwrite", full)
    with pytest.raises(DirectoryFault, match="No space left on device; correct that"):
        DataDirectory.hold(path)
    monkeypatch.undo()
    block_until(lambda: holder(path) is None)
    held = DataDirectory.hold(path)
    (path / "server.port.new").mkdir()
    with pytest.raises(DirectoryFault, match="Is a directory"):
        held.announce(port=1, control=path / "control.sock")
    held.release()
