"""A backup as one file: a tar archive of which every byte can be foreseen.

First comes `manifest.json`, which says what follows; then the files themselves; last `SHA256SUMS`, with a line for each
before it. So one pass writes it and one pass reads it, a pipe will do for both, and with nothing but `tar` and
`sha256sum -c` it can be opened and verified by hand.

Reading does not search the archive for what it might be. From the manifest follow all headers, all fill bytes and the
last member, and whatever is another byte than it must be makes the whole a bad backup: a name can lead nowhere, and one
flipped bit anywhere is found.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

from besedka.store.faults import BadBackup
from besedka.words import _

FORMAT = 1
"""Of the archive. A later one that this program could not read has another number."""

MANIFEST, SUMS = "manifest.json", "SHA256SUMS"

MANIFEST_BYTES_MAX = 65_536
"""Some hundred files; there are five."""

MADE_MAX = 253_402_300_799_999
"""The end of the year 9999, in milliseconds since 1970 UTC: no clock says more."""

_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,40}")
"""What versions are written with (PEP 440): it is shown to whoever restores."""

NAME = re.compile(r"(accounts|messages)\.db|tls/[A-Za-z0-9_][\w.-]{0,79}|[A-Za-z0-9_][\w.-]{0,79}\.toml", re.ASCII)
"""What may be in a backup: both databases, the certificate and its key, configurations."""

_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
_PIECE_BYTES = 1 << 20


class Part(msgspec.Struct, frozen=True):
    """A file in the backup."""

    name: str
    bytes: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup is of."""

    format: int = FORMAT
    besedka: str
    """The version of the program that made it."""
    made: int
    """The moment that it is a picture of, in milliseconds since 1970 UTC."""
    epoch: str
    """Of its log."""
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(part.bytes for part in self.parts)


def pack(manifest: Manifest, files: Mapping[str, Path], write: Callable[[bytes], object]) -> None:
    """Write the archive of these files, which hold still. Raises OSError."""
    raw = msgspec.json.encode(manifest)
    sums = [(hashlib.sha256(raw).hexdigest(), MANIFEST)]
    write(_header(MANIFEST, len(raw), manifest))
    write(raw + _fill(len(raw)))
    for part in manifest.parts:
        write(_header(part.name, part.bytes, manifest))
        digest = hashlib.sha256()
        with files[part.name].open("rb") as file:
            for piece in _pieces(file, part.bytes):
                digest.update(piece)
                write(piece)
        write(_fill(part.bytes))
        sums.append((digest.hexdigest(), part.name))
    last = _sums(sums)
    write(_header(SUMS, len(last), manifest) + last + _fill(len(last)) + _END)


def unpack(archive: BinaryIO, folder: Path, *, made_room: Callable[[Manifest], None]) -> Manifest:
    """Lay the files of an archive into an empty folder and sync them; nothing in it counts if this raises.

    `made_room` hears what is coming, and may refuse it. Raises `BadBackup` where a byte is wrong, missing or too much,
    and OSError.
    """
    header = _exactly(archive, _BLOCK)
    raw = _exactly(archive, _manifest_bytes(header))
    manifest = _manifest(raw)
    _expect(header, _header(MANIFEST, len(raw), manifest))
    _expect(_exactly(archive, len(_fill(len(raw)))), _fill(len(raw)))
    made_room(manifest)
    sums = [(hashlib.sha256(raw).hexdigest(), MANIFEST)]
    for part in manifest.parts:
        _expect(_exactly(archive, _BLOCK), _header(part.name, part.bytes, manifest))
        sums.append((_lay(archive, folder / part.name, part.bytes), part.name))
        _expect(_exactly(archive, len(_fill(part.bytes))), _fill(part.bytes))
    last = _sums(sums)
    last = _header(SUMS, len(last), manifest) + last + _fill(len(last)) + _END
    _expect(_exactly(archive, len(last)), last)
    _expect(archive.read(1), b"")
    return manifest


def _manifest_bytes(header: bytes) -> int:
    try:
        first = tarfile.TarInfo.frombuf(header, "ascii", "strict")
    except (tarfile.HeaderError, ValueError):
        raise _not_ours() from None
    if first.name != MANIFEST:
        raise _not_ours()
    if not 0 < first.size <= MANIFEST_BYTES_MAX:
        raise _damaged()
    return first.size


def _manifest(raw: bytes) -> Manifest:
    try:
        known = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        number = msgspec.json.decode(known["format"], type=int)
        if number > FORMAT:
            raise BadBackup(
                _("the backup was made by a newer besedka (format {number}, this one knows {known}); use that").format(
                    number=number, known=FORMAT
                )
            )
        manifest = msgspec.json.decode(raw, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError):
        raise _damaged() from None
    names = [part.name for part in manifest.parts]
    good = all(NAME.fullmatch(part.name) and part.bytes >= 0 for part in manifest.parts)
    if not good or len(set(names)) < len(names) or not {"accounts.db", "messages.db"} <= set(names):
        raise _damaged()
    if not 0 <= manifest.made <= MADE_MAX or not _VERSION.fullmatch(manifest.besedka):
        raise _damaged()
    return manifest


def _lay(archive: BinaryIO, path: Path, size: int) -> str:
    """Copy so many bytes to a new private file; their digest."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        for piece in _pieces(archive, size):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _pieces(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(size, _PIECE_BYTES))
        if not piece:
            raise _damaged()
        size -= len(piece)
        yield piece


def _exactly(archive: BinaryIO, size: int) -> bytes:
    return b"".join(_pieces(archive, size))


def _expect(found: bytes, expected: bytes) -> None:
    if found != expected:
        raise _damaged()


def _header(name: str, size: int, manifest: Manifest) -> bytes:
    """The one block before a member: nothing of the machine that it is made on is in it."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, manifest.made // 1000
    try:
        return member.tobuf(format=tarfile.GNU_FORMAT, encoding="ascii", errors="strict")
    except ValueError:
        raise _damaged() from None  # A time or a size that no header holds.


def _fill(size: int) -> bytes:
    return bytes(-size % _BLOCK)


def _sums(sums: list[tuple[str, str]]) -> bytes:
    """As `sha256sum` writes them."""
    return "".join(f"{digest}  {name}\n" for digest, name in sums).encode()


def _not_ours() -> BadBackup:
    return BadBackup(
        _("it is no backup that `besedka backup` has made; where it was compressed or encrypted since, undo that first")
    )


def _damaged() -> BadBackup:
    return BadBackup(_("the backup is damaged or cut off; take an older one, or another copy of this one"))
