"""Backups and restores are killed at every point, beside busy people: what bears its name is whole, nothing is half."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from command import in_process
from crash.lives import Life
from crash.test_points import command
from crash.verdict import read_files, verdict
from kept_world import ask, epoch
from waiting import wait_until

BACKUP = ("after-copy:1", "after-copy:2", "before-packing:1", "before-naming:1", "after-naming:1")
"""Where a backup is killed; only the last one has its name by then."""

RESTORE = (
    "before-verifying:1",
    "before-deciding:1",
    "before-rename:1",
    "before-moving:1",
    *(f"before-rename:{times}" for times in range(2, 9)),
    "after-moving:1",
)
"""Where a restore is killed. The first rename decides; two files go out, one with a log and its index, and two in
and what says so."""

UNDECIDED = RESTORE[:3]


def killed(point: str) -> dict[str, str]:
    """The environment in which a command dies there."""
    return {"BESEDKA_CRASH_AT": point}


@pytest.mark.slow
def test_a_backup_beside_busy_people_has_every_word_kept_before_it_began(tmp_path: Path) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1)
        for _ in range(3):
            life.newcomer()
        with life.server().start() as server:
            await life.enter(server)
            for person in life.people:
                person.talk()
            await wait_until(lambda: life.receipts > 50)
            for number, point in enumerate(BACKUP):
                file = tmp_path / f"{number}.tar"
                done = await asyncio.to_thread(command, "backup", str(file), data=life.data, environment=killed(point))
                assert done.returncode == -signal.SIGKILL, done.stderr
                assert file.exists() == (point == "after-naming:1")
            before = {person: dict(person.receipts) for person in life.people}
            file = tmp_path / "0.tar"  # What a killed one left is taken over.
            done = await asyncio.to_thread(command, "backup", str(file), data=life.data)
            assert done.returncode == 0, done.stderr
            assert sum(len(person.receipts) for person in before) > sum(map(len, before.values()))  # They went on.
            server.kill()
        assert not await life.after_death()
        new = tmp_path / "new"
        for archive in (file, tmp_path / f"{len(BACKUP) - 1}.tar"):
            done = in_process("restore", archive, "--data", new)
            assert done.returncode == 0, done.stderr
            files = read_files(new, tmp_path / "scratch")
            assert not verdict(files, [])
            assert {person.name for person in life.people} <= set(files.accounts)
            if archive == file:
                with closing(sqlite3.connect(new / "messages.db")) as connection:
                    kept = {request for (request,) in connection.execute("SELECT id FROM requests")}
                assert all(kept.issuperset(receipts) for receipts in before.values())

    asyncio.run(live())


@pytest.mark.parametrize("points", [("before-rename:5",), pytest.param(RESTORE, marks=pytest.mark.slow)])
def test_a_restore_that_is_killed_leaves_the_one_or_the_other(tmp_path: Path, points: tuple[str, ...]) -> None:
    def people(data: Path) -> list[str]:
        listed = in_process("user", "list", "--data", data)
        assert listed.returncode == 0, listed.stderr
        return [line.split()[0] for line in listed.stdout.splitlines()[1:]]

    def add(name: str, data: Path) -> None:
        done = in_process("user", "add", name, "--password-stdin", "--data", data, typed="correct horse\n")
        assert done.returncode == 0, done.stderr

    source, archive = tmp_path / "source", tmp_path / "b.tar"
    add("ann", source)
    done = in_process("backup", archive, "--data", source)
    assert done.returncode == 0, done.stderr
    for number, point in enumerate(points):
        data = tmp_path / str(number)
        add("later", data)
        before = epoch(data)
        done = command("restore", str(archive), data=data, environment=killed(point))
        assert done.returncode == -signal.SIGKILL, (point, done.stderr)
        assert people(data) == ["later" if point in UNDECIDED else "ann"], point
        assert (epoch(data) == before) == (point in UNDECIDED), point
        assert not list(data.glob("restoring-*")), point
        done = in_process("restore", archive, "--data", data)  # Whatever was left is in nobody's way.
        assert done.returncode == 0 or "within this second" in done.stderr, (point, done.stderr)
        assert ask(data / "accounts.db", "SELECT name FROM accounts") == "ann"
        assert not (data / "restore.new").exists()
