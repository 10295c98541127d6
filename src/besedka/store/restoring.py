"""Restoring a backup: everything is verified before anything is replaced.

The backup is laid into `restore.new` in the data directory, every byte and both databases are looked at, and the log is
given a new epoch. Until then nothing else is touched, and what a crash leaves is thrown away by the next restore. What
comes after is `replacing`'s.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import msgspec

from besedka.store.archives import Manifest, unpack
from besedka.store.examining import flaws
from besedka.store.faults import FILE_ERRORS, BadBackup, Newer, sentence
from besedka.store.opening import ACCOUNTS, MESSAGES, DatabaseFile, give_to_owner, private_directory, reader, sync
from besedka.store.replacing import fault, finish_replacing, replace
from besedka.store.restored import UNFINISHED, Restoration, lay_restoration
from besedka.words import _

SPARE_BYTES = 64 << 20
"""Left free on the disk at least: a server that starts without any room does not start."""


class Restored(msgspec.Struct, frozen=True):
    """What came of it."""

    manifest: Manifest
    entries: int
    replaced: Path | None
    """Where what was there is kept; None where nothing was."""


def restore(directory: Path, archive: BinaryIO, *, now: int, by: str, end_sessions: bool) -> Restored:
    """Replace what is in a data directory, which the caller holds. `now` is in milliseconds since 1970 UTC.

    `by` is the system's user who does. `end_sessions` makes everybody log in anew. Blocks; raises `StoreFault`, having
    changed nothing.
    """
    private_directory(directory)
    finish_replacing(directory)
    folder = directory / UNFINISHED
    try:
        _discard(folder)
        folder.mkdir(mode=0o700)
        manifest = unpack(archive, folder, made_room=lambda coming: _see_room(directory, coming))
        entries = _verify(folder, manifest)
        epoch = _begin_anew(folder, directory, end_sessions=end_sessions)
        lay_restoration(
            folder, Restoration(made=manifest.made, besedka=manifest.besedka, restored=now, by=by, epoch=epoch)
        )
        give_to_owner(directory, folder, *folder.rglob("*"))
        for each in (folder / "tls", folder):
            if each.is_dir():
                sync(each)
        aside = replace(directory, folder, now=now)
    except BaseException as error:
        with contextlib.suppress(OSError):  # Why it failed is what is told.
            _discard(folder)
        raise fault(folder, error) if isinstance(error, OSError) else error from None
    return Restored(manifest, entries, aside)


def _discard(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _see_room(directory: Path, manifest: Manifest) -> None:
    free = shutil.disk_usage(directory).free
    if manifest.size + SPARE_BYTES > free:
        raise BadBackup(
            _("there is no room for it: {path} has {free} MiB free, and it takes {needed} MiB").format(
                path=directory, free=free >> 20, needed=(manifest.size + SPARE_BYTES) >> 20
            )
        )


def _verify(folder: Path, manifest: Manifest) -> int:
    """See that this program can serve both databases; how many entries there are. Raises `StoreFault`."""
    for file in (ACCOUNTS, MESSAGES):
        path = folder / file.name
        try:
            with closing(reader(path, alone=True)) as connection:
                _refuse_newer(connection, file)
                found = flaws(connection, file)
                if found:
                    raise BadBackup(
                        _("the {name} in the backup is damaged ({flaw}); take an older backup").format(
                            name=file.name, flaw=found[0]
                        )
                    )
                if file is MESSAGES:
                    (epoch,) = connection.execute("SELECT epoch FROM meta").fetchone()
                    (entries,) = connection.execute("SELECT count(*) FROM entries").fetchone()
        except FILE_ERRORS as error:
            raise BadBackup(sentence(path, error)) from None
    if epoch != manifest.epoch:
        raise BadBackup(_("the backup says that it is of another log than is in it"))
    return int(entries)


def _refuse_newer(connection: sqlite3.Connection, file: DatabaseFile) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > file.version:
        raise Newer(
            _(
                "the backup was made by a newer besedka (the tables of {name} are version {version}, this program "
                "knows {known}); install that version"
            ).format(name=file.name, version=version, known=file.version)
        )


def _begin_anew(folder: Path, directory: Path, *, end_sessions: bool) -> str:
    """Another log from here on: whoever was further than the backup is told to start over, by its epoch.

    The new one is the answer.

    No account that is made now gets an id that somebody had since the backup, as far as what is there can tell.
    """
    given, epoch = _accounts_given(directory / ACCOUNTS.name), secrets.token_hex(16)
    try:
        with closing(sqlite3.connect(folder / MESSAGES.name)) as connection, connection:
            connection.execute("UPDATE meta SET epoch = ?", (epoch,))
        with closing(sqlite3.connect(folder / ACCOUNTS.name)) as connection, connection:
            connection.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'accounts' AND seq < ?1", (given,))
            if end_sessions:
                connection.execute("DELETE FROM tokens")
    except FILE_ERRORS as error:
        raise BadBackup(sentence(folder, error)) from None
    for file in (ACCOUNTS, MESSAGES):
        sync(folder / file.name)
    return epoch


def _accounts_given(path: Path) -> int:
    """The newest account's id in the file that is to be replaced; 0 where it cannot say."""
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'accounts'").fetchone()
            return int(row[0]) if row else 0
    except (*FILE_ERRORS, ValueError, TypeError):
        return 0  # It is being replaced, perhaps because it is damaged.


def open_for_reading(path: Path) -> BinaryIO:
    """A backup's file. Raises `BadBackup`."""
    try:
        return os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise BadBackup(
            _("{path} cannot be read: {why}; name a file that `besedka backup` has made").format(
                path=path, why=error.strerror
            )
        ) from None
