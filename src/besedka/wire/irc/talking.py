"""Saying something: PRIVMSG and NOTICE; and PING, PONG, QUIT."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from besedka.chat.entries import Manner, RoomId
from besedka.chat.refusals import N_
from besedka.chat.requests import Exit, Ping, Pong, Say, Tell
from besedka.chat.told import Kept, Unit
from besedka.wire.irc import people
from besedka.wire.irc.bodies import ACTION
from besedka.wire.irc.channels import CHANNEL, room_of
from besedka.wire.irc.isupport import TARGETS_MAX
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of, tell_unsaid
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_CTCP: Final = "\x01"
_NO_QUERIES: Final = N_("CTCP queries other than ACTION are not passed on yet")


def privmsg(conversation: IrcServer, line: Line) -> None:
    """PRIVMSG."""
    _say(conversation, line, Manner.SAID)


def notice(conversation: IrcServer, line: Line) -> None:
    """NOTICE; its errors are told, as those of PRIVMSG are, for this server answers no bot."""
    _say(conversation, line, Manner.NOTED)


def _say(conversation: IrcServer, line: Line, manner: Manner) -> None:
    if not line.params or not line.params[0]:
        _in_order(conversation, lambda: conversation.reply(Numeric.ERR_NORECIPIENT, command=line.command))
        return
    if len(line.params) < 2 or not line.params[1]:
        _in_order(conversation, lambda: conversation.reply(Numeric.ERR_NOTEXTTOSEND))
        return
    text = line.params[1]
    several = list(dict.fromkeys(one for one in line.params[0].split(",") if one))
    if len(several) > TARGETS_MAX:
        # "ERR_TOOMANYTARGETS": nothing is sent to any of them.
        _in_order(conversation, lambda: conversation.reply(Numeric.ERR_TOOMANYTARGETS, word(line.params[0])))
        return
    for target in several:
        if not conversation.relay_fits(line.command, word(target), text):
            _in_order(conversation, lambda: conversation.reply(Numeric.ERR_INPUTTOOLONG))
            return
    said = _as_meant(text, manner)
    for target in several:
        if said is None:
            _in_order(
                conversation,
                lambda target=target: conversation.tell_fault(  # type: ignore[misc]
                    Numeric.ERR_CANNOTSENDTOCHAN, word(target), sentence=_NO_QUERIES
                ),
            )
        else:
            _say_to(conversation, line.command, target, *said)


def _as_meant(text: str, manner: Manner) -> tuple[str, Manner] | None:
    """What is said, and how; None for a CTCP query that is no ACTION."""
    if not text.startswith(_CTCP):
        return text, manner
    if text.startswith(ACTION) and manner is Manner.SAID:
        return text.removeprefix(ACTION).removesuffix(_CTCP), Manner.DONE
    return None


def _say_to(conversation: IrcServer, command: str, target: str, text: str, manner: Manner) -> None:
    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is not None:
            tell_unsaid(conversation, command, code, word(target))
        elif isinstance(unit, Kept) and command == "PRIVMSG" and target[0] != CHANNEL:
            people.tell_away(conversation, unit)

    if target[0] != CHANNEL:
        conversation.ask(Tell(name=target, text=text, manner=manner), told, streams=True)
        return
    folded = room_of(target)
    known = None if folded is None else conversation.rooms.get(folded)

    def say(room: RoomId) -> None:
        conversation.ask(Say(room=room, text=text, manner=manner), told, streams=True)

    def found(unit: Unit) -> None:
        room = unit.room if isinstance(unit, Seen) else None
        if room is None:
            conversation.reply(Numeric.ERR_NOSUCHCHANNEL, word(target))
        else:
            say(room.id)

    if known is not None:
        say(known)
    else:
        conversation.ask(Look(name=folded or ""), found)


def _in_order(conversation: IrcServer, say: Callable[[], None]) -> None:
    """Say something of one's own when all that was asked before is answered."""
    if conversation.waits:
        conversation.ask(Ping(), lambda _unit: say(), streams=True)
    else:
        say()


def ping(conversation: IrcServer, line: Line) -> None:
    """PING is answered when all before it is answered and told: clients synchronise by it (DESIGN §1)."""
    if not line.params:
        _in_order(conversation, lambda: conversation.reply(Numeric.ERR_NEEDMOREPARAMS, line.command))
    elif not line.params[0]:
        _in_order(conversation, lambda: conversation.reply(Numeric.ERR_NOORIGIN))
    else:
        server, token = conversation.world.server, line.params[0]
        conversation.ask(Ping(), lambda _unit: conversation.say(build(server, "PONG", server, token)), streams=True)


def pong(conversation: IrcServer, _line: Line) -> None:
    """PONG is not answered."""
    conversation.tell_hub(Pong())


def quit_(conversation: IrcServer, line: Line) -> None:
    """QUIT ends the session; rooms are left by PART only."""
    conversation.last_words = line.params[0] if line.params else ""
    conversation.end(Exit())
