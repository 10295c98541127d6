"""`besedka backup` and `besedka restore`, as an operator meets them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from besedka.serve import backing, directory
from besedka.serve.directory import DataDirectory, Holder
from command import failed, in_process
from kept_world import ask, content, epoch


@pytest.fixture
def data(used: Path) -> Path:
    """A data directory with ann in it."""
    done = in_process("user", "add", "ann", "--password-stdin", "--data", used, typed="correct horse\n")
    assert done.returncode == 0, done.stderr
    return used


@pytest.fixture
def held(data: Path) -> Iterator[DataDirectory]:
    directory = DataDirectory.hold(data)
    yield directory
    directory.release()


def test_a_backup_is_made_and_restored_without_a_server(data: Path, tmp_path: Path) -> None:
    file, new = tmp_path / "b.tar", tmp_path / "new"
    done = in_process("backup", file, "--data", data)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{file}: everything as of 20")
    assert f" backup made file={file} moment=" in (data / "server.log").read_text().splitlines()[-1]
    done = in_process("restore", file, "--data", new)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{new}: 0 entries, as of 20")
    assert ask(new / "accounts.db", "SELECT name FROM accounts") == "ann"
    done = in_process("restore", file, "--end-sessions", "--data", data)
    assert done.returncode == 0
    (aside,) = data.glob("replaced-*")
    assert done.stdout.splitlines()[1] == f"What was there is in {aside}; delete that when you are sure."
    assert epoch(data) != epoch(new) != epoch(aside)


def test_a_pipe_will_do_for_both(data: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "besedka"]
    made = subprocess.run([*program, "backup", "-", "--data", data], capture_output=True, check=True, timeout=30)
    assert made.stderr.startswith(b"-: everything as of ")
    new = tmp_path / "new"
    done = subprocess.run(
        [*program, "restore", "-", "--data", new], input=made.stdout, capture_output=True, check=True, timeout=30
    )
    assert done.stderr == b""
    assert ask(new / "accounts.db", "SELECT name FROM accounts") == "ann"


def test_an_output_that_is_full(data: Path) -> None:
    program = [sys.executable, "-m", "besedka", "backup", "-", "--data", str(data)]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert done.stderr.startswith("besedka: the output cannot be written: No space left on device")
    assert done.stderr.count("\n") == 1
    assert not (data / "backup.new").exists()


def test_a_terminal_gets_no_backup(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("besedka.safekeeping.sys", SimpleNamespace(stdout=Terminal()))
    assert "nothing for a terminal" in failed("backup", "-", "--data", data, status=2)


def test_what_cannot_be_is_one_sentence(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.tar"
    assert "there is no chat" in failed("backup", file, "--data", tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
    assert "cannot be written: No such file" in failed("backup", tmp_path / "no" / "b.tar", "--data", data)
    assert "choose another place" in failed("backup", tmp_path / "no" / "b.tar", "--data", data)
    assert "cannot be read: No such file" in failed("restore", file, "--data", data)
    file.write_text("a letter")
    assert "damaged" in failed("restore", file, "--data", data)
    assert "is there already" in failed("backup", file, "--data", data)
    file.write_bytes(b"a letter, and a long one\n" * 100)
    before = content(data)
    assert "where it was compressed or encrypted since, undo that first" in failed("restore", file, "--data", data)
    assert content(data) == before


def test_what_a_failure_quotes_moves_no_cursor(data: Path, tmp_path: Path) -> None:
    said = failed("restore", tmp_path / "b\x1b[2J.tar", "--data", data)
    assert "cannot be read" in said
    assert "\x1b" not in said


def test_a_name_that_is_too_long_is_said(data: Path, tmp_path: Path) -> None:
    for letters in (253, 300):
        assert "name too long" in failed("backup", tmp_path / ("x" * letters), "--data", data)
    assert list(tmp_path.glob("x*")) == []


def test_while_somebody_else_has_the_directory(
    data: Path, tmp_path: Path, held: DataDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "STARTING_SECONDS", 0.0)
    (tmp_path / "a.tar").touch()
    assert "which is no server" in failed("backup", tmp_path / "b.tar", "--data", data)
    assert f"in use by process {os.getpid()}" in failed("restore", tmp_path / "a.tar", "--data", data)


def test_a_server_that_ends_meanwhile_is_noticed(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else may have replaced one file and not the other by then."""
    monkeypatch.setattr(backing, "wait_server", lambda _data: Holder(1, control="gone"))
    monkeypatch.setattr(os, "nice", lambda _step: 0)  # This process has other tests to do.
    assert "ended meanwhile" in failed("backup", tmp_path / "b.tar", "--data", data)
    assert not (tmp_path / "b.tar").exists()
