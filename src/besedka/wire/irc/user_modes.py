"""Modes of oneself: what one says of oneself, as letters.

`i` is being unlisted, `B` being a bot, `R` letting no guest begin a conversation, `o` acting as an administrator, `w`
hearing WALLOPS, `T` hearing no CTCP that is for oneself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.entries import Manner
from besedka.chat.own_requests import SetProfile
from besedka.chat.told import Unit
from besedka.wire.asides import AsideTold
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.said import CTCP
from besedka.wire.irc.world import BOT_MODE
from besedka.wire.operating import GiveBack

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

HIDES: Final = "i"
ACCOUNTS_ONLY: Final = "R"
ADMINISTERS: Final = "o"
HEARS_WALLOPS: Final = "w"
SHUNS_CTCP: Final = "T"

OF_SESSION: Final = (SHUNS_CTCP, HEARS_WALLOPS)
"""Those of one session; the others are of the person, on all devices."""

USER_MODES: Final = "".join(sorted((BOT_MODE, ACCOUNTS_ONLY, HIDES, ADMINISTERS, *OF_SESSION)))
"""All of them, for 004."""


def tell_modes(conversation: IrcServer) -> None:
    """221: those that are set."""
    face = conversation.face
    is_set = {
        BOT_MODE: face.bot,
        ACCOUNTS_ONLY: face.accounts_only,
        HIDES: face.unlisted,
        ADMINISTERS: conversation.is_admin,
    }
    shown = "+" + "".join(one for one in USER_MODES if is_set.get(one) or one in conversation.modes)
    conversation.say(build(conversation.world.server, Numeric.RPL_UMODEIS.digits, conversation.addressee, shown))


def change(conversation: IrcServer, letters: str) -> None:
    """Each change that is one is told back; unknown letters are 501, once ("MODE message", "User mode")."""
    on, wanted = True, dict[str, bool]()
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
        else:
            wanted[letter] = on
    if set(wanted) - set(USER_MODES):
        conversation.reply(Numeric.ERR_UMODEUNKNOWNFLAG)
    for letter in OF_SESSION:
        if letter in wanted and wanted[letter] is not (letter in conversation.modes):
            conversation.modes ^= {letter}
            tell_change(conversation, letter, on=wanted[letter])
    for letter in (HIDES, BOT_MODE, ACCOUNTS_ONLY):
        if letter in wanted:
            _set(conversation, letter, on=wanted[letter])
    # "If a user attempts to make themselves an operator using "+o", the attempt SHOULD be ignored" (RFC 2812 §3.1.5).
    if wanted.get(ADMINISTERS) is False:

        def told(unit: Unit) -> None:
            if code_of(unit) is None:
                conversation.lent = False
                tell_change(conversation, ADMINISTERS, on=False)

        conversation.ask(GiveBack(), told)


def _set(conversation: IrcServer, letter: str, *, on: bool) -> None:
    face = conversation.face
    is_set, request = {
        HIDES: (face.unlisted, SetProfile(unlisted=on)),
        BOT_MODE: (face.bot, SetProfile(bot=on)),
        ACCOUNTS_ONLY: (face.accounts_only, SetProfile(accounts_only=on)),
    }[letter]
    if on is is_set:
        return

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is None:
            tell_change(conversation, letter, on=on)
        else:
            conversation.refuse("MODE", code)

    conversation.ask(request, told)


def tell_change(conversation: IrcServer, letter: str, *, on: bool) -> None:
    """MODE with oneself as its source."""
    conversation.say(build(conversation.mask, "MODE", word(conversation.nick), ("+" if on else "-") + letter))


def shuns(conversation: IrcServer, unit: Unit) -> bool:
    """Whether this is a CTCP question to somebody who wants none. What a room is asked is its own affair (`C`)."""
    if SHUNS_CTCP not in conversation.modes or not isinstance(unit, AsideTold):
        return False
    aside = unit.aside
    others = aside.to is not None and aside.author.principal != conversation.principal
    return others and aside.manner is Manner.SAID and (aside.text or "").startswith(CTCP)


def asked(conversation: IrcServer, line: Line) -> None:
    """MODE of oneself."""
    if len(line.params) == 1:
        tell_modes(conversation)
    else:
        change(conversation, line.params[1])
