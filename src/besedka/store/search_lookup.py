"""Finding messages by the index, and what it does not know yet by reading it.

Shards are asked from the newest on, and a shard no further than the page needs. Each is a *source* with a bound:
nothing that it has still to give is newer. What was given and is newer than all bounds is final, in the order of time.

What a shard says is a hint: each message is read from the log and compared (`sifting`), so nobody finds anything by
words that were taken back a moment ago. What is ahead of the index is read and compared without it, as are older
messages that were edited there.
"""

from __future__ import annotations

import heapq
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from besedka.chat.entries import Edited, Entry, Redacted, RoomId
from besedka.chat.rooms import Reading
from besedka.chat.searching import Term
from besedka.hub.keeping import Found, FoundMessage, SearchPlace
from besedka.store.log_pages import LogPages, Place, Stretch
from besedka.store.search_file import connect
from besedka.store.search_news import SearchNews
from besedka.store.search_shards import (
    LINK_FACT,
    Key,
    Shard,
    all_shards,
    author_fact,
    name_fact,
    room_fact,
)
from besedka.store.sifting import Ask, page_of, sifted

ROOM_WORDS_MAX = 16
"""Rooms that a shard is asked for by their words; where more are in scope, what it gives is looked at one by one."""

AHEAD_MAX = 8192
"""Entries that a search reads without the index: 0.1 s. Where there are more it says from when on it is complete."""

AHEAD_PAGE = 512
"""Of these, how many are read at once, while nothing else can run."""

SHARDS_AT_ONCE_MAX = 8
"""Each is a part of one statement."""

SECONDS_MAX = 0.25
"""How long shards are asked for one page; then it is given short, and goes on where it ended."""

SPARE = 8
"""Hints that may turn out to be none without the shards being asked again."""

_LAST = (1 << 53) - 2
"""Above every room and number, and yet a number in JSON."""

_keys = msgspec.json.Decoder(list[tuple[int, int, RoomId, int]]).decode


class Ahead(msgspec.Struct, frozen=True):
    """What was found of what is not indexed."""

    found: list[FoundMessage]
    since: int = 0
    """As `Found.since`."""


def ahead(log: LogPages, ask: Ask, highs: Mapping[RoomId, int]) -> Ahead:
    """Look through the entries of rooms after these numbers, and through messages that they have edited."""
    after = [(room, max(highs[room], floor - 1), head) for room, head, floor in log.heads(highs)]
    stretches = [(room, high, head) for room, high, head in after if high < head]
    cut: set[RoomId] = set()
    if sum(head - high for _, high, head in stretches) > AHEAD_MAX:
        each = AHEAD_MAX // len(stretches)
        cut = {room for room, high, head in stretches if head - high > each}
        stretches = [(room, max(high, head - each), head) for room, high, head in stretches]
    found: dict[tuple[RoomId, int], FoundMessage] = {}
    oldest: dict[RoomId, int] = {}
    for page in _pages(stretches):
        entries = log.within(page)
        for room, entry in entries:
            oldest[room] = min(oldest.get(room, entry.time), entry.time)
        for one in sifted(ask.query, [*entries, *_mended(log, entries)], ask.scope):
            found[one.room, one.entry.number] = one
    since = max((oldest.get(room, _LAST) for room in cut), default=0)
    return Ahead(list(found.values()), since)


def _pages(stretches: Sequence[Stretch]) -> list[list[Stretch]]:
    """The same entries, so many at once."""
    pages: list[list[Stretch]] = [[]]
    left = AHEAD_PAGE
    for room, high, head in stretches:
        at = high
        while at < head:
            upto = min(head, at + left)
            pages[-1].append((room, at, upto))
            left -= upto - at
            at = upto
            if not left:
                pages.append([])
                left = AHEAD_PAGE
    return [page for page in pages if page]


def _mended(log: LogPages, entries: Sequence[tuple[RoomId, Entry]]) -> list[tuple[RoomId, Entry]]:
    """The messages that these have edited, as they are now."""
    places = {(room, entry.body.number): None for room, entry in entries if isinstance(entry.body, Edited | Redacted)}
    return log.at(list(places)) if places else []


