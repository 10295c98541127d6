"""Being told of values without asking for each: METADATA SUB and SYNC, and what is told on joining and of changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, cast

from besedka.chat.answers import DataTold
from besedka.chat.entries import Person, RoomId
from besedka.chat.principals import PrincipalId
from besedka.chat.requests import Ping
from besedka.chat.room_requests import SetData
from besedka.chat.told import Unit
from besedka.wire.irc.batches import in_batch, say_batch
from besedka.wire.irc.channels import CHANNEL
from besedka.wire.irc.lines import build, plain, word
from besedka.wire.irc.metadata_lines import Draft, Wrong, draft_of, fault, in_passing, in_whois, key_lists
from besedka.wire.irc.metadata_targets import in_room, is_key, is_self, named_as, values_of, with_values
from besedka.wire.irc.names import occupants
from besedka.wire.irc.numerics import Numeric
from besedka.wire.irc.stages import Stage
from besedka.wire.irc.world import mask
from besedka.wire.looking import Look, Seen

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

SUBSCRIPTIONS_MAX: Final = 60
"""Keys that one session is told of; `WatchData` takes some more."""

PEOPLE_AT_ONCE_MAX: Final = 500
"""In a larger channel nobody is told everybody's values on joining; SYNC is for that (774)."""

REAL_NAME: Final = "=real-name"
"""Under which key the hub tells of real names (`hub.watching`)."""

_ALL: Final = "*ALL"
"""Every channel that one is in, and everybody whom one follows, as the target of SYNC."""

_IN_WHOIS: Final = ("display-name", "homepage", "pronouns", "status")
"""Keys that people read, of those in the registry of IRCv3."""


# Asked for -------------------------------------------------------------------------------------------------------


def sub(conversation: IrcServer, target: str, params: tuple[str, ...]) -> None:
    """SUB: "process each key in order", up to the first that is one too many."""
    if not _is_ones_own(conversation, target):
        return
    keys, draft, faults = conversation.metadata.keys, draft_of(conversation.capabilities), list[str]()
    before, fine = len(keys), dict[str, None]()
    for key in params:
        if not is_key(conversation, key):
            faults.append(fault(conversation, Wrong.KEY, key, command="FAIL" if draft is Draft.TWO else "WARN"))
        elif key.lower() not in keys and len(keys) >= SUBSCRIPTIONS_MAX:
            context = (key,) if draft is Draft.TWO else (key, str(SUBSCRIPTIONS_MAX))
            faults.append(fault(conversation, Wrong.SUBSCRIPTIONS, *context))
            break
        else:
            keys[key.lower()] = fine[key.lower()] = None
    for line in (*key_lists(conversation, Numeric.RPL_METADATASUBOK, fine), *faults):
        conversation.say(line)
    if len(keys) > before and conversation.stage is Stage.PRESENT:
        conversation.registering.watch()
        if draft is not Draft.TWO:
            conversation.reply(Numeric.RPL_METADATASYNCLATER, _ALL, "0")


def unsub(conversation: IrcServer, target: str, params: tuple[str, ...]) -> None:
    if not _is_ones_own(conversation, target):
        return
    keys, fine = conversation.metadata.keys, dict[str, None]()
    command = "FAIL" if draft_of(conversation.capabilities) is Draft.TWO else "WARN"
    for key in params:
        if is_key(conversation, key):
            keys.pop(key.lower(), None)
            fine[key.lower()] = None
        else:
            conversation.say(fault(conversation, Wrong.KEY, key, command=command))
    for line in key_lists(conversation, Numeric.RPL_METADATAUNSUBOK, fine):
        conversation.say(line)
    if conversation.stage is Stage.PRESENT:
        conversation.registering.watch()


def subs(conversation: IrcServer, target: str, _params: tuple[str, ...]) -> None:
    """SUBS; the newer draft has a batch, by which an empty list is seen to be one."""
    if not _is_ones_own(conversation, target):
        return
    lines = key_lists(conversation, Numeric.RPL_METADATASUBS, conversation.metadata.keys)
    if draft_of(conversation.capabilities) is Draft.TWO:
        for line in lines:
            conversation.say(line)
    else:
        say_batch(conversation, "metadata-subs", lines=lines)


def _is_ones_own(conversation: IrcServer, target: str) -> bool:
    if is_self(conversation, target):
        return True
    conversation.say(fault(conversation, Wrong.TARGET, target))
    return False


def sync(conversation: IrcServer, target: str, _params: tuple[str, ...]) -> None:
    """SYNC: of a channel, what everybody in it who is here says of themselves as well."""
    if target.startswith(CHANNEL):
        in_room(conversation, target, lambda room: _sync_rooms(conversation, target, [room]))
    elif target.upper() == _ALL:
        _sync_rooms(conversation, _ALL, list(conversation.names))
    else:
        named = named_as(conversation, target)

        def told(values: Mapping[str, str]) -> None:
            say_batch(conversation, "metadata", named, lines=_subscribed(conversation, named, values))

        with_values(conversation, target, told)


