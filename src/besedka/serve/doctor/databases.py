"""Both databases, read through."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

from besedka.serve.doctor.findings import Finding, Findings, Level, Patient
from besedka.store.examining import flaws
from besedka.store.faults import FILE_ERRORS, CannotOpen, sentence
from besedka.store.opening import ACCOUNTS, MESSAGES, DatabaseFile
from besedka.words import _

SECONDS_MAX = 60.0
"""For each file: some hundred million messages. Meanwhile a server's write-ahead log grows."""

STEP_INSTRUCTIONS = 100_000
"""Of SQLite's machine between two looks at the clock: about a millisecond."""


def integrity(patient: Patient) -> Findings:
    """Whether each page and each row is what it should be."""
    remedy = _("stop the server and restore a backup (`besedka restore`); keep the damaged files")
    for file in (ACCOUNTS, MESSAGES):
        path = patient.data / file.name
        if not path.exists():
            yield Finding(Level.FAILURE, file.name, _("it is not there"), remedy)
            continue
        try:
            with closing(patient.read(path)) as connection:
                yield from _looked_through(connection, file, remedy)
        except CannotOpen as fault:
            yield Finding(Level.FAILURE, file.name, str(fault), remedy)
        except FILE_ERRORS as error:
            yield Finding(Level.FAILURE, file.name, sentence(path, error), remedy)


def _looked_through(connection: sqlite3.Connection, file: DatabaseFile, remedy: str) -> Findings:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    deadline = time.monotonic() + SECONDS_MAX
    connection.set_progress_handler(lambda: time.monotonic() > deadline, STEP_INSTRUCTIONS)
    try:
        found = flaws(connection, file)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        says = _("what was read in {seconds:.0f} s is sound; it is too large for a quick look").format(
            seconds=SECONDS_MAX
        )
        yield Finding(Level.NOTE, file.name, says, _("make a backup: that reads all of it"))
        return
    for flaw in found:
        yield Finding(Level.FAILURE, file.name, flaw, remedy)
    if version > file.version:
        says = _("its tables are version {version}, and this besedka knows {known}").format(
            version=version, known=file.version
        )
        yield Finding(Level.FAILURE, file.name, says, _("install the version that wrote it"))
    elif version < file.version:
        says = _("its tables are version {version}; the next start brings them to {known}").format(
            version=version, known=file.version
        )
        yield Finding(Level.NOTE, file.name, says)
    elif not found:
        yield Finding(Level.OK, file.name, _("every page and every row is sound"))


def together(patient: Patient) -> Findings:
    """Whether the files belong together, and what was begun in both is done."""
    people, log = patient.data / ACCOUNTS.name, patient.data / MESSAGES.name
    if not (people.exists() and log.exists()):
        return
    try:
        with closing(patient.read(log)) as connection:
            (member,) = connection.execute("SELECT coalesce(max(owner), 0) FROM rooms WHERE kind = 'inbox'").fetchone()
            (steps,) = connection.execute("SELECT count(*) FROM steps").fetchone()
        with closing(patient.read(people)) as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'accounts'").fetchone()
    except (CannotOpen, *FILE_ERRORS):
        return  # `integrity` says so.
    if member > (row[0] if row else 0):
        yield Finding(
            Level.WARNING,
            _("both databases"),
            _("the messages know people whom {people} never had: it is older").format(people=people.name),
            _("restore both from one backup"),
        )
    if steps and not patient.is_served:
        yield Finding(
            Level.NOTE,
            _("both databases"),
            _("something was begun in both and is not finished, as a removal"),
            _("start the server: it finishes that first"),
        )
