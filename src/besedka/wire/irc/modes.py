"""Modes: the settings, lists and roles of a room as letters."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.entries import Listing, RoomId, RoomRole, SettingsChange
from besedka.chat.governing_rules import is_key
from besedka.chat.names import fold
from besedka.chat.principals import SERVER
from besedka.chat.refusals import Code
from besedka.chat.requests import Request
from besedka.chat.room_requests import ChangeSettings, LiftMark, SetMark, SetRole
from besedka.chat.rooms import Room
from besedka.chat.told import Unit
from besedka.wire.irc import user_modes
from besedka.wire.irc.bodies import FLAG_MODES, MUTE_PREFIX, MUTING, shown_mask
from besedka.wire.irc.channels import CHANNEL, look
from besedka.wire.irc.isupport import MODES_PER_LINE_MAX
from besedka.wire.irc.lines import Line, build, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of, tell_refusal
from besedka.wire.looking import Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_LISTS: Final = {
    "b": (Listing.BAN, Numeric.RPL_BANLIST, Numeric.RPL_ENDOFBANLIST),
    "e": (Listing.BAN_EXCEPTION, Numeric.RPL_EXCEPTLIST, Numeric.RPL_ENDOFEXCEPTLIST),
    "I": (Listing.INVITE_EXCEPTION, Numeric.RPL_INVEXLIST, Numeric.RPL_ENDOFINVEXLIST),
}

_MEMBERS: Final = "ov"

MEMBERS_MAX_DIGITS: Final = 9
"""Of a limit: more people than there are."""


class Change(msgspec.Struct, frozen=True):
    """One letter of a MODE with its sign, and its parameter where it takes one."""

    on: bool
    letter: str
    parameter: str | None = None

    @property
    def takes_parameter(self) -> bool:
        """Whether such a change has a parameter (CHANMODES; a list's may be left out, and asks for it)."""
        return self.letter in "beIkov" or (self.letter == "l" and self.on)


def mode(conversation: IrcServer, line: Line) -> None:
    """MODE of a channel, or of oneself."""
    target = line.params[0]
    if target.startswith(CHANNEL):
        look(conversation, target, lambda unit: _of_channel(conversation, line, unit))
    elif fold(target) != fold(conversation.nick):
        known = conversation.world.named(fold(target)) is not None
        numeric = Numeric.ERR_USERSDONTMATCH if known else Numeric.ERR_NOSUCHNICK
        conversation.reply(numeric, *(() if known else (word(target),)))
    else:
        user_modes.asked(conversation, line)


def _of_channel(conversation: IrcServer, line: Line, unit: Unit) -> None:
    room = unit.room if isinstance(unit, Seen) else None
    if not isinstance(unit, Seen) or room is None:
        conversation.reply(Numeric.ERR_NOSUCHCHANNEL, word(line.params[0]))
    elif len(line.params) == 1:
        _tell_modes(conversation, room, inside=unit.inside)
    else:
        changes = list(_changes(line.params[1], list(line.params[2:])))
        _tell_unknown(conversation, changes)
        for listed in {one.letter: one for one in changes if one.letter in _LISTS and one.parameter is None}.values():
            _tell_list(conversation, room, listed.letter, inside=unit.inside)
        _change(conversation, room, [one for one in changes if one.letter not in _LISTS or one.parameter is not None])


def _channel(room: Room) -> str:
    return f"#{word(room.name)}"


def _tell_modes(conversation: IrcServer, room: Room, *, inside: bool) -> None:
    """The modes that are set, with their parameters for those inside, and when the channel was made.

    The key is a secret that those inside may know, but it is told on a safe way only (P7).
    """
    settings, server, whom = room.governance.settings, conversation.world.server, conversation.addressee
    letters = "".join(letter for letter, name in FLAG_MODES.items() if getattr(settings, name))
    parameters = []
    if settings.key:
        letters += "k"
        safe = conversation.welcome is not None and conversation.welcome.safe
        parameters.append(word(settings.key) if safe else "*")
    if settings.members_max:
        letters += "l"
        parameters.append(str(settings.members_max))
    shown = [f"+{letters}", *(parameters if inside else [])]
    conversation.say(build(server, Numeric.RPL_CHANNELMODEIS.digits, whom, _channel(room), *shown))
    if room.governance.opened:
        since = str(room.governance.opened // 1000)
        conversation.say(build(server, Numeric.RPL_CREATIONTIME.digits, whom, _channel(room), since))


def _changes(letters: str, parameters: list[str]) -> Iterator[Change]:
    """What a MODE asks for, each with its parameter as far as there are any."""
    on, taken = True, 0
    for letter in letters:
        if letter in "+-":
            on = letter == "+"
            continue
        change = Change(on, letter)
        if change.takes_parameter and parameters and taken < MODES_PER_LINE_MAX:
            change = Change(on, letter, parameters.pop(0))
            taken += 1
        yield change


def _tell_unknown(conversation: IrcServer, changes: list[Change]) -> None:
    known = {*FLAG_MODES, *_LISTS, *_MEMBERS, "k", "l"}
    for letter in dict.fromkeys(one.letter for one in changes if one.letter not in known):
        conversation.reply(Numeric.ERR_UNKNOWNMODE, word(letter))


def _tell_list(conversation: IrcServer, room: Room, letter: str, *, inside: bool) -> None:
    """Who is on a list: for those inside only."""
    listing, line, end = _LISTS[letter]
    if not inside:
        conversation.reply(Numeric.ERR_NOTONCHANNEL, _channel(room))
        return
    listings = (listing, MUTING.get(listing))
    server, whom, now = conversation.world.server, conversation.addressee, conversation.world.now()
    for one in room.governance.listed:
        if one.mark.listing in listings and one.in_force(now):
            shown = shown_mask(one.mark.listing, one.mark.mask)
            since = str(one.since // 1000)
            conversation.say(build(server, line.digits, whom, _channel(room), shown, word(one.by), since))
    conversation.reply(end, _channel(room))


# Changing them ---------------------------------------------------------------------------------------------------


def _change(conversation: IrcServer, room: Room, changes: list[Change]) -> None:
    """Ask for each change that is one; flags and their like together, so that they are told in one line."""
    settings: dict[str, bool | str | int] = {}
    for one in changes:
        if one.letter in FLAG_MODES:
            settings[FLAG_MODES[one.letter]] = one.on
        elif one.letter in "kl":
            _key_or_limit(conversation, room, one, settings)
    channel = _channel(room)
    if settings:
        change = ChangeSettings(room=room.id, change=msgspec.convert(settings, SettingsChange))
        conversation.ask(change, _refusing(conversation, channel))
    for one in changes:
        if one.letter in _MEMBERS:
            _change_member(conversation, room, one)
        elif one.letter in _LISTS and one.parameter is not None:
            request = _list_request(room.id, one.letter, one.parameter, on=one.on)
            conversation.ask(request, _refusing(conversation, channel, one))


def _key_or_limit(conversation: IrcServer, room: Room, change: Change, settings: dict[str, bool | str | int]) -> None:
    """`+k` and `+l` need a parameter that is one; `-k` takes any, and `-l` none."""
    given = change.parameter or ""
    if change.letter == "k":
        if not change.on:
            settings["key"] = ""
        elif change.parameter is None:
            conversation.reply(Numeric.ERR_NEEDMOREPARAMS, "MODE")
        elif not is_key(given) or word(given) != given:
            conversation.reply(Numeric.ERR_INVALIDMODEPARAM, _channel(room), "k", "*")
        else:
            settings["key"] = given
    elif not change.on:
        settings["members_max"] = 0
    elif change.parameter is None:
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, "MODE")
    elif given.isascii() and given.isdigit() and 0 < len(given) <= MEMBERS_MAX_DIGITS and int(given):
        settings["members_max"] = min(int(given), conversation.limits.members_max)
    else:
        conversation.reply(Numeric.ERR_INVALIDMODEPARAM, _channel(room), "l", word(given))


def is_owner(conversation: IrcServer, room: Room, nick: str) -> bool:
    """Whether somebody owns a room."""
    here = conversation.world.named(fold(nick))
    member = room.members.get(room.named.get(fold(nick), SERVER) if here is None else here.principal)
    return member is not None and member.role is RoomRole.OWNER


def _change_member(conversation: IrcServer, room: Room, change: Change) -> None:
    nick = change.parameter
    if not nick:
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, "MODE")
        return
    if change.letter == "o" and change.on and is_owner(conversation, room, nick):
        return  # An owner is `@` already, and must not become a moderator by being given it.
    if change.letter == "v":
        request = SetRole(room=room.id, name=nick, voice=change.on)
    else:
        request = SetRole(room=room.id, name=nick, role=RoomRole.MODERATOR if change.on else RoomRole.MEMBER)

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code in (Code.NOT_HERE, Code.NO_SUCH_PERSON):
            known = conversation.world.named(fold(nick)) is not None
            if known:
                conversation.reply(Numeric.ERR_USERNOTINCHANNEL, word(nick), _channel(room))
            else:
                conversation.reply(Numeric.ERR_NOSUCHNICK, word(nick))
        elif code is not None:
            tell_refusal(conversation, "MODE", code, _channel(room))

    conversation.ask(request, told)


def _list_request(room: RoomId, letter: str, given: str, *, on: bool) -> Request:
    listing, mask = _LISTS[letter][0], given
    if listing in MUTING and given.startswith(MUTE_PREFIX):
        listing, mask = MUTING[listing], given.removeprefix(MUTE_PREFIX)
    # `nick!*@*` is how a name is written as a mask; kept as the name, it means its bearer.
    name = mask.removesuffix("!*@*")
    if name and not set(name) & set("!@*?"):
        mask = name
    if on:
        return SetMark(room=room, listing=listing, mask=mask)
    return LiftMark(room=room, listing=listing, mask=mask)


def _refusing(conversation: IrcServer, channel: str, change: Change | None = None) -> Callable[[Unit], None]:
    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is Code.BAD_MASK and change is not None:
            parameter = word(change.parameter or "")
            conversation.reply(Numeric.ERR_INVALIDMODEPARAM, channel, change.letter, parameter)
        elif code is Code.LIST_FULL and change is not None:
            conversation.reply(Numeric.ERR_BANLISTFULL, channel, change.letter)
        elif code is not None:
            tell_refusal(conversation, "MODE", code, channel)

    return told
