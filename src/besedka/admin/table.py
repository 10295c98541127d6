"""Columns of text for a terminal, harmless whatever is in them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from besedka.chat.text import harmless_line

GAP = "  "

CELL_CHARACTERS_MAX = 300
"""A reason or a topic fits; a longer cell (everybody that one act was about) would widen every row."""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The rows under their header, each column as wide as its widest cell. An empty cell is shown as `-`."""
    cells = [list(header), *([_cell(text) for text in row] for row in rows)]
    widths = [max(_columns(row[column]) for row in cells) for column in range(len(header))]
    return [GAP.join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def moment(milliseconds: int) -> str:
    """A time in UTC, to the minute; one that no calendar has, as in a damaged file, as the number that it is."""
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return f"{milliseconds} ms"


def _cell(text: str) -> str:
    shown = harmless_line(text) or "-"
    return shown if len(shown) <= CELL_CHARACTERS_MAX else shown[: CELL_CHARACTERS_MAX - 1] + "…"


def _columns(text: str) -> int:
    """How many columns a terminal gives to `text` (Unicode Standard Annex 11; combining marks take none)."""
    return sum(
        2 if unicodedata.east_asian_width(character) in "WF" else 0 if unicodedata.combining(character) else 1
        for character in text
    )


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _columns(cell))
