"""What is answered to a line that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.chat.requests import Malformed
from besedka.wire.irc.lines import Flaw, Line
from besedka.wire.irc.numerics import Numeric

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer


def _too_long(conversation: IrcServer, _line: Line) -> None:
    conversation.reply(Numeric.ERR_INPUTTOOLONG)


def _endless(conversation: IrcServer, _line: Line) -> None:
    """No program that speaks IRC has such lines, so what follows is none of its commands either."""
    conversation.reply(Numeric.ERR_INPUTTOOLONG)
    conversation.end(Malformed(Refusal(Code.TOO_LONG), fatal=True))


def _not_utf8(conversation: IrcServer, line: Line) -> None:
    """UTF8ONLY: "servers MUST NOT relay" it, and say so with `FAIL <command> INVALID_UTF8`."""
    conversation.fail(line.command, "INVALID_UTF8", sentence=SENTENCES[Code.BAD_TEXT])


def _no_line(conversation: IrcServer, line: Line) -> None:
    conversation.refuse(line.command or "*", Code.BAD_TEXT)


FLAWS: Final[dict[Flaw, Callable[[IrcServer, Line], None]]] = {
    Flaw.TOO_LONG: _too_long,
    Flaw.ENDLESS: _endless,
    Flaw.NOT_UTF8: _not_utf8,
    Flaw.NO_LINE: _no_line,
}
