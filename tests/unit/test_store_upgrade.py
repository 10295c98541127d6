"""A data directory that version 1 has left (`tests/stores`) opens, and nothing that goes wrong meanwhile harms it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run as run_process
from typing import Any

import msgspec
import pytest

from additions import ANN, BOB, addition
from besedka.chat.entries import Kind, Message, Reacted, RequestId, RoomId
from besedka.chat.folding import evolve
from besedka.chat.governance import Governance
from besedka.chat.names import fold
from besedka.chat.rooms import Room
from besedka.chat.settings import PRESETS
from besedka.hub.keeping import Kept, Reactions, Receipt
from besedka.limits import Limits
from besedka.store import migrating
from besedka.store.faults import NotWritable
from besedka.store.opening import ACCOUNTS, MESSAGES, DatabaseFile
from besedka.store.stores import Stores, open_stores
from running import OnLoop
from version_1 import FILES, dumped, make_version_1

EVERYTHING = 1 << 40
NOW = 1_700_000_000_000


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    make_version_1(directory)
    return directory


@pytest.fixture
def stores(data: Path, run: OnLoop) -> Iterator[Stores]:
    opened = open_stores(data, limits=Limits())
    yield opened
    run(opened.close())


def works(data: Path, run: OnLoop) -> None:
    """Somebody goes on where version 1 ended."""
    stores = open_stores(data, limits=Limits())
    room = run(stores.logs.room(RoomId(1)))
    assert room is not None
    assert run(stores.logs.append([addition(room, Message("and on"), now=NOW + 99)])) == [Kept()]
    assert run(stores.logs.said_by(RoomId(1), room.head + 1)) == room.messages + 1
    run(stores.close())
    for file in (MESSAGES, ACCOUNTS):
        assert dumped(data / file.name)[0] == f"version {file.version}"


# What is there afterwards ----------------------------------------------------------------------------------------


def test_every_room_is_what_its_log_makes_of_it(stores: Stores, run: OnLoop) -> None:
    for number in range(1, 10):
        room = run(stores.logs.room(RoomId(number)))
        assert room is not None
        assert room.governance == Governance(settings=PRESETS[room.kind])
        folded, said = Room(room.id), 0
        for entry in run(stores.logs.page(room.id, after=0, upto=99, limit=99, bytes_max=EVERYTHING)).entries:
            folded = evolve(folded, entry)
            assert run(stores.logs.said_by(room.id, entry.number)) == folded.messages
            said += isinstance(entry.body, Message)
        # When it was opened, and who set its topic, it did not keep beside the log.
        assert room == msgspec.structs.replace(folded, governance=room.governance)
        assert room.messages == said


def test_rooms_are_found_and_listed_as_they_were(stores: Stores, run: OnLoop) -> None:
    assert [room.name for room in run(stores.logs.public_rooms(limit=9))] == ["lobby", "Passing"]
    assert run(stores.logs.passing_rooms()) == [8]
    assert run(stores.logs.room_named(fold("STRASSE"))) == 6
    assert run(stores.logs.direct_room(ANN.principal, BOB.principal)) == 5
    assert run(stores.logs.inbox(BOB.principal)) == 3
    assert [brief.room for brief in run(stores.logs.briefs(ANN.principal))] == [1, 2, 5, 6]
    kept = run(stores.logs.kept_request(ANN.principal, RequestId(f"{2:032x}"), None))
    assert kept == Receipt(RoomId(1), 3)
    assert [step.what for step in run(stores.logs.pending_steps())] == ['{"remove": 7}']
    assert stores.logs.epoch == "b279228e0d6138ee4a9729d0b26714aa"
    assert stores.logs.boot == 2


def test_what_was_said_before_is_unread_like_what_is_said_now(stores: Stores, run: OnLoop) -> None:
    unread = run(stores.logs.unread(ANN.principal))
    assert [(one.room.id, one.read, one.unread, one.mentions) for one in unread] == [
        (1, 1, 2, 0),
        (5, 1, 1, 0),
        (6, 1, 1, 0),
    ]
    assert [one.room.kind for one in unread] == [Kind.PUBLIC, Kind.DIRECT, Kind.PRIVATE]


def test_writes_go_on(stores: Stores, run: OnLoop) -> None:
    room = run(stores.logs.room(RoomId(1)))
    assert room is not None
    more = addition(room, Message("@ann", mentions=(ANN.principal,)), Reacted(3, "+1"), author=BOB, now=NOW + 99)
    assert run(stores.logs.append([more])) == [Kept()]
    assert run(stores.logs.reactions(RoomId(1), 3, BOB.principal, "+1")) == Reactions(mine=True, count=1)
    assert run(stores.logs.unread(ANN.principal))[0].mentions == 1
    assert run(stores.logs.room(RoomId(1))) == more.after


def test_people_are_who_they_were(stores: Stores, run: OnLoop) -> None:
    ann = run(stores.accounts.redeem_token("ann's laptop", now=NOW + 9, expires=NOW + 10**12))
    assert ann is not None
    assert [(token.client, token.address) for token in run(stores.accounts.tokens(ann.id, now=NOW))] == [
        ("", "192.0.2.2")
    ]
    assert [one.name for one in run(stores.accounts.accounts())] == ["ann", "Bob", "eve"]
    assert len(run(stores.accounts.bans(now=NOW))) == 2


def test_the_key_of_the_hosts_is_made_for_each_log(data: Path, tmp_path: Path, run: OnLoop) -> None:
    make_version_1(tmp_path / "other")
    keys = set()
    for directory in (data, data, tmp_path / "other"):
        stores = open_stores(directory, limits=Limits())
        keys.add(stores.logs.host_key)
        run(stores.close())
    assert [len(key) for key in keys] == [32, 32]


def test_a_copy_of_each_file_stands_beside_it(data: Path, run: OnLoop) -> None:
    before = {name: dumped(data / name) for name in FILES}
    stores = open_stores(data, limits=Limits())
    assert stores.copies == (data / "messages.db.version-1", data / "accounts.db.version-1")
    run(stores.close())
    for name, copy in zip(FILES, stores.copies, strict=True):
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert dumped(copy) == before[name]
    again = open_stores(data, limits=Limits())
    assert again.copies == ()
    run(again.close())


# What may go wrong meanwhile -------------------------------------------------------------------------------------

DIES = """
import os, signal, sys
from pathlib import Path
from besedka.limits import Limits
from besedka.store import migrating
from besedka.store.stores import open_stores
begins, migrate = sys.argv[2], migrating.migrate
def watched(connection, *arguments, **options):
    def die(statement):
        if statement.lstrip().startswith(begins):
            os.kill(os.getpid(), signal.SIGKILL)
    connection.set_trace_callback(die)
    connection.execute("PRAGMA cache_size = 1")
    return migrate(connection, *arguments, **options)
