"""What is no longer kept leaves the files, which shrink; what is cut off meanwhile, the next process finishes."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run as run_process

import pytest

from additions import ANN, BOB, addition, joined, opening
from besedka.chat.entries import Message, Reacted, RoomId
from besedka.chat.retention import Floor, Retention
from besedka.chat.rooms import Room
from besedka.hub.keeping import Kept
from besedka.store import pruning
from besedka.store.logs import SqliteLogStore
from running import OnLoop

LOBBY = RoomId(1)
EVERYTHING = 1 << 40


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def fill(logs: SqliteLogStore, run: OnLoop, *, messages: int, letters: int = 200) -> Floor:
    """So many messages in the lobby, each with a word of its own; the floor that leaves the last ten."""
    room = opening(LOBBY, "lobby", joined(ANN, BOB))
    run(logs.append([room]))
    padding = "x" * letters
    for first in range(0, messages, 500):
        said = [
            Message(f"word{number:05d} {padding}", calls_room=True)
            if number % 2
            else Message(f'word{number:05d} "mentions" {padding}', mentions=(BOB.principal,))
            for number in range(first, first + 500)
        ]
        room = addition(room.after, *said)
        assert run(logs.append([room])) == [Kept()]
    return Floor(LOBBY, room.after.head - 9, messages - 10)


def forget(logs: SqliteLogStore, run: OnLoop, floor: Floor) -> None:
    run(logs.raise_floors([floor]))
    while run(logs.prune(LOBBY, limit=200)):
        pass


def words_in(data: Path) -> set[str]:
    """The words that stand in any byte of any file."""
    files = [path.read_bytes() for path in data.iterdir() if path.is_file()]
    return {word.decode() for text in files for word in re.findall(rb"word\d{5}", text)}


def rows(path: Path, query: str) -> int:
    connection = sqlite3.connect(path)
    try:
        (count,) = connection.execute(query).fetchone()
        return int(count)
    finally:
        connection.close()


def test_what_was_forgotten_is_in_no_file_and_the_file_is_small(data: Path, run: OnLoop) -> None:
    logs = SqliteLogStore.open(data)
    floor = fill(logs, run, messages=2000, letters=1000)
    run(logs.append([addition(logs_room(logs, run), Reacted(9, "word-like"), author=BOB)]))
    before = sum(path.stat().st_size for path in data.iterdir())
    forget(logs, run, floor)
    while run(logs.shrink(pages=64)):
        pass
    assert run(logs.scrub())
    assert words_in(data) == {f"word{number:05d}" for number in range(1990, 2000)}
    after = sum(path.stat().st_size for path in data.iterdir())
    assert after < before / 3, f"{before} bytes became {after}"
    run(logs.close())
    assert rows(data / "messages.db", "SELECT count(*) FROM mentions") == 10
    assert rows(data / "messages.db", "PRAGMA auto_vacuum") == 2


def logs_room(logs: SqliteLogStore, run: OnLoop) -> Room:
    room = run(logs.room(LOBBY))
    assert room is not None
    return room


def test_long_messages_go_fewer_at_a_time(data: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BODIES_MAX", 10_500)
    logs = SqliteLogStore.open(data)
    run(logs.raise_floors([fill(logs, run, messages=500, letters=1000)]))
    assert run(logs.prune(LOBBY, limit=200)) is True
    assert rows(data / "messages.db", "SELECT min(number) FROM entries") == 13, "two that are short, and ten"
    while run(logs.prune(LOBBY, limit=200)):
        pass
    assert rows(data / "messages.db", "SELECT count(*) FROM entries") == 10
    run(logs.close())


def test_one_step_gives_back_as_many_pages_as_it_says(data: Path, run: OnLoop) -> None:
    logs = SqliteLogStore.open(data)
    forget(logs, run, fill(logs, run, messages=2000, letters=1000))

    def free() -> int:
        return rows(data / "messages.db", "PRAGMA freelist_count")

    before = free()
    assert run(logs.shrink(pages=64)) is True
    assert before - free() == 64
    run(logs.close())


def test_a_file_that_could_not_shrink_is_rewritten_once(data: Path, run: OnLoop) -> None:
    logs = SqliteLogStore.open(data)
    fill(logs, run, messages=500)
    run(logs.close())
    path = data / "messages.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA auto_vacuum = NONE")
    connection.execute("VACUUM")
    connection.close()
    assert rows(path, "PRAGMA auto_vacuum") == 0
    logs = SqliteLogStore.open(data)
    assert len(run(logs.page(LOBBY, after=0, upto=EVERYTHING, limit=999, bytes_max=EVERYTHING)).entries) == 502
    run(logs.close())
    assert rows(path, "PRAGMA auto_vacuum") == 2


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM entries WHERE room = 1 AND number = 1",
        "UPDATE rooms SET governance = '{' WHERE id = 1",
        "UPDATE rooms SET kind = 'cellar' WHERE id = 1",
    ],
)
def test_a_room_that_cannot_be_read_is_left_alone(data: Path, run: OnLoop, damage: str) -> None:
    logs = SqliteLogStore.open(data)
    run(logs.append([opening(RoomId(number), f"room{number}", joined(ANN)) for number in (1, 2)]))
    run(logs._writer.call(lambda connection: connection.execute(damage).close()))
    due = run(logs.floors_due(Retention(entries=1, seconds=1), now=1 << 40, after=RoomId(0), limit=9)).floors
    assert [floor.room for floor in due] == [2]
    run(logs.close())


def test_an_entry_that_cannot_be_understood_goes_like_others(data: Path, run: OnLoop) -> None:
    logs = SqliteLogStore.open(data)
    floor = fill(logs, run, messages=500)
    damage = "UPDATE entries SET body = '{' WHERE number = 5"
    run(logs._writer.call(lambda connection: connection.execute(damage).close()))
    forget(logs, run, floor)
    assert run(logs.floors_due(Retention(messages=10), now=0, after=RoomId(0), limit=9)).floors == ()
    run(logs.close())


DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from besedka.chat.entries import RoomId
from besedka.chat.retention import Floor
from besedka.store.logs import SqliteLogStore

begins, times = sys.argv[2], int(sys.argv[3])
logs = SqliteLogStore.open(Path(sys.argv[1]))
left = times

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def weaken(connection):
    def begin(statement):
        global left
        if statement.lstrip().startswith(begins):
            left -= 1
            if not left and statement.startswith("PRAGMA incremental"):
                connection.set_progress_handler(die, 100)  # Some thirty pages on.
            elif not left:
                die()
    connection.set_trace_callback(begin)
    connection.execute("PRAGMA cache_size = 1").close()  # Pages are written before the commit.

async def main():
    await logs._writer.call_between(weaken)
    await logs.raise_floors([Floor(RoomId(1), *map(int, sys.argv[4:6]))])
    while await logs.prune(RoomId(1), limit=200):
        pass
    while await logs.shrink(pages=64):
        pass
    await logs.scrub()

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("at", "times"),
    [
        pytest.param("WITH due", 1, marks=pytest.mark.slow),
        pytest.param("COMMIT", 1, marks=pytest.mark.slow),
        pytest.param("DELETE FROM mentions", 2, marks=pytest.mark.slow),
        pytest.param("DELETE FROM reactions", 3, marks=pytest.mark.slow),
        ("DELETE FROM entries", 4),
        pytest.param("COMMIT", 5, marks=pytest.mark.slow),
        pytest.param("PRAGMA incremental_vacuum", 2, marks=pytest.mark.slow),
        ("PRAGMA incremental_vacuum", 1),
        pytest.param("PRAGMA wal_checkpoint", 1, marks=pytest.mark.slow),
    ],
)
def test_a_process_that_is_killed_leaves_what_the_next_one_finishes(
    data: Path, run: OnLoop, at: str, times: int
) -> None:
    logs = SqliteLogStore.open(data)
    floor = fill(logs, run, messages=1500, letters=1000)
    run(logs.close())
    command = [sys.executable, "-c", DIES, str(data), at, str(times), str(floor.number), str(floor.pruned)]
    died = run_process(command, check=False, capture_output=True, timeout=60)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert rows(data / "messages.db", "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") == 0
    logs = SqliteLogStore.open(data)
    room = logs_room(logs, run)
    kept = run(logs.page(LOBBY, after=0, upto=EVERYTHING, limit=9999, bytes_max=EVERYTHING)).entries
    assert [entry.number for entry in kept] == list(range(kept[0].number, room.head + 1)), "no gap"
    assert kept[0].number <= room.floor in (1, floor.number)
    assert (room.messages, room.pruned) == (1500, floor.pruned if room.floor > 1 else 0)
    due = run(logs.floors_due(Retention(messages=10), now=0, after=RoomId(0), limit=9)).floors
    assert due == (() if kept[0].number == floor.number else (floor,))
    forget(logs, run, floor)
    while run(logs.shrink(pages=64)):
        pass
    assert run(logs.scrub())
    assert words_in(data) == {f"word{number:05d}" for number in range(1490, 1500)}
    run(logs.close())
