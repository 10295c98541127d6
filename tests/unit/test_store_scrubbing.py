"""Words that were taken back are nowhere in the files once they are scrubbed: every byte of every file is looked at."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from additions import ANN, BOB, addition, direct, joined, opening, rewriting
from besedka.chat.entries import Edited, Entry, Message, Redacted, RoomId
from besedka.chat.mending import Rewrite, rewrites
from besedka.hub.keeping import Addition, Kept
from besedka.limits import Limits
from besedka.store import opening as files
from besedka.store import scrubbing
from besedka.store.logs import SqliteLogStore
from besedka.store.stores import open_stores
from running import OnLoop
from version_1 import dumped, make_version_1

ROOMS = 5
LONG = 5000
"""Letters of a text that does not fit a page of 4 KiB."""


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def logs(tmp_path: Path, run: OnLoop) -> Iterator[SqliteLogStore]:
    store = SqliteLogStore.open(tmp_path / "data")
    yield store
    run(store.close())


def found(directory: Path, *words: str) -> list[tuple[str, str]]:
    """Which of the words stand in which of the files."""
    there = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
    return [(name, word) for name, text in there.items() for word in words if word.encode() in text]


def test_what_was_redacted_or_edited_away_is_gone(logs: SqliteLogStore, tmp_path: Path, run: OnLoop) -> None:
    made = opening(1, "one", joined(ANN), Message("alpha " * LONG), Message("beta"), Message("gamma"))
    edited = rewriting(made, addition(made.after, Edited(4, "delta")))
    gone = rewriting(made, addition(edited.after, Redacted(3, ANN), Edited(4, "epsilon")), edited)
    for batch in (made, edited, gone):
        assert run(logs.append([batch])) == [Kept()]
    assert found(tmp_path / "data", "alpha", "beta", "delta")
    assert run(logs.scrub())
    assert found(tmp_path / "data", "alpha", "beta", "delta") == []
    assert {word for _, word in found(tmp_path / "data", "gamma", "epsilon")} == {"gamma", "epsilon"}


class Talk:
    """Rooms in which messages are said and taken back at random, each of words that stand nowhere else."""

    def __init__(self, logs: SqliteLogStore, run: OnLoop, dice: random.Random) -> None:
        self._logs, self._run, self._dice = logs, run, dice
        self._rooms = [opening(room, f"room{room}", joined(ANN)).after for room in range(1, ROOMS + 1)]
        run(logs.append([opening(room.id, room.name, joined(ANN)) for room in self._rooms]))
        self._kept: dict[tuple[int, int], Entry] = {}
        self._said = 0
        self.gone: list[str] = []
        """Words that stand nowhere any more."""

    @property
    def there(self) -> list[str]:
        """Words that are still said."""
        bodies = (entry.body for entry in self._kept.values())
        return [word for body in bodies if isinstance(body, Message) for word in body.text.split() if "word" in word]

    def go_on(self, messages: int) -> None:
        """Say so many more in every room, in one commit."""
        steps = [addition(room, *(self._message() for _ in range(messages))) for room in self._rooms]
        for step in steps:
            self._kept |= {(step.after.id, one.entry.number): one.entry for one in step.entries}
        self._append(steps)

    def take_back(self, share: float) -> None:
        """Redact or edit this share of what is said in every room, in one commit."""
        steps = []
        for room in self._rooms:
            there = [number for place, number in self._kept if place == room.id]
            bodies = [self._mending(number) for number in there if self._dice.random() < share]
            assert bodies, "too few messages to take some back"
            step = addition(room, *bodies)
            changes = [change for one in step.entries for change in self._changes(room.id, one.entry)]
            steps.append(replace(step, rewrites=changes))
        self._append(steps)

    def _append(self, steps: list[Addition]) -> None:
        assert self._run(self._logs.append(steps)) == [Kept()] * ROOMS
        self._rooms = [step.after for step in steps]

    def _message(self) -> Message:
        self._said += 1
        word, padding = f"word{self._said:05d}", "x" * self._dice.choice([5, 80, 700, 3000, LONG])
        return Message(f"{word}first {padding} {word}last")

    def _mending(self, number: int) -> Redacted | Edited:
        if self._dice.random() < 0.5:
            return Redacted(number, ANN)
        return Edited(number, "short " * self._dice.choice([1, 200]))

    def _changes(self, room: int, entry: Entry) -> tuple[Rewrite, ...]:
        if not isinstance(entry.body, Redacted | Edited):
            return ()
        target = self._kept.pop((room, entry.body.number))
        assert isinstance(target.body, Message)
        first, _, last = target.body.text.split()
        self.gone += [first, last]
        return rewrites(entry, target)


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))])
def test_nothing_is_left_anywhere_whatever_the_pages_went_through(
    logs: SqliteLogStore, tmp_path: Path, run: OnLoop, seed: int
) -> None:
    talk = Talk(logs, run, random.Random(seed))
    for _ in range(3):
        for _ in range(20):
            talk.go_on(messages=2)
        talk.take_back(share=0.5)
        assert run(logs.scrub())
        assert found(tmp_path / "data", *talk.gone) == []
        assert {word for _, word in found(tmp_path / "data", *talk.there)} == {*talk.there}
    gone = [*talk.gone]
    talk.take_back(share=0.3)  # Pages that are written again bring nothing back.
    talk.go_on(messages=9)
    assert found(tmp_path / "data", *gone) == []
    logs.stop()
    assert dumped(tmp_path / "data" / "messages.db")


def test_without_overwriting_they_would_still_be_there(
    tmp_path: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = files._connect

    def careless(path: Path, *, mode: str) -> sqlite3.Connection:
        connection = connect(path, mode=mode)
        connection.execute("PRAGMA secure_delete = OFF")
        return connection

    monkeypatch.setattr(files, "_connect", careless)
    logs = SqliteLogStore.open(tmp_path / "data")
    made = opening(1, "one", joined(ANN), Message("alpha " * LONG))
    run(logs.append([made]))
    run(logs.append([rewriting(made, addition(made.after, Redacted(3, ANN)))]))
    assert run(logs.scrub())
    assert found(tmp_path / "data", "alpha")
    logs.stop()


def test_a_reader_in_the_way_is_not_waited_for_long(
    logs: SqliteLogStore, tmp_path: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "READERS_MILLISECONDS_MAX", 1)
    made = opening(1, "one", joined(ANN), Message("alpha"))
    run(logs.append([made]))
    reader = sqlite3.connect(tmp_path / "data" / "messages.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM entries").fetchone()
    run(logs.append([rewriting(made, addition(made.after, Redacted(3, ANN)))]))
    assert not run(logs.scrub())
    assert found(tmp_path / "data", "alpha")
    reader.close()
    assert run(logs.scrub())
    assert found(tmp_path / "data", "alpha") == []


def test_what_a_crash_left_to_be_scrubbed_is_scrubbed_after_the_next_start(tmp_path: Path, run: OnLoop) -> None:
    logs = SqliteLogStore.open(tmp_path / "data")
    made = opening(1, "one", joined(ANN), Message("alpha"))
    run(logs.append([made]))
    run(logs.append([rewriting(made, addition(made.after, Redacted(3, ANN)))]))
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    for name in ("messages.db", "messages.db-wal"):  # As they lie on the disk, with the log not folded in.
        (crashed / name).write_bytes((tmp_path / "data" / name).read_bytes())
    logs.stop()
    again = SqliteLogStore.open(crashed)
    assert found(crashed, "alpha")
    assert run(again.scrub())
    assert found(crashed, "alpha") == []
    again.stop()


def test_writes_and_a_scrub_asked_for_at_once_are_all_done(logs: SqliteLogStore, tmp_path: Path, run: OnLoop) -> None:
    made = opening(1, "one", joined(ANN), Message("alpha"))

    async def all_at_once() -> list[object]:
        calls = [
            logs.append([made]),
            logs.append([rewriting(made, addition(made.after, Redacted(3, ANN)))]),
            logs.scrub(),
            logs.append([direct(2, ANN, BOB)]),
            logs.scrub(),
        ]
        return [*await asyncio.gather(*calls)]

    assert run(all_at_once()) == [[Kept()], [Kept()], True, [Kept()], True]
    assert found(tmp_path / "data", "alpha") == []


def test_the_copy_of_an_older_version_goes_with_the_first_words_that_do(tmp_path: Path, run: OnLoop) -> None:
    data = tmp_path / "data"
    make_version_1(data)
    stores = open_stores(data, limits=Limits())
    copy = data / "messages.db.version-1"
    copy.with_name(copy.name + ".new").write_bytes(copy.read_bytes())
    assert run(stores.logs.scrub())
    assert copy.exists()
    room, entry = run(stores.logs.room(RoomId(6))), run(stores.logs.entry(RoomId(6), 3))
    assert room is not None
    assert entry is not None
    redacted = addition(room, Redacted(3, ANN))
    mended = replace(redacted, rewrites=rewrites(redacted.entries[0].entry, entry))
    assert run(stores.logs.append([mended])) == [Kept()]
    assert run(stores.logs.scrub())
    assert found(data, "hush") == []
    assert [path.name for path in data.glob("messages.db.version-*")] == []
    run(stores.close())
