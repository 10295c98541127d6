"""The tables of docs/OPERATING.md, made from the code. `python tests/operating.py` writes them into the page."""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Sequence
from pathlib import Path

import msgspec

import besedka.limits
from besedka.admin.commands import COMMANDS
from besedka.config_keys import KEYS
from besedka.limits import Limits

PAGE = Path(__file__).parent.parent / "docs" / "OPERATING.md"


def commands() -> str:
    """The console's commands."""
    rows = [(f"`{command.usage}`", command.meaning) for command in COMMANDS.values()]
    return table(("command", "what it does"), rows)


def keys() -> str:
    """The configuration's keys, without the limits."""
    rows = [(f"`{name}`", f"`{key.default}`", key.meaning) for name, key in KEYS.items()]
    return table(("key", "default", "what it decides"), rows)


def limits() -> str:
    """The limits, with the reasons that stand beneath them in the code."""
    defaults = msgspec.structs.asdict(Limits())
    reasons = limit_reasons()
    rows = [(f"`{name}`", f"`{str(value).lower()}`", reasons[name]) for name, value in defaults.items()]
    return table(("limit", "default", "why"), rows)


def limit_reasons() -> dict[str, str]:
    """The docstring beneath each field of `Limits`."""
    tree = ast.parse(inspect.getsource(besedka.limits))
    (body,) = [node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Limits"]
    return {
        field.target.id: inspect.cleandoc(words.value.value).replace("\n", " ")
        for field, words in itertools.pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(words, ast.Expr)
        and isinstance(words.value, ast.Constant)
        and isinstance(words.value.value, str)
    }


def table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


TABLES = {"commands": commands, "keys": keys, "limits": limits}


def filled(page: str) -> str:
    """The page with every table made anew."""
    for name, make in TABLES.items():
        begin, end = f"<!-- {name}: made by tests/operating.py -->", f"<!-- end of {name} -->"
        assert page.count(begin) == page.count(end) == 1, f"the page has one place for the table of {name}"
        before, _, rest = page.partition(begin)
        _old, _, after = rest.partition(end)
        page = f"{before}{begin}\n{make()}\n{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text()))
