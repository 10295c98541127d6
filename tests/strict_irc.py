"""A strict reader of IRC, written from the specifications and not from the program: every fault is an assertion."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_TAG: Final = re.compile(r"\+?(?:[A-Za-z0-9.-]+/)?[A-Za-z0-9-]+(?:=[^\0\r\n; ]*)?")
_SOURCE: Final = re.compile(r"[^ !@\0\r\n]+(?:![^ @\0\r\n]+@[^ \0\r\n]+)?")
_COMMAND: Final = re.compile(r"[A-Z]+|[0-9]{3}")


class Read(msgspec.Struct, frozen=True):
    """One line as a client has it."""

    tags: tuple[str, ...]
    source: str
    command: str
    params: tuple[str, ...]


def read(stream: bytes) -> list[Read]:
    """Every line of what a server has sent: whole lines, UTF-8, none too long, none empty."""
    assert stream == b"" or stream.endswith(b"\r\n"), "a line without its end"
    lines = stream.split(b"\r\n")[:-1]
    return [_line(one) for one in lines]


def _line(data: bytes) -> Read:
    assert not {0, 10, 13} & set(data), f"an end within a line: {data!r}"
    text = data.decode()
    tags: tuple[str, ...] = ()
    if text.startswith("@"):
        head, _, text = text.partition(" ")
        assert len(head.encode()) + 1 <= 8191, "tags are too long"
        tags = tuple(head[1:].split(";"))
        assert all(_TAG.fullmatch(one) for one in tags), f"no tag: {head!r}"
        keys = [one.partition("=")[0] for one in tags]
        assert len(keys) == len(set(keys)), f"a tag twice: {head!r}"
    assert len(text.encode()) + 2 <= 512, f"{len(text.encode())} bytes: {text!r}"
    source = ""
    if text.startswith(":"):
        source, _, text = text[1:].partition(" ")
        assert _SOURCE.fullmatch(source), f"no source: {source!r}"
    words, colon, trailing = text.partition(" :")
    command, *params = words.split(" ")
    assert _COMMAND.fullmatch(command), f"no command: {text!r}"
    assert all(params), f"two spaces: {text!r}"
    return Read(tags, source, command, (*params, trailing) if colon else tuple(params))