class Shards:
    """One search in the shards of a connection, within one read transaction of the caller's."""

    def __init__(self, connection: sqlite3.Connection, ask: Ask) -> None:
        self._connection = connection
        self._ask = ask
        self._count = ask.limit + SPARE
        self._words = _expression(ask)
        query = ask.query
        bounds = [_LAST] if query.before is None else [query.before - 1]
        if ask.older_than is not None:
            bounds.append(ask.older_than.time)
        shards = [one for one in all_shards(connection) if one.size > one.gone and one.oldest <= min(bounds)]
        shards = [one for one in shards if one.newest >= (query.after or 0)]
        self._begin: Key = (_LAST, RoomId(_LAST), _LAST)
        if query.before is not None:
            self._begin = (query.before, RoomId(0), 0)
        if ask.older_than is not None:
            self._begin = min(self._begin, (ask.older_than.time, ask.older_than.room, ask.older_than.number))
        self._sources = [(*_descending(min(self._begin, (one.newest, _LAST, _LAST))), one.id, one) for one in shards]
        heapq.heapify(self._sources)
        self._given: list[tuple[int, int, int]] = []
        self._at_once = 1
        _fill_scope(connection, ask.scope)

    @property
    def bound(self) -> SearchPlace | None:
        """All that is left is older than this; None where nothing is left."""
        tops = [source[:3] for source in self._sources[:1]] + self._given[:1]
        if not tops:
            return None
        when, room, number = min(tops)
        return SearchPlace(-when, RoomId(-room), -number + 1)

    def next(self, count: int) -> list[Place]:
        """The newest messages that are left, at most so many; perhaps none, though `bound` says there are more."""
        if not self._is_final():
            self._advance()
        final: list[Place] = []
        while len(final) < count and self._is_final():
            _, room, number = heapq.heappop(self._given)
            final.append((RoomId(-room), -number))
        return final

    def _is_final(self) -> bool:
        """Whether nothing newer can come than the newest that was given."""
        return bool(self._given) and (not self._sources or self._given[0] <= self._sources[0][:3])

    def _advance(self) -> None:
        """Ask the shards with the highest bounds, more of them each time."""
        count = min(self._at_once, len(self._sources))
        some = [heapq.heappop(self._sources) for _ in range(count)]
        self._at_once = min(2 * self._at_once, SHARDS_AT_ONCE_MAX)
        parts: list[str] = []
        values: list[object] = []
        for when, room, number, _, shard in some:
            part, its = self._part(shard, (-when, RoomId(-room), -number))
            parts.append(part)
            values += its
        (text,) = self._connection.execute(
            f"SELECT json_group_array(json_array(shard, time, room, number)) FROM ({' UNION ALL '.join(parts)})", values
        ).fetchone()
        given: dict[int, list[tuple[int, int, int]]] = {}
        for id_, *key in _keys(text):
            given.setdefault(id_, []).append(_descending(tuple(key)))  # type: ignore[arg-type]
        for *_, id_, shard in some:
            keys = given.get(id_, [])
            for key_ in keys:
                heapq.heappush(self._given, key_)
            if len(keys) == self._count:
                heapq.heappush(self._sources, (*max(keys), id_, shard))

    def _part(self, shard: Shard, below: Key) -> tuple[str, list[object]]:
        """The newest messages of a shard that match and are older than `below`, as a table."""
        table = "documents AS one"
        where = [f"one.id >= {shard.base}", f"one.id < {shard.base + shard.size}"]
        values: list[object] = []
        order = "one.time DESC, one.room DESC, one.number DESC"
        if self._words:
            table = f"{shard.table} AS word CROSS JOIN documents AS one ON one.id = word.rowid + {shard.base}"
            where = [f"{shard.table} MATCH ?"]
            values.append(self._words)
        if shard.ordered:
            order = "word.rowid DESC" if self._words else "one.id DESC"
            upto = self._row_at(shard, below)
            if upto is not None:
                where.append(f"word.rowid < {upto}" if self._words else f"one.id < {shard.base + upto}")
        where.append("(one.time, one.room, one.number) < (?, ?, ?) AND one.time >= ?")
        values += [*below, self._ask.query.after or 0]
        return (
            f"SELECT * FROM (SELECT {shard.id} AS shard, one.time, one.room, one.number FROM {table}"
            " CROSS JOIN scope ON scope.room = one.room AND one.number BETWEEN scope.first AND scope.last"
            f" WHERE {' AND '.join(where)} ORDER BY {order} LIMIT {self._count})"
        ), values

    def _row_at(self, shard: Shard, key: Key) -> int | None:
        """The row of the message at a place, where it is in this shard: only older ones lie below it."""
        if key[1] == _LAST:
            return None
        query = "SELECT id FROM documents WHERE room = ? AND number = ? AND id >= ? AND id < ?"
        row = self._connection.execute(query, (*key[1:], shard.base, shard.base + shard.size)).fetchone()
        return None if row is None else int(row[0]) - shard.base


