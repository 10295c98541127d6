"""What people type to search, read without ever complaining: whatever is no syntax is words.

Words are looked for all together and in any order; what stands in quotes or was typed without a blank is a phrase; a
star ends the beginning of a word. `from:`, `in:`, `before:`, `after:` and `has:link` say more, also in Russian.

A day is a day where the asker is, who says how far from UTC that is; a time may bring a zone of its own. Neither
`before:` nor `after:` a day has that day in it; a time of day is a moment, which `after:` has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from besedka.chat.dates import DAY, days_since_1970
from besedka.chat.folded import fold, words_of
from besedka.chat.refusals import Code, Refusal
from besedka.chat.searching import Term
from besedka.limits import Limits

MINUTE: Final = 60_000
"""Milliseconds."""


class Asked(msgspec.Struct, frozen=True):
    """What somebody looks for, before names have become people and rooms."""

    terms: tuple[Term, ...] = ()
    people: tuple[str, ...] = ()
    """Names after `from:`; of anybody where this is empty and not `mine`."""
    mine: bool = False
    """Whether `from:me` stands among them."""
    rooms: tuple[str, ...] = ()
    """Names after `in:`, those of people with `@` before them; anywhere where this is empty."""
    after: int | None = None
    """Not earlier than this, in milliseconds since 1970 UTC."""
    before: int | None = None
    """Earlier than this."""
    has_link: bool = False

    def __repr__(self) -> str:
        """What somebody looks for is in no log and no traceback."""
        return "<Asked>"


def parse(text: str, *, now: int, zone: int = 0, limits: Limits) -> Asked | Refusal:
    """What `text` asks for, at `now` (milliseconds since 1970 UTC) and `zone` minutes east of UTC.

    Refused are only what asks for nothing, for times or rooms alone (that is what history is for), or for too much.
    """
    if len(text) > limits.search_characters_max:
        return Refusal(Code.TEXT_LONG)
    asked = _read(text, _Reading(now, zone)).asked()
    if sum(len(term.words) for term in asked.terms) + len(asked.people) + len(asked.rooms) > limits.search_words_max:
        return Refusal(Code.TEXT_LONG)
    if not (asked.terms or asked.people or asked.mine or asked.has_link):
        return Refusal(Code.NOTHING_ASKED)
    return asked


def misread(text: str) -> tuple[str, ...]:
    """What of a query begins like more than words and was taken for words: `before:32.13.2026`, `has:picture`."""
    return tuple(_read(text, _Reading(0, 0)).misread)


def _read(text: str, reading: _Reading) -> _Reading:
    for found in _TOKEN.finditer(text):
        phrase = next((one for one in found.groups() if one is not None), None)
        if phrase is not None:
            reading.words(phrase, prefix=found[0].endswith("*"))
        else:
            reading.token(found[0])
    return reading


_TOKEN = re.compile(r'(?<!\S)(?:"([^"]*)"|«([^»]*)»|“([^”]*)”|„([^“”]*)[“”])\*?|\S+')
"""A phrase in quotes, or what has no blank in it. A quote that is not closed is only a mark at a word."""

_DATE = (
    r"(?:([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})"
    r"|(today|сегодня)|(yesterday|вчера))"
)
_MOMENT = re.compile(_DATE + r"(?:t([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?(z|[+-][0-9]{2}:?[0-9]{2})?)?", re.ASCII)
"""`2026-11-22`, `22.11.2026`, `today`, `yesterday`; and behind it `T18:30` or `T18:30:05`, with a zone or without."""


class Moment(msgspec.Struct, frozen=True):
    """A day or a moment, in milliseconds since 1970 UTC."""

    start: int
    end: int
    """The beginning of the next day; of a moment, itself."""


def moment_of(text: str, *, now: int, zone: int) -> Moment | None:
    """The day or the moment that somebody means, where the clock is `zone` minutes ahead of UTC; None for neither."""
    found = _MOMENT.fullmatch(text.casefold())
    if found is None:
        return None
    year, month, day, day_2, month_2, year_2, today, yesterday, hour, minute, second, named_zone = found.groups()
    east = zone * MINUTE
    if today or yesterday:
        days: int | None = (now + east) // DAY - (1 if yesterday else 0)
    else:
        days = days_since_1970(int(year or year_2), int(month or month_2), int(day or day_2))
    if days is None:
        return None
    if hour is None:
        return Moment(days * DAY - east, (days + 1) * DAY - east)
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if hours > 23 or minutes > 59 or seconds > 60:  # A leap second is as good as the first of the next minute.
        return None
    east = east if named_zone is None else _east(named_zone) * MINUTE
    moment = days * DAY + ((hours * 60 + minutes) * 60 + seconds) * 1000 - east
    return Moment(moment, moment)


class _Reading:
    """What has been read so far."""

    def __init__(self, now: int, zone: int) -> None:
        self._now = now
        self._zone = zone
        self._terms: dict[Term, None] = {}
        self._people: dict[str, None] = {}
        self._rooms: dict[str, None] = {}
        self._mine = False
        self._after: int | None = None
        self._before: int | None = None
        self._has_link = False
        self.misread: dict[str, None] = {}
        """What only began like one of `_KEYS`."""

    def asked(self) -> Asked:
        """All of it."""
        people, rooms = tuple(self._people), tuple(self._rooms)
        return Asked(tuple(self._terms), people, self._mine, rooms, self._after, self._before, self._has_link)

    def words(self, text: str, *, prefix: bool) -> None:
        """Words that follow each other, if there are any."""
        words = words_of(text)
        if words:
            self._terms[Term(words, prefix or text.endswith("*"))] = None

    def token(self, token: str) -> None:
        """What was typed without a blank: something more that is said, or words."""
        key, colon, value = token.partition(":")
        said = _KEYS.get(fold(key)) if colon else None
        if said is None or not said(self, value.strip('"')):
            self.words(token, prefix=False)
            self.misread |= {} if said is None else {token: None}

    # What can be said beside words: each answers whether that is how it is said -------------------------------------

    def from_somebody(self, value: str) -> bool:
        """`from:NAME`."""
        name = value.removeprefix("@")
        if fold(name) in _ME:
            self._mine = True
        elif words_of(name):
            self._people[name] = None
        return bool(words_of(name))

    def in_room(self, value: str) -> bool:
        """`in:ROOM`."""
        if words_of(value):
            self._rooms[value] = None
        return bool(words_of(value))

    def earlier(self, value: str) -> bool:
        """`before:DATE`."""
        moment = moment_of(value, now=self._now, zone=self._zone)
        if moment is not None:
            self._before = moment.start if self._before is None else min(self._before, moment.start)
        return moment is not None

    def later(self, value: str) -> bool:
        """`after:DATE`."""
        moment = moment_of(value, now=self._now, zone=self._zone)
        if moment is not None:
            self._after = moment.end if self._after is None else max(self._after, moment.end)
        return moment is not None

    def having(self, value: str) -> bool:
        """`has:link`."""
        is_link = fold(value) in _LINKS
        self._has_link = self._has_link or is_link
        return is_link


def _east(zone: str) -> int:
    """How many minutes a zone is east of UTC: `z`, `+03:00`, `-0430`."""
    if zone == "z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return minutes if zone[0] == "+" else -minutes


_ME = frozenset({"me", "меня"})

_LINKS = frozenset({"link", "links", "ссылка", "ссылки"})

_KEYS: Final[dict[str, Callable[[_Reading, str], bool]]] = {
    **dict.fromkeys(("from", "от"), _Reading.from_somebody),
    **dict.fromkeys(("in", "в"), _Reading.in_room),
    **dict.fromkeys(("before", "до"), _Reading.earlier),
    **dict.fromkeys(("after", "после"), _Reading.later),
    **dict.fromkeys(("has", "есть"), _Reading.having),
}
"""What stands before a colon, folded."""
