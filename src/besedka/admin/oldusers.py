"""The users files of old chat servers: `name,address,md5hex`, one person a line."""

from __future__ import annotations

import ipaddress
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

_HOST_CHARACTERS_MAX = 253
"""Of a host name without its last dot (RFC 1035 §2.3.4)."""

_LABEL = "[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*(?!\d+\.?$){_LABEL}\.?")
"""Labels as RFC 1123 §2.1 has them, and the underscore that people use; the last is no number, as an IP's is."""

_ZONE = re.compile("[0-9A-Za-z_.-]{0,15}")
"""After the `%` of an IPv6 address (RFC 4007 §11): an interface of Linux. `ipaddress` takes any text there."""


class OldUser(msgspec.Struct, frozen=True):
    """One person of such a file."""

    line: int
    name: str
    address: str
    """An IP address, a host name, or empty where the old server knew none."""
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
    if not name:
        return BadLine(number, _("no name"))
    if not _is_address(address):
        return BadLine(number, _("the second field is neither an IP address nor a host name"))
    return OldUser(number, name, address, digest.lower())


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return not text or (len(text) <= _HOST_CHARACTERS_MAX + 1 and _HOST.fullmatch(text) is not None)
    return _ZONE.fullmatch(text.partition("%")[2]) is not None
