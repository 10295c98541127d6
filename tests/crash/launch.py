"""The besedka command line with a weak spot: `launch.py WORDS…` is `besedka WORDS…`, changed as the environment says.

    BESEDKA_CRASH_AT=POINT:N        kill this process the Nth time it comes by a point of `POINTS`
    BESEDKA_SYNCHRONOUS=OFF         have SQLite sync as little as that says (NORMAL: not at every commit)
    BESEDKA_BUG=BUG                 have one of `BUGS`, which the tests must find
    BESEDKA_AS=65534                be this user from the start: root is held back by no permissions

The product has no hooks for this; the functions around each point are replaced before the command line runs.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from besedka import cli
from besedka.chat.retention import Floor
from besedka.hub.faults import StoreFault
from besedka.hub.keeping import Addition, Kept, Moved
from besedka.hub.telling import Told
from besedka.store import backups, logs, opening, replacing, restoring, snapshots
from besedka.store.logs import SqliteLogStore
from besedka.store.people import SqliteAccountStore
from besedka.store.threads import Writer


class When(Enum):
    """On which side of a function the process dies."""

    BEFORE = "before"
    AFTER = "after"


def die() -> NoReturn:
    """As a crash: nothing is flushed, closed or said."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


class Bomb:
    """Goes off the Nth time."""

    def __init__(self, times: int) -> None:
        self._left = times

    def pass_by(self) -> None:
        """Once more."""
        self._left -= 1
        if self._left == 0:
            die()


def _around_function(owner: Any, name: str, when: When, bomb: Bomb, *, is_async: bool) -> None:
    original = getattr(owner, name)

    async def passes_async(*arguments: Any, **named: Any) -> Any:
        if when is When.BEFORE:
            bomb.pass_by()
        result = await original(*arguments, **named)
        if when is When.AFTER:
            bomb.pass_by()
        return result

    def passes(*arguments: Any, **named: Any) -> Any:
        if when is When.BEFORE:
            bomb.pass_by()
        result = original(*arguments, **named)
        if when is When.AFTER:
            bomb.pass_by()
        return result

    setattr(owner, name, passes_async if is_async else passes)


def _around_commit(file: opening.DatabaseFile) -> Callable[[When, Bomb], None]:
    """The writer's COMMIT in one of the two files."""

    def put(when: When, bomb: Bomb) -> None:
        original = Writer._commit

        def commit(writer: Writer, connection: sqlite3.Connection) -> StoreFault | None:
            here = writer._path.name == file.name
            if here and when is When.BEFORE:
                bomb.pass_by()
            fault = original(writer, connection)
            if here and when is When.AFTER:
                bomb.pass_by()
            return fault

        Writer._commit = commit  # type: ignore[method-assign,assignment]

    return put


def _around_call(owner: Any, name: str, *, is_async: bool = True) -> Callable[[When, Bomb], None]:
    return lambda when, bomb: _around_function(owner, name, when, bomb, is_async=is_async)


POINTS: dict[str, tuple[When, Callable[[When, Bomb], None]]] = {
    # A turn: all is judged and written but not committed; committed but nobody told; receipts, but nobody else told.
    "before-messages-commit": (When.BEFORE, _around_commit(opening.MESSAGES)),
    "after-messages-commit": (When.AFTER, _around_commit(opening.MESSAGES)),
    "before-telling": (When.BEFORE, _around_call(Told, "tell", is_async=False)),
    # A registration: the account is in its file and has no inbox in the other.
    "before-accounts-commit": (When.BEFORE, _around_commit(opening.ACCOUNTS)),
    "after-accounts-commit": (When.AFTER, _around_commit(opening.ACCOUNTS)),
    "after-account": (When.AFTER, _around_call(SqliteAccountStore, "add_account")),
    "after-token": (When.AFTER, _around_call(SqliteAccountStore, "add_token")),
    # A removal, which has a step in each file.
    "before-step": (When.BEFORE, _around_call(SqliteLogStore, "add_step")),
    "after-step": (When.AFTER, _around_call(SqliteLogStore, "add_step")),
    "after-removal": (When.AFTER, _around_call(SqliteAccountStore, "remove_account")),
    "after-progress": (When.AFTER, _around_call(SqliteLogStore, "update_step")),
    "before-burial": (When.BEFORE, _around_call(SqliteLogStore, "forget")),
    "after-burial": (When.AFTER, _around_call(SqliteLogStore, "forget")),
    "after-erasing": (When.AFTER, _around_call(SqliteLogStore, "erase_inbox")),
    "before-step-finished": (When.BEFORE, _around_call(SqliteLogStore, "finish_step")),
    "after-step-finished": (When.AFTER, _around_call(SqliteLogStore, "finish_step")),
    # A floor: due, raised, about to be swept, swept.
    "before-floor": (When.BEFORE, _around_call(SqliteLogStore, "raise_floors")),
    "after-floor": (When.AFTER, _around_call(SqliteLogStore, "raise_floors")),
    "before-pruning": (When.BEFORE, _around_call(SqliteLogStore, "prune")),
    "after-pruning": (When.AFTER, _around_call(SqliteLogStore, "prune")),
    # A first start: one file made under its other name, synced, named; the second one not begun.
    "before-sync": (When.BEFORE, _around_call(opening, "sync", is_async=False)),
    "after-sync": (When.AFTER, _around_call(opening, "sync", is_async=False)),
    "after-opening": (When.AFTER, _around_call(opening, "_opened", is_async=False)),
    # A backup: one file copied, both copied, all written and without its name, named.
    "after-copy": (When.AFTER, _around_call(snapshots, "_copy", is_async=False)),
    "before-packing": (When.BEFORE, _around_call(backups, "pack", is_async=False)),
    "before-naming": (When.BEFORE, _around_call(backups, "_name", is_async=False)),
    "after-naming": (When.AFTER, _around_call(backups, "_name", is_async=False)),
    # A restore: laid out, verified, decided (the first rename), each file out of its place and into it.
    "before-verifying": (When.BEFORE, _around_call(restoring, "_verify", is_async=False)),
    "before-deciding": (When.BEFORE, _around_call(restoring, "replace", is_async=False)),
    "before-moving": (When.BEFORE, _around_call(replacing, "_put_in_place", is_async=False)),
    "before-rename": (When.BEFORE, _around_call(Path, "rename", is_async=False)),
    "after-moving": (When.AFTER, _around_call(replacing, "_put_in_place", is_async=False)),
}
"""Every place where a process may be killed by name. A first start syncs each new file and then its directory."""


