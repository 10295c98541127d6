"""The house rules, each ban with its replacement (STYLE.md 1, 15, 16, 33, 39, 51, 52)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "besedka"
TESTS = ROOT / "tests"

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 50

NAMELESS = {"utils", "util", "common", "base", "helpers", "helper", "manager", "managers", "misc", "core_utils"}

TWO_NOUNS = frozenset(
    {
        "admin/__init__.py",
        "chat/names.py",
        "client/terminal.py",
        "hub/settings.py",
        "store/__init__.py",
        "store/digests.py",
        "store/migrations/messages/version_1.py",
        "store/opening.py",
        "store/rows.py",
    }
)
"""Modules whose one idea is about two nouns alike."""

EDGES = frozenset(
    {
        "admin/commands.py",
        "admin/control.py",
        "cli.py",
        "hub/beside.py",
        "hub/hub.py",
        "hub/intake.py",
        "net/accepting.py",
        "net/arrival.py",
        "net/connection.py",
        "net/page.py",
        "store/threads.py",
    }
)
"""Where a fault of ours meets a connection, a command, a turn or a thread's owner, which must outlive it."""

TELLERS = ("cli.py", "serve/", "client/", "admin/", "bench/")
"""Who may write to a terminal."""

SLEEPERS = frozenset(
    {
        "crash/lives.py",
        "receiving.py",
        "unit/test_net_accepting.py",
        "unit/test_net_arrival.py",
        "unit/test_net_arrival_proxied.py",
        "unit/test_net_arrival_tls.py",
        "unit/test_net_connection.py",
        "unit/test_net_lingering.py",
        "unit/test_net_listener.py",
        "unit/test_net_page.py",
        "unit/test_net_patience.py",
        "waiting.py",
    }
)
"""Tests of real timers and real sockets, which let some time pass on purpose, and the one place that waits."""

ELSEWHERE = re.compile(
    "|".join(
        re.escape(".".join(parts))
        for parts in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("crates", "io"),
            ("rubygems", "org"),
            ("proxy", "golang", "org"),
        ]
    )
    + "|"
    + re.escape("/".join(["", "work", ""]))
    + "|"
    + re.escape("/".join(["", "root", ""]))
)
"""Hosts of package registries, and places of the machine this was written on. In pieces, so as not to find itself."""


def files(*roots: Path, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    return [
        path
        for root in roots
        for path in ([root] if root.is_file() else sorted(root.rglob("*")))
        if path.suffix in suffixes or path == root
    ]


# Read when a rule asks for them, and then once: every run collects this file, few of them its rules.


@cache
def sources() -> dict[str, str]:
    return {path.relative_to(SOURCE).as_posix(): path.read_text() for path in files(SOURCE)}


@cache
def trees() -> dict[str, ast.Module]:
    return {name: ast.parse(text) for name, text in sources().items()}


@cache
def trees_of_tests() -> dict[str, ast.Module]:
    return {path.relative_to(TESTS).as_posix(): ast.parse(path.read_text()) for path in files(TESTS)}


@cache
def everything() -> dict[str, str]:
    roots = ("src", "tests", "docs", "README.md", "Makefile", "pyproject.toml", "constraints.txt")
    suffixes = (".py", ".md", ".toml", ".json", ".talk", ".c", ".txt", ".mako")
    found = files(*(ROOT / name for name in roots), suffixes=suffixes)
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in found if path.exists()}


Rule = Callable[[], Iterator[str]]
RULES: dict[str, Rule] = {}


def ban(replacement: str) -> Callable[[Rule], Rule]:
    """Register a rule that yields each offender; the message of its failure says what to do instead."""

    def register(rule: Rule) -> Rule:
        RULES[replacement] = rule
        return rule

    return register