def _descending(key: tuple[int, int, int]) -> tuple[int, int, int]:
    return (-key[0], -key[1], -key[2])


def _expression(ask: Ask) -> str:
    """What FTS5 is asked (https://www.sqlite.org/fts5.html §3); empty for nothing in particular."""
    query = ask.query
    parts = [_phrase(term) for term in query.terms]
    said_by = [author_fact(one) for one in query.authors] + [name_fact(one) for one in query.names]
    for facts in (said_by, [LINK_FACT] if query.has_link else []):
        if facts:
            parts.append("(" + " OR ".join(f'"{fact}"' for fact in facts) + ")")
    if len(ask.scope) <= ROOM_WORDS_MAX:
        parts.append("(" + " OR ".join(f'"{room_fact(room)}"' for room in ask.scope) + ")")
    return " AND ".join(parts)


def _phrase(term: Term) -> str:
    assert all(word.isalnum() for word in term.words), "a word that the index does not have"
    return f'"{" ".join(term.words)}"{" *" if term.prefix else ""}'


def searcher(path: Path) -> sqlite3.Connection:
    """A connection for `look_up`. Raises SQLite's errors."""
    connection = connect(path, mode="ro")
    try:
        connection.execute("CREATE TEMP TABLE scope (room INTEGER PRIMARY KEY, first INTEGER, last INTEGER)")
    except BaseException:
        connection.close()
        raise
    return connection


def _fill_scope(connection: sqlite3.Connection, scope: Mapping[RoomId, Reading]) -> None:
    connection.execute("DELETE FROM temp.scope")
    rows = [(room, part.first, _LAST if part.last is None else part.last) for room, part in scope.items()]
    connection.execute(
        "INSERT INTO temp.scope SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
        " json_extract(value, '$[2]') FROM json_each(?)",
        (msgspec.json.encode(rows).decode(),),
    )


def look_up(connection: sqlite3.Connection, log: LogPages, news: SearchNews, ask: Ask) -> Found:
    """A page by the index, and of what the news are about without it. Raises SQLite's errors about the index."""
    fresh = news.among(ask.scope)  # Asked before the index is: what leaves the news meanwhile is in the index.
    connection.execute("BEGIN")
    try:
        shards = Shards(connection, ask)
        (since,) = connection.execute("SELECT coalesce(max(time) + 1, 0) FROM listed").fetchone()
        highs = dict.fromkeys(fresh, 0)
        for room in fresh:
            row = connection.execute("SELECT high FROM places WHERE room = ?", (room,)).fetchone()
            highs[room] = row[0] if row else 0
        beside = ahead(log, ask, highs)
        confirmed = _confirmed(shards, log, ask)
        return _page(ask, [*beside.found, *confirmed], shards.bound, max(since, beside.since))
    finally:
        connection.execute("COMMIT")  # Of the scope only. Rolled back, it would have all statements prepared again.


def read_through(log: LogPages, ask: Ask) -> Found:
    """A page without an index."""
    beside = ahead(log, ask, dict.fromkeys(ask.scope, 0))
    return _page(ask, beside.found, None, beside.since)


def _confirmed(shards: Shards, log: LogPages, ask: Ask) -> list[FoundMessage]:
    """What the shards hint at, and what is so: enough for a page, and to know that it is not the last."""
    until = time.monotonic() + SECONDS_MAX
    confirmed: list[FoundMessage] = []
    while len(confirmed) <= ask.limit and shards.bound is not None and time.monotonic() < until:
        wanted = ask.limit + SPARE - len(confirmed)
        confirmed += sifted(ask.query, log.at(shards.next(wanted)), ask.scope)
    return confirmed


def _page(ask: Ask, found: Sequence[FoundMessage], bound: SearchPlace | None, since: int) -> Found:
    """The newest of these; none that is older than what was not looked at."""
    messages = {(one.room, one.entry.number): one for one in found if bound is None or one.place >= bound}
    page = page_of(ask, messages.values(), since=since)
    return msgspec.structs.replace(page, next=bound) if page.next is None and bound is not None else page
