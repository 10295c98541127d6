"""Many rows in one statement.

A statement for each row would give up the interpreter's lock and fight for it again with every row; `json_each` needs
one statement too and costs twice as much (measured: 256 rows of 100 bytes, 4.3 µs a row against 8.9). A statement of
128 rows is some 30 KiB once it is prepared, and preparing it takes as long as carrying it out. So a batch is cut into a
whole number of sixteens and what is left: two statements, of few sizes, which stay prepared.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain

from besedka.store.rows import Row

ROWS_MAX = 512
"""Rows in one statement: a turn, far below SQLite's 32,766 parameters."""

ROWS_STEP = 16
"""The most rows that are cut off a batch: some 20 µs of work, less than preparing a statement of a hundred rows."""


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[Row], conflict: str = "") -> None:
    """Carry out `into` (an INSERT up to its columns) for all the rows; `conflict` is its ON CONFLICT, if any."""
    for table, values in batches(rows):
        connection.execute(f"{into} {table} {conflict}", values)


def batches(rows: Sequence[Row]) -> Iterator[tuple[str, list[object]]]:
    """The rows as tables that a statement can take, each with the values it is to be executed with."""
    start = 0
    while start < len(rows):
        left = len(rows) - start
        count = min(left - left % ROWS_STEP, ROWS_MAX) or left
        some = rows[start : start + count]
        start += count
        yield _table(len(some[0]), count), [*chain.from_iterable(some)]


@cache
def _table(width: int, count: int) -> str:
    """A question mark for every value, which is all that a statement's text ever holds of one."""
    row = f"({', '.join('?' * width)})"
    return f"VALUES {', '.join([row] * count)}"
