"""NICK: what somebody wants to be called, and what becomes of that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from besedka.chat.own_requests import ChangeNick
from besedka.chat.refusals import Code
from besedka.chat.told import Called, Unit
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.stages import Stage

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

REFUSED: Final = {
    Code.NAME_TAKEN: Numeric.ERR_NICKNAMEINUSE,
    Code.BAD_NAME: Numeric.ERR_ERRONEUSNICKNAME,
    Code.NAME_RESERVED: Numeric.ERR_ERRONEUSNICKNAME,
}
"""What is wrong with a nick, whose bearer may then choose another ("NICK message")."""

_NOT_NOW: Final = {Code.NICK_FIXED: Numeric.ERR_NONICKCHANGE, Code.NICK_TOO_SOON: Numeric.ERR_NICKTOOFAST}


def nick(conversation: IrcServer, line: Line) -> None:
    """NICK before registration is a wish; afterwards it is told to oneself as it is to all others."""
    if not line.params or not line.params[0]:
        conversation.reply(Numeric.ERR_NONICKNAMEGIVEN)
        return
    wanted = line.params[0]
    if word(wanted) != wanted or len(wanted) > conversation.limits.name_characters_max:
        conversation.reply(Numeric.ERR_ERRONEUSNICKNAME, word(wanted))
    elif conversation.stage is Stage.PRESENT:
        conversation.ask(ChangeNick(name=wanted), lambda unit: _changed(conversation, wanted, unit))
    else:
        conversation.registering.wish(wanted)


def choose(conversation: IrcServer, wanted: str) -> None:
    """Somebody who has logged in goes on being called so, unless its account's other sessions have said otherwise."""
    if wanted != word(conversation.nick):
        conversation.ask(ChangeNick(name=wanted, first=True), lambda unit: _changed(conversation, wanted, unit))


def is_of_own(conversation: IrcServer, unit: Unit) -> bool:
    """Whether a unit that is told to many says that this very session is called otherwise."""
    return type(unit) is Called and unit.person.principal == conversation.principal


def be_called(conversation: IrcServer, unit: Unit) -> None:
    """Another session of the account has changed what they are called."""
    nick = cast(Called, unit).person.name
    before, conversation.nick = conversation.mask, nick
    if conversation.stage is Stage.PRESENT:
        conversation.say_apart(build(before, "NICK", word(nick)))


def _changed(conversation: IrcServer, wanted: str, unit: Unit) -> None:
    """ "The NICK message may be sent from the server to clients to acknowledge their NICK command was successful"."""
    code = code_of(unit)
    before = conversation.registering.mask_before
    if code is None:
        if before != conversation.mask:
            conversation.say(build(before, "NICK", word(conversation.nick)))
    else:
        numeric = REFUSED.get(code) or _NOT_NOW.get(code)
        if numeric is None:
            conversation.refuse("NICK", code)
        else:
            conversation.reply(numeric, word(wanted))
