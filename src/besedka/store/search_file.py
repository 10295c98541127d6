"""The file of the search index: what is in it, and when it is made anew.

Everything in it follows from the log, so it is never repaired or migrated: a file that is not of this log, of another
version or damaged is thrown away, and the index is built again.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import msgspec

from besedka.store.faults import FILE_ERRORS
from besedka.store.opening import BUSY_SECONDS, DatabaseFile

SEARCH = DatabaseFile("search.db", application_id=0x62657378, version=2)

INDEX_ERRORS = (*FILE_ERRORS, msgspec.DecodeError)
"""What whoever reads the file meets where it is damaged; the last one where SQLite sees nothing wrong with it."""

MAPPED_BYTES = 1 << 30
"""Of the file that are read as memory and not by calls; the system keeps of them what it has room for."""

STATEMENTS_CACHED = 128
"""A search asks one shard, then two, four and eight at once: each is a statement of its own."""

_TABLES = """
CREATE TABLE meta (epoch TEXT NOT NULL, stained INTEGER NOT NULL);
CREATE TABLE places (room INTEGER PRIMARY KEY, high INTEGER NOT NULL, floor INTEGER NOT NULL);
CREATE TABLE listed (time INTEGER, room INTEGER, number INTEGER, PRIMARY KEY (time, room, number)) WITHOUT ROWID;
CREATE TABLE shards (id INTEGER PRIMARY KEY AUTOINCREMENT, size INTEGER NOT NULL,
 gone INTEGER NOT NULL, oldest INTEGER NOT NULL, newest INTEGER NOT NULL,
 ordered INTEGER NOT NULL, open INTEGER NOT NULL);
CREATE TABLE documents (id INTEGER PRIMARY KEY, room INTEGER NOT NULL, number INTEGER NOT NULL, time INTEGER NOT NULL);
CREATE UNIQUE INDEX documents_of ON documents (room, number);
"""
# meta       of which log it is; whether words that were taken back may lie in the file still. One row.
# places     how far each room is indexed or listed, and from where on its entries were kept then.
# listed     messages that are to be indexed yet, where there were very many at once: the newest first.
# shards     each with the full-text table words_<id>; see `search_shards`.
# documents  which message a row of a shard's table is about: id = shard << 20 | row.


def open_index(path: Path, epoch: str) -> tuple[sqlite3.Connection, str]:
    """The connection that writes to the index of this log, and why it was made anew; empty where it was not.

    Raises SQLite's errors and OSError where no file can be made.
    """
    why = "there was none"
    if path.exists():
        try:
            connection = connect(path, mode="rw")
        except FILE_ERRORS:
            why = "it is damaged"
        else:
            why = _unfit(connection, epoch)
            if not why:
                return connection, ""
            connection.close()
    return _made(path, epoch), why


def connect(path: Path, *, mode: str) -> sqlite3.Connection:
    """A connection for one thread at a time. Raises SQLite's errors."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_CACHED,
        timeout=BUSY_SECONDS,
    )
    try:
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA synchronous = NORMAL")  # What a power cut takes back is indexed again.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute(f"PRAGMA mmap_size = {MAPPED_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def remove(path: Path) -> None:
    """Throw the file away, with what SQLite keeps beside it. No connection to it may be open. Raises OSError."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _unfit(connection: sqlite3.Connection, epoch: str) -> str:
    """Why this file cannot be used; empty where it can."""
    try:
        (whose,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if (whose, version) != (SEARCH.application_id, SEARCH.version):
            return "it is of another version"
        row = connection.execute("SELECT epoch FROM meta").fetchone()
        if row is None:
            return "it is damaged"
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage"
        ).fetchall():
            connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()
    except FILE_ERRORS:
        return "it is damaged"
    return "" if row[0] == epoch else "it is of another log"


def _made(path: Path, epoch: str) -> sqlite3.Connection:
    remove(path)
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = connect(path, mode="rw")
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES (?, 0)", (epoch,))
        connection.execute(f"PRAGMA application_id = {SEARCH.application_id}")
        connection.execute(f"PRAGMA user_version = {SEARCH.version}")
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection
