"""How a value, and what is wrong with asking for one, is told in each of the two drafts of IRCv3 metadata.

`draft/metadata-2` is what today's clients know: a change is a `METADATA` message. `draft/metadata-3` (pull request 613
of ircv3-specifications) tells everything by numerics, and calls some faults otherwise. Whoever enables both speaks the
newer.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING, Final

from besedka.chat.refusals import N_
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import LINE_BYTES_MAX, build, line_bytes, plain, shortened, word
from besedka.wire.irc.numerics import Numeric

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

EVERYBODY: Final = "*"
"""The visibility of a value that anybody may see who may see its target; there is no other here."""


class Draft(Enum):
    """Which of the two a client speaks."""

    TWO = Capability.METADATA_2
    THREE = Capability.METADATA_3


def draft_of(capabilities: frozenset[Capability]) -> Draft | None:
    """The newest that is enabled."""
    if Capability.METADATA_3 in capabilities:
        return Draft.THREE
    return Draft.TWO if Capability.METADATA_2 in capabilities else None


class Wrong(Enum):
    """What a FAIL, or a WARN within a batch, is about: its code in either draft, and its words."""

    KEY = "KEY_INVALID", "INVALID_KEY", N_("That is no key: use small letters, digits and _ . / -")
    VALUE = "VALUE_INVALID", "INVALID_VALUE", N_("That is no value: it is too long, or more than text on one line")
    TARGET = "INVALID_TARGET", "INVALID_TARGET", N_("There is nobody, and no channel, of that name")
    SUBCOMMAND = "SUBCOMMAND_INVALID", "INVALID_PARAMS", N_("There is no such subcommand, or it needs more parameters")
    PERMISSION = "KEY_NO_PERMISSION", "KEY_NO_PERMISSION", N_("That is not yours to see or to change")
    KEYS = "LIMIT_REACHED", "LIMIT_REACHED", N_("There are as many keys as there may be")
    SUBSCRIPTIONS = "TOO_MANY_SUBS", "LIMIT_REACHED", N_("You have as many subscriptions as there may be")

    def code(self, draft: Draft | None) -> str:
        """As this draft calls it; who speaks neither is told in the words of the newer."""
        return self.value[0] if draft is Draft.TWO else self.value[1]


def fault(conversation: IrcServer, wrong: Wrong, *context: str, command: str = "FAIL") -> str:
    """The line that says what is wrong (IRCv3 standard-replies)."""
    code = wrong.code(draft_of(conversation.capabilities))
    sentence = plain(conversation.translate(wrong.value[2]))
    return build(conversation.world.server, command, "METADATA", code, *map(word, context), sentence)


def as_is(conversation: IrcServer, target: str, key: str, value: str) -> str:
    """761 RPL_KEYVALUE, or 766 RPL_KEYNOTSET where there is no value. One that fits no line ends in an ellipsis."""
    if not value:
        return conversation.numeric(Numeric.RPL_KEYNOTSET, target, key)
    return _fitting(conversation, Numeric.RPL_KEYVALUE.digits, (conversation.addressee, target, key, EVERYBODY), value)


def in_passing(conversation: IrcServer, target: str, key: str, value: str) -> str:
    """The same as it is told of its own accord: when it changes, on joining, or by SYNC."""
    if draft_of(conversation.capabilities) is Draft.THREE:
        return as_is(conversation, target, key, value)
    if not value:
        return build(conversation.world.server, "METADATA", target, key, EVERYBODY)
    return _fitting(conversation, "METADATA", (target, key, EVERYBODY), value)


def in_whois(conversation: IrcServer, name: str, key: str, value: str) -> str:
    """760 RPL_WHOISKEYVALUE."""
    params = (conversation.addressee, name, key, EVERYBODY)
    return _fitting(conversation, Numeric.RPL_WHOISKEYVALUE.digits, params, value)


def key_lists(conversation: IrcServer, numeric: Numeric, keys: Iterable[str]) -> list[str]:
    """A numeric that lists keys, in as many lines as it takes."""
    lines: list[str] = []
    some: list[str] = []
    for key in keys:
        trial = conversation.numeric(numeric, *some, key)
        if len(some) == _KEYS_PER_LINE_MAX or line_bytes(trial) > LINE_BYTES_MAX:
            lines.append(conversation.numeric(numeric, *some))
            some = []
        some.append(key)
    return [*lines, conversation.numeric(numeric, *some)] if some else lines


_KEYS_PER_LINE_MAX: Final = 13
"""A line has fifteen parameters."""


def _fitting(conversation: IrcServer, command: str, params: tuple[str, ...], value: str) -> str:
    room = LINE_BYTES_MAX - line_bytes(build(conversation.world.server, command, *params, ""))
    return build(conversation.world.server, command, *params, shortened(plain(value), bytes_max=room))
