"""What people say of themselves, and who is here: AWAY, SETNAME, USERHOST, ISON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from besedka.chat.entries import Person
from besedka.chat.names import fold
from besedka.chat.own_requests import Away, SetProfile
from besedka.chat.refusals import SENTENCES
from besedka.chat.told import Kept, Unit
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import Line, build, plain, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.stages import Stage

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

USERHOSTS_MAX: Final = 5
"""Nicks of one USERHOST ("USERHOST message")."""

WHOWAS_MAX: Final = 20
"""Entries of one WHOWAS: a nick that many bore tells nothing about anybody."""


def _tell(conversation: IrcServer, numeric: Numeric, *params: str) -> None:
    conversation.say(build(conversation.world.server, numeric.digits, conversation.addressee, *params))


def away(conversation: IrcServer, line: Line) -> None:
    """AWAY, for all sessions of the account; before registration for who knows what that means (IRCv3 pre-away)."""
    message = line.params[0] if line.params else ""
    if conversation.stage is Stage.NEW:
        if Capability.PRE_AWAY not in conversation.capabilities:
            conversation.reply(Numeric.ERR_NOTREGISTERED)
            return
        conversation.registering.away = message
        conversation.reply(Numeric.RPL_NOWAWAY if message.strip() else Numeric.RPL_UNAWAY)
        return

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is not None:
            conversation.refuse("AWAY", code)
        else:
            conversation.reply(Numeric.RPL_NOWAWAY if message.strip() else Numeric.RPL_UNAWAY)

    conversation.ask(Away(message=message), told)


def tell_away(conversation: IrcServer, kept: Kept) -> None:
    """301 to who has written to somebody away ("RPL_AWAY (301)"), or to an account without a session."""
    found = conversation.world.kept(kept.room, kept.number)
    for principal in () if found is None or found[0].pair is None else found[0].pair:
        away_message = conversation.world.face(principal).away
        member = None if found is None else found[0].members.get(principal)
        if principal != conversation.principal and away_message and member is not None:
            _tell(
                conversation,
                Numeric.RPL_AWAY,
                word(conversation.world.name(principal) or member.name),
                plain(away_message),
            )


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


def bearer(conversation: IrcServer, nick: str) -> Person | None:
    """Who is here and bears this nick: an account that bears another is not found by its name."""
    person = conversation.world.named(fold(nick))
    return person if person is not None and fold(person.name) == fold(nick) else None


# In one word -----------------------------------------------------------------------------------------------------


def userhost(conversation: IrcServer, line: Line) -> None:
    """USERHOST: `nick[*]=(+|-)user@host` of up to five who are here."""
    found = []
    for nick in line.params[:USERHOSTS_MAX]:
        person = bearer(conversation, nick)
        if person is not None:
            face = conversation.world.face(person.principal)
            star, gone = "*" if face.admin else "", "-" if face.away else "+"
            found.append(f"{word(person.name)}{star}={gone}{face.user}@{face.host}")
    _tell(conversation, Numeric.RPL_USERHOST, " ".join(found))


def ison(conversation: IrcServer, line: Line) -> None:
    """ISON: who of these is here."""
    nicks = [nick for param in line.params for nick in param.split()]
    people = [bearer(conversation, nick) for nick in nicks]
    _tell(conversation, Numeric.RPL_ISON, " ".join(word(one.name) for one in people if one is not None))
