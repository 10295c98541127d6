"""How soon words are found among a great many messages, and what it costs to index them."""

from __future__ import annotations

import os
import random
import time
from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import msgspec

from besedka.bench.idle import furnish
from besedka.bench.server import Device
from besedka.chat.entries import Draft, Message, RoomId
from besedka.chat.folding import evolve, number
from besedka.chat.rooms import Reading, Room
from besedka.chat.searching import Query, Term
from besedka.hub.keeping import Addition, Numbered
from besedka.store.search_file import SEARCH
from besedka.store.stores import Stores

ROOMS = 1000
SEED = 20
"""Of everything that is said and looked for: each run says the same."""
VOCABULARY = 60_000
"""Words, half of them Russian; their frequencies fall as those of languages do (Zipf)."""
MESSAGES_AT_ONCE = 2000
"""In one commit, each in a room of its own choice: the first room has a seventh of all, the last hardly any."""
SECONDS_BETWEEN = 30
ASKED = 100
FOLLOWED = 20_000
"""Messages that are said after all that, with the index beside them."""
FEW_ROOMS = 3
PAGE = 50
PAGE_BYTES = 256 << 10
PAGE_SPANS = 64
FREQUENT, RARE = slice(0, 60), slice(10_000, 40_000)
"""Ranks of words: the first stand in some 40 % to 1.5 % of the messages, the others in a few of a million."""

_SYLLABLES = (
    (
        "ба",
        "ве",
        "го",
        "ди",
        "жу",
        "за",
        "ки",
        "ло",
        "мы",
        "но",
        "пря",
        "ре",
        "ст",
        "та",
        "у",
        "фё",
        "хо",
        "чай",
        "ша",
        "я",
    ),
    (
        "ba",
        "ce",
        "di",
        "fo",
        "gu",
        "ha",
        "ing",
        "jo",
        "ke",
        "li",
        "mo",
        "ne",
        "o",
        "pra",
        "qui",
        "re",
        "st",
        "the",
        "u",
        "wa",
    ),
)


