"""Whether a database is what it should be, in every page and in what its rows say of each other."""

from __future__ import annotations

import sqlite3

from besedka.store.opening import ACCOUNTS, MESSAGES, DatabaseFile
from besedka.words import _

_OWN_CHECKS = {
    MESSAGES.name: (
        ("SELECT count(*) <> 1 FROM meta", _("its epoch is gone")),
        (
            "SELECT count(*) FROM rooms WHERE EXISTS"
            " (SELECT 1 FROM entries WHERE entries.room = rooms.id AND number > head)",
            _("a room has entries past its head"),
        ),
        (
            "SELECT count(*) FROM rooms WHERE head >= floor AND head > 0 AND NOT EXISTS"
            " (SELECT 1 FROM entries WHERE entries.room = rooms.id AND number = head)",
            _("a room's last entry is gone"),
        ),
        (
            # From room to room by the index: `DISTINCT` would read every entry.
            "WITH RECURSIVE there (room) AS (SELECT min(room) FROM entries UNION ALL"
            " SELECT (SELECT min(room) FROM entries WHERE room > there.room) FROM there WHERE room IS NOT NULL)"
            " SELECT count(*) FROM there WHERE room IS NOT NULL AND room NOT IN (SELECT id FROM rooms)",
            _("entries belong to no room"),
        ),
        (
            "SELECT (SELECT count(*) FROM entries) <> coalesce(sum("
            "1 + (SELECT max(number) FROM entries WHERE room = id) - (SELECT min(number) FROM entries WHERE room = id)"
            "), 0) FROM rooms",
            _("entries in the middle of a room are gone"),
        ),
    ),
    ACCOUNTS.name: (
        (
            "SELECT count(*) FROM accounts, sqlite_sequence AS given WHERE given.name = 'accounts' AND id > seq",
            _("an account's id was never given out"),
        ),
    ),
}
"""What must count nothing, in a file whose tables are as this program writes them."""


def flaws(connection: sqlite3.Connection, file: DatabaseFile) -> list[str]:
    """What is wrong with a file, in a few words each; some two seconds for a million messages.

    Raises SQLite's errors, which are flaws as well.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != file.application_id:
        return [_("it is not one of besedka's")]
    found = [str(line) for (line,) in connection.execute("PRAGMA integrity_check(5)") if line != "ok"]
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not found and version == file.version:
        found = [flaw for query, flaw in _OWN_CHECKS[file.name] if connection.execute(query).fetchone()[0]]
    return found
