"""What only SQLite could do wrong: slow plans, and secrets in its complaints. What it keeps is in `tests/contracts`."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import traceback
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from additions import ANN, BOB, NOW, addition, direct, inbox, joined, opening, rewriting
from besedka.chat.entries import MarkerMoved, Message, Reacted, Redacted, Renamed, RequestId, RoomId, RoomName
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.hub.faults import StoreFault
from besedka.limits import Limits
from besedka.store import logs as logs_module
from besedka.store.logs import SqliteLogStore
from besedka.store.people import SqliteAccountStore
from besedka.store.stores import Stores, open_stores
from running import OnLoop

SECRET = "sEcReT-sEcReT"


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def stores(tmp_path: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    monkeypatch.setattr(logs_module, "READERS", 1)  # So that what is told to the reader is told to all.
    made = open_stores(tmp_path, limits=Limits())
    yield made
    run(made.close())


# Plans -----------------------------------------------------------------------------------------------------------


def log_calls(stores: Stores) -> dict[str, Callable[[], Coroutine[Any, Any, object]]]:
    """Each call on a log whose cost must not grow with the log."""
    logs = stores.logs
    made = opening(1, "one", joined(ANN, BOB), Message("1"), requests=[RequestId("1")])
    more = addition(made.after, joined(BOB), Message("2", mentions=(BOB.principal,)))
    react = addition(more.after, Reacted(3, "+1"), Renamed(RoomName("uno"), RoomName("one")), Redacted(3, ANN))
    read = addition(inbox(3, ANN).after, MarkerMoved("1", 2, 1, 0))
    ann, room = ANN.principal, RoomId(1)
    return {
        "append to new rooms": lambda: logs.append([made, direct(2, ANN, BOB), inbox(3, ANN)]),
        "append to old rooms": lambda: logs.append([more]),
        "append what is kept beside": lambda: logs.append([rewriting(made, react), read]),
        "append what is taken back": lambda: logs.append([addition(react.after, Reacted(3, "+1", withdrawn=True))]),
        "room": lambda: logs.room(room),
        "room_named": lambda: logs.room_named(fold("one")),
        "direct_room": lambda: logs.direct_room(ann, BOB.principal),
        "inbox": lambda: logs.inbox(ann),
        "page": lambda: logs.page(room, after=0, upto=9, limit=9, bytes_max=99),
        "page_before": lambda: logs.page_before(room, before=9, first=1, limit=9, bytes_max=99),
        "newest_request": lambda: logs.newest_request(ann),
        "kept_request": lambda: logs.kept_request(ann, RequestId("1"), None),
        "kept_request in a room": lambda: logs.kept_request(ann, RequestId("1"), room),
        "briefs": lambda: logs.briefs(ann),
        "public_rooms": lambda: logs.public_rooms(limit=9),
        "member_counts": lambda: logs.member_counts([room]),
        "passing_rooms": lambda: logs.passing_rooms(),
        "rooms_seen": lambda: logs.rooms_seen(limit=9),
        "entry": lambda: logs.entry(room, 2),
        "reactions": lambda: logs.reactions(room, 3, ann, "+1"),
        "reaction_counts": lambda: logs.reaction_counts(room, first=1, last=9, upto=9, principal=ann, limit=9),
        "said_by": lambda: logs.said_by(room, 3),
        "number_at": lambda: logs.number_at(room, NOW),
        "unread": lambda: logs.unread(ann),
        "rooms_with_marks_due": lambda: logs.rooms_with_marks_due(now=NOW, limit=9),
        "audit": lambda: logs.audit(limit=9),
    }


def account_calls(stores: Stores) -> dict[str, Callable[[], Coroutine[Any, Any, object]]]:
    """Each call on the accounts that a login makes."""
    accounts, ann = stores.accounts, ANN.principal
    return {
        "add_account": lambda: accounts.add_account(
            name=ANN.name, password_hash="h", role=AccountRole.USER, address="a", now=1, invitation=None
        ),
        "credentials": lambda: accounts.credentials(fold("ann")),
        "account": lambda: accounts.account(ann),
        "account_named": lambda: accounts.account_named(fold("ann")),
        "invitation": lambda: accounts.invitation("code", now=1),
        "rehash": lambda: accounts.rehash(ann, old="h", new="i"),
        "known_address": lambda: accounts.known_address(ann, "a"),
        "add_token": lambda: accounts.add_token(ann, token="t", client="c", address="a", now=1, expires=9, at_most=1),
        "tokens": lambda: accounts.tokens(ann, now=1),
        "drop_tokens": lambda: accounts.drop_tokens(ann, handle="h"),
        "change_password": lambda: accounts.change_password(ann, old="i", new="k", but="h"),
        "redeem_token": lambda: accounts.redeem_token("t", now=1, expires=9),
        "drop_token": lambda: accounts.drop_token("t"),
        "banned": lambda: accounts.banned(ann, "2001:db8::1", now=1),
        "set_password": lambda: accounts.set_password(ann, "j"),
        "remove_account": lambda: accounts.remove_account(ann),
    }


HARMLESS = re.compile(
    r"SCAN (now|read|mine|CONSTANT ROW|\d+ CONSTANT ROWS|meta|audit"
    r"|rooms USING (COVERING )?INDEX rooms_(public|passing|named))"
)
"""A batch's own values, one account's rooms, the table of one row; tables and indexes walked in order by calls that say
how far, or are made once at a start."""


def test_no_call_reads_a_whole_table(stores: Stores, run: OnLoop) -> None:
    for store, calls in ((stores.logs, log_calls(stores)), (stores.accounts, account_calls(stores))):
        for name, call in calls.items():
            seen: list[str] = []
            trace(run, store, seen.append)
            run(call())
            trace(run, store, None)
            queries = [one for one in seen if one.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))]
            assert queries, name
            for query in queries:
                plan = run(store._writer.call(explaining(query)))
                assert [line for line in plan if "SCAN" in line and not HARMLESS.fullmatch(line)] == [], (name, query)


def trace(run: OnLoop, store: SqliteLogStore | SqliteAccountStore, tell: Callable[[str], object] | None) -> None:
    for threads in (store._writer, store._readers):
        run(threads.call(lambda connection: connection.set_trace_callback(tell)))


def explaining(query: str) -> Callable[[sqlite3.Connection], list[str]]:
    return lambda connection: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()]


# Secrets ---------------------------------------------------------------------------------------------------------


def fault_of(run: OnLoop, call: Coroutine[Any, Any, object]) -> str:
    """All that a careless log could show of the fault."""
    with pytest.raises(StoreFault) as fault:
        run(call)
    return f"{fault.value!r} {''.join(traceback.format_exception(fault.value))}"


def fill_up(connection: sqlite3.Connection) -> None:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")


def test_no_fault_shows_what_was_to_be_written(stores: Stores, run: OnLoop) -> None:
    accounts, logs = stores.accounts, stores.logs
    run(accounts._writer.call(fill_up))
    run(logs._writer.call(fill_up))
    long = SECRET * 1000
    name = AccountName("ann")
    role = AccountRole.USER
    said = [
        fault_of(
            run,
            accounts.add_account(name=name, password_hash=long, role=role, address=SECRET, now=1, invitation=SECRET),
        ),
        fault_of(run, logs.append([opening(1, RoomName(SECRET), *[Message(long)] * 5)])),
        fault_of(run, logs.add_step(long)),
    ]
    assert all("the disk is full" in one for one in said)
    assert SECRET not in " ".join(said)


def test_an_entry_that_cannot_be_understood_is_not_shown(stores: Stores, run: OnLoop) -> None:
    run(stores.logs.append([opening(1, "one", Message("hi"))]))

    def spoil(connection: sqlite3.Connection) -> None:
        body = f'{{"kind":"{SECRET}","text":"{SECRET}"}}'
        connection.execute("UPDATE entries SET body = ? WHERE number = 2", (body,))

    run(stores.logs._writer.call(spoil))
    said = fault_of(run, stores.logs.page(RoomId(1), after=0, upto=9, limit=9, bytes_max=999))
    assert "messages.db: an entry in it cannot be understood" in said
    assert SECRET not in said


def test_secrets_are_not_in_the_file(stores: Stores, run: OnLoop, tmp_path: Path) -> None:
    accounts = stores.accounts
    run(accounts.add_invitation(SECRET + "-invitation", uses=1, now=1, expires=9))
    added = run(
        accounts.add_account(
            name=ANN.name,
            password_hash="h",
            role=AccountRole.USER,
            address="",
            now=1,
            invitation=SECRET + "-invitation",
        )
    )
    assert added.id == PrincipalId(1)
    run(accounts.add_token(added.id, token=SECRET + "-token", client="", address="", now=1, expires=9, at_most=9))
    assert run(accounts.redeem_token(SECRET + "-token", now=2, expires=9)) == added
    for path in tmp_path.iterdir():
        assert SECRET.encode() not in path.read_bytes(), path.name
