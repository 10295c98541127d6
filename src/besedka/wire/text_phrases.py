"""How long, as what, and set to what, in words for the middle of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from besedka.chat.entries import RoleChange, RoomRole, SettingsChange
from besedka.chat.refusals import N_
from besedka.chat.text import harmless_line


class Say(Protocol):
    """From a sentence of the program to the same in somebody's language, its fields filled in."""

    def __call__(self, template: str, /, **fields: str | int) -> str:
        """The words."""
        ...


_MEASURES: Final = (
    (86_400, N_("1 day"), N_("{count} days")),
    (3600, N_("1 hour"), N_("{count} hours")),
    (60, N_("1 minute"), N_("{count} minutes")),
    (1, N_("1 second"), N_("{count} seconds")),
)
"""Seconds, and what one and several of a measure are called."""

_LESS: Final = N_("less than a second")


def duration_phrase(seconds: int, say: Say) -> str:
    """So many seconds in the two largest measures there are in it: "2 days 3 hours"."""
    phrases: list[str] = []
    for size, one, many in _MEASURES:
        count, seconds = divmod(max(seconds, 0), size)
        if count:
            phrases.append(say(one) if count == 1 else say(many, count=count))
        if len(phrases) == 2 or (phrases and not count):
            break
    return " ".join(phrases) or say(_LESS)


_ROLES: Final = {
    RoomRole.OWNER: N_("{name} is an owner now"),
    RoomRole.MODERATOR: N_("{name} is a moderator now"),
    RoomRole.MEMBER: N_("{name} is a member like others now"),
}

_VOICE: Final = {True: N_("{name} has a voice now"), False: N_("{name} has no voice any more")}


def role_phrases(changes: Sequence[RoleChange], say: Say) -> list[str]:
    """What each of these people may be now."""
    phrases = []
    for change in changes:
        name = harmless_line(change.person.name)
        if change.role is not None:
            phrases.append(say(_ROLES[change.role], name=name))
        if change.voice is not None:
            phrases.append(say(_VOICE[change.voice], name=name))
    return phrases


_SETTINGS: Final = {
    "invite_only": (N_("it is entered by invitation only"), N_("it is entered without an invitation")),
    "hidden": (N_("it is hidden from those outside"), N_("those outside can see that it is there")),
    "members_only": (N_("only those inside may speak"), N_("those outside may speak too")),
    "topic_locked": (N_("only moderators set the topic"), N_("any member sets the topic")),
    "moderated": (N_("only those with a voice may speak"), N_("nobody needs a voice to speak")),
    "no_ctcp": (N_("it takes no client-to-client queries"), N_("it takes client-to-client queries")),
    "key": (N_("whoever joins needs its key"), N_("nobody needs a key to join")),
    "members_max": (N_("it has {value} members at most"), N_("it has as many members as want to be")),
    "slow_seconds": (N_("one message each in {duration}"), N_("nobody waits between two messages")),
    "keep_seconds": (N_("what happens is kept for {duration}"), N_("what happens is kept as long as the server does")),
    "keep_messages": (N_("the last {value} messages are kept"), N_("as many messages are kept as the server keeps")),
}
"""What each setting means where it is set, and where it is not. A key is never written out."""


def settings_phrases(change: SettingsChange, say: Say) -> list[str]:
    """What is so from here on."""
    phrases = []
    for name, value in msgspec.structs.asdict(change).items():
        if value is None:
            continue
        given, taken = _SETTINGS[name]
        duration = duration_phrase(value, say) if name.endswith("_seconds") else ""
        shown = value if name in ("members_max", "keep_messages") else ""
        phrases.append(say(given, value=shown, duration=duration) if value else say(taken))
    return phrases
