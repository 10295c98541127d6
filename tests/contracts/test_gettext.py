"""What a person reads goes through gettext: each sentence that is shown or raised stands in `_` or `plural`.

The check sees literals where they are handed over. A sentence that travels in a variable first is not seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "besedka"

PLACES = ("cli.py", "config.py", "admin", "client", "net", "serve", "store")
"""All that shows or raises sentences, but for `bench`, which is for whoever works on this program."""

SHOWING = frozenset({"echo", "print", "prompt", "line", "warn", "done", "refuse", "fault", "Said"})
"""Functions and methods that take a sentence."""

CARRYING = (
    "Fault",
    "Failure",
    "UsageError",
    "_Wrong",
    "BadLine",
    "Foreign",
    "Newer",
    "Damaged",
    "Missing",
    "NotWritable",
)
"""How the names end of what carries one to somebody who shows it."""

TRANSLATING = frozenset({"_", "plural"})

LOGS = frozenset({"log", "_log", "journal", "_journal"})
"""Their events are names for programs, the same in every language."""

WORDS_MIN = 3
"""Of a sentence. What has fewer is an event, a name or a mark."""


def _sources() -> list[Path]:
    return [
        path
        for place in PLACES
        for path in ([SOURCE / place] if place.endswith(".py") else sorted((SOURCE / place).rglob("*.py")))
        if "migrations" not in path.parts
    ]


def _name(call: ast.Call) -> str:
    """What is called, without what it belongs to; an event's logging has no name here."""
    function = call.func
    if isinstance(function, ast.Attribute):
        owner = ast.unparse(function.value).rpartition(".")[2]
        return "" if owner in LOGS else function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _bare_literals(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The literals in an expression that nobody translates, each with its line; of an f-string, what is fixed."""
    if isinstance(node, ast.Call) and _name(node) in TRANSLATING:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.lineno, node.value
    elif isinstance(node, ast.JoinedStr):
        fixed = [part.value for part in node.values if isinstance(part, ast.Constant)]
        yield node.lineno, " ".join(map(str, fixed))
    else:
        for child in ast.iter_child_nodes(node):
            yield from _bare_literals(child)


def _untranslated(source: str) -> list[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and (_name(call) in SHOWING or _name(call).endswith(CARRYING)):
            for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
                found.update(
                    (line, text)
                    for line, text in _bare_literals(argument)
                    if len(re.findall(r"[^\W\d_]+", text)) >= WORDS_MIN
                )
    return sorted(found)


@pytest.mark.parametrize("path", _sources(), ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_sentence_shown_or_raised_is_translated(path: Path) -> None:
    assert _untranslated(path.read_text()) == []


@pytest.mark.parametrize(
    "statement",
    [
        'click.echo("nobody is here")',
        'print(f"{name} is not here")',
        'answer.refuse("{name} is not here".format(name=name))',
        'answer.done(_("fine") if good else "it did not work")',
        'raise TLSFault(f"{path} cannot be read") from None',
        'raise StartFault(["it does not start"])',
    ],
)
def test_a_bare_sentence_is_found(statement: str) -> None:
    assert len(_untranslated(statement)) == 1


@pytest.mark.parametrize(
    "statement",
    [
        'answer.refuse(_("{name} is not here").format(name=name))',
        'answer.done(plural("{count} day is left", "{count} days are left", days))',
        'self._journal.fault("handing a connection on failed", error)',
        'print(f"listening on {address}")',
    ],
)
def test_a_translated_sentence_and_an_event_are_left_alone(statement: str) -> None:
    assert _untranslated(statement) == []
