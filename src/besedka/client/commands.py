"""What begins with a slash: how a typed line is taken apart."""

from __future__ import annotations

import msgspec

from besedka.client.command_table import COMMANDS, EXIT, Command
from besedka.words import _

_BY_WORD = {word: command for command in COMMANDS for word in (command.word, *command.also)}


def command_called(word: str) -> Command | None:
    """The command of this word or alias, with or without the slash."""
    return _BY_WORD.get(word.strip().removeprefix("/").casefold())


class Said(msgspec.Struct, frozen=True):
    """A line that is a message."""

    text: str

    def __repr__(self) -> str:
        """Without what was said."""
        return "<Said>"


class Ordered(msgspec.Struct, frozen=True):
    """A line that is a command."""

    command: Command
    argument: str

    def __repr__(self) -> str:
        """Without what was said."""
        return f"<Ordered {self.command.usage}>"


class Misused(msgspec.Struct, frozen=True):
    """A command without what it needs."""

    command: Command


class Unknown(msgspec.Struct, frozen=True):
    """A command that there is not."""

    word: str


Meaning = Said | Ordered | Misused | Unknown | None


def understood(line: str) -> Meaning:
    """What a typed line means; None for a blank one. Two slashes say one."""
    if not line.strip():
        return None
    if line.strip() == "exit":
        return Ordered(EXIT, "")
    if line.startswith("//"):
        return Said(line[1:])
    if not line.startswith("/"):
        return Said(line)
    word, _space, argument = line[1:].partition(" ")
    command = _BY_WORD.get(word.strip().casefold())
    if command is None:
        return Unknown(word)
    argument = argument.strip()
    if len(argument.split(maxsplit=command.words_min)) < command.words_min:
        return Misused(command)
    return Ordered(command, argument)


class Dictation:
    """Takes lines one after the other, as what they mean depends on those before: between `/paste` and `.` all is text.

    Whoever reads ahead of what is carried out has one of its own, given the same lines.
    """

    def __init__(self) -> None:
        self._pasted: list[str] | None = None

    @property
    def pasting(self) -> bool:
        """Whether the next line is text, whatever it looks like."""
        return self._pasted is not None

    def take(self, line: str) -> Meaning:
        """What the next line means; None for one of which nothing follows, or not yet."""
        if self._pasted is None:
            meaning = understood(line)
            if isinstance(meaning, Ordered) and meaning.command.word == "paste":
                self._pasted = []
                return None
            return meaning
        if line != ".":
            self._pasted.append(line)
            return None
        text, self._pasted = "\n".join(self._pasted), None
        return Said(text) if text.strip() else None


class Confided(msgspec.Struct, frozen=True):
    """A command that needed secrets, and those that were given."""

    ordered: Ordered
    answers: tuple[str, ...]
    """To the questions of `secrets_of`, in their order."""

    def __repr__(self) -> str:
        """Without any of them."""
        return "<Confided>"


def secrets_of(ordered: Ordered) -> tuple[str, ...]:
    """The questions whose answers a command needs and nobody may see being typed; none for most commands."""
    match ordered.command.word:
        case "password" if not ordered.argument:
            return _("Your password until now"), _("New password"), _("New password again")
        case "remove-account" if ordered.argument:
            return (_("Your password"),)
        case _:
            return ()


def is_leaving(meaning: Meaning) -> bool:
    """Whether a line was a way of leaving."""
    return isinstance(meaning, Ordered) and meaning.command is EXIT
