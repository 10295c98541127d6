"""Bringing the tables of an older file up to this program's.

The file's user version says which revisions of `migrations/` it has; those that follow run in one transaction, after
the whole file was copied beside itself. Alembic supplies the operations; its own table of versions is not used, so
that the version stands in one place.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from besedka.store.opening import DatabaseFile, copy_path, sync

REVISIONS = Path(__file__).parent / "migrations"


def migrate(connection: sqlite3.Connection, path: Path, file: DatabaseFile, *, stored: int) -> None:
    """Run the revisions after `stored` up to the file's version. Raises SQLite's errors, having changed nothing."""
    if stored > 0:
        copy(connection, copy_path(path, stored))
    # One connection, already in its transaction, which ends where SQLAlchemy is told to end it.
    engine = create_engine("sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True)
    try:
        with engine.connect() as bound, Operations.context(MigrationContext.configure(bound)):
            connection.execute("BEGIN IMMEDIATE")
            for revision in _revisions(REVISIONS / path.stem, after=stored, upto=file.version):
                revision.module.upgrade()
            connection.execute(f"PRAGMA user_version = {file.version}")
            bound.commit()  # What did not come this far is rolled back.
    except DBAPIError as error:
        raise (error.orig if isinstance(error.orig, sqlite3.Error) else error) from None


def _revisions(directory: Path, *, after: int, upto: int) -> list[Script]:
    script = ScriptDirectory(str(directory.parent), version_locations=[str(directory)])
    found = [revision for revision in script.walk_revisions() if after < int(revision.revision) <= upto]
    assert len(found) == upto - after, "a version without its revision"
    return found[::-1]


def copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a whole database as of now to a private file, replacing an earlier copy only when this one is complete."""
    unfinished = target.with_name(target.name + ".new")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        with closing(sqlite3.connect(unfinished)) as other:
            connection.backup(other)
    except BaseException:
        for left in (unfinished, unfinished.with_name(unfinished.name + "-journal")):
            left.unlink(missing_ok=True)  # So that a full disk is no fuller than it was.
        raise
    sync(unfinished)
    unfinished.rename(target)
    sync(target.parent)
