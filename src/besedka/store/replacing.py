"""Putting the files of a folder in the place of those that are there, so that a crash leaves the ones or the others.

1. The folder, whose files are verified and on the disk, is renamed to `restoring-TIME`. That is the decision: from
   here on there is only forward.
2. What bears the names of its files is moved to `replaced-TIME`, of databases their logs as well.
3. Its files are moved to their places.

Whoever opens the stores next goes on where this was cut. A write-ahead log beside a file that it is not of would be
folded into it: so nothing comes in before all that goes out is out and on the disk.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from besedka.store.faults import BadBackup
from besedka.store.opening import give_to_owner, sync
from besedka.words import _

DECIDED = "restoring-"
REPLACED = "replaced-"

_DERIVED = ("search.db",)
"""Made again from the others where it is not there."""


def replace(directory: Path, folder: Path, *, now: int) -> Path | None:
    """Put the folder's files in their places; where those are that were there, or None where none were.

    `now` is in milliseconds since 1970 UTC. The caller holds the directory. Raises `BadBackup` or OSError; where the
    folder is still there, nothing was changed.
    """
    stamp = f"{datetime.fromtimestamp(now / 1000, UTC):%Y%m%dT%H%M%SZ}"
    aside = directory / (REPLACED + stamp)
    if aside.exists():
        raise BadBackup(_("another backup was restored within this second; try again"))
    folder.rename(directory / (DECIDED + stamp))
    sync(directory)
    finish_replacing(directory)
    return aside if aside.exists() else None


def unfinished(directory: Path) -> Path | None:
    """What was decided and is not done; the next start does it."""
    return next(iter(sorted(directory.glob(f"{DECIDED}*"))), None)


def finish_replacing(directory: Path) -> None:
    """Go on with what was decided, where there is such a thing; the caller holds the directory. Raises `StoreFault`."""
    decided = unfinished(directory)
    if decided is None:
        return
    try:
        _put_in_place(directory, decided, directory / decided.name.replace(DECIDED, REPLACED, 1))
    except OSError as error:
        raise fault(decided, error) from None


def fault(path: Path, error: OSError) -> BadBackup:
    """What kept files from being written or moved."""
    return BadBackup(_("{path}: {why}; free some space, or see the system's log").format(path=path, why=error.strerror))


def _put_in_place(directory: Path, decided: Path, aside: Path) -> None:
    names = [path.relative_to(decided) for path in sorted(decided.rglob("*")) if not path.is_dir()]
    for derived in _DERIVED:
        for path in directory.glob(f"{derived}*"):
            path.unlink()
    for name in names:
        for path in _in_the_way(directory, name):
            target = aside / path.relative_to(directory)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.rename(target)
    give_to_owner(directory, *(each for each in (aside, aside / "tls") if each.exists()))
    _sync_names(aside, directory)
    for name in names:
        folder = (directory / name).parent
        if not folder.exists():
            folder.mkdir(mode=0o700)
            give_to_owner(directory, folder)
        (decided / name).rename(directory / name)
    _sync_names(directory)
    for folder in (decided / "tls", decided):
        if folder.is_dir():
            folder.rmdir()
    sync(directory)


def _sync_names(*folders: Path) -> None:
    """Have on the disk what was moved into and out of these folders."""
    for folder in folders:
        for each in (folder / "tls", folder):
            if each.is_dir():
                sync(each)


def _in_the_way(directory: Path, name: Path) -> list[Path]:
    """What a file is to replace: of a database its logs and the copies of upgrades as well, the file itself last."""
    path = directory / name
    beside = [*directory.glob(f"{name}-*"), *directory.glob(f"{name}.version-*")] if name.suffix == ".db" else []
    return [*sorted(beside), *([path] if path.exists() or path.is_symlink() else [])]
