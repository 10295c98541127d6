"""Making and opening the files of a data directory.

A file is made under another name, finished, synced and only then given its own: one that bears it is whole. So an
empty or odd file under that name was never ours to write on, and is refused with a sentence instead.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from besedka.store.faults import FILE_ERRORS, Damaged, Foreign, Newer, NotWritable, opening_fault, primary_code
from besedka.words import _

STATEMENTS_CACHED = 48
"""Prepared statements a connection keeps: those it needs often, and batches of the sizes that are usual at the time."""

BUSY_SECONDS = 5.0
"""How long another program's lock is waited for: somebody looks into the file with a tool of their own."""

WAL_PAGES_MAX = 8000
"""Pages of 4 KiB in the write-ahead log before the commit that finds them folds them into the file.

That commit takes some 30 ms. SQLite's own thousand made it every twentieth full turn, which is what the slowest
hundredth of the messages then waits for; at eight thousand the log is 32 MiB, which a start reads in a moment.
"""

_INCREMENTAL = 2
"""What `PRAGMA auto_vacuum` says of a file whose free pages are given back a few at a time."""

_HEADER_BYTES = 100
_MAGIC = b"SQLite format 3\0"


class DatabaseFile(msgspec.Struct, frozen=True):
    """One of the two files."""

    name: str
    application_id: int
    """At offset 68 of the file (https://www.sqlite.org/fileformat.html §1.3.14): whose it is."""
    version: int
    """Of its tables, as this program writes them; at offset 60, the user version."""


MESSAGES = DatabaseFile("messages.db", application_id=0x6265736D, version=3)
ACCOUNTS = DatabaseFile("accounts.db", application_id=0x62657361, version=3)


def private_directory(directory: Path) -> None:
    """Make the data directory, or close it to others where it is empty or already ours. Raises `NotWritable`."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = {ACCOUNTS.name, MESSAGES.name}
        there = set(os.listdir(directory))
        if stat.S_IMODE(directory.stat().st_mode) & 0o077 and (not there or there & ours):
            directory.chmod(0o700)
    except OSError as error:
        raise NotWritable(
            _("{directory}: {why}; choose another data directory.").format(directory=directory, why=error.strerror)
        ) from None
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        raise NotWritable(
            _("{directory}: it cannot be written; choose another data directory or change its permissions.").format(
                directory=directory
            )
        )


def opened(
    directory: Path, file: DatabaseFile, *, fill: Callable[[sqlite3.Connection], None]
) -> tuple[sqlite3.Connection, Path | None]:
    """The connection that writes to a file, which is made (and given its first rows by `fill`) where there is none.

    Beside it the copy that was made of a file of an older version before it was brought up to this one's. Raises a
    `CannotOpen` that says what is wrong; nothing that is there is ever overwritten.
    """
    private_directory(directory)
    path = directory / file.name
    try:
        if path.is_symlink() or path.exists():
            _check_header(path, file)
        else:
            _make(path, file, fill)
        _close_to_others(path)
        return _opened(path, file)
    except OSError as error:
        raise NotWritable(
            _("{path}: {why}; see the permissions of the file and its directory.").format(path=path, why=error.strerror)
        ) from None
    except FILE_ERRORS as error:
        raise opening_fault(path, error) from None


def reader(path: Path, *, alone: bool = False, still: bool = False) -> sqlite3.Connection:
    """One more connection, which can only read.

    `alone` says that there is no other: then it is opened so that its end leaves no write-ahead log behind. `still`
    says that the file does not change and has no log: then nothing at all is put beside it.
    """
    try:
        connection = _connect(path, mode="rw" if alone else "ro&immutable=1" if still else "ro")
        connection.execute("PRAGMA query_only = ON")
        return connection
    except FILE_ERRORS as error:
        raise opening_fault(path, error) from None


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,  # Transactions are begun and ended by name.
        check_same_thread=False,  # Opened by whoever starts the server, then used by one thread only.
        cached_statements=STATEMENTS_CACHED,
        timeout=BUSY_SECONDS,
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA synchronous = FULL")  # What COMMIT has returned from is on the disk (P1).
        connection.execute("PRAGMA secure_delete = ON")  # What is deleted is overwritten: see `scrubbing`.
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX}")
    except BaseException:
        connection.close()
        raise
    return connection


def copies_of(path: Path) -> list[Path]:
    """The copies that migrations have made of a file, unfinished ones too."""
    return sorted(path.parent.glob(f"{path.name}.version-*"))


def copy_path(path: Path, version: int) -> Path:
    """Where a file is copied to before it is brought up from this version."""
    return path.with_name(f"{path.name}.version-{version}")


def _opened(path: Path, file: DatabaseFile) -> tuple[sqlite3.Connection, Path | None]:
    connection, copy = _connect(path, mode="rw"), None
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > file.version:
            raise Newer(
                _(
                    "{path}: it was written by a newer besedka (its tables are version {version}, this program "
                    "knows {known}); install that version or choose another data directory."
                ).format(path=path, version=version, known=file.version)
            )
        if version < file.version:
            from besedka.store.migrating import migrate  # Alembic takes 0.2 s to import.

            migrate(connection, path, file, stored=version)
            copy = copy_path(path, version)
        _make_shrinkable(connection)
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection, copy


def _make_shrinkable(connection: sqlite3.Connection) -> None:
    """Have a file of an earlier version know its free pages well enough to give them back: it is rewritten, once.

    That takes as much space again for a moment. Where there is not so much, it stays as it is: it works all the same,
    and the next start tries again.
    """
    (mode,) = connection.execute("PRAGMA auto_vacuum").fetchone()
    if mode == _INCREMENTAL:
        return
    connection.execute("PRAGMA temp_store = FILE")  # The memory may be smaller than the file.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    try:
        connection.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if primary_code(error) != sqlite3.SQLITE_FULL:
            raise
    connection.execute("PRAGMA temp_store = MEMORY")


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Begin the write-ahead log, and touch each table once, so that a broken file is found out now."""
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise NotWritable(
            _("{path}: its file system cannot keep a write-ahead log; choose another data directory.").format(path=path)
        )
    connection.execute("BEGIN IMMEDIATE")  # Whoever cannot write is told now and not at the first message.
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()
    connection.execute("ROLLBACK")


