"""The model of search: one log in two stores, one with an index and one that compares everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace

from additions import ANN, BOB, NOW, addition, joined, opening
from besedka.chat.entries import Body, Edited, Entry, Message, Redacted, RoomId, TopicSet
from besedka.chat.mending import rewrites
from besedka.chat.names import fold
from besedka.chat.rooms import Reading, Room
from besedka.chat.searching import Query, Term
from besedka.hub.keeping import Found, SearchPlace
from besedka.store import search_index, search_lookup, search_shards
from besedka.store.log_pages import LogPages
from besedka.store.logs import SqliteLogStore
from besedka.store.memory import MemoryLogStore
from besedka.store.opening import reader
from besedka.store.search_file import SEARCH
from besedka.store.search_index import SearchIndex
from besedka.store.search_lookup import look_up, searcher
from besedka.store.sifting import Ask
from running import OnLoop, step

ROOMS = (1, 2, 3)
PEOPLE = (ANN, BOB)
TEXTS = ("Ёж и чай", "чай и ёж", "tea, чайник", "Tea https://a.b", "и и и", "чай tea", "…")
WHOLE = Reading(1, None)
SCOPES = (
    {RoomId(room): WHOLE for room in ROOMS},
    {RoomId(2): WHOLE},
    {RoomId(1): Reading(3, 6), RoomId(3): Reading(1, 7)},
)


def term(*words: str, prefix: bool = False) -> Term:
    return Term(words, prefix)


QUERIES = (
    Query((term("чай"),)),
    Query((term("еж"), term("и"))),
    Query((term("чай", "и"),)),
    Query((term("ча", prefix=True), term("t", prefix=True))),
    Query((term("и"),), authors=(BOB.principal,)),
    Query(names=(fold("ann"),), has_link=True),
    Query((term("tea"),), after=NOW + 3, before=NOW + 9),
    Query(),
)


class World:
    """One log kept by both stores, and an index of it that works when it is told to."""

    def __init__(self, directory: Path, run: OnLoop) -> None:
        self._run = run
        self.memory = MemoryLogStore()
        self.sqlite = SqliteLogStore.open(directory)
        path = directory / "messages.db"
        self._log = LogPages(reader(path), path)
        self._path = directory / SEARCH.name
        self._index = self._opened()
        self._rooms: dict[int, Room] = {}
        self._messages: dict[int, list[Entry]] = {room: [] for room in ROOMS}
        for room in ROOMS:
            self._keep(opening(room, f"r{room}", joined(*PEOPLE)).entries[0].entry.body, room, ANN, 0)

    def _opened(self) -> SearchIndex:
        return SearchIndex(self._path, self.sqlite.epoch, log=self._log, news=self.sqlite.index.news)

    def close(self) -> None:
        """Let go of all files."""
        self._index.close()
        self._log.close()
        self.sqlite.stop()

    def do(self, deed: str, one: int, other: int) -> None:
        """One move."""
        there = self._messages.get(one, [])
        target = there[other % len(there)] if there else None
        match deed:
            case "say":
                body = TopicSet("чай") if other == 99 else Message(TEXTS[other % len(TEXTS)])
                self._keep(body, one, PEOPLE[other % 2], other // 10)
            case "edit" if target is not None and not target.body.redacted:  # type: ignore[union-attr]
                self._keep(Edited(target.number, TEXTS[-1 - other % len(TEXTS)]), one, ANN, other // 10)
            case "redact" if target is not None and not target.body.redacted:  # type: ignore[union-attr]
                self._keep(Redacted(target.number, ANN), one, ANN, other // 10)
            case "index":
                for _ in range(one):
                    self._index.step(scrubbing=bool(other))
            case "restart" | "lose":
                self._index.close()
                if deed == "lose":
                    self._path.unlink()
                self._index = self._opened()
                assert self._index.made_anew == ("there was none" if deed == "lose" else "")
            case "search":
                self.compare(QUERIES[one], SCOPES[other])

    def _keep(self, body: Body, room: int, person: object, later: int) -> None:
        made = addition(self._rooms.get(room, Room(RoomId(room))), body, author=person, now=NOW + later)  # type: ignore[arg-type]
        entry = made.entries[0].entry
        if isinstance(body, Edited | Redacted):
            kept = {one.number: one for one in self._messages[room]} | {entry.number: entry}
            changes = rewrites(entry, kept[body.number])
            made = replace(made, rewrites=list(changes))
            changed = {one.number: one.body for one in changes}
            self._messages[room] = [replace(m, body=changed.get(m.number, m.body)) for m in self._messages[room]]
        if isinstance(body, Message):
            self._messages[room].append(entry)
        self._run(self.sqlite.append([made]))
        step(self.memory.append([made]))
        self._rooms[room] = made.after

    def compare(self, query: Query, scope: dict[RoomId, Reading]) -> None:
        """Page by page, as far as the index says that it is complete."""
        connection = searcher(self._path)
        try:

            def real(older: SearchPlace | None) -> Found:
                ask = Ask(query, scope, older, 2, 1 << 20, 9)
                return look_up(connection, self._log, self.sqlite.index.news, ask)

            def naive(older: SearchPlace | None) -> Found:
                return step(self.memory.search(query, scope, older_than=older, limit=2, bytes_max=1 << 20, spans_max=9))

            everything, given = [*pages(naive)], [*pages(real)]
            since = max(page.since for page in given)
            if since == 0:  # An empty page may follow: what it had was taken back a moment ago.
                assert [one.messages for one in given if one.messages] == [
                    one.messages for one in everything if one.messages
                ]
            found = [one for page in given for one in page.messages]
            all_there_are = [one for page in everything for one in page.messages]
            assert [one for one in all_there_are if one.entry.time >= since or one in found] == found
        finally:
            connection.close()


def pages(search: Callable[[SearchPlace | None], Found]) -> Iterator[Found]:
    """All of them, one at least."""
    older: SearchPlace | None = None
    while True:
        page = search(older)
        yield page
        if page.next is None:
            return
        assert older is None or page.next < older, "a page that leads nowhere"
        older = page.next


def made_small(patch: pytest.MonkeyPatch) -> None:
    """Shards, batches and pages so small that few messages fill them."""
    for module, values in (
        (search_shards, {"SHARD_DOCUMENTS_MAX": 4, "SLICE": 3, "SMALL_SHARDS_MAX": 1}),
        (search_index, {"BATCH_ENTRIES": 3, "LISTED_MIN": 7, "LISTED_AT_ONCE": 4, "TEND_EVERY": 3}),
        (search_lookup, {"SPARE": 0, "AHEAD_PAGE": 2, "ROOM_WORDS_MAX": 1}),
    ):
        for name, value in values.items():
            patch.setattr(module, name, value)


def play(run: OnLoop, deeds: list[tuple[str, int, int]]) -> None:
    """Do all of it, and then compare every search, with what is indexed and with all indexed."""
    with TemporaryDirectory() as directory:
        world = World(Path(directory), run)
        try:
            for deed in deeds:
                world.do(*deed)
            for _ in range(2):
                for query in QUERIES:
                    for scope in SCOPES:
                        world.compare(query, scope)
                world.do("index", 99, 1)
        finally:
            world.close()
