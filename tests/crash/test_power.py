"""The power is cut in the middle of backups and restores: what has its name is whole, and data are old or new."""

from __future__ import annotations

import random
import shutil
import signal
from itertools import count
from pathlib import Path

import pytest

from command import in_process
from crash.disk import Disk
from crash.test_points import command
from crash.verdict import read_files, verdict
from kept_world import epoch

STEP = 5
"""Of a backup's writes and syncs every so manyeth is its last. The most are of copies that nobody needs afterwards."""


def add(name: str, data: Path) -> Path:
    """Somebody's name in a directory, to know it by."""
    done = in_process("user", "add", name, "--password-stdin", "--data", data, typed="correct horse\n")
    assert done.returncode == 0, done.stderr
    return data


def backed_up(data: Path, archive: Path) -> Path:
    done = in_process("backup", archive, "--data", data)
    assert done.returncode == 0, done.stderr
    return archive


def people(data: Path) -> list[str]:
    """Who is in a directory, which is sound in every page."""
    listed = in_process("user", "list", "--data", data)
    assert listed.returncode == 0, listed.stderr
    examined = in_process("doctor", "--data", data).stdout
    for name in ("accounts.db", "messages.db"):
        assert f"ok       {name}: every page and every row is sound.\n" in examined
    return [line.split()[0] for line in listed.stdout.splitlines()[1:]]


@pytest.mark.slow
def test_a_power_cut_during_a_restore_leaves_the_one_or_the_other(tmp_path: Path, disk: Disk) -> None:
    archive = backed_up(add("ann", tmp_path / "source"), tmp_path / "ann.tar")
    laid = add("later", tmp_path / "laid")
    dice, outcomes = random.Random(1), []
    for dies_at in count(1):
        shutil.rmtree(disk.data)
        shutil.copytree(laid, disk.data)
        done = command("restore", str(archive), data=disk.data, environment=disk.start(dies_at=dies_at))
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        disk.cut_power(dice=dice if dies_at % 2 else None)
        outcomes.append(people(disk.data))
        assert outcomes[-1] == (["later"] if done.returncode else ["ann"]), dies_at
        assert (epoch(disk.data) == epoch(laid)) == (outcomes[-1] == ["later"])
        if not done.returncode:
            break
    assert len(outcomes) > 15  # Both files laid out, both given their new beginning, all of it synced.


@pytest.mark.slow
@pytest.mark.parametrize("point", [f"before-rename:{times}" for times in range(1, 9)] + ["after-moving:1"])
def test_a_power_cut_while_names_change(tmp_path: Path, disk: Disk, point: str) -> None:
    archive = backed_up(add("ann", tmp_path / "source"), tmp_path / "ann.tar")
    add("later", disk.data)
    environment = disk.start() | {"BESEDKA_CRASH_AT": point}
    done = command("restore", str(archive), data=disk.data, environment=environment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    disk.cut_power()
    assert people(disk.data) == ["later" if point == "before-rename:1" else "ann"]


@pytest.mark.slow
def test_a_power_cut_during_a_backup_leaves_no_name_and_no_harm(tmp_path: Path, disk: Disk) -> None:
    source = add("ann", tmp_path / "source")
    earlier = backed_up(source, disk.data / "earlier.db.tar").read_bytes()
    wanted = disk.data / "wanted.db.tar"  # So called, it is watched.
    for dies_at in count(1, STEP):
        environment = disk.start(dies_at=dies_at)
        done = command("backup", str(wanted), data=source, environment=environment)
        disk.cut_power(dice=random.Random(dies_at))
        assert (disk.data / "earlier.db.tar").read_bytes() == earlier
        assert wanted.exists() == (done.returncode == 0)
        if done.returncode == 0:
            break
    restored = in_process("restore", wanted, "--data", tmp_path / "new")
    assert restored.returncode == 0, restored.stderr
    assert not verdict(read_files(tmp_path / "new", tmp_path / "scratch"), [])
    assert people(tmp_path / "new") == ["ann"]


def test_a_backup_is_on_the_disk_before_it_has_its_name_and_its_copies_never_are(tmp_path: Path, disk: Disk) -> None:
    source, wanted = add("ann", tmp_path / "source"), disk.data / "wanted.db.tar"
    environment = disk.start() | {"BESEDKA_CRASH_AT": "after-naming:1"}
    assert command("backup", str(wanted), data=source, environment=environment).returncode == -signal.SIGKILL
    disk.cut_power()
    copies = [disk.data / "wanted.db.tar.new" / name for name in ("accounts.db", "messages.db")]
    assert sum(copy.stat().st_size for copy in copies) == 0  # To sync these would make everybody else wait.
    restored = in_process("restore", wanted, "--data", tmp_path / "new")
    assert restored.returncode == 0, restored.stderr
