"""Rooms as channels: JOIN, PART, TOPIC, NAMES, KICK."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from besedka.chat.entries import RoomId
from besedka.chat.names import FoldedName, fold
from besedka.chat.refusals import Code
from besedka.chat.requests import Join, Leave, Ping, SetTopic
from besedka.chat.room_requests import Kick
from besedka.chat.told import Unit
from besedka.wire.irc.entering import tell_topic
from besedka.wire.irc.isupport import TARGETS_MAX
from besedka.wire.irc.lines import Line, build, plain, word
from besedka.wire.irc.names import tell_names
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of, tell_refusal
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

CHANNEL: Final = "#"
"""What every channel's name begins with (CHANTYPES)."""


def targets(listed: str) -> list[str]:
    """The names in a list, each once; what one line holds is not many."""
    return list(dict.fromkeys(one for one in listed.split(",") if one))


def room_of(name: str) -> FoldedName | None:
    """The folded name of the room that a channel is; None for what is no channel's name."""
    return fold(name[1:]) if len(name) > 1 and name[0] == CHANNEL else None


def in_room(conversation: IrcServer, channel: str, then: Callable[[RoomId], None]) -> None:
    """Go on with the room of this channel: one that the session knows, or one that is looked for first."""
    folded = room_of(channel)
    known = None if folded is None else conversation.rooms.get(folded)
    if folded is None:
        conversation.reply(Numeric.ERR_NOSUCHCHANNEL, word(channel))
    elif known is not None:
        then(known)
    else:

        def found(unit: Unit) -> None:
            room = unit.room if isinstance(unit, Seen) else None
            if room is None:
                conversation.reply(Numeric.ERR_NOSUCHCHANNEL, word(channel))
            else:
                then(room.id)

        conversation.ask(Look(name=folded), found)


def refusing(conversation: IrcServer, command: str, channel: str) -> Callable[[Unit], None]:
    """What to do with an answer of which only the "no" is told: the "yes" is told to everybody in the channel."""

    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is not None:
            tell_refusal(conversation, command, code, word(channel))

    return told


# Coming and going ------------------------------------------------------------------------------------------------


def join(conversation: IrcServer, line: Line) -> None:
    """JOIN: the first key is for the first channel, and so on; `JOIN 0` leaves every channel."""
    if line.params[0] == "0":
        for room, channel in list(conversation.names.items()):
            conversation.ask(Leave(room=room), _left(conversation, channel, room, quiet=True))
        return
    keys = line.params[1].split(",") if len(line.params) > 1 else []
    for index, channel in enumerate(targets(line.params[0])):
        folded = room_of(channel)
        if folded is None:
            conversation.reply(Numeric.ERR_NOSUCHCHANNEL, word(channel))
        else:
            key = keys[index] if index < len(keys) else ""
            conversation.ask(Join(name=channel[1:], key=key), _joined(conversation, channel))


def _joined(conversation: IrcServer, channel: str) -> Callable[[Unit], None]:
    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is None:
            # The room is told right behind this answer. Asking once more, whatever the answer, holds back the next
            # line until then, so that JOIN, the topic and the names come before what is answered to it.
            conversation.ask(Ping(), lambda _unit: None)
        else:
            tell_refusal(conversation, "JOIN", code, word(channel))

    return told


def part(conversation: IrcServer, line: Line) -> None:
    """PART ends a membership; leaving the server does not."""
    reason = line.params[1] if len(line.params) > 1 else ""
    for channel in targets(line.params[0]):
        in_room(
            conversation,
            channel,
            lambda room, channel=channel: conversation.ask(  # type: ignore[misc]
                Leave(room=room, reason=reason), _left(conversation, channel, room, reason=reason)
            ),
        )


def _left(
    conversation: IrcServer, channel: str, room: RoomId, *, reason: str = "", quiet: bool = False
) -> Callable[[Unit], None]:
    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code is None:
            name = conversation.names.get(room)
            if name is not None:
                conversation.rooms.pop(fold(name[1:]), None)
                if not conversation.is_account:  # A guest's going is no entry that would tell it.
                    del conversation.names[room]
                    conversation.say(build(conversation.mask, "PART", name, *([plain(reason)] if reason else [])))
        elif not quiet:
            tell_refusal(conversation, "PART", code, word(channel))

    return told


# What a channel is -----------------------------------------------------------------------------------------------


def topic(conversation: IrcServer, line: Line) -> None:
    """TOPIC: with one parameter a question, with two a change."""
    channel = line.params[0]
    if len(line.params) > 1:
        refused = refusing(conversation, "TOPIC", channel)
        in_room(
            conversation, channel, lambda room: conversation.ask(SetTopic(room=room, topic=line.params[1]), refused)
        )
        return

    def told(unit: Unit) -> None:
        if not isinstance(unit, Seen) or unit.room is None:
            conversation.reply(Numeric.ERR_NOSUCHCHANNEL, word(channel))
        elif not unit.inside:
            conversation.reply(Numeric.ERR_NOTONCHANNEL, word(channel))
        elif unit.room.topic:
            tell_topic(conversation, unit.room)
        else:
            conversation.reply(Numeric.RPL_NOTOPIC, word(channel))

    look(conversation, channel, told)


def look(conversation: IrcServer, channel: str, then: Callable[[Unit], None]) -> None:
    """Look at the room of a channel; what is no channel's name is answered like one that there is not."""
    folded = room_of(channel)
    known = None if folded is None else conversation.rooms.get(folded)
    conversation.ask(Look(name=folded or "") if known is None else Look(room=known), then)


def names(conversation: IrcServer, line: Line) -> None:
    """NAMES: of what there is not, or may not be seen, the end is all ("NAMES message")."""
    asked = targets(line.params[0])[:TARGETS_MAX] if line.params else []
    if not asked:
        conversation.reply(Numeric.RPL_ENDOFNAMES, "*")
    for channel in asked:

        def told(unit: Unit, channel: str = channel) -> None:
            seen = unit if isinstance(unit, Seen) else Seen(None)
            tell_names(conversation, seen, f"#{word(seen.room.name)}" if seen.room is not None else word(channel))

        look(conversation, channel, told)


# Others in it ----------------------------------------------------------------------------------------------------


def kick(conversation: IrcServer, line: Line) -> None:
    """KICK: several people are put out one by one, each told in a line of its own.

    "There MUST be either one channel parameter and multiple user parameter, or as many channel parameters as there are
    user parameters" ("KICK message").
    """
    channels = [one for one in line.params[0].split(",") if one]
    nicks = [one for one in line.params[1].split(",") if one]
    reason = line.params[2] if len(line.params) > 2 else ""
    if len(channels) == 1:
        channels *= len(nicks)
    if not nicks or len(channels) != len(nicks):
        conversation.reply(Numeric.ERR_NEEDMOREPARAMS, line.command)
        return
    for channel, nick in list(dict.fromkeys(zip(channels, nicks, strict=True)))[:TARGETS_MAX]:
        in_room(conversation, channel, partial(_put_out, conversation, channel, nick, reason))


def _put_out(conversation: IrcServer, channel: str, nick: str, reason: str, room: RoomId) -> None:
    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code in (Code.NOT_HERE, Code.NO_SUCH_PERSON):
            conversation.reply(Numeric.ERR_USERNOTINCHANNEL, word(nick), word(channel))
        elif code is not None:
            tell_refusal(conversation, "KICK", code, word(channel))

    conversation.ask(Kick(room=room, name=nick, reason=reason), told)
