"""WHO: people in lines, as they are (352) or in the fields that were asked for (WHOX, 354)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.entries import Person
from besedka.chat.names import fold
from besedka.chat.principals import is_account
from besedka.chat.told import Unit
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.channels import CHANNEL, look
from besedka.wire.irc.lines import Line, build, plain, shortened, word
from besedka.wire.irc.names import Occupant, occupants
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.said import REASON_BYTES_MAX
from besedka.wire.irc.world import BOT_MODE, Face
from besedka.wire.looking import Find, Found, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

FIELDS: Final = "tcuihsnfdlaor"
"""Fields of 354 in the order in which they are told (IRCv3 whox, "RPL_WHOSPCRPL"); `d` and `o` are others' custom."""

TOKEN_DIGITS_MAX: Final = 3
"""Of the token that an answer carries (IRCv3 whox)."""

NO_CHANNEL: Final = "*"

NO_ADDRESS: Final = "255.255.255.255"
"""What stands for an address that is not told (IRCv3 whox, "RPL_WHOSPCRPL"): none ever is."""

EVERYBODY: Final = frozenset({"*", "0"})
"""Masks that fit all (RFC 2812 §3.6.1)."""


class Asked(msgspec.Struct, frozen=True):
    """What the second parameter of a WHO says."""

    admins: bool = False
    """Only administrators ("WHO message": "o")."""
    fields: str | None = None
    """Those of WHOX, in no order; None for 352."""
    token: str = ""


def _asked(text: str) -> Asked:
    flags, percent, rest = text.partition("%")
    fields, _, token = rest.partition(",")
    good = token.isascii() and token.isdigit() and len(token) <= TOKEN_DIGITS_MAX
    return Asked("o" in flags, fields if percent else None, token if good else "0")


def who(conversation: IrcServer, line: Line) -> None:
    """WHO of a channel, of one nick, or of everybody who is here and fits a mask."""
    mask, asked = line.params[0], _asked(line.params[1] if len(line.params) > 1 else "")
    exact = conversation.world.named(fold(mask)) if mask else None

    def of_channel(unit: Unit) -> None:
        if isinstance(unit, Seen) and unit.room is not None and (unit.inside or not unit.room.hidden):
            channel = f"#{word(unit.room.name)}"
            for one in occupants(unit):
                if unit.inside or not conversation.world.face(one.person.principal).unlisted:
                    _tell(conversation, asked, channel, one)
        _end()

    def of_mask(unit: Unit) -> None:
        for person in unit.people if isinstance(unit, Found) else ():
            _tell(conversation, asked, NO_CHANNEL, Occupant(person, operator=False, voice=False))
        _end()

    def _end() -> None:
        # "`<mask>` MUST be exactly the `<mask>` parameter sent by the client" ("RPL_ENDOFWHO (315)").
        conversation.reply(Numeric.RPL_ENDOFWHO, word(mask))

    if mask.startswith(CHANNEL):
        look(conversation, mask, of_channel)
    elif exact is not None:
        of_mask(Found(None, (exact,)))
    else:
        conversation.ask(Find(pattern="*" if mask in EVERYBODY else mask), of_mask)


def _tell(conversation: IrcServer, asked: Asked, channel: str, one: Occupant) -> None:
    face = conversation.world.face(one.person.principal)
    if asked.admins and not face.admin:
        return
    several = Capability.MULTI_PREFIX in conversation.capabilities
    flags = _flags(face, one.prefix(several=several))
    whom, server = conversation.addressee, conversation.world.server
    name, real_name = word(one.person.name), _real_name(one.person, face)
    if asked.fields is None:
        # "<client> <channel> <username> <host> <server> <nick> <flags> :<hopcount> <realname>"
        conversation.say(
            build(
                server,
                Numeric.RPL_WHOREPLY.digits,
                whom,
                channel,
                face.user,
                face.host,
                server,
                name,
                flags,
                f"0 {real_name}",
            )
        )
        return
    values = {
        "t": asked.token,
        "c": channel,
        "u": face.user,
        "i": NO_ADDRESS,
        "h": face.host,
        "s": server,
        "n": name,
        "f": flags,
        "d": "0",
        "l": "0",
        "a": word(conversation.world.account(one.person.principal) or name)
        if is_account(one.person.principal)
        else "0",
        "o": "n/a",
        "r": real_name,
    }
    conversation.say(
        build(server, Numeric.RPL_WHOSPCRPL.digits, whom, *[values[field] for field in FIELDS if field in asked.fields])
    )


def _flags(face: Face, prefix: str) -> str:
    """H is here, G gone; `*` an administrator; then what one is in the channel, and modes ("RPL_WHOREPLY (352)")."""
    return ("G" if face.away else "H") + ("*" if face.admin else "") + prefix + (BOT_MODE if face.bot else "")


def _real_name(person: Person, face: Face) -> str:
    return shortened(plain(face.real_name), bytes_max=REASON_BYTES_MAX) or word(person.name)
