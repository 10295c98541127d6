"""METADATA (IRCv3 metadata): small values under keys, of people and of channels, and being told when they change.

Values are the domain's (`SetData`, `GetData`, `WatchData`): an account's are kept, a guest's live as long as it does,
those of a room are set by its moderators. Of whoever has not registered yet, values and subscriptions are remembered
here ("before-connect"), and become theirs with the words of welcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from besedka.chat.answers import DataList
from besedka.chat.entries import RoomId
from besedka.chat.own_requests import GetData
from besedka.chat.requests import NO_ROOM
from besedka.chat.room_requests import SetData
from besedka.chat.text import one_line
from besedka.chat.told import Unit
from besedka.wire.irc.batches import say_batch
from besedka.wire.irc.channels import CHANNEL
from besedka.wire.irc.lines import Line
from besedka.wire.irc.metadata_lines import Draft, Wrong, as_is, draft_of, fault
from besedka.wire.irc.metadata_targets import (
    in_room,
    is_key,
    is_self,
    named_as,
    refuse,
    say_value_is_wrong,
    with_values,
)
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.replies import code_of
from besedka.wire.irc.stages import Stage
from besedka.wire.irc.subscriptions import SUBSCRIPTIONS_MAX, sub, subs, sync, unsub

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

VALUE_BYTES_MAX: Final = 300
"""Of what is set by IRC: so much fits a line beside the names of the server, of its reader and of whose value it is."""


def terms(conversation: IrcServer) -> str:
    """The value of the capability."""
    limits = conversation.limits
    return (
        f"before-connect,max-subs={SUBSCRIPTIONS_MAX},max-keys={limits.data_keys_max},"
        f"max-key-bytes={limits.data_key_bytes_max},max-value-bytes={VALUE_BYTES_MAX}"
    )


def metadata(conversation: IrcServer, line: Line) -> None:
    """METADATA. Before registration it is for whoever has enabled it, and about nobody but themselves."""
    target, said, params = line.params[0], line.params[1], line.params[2:]
    found = _SUBCOMMANDS.get(said.upper())
    if conversation.stage is Stage.NEW and draft_of(conversation.capabilities) is None:
        conversation.reply(Numeric.ERR_NOTREGISTERED)
    elif found is None or len(params) < found[1]:
        conversation.say(fault(conversation, Wrong.SUBCOMMAND, "*" if " " in said or said[:1] == ":" else said))
    elif conversation.stage is Stage.NEW and target != "*":
        conversation.say(fault(conversation, Wrong.TARGET, target))
    else:
        found[0](conversation, target, params)


def _get(conversation: IrcServer, target: str, keys: tuple[str, ...]) -> None:
    """GET: "for every key in order"."""
    named = named_as(conversation, target)
    is_new = draft_of(conversation.capabilities) is not Draft.TWO

    def told(values: Mapping[str, str]) -> None:
        lines = [
            as_is(conversation, named, key.lower(), values.get(key.lower(), ""))
            if is_key(conversation, key)
            else fault(conversation, Wrong.KEY, key, command="WARN" if is_new else "FAIL")
            for key in keys
        ]
        say_batch(conversation, "metadata", named, lines=lines)

    with_values(conversation, target, told)


def _list(conversation: IrcServer, target: str, _params: tuple[str, ...]) -> None:
    named = named_as(conversation, target)

    def told(values: Mapping[str, str]) -> None:
        lines = [as_is(conversation, named, key, value) for key, value in sorted(values.items())]
        say_batch(conversation, "metadata", named, lines=lines)

    with_values(conversation, target, told)


# Writing ----------------------------------------------------------------------------------------------------------


def _set(conversation: IrcServer, target: str, params: tuple[str, ...]) -> None:
    """SET: one value, or (none, or an empty one) none any more. Setting what is so already is no fault."""
    key, raw = params[0].lower(), params[1] if len(params) > 1 else ""
    value = one_line(raw, bytes_max=VALUE_BYTES_MAX)
    if not is_key(conversation, key):
        conversation.say(fault(conversation, Wrong.KEY, key))
    elif not isinstance(value, str):
        say_value_is_wrong(conversation, key)
    elif conversation.stage is Stage.NEW:
        _set_early(conversation, key, value)
    else:
        _change(conversation, target, key, value)


def _set_early(conversation: IrcServer, key: str, value: str) -> None:
    early, most = conversation.metadata.early, conversation.limits.data_keys_max
    early.pop(key, None)
    if value and len(early) >= most:
        context = ("*",) if draft_of(conversation.capabilities) is Draft.TWO else ("*", str(most))
        conversation.say(fault(conversation, Wrong.KEYS, *context))
        return
    if value:
        early[key] = value
    conversation.say(as_is(conversation, "*", key, value))


def _change(conversation: IrcServer, target: str, key: str, value: str) -> None:
    def told(unit: Unit) -> None:
        if code_of(unit) is None:
            conversation.say(as_is(conversation, named_as(conversation, target), key, value))
        else:
            refuse(conversation, unit, target, key)

    _writing(conversation, target, key, lambda room: conversation.ask(SetData(room=room, key=key, value=value), told))


def _writing(conversation: IrcServer, target: str, key: str, then: Callable[[RoomId], None]) -> None:
    """Go on with the room of a channel, or with none for oneself; nobody writes another's values."""

    def told(unit: Unit) -> None:
        if isinstance(unit, DataList):
            conversation.say(fault(conversation, Wrong.PERMISSION, target, key))
        else:
            refuse(conversation, unit, target, key)

    if is_self(conversation, target):
        then(NO_ROOM)
    elif target.startswith(CHANNEL):
        in_room(conversation, target, then)
    else:
        conversation.ask(GetData(name=target), told)


def _clear(conversation: IrcServer, target: str, _params: tuple[str, ...]) -> None:
    """CLEAR: "equivalently to using METADATA SET on all currently-set keys with no value"."""
    if conversation.stage is Stage.NEW:
        cleared = [as_is(conversation, "*", key, "") for key in sorted(conversation.metadata.early)]
        conversation.metadata.early.clear()
        say_batch(conversation, "metadata", "*", lines=cleared)
        return
    _writing(
        conversation,
        target,
        "*",
        lambda room: with_values(conversation, target, lambda values: _clear_keys(conversation, target, room, values)),
    )


def _clear_keys(conversation: IrcServer, target: str, room: RoomId, values: Mapping[str, str]) -> None:
    named, keys, lines = named_as(conversation, target), sorted(values), list[str]()

    def clear_next() -> None:
        if len(lines) == len(keys):
            say_batch(conversation, "metadata", named, lines=lines)
        else:
            conversation.ask(SetData(room=room, key=keys[len(lines)]), told)

    def told(unit: Unit) -> None:
        if code_of(unit) is not None:
            refuse(conversation, unit, target, "*")
            return
        lines.append(as_is(conversation, named, keys[len(lines)], ""))
        clear_next()

    clear_next()


_SUBCOMMANDS: Final[dict[str, tuple[Callable[[IrcServer, str, tuple[str, ...]], None], int]]] = {
    "GET": (_get, 1),
    "LIST": (_list, 0),
    "SET": (_set, 1),
    "CLEAR": (_clear, 0),
    "SUB": (sub, 1),
    "UNSUB": (unsub, 1),
    "SUBS": (subs, 0),
    "SYNC": (sync, 0),
}
"""Each with the least number of parameters behind it."""