def handlers(tree: ast.Module, caught: set[str]) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            kinds = [node.type] if not isinstance(node.type, ast.Tuple) else node.type.elts
            if {getattr(kind, "id", "") for kind in kinds} & caught:
                yield node


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines without what is explained in docstrings, its own and those beneath attributes."""
    assert function.end_lineno is not None
    explained = sum(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(function)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )
    return function.end_lineno - function.lineno + 1 - explained


@ban("say what the module is in one sentence on the first line of its docstring, ending in a full stop")
def _() -> Iterator[str]:
    for name, tree in trees().items():
        first = (ast.get_docstring(tree) or "").split("\n\n")[0]
        if not re.fullmatch(r"[A-Z`].*[.]", first):
            yield f"{name}: {first!r}"


@ban("a module with two ideas becomes two modules; where it is one idea about two nouns, say so in TWO_NOUNS")
def _() -> Iterator[str]:
    for name, tree in trees().items():
        subject = re.split("[:,;]", (ast.get_docstring(tree) or "").split("\n")[0])[0]
        if (" and " in subject) != (name in TWO_NOUNS):
            yield f"{name}: {subject!r}"


@ban(f"split a file of more than {FILE_LINES_MAX} lines by its ideas")
def _() -> Iterator[str]:
    for name, text in sources().items():
        if (count := len(text.splitlines())) > FILE_LINES_MAX:
            yield f"{name}: {count}"


@ban(f"split a function of more than {FUNCTION_LINES_MAX} lines; a long match is a table in disguise")
def _() -> Iterator[str]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and code_lines(node) > FUNCTION_LINES_MAX:
                yield f"{name}:{node.lineno} {node.name}: {code_lines(node)}"


@ban("do it now, or open an issue: nothing unfinished is marked in the code")
def _() -> Iterator[str]:
    marks = re.compile(r"\b(" + "|".join(["FIX" + "ME", "TO" + "DO", "X" + "XX", "HA" + "CK"]) + r")\b")
    for name, text in everything().items():
        for line, content in enumerate(text.splitlines(), 1):
            if marks.search(content) and not name.endswith("contracts/test_house_rules.py"):
                yield f"{name}:{line}"


@ban("name a module by its idea: a thing without a name lacks one")
def _() -> Iterator[str]:
    for path in files(SOURCE, TESTS):
        if {path.stem, path.parent.name} & NAMELESS:
            yield path.relative_to(ROOT).as_posix()


@ban("return it, or note it in the journal: only the edges write to a terminal")
def _() -> Iterator[str]:
    for name, tree in trees().items():
        for node in () if name.startswith(TELLERS) else ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                yield f"{name}:{node.lineno}"


@ban("catch what can happen, by its name; `except Exception` is for the edges in EDGES, which log it and go on")
def _() -> Iterator[str]:
    catchers = {name for name, tree in trees().items() if any(handlers(tree, {"Exception"}))}
    yield from (f"{name} is no edge" for name in sorted(catchers - EDGES))
    yield from (f"{name} is an edge without need" for name in sorted(EDGES - catchers))


@ban("raise again what is caught as `BaseException`, or use `finally`; a bare `except` is never needed")
def _() -> Iterator[str]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                yield f"{name}:{node.lineno} bare"
        for handler in handlers(tree, {"BaseException"}):
            if not isinstance(handler.body[-1], ast.Raise):
                yield f"{name}:{handler.lineno}"


@ban("write `raise AssertionError(why)`: an assert of a constant says nothing")
def _() -> Iterator[str]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant):
                yield f"{name}:{node.lineno}"


@ban("name no package registry and no place of one machine: people install from where they like")
def _() -> Iterator[str]:
    for name, text in everything().items():
        for line, content in enumerate(text.splitlines(), 1):
            if ELSEWHERE.search(content):
                yield f"{name}:{line}"


@ban("wait for what is waited for (tests/waiting.py): a test that sleeps is slow, or wrong on a busy machine")
def _() -> Iterator[str]:
    for name, tree in trees_of_tests().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sleep":
                gives_way = isinstance(node.args[0], ast.Constant) and node.args[0].value == 0
                if not gives_way and name not in SLEEPERS:
                    yield f"{name}:{node.lineno}"


@ban("give every test a name of its own: of two alike in one file only the last one runs")
def _() -> Iterator[str]:
    for path, tree in trees_of_tests().items():
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        yield from (
            f"{path}: {name}" for name in sorted(set(names)) if names.count(name) > 1 and name.startswith("test")
        )


@pytest.mark.parametrize("replacement", RULES)
def test_house_rule(replacement: str) -> None:
    offenders = list(RULES[replacement]())
    assert not offenders, f"{replacement}:\n  " + "\n  ".join(offenders)
