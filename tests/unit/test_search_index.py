"""The index beside a log: words that leave it, files that are lost or damaged, and a thread that follows."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from additions import ANN, BOB, addition, joined, opening, rewriting
from besedka.chat.entries import Edited, Message, Redacted, RoomId
from besedka.chat.forgetting import Bygone
from besedka.chat.names import fold
from besedka.chat.rooms import Reading
from besedka.chat.searching import Query, Term
from besedka.hub.belongings import Place
from besedka.hub.keeping import Addition
from besedka.store import search_index, search_lookup, search_thread
from besedka.store.logs import SqliteLogStore
from besedka.store.search_file import SEARCH
from besedka.store.search_shards import name_fact
from receiving import FakeJournal
from running import OnLoop

ROOM = RoomId(7)
SCOPE = {ROOM: Reading(1, None)}
WORDS = ("зимородок", "kingfisher")


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


class Kept:
    """A log with an index that follows it."""

    def __init__(self, directory: Path, run: OnLoop) -> None:
        self.journal = FakeJournal()
        self.logs = SqliteLogStore.open(directory)
        self._run = run
        run(self.logs.index.begin(self.journal))

    def find(self, word: str) -> list[int]:
        """The numbers of what has this word."""
        found = self._run(
            self.logs.search(Query((Term((word,)),)), SCOPE, older_than=None, limit=9, bytes_max=1 << 20, spans_max=9)
        )
        assert found.since == 0
        return [one.entry.number for one in found.messages]

    def settle(self) -> None:
        """Wait until everything is indexed, and nothing is left of what was taken back."""
        assert any(self._run(self.logs.scrub()) for _ in range(5)), "each waits some seconds for it"


@pytest.fixture
def kept(directory: Path, run: OnLoop) -> Iterator[Kept]:
    one = Kept(directory, run)
    yield one
    one.logs.stop()


def talk() -> Addition:
    said = (f"{WORDS[number % 2]} {number} and more of it" for number in range(400))
    return opening(ROOM, "garden", joined(ANN, BOB), *(Message(text) for text in said))


def holding(directory: Path, word: str) -> list[str]:
    """The files in which a word is, in any of the ways a file may hold it."""
    ways = [word.encode(), word.encode("unicode_escape"), word[1:].encode()]
    files = (path for path in directory.rglob("*") if path.is_file())
    return [path.name for path in files if any(way in path.read_bytes() for way in ways)]


def test_the_file_is_for_its_owner_only(kept: Kept, directory: Path) -> None:
    kept.settle()
    files = [directory / name for name in (SEARCH.name, f"{SEARCH.name}-wal", f"{SEARCH.name}-shm")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in files] == [0o600] * 3


def test_words_that_were_taken_back_are_in_no_file(kept: Kept, directory: Path, run: OnLoop) -> None:
    made = talk()
    run(kept.logs.append([made]))
    kept.settle()
    assert f"{SEARCH.name}-wal" in holding(directory, "kingfisher")
    gone = [number for number in range(3, 403) if (number - 3) % 2]
    first = rewriting(made, addition(made.after, *(Redacted(number, ANN) for number in gone[:150])))
    second = rewriting(made, addition(first.after, *(Edited(number, "heron") for number in gone[150:])), first)
    run(kept.logs.append([first]))
    run(kept.logs.append([second]))
    assert kept.find("kingfisher") == [], "before it is indexed"
    kept.settle()
    assert kept.find("kingfisher") == []
    assert kept.find("heron") == gone[-1:-10:-1]
    assert kept.find("зимородок")[0] == 401
    kept.settle()  # No search was in the way now.
    assert holding(directory, "kingfisher") == []
    assert not kept.journal.faults


def test_a_name_that_was_buried_is_in_no_file(kept: Kept, directory: Path, run: OnLoop) -> None:
    run(kept.logs.append([talk()]))
    kept.settle()
    fact = name_fact(fold(ANN.name))
    assert holding(directory, fact)
    run(kept.logs.forget(Bygone(ANN.principal, ANN.name, words=False), after=Place()))
    kept.settle()
    assert holding(directory, fact) == []
    assert len(kept.find("kingfisher")) == 9


@pytest.mark.parametrize("damage", ["gone", "noise", "epoch", "hole"])
def test_a_file_that_cannot_be_used_is_made_anew(directory: Path, run: OnLoop, damage: str) -> None:
    before = Kept(directory, run)
    run(before.logs.append([talk()]))
    before.settle()
    before.logs.stop()
    path = directory / SEARCH.name
    if damage == "gone":
        path.unlink()
    elif damage == "noise":
        path.write_bytes(b"noise" * 5000)
    elif damage == "epoch":
        connection = sqlite3.connect(path)
        connection.execute("UPDATE meta SET epoch = 'another'")
        connection.commit()
        connection.close()
    else:
        content = path.read_bytes()
        path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    after = Kept(directory, run)
    after.settle()
    assert after.find("kingfisher")[0] == 402
    assert [fields["why"] for fields in after.journal.events("search index made")] == [
        {"gone": "there was none", "epoch": "it is of another log"}.get(damage, "it is damaged")
    ]
    after.logs.stop()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE words_1_data SET block = x'ffffffffffffffff' WHERE id > 10",
        "UPDATE documents SET time = time + 0.5",  # Which SQLite finds nothing wrong with.
    ],
)
def test_damage_that_a_search_finds_is_mended_and_the_search_answered(
    directory: Path, run: OnLoop, damage: str
) -> None:
    kept = Kept(directory, run)
    run(kept.logs.append([talk()]))
    kept.settle()
    other = sqlite3.connect(directory / SEARCH.name)
    other.execute(damage)
    other.commit()
    other.close()
    assert kept.find("kingfisher")[0] == 402
    kept.settle()
    assert kept.find("kingfisher")[0] == 402
    assert [fields["why"] for fields in kept.journal.events("search index made")] == ["there was none", "it is damaged"]
    kept.logs.stop()


@pytest.mark.parametrize("body", ['{"kind":"edit"', '{"kind":"redaction","number":"x"}'])
def test_an_entry_that_cannot_be_understood_keeps_nothing_else_from_being_found(
    directory: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    monkeypatch.setattr(search_index, "LISTED_MIN", 10)
    logs = SqliteLogStore.open(directory)
    run(logs.append([talk()]))
    logs.stop()
    other = sqlite3.connect(directory / "messages.db")
    other.execute("UPDATE entries SET body = ? WHERE number = 50", (body,))
    other.commit()
    other.close()
    kept = Kept(directory, run)
    kept.settle()
    assert kept.find("kingfisher")[0] == 402
    assert not kept.journal.faults
    kept.logs.stop()


def test_an_index_ahead_of_its_log_is_made_anew(directory: Path, run: OnLoop) -> None:
    kept = Kept(directory, run)
    made = talk()
    run(kept.logs.append([made]))
    kept.settle()
    kept.logs.stop()
    log = sqlite3.connect(directory / "messages.db")  # As if an older copy of it were back.
    log.execute("DELETE FROM entries WHERE number > 100")
    log.execute("UPDATE rooms SET head = 100")
    log.commit()
    log.close()
    again = Kept(directory, run)
    again.settle()
    assert again.find("kingfisher")[0] == 100
    assert again.journal.events("search index made") == [{"why": "it is ahead of the log"}]
    again.logs.stop()


def test_what_is_kept_no_longer_is_not_found_and_its_words_leave(directory: Path, run: OnLoop) -> None:
    kept = Kept(directory, run)
    run(kept.logs.append([talk()]))
    kept.settle()
    log = sqlite3.connect(directory / "messages.db")
    log.execute("PRAGMA secure_delete = ON")
    log.execute("DELETE FROM entries WHERE number < 402")
    log.execute("UPDATE rooms SET floor = 402")
    log.commit()
    log.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    log.close()
    assert kept.find("kingfisher") == [402]
    kept.settle()
    assert kept.find("kingfisher") == [402]
    assert kept.find("зимородок") == []
    kept.settle()
    assert SEARCH.name not in holding(directory, "зимородок")
    kept.logs.stop()


def test_where_no_index_can_be_kept_the_newest_are_compared(
    directory: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (directory / SEARCH.name).mkdir(parents=True)
    monkeypatch.setattr(search_lookup, "AHEAD_MAX", 100)
    kept = Kept(directory, run)
    made = talk()
    run(kept.logs.append([made]))
    assert not run(kept.logs.scrub())
    query = Query((Term(("kingfisher",)),))
    found = run(kept.logs.search(query, SCOPE, older_than=None, limit=99, bytes_max=1 << 20, spans_max=9))
    assert [one.entry.number for one in found.messages] == [*range(402, 302, -2)]
    assert found.since == made.entries[302].entry.time, "it does not say how far it has looked"
    assert [event for event, _ in kept.journal.faults] == ["search index failed"]
    kept.logs.stop()


@pytest.mark.parametrize(("share", "per_second"), [(0.0, 1 << 60), (1 << 60, 0)])
def test_while_others_are_busy_or_much_is_written_the_index_rests(
    directory: Path, run: OnLoop, monkeypatch: pytest.MonkeyPatch, share: float, per_second: int
) -> None:
    monkeypatch.setattr(search_thread, "GATHER_SECONDS", 0.0)
    monkeypatch.setattr(search_thread, "BUSY_SHARE", share)
    monkeypatch.setattr(search_thread, "BUSY_PER_SECOND", per_second)
    monkeypatch.setattr(search_index, "BATCH_ENTRIES", 100)
    kept = Kept(directory, run)
    rests: list[float] = []
    stopping = kept.logs.index._indexer._stopping  # type: ignore[union-attr]  # What it waits on is how it rests.
    monkeypatch.setattr(stopping, "wait", lambda seconds=None: rests.append(seconds))
    run(kept.logs.append([talk()]))
    kept.settle()
    assert any(seconds > 0 for seconds in rests)
    assert max(rests) <= search_thread.REST_SECONDS_MAX
    kept.logs.stop()
