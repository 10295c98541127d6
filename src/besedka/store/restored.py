"""What a restore leaves in the data directory, until a server that starts there has said so."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

from besedka.store.opening import sync

UNFINISHED = "restore.new"
"""The folder that a backup is laid into. Where it is there and nobody restores, nothing was replaced."""

NOTED = "restored.json"


class Restoration(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored. It is put in its place with the files, so it is there if they are."""

    made: int
    """The moment that the backup is a picture of, in milliseconds since 1970 UTC."""
    besedka: str
    """The version of the program that made it."""
    restored: int
    """When, likewise."""
    by: str
    """The system's user who did."""
    epoch: str
    """Of the log from now on."""


def lay_restoration(folder: Path, restoration: Restoration) -> None:
    """Put it beside the files that are to come into their places. Raises OSError."""
    path = folder / NOTED
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(msgspec.json.encode(restoration))
    sync(path)


def read_restoration(directory: Path) -> Restoration | None:
    """What was restored and no server has said yet."""
    try:
        return msgspec.json.decode((directory / NOTED).read_bytes(), type=Restoration)
    except (OSError, msgspec.MsgspecError):
        return None


def forget_restoration(directory: Path) -> None:
    """It is said."""
    with contextlib.suppress(OSError):
        (directory / NOTED).unlink()
