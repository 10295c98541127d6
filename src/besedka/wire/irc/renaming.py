"""Renaming a channel (IRCv3 draft/channel-rename): RENAME, and what those are told who cannot follow it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, cast

from besedka.chat.entries import Person, RoomId
from besedka.chat.names import fold
from besedka.chat.principals import AccountName
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.room_requests import Rename
from besedka.chat.told import Unit
from besedka.wire.irc.bodies import join_params
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.channels import in_room, room_of
from besedka.wire.irc.entering import tell_entered
from besedka.wire.irc.lines import Line, build, plain, word
from besedka.wire.irc.replies import code_of, tell_refusal
from besedka.wire.looking import Look, RoomRenamed

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_OTHERWISE: Final = frozenset({Code.NOT_ALLOWED, Code.NOT_A_MEMBER, Code.NO_SUCH_ROOM})
"""Refusals for which "existing error numerics are more appropriate" ("Errors")."""


def rename(conversation: IrcServer, line: Line) -> None:
    """RENAME: everybody in the channel is told."""
    before, after = line.params[:2]
    reason = line.params[2] if len(line.params) > 2 else ""
    if room_of(after) is None:
        _fail(conversation, Code.BAD_ROOM_NAME, before, after)
    else:
        in_room(conversation, before, partial(_rename, conversation, before, after, reason))


def _rename(conversation: IrcServer, before: str, after: str, reason: str, room: RoomId) -> None:
    def told(unit: Unit) -> None:
        code = code_of(unit)
        if code in _OTHERWISE:
            tell_refusal(conversation, "RENAME", code, word(before))
        elif code is not None:
            _fail(conversation, code, before, after)

    conversation.ask(Rename(room=room, name=after[1:], reason=reason), told)


def _fail(conversation: IrcServer, code: Code, before: str, after: str) -> None:
    failure = "CHANNEL_NAME_IN_USE" if code is Code.ROOM_NAME_TAKEN else "CANNOT_RENAME"
    conversation.fail("RENAME", failure, word(before), word(after), sentence=SENTENCES[code])


def renamed(conversation: IrcServer, unit: Unit) -> None:
    """A channel has another name. Whoever has not the capability leaves the one and enters the other ("Fallback").

    That "SHOULD NOT be used if the rename only changes the case".
    """
    told = cast(RoomRenamed, unit)
    known = conversation.names.get(told.room)
    if known is None or fold(known[1:]) != fold(told.before):
        return  # It is told of the room by its new name.
    before, after = f"#{word(told.before)}", f"#{word(told.after)}"
    conversation.rooms.pop(fold(told.before), None)
    conversation.rooms[fold(told.after)] = told.room
    conversation.names[told.room] = after
    if Capability.CHANNEL_RENAME not in conversation.capabilities and fold(told.before) != fold(told.after):
        _leave_and_enter(conversation, told.room, before, after, told.reason)


def found_renamed(conversation: IrcServer, room: RoomId, before: str, after: str) -> None:
    """A channel was renamed where this session read so late that the entry which says by whom is no longer kept."""
    if Capability.CHANNEL_RENAME in conversation.capabilities:
        conversation.say_apart(build(conversation.world.server, "RENAME", before, after, ""))
    elif fold(before) != fold(after):
        _leave_and_enter(conversation, room, before, after, "")


def _leave_and_enter(conversation: IrcServer, room: RoomId, before: str, after: str, why: str) -> None:
    assert conversation.principal is not None, "only who is here is in a room"
    myself = Person(conversation.principal, AccountName(conversation.nick))
    extended = Capability.EXTENDED_JOIN in conversation.capabilities
    joined = join_params(after, myself, conversation.world, extended=extended)
    reason = [plain(why)] if why else []
    conversation.say_apart(build(conversation.mask, "PART", before, *reason))
    conversation.say_apart(build(conversation.mask, "JOIN", *joined))
    conversation.ask(Look(room=room), partial(tell_entered, conversation))
