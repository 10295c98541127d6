"""Marks in all that people write, by which it is found wherever it turns up: in entries, lists, lines and bytes."""

from __future__ import annotations

import re

_TOKEN = re.compile(rb"[a-z]+[0-9.]*~[0-9]+")


def token(label: str, number: int) -> str:
    """The mark of somebody's next words; `label` is small letters, digits and points."""
    made = f"{label}~{number}"
    assert _TOKEN.fullmatch(made.encode()), "a mark that would not be found"
    return made


def tokens_in(data: bytes) -> list[str]:
    """Every mark in some bytes, in order; the same may come several times."""
    return [found.decode() for found in _TOKEN.findall(data)]
