"""A data directory as the code of version 1 has left it (`stores/README.md`)."""

from __future__ import annotations

import sqlite3
from pathlib import Path

DUMP = Path(__file__).parent / "stores" / "version_1.sql"
FILES = ("messages.db", "accounts.db")


def make_version_1(directory: Path) -> None:
    """Both files, as they were."""
    directory.mkdir(mode=0o700)
    for name, script in scripts().items():
        connection = sqlite3.connect(directory / name)
        connection.executescript(script)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()


def scripts() -> dict[str, str]:
    """What makes each file."""
    _, messages, accounts = DUMP.read_text().split("-- ", 3)[:3]
    return {script.split("\n", 1)[0]: script.split("\n", 1)[1] for script in (messages, accounts)}


def dumped(path: Path) -> list[str]:
    """All that is in a file, with its version."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [f"version {connection.execute('PRAGMA user_version').fetchone()[0]}", *connection.iterdump()]
    finally:
        connection.close()
