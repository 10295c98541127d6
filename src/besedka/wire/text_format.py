"""Entries as lines that a person reads in a terminal without any program of ours.

Every line of a conversation begins with its room in brackets, and no other line does: what people wrote is made
harmless and its further lines are indented, so nobody can write a line that looks like somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import compress
from typing import Final

from besedka.chat.entries import Entry, Kind, Person
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import N_
from besedka.chat.rooms import Room, direct_people
from besedka.chat.text import harmless_line
from besedka.chat.told import Called, Presence
from besedka.wire.ignoring import is_said_by
from besedka.wire.text_bodies import LINE_END, Telling, Translate, names_of, shown

_CALLED: Final = N_("{was} is now called {names}")
_CAME: Final = N_("{names} came online")
_WENT: Final = N_("{names} went offline")
_BACK: Final = N_("{names} came back")
_AWAY: Final = N_("{names} is away")
_AWAY_SAYING: Final = N_("{names} is away: {message}")
_TOPIC_IS: Final = N_("the topic is: {topic}")


def same(sentence: str) -> str:
    """The translation into the language that the program is written in."""
    return sentence


def encode_lines(lines: Iterable[str]) -> bytes:
    """Whole lines as bytes, each with its end."""
    return "".join(line + LINE_END for line in lines).encode()


def _label(room: Room) -> str:
    people = direct_people(room)
    return harmless_line(" & ".join(person.name for person in people) if people else room.name)


class TextFormat:
    """How plain text sessions read entries.

    All of one language share one, `text_format`; but each account that ignores somebody has its own (`ignoring`).
    """

    def __init__(self, translate: Translate, ignored: frozenset[PrincipalId] = frozenset()) -> None:
        self._translate = translate
        self._ignored = ignored

    def ignoring(self, people: frozenset[PrincipalId]) -> TextFormat:
        """The same without what these people say, for the sessions of an account that ignores them (DESIGN §3)."""
        return TextFormat(self._translate, people) if people else text_format(self._translate)

    def run(self, room: Room, entries: Sequence[Entry]) -> bytes:
        """Consecutive entries of a room as lines. Empty for an inbox, which is for programs."""
        return b"".join(self.each(room, entries))

    def each(self, room: Room, entries: Sequence[Entry]) -> list[bytes]:
        """The lines of each entry, which may be none."""
        if room.kind is Kind.INBOX:
            return [b""] * len(entries)
        heard = [not self._ignored or not is_said_by(self._ignored, entry) for entry in entries]
        label, telling = _label(room), Telling(self._translate, list(compress(entries, heard)))
        found = []
        for entry, is_heard in zip(entries, heard, strict=True):
            line = shown(telling, entry, direct=room.kind is Kind.DIRECT) if is_heard else ""
            found.append(encode_lines([f"[{label}] {line}"]) if line else b"")
        return found

    def presence(self, label: str, unit: Presence) -> list[str]:
        """Lines saying who came, has gone, is away and is back.

        How many are online in a large room is not said: the number changes several times a second.
        """
        told = [
            self.notice(template, names=names_of(people))
            for template, people in ((_CAME, unit.came), (_WENT, unit.went), (_BACK, unit.back))
            if people
        ]
        told += [self._away(one.person, one.message) for one in unit.away]
        return [f"[{label}] {line}" for line in told]

    def _away(self, person: Person, message: str) -> str:
        template = _AWAY_SAYING if message else _AWAY
        return self.notice(template, names=names_of((person,)), message=harmless_line(message))

    def called(self, unit: Called) -> str:
        """A line saying who is called otherwise now."""
        return self.notice(_CALLED, was=harmless_line(unit.was), names=names_of((unit.person,)))

    def topic(self, label: str, topic: str) -> list[str]:
        """A line saying what the topic is, if there is one."""
        return [f"[{label}] {self.notice(_TOPIC_IS, topic=harmless_line(topic))}"] if topic else []

    def notice(self, template: str, **fields: str) -> str:
        """What happened, marked so that it is nobody's words: no name begins with a hyphen."""
        return "-- " + self._translate(template).format(**fields)


@lru_cache(maxsize=64)  # More languages than there will be; each evicted one would only be made again.
def text_format(translate: Translate) -> TextFormat:
    """The one format of a language, so that all its sessions share the bytes of a run."""
    return TextFormat(translate)


TEXT: Final = text_format(same)
