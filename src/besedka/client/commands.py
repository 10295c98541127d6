"""What begins with a slash: the table of commands, and how a typed line is taken apart."""

from __future__ import annotations

from enum import Enum

import msgspec

from besedka.chat.refusals import N_


class Deed(Enum):
    """What a command does."""

    JOIN = "join"
    LEAVE = "leave"
    ROOM = "room"
    ROOMS = "rooms"
    WHO = "who"
    TOPIC = "topic"
    MESSAGE = "msg"
    ACT = "me"
    HISTORY = "history"
    HELP = "help"
    QUIT = "quit"


class Command(msgspec.Struct, frozen=True):
    """One command as people type and read it."""

    deed: Deed
    usage: str
    summary: str
    words_min: int = 0
    """So many words must follow."""


COMMANDS = {
    command.deed.value: command
    for command in (
        Command(Deed.JOIN, "/join ROOM", N_("enter a room, or make it; what you type goes there"), 1),
        Command(Deed.LEAVE, "/leave [ROOM]", N_("leave a room for good")),
        Command(Deed.ROOM, "/room ROOM", N_("what you type goes to this room from now on; @NAME for a person"), 1),
        Command(Deed.ROOMS, "/rooms", N_("the rooms there are; * marks yours")),
        Command(Deed.WHO, "/who [ROOM]", N_("who is in a room")),
        Command(Deed.TOPIC, "/topic [TEXT]", N_("show or set the room's topic")),
        Command(Deed.MESSAGE, "/msg NAME TEXT", N_("say something to one person"), 2),
        Command(Deed.ACT, "/me TEXT", N_("say what you do"), 1),
        Command(Deed.HISTORY, "/history [N]", N_("show N earlier entries, further back each time")),
        Command(Deed.HELP, "/help", N_("this list")),
        Command(Deed.QUIT, "/quit", N_("leave the chat; so do exit alone on a line and Ctrl-D")),
    )
}
"""By the word after the slash, in the order of `/help`."""


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


def understood(line: str) -> Said | Ordered | Misused | Unknown | None:
    """What a typed line means; None for a blank one. Two slashes say one."""
    if not line.strip():
        return None
    if line.strip() == "exit":
        return Ordered(COMMANDS[Deed.QUIT.value], "")
    if line.startswith("//"):
        return Said(line[1:])
    if not line.startswith("/"):
        return Said(line)
    word, _space, argument = line[1:].partition(" ")
    command = COMMANDS.get(word.strip().casefold())
    if command is None:
        return Unknown(word)
    argument = argument.strip()
    if len(argument.split(maxsplit=command.words_min)) < command.words_min:
        return Misused(command)
    return Ordered(command, argument)
