"""Client-only tags (IRCv3 message-tags): what a sender's program attached, and ids of messages in their values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from besedka.chat.entries import RoomId
from besedka.chat.told import TypingState
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import CLIENT_TAGS_BYTES_MAX, TAG_KEY, Line, encode_tags

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

Tags = tuple[tuple[str, str], ...]

REPLY: Final = "+draft/reply"
REACT: Final = "+draft/react"
UNREACT: Final = "+draft/unreact"
TYPING: Final = "+typing"
PERSIST: Final = "+draft/persist"

_REPLIES: Final = (REPLY, "+reply")
_REACTS: Final = (REACT, "+react")
_UNREACTS: Final = (UNREACT, "+unreact")
"""Some programs leave the "draft/" out before the specification does."""

_TYPING: Final = {state.value: state for state in TypingState}
_MSGID: Final = re.compile(r"([1-9][0-9]{0,15})-([1-9][0-9]{0,15})\Z")


def msgid(room: RoomId, number: int) -> str:
    """The id of an entry: unique in the network, for no room's id is ever given again."""
    return f"{room}-{number}"


def entry_of(value: str) -> tuple[RoomId, int] | None:
    """The room and the number that an id means; None where it is none of ours."""
    found = _MSGID.match(value)
    return None if found is None else (RoomId(int(found[1])), int(found[2]))


def client_tags(conversation: IrcServer, line: Line) -> Tags:
    """What is passed on: tags with a plus, of those who negotiated them. "Tags without ... MUST be removed"."""
    if not line.tags or Capability.MESSAGE_TAGS not in conversation.capabilities:
        return ()
    return tuple((key, value) for key, value in line.tags if key[0] == "+")


def shown_tags(tags: Tags) -> str:
    """Tags as they stand in a line, divided by semicolons.

    What other programs attached may be none for IRC, or more than a line may have; then it is left out.
    """
    kept = [(key, value) for key, value in tags if key[0] == "+" and TAG_KEY.match(key)]
    found = encode_tags(kept)[1:-1]
    return found if len(found.encode()) <= CLIENT_TAGS_BYTES_MAX else ""


def replied_to(tags: Tags) -> tuple[RoomId, int] | None:
    """Which entry these tags refer to."""
    value = _first(tags, _REPLIES)
    return None if value is None else entry_of(value)


def without_reply(tags: Tags) -> Tags:
    """The others; the reply is told as what it is."""
    return tuple(tag for tag in tags if tag[0] != REPLY)


def reaction(tags: Tags) -> tuple[str, bool] | None:
    """The reaction that these tags put to a message, and whether they take it back."""
    put, taken = _first(tags, _REACTS), _first(tags, _UNREACTS)
    if put is not None:
        return (put, False) if taken is None else None
    return None if taken is None else (taken, True)


def persists(tags: Tags) -> bool:
    """Whether a message of tags alone is to be kept."""
    return any(key == PERSIST for key, _value in tags)


def typing(tags: Tags) -> TypingState | None:
    """Where these tags say that somebody is writing and nothing else: how far they are (IRCv3 typing)."""
    return _TYPING.get(tags[0][1]) if len(tags) == 1 and tags[0][0] == TYPING else None


def _first(tags: Tags, keys: tuple[str, ...]) -> str | None:
    found = dict(tags)
    return next((found[key] for key in keys if key in found), None)
