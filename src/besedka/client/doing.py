"""Carries out what somebody has typed."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import assert_never

from besedka.chat.entries import RequestId
from besedka.chat.names import fold
from besedka.chat.own_requests import ChangePassword, RemoveAccount
from besedka.chat.refusals import Refusal
from besedka.chat.text import harmless_line
from besedka.client.commands import Confided, Meaning, Misused, Ordered, Said, Unknown
from besedka.client.core import Core
from besedka.client.deeds.governing import Governing
from besedka.client.deeds.help import help_lines
from besedka.client.deeds.here import Asked, Deed, Here, person, split
from besedka.client.deeds.past import Past
from besedka.client.deeds.people import People
from besedka.client.deeds.rooms import Rooms
from besedka.client.deeds.talking import Talking
from besedka.client.surface import Surface
from besedka.words import _

_UNAWAITED = frozenset({"me", "reply"})
"""Commands that only say something: the next line need not wait for their answer."""


class Doer:
    """Turns lines into requests, as of the room being looked at."""

    def __init__(self, core: Core, surface: Surface, *, unsayable: Set[str]) -> None:
        """A line of `unsayable` is never carried out: the passwords given in this run."""
        self._surface = surface
        self._unsayable = {line.strip() for line in unsayable} - {""}
        self._here = Here(core, surface)
        self._removing = False
        self._talking = Talking(self._here)
        self._deeds: dict[str, Deed] = {
            **self._talking.deeds(),
            **Past(self._here).deeds(),
            **Rooms(self._here).deeds(),
            **Governing(self._here).deeds(),
            **People(self._here).deeds(),
            "help": self._help,
        }
        self._confided: dict[str, Callable[..., Asked]] = {
            "password": self._change_password,
            "remove-account": self._remove_account,
        }

    @property
    def removing(self) -> bool:
        """Whether it was asked to end the account, so that the end of the session is no surprise."""
        return self._removing

    @property
    def words(self) -> frozenset[str]:
        """The commands it can carry out."""
        return frozenset(self._deeds)

    def carry_out(self, meaning: Meaning) -> RequestId | None:
        """Do what a line means. The request to wait for before the next line, where that one depends on it.

        Not to be called while the core is `full`, nor with a line that quits.
        """
        match meaning:
            case None:
                return None
            case Said(text=text):
                if self._is_sayable(text):
                    self._refused(self._talking.say(text))
                return None
            case Ordered(command=command, argument=argument):
                asked = self._deeds[command.word](argument) if self._is_sayable(argument) else None
                self._refused(asked)
                return None if isinstance(asked, Refusal) or command.word in _UNAWAITED else asked
            case Misused(command=command):
                text = _("It is used like this: {usage}, for example {example}")
                self._surface.say_notice(text.format(usage=command.usage, example=command.example))
            case Unknown(word=word):
                self._surface.say_notice(
                    _("There is no command /{word}; /help lists them, and // says a line that begins with /.").format(
                        word=harmless_line(word)[:40]
                    )
                )
            case _:
                assert_never(meaning)
        return None

    def carry_out_confided(self, given: Confided) -> RequestId | None:
        """As `carry_out`, with the secrets given; none of them is ever a thing to say from here on."""
        self._unsayable |= {one.strip() for one in given.answers} - {""}
        asked = self._confided[given.ordered.command.word](given.ordered.argument, *given.answers)
        self._refused(asked)
        return None if isinstance(asked, Refusal) else asked

    def _change_password(self, _argument: str, old: str, new: str, again: str) -> Asked:
        if new != again:
            self._surface.say_notice(_("These were two different passwords, so nothing was changed."))
            return None
        return self._here.ask(ChangePassword(old=old, new=new))

    def _remove_account(self, argument: str, password: str) -> Asked:
        """Whoever types their own name again means it."""
        name, word = split(argument)
        mine = self._here.core.name
        if fold(person(name)) != fold(mine) or word.casefold() not in ("", "redact"):
            text = _(
                "Nothing was removed. To end your account: /remove-account {name} or /remove-account {name} redact"
            )
            self._surface.say_notice(text.format(name=harmless_line(mine)))
            return None
        self._removing = True
        return self._here.ask(RemoveAccount(password=password, redact=bool(word)))

    def _is_sayable(self, text: str) -> bool:
        """Whether none of its lines is a password.

        A script that registered somebody says it twice, each time it is run; people type it once too often.
        """
        if self._unsayable.isdisjoint(part.strip() for part in text.split("\n")):
            return True
        self._surface.say_notice(_("That line is a password that was given here, so it was not said."))
        return False

    def _refused(self, asked: Asked) -> None:
        if isinstance(asked, Refusal):
            self._surface.refused += 1
            self._surface.say_refusal(asked)

    def _help(self, argument: str) -> Asked:
        self._surface.say_lines(help_lines(argument, self._surface.look))
        return None