def _tell_first() -> None:
    store: Any = SqliteLogStore
    append = store.append
    told: list[Addition] = []

    async def a_turn_late(this: SqliteLogStore, additions: Sequence[Addition]) -> Sequence[Kept | Moved]:
        late = told.copy()
        told[:] = additions
        await append(this, late)
        return [Kept()] * len(additions)

    store.append = a_turn_late


def _forget_ids() -> None:
    store: Any = SqliteLogStore

    async def unknown(_this: SqliteLogStore, _sender: Any, _request: Any, _room: Any) -> None:
        return None

    store.kept_request = unknown


def _keep_backwards() -> None:
    module: Any = logs
    appending = module.append

    def backwards(connection: sqlite3.Connection, additions: Sequence[Addition]) -> list[Kept | Moved]:
        answers: list[Kept | Moved] = appending(connection, additions)
        for addition in additions:
            first, last = addition.before.head + 1, addition.after.head
            swap = "UPDATE entries SET body = (SELECT body FROM entries WHERE room = ?1 AND number = ?3)"
            if last - first > 1:
                connection.execute(f"{swap} WHERE room = ?1 AND number = ?2", (addition.after.id, first, last))
        return answers

    module.append = backwards


def _floor_in_memory() -> None:
    store: Any = SqliteLogStore

    async def nowhere(_this: SqliteLogStore, _floors: Any) -> None:
        return None

    store.raise_floors = nowhere


def _sweep_below(connection: sqlite3.Connection, floors: Sequence[Floor], *, more: int) -> None:
    rows = [(floor.room, floor.number + more) for floor in floors]
    connection.executemany("DELETE FROM entries WHERE room = ? AND number < ?", rows)


def _forget_first() -> None:
    store: Any = SqliteLogStore
    raising = store.raise_floors

    async def the_other_way_round(this: SqliteLogStore, floors: Sequence[Floor]) -> None:
        await this._writer.call(lambda connection: _sweep_below(connection, floors, more=0))
        await raising(this, floors)

    store.raise_floors = the_other_way_round


def _forget_one_more() -> None:
    store: Any = SqliteLogStore
    raising = store.raise_floors

    async def one_too_many(this: SqliteLogStore, floors: Sequence[Floor]) -> None:
        await raising(this, floors)
        await this._writer.call(lambda connection: _sweep_below(connection, floors, more=1))

    store.raise_floors = one_too_many


BUGS: dict[str, Callable[[], None]] = {
    "tell-first": _tell_first,
    "forget-ids": _forget_ids,
    "keep-backwards": _keep_backwards,
    "floor-in-memory": _floor_in_memory,
    "forget-first": _forget_first,
    "forget-one-more": _forget_one_more,
}
"""What a server could do wrong, each a broken promise: told and not kept, kept twice, kept otherwise than told; a floor
forgotten by the next start, one that rises after what lies before it is gone, one that takes an entry too many."""


def _weaken() -> None:
    at = os.environ.get("BESEDKA_CRASH_AT")
    if at is not None:
        point, _, times = at.partition(":")
        when, put = POINTS[point]
        put(when, Bomb(int(times)))
    synchronous = os.environ.get("BESEDKA_SYNCHRONOUS")
    if synchronous is not None:
        _sync_less(synchronous)
    bug = os.environ.get("BESEDKA_BUG")
    if bug is not None:
        BUGS[bug]()
    user = os.environ.get("BESEDKA_AS")
    if user is not None:
        import besedka.serve.server  # noqa: F401 (that user may not be able to read the program)

        os.setresuid(int(user), int(user), int(user))


def _sync_less(how: str) -> None:
    assert how in ("OFF", "NORMAL")
    connect = opening._connect

    def weaker(path: Path, *, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode=mode)
        connection.execute(f"PRAGMA synchronous = {how}")
        return connection

    opening._connect = weaker


if __name__ == "__main__":
    _weaken()
    cli.main()
