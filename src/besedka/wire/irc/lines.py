"""Lines of IRC: taken apart as they come, and built in one place.

A line is `[@tags ][:source ]command parameters` (modern.ircdocs.horse, "Message Format"). Taking apart never raises:
what cannot be a line is a `Flaw` with the command it seems to be. Building raises `Unbuildable` for what would be
another line than was meant, so no topic, reason or name can become a command of the server; it never cuts anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

LINE_BYTES_MAX: Final = 512
"""A line without its tags, its CR LF counted ("Message Format": 512 bytes)."""

TAGS_BYTES_MAX: Final = 8191
"""All tags of a line with the `@` before and the space behind them (IRCv3 message-tags, "Size limit")."""

CLIENT_TAGS_BYTES_MAX: Final = 4094
"""What a client may send between those two; the server adds as much at most (the same place)."""

INPUT_BYTES_MAX: Final = TAGS_BYTES_MAX + LINE_BYTES_MAX - 2
"""The longest line that is looked at, its end not counted."""

_ESCAPES: Final = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_ESCAPED: Final = re.compile(r"\\(.?)", re.DOTALL)
_UNESCAPED: Final = {":": ";", "s": " ", "r": "\r", "n": "\n"}
TAG_KEY: Final = re.compile(r"\+?(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+\Z")
_COMMAND: Final = re.compile(r"(?:[A-Za-z]+|[0-9]{3})\Z")
_NEVER: Final = re.compile(r"[\r\n\0]")


class Flaw(Enum):
    """Why a line is none."""

    TOO_LONG = "too long"
    ENDLESS = "endless"
    """More than any line can be."""
    NOT_UTF8 = "not UTF-8"
    NO_LINE = "no line"
    """A CR or NUL within it, or nothing that could be a command."""


class Line(msgspec.Struct, frozen=True):
    """A line that came from a client. Whom it says it is from means nothing and is passed over."""

    command: str
    """In capitals; empty where there is none."""
    params: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """Each key once, with the last of its values."""
    flaw: Flaw | None = None

    def __repr__(self) -> str:
        """Without what a person wrote."""
        return f"<Line {self.flaw}>"

    def tag(self, key: str) -> str | None:
        """The value of a tag; None where it is not there."""
        return dict(self.tags).get(key)


class Unbuildable(ValueError):
    """Something would have become another line than was meant: a fault of ours."""


# Taking apart ----------------------------------------------------------------------------------------------------


def parse(data: bytes) -> Line | None:
    """A line without its end; None for an empty one, which is passed over ("Message Format")."""
    if not data.strip(b" \r"):
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return _flawed(data, Flaw.NOT_UTF8)
    tags = ""
    if text[0] == "@":
        tags, _, text = text[1:].partition(" ")
    words = _words(text)
    if not words or _has_line_end(text) or _has_line_end(tags):
        return _flawed(data, Flaw.NO_LINE)
    if len(data) > LINE_BYTES_MAX - 2 and _is_too_long(*_divided(data)):
        return _flawed(data, Flaw.TOO_LONG)
    return Line(words[0].upper(), tuple(words[1:]), tuple(_tags(tags).items()) if tags else ())


ENDLESS: Final = Line("", flaw=Flaw.ENDLESS)
"""What stands for a line of which no more than its beginning was looked at."""


def _flawed(data: bytes, flaw: Flaw) -> Line:
    """A line that is none, with what it seems to be; that it is too long is said before anything else."""
    tags, rest = _divided(data)
    words = _words(rest.decode(errors="replace"))
    command = words[0].upper() if words and _COMMAND.match(words[0]) else ""
    if _is_too_long(tags, rest):
        return Line(command, flaw=Flaw.TOO_LONG)
    return Line(command, tags=_label(tags) if flaw is Flaw.NOT_UTF8 else (), flaw=flaw)


def _divided(data: bytes) -> tuple[bytes, bytes]:
    """The tags of a line, and the rest of it."""
    if data[:1] != b"@":
        return b"", data
    tags, _, rest = data[1:].partition(b" ")
    return tags, rest


def _is_too_long(tags: bytes, rest: bytes) -> bool:
    return len(tags) > CLIENT_TAGS_BYTES_MAX or len(rest) > LINE_BYTES_MAX - 2


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _label(tags: bytes) -> tuple[tuple[str, str], ...]:
    """Of the tags of a line that cannot be read, what its sender knows the answer by."""
    found = _tags(tags.decode()) if _is_utf8(tags) else {}
    return (("label", found["label"]),) if "label" in found else ()


def _words(text: str) -> list[str]:
    """The command and its parameters; only U+0020 divides them, and many are as one."""
    text = text.lstrip(" ")
    if text[:1] == ":":
        text = text.partition(" ")[2].lstrip(" ")
    head, colon, trailing = text.partition(" :")
    words = head.split(" ")
    if "" in words:
        words = [word for word in words if word]
    if colon:
        words.append(trailing)
    return words


def _tags(text: str) -> dict[str, str]:
    tags: dict[str, str] = {}
    for one in text.split(";"):
        key, _, value = one.partition("=")
        if TAG_KEY.match(key):
            tags[key] = _ESCAPED.sub(lambda found: _UNESCAPED.get(found[1], found[1]), value)
    return tags


# Building --------------------------------------------------------------------------------------------------------


def build(source: str, command: str, *params: str, tags: Iterable[tuple[str, str]] = ()) -> str:
    """One line with its end. The last parameter may be anything but a line end or NUL; the others are single words.

    An empty `source` is none. Raises `Unbuildable`.
    """
    words = [command, *params[:-1]]
    for word in words:
        if not word or word[0] == ":" or " " in word:
            raise Unbuildable("no single word")
    line = " ".join(words)
    if source:
        if " " in source:
            raise Unbuildable("no source")
        line = f":{source} {line}"
    if params:
        last = params[-1]
        line += f" :{last}" if not last or last[0] == ":" or " " in last or command in _ALWAYS_TRAILING else f" {last}"
    if _has_line_end(line):
        raise Unbuildable("a line within a line")
    return f"{encode_tags(tags)}{line}\r\n" if tags else f"{line}\r\n"


_ALWAYS_TRAILING: Final = frozenset(
    {"PRIVMSG", "NOTICE", "TOPIC", "ERROR", "QUIT", "KICK", "RENAME", "SETNAME", "CAP", "353"}
)
"""Commands whose last parameter is a text or a list: a colon shows it as such even where it is one word."""


def encode_tags(tags: Iterable[tuple[str, str]]) -> str:
    """Tags with the `@` before and the space behind them; empty for none. Raises `Unbuildable`."""
    pieces = []
    for key, value in tags:
        if not TAG_KEY.match(key) or "\0" in value:
            raise Unbuildable("no tag")
        pieces.append(f"{key}={''.join(_ESCAPES.get(one, one) for one in value)}" if value else key)
    return f"@{';'.join(pieces)} " if pieces else ""


def with_tag(line: str, key: str, value: str) -> str:
    """A built line with one tag more."""
    tag = encode_tags([(key, value)])
    return f"{tag[:-1]};{line[1:]}" if line.startswith("@") else tag + line


def plain(text: str) -> str:
    """Text from elsewhere that can stand at the end of any line: what would end it becomes a space."""
    return _NEVER.sub(" ", text) if _has_line_end(text) else text


def _has_line_end(text: str) -> bool:
    """Whether there is what no line can have in it. Three looks for one character are ten times quicker than one for a
    class of them, and every message is looked at.
    """
    return "\n" in text or "\r" in text or "\0" in text


def word(text: str) -> str:
    """Text from elsewhere as one word of a line: `*` for nothing, and an underscore for what a word cannot have."""
    if text.isalnum():
        return text  # Most are, and a big channel has many.
    text = plain(text).replace(" ", "_")
    return "_" + text[1:] if text[:1] == ":" else text or "*"


def line_bytes(line: str) -> int:
    """How long a built line is without its tags, its end counted."""
    if line.startswith("@"):
        line = line.partition(" ")[2]
    return len(line.encode())


def pieces(text: str, *, bytes_max: int) -> list[str]:
    """A longer text as several, cut between characters, at a space where one is near the end."""
    assert bytes_max >= 64, "room for words"
    found: list[str] = []
    rest = text.encode()
    while len(rest) > bytes_max:
        end = bytes_max
        while rest[end] & 0xC0 == 0x80:  # Within a character (RFC 3629 §3).
            end -= 1
        space = rest.rfind(b" ", end // 2, end)
        cut = space + 1 if space > 0 else end
        found.append(rest[:cut].decode())
        rest = rest[cut:]
    return [*found, rest.decode()]


def shortened(text: str, *, bytes_max: int) -> str:
    """A text that cannot be told in several, with an ellipsis where its end is missing."""
    if len(text.encode()) <= bytes_max:
        return text
    return text.encode()[: bytes_max - 3].decode(errors="ignore") + "…"
