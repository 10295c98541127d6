"""Who is who: AWAY, WHO, WHOIS, WHOWAS, USERHOST, ISON, SETNAME."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.answers import PersonTold, WhowasList
from besedka.chat.entries import Person
from besedka.chat.names import fold
from besedka.chat.own_requests import Away, SetProfile, Whois, Whowas
from besedka.chat.principals import AccountRole, is_account
from besedka.chat.refusals import SENTENCES
from besedka.chat.told import Unit
from besedka.wire.irc.bodies import REASON_BYTES_MAX, iso_time
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.channels import CHANNEL, look
from besedka.wire.irc.lines import Line, build, plain, shortened, word
from besedka.wire.irc.names import occupants
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.world import NO_HOST, NO_USER, OFFLINE
from besedka.wire.looking import Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

USERHOSTS_MAX: Final = 5
"""Nicks of one USERHOST ("USERHOST message")."""

WHOWAS_MAX: Final = 20
"""Entries of one WHOWAS: a nick that many bore tells nothing about anybody."""


def _tell(conversation: IrcServer, numeric: Numeric, *params: str) -> None:
    conversation.say(build(conversation.world.server, numeric.digits, conversation.addressee, *params))


def away(conversation: IrcServer, line: Line) -> None:
    """AWAY, for all sessions of the account."""
    message = line.params[0] if line.params else ""

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is not None:
            conversation.refuse("AWAY", code)
        else:
            conversation.reply(Numeric.RPL_NOWAWAY if message.strip() else Numeric.RPL_UNAWAY)

    conversation.ask(Away(message=message), told)


def setname(conversation: IrcServer, line: Line) -> None:
    """SETNAME (IRCv3 setname): told back with one's own mask as its source."""
    name = line.params[0]

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is None:
            if Capability.SETNAME in conversation.capabilities:
                conversation.say(build(conversation.mask, "SETNAME", plain(name)))
        elif Capability.STANDARD_REPLIES in conversation.capabilities:
            conversation.fail("SETNAME", "INVALID_REALNAME", sentence=SENTENCES[code])
        else:
            conversation.refuse("SETNAME", code)

    conversation.ask(SetProfile(real_name=name), told)


# WHO -------------------------------------------------------------------------------------------------------------


def who(conversation: IrcServer, line: Line) -> None:
    """WHO of a channel, or of one nick; masks fit nobody here."""
    mask = line.params[0]
    if not mask.startswith(CHANNEL):
        person = conversation.world.named(fold(mask)) if mask else None
        if person is not None:
            _who_line(conversation, "*", person, "")
        conversation.reply(Numeric.RPL_ENDOFWHO, word(mask))
        return

    def told(unit: Unit) -> None:
        several = Capability.MULTI_PREFIX in conversation.capabilities
        if isinstance(unit, Seen) and unit.room is not None and (unit.inside or not unit.room.hidden):
            for one in occupants(unit):
                _who_line(conversation, f"#{word(unit.room.name)}", one.person, one.prefix(several=several))
        conversation.reply(Numeric.RPL_ENDOFWHO, word(mask))

    look(conversation, mask, told)


def _who_line(conversation: IrcServer, channel: str, person: Person, prefix: str) -> None:
    """352: `<channel> <username> <host> <server> <nick> <flags> :<hopcount> <realname>`; H is here, G gone."""
    face = conversation.world.face(person.principal)
    flags = ("G" if face.away else "H") + ("*" if face.admin else "") + prefix
    name, server = word(person.name), conversation.world.server
    real_name = shortened(plain(face.real_name), bytes_max=REASON_BYTES_MAX) or name
    _tell(conversation, Numeric.RPL_WHOREPLY, channel, face.user, face.host, server, name, flags, f"0 {real_name}")


# WHOIS, WHOWAS ---------------------------------------------------------------------------------------------------


def whois(conversation: IrcServer, line: Line) -> None:
    """WHOIS: of two parameters the first is a server, and there is only this one."""
    if not line.params or not line.params[-1]:
        conversation.reply(Numeric.ERR_NONICKNAMEGIVEN)
        return
    nick = line.params[min(1, len(line.params) - 1)].partition(",")[0]

    def told(unit: Unit) -> None:
        if isinstance(unit, PersonTold):
            _tell_person(conversation, unit)
            conversation.reply(Numeric.RPL_ENDOFWHOIS, word(unit.person.name))
        else:
            conversation.reply(Numeric.ERR_NOSUCHNICK, word(nick))
            conversation.reply(Numeric.RPL_ENDOFWHOIS, word(nick))

    conversation.ask(Whois(name=nick), told)


def _tell_person(conversation: IrcServer, told: PersonTold) -> None:
    name, face, world = word(told.person.name), conversation.world.face(told.person.principal), conversation.world
    real_name = shortened(plain(told.real_name), bytes_max=REASON_BYTES_MAX) or name
    user, host = (face.user, face.host) if told.online else (NO_USER, NO_HOST)
    _tell(conversation, Numeric.RPL_WHOISUSER, name, user, host, "*", real_name)
    _tell_channels(conversation, name, [f"#{word(one.room_name)}" for one in told.rooms if one.room_name])
    _tell(conversation, Numeric.RPL_WHOISSERVER, name, world.server, plain(world.network))
    if told.role is AccountRole.ADMIN:
        conversation.reply(Numeric.RPL_WHOISOPERATOR, name)
    if is_account(told.person.principal):
        conversation.reply(Numeric.RPL_WHOISACCOUNT, name, name)
    if told.bot:
        conversation.reply(Numeric.RPL_WHOISBOT, name)
    away_message = told.away if told.online else OFFLINE
    if away_message:
        _tell(conversation, Numeric.RPL_AWAY, name, plain(away_message))


def _tell_channels(conversation: IrcServer, name: str, channels: list[str]) -> None:
    """319, in several lines where there are many; without prefixes, which the answer has not."""
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
            _tell(conversation, Numeric.RPL_WHOWASUSER, name, NO_USER, word(one.host), "*", real_name)
            _tell(conversation, Numeric.RPL_WHOISSERVER, name, conversation.world.server, iso_time(one.time))
        conversation.reply(Numeric.RPL_ENDOFWHOWAS, word(nick))

    conversation.ask(Whowas(name=nick), told)


# In one word -----------------------------------------------------------------------------------------------------


def userhost(conversation: IrcServer, line: Line) -> None:
    """USERHOST: `nick[*]=(+|-)user@host` of up to five who are here."""
    found = []
    for nick in line.params[:USERHOSTS_MAX]:
        person = conversation.world.named(fold(nick))
        if person is not None:
            face = conversation.world.face(person.principal)
            star, gone = "*" if face.admin else "", "-" if face.away else "+"
            found.append(f"{word(person.name)}{star}={gone}{face.user}@{face.host}")
    _tell(conversation, Numeric.RPL_USERHOST, " ".join(found))


def ison(conversation: IrcServer, line: Line) -> None:
    """ISON: who of these is here."""
    nicks = [nick for param in line.params for nick in param.split()]
    people = [conversation.world.named(fold(nick)) for nick in nicks]
    _tell(conversation, Numeric.RPL_ISON, " ".join(word(one.name) for one in people if one is not None))
