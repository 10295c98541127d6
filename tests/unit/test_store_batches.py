"""Batches of rows as SQL: whatever their number, they are all there, and there are few statements to prepare."""

from __future__ import annotations

import sqlite3

import pytest

from besedka.store.batches import ROWS_MAX, ROWS_STEP, batches
from besedka.store.rows import Row


def rows(count: int) -> list[Row]:
    return [(number, f"text {number}") for number in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 15, 16, 17, 31, 32, ROWS_MAX - 1, ROWS_MAX, ROWS_MAX + 1, 3 * ROWS_MAX - 1])
def test_every_row_is_there_once_and_in_order(count: int) -> None:
    connection = sqlite3.connect(":memory:")
    try:
        found = [row for table, values in batches(rows(count)) for row in connection.execute(table, values)]
    finally:
        connection.close()
    assert found == rows(count)


def test_a_batch_is_one_statement_or_two_of_few_sizes() -> None:
    sizes = [[table for table, _ in batches(rows(count))] for count in range(1, ROWS_MAX + 1)]
    assert max(map(len, sizes)) == 2
    assert len({table for batch in sizes for table in batch}) == ROWS_MAX // ROWS_STEP + ROWS_STEP - 1
