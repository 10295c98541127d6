"""A data directory on a disk that forgets: the test's side of `shim.c`, which says how it works."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

SECTOR = 512
"""Bytes a disk writes wholly or not at all."""


class Disk:
    """What of a data directory has reached the disk. Start processes with `environment`, then `cut_power`."""

    def __init__(self, data: Path, disk: Path, *, shim: Path) -> None:
        """Both directories are made where they are not there."""
        self.data, self._disk, self._shim = data, disk, shim
        for directory in (data, disk):
            directory.mkdir(mode=0o700, exist_ok=True)

    def start(self, *, dies_at: int = 0) -> dict[str, str]:
        """All that is there is on the disk now; the environment of a process that may lose what it writes next.

        `dies_at` kills it in the middle of its so manyeth write or sync; 0 is never.
        """
        for path in list(_watched(self._disk)):
            path.unlink()
        for path in _watched(self.data):
            target = self._disk / path.relative_to(self.data)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        return {
            "LD_PRELOAD": str(self._shim),
            "BESEDKA_SHIM_DATA": str(self.data),
            "BESEDKA_SHIM_DISK": str(self._disk),
            "BESEDKA_SHIM_DIES": str(dies_at),
        }

    def cut_power(self, *, dice: random.Random | None = None) -> None:
        """What the process had not synced is gone; with `dice`, any of its sectors may have made it all the same."""
        for path in list(_watched(self.data)):
            synced = self._disk / path.relative_to(self.data)
            there = synced.read_bytes() if synced.exists() else b""
            if dice is not None:
                there = _mixed(there, path.read_bytes(), dice)
            if there or synced.exists():
                path.write_bytes(there)
            else:
                path.unlink()
        for path in self.data.glob("*-shm"):
            path.unlink()

    def fill(self) -> None:
        """From now on no file grows."""
        (self._disk / "full").touch()

    def free(self) -> None:
        """There is space again."""
        (self._disk / "full").unlink()

    def break_down(self) -> None:
        """From now on nothing can be synced, and what was to be is not written later either."""
        (self._disk / "broken").touch()

    def repair(self) -> None:
        """Syncing works again."""
        (self._disk / "broken").unlink()


def _watched(directory: Path) -> Iterator[Path]:
    """The files that the shim watches, by the same rule."""
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and not name.endswith("-shm") and (".db" in name or name.startswith("tls/")):
            yield path


def _mixed(synced: bytes, cached: bytes, dice: random.Random) -> bytes:
    """Each sector as synced or as cached; where it is cut off, as one of them."""
    size = dice.choice((len(synced), len(cached)))
    sectors = (
        dice.choice((synced, cached))[start : start + SECTOR].ljust(SECTOR, b"\0") for start in range(0, size, SECTOR)
    )
    return b"".join(sectors)[:size]
