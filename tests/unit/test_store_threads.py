"""The threads that hold the connections: grouping, faults, closing."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.store.threads import GROUP_MAX, Readers, Writer
from running import OnLoop
from waiting import SECONDS_MAX, wait_for, wait_until


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    return connection


class Table:
    """A file with one table of numbers, its writer, and what was committed as seen by another connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.statements: list[str] = []
        connection = connect(path)
        connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY, filler BLOB)")
        connection.set_trace_callback(self.statements.append)
        self.writer = Writer(path, connection)
        self.other = connect(path)

    def committed(self) -> list[int]:
        return [number for (number,) in self.other.execute("SELECT number FROM numbers ORDER BY 1")]

    @property
    def commits(self) -> int:
        return self.statements.count("COMMIT")


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Table]:
    made = Table(tmp_path / "numbers.db")
    yield made
    made.writer.stop()
    made.other.close()


def insert(number: int, *, filler_bytes: int = 0) -> Callable[[sqlite3.Connection], int]:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO numbers VALUES (?, zeroblob(?))", (number, filler_bytes))
        return number

    return work


class Blocked:
    """Work that keeps its thread busy until it is let go."""

    def __init__(self) -> None:
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self.begun.set()
        assert self.let_go.wait(SECONDS_MAX)


async def together(writer: Writer, *works: Callable[[sqlite3.Connection], int]) -> list[int | BaseException]:
    """Have these wait for the writer together."""
    blocked = Blocked()
    first = asyncio.create_task(writer.call(blocked))
    await wait_until(blocked.begun.is_set)
    others = [asyncio.create_task(writer.call(work)) for work in works]
    await asyncio.sleep(0)  # Each has put its work into the queue by now.
    blocked.let_go.set()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


# Committing ------------------------------------------------------------------------------------------------------


def test_what_a_call_returned_from_is_committed(table: Table, run: OnLoop) -> None:
    assert run(table.writer.call(insert(1))) == 1
    assert table.committed() == [1]


def test_calls_that_wait_together_share_a_commit(table: Table, run: OnLoop) -> None:
    numbers = range(1, GROUP_MAX + 1)
    assert run(together(table.writer, *(insert(number) for number in numbers))) == [*numbers]
    assert table.committed() == [*numbers]
    assert table.commits == 2


def test_a_group_is_bounded(table: Table, run: OnLoop) -> None:
    run(together(table.writer, *(insert(number) for number in range(GROUP_MAX + 1))))
    assert table.commits == 3


def test_one_that_fails_leaves_the_others_of_its_group_alone(table: Table, run: OnLoop) -> None:
    def failing(connection: sqlite3.Connection) -> int:
        insert(2)(connection)
        raise KeyError("on purpose")

    def clashing(connection: sqlite3.Connection) -> int:
        insert(4)(connection)
        return insert(1)(connection)

    answers = run(together(table.writer, insert(1), failing, insert(3), clashing, insert(5)))
    assert table.committed() == [1, 3, 5]
    assert [answer for answer in answers if isinstance(answer, int)] == [1, 3, 5]
    assert isinstance(answers[1], KeyError)
    assert type(answers[3]) is StoreFault
    assert str(answers[3]) == f"{table.path}: SQLite failed with SQLITE_CONSTRAINT_PRIMARYKEY."


def test_one_that_fails_alone_leaves_nothing(table: Table, run: OnLoop) -> None:
    def failing(connection: sqlite3.Connection) -> int:
        insert(1)(connection)
        raise KeyError("on purpose")

    with pytest.raises(KeyError):
        run(table.writer.call(failing))
    assert run(table.writer.call(insert(2))) == 2
    assert table.committed() == [2]


