"""The data directory, and the lock that says whose it is.

The lock is `flock` on `DATA/lock`, which the kernel lets go when its holder dies, however it dies. What the holder
writes into the file is for others to read: who it is, and how to reach it. After a crash it is still there and says
which port was the last one used; an orderly end empties it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from besedka.chat.text import harmless_line
from besedka.words import _

DATABASES = ("messages.db", "accounts.db", "search.db")
"""Whose sizes grow with what people say and do."""

OURS = frozenset({"lock", "accounts.db", "messages.db", "server.log", "tls", "server.port", "control.sock"})
"""Any of these in a directory says that it is a data directory."""

NOBODYS = frozenset({"lost+found"})
"""What the root of a file system has of its own."""

LOCK_SECONDS = 0.5
"""Others take the lock for a moment to see whether it is held."""

STARTING_SECONDS = 3.0
"""How long to wait for a server that has only just taken its data directory."""

_STEP_SECONDS = 0.02


class DirectoryFault(Exception):
    """The data directory cannot be used. Its text is a sentence with the remedy."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a data directory, as it says itself."""

    pid: int
    port: int | None = None
    """Of a server that has begun to listen."""
    control: str | None = None
    """The path of its control socket, once it answers there."""
    addresses: tuple[str, ...] = ()
    """Each `HOST:PORT` that it listens on."""


class DataDirectory:
    """A data directory that this process holds. Made by `hold`, to be given back by `release`."""

    def __init__(self, path: Path, lock: int, last: Holder | None) -> None:
        self.path = path
        self._lock = lock
        self.last_port = None if last is None else last.port
        """The port of a server that did not end in order."""

    def announce(self, *, port: int, control: Path, addresses: Sequence[str] = ()) -> None:
        """Say where this server is to be reached. Raises `DirectoryFault`."""
        self._write(Holder(os.getpid(), port, str(control), tuple(addresses)))
        new = self.path / "server.port.new"
        try:
            new.write_text(f"{port}\n")
            new.replace(self.path / "server.port")
        except OSError as error:
            raise _fault(self.path, error) from None

    def sizes(self) -> Mapping[str, int]:
        """Bytes of each database that is there, by its name, with those of its write-ahead log."""
        found: dict[str, int] = {}
        for name in DATABASES:
            with contextlib.suppress(OSError):
                found[name] = (self.path / name).stat().st_size
                found[name] += (self.path / f"{name}-wal").stat().st_size
        return found

    def release(self) -> None:
        """An orderly end: nothing of this process stays."""
        with contextlib.suppress(OSError):
            (self.path / "server.port").unlink(missing_ok=True)
            os.ftruncate(self._lock, 0)
        os.close(self._lock)

    def _write(self, holder: Holder) -> None:
        data = msgspec.json.encode(holder)
        try:
            os.ftruncate(self._lock, 0)
            os.pwrite(self._lock, data, 0)
        except OSError as error:
            raise _fault(self.path, error) from None

    @classmethod
    def hold(cls, path: Path) -> DataDirectory:
        """Take a data directory, making it where there is none; all in it stays this user's alone.

        Raises `DirectoryFault` if it cannot be used, or if another process holds it, naming that one.
        """
        try:
            _make_private(path)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            lock = os.open(path / "lock", flags, 0o600)
        except OSError as error:
            raise _fault(path, error) from None
        try:
            if not _lock_within(lock, LOCK_SECONDS):
                raise _held(path, _read(lock))
            directory = cls(path, lock, _read(lock))
            (path / "server.port").unlink(missing_ok=True)
            directory._write(Holder(os.getpid()))
        except OSError as error:
            os.close(lock)
            raise _fault(path, error) from None
        except DirectoryFault:
            os.close(lock)
            raise
        return directory


def holder(path: Path) -> Holder | None:
    """Who holds this data directory now, or None where nobody does (or there is none). Raises `DirectoryFault`."""
    try:
        lock = os.open(path / "lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _fault(path, error) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(lock) or Holder(0)
    finally:
        os.close(lock)
    return None


def wait_server(path: Path) -> Holder | None:
    """Block until the server that holds this data directory can be asked; None where nobody holds it.

    Raises `DirectoryFault` where something else does for longer than a server takes to start.
    """
    deadline = time.monotonic() + STARTING_SECONDS
    while (there := holder(path)) is not None and there.control is None:
        if time.monotonic() > deadline:
            raise DirectoryFault(
                _("{data} is in use by process {pid}, which is no server or does not answer; try again later").format(
                    data=path, pid=there.pid
                )
            )
        time.sleep(_STEP_SECONDS)
    return there


def wait_released(path: Path, *, seconds: float) -> bool:
    """Block until nobody holds this data directory; whether that came about in time."""
    deadline = time.monotonic() + seconds
    while holder(path) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_STEP_SECONDS)
    return True


def _make_private(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = set(os.listdir(path))
    if not there & OURS and there - NOBODYS:
        foreign = harmless_line(sorted(there - NOBODYS)[0])
        raise DirectoryFault(
            _("{path} holds other things than a chat's data ({foreign}); choose an empty directory").format(
                path=path, foreign=foreign
            )
        )
    found = path.stat()
    if stat.S_IMODE(found.st_mode) & 0o077 and found.st_uid == os.geteuid():
        path.chmod(0o700)


def _lock_within(lock: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_STEP_SECONDS)
        else:
            return True


def _read(lock: int) -> Holder | None:
    """What is written in the lock; None where nothing (whole) is."""
    try:
        return msgspec.json.decode(os.pread(lock, 8192, 0), type=Holder)
    except msgspec.MsgspecError:
        return None


def _held(path: Path, other: Holder | None) -> DirectoryFault:
    if other is None:
        return DirectoryFault(
            _("{path} is in use by another process; end that one, or choose another directory with --data").format(
                path=path
            )
        )
    if other.port is None:
        sentence = _("{path} is in use by process {pid}; end that one, or choose another directory with --data")
    else:
        sentence = _(
            "{path} is in use by process {pid} (port {port}); end that one, or choose another directory with --data"
        )
    return DirectoryFault(sentence.format(path=path, pid=other.pid, port=other.port))


def _fault(path: Path, error: OSError) -> DirectoryFault:
    return DirectoryFault(
        _("{path} cannot be used: {why}; correct that, or choose another with --data").format(
            path=path, why=error.strerror
        )
    )
