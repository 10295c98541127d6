"""Whom a message calls by name: `@name` anywhere, or a name at its very start followed by `:` or `,`.

A name may end in the very marks that end a sentence or close a bracket, so it is looked for with them, then without.
"""

from __future__ import annotations

import re

from besedka.chat.names import fold
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Room
from besedka.chat.verdicts import NO_NICKS, Nicks

EVERYBODY = fold("room")
"""`@room` calls everybody in it, where whoever says so may."""

_NAME_CHARACTERS_MAX = 64
"""More than any name has, whatever the limits."""

_NAME = rf"([\w\-.\[\]\\^{{|}}`]{{1,{_NAME_CHARACTERS_MAX}}})"
_CALLED = re.compile(rf"(?:\A|(?<=[^\w@]))@{_NAME}")
_ADDRESSED = re.compile(rf"{_NAME}[:,]")
_ENDINGS = ("", ".-", ".-[]{}|\\^`")
"""What may follow a name and be no part of it, the least first."""


def may_call(text: str) -> bool:
    """Whether there is anything in `text` that could call somebody: most messages do not, and are done with."""
    if "@" in text:
        return True
    if ":" not in text and "," not in text:
        return False
    first_word = text[: _NAME_CHARACTERS_MAX + 1].partition(" ")[0]
    return ":" in first_word or "," in first_word


def mentioned(
    room: Room, text: str, author: PrincipalId, *, at_most: int, nicks: Nicks = NO_NICKS
) -> tuple[PrincipalId, ...]:
    """The members whom `text` calls, its author not among them, in the order it does; further ones are only text."""
    found: dict[PrincipalId, None] = {}
    for name in _names(text):
        principal = _member(room, name, nicks)
        if principal is not None and principal != author and len(found) < at_most:
            found[principal] = None
    return tuple(found)


def calls_everybody(text: str) -> bool:
    """Whether `text` says `@room`."""
    return "@" in text and any(fold(found[1].rstrip(_ENDINGS[-1])) == EVERYBODY for found in _CALLED.finditer(text))


def _names(text: str) -> list[str]:
    addressed = _ADDRESSED.match(text)
    names = [] if addressed is None else [addressed[1]]
    if "@" in text:
        names += [found[1] for found in _CALLED.finditer(text)]
    return names


def _member(room: Room, name: str, nicks: Nicks) -> PrincipalId | None:
    """The member of this name or nick, or of it without the marks that follow it."""
    for ending in _ENDINGS:
        folded = fold(name.rstrip(ending)) if ending else fold(name)
        principal = room.named.get(folded)
        if principal is not None:
            return principal
        principal = nicks.get(folded)
        if principal is not None and principal in room.members:
            return principal
    return None
