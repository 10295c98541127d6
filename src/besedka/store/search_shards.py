"""The shards of the index: full-text tables of so many messages each.

FTS5 keeps the words of a row that was deleted until its segments are merged, and before SQLite 3.42 it cannot overwrite
them. So nothing is deleted in a shard: a message that was edited, redacted or pruned loses its row in `documents`,
without which whatever the shard says of it counts for nothing, and its shard is *rebuilt* from the log before long and
the old table dropped: its pages are overwritten. What an edited message says now stands in the open shard.

A shard is *ordered* while the order of its rows is that of their messages (time, room, number): then the newest that
match are read without reading all that match. New messages are in order nearly always. Edits are not: a shard that is
full and not in order is rebuilt too.

A row has the words of its message, as `chat.searching` cuts them, with a blank between any two; the tokenizer parts at
blanks and so has no opinion of its own. Behind them stand words of a letter for private use, which nobody can write,
that say the room, the author, and whether there is a link.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence

import msgspec

from besedka.chat import names
from besedka.chat.entries import Entry, Message, RoomId
from besedka.chat.folded import words_of
from besedka.chat.names import FoldedName
from besedka.chat.principals import PrincipalId
from besedka.chat.searching import has_link
from besedka.store.batches import insert
from besedka.store.log_pages import Place

SHARD_DOCUMENTS_MAX = 65_536
"""Messages in a shard: rebuilding one takes some two seconds, and a million messages are sixteen tables to ask."""

DOCUMENT_BITS = 20
"""Of a document's id that are its row in the shard; the rest is the shard."""

SLICE = 512
"""Messages read and written at once."""

SMALL_SHARDS_MAX = 8
"""Shards less than a quarter full that may lie about before they are made into one."""

Key = tuple[int, RoomId, int]
"""Time, room and number: where a message stands among all."""

Reader = Callable[[Sequence[Place]], Iterable[tuple[RoomId, Entry]]]
"""Reads entries of the log as they are now."""

_FACT = "\ue000"

_HASH_BYTES = 32 << 20
"""Words that FTS5 gathers before it writes a segment: a whole shard's, so that one that is built is one segment."""

_keys = msgspec.json.Decoder(list[Key]).decode


class Shard(msgspec.Struct, frozen=True):
    """A row of `shards`."""

    id: int
    size: int
    """Rows given out so far."""
    gone: int
    """Of these, how many mean nothing any more."""
    oldest: int
    newest: int
    """The times between which its messages were said, or once were."""
    ordered: bool
    open: bool
    """Whether it is the one that new messages are added to."""

    @property
    def base(self) -> int:
        """What its rows are added to for the ids of their documents."""
        return self.id << DOCUMENT_BITS

    @property
    def table(self) -> str:
        """The full-text table."""
        return f"words_{self.id}"


class Document(msgspec.Struct, frozen=True):
    """A message on its way into the index."""

    key: Key
    words: str


_COLUMNS = "id, size, gone, oldest, newest, ordered, open"


def all_shards(connection: sqlite3.Connection) -> list[Shard]:
    """Every shard, by id."""
    query = (
        "SELECT json_group_array(json_array(id, size, gone, oldest, newest, json(iif(ordered, 'true', 'false')),"
        " json(iif(open, 'true', 'false')))) FROM (SELECT * FROM shards ORDER BY id)"
    )
    (text,) = connection.execute(query).fetchone()
    rows = msgspec.json.decode(text, type=list[tuple[int, int, int, int, int, bool, bool]])
    return [Shard(*row) for row in rows]


def room_fact(room: RoomId) -> str:
    """The word that says in which room."""
    return f"{_FACT}r{room}"


def author_fact(author: PrincipalId) -> str:
    """The word that says whose id it was said under; guests' ids are below 0."""
    return f"{_FACT}a{author}" if author >= 0 else f"{_FACT}g{-author}"


def name_fact(name: FoldedName) -> str:
    """The word that says which name the author bore."""
    return f"{_FACT}n{name.encode().hex()}"


LINK_FACT = f"{_FACT}l"


