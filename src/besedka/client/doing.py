"""Carries out what somebody has typed."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import assert_never

from besedka.chat.entries import Kind, Manner, RequestId
from besedka.chat.refusals import Refusal
from besedka.chat.text import harmless_line
from besedka.client.commands import COMMANDS, Command, Deed, Misused, Ordered, Said, Unknown, understood
from besedka.client.core import Core
from besedka.client.events import Phase
from besedka.client.memory import KnownRoom
from besedka.client.surface import Surface
from besedka.words import _

HISTORY_DEFAULT = 20
HISTORY_MAX = 200
"""A server's page has no more."""

Asked = RequestId | Refusal | None


class Doer:
    """Turns lines into requests, as of the room being looked at."""

    def __init__(self, core: Core, surface: Surface, *, unsayable: Set[str]) -> None:
        """A line of `unsayable` is never carried out: the passwords given in this run."""
        self._core = core
        self._surface = surface
        self._unsayable = {line.strip() for line in unsayable} - {""}
        self._deeds: dict[Deed, Callable[[str], Asked]] = {
            Deed.JOIN: self._join,
            Deed.LEAVE: self._leave,
            Deed.ROOM: self._room,
            Deed.ROOMS: self._rooms,
            Deed.WHO: self._who,
            Deed.TOPIC: self._topic,
            Deed.MESSAGE: self._message,
            Deed.ACT: self._act,
            Deed.HISTORY: self._history,
            Deed.HELP: self._help,
        }

    def carry_out(self, line: str) -> RequestId | None:
        """Do what a line says. The request to wait for before the next line, where that one depends on it.

        Not to be called while the core is `full`, nor with a line that quits.
        """
        meaning = understood(line)
        if meaning is not None and not self._unsayable.isdisjoint(part.strip() for part in line.split("\n")):
            # A script that registered somebody says it twice, each time it is run; people type it once too often.
            self._surface.say_notice(_("That line is a password that was given here, so it was not said."))
            return None
        match meaning:
            case None:
                return None
            case Said(text=text):
                self._refused(self._say(text, Manner.SAID))
                return None
            case Ordered(command=command, argument=argument):
                asked = self._deeds[command.deed](argument)
                self._refused(asked)
                return None if isinstance(asked, Refusal) else asked
            case Misused(command=command):
                self._surface.say_notice(_("It is used like this: {usage}").format(usage=command.usage))
            case Unknown(word=word):
                self._surface.say_notice(
                    _("There is no command /{word}; /help lists them, and // says a line that begins with /.").format(
                        word=harmless_line(word)[:40]
                    )
                )
            case _:
                assert_never(meaning)
        return None

    def _refused(self, asked: Asked) -> None:
        if isinstance(asked, Refusal):
            self._surface.refused += 1
            self._surface.say_refusal(asked)

    # Writes ----------------------------------------------------------------------------------------------------

    def _say(self, text: str, manner: Manner) -> Asked:
        if self._surface.current is None:
            self._surface.refused += 1
            self._surface.say_where()
            return None
        asked = self._core.say(self._surface.current, text, manner=manner)
        if self._core.phase is not Phase.IN and isinstance(asked, str):
            self._surface.say_notice(_("That will be said when the connection is back."))
        return asked

    def _act(self, argument: str) -> Asked:
        self._refused(self._say(argument, Manner.DONE))
        return None

    def _message(self, argument: str) -> Asked:
        name, text = argument.split(maxsplit=1)
        return self._core.tell(name.removeprefix("@"), text)

    def _join(self, argument: str) -> Asked:
        known = self._surface.room_called(argument)
        if known is None:
            return self._core.join(argument)
        self._look_at(known)
        return None

    def _leave(self, argument: str) -> Asked:
        known = self._named_or_current(argument)
        return None if known is None else self._core.leave(known.room)

    def _room(self, argument: str) -> Asked:
        known = self._named_or_current(argument)
        if known is not None:
            self._look_at(known)
        return None

    def _look_at(self, known: KnownRoom) -> None:
        self._surface.current = known.room
        self._surface.say_where()

    def _topic(self, argument: str) -> Asked:
        known = self._named_or_current("")
        if known is None:
            return None
        if argument:
            return self._core.topic(known.room, argument)
        self._surface.say_where()
        return None

    # Reads -----------------------------------------------------------------------------------------------------

    def _rooms(self, _argument: str) -> Asked:
        return self._core.list_rooms() if self._online() else None

    def _who(self, argument: str) -> Asked:
        known = self._named_or_current(argument)
        return self._core.who(known.room) if known is not None and self._online() else None

    def _history(self, argument: str) -> Asked:
        known = self._named_or_current("")
        if known is None or not self._online():
            return None
        if argument and not (argument.isascii() and argument.isdigit() and 1 <= int(argument[:9]) <= HISTORY_MAX):
            self._surface.say_notice(_("/history takes a number from 1 to {most}.").format(most=HISTORY_MAX))
            return None
        limit = int(argument) if argument else HISTORY_DEFAULT
        return self._core.history(known.room, before=self._surface.oldest(known.room), limit=limit)

    def _help(self, _argument: str) -> Asked:
        width = max(len(command.usage) for command in COMMANDS.values())
        self._surface.say_lines([_help_line(command, width) for command in COMMANDS.values()])
        return None

    # Which room ------------------------------------------------------------------------------------------------

    def _online(self) -> bool:
        if self._core.phase is Phase.IN:
            return True
        self._surface.say_notice(_("There is no connection just now; try again when it is back."))
        return False

    def _named_or_current(self, name: str) -> KnownRoom | None:
        """The room of this name that I am in, or with no name the one looked at; says so if there is none."""
        if name:
            known = self._surface.room_called(name)
            if known is None:
                self._surface.say_notice(
                    _("You are not in {room}; /join enters it.").format(room=harmless_line(name)[:60])
                )
            return known
        current = self._surface.current
        known = None if current is None else self._core.rooms.get(current)
        if known is None or known.kind is Kind.INBOX:
            self._surface.say_where()
        return known


def _help_line(command: Command, width: int) -> str:
    return f"{command.usage:<{width}}  {_(command.summary)}"
