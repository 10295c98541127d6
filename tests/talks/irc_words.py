"""What happens in a channel, in the words that plain text has for it, and refusals by their codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from besedka.chat.refusals import Code

NUMERICS: Final = {
    "401": Code.NO_SUCH_PERSON.value,
    "403": Code.NO_SUCH_ROOM.value,
    "442": Code.NOT_A_MEMBER.value,
    "473": Code.ROOM_NAME_TAKEN.value,
    "474": Code.BANNED_HERE.value,
    "475": Code.WRONG_KEY.value,
    "482": Code.NOT_ALLOWED.value,
}
"""Those that have words of their own; others say the refusal's."""

_MODES: Final = {
    "+o": "{whom} is a moderator now (by {who})",
    "+v": "{whom} has a voice now (by {who})",
}


def changes_shown(nick: str, command: str, params: Sequence[str]) -> Iterator[str]:
    """What a line about a channel says; nothing for what plain text does not say either."""
    match command, *params:
        case ("JOIN", *_):
            yield f"{nick} joined"
        case ("PART", *_):
            yield f"{nick} left"
        case "KICK", whom, reason:
            yield f"{nick} put {whom} out" + (f": {reason}" if reason != nick else "")
        case "TOPIC", topic:
            yield f"{nick} set the topic: {topic}"
        case "REDACT", mark, *_:
            yield f"{nick} took away message {mark.partition('-')[2]}"
        case "MODE", letters, *whom:
            yield from _modes(nick, letters, list(whom))


def _modes(nick: str, letters: str, whom: list[str]) -> Iterator[str]:
    """One change at a time, which is what talks make."""
    if letters in _MODES:
        yield _MODES[letters].format(who=nick, whom=whom[0])
    elif letters in ("+b", "-b") and whom:
        mask = whom[0].removesuffix("!*@*")
        muted = mask.startswith("m:")
        words = ("muted" if muted else "banned") if letters == "+b" else f"lifted the {'mute' if muted else 'ban'} on"
        yield f"{nick} {words} {mask.removeprefix('m:')}"
