"""Making a backup: both databases as of one moment, the certificate and configurations, in one file.

It is made in a folder beside the file that is wanted, `FILE.new`, and given its name when it is whole and on the disk:
a file that bears the name can be restored, after a crash too. Nothing that is there is ever overwritten.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from besedka import __version__
from besedka.store.archives import NAME, Manifest, Part, pack
from besedka.store.faults import BadBackup
from besedka.store.opening import ACCOUNTS, MESSAGES, give_to_owner, sync
from besedka.store.snapshots import copy_both
from besedka.words import _

FILE_BYTES_MAX = 1 << 20
"""Of a configuration, a certificate or a key; what is larger is none."""

FILES_MAX = 64
"""Of these; a certificate's folder has two or three."""

SYNC_BYTES = 8 << 20
"""Written between two syncs. A server on the same disk syncs every message, and would wait for all that piled up."""

LAST_BACKUP = "last-backup.json"
"""In the data directory: when the last one was made, for `besedka doctor`."""

_NO_PLACE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG}
)
"""What is wrong with where a file should be, and not with the disk."""

_WHOLE = "whole"
"""The backup itself in its folder, until it has its name."""


class Made(msgspec.Struct, frozen=True):
    """A backup that was made."""

    time: int
    """What it is a picture of, in milliseconds since 1970 UTC."""
    bytes: int


def back_up(
    directory: Path, target: Path, *, alone: bool, now: int, confirm: Callable[[], None] = lambda: None
) -> Made:
    """Make a backup of a data directory in a file that does not exist yet; `alone` as for `copy_both`.

    `confirm` is called when both databases are copied, and may raise. Blocks; raises `StoreFault`.
    """
    if os.path.lexists(target):
        raise BadBackup(_("{path} is there already; choose another name").format(path=target))
    with _told(target), _folder(target.with_name(target.name + ".new")) as folder:
        manifest, files = _gather(directory, folder, alone=alone, now=now)
        confirm()
        whole = folder / _WHOLE
        with os.fdopen(os.open(whole, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb", buffering=0) as file:
            pack(manifest, files, _synced(file))
            os.fsync(file.fileno())
        _name(whole, target)
        made = Made(manifest.made, target.stat().st_size)
    _note(directory, made)
    return made


def pour(
    directory: Path, output: BinaryIO, *, alone: bool, now: int, confirm: Callable[[], None] = lambda: None
) -> Made:
    """The same into a pipe. The databases are copied into the data directory meanwhile."""
    folder_path = directory / "backup.new"
    with _told(folder_path), _folder(folder_path) as folder:
        manifest, files = _gather(directory, folder, alone=alone, now=now)
        confirm()
        sizes: list[int] = []

        def write(data: bytes) -> None:
            output.write(data)
            sizes.append(len(data))

        with _told(_("the output")):
            pack(manifest, files, write)
            output.flush()
    made = Made(manifest.made, sum(sizes))
    _note(directory, made)
    return made


def last_backup(directory: Path) -> Made | None:
    """The last one that is known of."""
    try:
        return msgspec.json.decode((directory / LAST_BACKUP).read_bytes(), type=Made)
    except (OSError, msgspec.MsgspecError):
        return None


def _gather(directory: Path, folder: Path, *, alone: bool, now: int) -> tuple[Manifest, dict[str, Path]]:
    epoch = copy_both(directory, folder, alone=alone)
    files = {file.name: folder / file.name for file in (ACCOUNTS, MESSAGES)} | _beside(directory)
    parts = tuple(Part(name, path.stat().st_size) for name, path in files.items())
    return Manifest(besedka=__version__, made=now, epoch=epoch, parts=parts), files


def _beside(directory: Path) -> dict[str, Path]:
    """The certificate and its key, which people's programs have learned, and configurations that lie there."""
    found: dict[str, Path] = {}
    for path in sorted([*directory.glob("tls/*"), *directory.glob("*.toml")]):
        name = path.relative_to(directory).as_posix()
        if path.is_file() and NAME.fullmatch(name) and path.stat().st_size <= FILE_BYTES_MAX:
            found[name] = path
    if len(found) > FILES_MAX:
        raise BadBackup(
            _("{path} holds more than {most} certificates and configurations; move some away").format(
                path=directory, most=FILES_MAX
            )
        )
    return found


@contextlib.contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """A private folder of this process, gone at the end. One that a killed process has left is taken over."""
    path.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadBackup(_("{path}: another process is making that backup; wait for it").format(path=path)) from None
        _refuse_open(path, os.fstat(descriptor))
        _empty(path)
        try:
            yield path
        finally:
            _empty(path)
            path.rmdir()
    finally:
        os.close(descriptor)


def _refuse_open(path: Path, found: os.stat_result) -> None:
    """One that somebody else has put there, to have what is laid into it: so it is where anybody may write."""
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise BadBackup(_("{path} is in the way; move it, or choose another name").format(path=path))


def _empty(folder: Path) -> None:
    """Remove what a backup makes in its folder, and nothing else."""
    ours = (_WHOLE, ACCOUNTS.name, MESSAGES.name)
    strange = [path for path in folder.iterdir() if not path.name.startswith(ours)]
    if strange:
        raise BadBackup(_("{path} is in the way; move it, or choose another name").format(path=strange[0]))
    for path in folder.iterdir():
        path.unlink()


def _synced(file: BinaryIO) -> Callable[[bytes], None]:
    """Writing to a file so that little of it is ever still to be synced."""
    unsynced = 0

    def write(data: bytes) -> None:
        nonlocal unsynced
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        unsynced += len(data)
        if unsynced >= SYNC_BYTES:
            os.fdatasync(file.fileno())
            unsynced = 0

    return write


def _name(whole: Path, target: Path) -> None:
    """Give it its name, unless that has been taken meanwhile."""
    taken = BadBackup(_("{path} is there already; choose another name").format(path=target))
    try:
        os.link(whole, target)
    except FileExistsError:
        raise taken from None
    except OSError:  # A file system without links, as on memory sticks.
        if target.exists():
            raise taken from None
        whole.rename(target)
    sync(target.parent)


def _note(directory: Path, made: Made) -> None:
    """Nobody's backup fails because this does."""
    path = directory / LAST_BACKUP
    unfinished = path.with_suffix(".new")
    with contextlib.suppress(OSError):
        unfinished.unlink(missing_ok=True)
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(msgspec.json.encode(made))
        give_to_owner(directory, unfinished)
        unfinished.replace(path)


@contextlib.contextmanager
def _told(path: Path | str) -> Iterator[None]:
    """What the system says of files, as a sentence; what nobody reads any more is the caller's."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno in _NO_PLACE:
            remedy = _("choose another place")
        else:
            remedy = _("free some space, or see the system's log")
        raise BadBackup(
            _("{path} cannot be written: {why}, and nothing is left of it; {remedy}").format(
                path=path, why=error.strerror, remedy=remedy
            )
        ) from None
