"""What was said before: read back, searched, turned over page by page."""

from __future__ import annotations

import time

import msgspec

from besedka.chat.entries import RoomId
from besedka.chat.queries import Moment, moment_of, parse
from besedka.chat.refusals import Refusal
from besedka.chat.requests import History, Search
from besedka.client.deeds.here import Asked, Deed, Here, numbered
from besedka.limits import Limits
from besedka.words import _

HISTORY_DEFAULT = 20
HISTORY_MAX = 200
"""A server's page has no more."""

HITS_DEFAULT = 20
"""Messages found at once: each takes a line or two."""


class Past:
    """Commands about what is not on the screen any more."""

    def __init__(self, here: Here) -> None:
        self._here = here

    def deeds(self) -> dict[str, Deed]:
        """By the word after the slash."""
        return {"history": self._history, "search": self._search, "more": self._more}

    # Reading back ---------------------------------------------------------------------------------------------------

    def _history(self, argument: str) -> Asked:
        here, words = self._here, argument.split()
        limit = HISTORY_DEFAULT
        if words and words[0].isascii() and words[0].isdigit():
            limit = int(words.pop(0)[:9])
        if not 1 <= limit <= HISTORY_MAX:
            here.say(_("/history takes a number from 1 to {most}.").format(most=HISTORY_MAX))
            return None
        if not words:
            room = self._room("")
            return None if room is None else here.ask(History(room=room, before=here.surface.oldest(room), limit=limit))
        side = words.pop(0).casefold() if words[0].casefold() in _SIDES else _AROUND
        asked = self._about(side, words[0] if len(words) == 1 else "", limit)
        return None if asked is None else here.ask(asked)

    def _about(self, side: str, word: str, limit: int) -> History | None:
        """What is asked about a message or a time; says so where it is neither, or in no room."""
        here, (name, mark, digits) = self._here, word.rpartition("#")
        moment = _here_then(word)
        number = numbered(digits) if mark else here.message(word) if word.startswith("@") else None
        if number is None and moment is None:
            if not word.startswith("@"):
                here.say(
                    _("It is used like this: {usage}, for example {example}").format(usage=_USAGE, example=_EXAMPLE)
                )
            return None
        room = (here.surface.hits.room_called(name) if name else None) or self._room(name)
        if room is None:
            return None
        if moment is None:
            return msgspec.structs.replace(History(room=room, limit=limit), **{side: number})
        if side == _AROUND and moment.start != moment.end:
            return History(room=room, after_time=max(0, moment.start - 1), before_time=max(0, moment.end), limit=limit)
        when = {"before": moment.start, "after": moment.end - 1, _AROUND: moment.start}[side]
        return msgspec.structs.replace(History(room=room, limit=limit), **{f"{side}_time": max(0, when)})

    def _room(self, name: str) -> RoomId | None:
        """The room of this name, or the one looked at; says so if there is none."""
        known = self._here.room(name)
        return None if known is None else known.room

    # Searching ------------------------------------------------------------------------------------------------------

    def _search(self, argument: str) -> Asked:
        return self._here.ask(Search(query=argument, zone=_zone_of(argument), limit=HITS_DEFAULT))

    def _more(self, _argument: str) -> Asked:
        following = self._here.surface.hits.following
        if following is None:
            self._here.say(_("There is nothing more that was searched for; /search WORDS begins."))
            return None
        return self._here.ask(following)


def zone(at: int | None = None) -> int:
    """How many minutes this machine's clock is ahead of UTC at a time, in milliseconds since 1970 UTC, or just now."""
    return time.localtime(None if at is None else at / 1000).tm_gmtoff // 60


def _here_then(word: str) -> Moment | None:
    """The day or the moment that somebody means, by the clock as it went here then: clocks are put forward and back."""
    now = int(time.time() * 1000)
    about = moment_of(word, now=now, zone=zone())
    if about is None:
        return None
    first, last = (moment_of(word, now=now, zone=zone(at)) for at in (about.start, about.end))
    assert first is not None, "what it means depends on no zone"
    assert last is not None, "nor here"
    return Moment(first.start, last.end)


def _zone_of(query: str) -> int:
    """The zone for the days in a query, of which there is one: as it was where the first of them begins or ends."""
    asked = parse(query, now=int(time.time() * 1000), zone=zone(), limits=Limits())
    times = () if isinstance(asked, Refusal) else (asked.after, asked.before)
    return zone(min((one for one in times if one is not None), default=None))


_AROUND = "around"
_SIDES = frozenset({"before", "after", _AROUND})
_EXAMPLE = "/history #12"
_USAGE = "/history [N] [MESSAGE | [before|after] MESSAGE|DAY]"