def _sync_rooms(conversation: IrcServer, target: str, rooms: list[RoomId]) -> None:
    """The values of some rooms, one after the other, in one batch of so many bytes as a reader is handed at once."""
    lines: dict[str, None] = {}
    if target == _ALL:
        lines.update(dict.fromkeys(_lines_of_followed(conversation)))

    def looked(unit: Unit) -> None:
        if isinstance(unit, Seen) and unit.inside:
            lines.update(dict.fromkeys(_lines_of(conversation, unit)))
        elif target != _ALL:
            conversation.say(fault(conversation, Wrong.PERMISSION, target, "*"))
            return
        go_on()

    def go_on() -> None:
        if rooms and sum(map(len, lines)) < conversation.limits.run_bytes_max:
            conversation.ask(Look(room=rooms.pop(0)), looked)
        else:
            say_batch(conversation, "metadata", word(target), lines=lines)

    go_on()


def _lines_of_followed(conversation: IrcServer) -> list[str]:
    people = [conversation.world.named(name) for name in conversation.followed]
    return [
        line
        for person in people
        if person is not None
        for line in _subscribed(conversation, word(person.name), values_of(conversation, person.principal))
    ]


def _lines_of(conversation: IrcServer, seen: Seen) -> list[str]:
    """What is subscribed to of a room and of those in it who are here."""
    assert seen.room is not None, "there is a room"
    lines = _subscribed(conversation, f"#{word(seen.room.name)}", seen.room.data)
    size = 0
    for one in occupants(seen) if conversation.metadata.keys else ():
        values = values_of(conversation, one.person.principal)
        found = _subscribed(conversation, word(one.person.name), values) if values else []
        size += sum(map(len, found))
        if size > conversation.limits.run_bytes_max:
            break
        lines += found
    return lines


def _subscribed(conversation: IrcServer, target: str, values: Mapping[str, str]) -> list[str]:
    keys = conversation.metadata.keys
    return [in_passing(conversation, target, key, values[key]) for key in keys if key in values]


# Told -------------------------------------------------------------------------------------------------------------


def tell_change(conversation: IrcServer, unit: Unit) -> None:
    """A value that this session watches has changed: a real name (IRCv3 setname), or what it has subscribed to."""
    told = cast(DataTold, unit)
    if told.person is not None:
        named: str | None = word(told.person.name)
    else:
        named = None if told.room is None else conversation.names.get(told.room)
    if told.key == REAL_NAME and told.person is not None:
        source = mask(word(told.person.name), conversation.world.face(told.person.principal))
        conversation.say_apart(build(source, "SETNAME", plain(told.value)))
    elif named is not None and told.key in conversation.metadata.keys:
        conversation.say_apart(in_passing(conversation, named, told.key, told.value))


def tell_joined(conversation: IrcServer, seen: Unit) -> None:
    """What a client that knows metadata is told behind its own JOIN, and the names ("Automatic synchronization")."""
    draft = draft_of(conversation.capabilities)
    if draft is None or (draft is Draft.TWO and not conversation.metadata.keys):
        return
    if not isinstance(seen, Seen) or seen.room is None or not seen.inside:
        return
    channel = f"#{word(seen.room.name)}"
    if len(seen.room.members) + len(seen.guests) > PEOPLE_AT_ONCE_MAX:
        conversation.reply(Numeric.RPL_METADATASYNCLATER, channel, "0")
    else:
        say_batch(conversation, "metadata", channel, lines=_lines_of(conversation, seen))


def lines_of_arrival(conversation: IrcServer, person: Person) -> list[str]:
    """What a client that knows metadata is told behind 730, of somebody whom it follows."""
    draft, found = draft_of(conversation.capabilities), values_of(conversation, person.principal)
    named = word(person.name)
    lines = _subscribed(conversation, named, found)
    return in_batch(conversation, "metadata", named, lines=lines) if lines or draft is Draft.THREE else []


def tell_in_whois(conversation: IrcServer, principal: PrincipalId, name: str) -> None:
    """760: "This subset MUST be chosen explicitly, and optimised for keys that can be easily read by users"."""
    found = values_of(conversation, principal) if draft_of(conversation.capabilities) is not None else {}
    for key in _IN_WHOIS:
        if key in found:
            conversation.say(in_whois(conversation, name, key, found[key]))


def tell_own(conversation: IrcServer, then: Callable[[], None]) -> None:
    """Say one's own values in a batch as a part of the words of welcome, those set before registration among them."""
    if draft_of(conversation.capabilities) is None:
        then()
        return
    early, conversation.metadata.early = conversation.metadata.early, {}
    for key, value in early.items():
        conversation.ask(SetData(key=key, value=value), lambda _unit: None)

    def told(_unit: Unit) -> None:
        found = values_of(conversation, conversation.principal)
        lines = [in_passing(conversation, conversation.addressee, key, value) for key, value in sorted(found.items())]
        say_batch(conversation, "metadata", conversation.addressee, lines=lines)
        then()

    conversation.ask(Ping(), told)
