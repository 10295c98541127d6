"""How names, times and rooms look on the screen."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable

import msgspec

from besedka.chat.entries import Kind
from besedka.chat.names import fold
from besedka.chat.principals import PrincipalId
from besedka.chat.text import harmless_line
from besedka.client.memory import KnownRoom

INDENT = " " * 6
"""Before what continues an entry: as wide as its time, so that no line of a message can pass for an entry."""

_DIM = "2"
_BOLD = "1"
_NAME_COLOURS = ("31", "32", "33", "34", "35", "36", "91", "92", "93", "94", "95", "96")
"""ANSI's colours without black, white and grey, which are somebody's background."""


class Look(msgspec.Struct, frozen=True):
    """How this screen shows things."""

    colour: bool = False

    def name(self, raw: str) -> str:
        """Somebody's name, always in the same colour."""
        colour = _NAME_COLOURS[zlib.crc32(fold(raw).encode()) % len(_NAME_COLOURS)]
        return self._styled(harmless_line(raw), colour)

    def dim(self, text: str) -> str:
        """What is not a message."""
        return self._styled(text, _DIM)

    def bold(self, text: str) -> str:
        """What must be seen."""
        return self._styled(text, _BOLD)

    def _styled(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and text else text


def label(known: KnownRoom, me: PrincipalId | None) -> str:
    """What a room is called on the screen: its name, or for a conversation of two `@` and the other's name."""
    if known.kind is not Kind.DIRECT:
        return harmless_line(known.name)
    others = [person.name for person in known.people if person.principal != me] or [one.name for one in known.people]
    return "@" + harmless_line(others[0] if others else "?")


def unlisted_labels(rooms: Iterable[KnownRoom], me: PrincipalId | None) -> list[str]:
    """What I am in that no list of rooms has: hidden rooms, and conversations of two."""
    mine = (known for known in rooms if known.inside and known.kind is not Kind.INBOX and known.settings.hidden)
    return sorted(label(known, me) for known in mine)


def clock(milliseconds: int) -> str:
    """Local time, `HH:MM`."""
    return time.strftime("%H:%M", time.localtime(milliseconds / 1000))


def day(milliseconds: int) -> str:
    """The local date."""
    return time.strftime("%Y-%m-%d", time.localtime(milliseconds / 1000))


def moment(milliseconds: int) -> str:
    """The local date and time."""
    return f"{day(milliseconds)} {clock(milliseconds)}"
