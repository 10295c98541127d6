"""MARKREAD: how far somebody has read (IRCv3 draft/read-marker).

An account's markers are its inbox's: what one of its devices says, in whichever program, the others are told. "The last
read timestamp of a target SHOULD only ever increase"; so what is answered is what is kept, not what was said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.own_requests import MoveMarker
from besedka.chat.refusals import N_, SENTENCES, Code
from besedka.chat.told import Refused, Unit
from besedka.wire.irc import moments
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.pages import iso_time
from besedka.wire.looking import GetMarker, MarkerTold

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

UNKNOWN: Final = "*"
"""In place of the time: it is not known how far ("MARKREAD server command")."""

_MISSING: Final = N_("Missing parameters")
_INVALID: Final = N_("Invalid parameters")


def marker_params(target: str, time: int | None) -> tuple[str, str]:
    """The parameters of MARKREAD as a server says it."""
    return target, UNKNOWN if time is None else f"timestamp={iso_time(time)}"


def tell_marker(conversation: IrcServer, target: str, time: int | None) -> None:
    """Say how far this session's person has read."""
    conversation.say(build(conversation.world.server, "MARKREAD", *marker_params(target, time)))


def markread(conversation: IrcServer, line: Line) -> None:
    """MARKREAD `<target> [timestamp=<time>]`: ask, or say, how far one has read."""
    if not line.params or not line.params[0]:
        conversation.fail("MARKREAD", "NEED_MORE_PARAMS", sentence=_MISSING)
        return
    target = line.params[0]
    if len(line.params) == 1:
        _ask(conversation, target)
        return
    time = moments.reference(line.params[1])
    if time is None:
        conversation.fail("MARKREAD", "INVALID_PARAMS", word(line.params[1]), sentence=_INVALID)
        return

    def moved(unit: Unit) -> None:
        if not isinstance(unit, Refused):
            _ask(conversation, target)
        elif unit.code is Code.BAD_VALUE:
            conversation.fail("MARKREAD", "INVALID_PARAMS", word(target), sentence=_INVALID)
        else:
            conversation.fail("MARKREAD", "INTERNAL_ERROR", word(target), sentence=SENTENCES[unit.code])

    conversation.ask(MoveMarker(name=target, time=time), moved)


def _ask(conversation: IrcServer, target: str) -> None:
    def told(unit: Unit) -> None:
        if isinstance(unit, MarkerTold):
            tell_marker(conversation, word(target), unit.time)
        else:
            code = unit.code if isinstance(unit, Refused) else Code.BUSY
            conversation.fail("MARKREAD", "INTERNAL_ERROR", word(target), sentence=SENTENCES[code])

    conversation.ask(GetMarker(name=target), told)
