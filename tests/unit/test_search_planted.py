"""The model of search finds bugs of the index: each of these is planted, and must be caught within a few plays.

Those that the hub can have, and any store, are planted in the simulator (`sim/planted_search.py`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest

from besedka.chat.rooms import Reading
from besedka.hub.keeping import Found, FoundMessage
from besedka.store import search_lookup, search_shards
from besedka.store.search_lookup import Ahead, Shards
from besedka.store.sifting import Ask, page_of
from running import OnLoop
from searched import QUERIES, ROOMS, SCOPES, made_small, play

PLAYS = 30
DEEDS = 60

Plant = Callable[[pytest.MonkeyPatch], None]


def chosen(chance: Random) -> tuple[str, int, int]:
    """A move."""
    deed = chance.choice(("say", "say", "say", "edit", "redact", "index", "index", "search"))
    if deed == "index":
        return deed, chance.randrange(1, 6), chance.randrange(2)
    if deed == "search":
        return deed, chance.randrange(len(QUERIES)), chance.randrange(len(SCOPES))
    return deed, chance.choice(ROOMS), chance.randrange(100)


def hints_are_believed(patch: pytest.MonkeyPatch) -> None:
    """What a shard says is told without being compared: by words that were edited or taken back."""

    def careless(shards: Shards, log: Any, ask: Ask) -> list[FoundMessage]:
        confirmed: list[FoundMessage] = []
        while len(confirmed) <= ask.limit and shards.bound is not None:
            confirmed += [FoundMessage(room, entry) for room, entry in log.at(shards.next(ask.limit))]
        return confirmed

    patch.setattr(search_lookup, "_confirmed", careless)


def what_is_ahead_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Only the index is asked, which does not know yet what was said last."""
    patch.setattr(search_lookup, "ahead", lambda *asked: Ahead([]))


def what_is_edited_ahead_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """What is not indexed is compared, and not what it has edited before."""
    patch.setattr(search_lookup, "_mended", lambda *asked: [])


def edits_do_not_reach_it(patch: pytest.MonkeyPatch) -> None:
    """A message that is indexed is left as it is when it is edited."""
    patch.setattr(search_shards, "forget", lambda *asked: [])


def pages_overlap(patch: pytest.MonkeyPatch) -> None:
    """The next page begins with the last message of the one before."""

    def careless(*found: Any, **page: Any) -> Found:
        made = page_of(*found, **page)
        after = made.next and msgspec.structs.replace(made.next, number=made.next.number + 1)
        return msgspec.structs.replace(made, next=after)

    patch.setattr(search_lookup, "page_of", careless)


def the_first_that_comes_is_the_newest(patch: pytest.MonkeyPatch) -> None:
    """What one shard has given is told before another is asked that may have newer ones."""
    patch.setattr(Shards, "_is_final", lambda self: bool(self._given))


def shards_are_taken_for_ordered(patch: pytest.MonkeyPatch) -> None:
    """The rows of a shard are read as if edits and clocks had never put any behind newer ones."""
    patch.setattr(
        search_lookup,
        "all_shards",
        lambda one: [msgspec.structs.replace(shard, ordered=True) for shard in search_shards.all_shards(one)],
    )


def the_scope_is_left_out(patch: pytest.MonkeyPatch) -> None:
    """Every room is searched, whole."""
    right = search_lookup.look_up
    whole = {room: Reading(1, None) for scope in SCOPES for room in scope}

    def careless(connection: Any, log: Any, news: Any, ask: Ask) -> Found:
        return right(connection, log, news, msgspec.structs.replace(ask, scope=whole))

    patch.setattr("searched.look_up", careless)


PLANTS: tuple[Plant, ...] = (
    hints_are_believed,
    what_is_ahead_is_forgotten,
    what_is_edited_ahead_is_forgotten,
    edits_do_not_reach_it,
    pages_overlap,
    the_first_that_comes_is_the_newest,
    shards_are_taken_for_ordered,
    the_scope_is_left_out,
)


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_caught(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    made_small(monkeypatch)
    plant(monkeypatch)
    with asyncio.Runner() as runner:
        for seed in range(PLAYS):
            chance = Random(seed)
            try:
                play(OnLoop(runner), [chosen(chance) for _ in range(DEEDS)])
            except AssertionError:
                return
    pytest.fail(f"{PLAYS} plays passed in spite of: {plant.__doc__}")
