"""Whom a message calls by name: `@name` anywhere, or a name at its very start followed by `:` or `,`."""

from __future__ import annotations

import re

from besedka.chat.names import fold
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Room

EVERYBODY = fold("room")
"""`@room` calls everybody in it, where whoever says so may."""

_NAME = r"([\w\-.\[\]\\^{|}`]{1,64})"
_CALLED = re.compile(rf"(?:\A|(?<=[^\w@]))@{_NAME}")
_ADDRESSED = re.compile(rf"\A{_NAME}[:,](?:\s|\Z)")


def mentioned(room: Room, text: str, author: PrincipalId, *, at_most: int) -> tuple[PrincipalId, ...]:
    """The members whom `text` calls, its author not among them, in the order it does; further ones are only text."""
    found: dict[PrincipalId, None] = {}
    for name in _names(text):
        principal = _member(room, name)
        if principal is not None and principal != author and len(found) < at_most:
            found[principal] = None
    return tuple(found)


def calls_everybody(text: str) -> bool:
    """Whether `text` says `@room`."""
    return "@" in text and any(fold(found[1].rstrip(".-")) == EVERYBODY for found in _CALLED.finditer(text))


def _names(text: str) -> list[str]:
    addressed = _ADDRESSED.match(text)
    names = [] if addressed is None else [addressed[1]]
    if "@" in text:
        names += [found[1] for found in _CALLED.finditer(text)]
    return names


def _member(room: Room, name: str) -> PrincipalId | None:
    """The member of this name, or of it without the full stops that end a sentence."""
    found = room.named.get(fold(name))
    return room.named.get(fold(name.rstrip(".-"))) if found is None else found
