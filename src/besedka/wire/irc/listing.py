"""LIST: which channels there are, by name, by mask, and by what ISUPPORT's ELIST promises."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from besedka.chat.masks import is_like
from besedka.chat.names import fold
from besedka.chat.told import Unit
from besedka.wire.irc.lines import Line, build, plain, word
from besedka.wire.irc.numerics import Numeric
from besedka.wire.looking import LookAround, Sight, Sights

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_MINUTE: Final = 60_000

_DIGITS_MAX: Final = 9
"""Of a number in a condition: more people, or minutes, than there are."""

_WILD: Final = frozenset("*?")

MASKS_MAX: Final = 4
"""Masks of one kind in one LIST: each is held against every room."""

_Condition = Callable[[Sight, int], bool]
"""Whether a room is what was asked for, at a time in milliseconds since 1970 UTC."""


def _people(room: Sight, _now: int) -> int | None:
    """U: how many are in it."""
    return room.people


def _age(room: Sight, now: int) -> int | None:
    """C: how long ago it was opened, in milliseconds; what is not known is longer ago than anything."""
    return now - room.opened


def _topic_age(room: Sight, now: int) -> int | None:
    """T: how long ago its topic was set, in milliseconds; None where there is none."""
    return now - room.topic_since if room.topic else None


_MEASURES: Final[dict[str, tuple[Callable[[Sight, int], int | None], int]]] = {
    "": (_people, 1),
    "C": (_age, _MINUTE),
    "T": (_topic_age, _MINUTE),
}
"""What a condition measures, by the letter before its `<` or `>`, and its unit."""


def list_(conversation: IrcServer, line: Line) -> None:
    """LIST: the rooms in which somebody is and that one may know of, or those of them that are as asked for."""
    asked = [one for param in line.params for one in param.split(",") if one]
    conditions = [found for one in asked if (found := _measured(one)) is not None]
    named = [one for one in asked if _measured(one) is None and one[0] != "!"]
    names = {fold(one) for one in named if not set(one) & _WILD}
    masks = [one for one in named if set(one) & _WILD][:MASKS_MAX]
    others = [one[1:] for one in asked if one[0] == "!"][:MASKS_MAX]

    def is_asked_for(room: Sight, now: int) -> bool:
        name = f"#{room.room_name}"
        if named and fold(name) not in names and not any(is_like(mask, name) for mask in masks):
            return False
        return not any(is_like(mask, name) for mask in others) and all(one(room, now) for one in conditions)

    def told(unit: Unit) -> None:
        now, server = conversation.world.now(), conversation.world.server
        conversation.reply(Numeric.RPL_LISTSTART, "Channel")
        for room in unit.rooms if isinstance(unit, Sights) else ():
            if room.people and is_asked_for(room, now):
                shown = f"#{word(room.room_name)}", str(room.people), plain(room.topic)
                conversation.say(build(server, Numeric.RPL_LIST.digits, conversation.addressee, *shown))
        conversation.reply(Numeric.RPL_LISTEND)

    conversation.ask(LookAround(), told)


def _measured(asked: str) -> _Condition | None:
    """A condition on a number: `>3`, `C<60`, `T>5` ("ELIST parameter"); None for what is none."""
    for sign in "<>":
        letter, found, number = asked.partition(sign)
        measure = _MEASURES.get(letter.upper())
        if found and measure is not None and number.isascii() and number.isdigit() and len(number) <= _DIGITS_MAX:
            measured, unit = measure
            return partial(_compare, measured, sign == "<", int(number) * unit)
    return None


def _compare(measured: Callable[[Sight, int], int | None], less: bool, bound: int, room: Sight, now: int) -> bool:
    value = measured(room, now)
    return value is not None and (value < bound if less else value > bound)
