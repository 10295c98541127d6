"""Backups of a data directory, with a server running on it or without one.

A running server is not asked to make its backup: another process reads its files, as a reader of the server's own
would, and shares no interpreter with those who talk. Where no server runs, the directory is held meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from besedka.admin.noting import NoteBackup, tell_server
from besedka.serve.directory import DataDirectory, DirectoryFault, Holder, holder, wait_server
from besedka.store.backups import Made, back_up, pour
from besedka.store.faults import Missing
from besedka.store.opening import ACCOUNTS, MESSAGES, give_to_owner
from besedka.store.replacing import finish_replacing, unfinished
from besedka.store.restoring import Restored, restore
from besedka.words import _

NICE = 10
"""How far a backup steps back (nice(2)) where a server runs: those who talk come first."""


def make_backup(data: Path, target: Path) -> Made:
    """A backup in a file that is not there yet; blocks. Raises `DirectoryFault` or `StoreFault`."""
    with _readable(data) as (server, confirm):
        made = back_up(data, target, alone=server is None, now=_now(), confirm=confirm)
        _note(data, server, made, os.fsencode(target).decode(errors="replace"))
    return made


def pour_backup(data: Path, output: BinaryIO) -> Made:
    """The same into a pipe."""
    with _readable(data) as (server, confirm):
        made = pour(data, output, alone=server is None, now=_now(), confirm=confirm)
        _note(data, server, made, "-")
    return made


def restore_backup(data: Path, archive: BinaryIO, *, end_sessions: bool) -> Restored:
    """Replace what is in a data directory on which no server runs; blocks. Raises as `make_backup` does."""
    os.umask(0o077)
    directory = DataDirectory.hold(data)
    try:
        return restore(data, archive, now=_now(), by=_user(), end_sessions=end_sessions)
    finally:
        directory.release()


@contextlib.contextmanager
def _readable(data: Path) -> Iterator[tuple[Holder | None, Callable[[], None]]]:
    """The server on the files, if there is one, and how to see, when they were read, that nobody replaced them.

    Where there is none, this process alone has them.
    """
    os.umask(0o077)
    if unfinished(data) is None and not any((data / file.name).exists() for file in (ACCOUNTS, MESSAGES)):
        raise Missing(
            _("{data}: there is no chat, so there is nothing to back up; name its directory with --data").format(
                data=data
            )
        )
    server = wait_server(data)
    if server is not None:
        os.nice(NICE)
        yield server, lambda: _see_it_is_still(data, server)
        return
    directory = DataDirectory.hold(data)
    try:
        finish_replacing(data)
        yield None, lambda: None
    finally:
        directory.release()


def _see_it_is_still(data: Path, server: Holder) -> None:
    """What a server holds, nobody else replaces. Raises `DirectoryFault`."""
    there = holder(data)
    if there is None or there.pid != server.pid:
        raise DirectoryFault(_("the server on {data} ended meanwhile; try again").format(data=data))


def _note(data: Path, server: Holder | None, made: Made, file: str) -> None:
    """Have it known: a running server in its log and its audit trail, else in the log alone."""
    deed = NoteBackup(file=file, made=made.time, bytes=made.bytes, by=_user())
    if server is not None:
        assert server.control is not None, "without one it is no server"
        tell_server(Path(server.control), deed)
        return
    from besedka.admin.journal import ServerLog
    from besedka.admin.safekeeping import write_backup
    from besedka.limits import Limits
    from besedka.serve.world import SystemClock

    path = data / "server.log"
    with contextlib.suppress(OSError):
        log = ServerLog(path, clock=SystemClock(), limits=Limits())
        write_backup(deed, log)
        log.close()
        give_to_owner(data, path)


def _user() -> str:
    """Whose process this is, for people: by name where the system knows one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _now() -> int:
    return time.time_ns() // 1_000_000
