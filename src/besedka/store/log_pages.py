"""Reading many entries of the log in one step.

The driver gives up the interpreter's lock for each row that it takes, and beside a busy loop waits up to 5 ms to have
it again. So whoever reads hundreds of entries has SQLite write them into one row, as JSON, which is decoded at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from besedka.chat.entries import Body, Entry, RoomId
from besedka.chat.principals import AccountName, PrincipalId
from besedka.hub.faults import StoreFault
from besedka.store.faults import FILE_ERRORS, sentence
from besedka.store.rows import entry_of

Stretch = tuple[RoomId, int, int]
"""Entries of a room: after the first number, up to the second."""

Place = tuple[RoomId, int]
"""One entry, by room and number."""

_Row = tuple[RoomId, int, int, PrincipalId, AccountName, Body]

_decode = msgspec.json.Decoder(list[_Row]).decode
_encode = msgspec.json.Encoder().encode

_LINE = "'[' || room || ',' || number || ',' || time || ',' || author || ',' || json_quote(name) || ',' || body || ']'"
_ONE_ROW = f"'[' || coalesce(group_concat({_LINE}), '') || ']'"
_ROWS = "room, number, time, author, name, CAST(body AS BLOB)"
_WITHIN = (
    "SELECT {} FROM json_each(?) AS one CROSS JOIN entries ON room = json_extract(one.value, '$[0]')"
    " AND number > json_extract(one.value, '$[1]') AND number <= json_extract(one.value, '$[2]')"
)
_AT = (
    "SELECT {} FROM json_each(?) AS one CROSS JOIN entries ON room = json_extract(one.value, '$[0]')"
    " AND number = json_extract(one.value, '$[1]') AND number >= (SELECT floor FROM rooms WHERE rooms.id = room)"
)
_HEADS = (
    "SELECT json_group_array(json_array(rooms.id, head, floor)) FROM json_each(?) AS one"
    " CROSS JOIN rooms ON rooms.id = one.value"
)
_ALL_HEADS = "SELECT json_group_array(json_array(id, head, floor)) FROM rooms"
_decode_heads = msgspec.json.Decoder(list[tuple[RoomId, int, int]]).decode

_KEYS = (
    "SELECT json_group_array(json_array(time, room, number)) FROM entries WHERE room = ? AND number > ?"
    ' AND number <= ? AND substr(body, 1, 17) = \'{"kind":"message"\''
)
_MENDED = (
    "SELECT json_group_array(json_array(room, json_extract(body, '$.number'))) FROM entries WHERE room = ?"
    " AND number > ? AND number <= ?"
    ' AND (substr(body, 1, 14) = \'{"kind":"edit"\' OR substr(body, 1, 19) = \'{"kind":"redaction"\')'
    " AND CASE WHEN json_valid(body) THEN json_type(body, '$.number') END = 'integer'"
)
"""An entry's kind is what `rows.encode_body` begins with. One that is damaged has mended nothing."""
_decode_places = msgspec.json.Decoder(list[Place]).decode


class LogPages:
    """A connection that reads the log, a page at a time. Whatever befalls the file is raised as `StoreFault`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def within(self, stretches: Sequence[Stretch]) -> list[tuple[RoomId, Entry]]:
        """The entries of these stretches; how many there are is the caller's to bound."""
        return self._entries(_WITHIN, _encode(stretches).decode())

    def at(self, places: Sequence[Place]) -> list[tuple[RoomId, Entry]]:
        """The entries at these places, but for those below their rooms' floors."""
        return self._entries(_AT, _encode(places).decode())

    def heads(self, rooms: Iterable[RoomId] | None = None) -> list[tuple[RoomId, int, int]]:
        """Head and floor of these rooms, or of all there are."""
        text = self._text(_ALL_HEADS) if rooms is None else self._text(_HEADS, _encode(list(rooms)).decode())
        return _decode_heads(text)

    def message_keys(self, stretch: Stretch) -> str:
        """Time, room and number of the messages in a stretch, as JSON."""
        return self._text(_KEYS, *stretch).decode()

    def mended(self, stretch: Stretch) -> list[Place]:
        """The messages that entries in a stretch have edited or redacted."""
        return _decode_places(self._text(_MENDED, *stretch))

    def _text(self, query: str, *values: object) -> bytes:
        try:
            (text,) = self._connection.execute(f"SELECT CAST(({query}) AS BLOB)", values).fetchone()
        except FILE_ERRORS as error:
            raise StoreFault(sentence(self._path, error)) from None
        assert isinstance(text, bytes), "an aggregate has a row always"
        return text

    def _entries(self, query: str, where: str) -> list[tuple[RoomId, Entry]]:
        text = self._text(query.format(_ONE_ROW), where)
        try:
            return [(room, Entry(*rest)) for room, rest in ((row[0], row[1:]) for row in _decode(text))]
        except msgspec.DecodeError:
            return self._understood(query.format(_ROWS), where)

    def _understood(self, query: str, where: str) -> list[tuple[RoomId, Entry]]:
        """Those of some entries that can be: the history says of the others that they are damaged."""
        entries: list[tuple[RoomId, Entry]] = []
        try:
            for room, *row in self._connection.execute(query, (where,)):
                with suppress(msgspec.DecodeError):
                    entries.append((room, entry_of(tuple(row))))
        except FILE_ERRORS as error:
            raise StoreFault(sentence(self._path, error)) from None
        return entries
