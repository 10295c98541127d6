"""What is said, answered, mended."""

from __future__ import annotations

from besedka.chat.entries import Manner
from besedka.chat.requests import Edit, React, Redact
from besedka.chat.text import harmless_line
from besedka.client.deeds.here import Asked, Deed, Here, numbered, person, split
from besedka.client.events import Phase
from besedka.words import _


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
        """Words cannot be got back once they are replaced, so nothing is guessed."""
        here, (word, text) = self._here, split(argument)
        number = numbered(word)
        if number is not None and word.startswith("#"):
            if not text:
                here.say(_("What is {word} to say? /edit {word} TEXT").format(word=word))
                return None
            return here.of_room(Edit, number=number, text=text)
        last = here.my_last()
        if last is not None and number is not None and text and here.shown(number) == here.core.principal:
            said = _(
                "/edit #{number} TEXT is about your message {number}; /edit #{last} {number} TEXT about your last."
            )
            here.say(said.format(number=number, last=last))
            return None
        return None if last is None else here.of_room(Edit, number=last, text=argument)

    def _redact(self, argument: str) -> Asked:
        """What is taken away is gone, so a word that may mean a message is never taken for a reason."""
        here, (word, reason) = self._here, split(argument) if argument else ("", "")
        if (number := numbered(word)) is not None and not word.startswith("#") and here.shown(number) is None:
            here.say(_("Message {number} is not on your screen; /redact #{number} means it.").format(number=number))
            return None
        if number is not None or word.startswith(("#", "@")):
            number = here.message(word)
        elif here.last_of(word) is not None:
            said = _("/redact @{name} takes away what {name} said last; a reason that begins so goes after a number.")
            here.say(said.format(name=harmless_line(word)))
            return None
        else:
            number, reason = here.my_last(), argument
        return None if number is None else here.of_room(Redact, number=number, reason=reason)

    def _react(self, argument: str, *, withdrawn: bool) -> Asked:
        word, reaction = split(argument)
        number = self._here.message(word)
        if number is None:
            return None
        return self._here.of_room(React, number=number, reaction=reaction, withdrawn=withdrawn)

    def _numbers(self, _argument: str) -> Asked:
        transcript = self._here.surface.transcript
        transcript.numbers = not transcript.numbers
        if not transcript.numbers:
            self._here.say(_("no numbers any more"))
            return None
        self._here.say(_("each message has its number before it from now on"))
        known = self._here.room("")
        if known is not None:
            self._here.surface.say_lines(transcript.once_more(known.room, kind=known.kind))
        return None