migrating.migrate = watched
open_stores(Path(sys.argv[1]), limits=Limits())
"""


@pytest.mark.parametrize(
    "at", ["ALTER TABLE meta", "UPDATE entries", "CREATE TABLE audit", "PRAGMA user_version = ", "COMMIT"]
)
def test_a_crash_in_the_middle_leaves_the_older_version(data: Path, run: OnLoop, at: str) -> None:
    before = {name: dumped(data / name) for name in FILES}
    died = run_process([sys.executable, "-c", DIES, str(data), at], check=False, capture_output=True, timeout=60)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert {name: dumped(data / name) for name in FILES} == before
    works(data, run)


SHORT_OF_SPACE = """
import resource, sys
from pathlib import Path
from besedka.limits import Limits
from besedka.store.stores import open_stores
# The log's index takes 32 KiB, the copy more.
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
open_stores(Path(sys.argv[1]), limits=Limits())
"""


def test_a_copy_that_does_not_fit_is_not_left_behind(data: Path, run: OnLoop) -> None:
    before = {name: dumped(data / name) for name in FILES}
    ended = run_process([sys.executable, "-c", SHORT_OF_SPACE, str(data)], check=False, capture_output=True, timeout=60)
    assert b"NotWritable" in ended.stderr
    assert list(data.glob("*.version-*")) == []
    assert {name: dumped(data / name) for name in FILES} == before
    works(data, run)


def test_a_full_disk_says_so_and_leaves_the_older_version(
    data: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: dumped(data / name) for name in FILES}
    migrate = migrating.migrate

    def without_room(connection: sqlite3.Connection, path: Path, file: DatabaseFile, **options: Any) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        migrate(connection, path, file, **options)

    with monkeypatch.context() as full:
        full.setattr(migrating, "migrate", without_room)
        with pytest.raises(NotWritable) as fault:
            open_stores(data, limits=Limits())
    assert str(fault.value) == f"{data / 'messages.db'}: the disk is full; free some space."
    assert {name: dumped(data / name) for name in FILES} == before
    works(data, run)
