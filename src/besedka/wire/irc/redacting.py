"""REDACT: taking away what was said (IRCv3 draft/message-redaction)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.entries import Reacted, RoomId
from besedka.chat.names import fold
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.requests import React, Redact, Request
from besedka.chat.told import Done, Unit
from besedka.wire.irc.channels import CHANNEL, look
from besedka.wire.irc.lines import Line, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.tagging import entry_of
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_NOT_HERE: Final = frozenset({Code.NO_SUCH_ROOM, Code.NOT_A_MEMBER})

_INVALID_TARGET: Final = N_("Nothing can be taken away there")
_UNKNOWN: Final = N_("There is no such message, or it is gone already")


def redact(conversation: IrcServer, line: Line) -> None:
    """REDACT <target> <msgid> [:<reason>]. The id must be of an entry in the target: of another it is unknown."""
    target = line.params[0]
    if target[:1] == CHANNEL:
        look(conversation, target, lambda unit: _found(conversation, line, unit))
    else:
        conversation.ask(Look(person=fold(target)), lambda unit: _found(conversation, line, unit))


def _found(conversation: IrcServer, line: Line, unit: Unit) -> None:
    target, msgid = line.params[:2]
    room = unit.room if isinstance(unit, Seen) else None
    found = entry_of(msgid)
    if room is None and target[:1] == CHANNEL:
        _fail(conversation, "INVALID_TARGET", word(target), sentence=_INVALID_TARGET)
    elif room is None or found is None or found[0] != room.id:
        _fail(conversation, "UNKNOWN_MSGID", word(target), word(msgid), sentence=_UNKNOWN)
    else:
        reason = line.params[2] if len(line.params) > 2 else ""
        request = _request(conversation, room.id, found[1], reason)
        conversation.ask(request, lambda answer: _told(conversation, line, answer))


def _request(conversation: IrcServer, room: RoomId, number: int, reason: str) -> Request:
    """One's own reaction is taken back; anything else is redacted, or is refused."""
    kept = conversation.world.kept(room, number)
    if kept is not None:
        entry = kept[1]
        if isinstance(entry.body, Reacted) and entry.number == number and entry.author == conversation.principal:
            return React(room=room, number=entry.body.number, reaction=entry.body.reaction, withdrawn=True)
    return Redact(room=room, number=number, reason=reason)


def _told(conversation: IrcServer, line: Line, unit: Unit) -> None:
    target, msgid = map(word, line.params[:2])
    code = code_of(unit)
    if isinstance(unit, Done) or code is Code.NO_SUCH_MESSAGE:
        _fail(conversation, "UNKNOWN_MSGID", target, msgid, sentence=_UNKNOWN)
    elif code in _NOT_HERE:
        _fail(conversation, "INVALID_TARGET", target, sentence=_INVALID_TARGET)
    elif code is Code.TEXT_LONG:
        conversation.reply(Numeric.ERR_INPUTTOOLONG)
    elif code is not None:
        _fail(conversation, "REDACT_FORBIDDEN", target, msgid, sentence=SENTENCES[code])


def _fail(conversation: IrcServer, code: str, *context: str, sentence: str) -> None:
    conversation.fail("REDACT", code, *context, sentence=sentence)