def test_a_full_disk_is_a_fault_and_nothing_is_kept(table: Table, run: OnLoop) -> None:
    def limit(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 20")

    def lift(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 100000")

    run(table.writer.call(limit))
    with pytest.raises(StoreFault, match="the disk is full; free some space") as fault:
        run(table.writer.call(insert(1, filler_bytes=1_000_000)))
    assert not isinstance(fault.value, StoreUnsure)
    answers = run(together(table.writer, insert(2), insert(3, filler_bytes=1_000_000), insert(4)))
    assert StoreFault in map(type, answers)
    assert table.committed() == [answer for answer in answers if isinstance(answer, int)]
    run(table.writer.call(lift))
    assert run(table.writer.call(insert(5, filler_bytes=1_000_000))) == 5


def test_a_commit_that_fails_is_unsure_and_the_next_one_goes_on(table: Table, run: OnLoop) -> None:
    run(table.writer.call(insert(1)))
    written = table.path.with_name("numbers.db-wal").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (written, hard))  # So that the log cannot grow: COMMIT fails.
    try:
        answers = run(together(table.writer, insert(2, filler_bytes=50_000), insert(3)))
        with pytest.raises(StoreUnsure, match=r"numbers\.db: the disk does not work"):
            run(table.writer.call(insert(4, filler_bytes=50_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [type(answer) for answer in answers] == [StoreUnsure, StoreUnsure]
    assert answers[0] is not answers[1]
    assert run(table.writer.call(insert(5))) == 5
    assert table.committed() == [1, 5]


# Reading ---------------------------------------------------------------------------------------------------------


def test_a_read_sees_one_moment_and_ends_its_transaction(table: Table, run: OnLoop) -> None:
    readers = Readers(table.path, [connect(table.path)], name="reader")
    run(table.writer.call(insert(1)))

    async def read_around_a_write() -> tuple[int, int]:
        halfway, go_on = threading.Event(), threading.Event()

        def read(connection: sqlite3.Connection) -> tuple[int, int]:
            count = "SELECT count(*) FROM numbers"
            (before,) = connection.execute(count).fetchone()
            halfway.set()
            assert go_on.wait(SECONDS_MAX)
            (after,) = connection.execute(count).fetchone()
            return before, after

        reading = asyncio.create_task(readers.call(read))
        await wait_until(halfway.is_set)
        await table.writer.call(insert(2))
        go_on.set()
        return await reading

    assert run(read_around_a_write()) == (1, 1)
    assert run(readers.call(lambda connection: connection.execute("SELECT count(*) FROM numbers").fetchone())) == (2,)
    busy, _, _ = table.other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0, "a reader still holds the log"
    readers.stop()


def test_readers_read_beside_each_other_and_beside_the_writer(table: Table, run: OnLoop) -> None:
    readers = Readers(table.path, [connect(table.path), connect(table.path)], name="reader")

    async def beside() -> None:
        slow, writing = Blocked(), Blocked()
        tasks = [asyncio.create_task(readers.call(slow)), asyncio.create_task(table.writer.call(writing))]
        await wait_until(lambda: slow.begun.is_set() and writing.begun.is_set())
        assert await wait_for(readers.call(lambda connection: 7)) == 7
        slow.let_go.set()
        writing.let_go.set()
        await asyncio.gather(*tasks)

    run(beside())
    readers.stop()


# Whoever asks ----------------------------------------------------------------------------------------------------


def test_whoever_gives_up_does_not_undo_it(table: Table, run: OnLoop) -> None:
    complaints: list[object] = []

    async def give_up() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        blocked = Blocked()
        first = asyncio.create_task(table.writer.call(blocked))
        await wait_until(blocked.begun.is_set)
        second = asyncio.create_task(table.writer.call(insert(1)))
        await asyncio.sleep(0)
        second.cancel()
        blocked.let_go.set()
        await first
        with pytest.raises(asyncio.CancelledError):
            await second
        assert await table.writer.call(insert(2)) == 2

    run(give_up())
    assert table.committed() == [1, 2]
    assert complaints == []


def test_a_loop_that_is_gone_does_not_stop_the_thread(table: Table, run: OnLoop) -> None:
    blocked = Blocked()
    loop = asyncio.new_event_loop()
    asking = loop.create_task(table.writer.call(blocked))
    loop.run_until_complete(wait_until(blocked.begun.is_set))
    asking.cancel()
    loop.run_until_complete(asyncio.wait([asking]))
    loop.close()
    blocked.let_go.set()
    assert run(table.writer.call(insert(1))) == 1


def test_stopping_finishes_what_was_asked_and_refuses_the_rest(table: Table, run: OnLoop) -> None:
    async def stop_behind_work() -> list[int]:
        blocked = Blocked()
        first = asyncio.create_task(table.writer.call(blocked))
        await wait_until(blocked.begun.is_set)
        others = [asyncio.create_task(table.writer.call(insert(number))) for number in (1, 2)]
        await asyncio.sleep(0)
        stopping = asyncio.create_task(asyncio.to_thread(table.writer.stop))
        await wait_until(lambda: table.writer._stopped)
        blocked.let_go.set()
        await first
        await stopping
        return await asyncio.gather(*others)

    assert run(stop_behind_work()) == [1, 2]
    assert table.committed() == [1, 2]
    with pytest.raises(StoreFault, match="it is closed"):
        run(table.writer.call(insert(3)))
    table.writer.stop()