def _check_header(path: Path, file: DatabaseFile) -> None:
    """Refuse what is not ours before SQLite touches it."""
    if not path.is_file():
        raise Foreign(_("{path}: it is not a file; move it away or choose another data directory.").format(path=path))
    if not os.access(path, os.R_OK | os.W_OK):
        raise NotWritable(_("{path}: it cannot be written; give this user write permission for it.").format(path=path))
    with path.open("rb") as opened_file:
        header = opened_file.read(_HEADER_BYTES)
        size = os.fstat(opened_file.fileno()).st_size
    if len(header) < _HEADER_BYTES or not any(header):
        raise Damaged(
            _("{path}: it is damaged (its beginning is gone); restore a backup, or move it away to begin anew.").format(
                path=path
            )
        )
    if header[: len(_MAGIC)] != _MAGIC or int.from_bytes(header[68:72], "big") != file.application_id:
        raise Foreign(
            _(
                "{path}: it is damaged or not one of besedka's; restore a backup, or move it away, or "
                "choose another data directory."
            ).format(path=path)
        )
    page_bytes = int.from_bytes(header[16:18], "big")
    expected = int.from_bytes(header[28:32], "big") * (page_bytes if page_bytes > 1 else 65_536)
    log = path.with_name(path.name + "-wal")
    if size < expected and not (log.exists() and log.stat().st_size):  # With a log, the rest may be there.
        raise Damaged(
            _("{path}: it is damaged ({left} bytes of {expected} are left); restore a backup.").format(
                path=path, left=size, expected=expected
            )
        )


def _close_to_others(path: Path) -> None:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)


def _make(path: Path, file: DatabaseFile, fill: Callable[[sqlite3.Connection], None]) -> None:
    from sqlalchemy.dialects import sqlite  # Here, so that only the first start waits for the import.
    from sqlalchemy.schema import CreateIndex, CreateTable

    from besedka.store import schema

    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = _connect(unfinished, mode="rw")
    try:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # Before there is a table, or it is not heeded.
        connection.execute("BEGIN IMMEDIATE")
        for table in (schema.messages if file is MESSAGES else schema.accounts).sorted_tables:
            connection.execute(str(CreateTable(table).compile(dialect=sqlite.dialect())))
            for index in sorted(table.indexes, key=lambda index: str(index.name)):
                connection.execute(str(CreateIndex(index).compile(dialect=sqlite.dialect())))
        fill(connection)
        connection.execute(f"PRAGMA application_id = {file.application_id}")
        connection.execute(f"PRAGMA user_version = {file.version}")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()
    sync(unfinished)
    unfinished.rename(path)
    sync(path.parent)


def give_to_owner(directory: Path, *paths: Path) -> None:
    """Where root has made these, give them to whom the data directory belongs: their server must open them."""
    if os.geteuid() == 0:
        owner = directory.stat()
        for path in paths:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def sync(path: Path) -> None:
    """Have what was written to a file, or the names in a directory, on the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
