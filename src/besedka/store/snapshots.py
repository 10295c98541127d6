"""Both files as of one moment, copied while others go on writing.

No transaction spans both files, but what is done in both is a list of steps that survives a crash at any moment. So a
pair of copies is as good as the files after a crash if there was one moment at which both files were like that. Two
read transactions are begun, one after the other, and a third connection says whether anything was committed to the
first file meanwhile: if not, both are as they were when the second began. People are written seldom, so the first
attempt is nearly always the last. Nobody is made to wait.

A copy has the pages of its file, and what a file has to be scrubbed of (`scrubbing`) is in them; so a copy is scrubbed
by itself before anybody gets it. It is read through as well: a backup of a damaged file is found out while there still
is an older one.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

from besedka.store.examining import flaws
from besedka.store.faults import FILE_ERRORS, BadBackup, Missing, opening_fault, sentence
from besedka.store.opening import ACCOUNTS, MESSAGES, reader
from besedka.store.scrubbing import blank_gaps
from besedka.words import _

ATTEMPTS_MAX = 1000
"""Each takes some hundred microseconds; a crowd that comes back commits every few milliseconds."""


def copy_both(directory: Path, into: Path, *, alone: bool) -> str:
    """Copy both databases into a private folder; the epoch of the log in it.

    `alone` says that nobody else has them open, because the caller holds the directory. Blocks; raises `StoreFault`.
    """
    people, log = directory / ACCOUNTS.name, directory / MESSAGES.name
    for path in (people, log):
        if not path.exists():
            raise Missing(
                _("{path}: it is gone, and no backup is made of the other file alone; restore an earlier one").format(
                    path=path
                )
            )
    with ExitStack() as stack:
        reading = [stack.enter_context(closing(reader(path, alone=alone))) for path in (people, people, log)]
        try:
            begin_together(*reading)
        except FILE_ERRORS as error:
            raise opening_fault(log, error) from None
        for connection, path in zip(reading[1:], (people, log), strict=True):
            try:
                _copy(connection, into / path.name)
                connection.execute("ROLLBACK")  # Nothing is kept from being folded in for longer than it takes.
            except FILE_ERRORS as error:
                raise BadBackup(sentence(path, error)) from None
    return _finish(into, directory)


def begin_together(watching: sqlite3.Connection, first: sqlite3.Connection, second: sqlite3.Connection) -> None:
    """Begin to read two files as of one moment; `watching` is another connection to the first. Raises `BadBackup`."""
    for _attempt in range(ATTEMPTS_MAX):
        before = _version(watching)
        for connection in (first, second):
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # Only now it is as of a moment.
        if _version(watching) == before:
            return
        for connection in (first, second):
            connection.execute("ROLLBACK")
    raise BadBackup(_("the people's file is being written to without a pause; try again later"))


def _version(connection: sqlite3.Connection) -> int:
    """Another number after each commit of somebody else's."""
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    """Every page as of the transaction. Nothing is synced: if the machine stops, the copy is of no use anyway."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(_own(target)) as other:
        connection.backup(other)


def _own(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")  # First: to change how a file is logged syncs all of it.
    connection.execute("PRAGMA journal_mode = OFF")
    return connection


def _finish(folder: Path, directory: Path) -> str:
    """See that both copies are sound and clean; the epoch."""
    epoch = ""
    for file in (ACCOUNTS, MESSAGES):
        path = folder / file.name
        try:
            with closing(_own(path)) as connection:
                # One file without a log beside it, which can be looked into wherever it lies.
                connection.execute("PRAGMA journal_mode = DELETE")
                found = flaws(connection, file)
                if found:
                    raise BadBackup(
                        _("{name} is damaged ({flaw}), so no backup is made of it; `besedka doctor` says more").format(
                            name=file.name, flaw=found[0]
                        )
                    )
                if file is MESSAGES:
                    (epoch,) = connection.execute("SELECT epoch FROM meta").fetchone()
                    _scrub(connection, path)
        except FILE_ERRORS as error:
            raise BadBackup(sentence(directory / file.name, error)) from None
    return epoch


def _scrub(connection: sqlite3.Connection, path: Path) -> None:
    """Leave nothing of what was taken back in the copy."""
    (columns,) = connection.execute("SELECT count(*) FROM pragma_table_info('meta') WHERE name = 'mended'").fetchone()
    if not columns or not connection.execute("SELECT mended FROM meta").fetchone()[0]:
        return
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'entries'").fetchone()
    connection.execute("UPDATE meta SET mended = 0")
    connection.execute("PRAGMA shrink_memory")
    descriptor = os.open(path, os.O_RDWR)
    try:
        blank_gaps(descriptor, root)
    finally:
        os.close(descriptor)
