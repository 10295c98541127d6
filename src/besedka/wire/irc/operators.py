"""What administrators do: OPER, KILL, REHASH, WALLOPS; and STATS, which is for everybody."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from besedka.chat.names import fold
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.told import Unit
from besedka.wire.irc.lines import LINE_BYTES_MAX, Line, build, line_bytes, plain, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.user_modes import ADMINISTERS, HEARS_WALLOPS, tell_change
from besedka.wire.irc.world import mask
from besedka.wire.operating import CalledOut, CallOut, Expel, Expelled, LendAdmin, ReadAgain

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

UPTIME: Final = "u"

_NOT_READ: Final = N_("The configuration is faulty; nothing is changed. The server's operator sees why with `reload`.")

_NOT_PROVED: Final = frozenset(
    {Code.WRONG_PASSWORD, Code.NAME_UNKNOWN, Code.NAME_TAKEN, Code.BAD_NAME, Code.NAME_RESERVED, Code.PASSWORD_LONG}
)


def oper(conversation: IrcServer, line: Line) -> None:
    """OPER: 381, and MODE says that one is `+o` ("OPER message"); 464, or 491 where no password may be sent."""

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is None:
            conversation.lent = True
            conversation.reply(Numeric.RPL_YOUREOPER)
            tell_change(conversation, ADMINISTERS, on=True)
        elif code in _NOT_PROVED:
            conversation.reply(Numeric.ERR_PASSWDMISMATCH)
        elif code is Code.UNSAFE_WAY:
            conversation.tell_fault(Numeric.ERR_NOOPERHOST, sentence=SENTENCES[code])
        else:
            conversation.refuse("OPER", code)

    conversation.ask(LendAdmin(name=line.params[0], password=line.params[1]), told)


def taken_back(conversation: IrcServer, _unit: Unit) -> None:
    """What OPER gave is gone without MODE -o."""
    conversation.lent = False
    conversation.say_apart(build(conversation.mask, "MODE", word(conversation.nick), f"-{ADMINISTERS}"))


def kill(conversation: IrcServer, line: Line) -> None:
    """KILL: 481 for others than administrators, 401 for who is not here, 483 for the server."""
    nick, reason = line.params[0], line.params[1] if len(line.params) > 1 else ""
    if not conversation.is_admin:
        conversation.reply(Numeric.ERR_NOPRIVILEGES)
    elif fold(nick) == fold(conversation.world.server):
        conversation.reply(Numeric.ERR_CANTKILLSERVER)
    else:
        conversation.ask(Expel(name=nick, reason=reason), _refusing(conversation, "KILL", nick))


def expelled(conversation: IrcServer, unit: Unit) -> None:
    """Being killed oneself: one is told by whom, and everybody in QUIT ("KILL message")."""
    told = cast(Expelled, unit)
    by, reason = word(told.by.name), plain(told.reason) or word(told.by.name)
    conversation.last_words = f"Killed ({by} ({reason}))"
    source = mask(by, conversation.world.face(told.by.principal))
    conversation.say_apart(build(source, "KILL", word(conversation.nick), reason))


def rehash(conversation: IrcServer, _line: Line) -> None:
    """REHASH: 382 before it is done ("REHASH message"). Which file it is, is nobody's business."""
    if not conversation.is_admin:
        conversation.reply(Numeric.ERR_NOPRIVILEGES)
        return
    conversation.reply(Numeric.RPL_REHASHING, "*")

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is Code.BAD_VALUE:
            conversation.tell_fault(Numeric.ERR_UNKNOWNERROR, "REHASH", sentence=_NOT_READ)
        elif code is not None:
            conversation.refuse("REHASH", code)

    conversation.ask(ReadAgain(), told)


def wallops(conversation: IrcServer, line: Line) -> None:
    """WALLOPS: told to those in user mode `w`, whoever says it among them only if so."""
    if not conversation.is_admin:
        conversation.reply(Numeric.ERR_NOPRIVILEGES)
    elif not line.params[0]:
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, "WALLOPS")
    elif line_bytes(build(conversation.mask, "WALLOPS", line.params[0])) > LINE_BYTES_MAX:
        conversation.reply(Numeric.ERR_INPUTTOOLONG)
    else:
        conversation.ask(CallOut(text=line.params[0]), _refusing(conversation, "WALLOPS", ""))


def called_out(conversation: IrcServer, unit: Unit) -> None:
    """An administrator has called out."""
    told = cast(CalledOut, unit)
    if HEARS_WALLOPS in conversation.modes:
        source = mask(word(told.by.name), conversation.world.face(told.by.principal))
        conversation.say_apart(build(source, "WALLOPS", plain(told.text)))


def stats(conversation: IrcServer, line: Line) -> None:
    """STATS: how long the server is up; there is nothing behind the other letters."""
    letter = line.params[0][:1]
    if letter == UPTIME:
        seconds = (conversation.world.now() - conversation.world.created) // 1000
        minutes, seconds = divmod(max(0, seconds), 60)
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        conversation.reply(Numeric.RPL_STATSUPTIME, days=days, hours=hours, minutes=minutes, seconds=seconds)
    conversation.reply(Numeric.RPL_ENDOFSTATS, word(letter))


def _refusing(conversation: IrcServer, command: str, nick: str) -> Callable[[Unit], None]:
    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is Code.NOT_ALLOWED:
            conversation.reply(Numeric.ERR_NOPRIVILEGES)
        elif code is Code.NO_SUCH_PERSON:
            conversation.reply(Numeric.ERR_NOSUCHNICK, word(nick))
        elif code is not None:
            conversation.refuse(command, code)

    return told
