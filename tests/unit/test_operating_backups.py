"""What docs/OPERATING.md has people type for their backups does what it says there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from command import in_process
from kept_world import ask
from operating import PAGE
from server import Server

INSTEAD = {
    "besedka": f'exec "{sys.executable}" -m besedka "$@"',
    "ssh": 'HOST=$1 exec sh -c "cd $MACHINES/$1; $(echo "$2" | sed "s,/[^ ]*/var/lib,$MACHINES/$1/var/lib,g")"',
    "zstd": "exec cat",
    "age": "exec cat",
}
"""Programs on the path: ours, another machine that is a folder, and two that only pass on what they get."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the machine, with ann on its server."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, script in INSTEAD.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("MACHINES", str(tmp_path))
    for name in ("here/var/lib", "here/srv/backups", "new/var/lib", "safe"):
        (tmp_path / name).mkdir(parents=True)
    here = tmp_path / "here"
    add = ("user", "add", "ann", "--password-stdin", "--data", here / "var/lib/besedka")
    assert in_process(*add, typed="correct horse\n").returncode == 0
    return here


def typed(machine: Path, words: str) -> str:
    """Have the shell run what the page has with these words in it, in this machine; its output."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    (block,) = (block for block in blocks if words in block)
    lines = re.sub(r"^17 3 \* \* \*  ", "", block).replace("\\%", "%")
    lines = re.sub(r"(?<= )/(?=var/|srv/|tmp/)", f"{machine}/", lines)
    done = subprocess.run(
        ["sh", "-ec", lines],
        cwd=machine,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0 or "doctor" in lines, done.stderr
    return done.stdout


@pytest.mark.slow
def test_every_night(machine: Path) -> None:
    backups = machine / "srv/backups"
    for name, days in (("linden-2026-05-01.tar", 16), ("linden-2026-05-14.tar", 3), ("notes", 99)):
        (backups / name).write_text("earlier")
        os.utime(backups / name, (time.time() - days * 86_400,) * 2)
    typed(machine, "find . -name")
    assert {path.name for path in backups.iterdir()} - {time.strftime("linden-%F.tar")} == {
        "linden-2026-05-14.tar",
        "notes",
    }
    (made,) = (path for path in backups.glob("linden-*") if path.stat().st_size > 7)
    assert made.stat().st_mode & 0o077 == 0
    typed(machine, "zstd | age")
    kept = machine.parent / "safe/linden.tar.zst.age"
    assert kept.stat().st_mode & 0o077 == 0
    assert in_process("restore", kept, "--data", machine / "again").returncode == 0


@pytest.mark.slow
def test_to_another_machine(machine: Path) -> None:
    with Server(machine / "var/lib/besedka", arguments=["--no-console"]):
        said = typed(machine, "ssh new")
    new = machine.parent / "new/var/lib/besedka"
    assert ask(new / "accounts.db", "SELECT name FROM accounts") == "ann"
    assert "ok       messages.db: every page and every row is sound." in said
    assert "made by the server itself, fingerprint" in said  # The one that people's clients have learned.