class Talk:
    """Words and messages of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            syllables = _SYLLABLES[len(words) % 2]
            words["".join(chance.choices(syllables, k=1 + min(5, len(words) // 40 + 1, chance.randrange(2, 6))))] = None
        self.words = list(words)
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(VOCABULARY)))
        self._rooms = list(accumulate(1 / (rank + 1) for rank in range(ROOMS)))

    def message(self) -> Message:
        """From three words to thirty."""
        count = 3 + int(self.chance.expovariate(1 / 9)) % 28
        return Message(" ".join(self._word() for _ in range(count)).capitalize() + ".")

    def room(self) -> int:
        """Which one somebody speaks in next."""
        return bisect(self._rooms, self.chance.random() * self._rooms[-1])

    def _word(self) -> str:
        return self.words[bisect(self._weights, self.chance.random() * self._weights[-1])]


class Kind(msgspec.Struct, frozen=True):
    """A way of searching."""

    name: str
    rooms: int
    ask: Callable[[Talk], tuple[Term, ...]]


def _term(*words: str, prefix: bool = False) -> Term:
    return Term(tuple(word.replace("ё", "е") for word in words), prefix)


def _two(one: slice, other: slice) -> Callable[[Talk], tuple[Term, ...]]:
    return lambda talk: (_term(talk.chance.choice(talk.words[one])), _term(talk.chance.choice(talk.words[other])))


def _phrase(talk: Talk) -> tuple[Term, ...]:
    return (_term(*talk.chance.sample(talk.words[FREQUENT], 2)),)


def _prefix(talk: Talk) -> tuple[Term, ...]:
    beginning = talk.chance.choice(talk.words[RARE])[:3]
    return (_term(talk.chance.choice(talk.words[FREQUENT])), _term(beginning, prefix=True))


_ASKS: Mapping[str, Callable[[Talk], tuple[Term, ...]]] = {
    "frequent and frequent": _two(FREQUENT, FREQUENT),
    "rare and frequent": _two(RARE, FREQUENT),
    "a phrase of two frequent": _phrase,
    "frequent and a prefix": _prefix,
}
KINDS = [Kind(name, rooms, ask) for name, ask in _ASKS.items() for rooms in (FEW_ROOMS, ROOMS)]


async def fill(
    stores: Stores, device: Device, talk: Talk, messages: int, progress: Callable[[str], None]
) -> list[Room]:
    """Say so many messages, in the rooms of somebody."""
    first = stores.logs.rooms_given + 1
    await furnish(stores, device, ROOMS)
    rooms = [room for room in [await stores.logs.room(RoomId(first + place)) for place in range(ROOMS)] if room]
    assert len(rooms) == ROOMS, "a room that was not made"
    now = int(time.time() * 1000)
    for said in range(0, messages, MESSAGES_AT_ONCE):
        await stores.logs.append(_additions(rooms, device, talk, min(MESSAGES_AT_ONCE, messages - said), now))
        now += MESSAGES_AT_ONCE * SECONDS_BETWEEN * 1000
        progress(f"{said} messages kept")
    return rooms


def _additions(rooms: list[Room], device: Device, talk: Talk, count: int, now: int) -> list[Addition]:
    """So many messages; `rooms` are those after them."""
    before: dict[int, Room] = {}
    entries: dict[int, list[Numbered]] = {}
    for said in range(count):
        place = talk.room()
        draft = Draft(device.account, device.name, talk.message())
        entry = number(rooms[place], draft, now + said * SECONDS_BETWEEN * 1000)
        before.setdefault(place, rooms[place])
        rooms[place] = evolve(rooms[place], entry)
        entries.setdefault(place, []).append(Numbered(entry, None))
    return [Addition(before[place], rooms[place], entries[place]) for place in before]


class Silence:
    """A journal nobody reads."""

    def note(self, event: str, **fields: str | int | float) -> None:
        """One line about something that happened."""

    def fault(self, event: str, error: BaseException) -> None:
        """One line about an error."""
        raise AssertionError(event) from error


async def build(stores: Stores, data: Path, messages: int) -> str:
    """Index all of it, and then as many again as a minute of a busy server, and say what it took."""
    began, began_cpu = time.perf_counter(), time.process_time()
    await stores.logs.index.begin(Silence())
    await _wait_indexed(stores)
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    size = os.stat(data / SEARCH.name).st_size
    return (
        f"{messages:,} messages indexed in {seconds:.1f} s, {cpu / messages * 1e6:.1f} µs of CPU each;"
        f" search.db has {size / messages:.0f} bytes for each"
    )


async def follow(stores: Stores, device: Device, talk: Talk, rooms: list[Room], messages: int) -> str:
    """Index what is said now, in commits of ten messages, and say what it took."""
    now = max(room.time for room in rooms)
    commits = [_additions(rooms, device, talk, 10, now + turn * 10_000) for turn in range(messages // 10)]
    began, began_cpu = time.perf_counter(), time.process_time()
    for additions in commits:
        await stores.logs.append(additions)
    kept, kept_cpu = time.perf_counter(), time.process_time()
    await _wait_indexed(stores)
    lag, cpu = time.perf_counter() - kept, time.process_time() - kept_cpu
    return (
        f"{messages:,} messages kept at {messages / (kept - began):,.0f}/s"
        f" ({(kept_cpu - began_cpu) / messages * 1e6:.0f} µs of CPU each): indexed {lag:.2f} s later,"
        f" {cpu / messages * 1e6:.1f} µs each then"
    )


async def _wait_indexed(stores: Stores) -> None:
    indexed = False
    while not indexed:
        indexed = await stores.logs.index.scrub()


async def measure(stores: Stores, talk: Talk, rooms: Sequence[Room], *, asked: int) -> list[str]:
    """Search again and again in each way; a line for each."""
    lines: list[str] = []
    for kind in KINDS:
        milliseconds: list[float] = []
        cpu: list[float] = []
        found = 0
        for _ in range(asked):
            some = rooms if kind.rooms == len(rooms) else talk.chance.sample(list(rooms), kind.rooms)
            scope = {room.id: Reading(1, None) for room in some}
            query = Query(kind.ask(talk))
            began, began_cpu = time.perf_counter(), time.process_time()
            page = await stores.logs.search(
                query, scope, older_than=None, limit=PAGE, bytes_max=PAGE_BYTES, spans_max=PAGE_SPANS
            )
            milliseconds.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - began_cpu) * 1000)
            assert page.since == 0, "an index that is not complete is no measurement"
            found += len(page.messages)
        lines.append(_line(kind, sorted(milliseconds), sorted(cpu), found / asked))
    return lines


def _line(kind: Kind, milliseconds: Sequence[float], cpu: Sequence[float], found: float) -> str:
    middle, worst = milliseconds[len(milliseconds) // 2], milliseconds[-1]
    hundredth = milliseconds[min(len(milliseconds) - 1, len(milliseconds) * 99 // 100)]
    times = f"{middle:.1f} ms (p50), {hundredth:.1f} ms (p99), {worst:.1f} ms (worst)"
    used = f"{cpu[len(cpu) // 2]:.1f} ms of CPU (p50)"
    return f"{kind.name}, in {kind.rooms:,} rooms: {times}, {used}; {found:.0f} found on a page"
