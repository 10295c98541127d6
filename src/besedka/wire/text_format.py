"""Entries as lines that a person reads in a terminal without any program of ours.

Every line of a conversation begins with its room in brackets, and no other line does: what people wrote is made
harmless and its further lines are indented, so nobody can write a line that looks like somebody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, cast

from besedka.chat.entries import (
    Archived,
    Body,
    Entry,
    Kind,
    Manner,
    MembershipChanged,
    Message,
    Opened,
    Person,
    TopicSet,
    Way,
)
from besedka.chat.refusals import N_
from besedka.chat.rooms import Room, direct_people
from besedka.chat.text import harmless, harmless_line
from besedka.chat.told import Presence

Translate = Callable[[str], str]
"""From a sentence as it stands in the program to the same in somebody's language, with the same fields in braces."""

LINE_END: Final = "\r\n"
_INDENTED: Final = LINE_END + "    "

_MESSAGE: Final = {
    Manner.SAID: "{name}: {text}",
    Manner.DONE: "* {name} {text}",
    Manner.NOTED: "-{name}- {text}",
}

_CAME: Final = N_("{names} came online")
_WENT: Final = N_("{names} went offline")
_JOINED: Final = N_("{names} joined")
_LEFT: Final = N_("{names} left")
_REMOVED: Final = N_("{names} was put out by {name}")
_TOPIC_SET: Final = N_("{name} set the topic: {topic}")
_TOPIC_TAKEN: Final = N_("{name} took the topic away")
_TOPIC_IS: Final = N_("the topic is: {topic}")
_OPENED: Final = N_("{name} opened this room")
_ARCHIVED: Final = N_("this room has ended")

_MEMBERSHIP: Final = {Way.JOINED: _JOINED, Way.LEFT: _LEFT, Way.REMOVED: _REMOVED}


def same(sentence: str) -> str:
    """The translation into the language that the program is written in."""
    return sentence


def encode_lines(lines: Iterable[str]) -> bytes:
    """Whole lines as bytes, each with its end."""
    return "".join(line + LINE_END for line in lines).encode()


def _names(people: Iterable[Person]) -> str:
    return ", ".join(harmless_line(person.name) for person in people)


def _label(room: Room) -> str:
    people = direct_people(room)
    return harmless_line(" & ".join(person.name for person in people) if people else room.name)


class TextFormat:
    """How all plain text sessions of one language read entries. There is one for each language: `text_format`."""

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    def run(self, room: Room, entries: Sequence[Entry]) -> bytes:
        """Consecutive entries of a room as lines. Empty for an inbox, which is for programs."""
        if room.kind is Kind.INBOX:
            return b""
        shown = _SHOWN_OF_TWO if room.kind is Kind.DIRECT else _SHOWN
        label = _label(room)
        lines = []
        for entry in entries:
            show = shown.get(type(entry.body))
            if show is not None:
                lines.append(f"[{label}] {show(self, entry, entry.body)}")
        return encode_lines(lines)

    def presence(self, label: str, unit: Presence) -> list[str]:
        """Lines saying who came and who has gone."""
        told = ((_CAME, unit.came), (_WENT, unit.went))
        return [f"[{label}] {self.notice(template, names=_names(people))}" for template, people in told if people]

    def topic(self, label: str, topic: str) -> list[str]:
        """A line saying what the topic is, if there is one."""
        return [f"[{label}] {self.notice(_TOPIC_IS, topic=harmless_line(topic))}"] if topic else []

    def notice(self, template: str, **fields: str) -> str:
        """What happened, marked so that it is nobody's words: no name begins with a hyphen."""
        return "-- " + self._translate(template).format(**fields)


def _message(_format: TextFormat, entry: Entry, body: Body) -> str:
    message = cast(Message, body)
    text = harmless(message.text).replace("\n", _INDENTED)
    return _MESSAGE[message.manner].format(name=harmless_line(entry.name), text=text)


def _topic_set(text_format: TextFormat, entry: Entry, body: Body) -> str:
    topic = harmless_line(cast(TopicSet, body).topic)
    return text_format.notice(_TOPIC_SET if topic else _TOPIC_TAKEN, name=harmless_line(entry.name), topic=topic)


def _membership(text_format: TextFormat, entry: Entry, body: Body) -> str:
    changed = cast(MembershipChanged, body)
    names = _names(changed.people)
    return text_format.notice(_MEMBERSHIP[changed.way], names=names, name=harmless_line(entry.name))


def _opened(text_format: TextFormat, entry: Entry, _body: Body) -> str:
    return text_format.notice(_OPENED, name=harmless_line(entry.name))


def _archived(text_format: TextFormat, _entry: Entry, _body: Body) -> str:
    return text_format.notice(_ARCHIVED)


_Show = Callable[[TextFormat, Entry, Body], str]

_SHOWN: Final[dict[type, _Show]] = {
    Message: _message,
    TopicSet: _topic_set,
    MembershipChanged: _membership,
    Opened: _opened,
    Archived: _archived,
}
"""What is shown of a room. Other bodies are an inbox's."""

_SHOWN_OF_TWO: Final[dict[type, _Show]] = {Message: _message, TopicSet: _topic_set}
"""What is shown of a direct room: that it was opened, and by whom, says its first message."""


@lru_cache(maxsize=64)  # More languages than there will be; each evicted one would only be made again.
def text_format(translate: Translate) -> TextFormat:
    """The one format of a language, so that all its sessions share the bytes of a run."""
    return TextFormat(translate)


TEXT: Final = text_format(same)
