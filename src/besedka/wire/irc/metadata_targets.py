"""Whose values METADATA is about, and what it may not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

from besedka.chat.answers import DataList
from besedka.chat.entries import RoomId
from besedka.chat.governing_rules import is_data_key
from besedka.chat.names import fold
from besedka.chat.own_requests import GetData
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import Ping
from besedka.chat.told import Unit
from besedka.wire.irc.channels import CHANNEL, room_of
from besedka.wire.irc.lines import word
from besedka.wire.irc.metadata_lines import Draft, Wrong, draft_of, fault
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.stages import Stage
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_REFUSED: Final = {
    Code.NO_SUCH_ROOM: Wrong.TARGET,
    Code.NO_SUCH_PERSON: Wrong.TARGET,
    Code.LIST_FULL: Wrong.KEYS,
    Code.BAD_TEXT: Wrong.VALUE,
    Code.TEXT_LONG: Wrong.VALUE,
}
"""Why a value is not set or shown; in every other case it may not be."""

Then = Callable[[Mapping[str, str]], None]


class Metadata:
    """What one connection has subscribed to, and what it said of itself too early."""

    __slots__ = ("early", "keys")

    def __init__(self) -> None:
        self.keys: dict[str, None] = {}
        """Subscriptions, in the order they were made; at most `subscriptions.SUBSCRIPTIONS_MAX`."""
        self.early: dict[str, str] = {}
        """Values set before registration; at most `Limits.data_keys_max`."""


def is_self(conversation: IrcServer, target: str) -> bool:
    return target == "*" or (conversation.stage is Stage.PRESENT and fold(target) == fold(conversation.nick))


def named_as(conversation: IrcServer, target: str) -> str:
    """A target as it is named in answers: `*` is oneself as soon as one has a name."""
    return conversation.addressee if target == "*" else word(target)


def with_values(conversation: IrcServer, target: str, then: Then) -> None:
    """Go on with the values of a target, or say why not."""

    def told(unit: Unit) -> None:
        if isinstance(unit, DataList):
            then(dict(unit.values))
        else:
            refuse(conversation, unit, target, "*")

    if is_self(conversation, target):
        _own_values(conversation, then)
    elif target.startswith(CHANNEL):
        in_room(conversation, target, lambda room: conversation.ask(GetData(room=room), told))
    else:
        conversation.ask(GetData(name=target), told)


def _own_values(conversation: IrcServer, then: Then) -> None:
    if conversation.stage is Stage.NEW:
        then(conversation.metadata.early)
    else:  # What was set a moment ago is there when the turn that kept it is told.
        conversation.ask(Ping(), lambda _unit: then(values_of(conversation, conversation.principal)))


def values_of(conversation: IrcServer, principal: PrincipalId | None) -> Mapping[str, str]:
    """The values of somebody who is here, as this session may see them."""
    asker = conversation.principal
    return {} if principal is None or asker is None else conversation.world.values(principal, asker=asker)


def in_room(conversation: IrcServer, channel: str, then: Callable[[RoomId], None]) -> None:
    """Go on with the room of a channel; of one that is hidden nobody outside learns that it is there."""

    def found(unit: Unit) -> None:
        room = unit.room if isinstance(unit, Seen) else None
        if room is None:
            conversation.say(fault(conversation, Wrong.TARGET, channel))
        else:
            then(room.id)

    folded = room_of(channel)
    known = None if folded is None else conversation.rooms.get(folded)
    if known is not None:
        then(known)
    else:
        conversation.ask(Look(name=folded or ""), found)


def refuse(conversation: IrcServer, unit: Unit, target: str, key: str) -> None:
    wrong = _REFUSED.get(cast(Code, code_of(unit)), Wrong.PERMISSION)
    if wrong is Wrong.VALUE:
        say_value_is_wrong(conversation, key)
    elif wrong is Wrong.PERMISSION:
        conversation.say(fault(conversation, wrong, target, key))
    elif wrong is Wrong.KEYS and draft_of(conversation.capabilities) is not Draft.TWO:
        conversation.say(fault(conversation, wrong, target, str(conversation.limits.data_keys_max)))
    else:
        conversation.say(fault(conversation, wrong, target))


def say_value_is_wrong(conversation: IrcServer, key: str) -> None:
    context = () if draft_of(conversation.capabilities) is Draft.TWO else (key,)
    conversation.say(fault(conversation, Wrong.VALUE, *context))


def is_key(conversation: IrcServer, key: str) -> bool:
    return is_data_key(key, conversation.limits)
