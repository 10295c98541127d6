"""What is said, answered, mended and read again."""

from __future__ import annotations

from besedka.chat.entries import Manner
from besedka.chat.requests import Edit, React, Redact
from besedka.client.deeds.here import Asked, Deed, Here, person, split
from besedka.client.events import Phase
from besedka.words import _

HISTORY_DEFAULT = 20
HISTORY_MAX = 200
"""A server's page has no more."""


class Talking:
    """Commands about messages of the room being looked at."""

    def __init__(self, here: Here) -> None:
        self._here = here

    def deeds(self) -> dict[str, Deed]:
        """By the word after the slash."""
        return {
            "me": lambda text: self.say(text, Manner.DONE),
            "msg": self._message,
            "reply": self._reply,
            "edit": self._edit,
            "redact": self._redact,
            "react": lambda argument: self._react(argument, withdrawn=False),
            "unreact": lambda argument: self._react(argument, withdrawn=True),
            "history": self._history,
            "numbers": self._numbers,
        }

    def say(self, text: str, manner: Manner = Manner.SAID, reply: int = 0) -> Asked:
        """Say something where one is looking. It waits for the connection if need be."""
        here = self._here
        if here.surface.current is None:
            here.surface.refused += 1
            here.surface.say_where()
            return None
        asked = here.core.say(here.surface.current, text, manner=manner, reply=reply)
        if here.core.phase is not Phase.IN and isinstance(asked, str):
            here.say(_("That will be said when the connection is back."))
        return asked

    def _message(self, argument: str) -> Asked:
        name, text = split(argument)
        return self._here.core.tell(person(name), text)

    def _reply(self, argument: str) -> Asked:
        word, text = split(argument)
        number = self._here.message(word)
        return None if number is None else self.say(text, reply=number)

    def _edit(self, argument: str) -> Asked:
        word, rest = split(argument)
        if not (word.startswith("#") and rest):
            number, text = self._here.my_last(), argument
        else:
            number, text = self._here.message(word), rest
        return None if number is None else self._here.of_room(Edit, number=number, text=text)

    def _redact(self, argument: str) -> Asked:
        word, rest = split(argument) if argument else ("", "")
        if not word.startswith(("#", "@")):
            number, reason = self._here.my_last(), argument
        else:
            number, reason = self._here.message(word), rest
        return None if number is None else self._here.of_room(Redact, number=number, reason=reason)

    def _react(self, argument: str, *, withdrawn: bool) -> Asked:
        word, reaction = split(argument)
        number = self._here.message(word)
        if number is None:
            return None
        return self._here.of_room(React, number=number, reaction=reaction, withdrawn=withdrawn)

    def _history(self, argument: str) -> Asked:
        here = self._here
        known = here.room("")
        if known is None or not here.online():
            return None
        if argument and not (argument.isascii() and argument.isdigit() and 1 <= int(argument[:9]) <= HISTORY_MAX):
            here.say(_("/history takes a number from 1 to {most}.").format(most=HISTORY_MAX))
            return None
        limit = int(argument) if argument else HISTORY_DEFAULT
        return here.core.history(known.room, before=here.surface.oldest(known.room), limit=limit)

    def _numbers(self, _argument: str) -> Asked:
        transcript = self._here.surface.transcript
        transcript.numbers = not transcript.numbers
        text = (
            _("each message has its number before it from now on") if transcript.numbers else _("no numbers any more")
        )
        self._here.say(text)
        return None