def document(room: RoomId, entry: Entry) -> Document | None:
    """What is kept of an entry: nothing of what is no message, or says nothing."""
    message = entry.body
    if type(message) is not Message or not message.text:
        return None
    facts = [room_fact(room), author_fact(entry.author), name_fact(names.fold(entry.name))]
    if has_link(message.text):
        facts.append(LINK_FACT)
    return Document((entry.time, room, entry.number), " ".join((*words_of(message.text), *facts)))


# Each of these belongs into a transaction of the caller's. ---------------------------------------------------------


def add(connection: sqlite3.Connection, documents: Sequence[Document]) -> None:
    """Put messages that are in no shard into the open one, and into a new one when that is full."""
    documents = sorted(documents, key=lambda one: one.key)
    while documents:
        shard = _open_shard(connection)
        some = documents[: SHARD_DOCUMENTS_MAX - shard.size]
        documents = documents[len(some) :]
        shard = _written(connection, shard, some)
        if shard.size == SHARD_DOCUMENTS_MAX:
            connection.execute("UPDATE shards SET open = 0 WHERE id = ?", (shard.id,))
            if shard.ordered and not shard.gone:  # Otherwise it is rebuilt.
                connection.execute(f"INSERT INTO {shard.table} ({shard.table}) VALUES ('optimize')")


def forget(connection: sqlite3.Connection, places: Sequence[Place]) -> list[Place]:
    """Take messages out; those of them that were in."""
    text = msgspec.json.encode(places).decode()
    query = (
        "SELECT json_group_array(json_array(documents.id, room, number)) FROM json_each(?) AS one CROSS JOIN documents"
        " ON room = json_extract(one.value, '$[0]') AND number = json_extract(one.value, '$[1]')"
    )
    (rows,) = connection.execute(query, (text,)).fetchone()
    found = msgspec.json.decode(rows, type=list[tuple[int, RoomId, int]])
    _delete(connection, [id_ for id_, _, _ in found])
    return [(room, number) for _, room, number in found]


def said_otherwise(connection: sqlite3.Connection, shard: Shard, author: str, name: str, *, limit: int) -> list[Key]:
    """At most `limit` messages by an author (an `author_fact`) of whom a shard has another than this `name_fact`."""
    query = (
        "SELECT json_group_array(json_array(time, room, number)) FROM (SELECT time, room, number"
        f" FROM {shard.table} AS word CROSS JOIN documents ON id = word.rowid + {shard.base}"
        f" WHERE {shard.table} MATCH ? LIMIT ?)"
    )
    (rows,) = connection.execute(query, (f'"{author}" NOT "{name}"', limit)).fetchone()
    return _keys(rows)


def forget_below(connection: sqlite3.Connection, room: RoomId, floor: int) -> None:
    """Take out what is not kept any more: the room's messages with a lower number."""
    query = "SELECT json_group_array(id) FROM documents WHERE room = ? AND number < ?"
    (rows,) = connection.execute(query, (room, floor)).fetchone()
    _delete(connection, msgspec.json.decode(rows, type=list[int]))


def _delete(connection: sqlite3.Connection, ids: Sequence[int]) -> None:
    if not ids:
        return
    text = msgspec.json.encode(ids).decode()
    connection.execute("DELETE FROM documents WHERE id IN (SELECT value FROM json_each(?))", (text,))
    connection.execute(
        "WITH gone AS (SELECT value >> ?2 AS shard, count(*) AS count FROM json_each(?1) GROUP BY 1)"
        " UPDATE shards SET gone = gone + count FROM gone WHERE id = shard",
        (text, DOCUMENT_BITS),
    )
    connection.execute("UPDATE meta SET stained = 1 WHERE stained = 0")


def build(connection: sqlite3.Connection, keys: Sequence[Key], read: Reader, *, opened: bool = False) -> None:
    """Make a shard of these messages, as they are now; there are no more than it holds, and none is in another."""
    if not keys:
        return
    shard = _new_shard(connection, opened=opened)
    for start in range(0, len(keys), SLICE):
        entries = read([(room, number) for _, room, number in keys[start : start + SLICE]])
        documents = (document(room, entry) for room, entry in entries)
        some = sorted((one for one in documents if one is not None), key=lambda one: one.key)
        if some:
            shard = _written(connection, shard, some)


