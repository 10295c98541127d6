"""Which numeric a refusal is, as a table; what is not in it is 400 with its sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.told import Refused, Unit
from besedka.wire.irc.numerics import Numeric

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_REFUSALS: Final = {
    Code.NO_SUCH_ROOM: Numeric.ERR_NOSUCHCHANNEL,
    Code.BAD_ROOM_NAME: Numeric.ERR_NOSUCHCHANNEL,
    Code.NOT_A_MEMBER: Numeric.ERR_NOTONCHANNEL,
    Code.NOT_ALLOWED: Numeric.ERR_CHANOPRIVSNEEDED,
    Code.BANNED_HERE: Numeric.ERR_BANNEDFROMCHAN,
    Code.WRONG_KEY: Numeric.ERR_BADCHANNELKEY,
    Code.INVITATION_ONLY: Numeric.ERR_INVITEONLYCHAN,
    # Of a hidden room nobody outside learns more than that one cannot come in (P7).
    Code.ROOM_NAME_TAKEN: Numeric.ERR_INVITEONLYCHAN,
    Code.ROOM_FULL: Numeric.ERR_CHANNELISFULL,
    Code.TOO_MANY_ROOMS: Numeric.ERR_TOOMANYCHANNELS,
    Code.TEXT_LONG: Numeric.ERR_INPUTTOOLONG,
}
"""Of what is asked about a channel."""

_UNSAID: Final = frozenset(
    {
        Code.NOT_A_MEMBER,
        Code.BANNED_HERE,
        Code.MUTED_HERE,
        Code.MUTED,
        Code.MODERATED,
        Code.SLOW_MODE,
        Code.NO_CTCP,
        Code.NOT_ALLOWED,
    }
)
"""Why something said in a channel is not told there: all are 404, with the reason in words ("ERR_CANNOTSENDTOCHAN")."""

_WITHOUT_CONTEXT: Final = frozenset({Numeric.ERR_INPUTTOOLONG, Numeric.ERR_NOTEXTTOSEND})


def code_of(unit: Unit) -> Code | None:
    """Why something was refused; None where it was not."""
    return unit.code if isinstance(unit, Refused) else None


def tell_refusal(conversation: IrcServer, command: str, code: Code, channel: str) -> None:
    """Why something cannot be done in a channel."""
    numeric = _REFUSALS.get(code)
    if numeric is None:
        conversation.tell_fault(Numeric.ERR_UNKNOWNERROR, command, channel, sentence=SENTENCES[code])
    else:
        conversation.reply(numeric, *(() if numeric in _WITHOUT_CONTEXT else (channel,)))


def tell_unsaid(conversation: IrcServer, command: str, code: Code, target: str) -> None:
    """Why something was not said, to a channel or a person; of a NOTICE only whoever labelled it is told."""
    if command == "NOTICE" and not conversation.labelled:
        return
    if code in _UNSAID:
        conversation.tell_fault(Numeric.ERR_CANNOTSENDTOCHAN, target, sentence=SENTENCES[code])
    elif code is Code.EMPTY_TEXT:
        conversation.reply(Numeric.ERR_NOTEXTTOSEND)
    elif code is Code.NO_SUCH_PERSON:
        conversation.reply(Numeric.ERR_NOSUCHNICK, target)
    elif code is Code.NOT_WELCOME and not conversation.is_account:
        conversation.reply(Numeric.ERR_NEEDREGGEDNICK, target)
    else:
        tell_refusal(conversation, command, code, target)
