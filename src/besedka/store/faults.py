"""What the store says when a file fails it: one sentence that names the file and the remedy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from besedka.hub.faults import StoreFault
from besedka.words import _

# StoreFault            (hub.faults)
# ├── BadBackup         a backup that cannot be made or restored; nothing was changed
# └── CannotOpen        a file that cannot be used at start; it was left as it is
#     ├── Foreign       not one of ours
#     ├── Newer         written by a later besedka
#     ├── Damaged       ours once
#     ├── Missing       one of the two files without the other
#     └── NotWritable   no permission, no room, no such place


class BadBackup(StoreFault):
    """A backup cannot be made, or is not whole or not known here. What it should have replaced is as it was."""


class CannotOpen(StoreFault):
    """A database cannot be used. Nothing in it was changed."""


class Foreign(CannotOpen):
    """The file is something else's."""


class Newer(CannotOpen):
    """The file was written by a later version than this one."""


class Damaged(CannotOpen):
    """The file is ours but broken."""


class Missing(CannotOpen):
    """The file is gone and its neighbour is not."""


class NotWritable(CannotOpen):
    """The file or its directory cannot be written."""


_REMEDIES = {
    sqlite3.SQLITE_FULL: _("the disk is full; free some space"),
    sqlite3.SQLITE_IOERR: _("the disk does not work; see the system's log"),
    sqlite3.SQLITE_READONLY: _("it cannot be written; give this user write permission for the file and its directory"),
    sqlite3.SQLITE_PERM: _("it cannot be written; give this user write permission for the file and its directory"),
    sqlite3.SQLITE_CANTOPEN: _("it cannot be opened; see the permissions of the file and its directory"),
    sqlite3.SQLITE_CORRUPT: _("it is damaged; stop the server and restore a backup"),
    sqlite3.SQLITE_NOTADB: _("it is damaged or not a database; stop the server and restore a backup"),
    sqlite3.SQLITE_BUSY: _("another program is using it; end that one"),
    sqlite3.SQLITE_NOMEM: _("there is no memory left"),
}

_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


FILE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What the driver raises about a file; the second where SQLite's own words quote a damaged schema."""


def primary_code(error: Exception) -> int:
    """SQLite's result code without its extension (https://www.sqlite.org/rescode.html); 0 where it has none."""
    if isinstance(error, UnicodeDecodeError):
        return sqlite3.SQLITE_CORRUPT
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def sentence(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> str:
    """What happened to the file and what helps. SQLite's own words are left out: they may quote a statement."""
    remedy = _REMEDIES.get(primary_code(error))
    if remedy is None:
        remedy = _("SQLite failed with {code}").format(code=getattr(error, "sqlite_errorname", type(error).__name__))
    return f"{path}: {remedy}."


def opening_fault(path: Path, error: sqlite3.Error | UnicodeDecodeError) -> CannotOpen:
    """The fault for an error while a file was being opened."""
    kind = Damaged if primary_code(error) in _DAMAGED else NotWritable
    return kind(sentence(path, error))
