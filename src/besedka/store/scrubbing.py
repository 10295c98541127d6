"""Seeing that words which were taken back are gone from the disk.

Four places may hold them. Rows are overwritten as they change, with the overflow pages of long ones (`secure_delete`,
see `opening`). Older versions of their pages are in the write-ahead log, which is folded in and cut to nothing. The
copy that a migration made of the whole file is deleted. And where SQLite has moved rows from one page to the next,
because one was full or two were half empty, it leaves their bytes in the gap of the page they came from, in no row and
overwritten by nothing: gaps are blanked here, in the file itself.

A gap lies between the pointers at the beginning of a page and the rows at its end
(https://www.sqlite.org/fileformat.html §1.6) and means nothing: so blanking it harms no reader, and a crash in the
middle of it has blanked less. Nobody may write meanwhile, and the connection that writes must forget the pages it
remembers, or it would write their gaps back.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from pathlib import Path

from besedka.hub.faults import StoreFault
from besedka.store.opening import BUSY_SECONDS, copies_of
from besedka.words import _

READERS_MILLISECONDS_MAX = 100
"""How long readers are waited for while nobody can write: a page of history is read in a fraction of it."""

_INTERIOR, _LEAF = 2, 10
"""Types of the pages of a table without rowid: those that lead to others, and those that do not."""

_HEADER_BYTES = {_INTERIOR: 12, _LEAF: 8}


def scrub(connection: sqlite3.Connection, path: Path, file: int) -> bool:
    """Leave in the files nothing of what was rewritten; False where a reader is in the way.

    `file` is a descriptor of the database that stays open as long as any connection does: closing one would take the
    locks of all (https://www.sqlite.org/howtocorrupt.html §2.2). Outside of a transaction. Does nothing where nothing
    was rewritten since the last time; a crash before the end leaves it to be done.
    """
    (mended,) = connection.execute("SELECT mended FROM meta").fetchone()
    if not mended:
        return True
    if not _fold_log_in(connection):
        return False
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entries'").fetchone()
    try:
        blank_gaps(file, root)
        for copy in copies_of(path):
            copy.unlink(missing_ok=True)
    except OSError as error:
        raise StoreFault(_("{path}: {why}; see the system's log.").format(path=path, why=error.strerror)) from None
    connection.execute("PRAGMA shrink_memory")
    connection.execute("UPDATE meta SET mended = 0")
    return True


def _fold_log_in(connection: sqlite3.Connection) -> bool:
    """Whether nobody was in the way."""
    connection.execute(f"PRAGMA busy_timeout = {READERS_MILLISECONDS_MAX}")
    try:
        (busy, *_pages) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    return not busy


def blank_gaps(file: int, root: int) -> None:
    """Overwrite what lies between the rows in the pages of a table without rowid, whose first page is `root`.

    Some 0.1 s for a million messages. Raises OSError.
    """
    page_bytes = int.from_bytes(os.pread(file, 2, 16), "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    level = [root]
    while level:
        below: list[int] = []
        for number in level:
            offset = (number - 1) * page_bytes
            page = os.pread(file, page_bytes, offset)
            start, end = _gap(page)
            if page.count(0, start, end) != end - start:
                os.pwrite(file, bytes(end - start), offset + start)
            if page[0] == _INTERIOR:
                below += _children(page)
        level = sorted(below)
    os.fsync(file)


def _gap(page: bytes) -> tuple[int, int]:
    """From where to where a page has its gap."""
    kind, _, rows, content, _ = struct.unpack_from(">BHHHB", page)
    assert kind in _HEADER_BYTES, "a page of something else"
    start, end = _HEADER_BYTES[kind] + 2 * rows, content or 65_536
    assert start <= end <= len(page), "a page whose rows lie in its pointers"
    return start, end


def _children(page: bytes) -> list[int]:
    """The pages below an interior one: that in its header, and one at the beginning of each row."""
    (rows,) = struct.unpack_from(">H", page, 3)
    pointers = struct.unpack_from(f">{rows}H", page, _HEADER_BYTES[_INTERIOR])
    return [*(struct.unpack_from(">I", page, pointer)[0] for pointer in pointers), *struct.unpack_from(">I", page, 8)]
