"""MONITOR: being told when people of some nicks come and go (IRCv3 monitor)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, cast

from besedka.chat.names import FoldedName, account_name, fold
from besedka.chat.refusals import Refusal
from besedka.chat.told import Unit
from besedka.wire.irc.lines import LINE_BYTES_MAX, Line, build, line_bytes, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.people import bearer
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.subscriptions import lines_of_arrival
from besedka.wire.irc.world import mask
from besedka.wire.looking import Follow, Followed

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer


def monitor(conversation: IrcServer, line: Line) -> None:
    """MONITOR, by what it says to do; what is none of these does nothing."""
    handle = _DOES.get(line.params[0].upper())
    if handle is not None:
        handle(conversation, line)


def _add(conversation: IrcServer, line: Line) -> None:
    """ "Targets already in the list MUST NOT be added again"; how each is, is told all the same."""
    wanted = _targets(conversation, line)
    most = conversation.limits.followed_max
    kept, over = dict(conversation.followed), list[str]()
    for nick in wanted:
        if fold(nick) in kept or len(kept) < most:
            kept.setdefault(fold(nick), nick)
        else:
            over.append(nick)

    def told(unit: Unit) -> None:
        if code_of(unit) is None:
            conversation.followed = kept
            _tell_how(conversation, [nick for nick in wanted if nick not in over])
        if over:
            conversation.reply(Numeric.ERR_MONLISTFULL, str(most), ",".join(over))

    conversation.ask(Follow(names=tuple(kept)), told)


def _remove(conversation: IrcServer, line: Line) -> None:
    gone = {fold(nick) for nick in _targets(conversation, line)}
    _follow(conversation, {name: nick for name, nick in conversation.followed.items() if name not in gone})


def _clear(conversation: IrcServer, _line: Line) -> None:
    _follow(conversation, {})


def _follow(conversation: IrcServer, kept: dict[FoldedName, str]) -> None:
    """ "No output will be returned for use of this command." """
    conversation.followed = kept
    conversation.ask(Follow(names=tuple(kept)), lambda _unit: None)


def _list(conversation: IrcServer, _line: Line) -> None:
    _tell_several(conversation, Numeric.RPL_MONLIST, conversation.followed.values())
    conversation.reply(Numeric.RPL_ENDOFMONLIST)


def _status(conversation: IrcServer, _line: Line) -> None:
    _tell_how(conversation, conversation.followed.values())


_DOES: Final[dict[str, Callable[[IrcServer, Line], None]]] = {
    "+": _add,
    "-": _remove,
    "C": _clear,
    "L": _list,
    "S": _status,
}


def _targets(conversation: IrcServer, line: Line) -> list[str]:
    """ "'target' MUST be a valid nick": what is none is passed over, masks above all."""
    if len(line.params) < 2:
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, line.command)
        return []
    several = dict.fromkeys(one for one in line.params[1].split(",") if one)
    return [one for one in several if not isinstance(account_name(one, limits=conversation.limits), Refusal)]


def _tell_how(conversation: IrcServer, nicks: Iterable[str]) -> None:
    """730 for those who are here, 731 for the others."""
    here, gone, values = list[str](), list[str](), list[str]()
    for nick in nicks:
        person = bearer(conversation, nick)
        if person is None:
            gone.append(word(nick))
        else:
            here.append(mask(word(person.name), conversation.world.face(person.principal)))
            values += lines_of_arrival(conversation, person)
    _tell_several(conversation, Numeric.RPL_MONONLINE, here)
    for line in values:
        conversation.say(line)
    _tell_several(conversation, Numeric.RPL_MONOFFLINE, gone)


def _tell_several(conversation: IrcServer, numeric: Numeric, targets: Iterable[str]) -> None:
    """As many to a line as it takes ("the length of the target list is limited only by the buffer size")."""
    some: list[str] = []
    for target in targets:
        if some and line_bytes(_line(conversation, numeric, [*some, target])) > LINE_BYTES_MAX:
            conversation.say(_line(conversation, numeric, some))
            some = []
        some.append(target)
    if some:
        conversation.say(_line(conversation, numeric, some))


def _line(conversation: IrcServer, numeric: Numeric, targets: list[str]) -> str:
    return build(conversation.world.server, numeric.digits, conversation.addressee, ",".join(targets))


def followed(conversation: IrcServer, unit: Unit) -> None:
    """Somebody who is followed has come or gone."""
    told = cast(Followed, unit)
    nick = word(told.person.name)
    if told.here:
        shown = mask(nick, conversation.world.face(told.person.principal))
        conversation.say_apart(_line(conversation, Numeric.RPL_MONONLINE, [shown]))
        for line in lines_of_arrival(conversation, told.person):
            conversation.say_apart(line)
    else:
        conversation.say_apart(_line(conversation, Numeric.RPL_MONOFFLINE, [nick]))
