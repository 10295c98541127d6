"""On which line of a TOML text each key is.

tomllib keeps no positions, so the text is cut into statements, each of which tomllib then reads on its own.
"""

from __future__ import annotations

import re
import tomllib
from typing import NewType

Key = NewType("Key", str)
"""A key with the tables it is in: `accounts.registration`."""

_TOKEN = re.compile(
    r'"""(?:[^\\]|\\.)*?"""+|' + r"'''.*?'''+|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'|"
    r"#[^\n]*|[\[{]|[\]}]|\n|[^\"'#\[\]{}\n]+",
    re.DOTALL,
)


def _statements(text: str) -> list[tuple[int, str]]:
    """The statements of a valid TOML text, each with the line it begins on. A value may span lines."""
    statements: list[tuple[int, str]] = []
    parts: list[str] = []
    line = begun = 1
    depth = 0
    for token in _TOKEN.findall(text.replace("\r\n", "\n") + "\n"):
        if not parts:
            begun = line
        if token == "\n" and depth == 0:
            statements.append((begun, "".join(parts)))
            parts = []
        elif not token.startswith("#"):
            parts.append(token)
            depth += (token in "[{") - (token in "]}")
        line += token.count("\n")
    return statements


def key_lines(text: str) -> dict[Key, int]:
    """Where each table and each key of a valid TOML text is first named, from line 1."""
    lines: dict[Key, int] = {}
    table: tuple[str, ...] = ()
    for line, statement in _statements(text):
        tree = tomllib.loads(statement)
        is_header = statement.lstrip().startswith("[")
        for path in _paths(tree, () if is_header else table):
            lines.setdefault(Key(".".join(path)), line)
            if is_header:
                table = path
    return lines


def _paths(tree: object, prefix: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Every path in a tree, each after those it begins with."""
    if isinstance(tree, list):
        return [path for item in tree for path in _paths(item, prefix)]
    if not isinstance(tree, dict):
        return []
    paths = []
    for key, value in tree.items():
        paths += [(*prefix, key), *_paths(value, (*prefix, key))]
    return paths