def rebuild(connection: sqlite3.Connection, shards: Sequence[Shard], read: Reader) -> None:
    """Make one shard of these, in order and of what counts still, and drop them."""
    keys: list[Key] = []
    for shard in shards:
        within = (shard.base, shard.base + (1 << DOCUMENT_BITS))
        query = "SELECT json_group_array(json_array(time, room, number)) FROM documents WHERE id >= ? AND id < ?"
        (rows,) = connection.execute(query, within).fetchone()
        keys += _keys(rows)
        connection.execute("DELETE FROM documents WHERE id >= ? AND id < ?", within)
        connection.execute("DELETE FROM shards WHERE id = ?", (shard.id,))
        connection.execute(f"DROP TABLE {shard.table}")
    build(connection, sorted(keys), read, opened=any(shard.open for shard in shards))


def unfit(shards: Sequence[Shard]) -> list[Shard]:
    """What is to be made into one shard for the sake of those who search, if anything is."""
    closed = [shard for shard in shards if not shard.open]
    for shard in closed:
        if not shard.ordered:
            return [shard]
    small = [shard for shard in closed if shard.size - shard.gone < SHARD_DOCUMENTS_MAX // 4]
    return small[:4] if len(small) > SMALL_SHARDS_MAX else []


def _open_shard(connection: sqlite3.Connection) -> Shard:
    row = connection.execute(f"SELECT {_COLUMNS} FROM shards WHERE open").fetchone()
    if row is None:
        return _new_shard(connection, opened=True)
    id_, size, gone, oldest, newest, ordered, opened = row
    return Shard(id_, size, gone, oldest, newest, bool(ordered), bool(opened))


def _new_shard(connection: sqlite3.Connection, *, opened: bool) -> Shard:
    """An id is not given again: readers may remember what they know of the table by its name."""
    (id_,) = connection.execute(
        "INSERT INTO shards (size, gone, oldest, newest, ordered, open) VALUES (0, 0, 0, 0, 1, ?) RETURNING id",
        (int(opened),),
    ).fetchone()
    shard = Shard(id_, 0, 0, 0, 0, ordered=True, open=opened)
    connection.execute(
        f"CREATE VIRTUAL TABLE {shard.table} USING fts5 (words, content='', columnsize=0, tokenize='ascii')"
    )
    connection.execute(f"INSERT INTO {shard.table} ({shard.table}, rank) VALUES ('hashsize', {_HASH_BYTES})")
    return shard


def _written(connection: sqlite3.Connection, shard: Shard, documents: Sequence[Document]) -> Shard:
    """The shard with these messages, which are sorted."""
    insert(
        connection,
        f"INSERT INTO {shard.table} (rowid, words)",
        [(shard.size + place, one.words) for place, one in enumerate(documents)],
    )
    first, last = documents[0].key, documents[-1].key
    ordered = shard.ordered and (_last_key(connection, shard) or first) <= first
    insert(
        connection,
        "INSERT INTO documents (id, time, room, number)",
        [(shard.base + shard.size + place, *one.key) for place, one in enumerate(documents)],
    )
    written = Shard(
        shard.id,
        shard.size + len(documents),
        shard.gone,
        min(shard.oldest, first[0]) if shard.size else first[0],
        max(shard.newest, last[0]) if shard.size else last[0],
        ordered,
        shard.open,
    )
    connection.execute(
        "UPDATE shards SET size = ?, oldest = ?, newest = ?, ordered = ? WHERE id = ?",
        (written.size, written.oldest, written.newest, int(ordered), shard.id),
    )
    return written


def _last_key(connection: sqlite3.Connection, shard: Shard) -> Key | None:
    query = "SELECT time, room, number FROM documents WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 1"
    row: Key | None = connection.execute(query, (shard.base, shard.base + shard.size)).fetchone()
    return row
