"""The glossary: every name of the code in it exists, and no word stands there twice."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from besedka.limits import Limits

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "GLOSSARY.md").read_text()
ROWS = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \| (.+) \|$", TEXT, re.MULTILINE)
NAMES = sorted(set(re.findall(r"`(besedka\.[A-Za-z_.]+)`", TEXT)))


def find(name: str) -> object:
    """The module, class, function, attribute or field of this dotted name."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise  # Something that it imports is missing.
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise AttributeError(name)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_in_the_code(name: str) -> None:
    assert find(name) is not None


@pytest.mark.parametrize("name", ["besedka.nothing", "besedka.chat.rooms.nothing", "besedka.chat.rooms.Room.nothing"])
def test_what_is_not_there_is_missed(name: str) -> None:
    with pytest.raises(AttributeError):
        find(name)


def test_modules_and_fields_are_found() -> None:
    assert isinstance(find("besedka.chat.rooms"), ModuleType)
    assert "grace_seconds" in {field.name for field in msgspec.structs.fields(Limits)}
    assert find("besedka.limits.Limits.grace_seconds") is not None


def test_every_word_stands_there_once_and_says_where_it_lives() -> None:
    assert len(ROWS) == TEXT.count("\n| **")
    words = [word for word, _, _ in ROWS]
    assert sorted(set(words)) == sorted(words)
    for word, meaning, where in ROWS:
        assert meaning.endswith((".", "…")), word
        assert "`besedka." in where, word
