"""Bringing the index up to the log, one piece of work and one commit at a time.

A message is in one of four states: *ahead* of how far its room is indexed (`places.high`), *listed* to be indexed, in a
shard as a *document*, or nowhere, because it was redacted or is not kept any more. A few messages become documents at
once. Very many, as at the first start over an old log, are only listed at first, and then made into shards from the
newest on: so search is complete for last month long before it is for ten years ago.

What edits and redactions do to older messages follows from their entries, as everything here follows from the log: so a
crash loses nothing but time. Entries are read as they are now, never as they were when their turn came: a message that
is read too new is looked at again when its edit's turn comes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from besedka.chat import names
from besedka.chat.entries import Edited, Entry, Redacted, RoomId
from besedka.chat.forgetting import tombstone
from besedka.chat.principals import PrincipalId
from besedka.store import search_shards
from besedka.store.log_pages import LogPages, Place, Stretch
from besedka.store.search_file import open_index, remove
from besedka.store.search_news import SearchNews
from besedka.store.search_shards import Key, author_fact, name_fact

BATCH_ENTRIES = 512
"""Entries that are indexed in one commit: some 10 ms of work."""

LISTED_MIN = 65_536
"""Entries ahead from which on they are listed first: a shard, indexed in two seconds."""

LISTED_AT_ONCE = 16_384
"""Entries whose places are listed in one commit."""

ROOMS_AT_ONCE = 1000
"""Rooms looked at for one piece of work."""

TEND_EVERY = 8
"""In a server that is never idle, every such piece of work is one of looking after shards."""

CHECKPOINT_MILLISECONDS_MAX = 100
"""How long searches are waited for before the write-ahead log is cut off; then it is tried again later."""


class NotOfThisLog(Exception):
    """The index knows entries that the log does not have."""


class SearchIndex:
    """The one who writes to `search.db`. To be used by one thread; raises SQLite's errors about that file only.

    Whatever befalls the log is raised as `StoreFault`.
    """

    def __init__(
        self, path: Path, epoch: str, *, log: LogPages, news: SearchNews, rest: Callable[[], None] = lambda: None
    ) -> None:
        self._log = log
        self._news = news
        self._rest = rest
        """Called in the middle of long work, outside of any reading: others may go first."""
        self._turns = 0
        self._connection, self.made_anew = open_index(path, epoch)
        """Why it was made anew; empty where it was not."""
        try:
            self.compare()
        except NotOfThisLog:
            self._connection.close()
            remove(path)
            self._connection, _ = open_index(path, epoch)
            self.made_anew = "it is ahead of the log"
            self.compare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def step(self, *, scrubbing: bool = False) -> bool:
        """Do one piece of work; whether there was any. `scrubbing`: shards with words that must leave are due."""
        self._turns += 1
        if self._turns % TEND_EVERY and self._news and self._follow():
            return True
        return self._tend(scrubbing=scrubbing) or (bool(self._news) and self._follow())

    def bury(self, author: PrincipalId) -> bool:
        """List some of what somebody said under another name than their tombstone's, as it is there under that by now.

        Whether there may be more.
        """
        facts = (author_fact(author), name_fact(names.fold(tombstone(author))))
        for shard in search_shards.all_shards(self._connection):
            keys = search_shards.said_otherwise(self._connection, shard, *facts, limit=LISTED_AT_ONCE)
            if keys:
                self._commit(partial(self._list_again, keys))
                return True
        return False

    def _list_again(self, keys: Sequence[Key]) -> None:
        search_shards.forget(self._connection, [(room, number) for _, room, number in keys])
        self._add_listed(msgspec.json.encode(keys).decode())

    @property
    def listed_newest(self) -> int:
        """When the newest message was said that is listed and not indexed; 0 for none."""
        row = self._connection.execute("SELECT time FROM listed ORDER BY time DESC LIMIT 1").fetchone()
        return 0 if row is None else int(row[0])

    def scrub(self) -> bool:
        """Have the words of rebuilt shards overwritten in the files; False where somebody searches at this moment.

        To be repeated until no work is left (`step`) and this is True.
        """
        (stained,) = self._connection.execute("SELECT stained FROM meta").fetchone()
        if not stained:
            return True
        if self._connection.execute("SELECT 1 FROM shards WHERE gone LIMIT 1").fetchone():
            return False
        self._connection.execute("PRAGMA incremental_vacuum").fetchall()
        self._connection.execute(f"PRAGMA busy_timeout = {CHECKPOINT_MILLISECONDS_MAX}")
        (busy, *_pages) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            self._connection.execute("UPDATE meta SET stained = 0")
        return not busy

    # Comparing with the log.

    def _read(self, places: Sequence[Place]) -> list[tuple[RoomId, Entry]]:
        self._rest()
        return self._log.at(places)

    def compare(self) -> None:
        """Find out which rooms there is something to do about. Raises `NotOfThisLog`."""
        known = self._places(None)
        heads = self._log.heads()
        if known.keys() - {room for room, _, _ in heads}:
            raise NotOfThisLog
        for room, head, floor in heads:
            high, floor_before = known.get(room, (0, 0))
            if high > head:
                raise NotOfThisLog
            if high < head or floor > floor_before > 0:
                self._news.look_at(room, head)

    def _places(self, rooms: Sequence[RoomId] | None) -> dict[RoomId, tuple[int, int]]:
        """How far rooms are indexed, and their floors then; of all of them where none are named."""
        where = "" if rooms is None else " WHERE room IN (SELECT value FROM json_each(?))"
        values = () if rooms is None else (msgspec.json.encode(rooms).decode(),)
        query = f"SELECT json_group_array(json_array(room, high, floor)) FROM places{where}"
        (text,) = self._connection.execute(query, values).fetchone()
        rows = msgspec.json.decode(text, type=list[tuple[RoomId, int, int]])
        return {room: (high, floor) for room, high, floor in rows}

    # Following the log.

    def _follow(self) -> bool:
        """Index or list the next entries of some rooms that have news."""
        taken = self._news.taken(ROOMS_AT_ONCE)
        known = self._places(list(taken))
        ahead: list[Stretch] = []
        floors: dict[RoomId, int] = {}
        for room, head, floor in self._log.heads(taken):
            high, floor_before = known.get(room, (0, 0))
            floors[room] = floor
            if floor > floor_before > 0:
                self._commit(partial(self._raise_floor, room, floor))
            if high < head:
                ahead.append((room, max(high, floor - 1), head))
        entries = sum(head - high for _, high, head in ahead)
        many = entries >= LISTED_MIN or (entries > BATCH_ENTRIES and self.listed_newest > 0)
        stretches = _cut(ahead, LISTED_AT_ONCE if many else BATCH_ENTRIES)
        if stretches:
            (self._list if many else self._index)(stretches, floors)
        reached = {room: upto for room, _, upto in stretches}
        left = {room for room, _, head in ahead if reached.get(room) != head}
        self._news.settle({room: head for room, head in taken.items() if room not in left})
        return bool(taken)

    def _index(self, stretches: Sequence[Stretch], floors: dict[RoomId, int]) -> None:
        entries = self._log.within(stretches)
        fresh = {(room, entry.number) for room, entry in entries}
        mended = {
            (room, entry.body.number): None for room, entry in entries if isinstance(entry.body, Edited | Redacted)
        }
        older = [place for place in mended if place not in fresh]

        def write() -> None:
            again = search_shards.forget(self._connection, older)
            made = (search_shards.document(*one) for one in (*entries, *self._read(again)))
            search_shards.add(self._connection, [one for one in made if one is not None])
            self._move(stretches, floors)

        self._commit(write)

    def _list(self, stretches: Sequence[Stretch], floors: dict[RoomId, int]) -> None:
        listed = [self._log.message_keys(one) for one in stretches]
        mended = [place for one in stretches for place in self._log.mended(one)]

        def write() -> None:
            again = search_shards.forget(self._connection, list(dict.fromkeys(mended)))
            keys = [(entry.time, room, entry.number) for room, entry in self._read(again)]
            for text in (*listed, msgspec.json.encode(keys).decode()):
                self._add_listed(text)
            self._move(stretches, floors)

        self._commit(write)

    def _add_listed(self, keys: str) -> None:
        self._connection.execute(
            "INSERT OR IGNORE INTO listed SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
            " json_extract(value, '$[2]') FROM json_each(?)",
            (keys,),
        )

    def _move(self, stretches: Sequence[Stretch], floors: dict[RoomId, int]) -> None:
        rows = [(room, upto, floors[room]) for room, _, upto in stretches]
        self._connection.execute(
            "INSERT INTO places SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
            " json_extract(value, '$[2]') FROM json_each(?) WHERE true"
            " ON CONFLICT DO UPDATE SET high = excluded.high, floor = excluded.floor",
            (msgspec.json.encode(rows).decode(),),
        )

    def _raise_floor(self, room: RoomId, floor: int) -> None:
        search_shards.forget_below(self._connection, room, floor)
        self._connection.execute("UPDATE places SET floor = ? WHERE room = ?", (floor, room))

    # Looking after the shards.

    def _tend(self, *, scrubbing: bool) -> bool:
        shards = search_shards.all_shards(self._connection)
        stained = [shard for shard in shards if shard.gone][:1] if scrubbing else []
        due = stained or search_shards.unfit(shards)
        if due:
            self._commit(lambda: search_shards.rebuild(self._connection, due, self._read))
            return True
        return self._fill()

    def _fill(self) -> bool:
        """Make a shard of the newest messages that are listed."""
        query = (
            "SELECT json_group_array(json_array(time, room, number)) FROM"
            " (SELECT * FROM listed ORDER BY time DESC, room DESC, number DESC LIMIT ?)"
        )
        (text,) = self._connection.execute(query, (search_shards.SHARD_DOCUMENTS_MAX,)).fetchone()
        keys = sorted(msgspec.json.decode(text, type=list[Key]))
        if not keys:
            return False

        def write() -> None:
            search_shards.build(self._connection, keys, self._read)
            self._connection.execute("DELETE FROM listed WHERE (time, room, number) >= (?, ?, ?)", keys[0])

        self._commit(write)
        return True

    def _commit(self, write: Callable[[], None]) -> None:
        self._connection.execute("BEGIN")
        try:
            write()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _cut(ahead: Sequence[Stretch], entries_max: int) -> list[Stretch]:
    """As many of these entries as may be taken at once."""
    stretches: list[Stretch] = []
    left = entries_max
    for room, high, head in ahead:
        if left <= 0:
            break
        upto = min(head, high + left)
        stretches.append((room, high, upto))
        left -= upto - high
    return stretches
