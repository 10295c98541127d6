"""The users files of old chat servers: `name,address,md5hex`, one person a line."""

from __future__ import annotations

import re

import msgspec

from besedka.chat.names import fold
from besedka.words import _

FILE_BYTES_MAX = 64 << 20
"""A million people; more is another file by mistake."""

LINE_BYTES_MAX = 4096
"""Ten times a long line."""

_SEPARATORS = ",;\t"
_HEADER_NAMES = frozenset({"name", "nick", "nickname", "user", "username", "login"})
_MD5 = re.compile("[0-9a-fA-F]{32}")


class OldUser(msgspec.Struct, frozen=True):
    """One person of such a file."""

    line: int
    name: str
    address: str
    md5_hex: str
    """Of the password, in lower case. A secret: it can be turned back."""

    def __repr__(self) -> str:
        """Without the digest."""
        return f"<OldUser on line {self.line}>"


class BadLine(msgspec.Struct, frozen=True):
    """A line that is nobody's."""

    line: int
    why: str

    def __str__(self) -> str:
        return _("line {line}: {why}").format(line=self.line, why=self.why)


def read_users(raw: bytes) -> tuple[list[OldUser], list[BadLine]]:
    """The people of a file, and the lines that could not be read. Separators may differ from line to line."""
    users: list[OldUser] = []
    bad: list[BadLine] = []
    lines_of_names: dict[str, int] = {}
    lines = raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    first = next((number for number, line in enumerate(lines, 1) if line.strip()), 0)
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        read = _read_line(number, line, may_be_header=number == first)
        if isinstance(read, OldUser):
            earlier = lines_of_names.setdefault(fold(read.name), number)
            if earlier != number:
                read = BadLine(number, _("the same name is on line {earlier}").format(earlier=earlier))
        if isinstance(read, OldUser):
            users.append(read)
        elif read is not None:
            bad.append(read)
    return users, bad


def _read_line(number: int, raw: bytes, *, may_be_header: bool) -> OldUser | BadLine | None:
    """What one line says; None for the header."""
    if len(raw) > LINE_BYTES_MAX:
        return BadLine(number, _("longer than {line_bytes_max} bytes").format(line_bytes_max=LINE_BYTES_MAX))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return BadLine(number, _("not UTF-8"))
    fields = next((fields for mark in _SEPARATORS if len(fields := text.split(mark)) == 3), None)
    if fields is None:
        return BadLine(number, _("not three fields (name, address, MD5) between commas, semicolons or tabs"))
    name, address, digest = (field.strip().removeprefix('"').removesuffix('"') for field in fields)
    if not _MD5.fullmatch(digest):
        if may_be_header and name.casefold() in _HEADER_NAMES:
            return None
        return BadLine(number, _("the third field is no MD5 in 32 hexadecimal digits"))
    return OldUser(number, name, address, digest.lower()) if name else BadLine(number, _("no name"))
