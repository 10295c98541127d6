"""Seeing that words which were taken back are gone from the disk.

`secure_delete` (see `opening`) overwrites in the pages whatever a row no longer says, overflow pages too. What is left
then are older versions of those pages in the write-ahead log, and the copy that a migration made of the whole file.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from besedka.hub.ports import StoreFault
from besedka.store.opening import BUSY_SECONDS, copies_of
from besedka.words import _

READERS_MILLISECONDS_MAX = 100
"""How long readers are waited for while nobody can write: a page of history is read in a fraction of it."""


def scrub(connection: sqlite3.Connection, path: Path) -> bool:
    """Fold the write-ahead log into the file, cut it to nothing, delete old copies; False where a reader is in the way.

    Outside of a transaction. Does nothing where nothing was rewritten since the last time; a crash before the end
    leaves it to be done.
    """
    (mended,) = connection.execute("SELECT mended FROM meta").fetchone()
    if not mended:
        return True
    connection.execute(f"PRAGMA busy_timeout = {READERS_MILLISECONDS_MAX}")
    try:
        (busy, *_pages) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    if busy:
        return False
    for copy in copies_of(path):
        try:
            copy.unlink(missing_ok=True)
        except OSError as error:
            raise StoreFault(_("{path}: {why}; delete it.").format(path=copy, why=error.strerror)) from None
    connection.execute("UPDATE meta SET mended = 0")
    return True
