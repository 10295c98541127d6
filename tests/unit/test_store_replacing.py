"""Names on a disk that forgets: wherever the power is cut, the next start has all that was there or all of the backup.

A name is on the disk for certain once each folder that it is in, or was in, has been synced since; until then it may be
there or not, whatever else is. So each moment of a replacement is played with several of the disks that it may leave.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import pytest

from besedka.store import replacing
from besedka.store.replacing import finish_replacing, replace, unfinished

NOW = 1_700_000_000_000
OLD = ("accounts.db", "messages.db", "messages.db-wal", "messages.db.version-1", "search.db", "tls/key", "a.toml")
NEW = ("accounts.db", "messages.db", "restored.json", "tls/key", "tls/other")
STAYS = ("server.log",)

DISKS = 4
"""Of each moment: with all names that are not certain, with none, and with some."""


class Deed(msgspec.Struct, frozen=True):
    """Something done to names, or the sync of a folder."""

    kind: str
    path: Path
    target: Path | None = None

    @property
    def folders(self) -> set[Path]:
        """Those that must be synced until it is on the disk."""
        return {path.parent for path in (self.path, self.target) if path is not None}


def make(data: Path) -> Path:
    """A directory with a backup laid out in it."""
    for names, whose, folder in ((OLD + STAYS, "old", data), (NEW, "new", data / "restore.new")):
        for name in names:
            path = folder / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_text(f"{whose} {name}")
    return data


def watch(data: Path, monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> list[Deed]:
    """Do it, and tell what it did to names. All that changes names or syncs them is seen."""
    deeds: list[Deed] = []

    def seen(kind: str) -> Callable[..., object]:
        original = getattr(Path, kind)

        def do(path: Path, *arguments: object, **named: object) -> object:
            target = arguments[0].relative_to(data) if arguments and isinstance(arguments[0], Path) else None
            is_new = kind != "mkdir" or not path.exists()
            done = original(path, *arguments, **named)
            if is_new:
                deeds.append(Deed(kind, path.relative_to(data), target))
            return done

        return do

    with monkeypatch.context() as patch:
        for kind in ("rename", "mkdir", "rmdir", "unlink"):
            patch.setattr(Path, kind, seen(kind))
        patch.setattr(replacing, "sync", lambda path: deeds.append(Deed("sync", path.relative_to(data))))
        action()
    return deeds


def disks(deeds: Sequence[Deed], dice: random.Random, many: int = DISKS) -> Iterator[list[Deed]]:
    """What may be on the disk of what was done up to here; the least of it first."""
    certain = []
    for index, deed in enumerate(deeds):
        synced = {later.path for later in deeds[index:] if later.kind == "sync"}
        certain.append(deed.folders <= synced)
    for chance in (0.0, 1.0, *[0.5] * DISKS)[:many]:
        yield [deed for deed, sure in zip(deeds, certain, strict=True) if sure or dice.random() < chance]


def lay(data: Path, deeds: Sequence[Deed]) -> None:
    """Do them again, but for those that others had to come before."""
    for deed in deeds:
        path = data / deed.path
        if deed.kind == "mkdir" and path.parent.is_dir() and not path.exists():
            path.mkdir()
        elif deed.target is not None and path.exists() and (data / deed.target).parent.is_dir():
            path.rename(data / deed.target)
        elif deed.kind == "unlink" and path.exists():
            path.unlink()
        elif deed.kind == "rmdir" and path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def judged(data: Path) -> str:
    """Whose files are there; they are all of one kind."""
    there = {
        path.relative_to(data).as_posix(): path.read_text()
        for path in data.rglob("*")
        if path.is_file() and not path.relative_to(data).parts[0].startswith(("replaced-", "restore.new"))
    }
    assert unfinished(data) is None
    for name in STAYS:
        assert there.pop(name) == f"old {name}"
    there.pop("search.db", None)  # It knows by itself of which log it is.
    if there.get("accounts.db") == "old accounts.db":
        assert there == {name: f"old {name}" for name in OLD if name != "search.db"}
        return "old"
    kept = {"a.toml": "old a.toml"}  # The backup has none of that name.
    assert there == {name: f"new {name}" for name in NEW} | kept
    return "new"


def test_wherever_the_power_is_cut_the_next_start_has_the_one_or_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(1)
    laid, done = make(tmp_path / "laid"), make(tmp_path / "done")
    deeds = watch(done, monkeypatch, lambda: replace(done, done / "restore.new", now=NOW))
    assert judged(done) == "new"
    outcomes = []
    for cut in range(len(deeds) + 1):
        for disk in disks(deeds[:cut], dice):
            data = tmp_path / "data"
            shutil.copytree(laid, data)
            lay(data, disk)
            finish_replacing(data)
            outcomes.append(judged(data))
            assert (data / "restore.new").exists() == (outcomes[-1] == "old")
            shutil.rmtree(data)
    assert outcomes[0] == "old"
    assert outcomes[-DISKS:] == ["new"] * DISKS  # What the command has said is true whatever the disk forgets.


@pytest.mark.slow
def test_a_start_that_finishes_it_may_be_cut_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(2)
    laid, done = make(tmp_path / "laid"), make(tmp_path / "done")
    deeds = watch(done, monkeypatch, lambda: replace(done, done / "restore.new", now=NOW))
    for cut in range(2, len(deeds) + 1):  # Decided, and that is on the disk.
        first = tmp_path / "first"
        shutil.copytree(laid, first)
        lay(first, next(disks(deeds[:cut], dice)))
        second = tmp_path / "second"
        shutil.copytree(first, second)
        more = watch(second, monkeypatch, lambda second=second: finish_replacing(second))  # type: ignore[misc]
        for again in range(len(more) + 1):
            for disk in disks(more[:again], dice, 2):
                data = tmp_path / "data"
                shutil.copytree(first, data)
                lay(data, disk)
                finish_replacing(data)
                assert judged(data) == "new"
                shutil.rmtree(data)
        shutil.rmtree(first)
        shutil.rmtree(second)
