"""Where somebody is when they type a command, which says what it is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from besedka.chat.entries import Kind, RequestId
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Request
from besedka.chat.text import harmless_line
from besedka.client.core import Core
from besedka.client.events import Phase
from besedka.client.memory import KnownRoom
from besedka.client.surface import Surface
from besedka.words import _

Asked = RequestId | Refusal | None
"""What became of a command: a request, why there is none, or nothing to wait for."""

Deed = Callable[[str], Asked]
"""Carries out a command, given what follows its word."""

_MEASURES = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Here:
    """The room being looked at, and what can be said about it."""

    def __init__(self, core: Core, surface: Surface) -> None:
        self.core = core
        self.surface = surface

    def online(self) -> bool:
        """Whether the server can be asked; says so if not."""
        if self.core.phase is Phase.IN:
            return True
        self.say(_("There is no connection just now; try again when it is back."))
        return False

    def say(self, text: str) -> None:
        """Answer whoever typed."""
        self.surface.say_notice(text)

    def ask(self, request: Request) -> Asked:
        """Ask now or not at all: what is meant for this moment is not done when the connection is back."""
        return self.core.ask(request) if self.online() else None

    def of_room(self, make: Callable[..., Request], **fields: Any) -> Asked:
        """Ask something about the room being looked at."""
        known = self.room("")
        return None if known is None else self.ask(make(room=known.room, **fields))

    def room(self, name: str) -> KnownRoom | None:
        """The room of this name that I am in, or with no name the one looked at; says so if there is none."""
        if name:
            known = self.surface.room_called(name)
            if known is None:
                self.say(_("You are not in {room}; /join enters it.").format(room=harmless_line(name)[:60]))
            return known
        current = self.surface.current
        known = None if current is None else self.core.rooms.get(current)
        if known is None or known.kind is Kind.INBOX:
            self.surface.say_where()
            return None
        return known

    def message(self, word: str) -> int | None:
        """The number of the message that a word means in this room; says so if there is none."""
        number = numbered(word)
        if number is not None:
            return number
        name = word.removeprefix("@")
        found = self.last_of(name)
        if found is None:
            text = _("{name} has said nothing that is on your screen; /numbers shows the numbers of messages.")
            self.say(text.format(name=harmless_line(name)[:60]))
        return found

    def my_last(self) -> int | None:
        """The number of my last message in this room; says so if there is none."""
        found = None if self.core.principal is None else self.last_of(self.core.principal)
        if found is None:
            self.say(_("You have said nothing here lately; /numbers shows the numbers of messages."))
        return found

    def last_of(self, author: PrincipalId | str) -> int | None:
        """The number of somebody's last message in this room, if it is on the screen."""
        current = self.surface.current
        return None if current is None else self.surface.transcript.remembered.last_of(current, author)

    def shown(self, number: int) -> PrincipalId | None:
        """Whose message of this room has a number, if it is on the screen."""
        current = self.surface.current
        found = None if current is None else self.surface.transcript.remembered.entry(current, number)
        return None if found is None else found.author


def numbered(word: str) -> int | None:
    """The number that a word is, as `12` or `#12`."""
    digits = word.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 15 else None


def split(argument: str) -> tuple[str, str]:
    """The first word, and the rest just as it was typed."""
    word, *rest = argument.split(maxsplit=1)
    return word, rest[0] if rest else ""


def seconds_of(word: str) -> int | None:
    """How long `90s`, `10m`, `2h`, `3d` or `1w` is; None for anything else."""
    digits, measure = word[:-1], _MEASURES.get(word[-1:].casefold())
    if measure is None or not (digits.isascii() and digits.isdigit() and len(digits) <= 6):
        return None
    return int(digits) * measure


def person(word: str) -> str:
    """A name as people call it, with or without `@`."""
    return word.removeprefix("@")
