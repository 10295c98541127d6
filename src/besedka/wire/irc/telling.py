"""What a session is told without having asked: rooms it is in, values it watches, and what befalls it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

from besedka.chat.answers import DataTold
from besedka.chat.cursor import Resumption
from besedka.chat.entries import Kind, Person
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import N_
from besedka.chat.told import Called, Pinged, RoomTold, Unit, Unreadable
from besedka.wire.irc import inviting, monitor, negotiating, nicks, operators, renaming
from besedka.wire.irc.bodies import join_params
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.entering import tell_entered
from besedka.wire.irc.lines import build, word
from besedka.wire.irc.subscriptions import tell_change, tell_joined
from besedka.wire.looking import Followed, GuestInvited, Look, RoomRenamed, Seen
from besedka.wire.operating import CalledOut, Expelled, Resettled, TakenBack

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_UNREADABLE: Final = N_("This room cannot be read just now; what is missing follows when it can be.")

_PRUNED: Final = N_("Some of what was said here meanwhile is no longer kept.")


def _room_told(conversation: IrcServer, unit: Unit) -> None:
    """A room that this session is in, or was until what it has missed."""
    told = cast(RoomTold, unit)
    if told.room_kind not in (Kind.PUBLIC, Kind.PRIVATE) or conversation.principal is None:
        return
    if told.resumption is not Resumption.ON:  # It is in there already, and has missed some of what was said.
        _missed(conversation, told)
    elif told.room_name:
        _let_in(conversation, told, conversation.principal)


def _missed(conversation: IrcServer, told: RoomTold) -> None:
    """Some entries are not kept any more, and perhaps nothing says that the room was renamed or left."""
    before = conversation.names.get(told.room)
    channel = _call(conversation, told) if told.room_name else before  # A hidden room that it has left has no name.
    if channel is None:
        return
    if before is not None and before != channel:
        renaming.found_renamed(conversation, told.room, before, channel)
    if told.resumption is Resumption.PRUNED:
        conversation.say_apart(build(conversation.world.server, "NOTICE", channel, conversation.translate(_PRUNED)))
    if told.after >= told.head:
        conversation.ask(Look(room=told.room), lambda seen: _found_out(conversation, channel, seen))


def _found_out(conversation: IrcServer, channel: str, seen: Unit) -> None:
    """Its account has left, or was put out, and that entry is no longer kept."""
    if isinstance(seen, Seen) and not seen.inside:
        conversation.say_apart(build(conversation.mask, "PART", channel))


def _call(conversation: IrcServer, told: RoomTold) -> str:
    """Know the room by its name, whatever it was called before."""
    before = conversation.names.get(told.room)
    if before is not None:
        conversation.rooms.pop(fold(before.removeprefix("#")), None)
    channel = f"#{word(told.room_name)}"
    conversation.rooms[fold(told.room_name)] = told.room
    conversation.names[told.room] = channel
    while len(conversation.names) > 2 * conversation.limits.rooms_per_account_max:  # Of most it has been put out.
        del conversation.names[next(iter(conversation.names))]
    return channel


def _let_in(conversation: IrcServer, told: RoomTold, principal: PrincipalId) -> None:
    """It has come in. Where its joining is an entry, that follows; else it is told from here."""
    channel = _call(conversation, told)
    if told.room in conversation.entered:
        del conversation.entered[told.room]
    elif not conversation.is_account or told.after >= told.head:
        person = Person(principal, AccountName(conversation.account))
        extended = Capability.EXTENDED_JOIN in conversation.capabilities
        params = join_params(channel, person, conversation.world, extended=extended)
        conversation.say(build(conversation.mask, "JOIN", *params))
        conversation.begin_telling()
    look = Look(room=told.room, marker=Capability.READ_MARKER in conversation.capabilities)
    conversation.ask(look, lambda seen: _entered(conversation, seen))


def _entered(conversation: IrcServer, seen: Unit) -> None:
    tell_entered(conversation, seen)
    tell_joined(conversation, seen)


def _pinged(conversation: IrcServer, _unit: Unit) -> None:
    conversation.say_apart(build("", "PING", conversation.world.server))


def _unreadable(conversation: IrcServer, unit: Unit) -> None:
    channel = conversation.names.get(cast(Unreadable, unit).room)
    if channel is not None:
        line = build(conversation.world.server, "NOTICE", channel, conversation.translate(_UNREADABLE))
        conversation.say_apart(line)


TOLD: Final[dict[type[Unit], Callable[[IrcServer, Unit], None]]] = {
    RoomTold: _room_told,
    Called: nicks.be_called,
    Pinged: _pinged,
    Unreadable: _unreadable,
    DataTold: tell_change,
    RoomRenamed: renaming.renamed,
    GuestInvited: inviting.invited,
    Expelled: operators.expelled,
    CalledOut: operators.called_out,
    TakenBack: operators.taken_back,
    Resettled: negotiating.tell_changes,
    Followed: monitor.followed,
}
"""Units that answer nothing; but being in a room is something to ask about."""
