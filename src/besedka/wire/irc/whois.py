"""Who somebody is, and who bore a nick until lately: WHOIS, WHOWAS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.answers import PersonTold, Whereabouts, WhowasList
from besedka.chat.entries import RoomRole
from besedka.chat.names import fold
from besedka.chat.own_requests import Whois, Whowas
from besedka.chat.principals import AccountRole, is_account
from besedka.chat.told import Unit
from besedka.wire.irc.lines import Line, build, plain, shortened, word
from besedka.wire.irc.names import OPERATOR, VOICED
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.pages import iso_time
from besedka.wire.irc.said import REASON_BYTES_MAX
from besedka.wire.irc.subscriptions import tell_in_whois
from besedka.wire.irc.world import NO_HOST, NO_USER, OFFLINE

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

WHOWAS_MAX: Final = 20
"""Entries of one WHOWAS: a nick that many bore tells nothing about anybody."""


def _tell(conversation: IrcServer, numeric: Numeric, *params: str) -> None:
    conversation.say(build(conversation.world.server, numeric.digits, conversation.addressee, *params))


def whois(conversation: IrcServer, line: Line) -> None:
    """WHOIS: of two parameters the first is a server, or a nick that is on it; and there is only this one."""
    if not line.params or not line.params[-1]:
        conversation.reply(Numeric.ERR_NONICKNAMEGIVEN)
        return
    nick = line.params[min(1, len(line.params) - 1)].partition(",")[0]
    where = line.params[0] if len(line.params) > 1 else ""
    if where and not _is_here(conversation, where):
        conversation.reply(Numeric.ERR_NOSUCHSERVER, word(where))
        return

    def told(unit: Unit) -> None:
        if isinstance(unit, PersonTold):
            _tell_person(conversation, unit)
            conversation.reply(Numeric.RPL_ENDOFWHOIS, word(unit.person.name))
        else:
            conversation.reply(Numeric.ERR_NOSUCHNICK, word(nick))
            conversation.reply(Numeric.RPL_ENDOFWHOIS, word(nick))

    conversation.ask(Whois(name=nick), told)


def _is_here(conversation: IrcServer, where: str) -> bool:
    """Whether this is the server, or somebody who is on it."""
    return fold(where) == fold(conversation.world.server) or conversation.world.named(fold(where)) is not None


def _tell_person(conversation: IrcServer, told: PersonTold) -> None:
    name, face, world = word(told.person.name), conversation.world.face(told.person.principal), conversation.world
    real_name = shortened(plain(told.real_name), bytes_max=REASON_BYTES_MAX) or name
    user, host = (face.user, face.host) if told.online else (NO_USER, NO_HOST)
    _tell(conversation, Numeric.RPL_WHOISUSER, name, user, host, "*", real_name)
    _tell_channels(conversation, name, [_channel(one) for one in told.rooms if one.room_name])
    _tell(conversation, Numeric.RPL_WHOISSERVER, name, world.server, plain(world.network))
    if told.role is AccountRole.ADMIN:
        conversation.reply(Numeric.RPL_WHOISOPERATOR, name)
    if is_account(told.person.principal):
        conversation.reply(Numeric.RPL_WHOISACCOUNT, name, word(told.account or told.person.name))
    tell_in_whois(conversation, told.person.principal, name)
    if told.bot:
        conversation.reply(Numeric.RPL_WHOISBOT, name)
    if told.online and face.secure:
        conversation.reply(Numeric.RPL_WHOISSECURE, name)
    away_message = told.away if told.online else OFFLINE
    if away_message:
        _tell(conversation, Numeric.RPL_AWAY, name, plain(away_message))
    if told.since:
        # "<client> <nick> <secs> <signon> :seconds idle, signon time"
        idle = max(0, world.now() - max(told.active, told.since)) // 1000
        conversation.reply(Numeric.RPL_WHOISIDLE, name, str(idle), str(told.since // 1000))


def _channel(one: Whereabouts) -> str:
    """A channel behind what somebody is in it ("RPL_WHOISCHANNELS (319)")."""
    prefix = OPERATOR if one.role is not RoomRole.MEMBER else VOICED if one.voice else ""
    return f"{prefix}#{word(one.room_name)}"


def _tell_channels(conversation: IrcServer, name: str, channels: list[str]) -> None:
    """319, in several lines where there are many."""
    some: list[str] = []
    for channel in channels:
        if sum(len(one.encode()) + 1 for one in (*some, channel)) > REASON_BYTES_MAX:
            _tell(conversation, Numeric.RPL_WHOISCHANNELS, name, " ".join(some))
            some = []
        some.append(channel)
    if some:
        _tell(conversation, Numeric.RPL_WHOISCHANNELS, name, " ".join(some))


def whowas(conversation: IrcServer, line: Line) -> None:
    """WHOWAS: "a non-positive count" is all there are."""
    if not line.params or not line.params[0]:
        conversation.reply(Numeric.ERR_NONICKNAMEGIVEN)
        return
    nick = line.params[0]
    counted = line.params[1] if len(line.params) > 1 else ""
    count = int(counted) if counted.isascii() and counted.isdigit() and len(counted) < 6 else 0

    def told(unit: Unit) -> None:
        people = unit.people[: count or WHOWAS_MAX][:WHOWAS_MAX] if isinstance(unit, WhowasList) else ()
        if not people:
            conversation.reply(Numeric.ERR_WASNOSUCHNICK, word(nick))
        for one in people:
            name = word(one.person.name)
            real_name = shortened(plain(one.real_name), bytes_max=REASON_BYTES_MAX) or name
            _tell(conversation, Numeric.RPL_WHOWASUSER, name, one.user or NO_USER, word(one.host), "*", real_name)
            _tell(conversation, Numeric.RPL_WHOISSERVER, name, conversation.world.server, iso_time(one.time))
        conversation.reply(Numeric.RPL_ENDOFWHOWAS, word(nick))

    conversation.ask(Whowas(name=nick), told)
