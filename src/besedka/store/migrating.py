"""Bringing the tables of an older file up to this program's.

The file's user version says which revisions of `migrations/` it has; those that follow run in one transaction, after
the whole file was copied beside itself. Alembic supplies the operations; its own table of versions is not used, so
that the version stands in one place.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from besedka.store.opening import DatabaseFile, sync

REVISIONS = Path(__file__).parent / "migrations"


def migrate(
    connection: sqlite3.Connection, path: Path, file: DatabaseFile, *, stored: int, revisions: Path = REVISIONS
) -> None:
    """Run the revisions after `stored` up to the file's version. Raises SQLite's errors, having changed nothing."""
    if stored > 0:
        copy(connection, path.with_name(f"{path.name}.version-{stored}"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        _run(connection, revisions / path.stem, after=stored, upto=file.version)
        connection.execute(f"PRAGMA user_version = {file.version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a whole database as of now to a private file, replacing an earlier copy only when this one is complete."""
    unfinished = target.with_name(target.name + ".new")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    other = sqlite3.connect(unfinished)
    try:
        connection.backup(other)
    finally:
        other.close()
    sync(unfinished)
    unfinished.rename(target)
    sync(target.parent)


def _run(connection: sqlite3.Connection, revisions: Path, *, after: int, upto: int) -> None:
    script = ScriptDirectory(str(revisions.parent), version_locations=[str(revisions)])
    steps = [revision for revision in script.walk_revisions() if after < int(revision.revision) <= upto]
    assert len(steps) == upto - after, "a version without its revision"
    # One connection, already in its transaction: SQLAlchemy is told neither to begin nor to end one.
    engine = create_engine(
        "sqlite://", creator=lambda: connection, poolclass=StaticPool, isolation_level=None, hide_parameters=True
    )
    with engine.connect() as bound, Operations.context(MigrationContext.configure(bound)):
        for revision in reversed(steps):
            revision.module.upgrade()
