"""What every store tells of one person, and forgets of them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from immutables import Map

from additions import ANN, BOB, NOW, addition, inbox, joined, opening
from besedka.chat.audit import AuditLine
from besedka.chat.entries import (
    Entry,
    MembershipChanged,
    Message,
    Person,
    Reacted,
    Redacted,
    RoomId,
    RoomName,
    Tagged,
    TopicSet,
    Way,
)
from besedka.chat.forgetting import Bygone, tombstone
from besedka.chat.personal import Personal
from besedka.chat.principals import AccountName
from besedka.hub import belongings
from besedka.hub.belongings import Authored, Place
from besedka.hub.keeping import AuditRow, Kept, LogStore
from besedka.store import belongings as sqlite_belongings
from besedka.store import memory_belongings
from running import Run

EVERYTHING = 1 << 40
TEA, CAKE = RoomId(1), RoomId(2)
MARK = tombstone(ANN.principal)


class Logs(LogStore, Protocol):
    """All that is asked of a store of rooms."""


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a handful of entries is gone through in several goes."""
    for module in (belongings, sqlite_belongings, memory_belongings):
        monkeypatch.setattr(module, "SCAN_ENTRIES", 3)
    monkeypatch.setattr(sqlite_belongings, "REWRITTEN_MAX", 2)


@pytest.fixture
def filled(logs: Logs, run: Run) -> Logs:
    """Two rooms, in which Ann and Bob said something."""
    tea = opening(1, "tea", joined(ANN, BOB), Message("a 1"), TopicSet("the good one"), Reacted(3, "x"))
    cake = opening(
        2, "cake", joined(ANN, BOB), MembershipChanged(Way.LEFT, (ANN,), reason="bye"), Tagged((("+a", "b"),))
    )
    said = addition(tea.after, Message("b 1"), Message('{"principal":1,"name":"ann"}'), author=BOB)
    last = addition(said.after, Redacted(3, ANN, "sorry"), Message("a 2"))
    for one in (tea, cake, said, last):
        assert run(logs.append([one])) == [Kept()]
    return logs


def entries(logs: Logs, run: Run, room: RoomId) -> tuple[Entry, ...]:
    return run(logs.page(room, after=0, upto=EVERYTHING, limit=EVERYTHING, bytes_max=EVERYTHING)).entries


def all_of(logs: Logs, run: Run, person: Person, *, limit: int, bytes_max: int = EVERYTHING) -> list[tuple[int, int]]:
    """Room and number of everything of somebody's, asked for page by page."""
    found: list[tuple[int, int]] = []
    place: Place | None = Place()
    while place is not None:
        page: Authored = run(logs.authored(person.principal, after=place, limit=limit, bytes_max=bytes_max))
        assert len(page.entries) <= limit
        found += [(room, entry.number) for room, entry in page.entries]
        assert all(entry.author == person.principal for _, entry in page.entries)
        place = page.upto
    return found


@pytest.mark.parametrize(("limit", "bytes_max"), [(100, EVERYTHING), (2, EVERYTHING), (1, EVERYTHING), (100, 1)])
def test_what_somebody_wrote_is_found_in_every_room_however_it_is_cut(
    filled: Logs, run: Run, limit: int, bytes_max: int
) -> None:
    ann = [(1, number) for number in (1, 2, 3, 4, 5, 8, 9)] + [(2, number) for number in (1, 2, 3, 4)]
    assert all_of(filled, run, ANN, limit=limit, bytes_max=bytes_max) == ann
    assert all_of(filled, run, BOB, limit=limit, bytes_max=bytes_max) == [(1, 6), (1, 7)]


def forget(logs: Logs, run: Run, whom: Bygone) -> int:
    """How many goes it takes."""
    goes, place = 0, Place()
    while True:
        goes += 1
        further = run(logs.forget(whom, after=place))
        if further is None:
            return goes
        assert (further.room, further.number) > (place.room, place.number)
        place = further


@pytest.mark.parametrize("words", [False, True])
def test_whom_one_forgets_bears_a_tombstone_wherever_they_were_named(filled: Logs, run: Run, words: bool) -> None:
    before = [*entries(filled, run, TEA), *entries(filled, run, CAKE)]
    for _ in range(2):
        assert forget(filled, run, Bygone(ANN.principal, ANN.name, words)) > 3
    after = [*entries(filled, run, TEA), *entries(filled, run, CAKE)]
    assert [(one.number, one.time, one.author) for one in after] == [
        (one.number, one.time, one.author) for one in before
    ]
    assert {one.name for one in after} == {MARK, BOB.name}
    tea, cake = entries(filled, run, TEA), entries(filled, run, CAKE)
    buried = Person(ANN.principal, MARK)
    assert tea[1].body == joined(buried, BOB)
    assert tea[2].body == Message("a 1"), "messages are redacted, or stay"
    assert tea[4].body == Reacted(3, "" if words else "x")
    assert tea[6].body == Message('{"principal":1,"name":"ann"}'), "what others say is theirs"
    assert tea[7].body == Redacted(3, buried, "" if words else "sorry")
    assert cake[2].body == MembershipChanged(Way.LEFT, (buried,), reason="" if words else "bye")
    assert cake[3].body == Tagged(() if words else (("+a", "b"),))


def test_an_inbox_is_emptied_and_stays_one(logs: Logs, run: Run) -> None:
    run(logs.append([inbox(3, ANN)]))
    run(logs.append([inbox(4, BOB)]))
    before, other = run(logs.room(RoomId(3))), run(logs.room(RoomId(4)))
    assert before is not None
    for _ in range(2):
        run(logs.erase_inbox(ANN.principal))
    after = run(logs.room(RoomId(3)))
    assert after is not None
    assert (after.head, after.floor, after.owner) == (before.head, before.head + 1, ANN.principal)
    assert (after.personal, after.data) == (Personal(), Map())
    assert entries(logs, run, RoomId(3)) == ()
    assert run(logs.inbox(ANN.principal)) == RoomId(3)
    assert run(logs.room(RoomId(4))) == other
    assert entries(logs, run, RoomId(4))
    run(logs.erase_inbox(BOB.principal))


def test_an_operators_acts_on_somebody_are_found(logs: Logs, run: Run) -> None:
    def act(time: int, room: str, whom: str) -> AuditRow:
        row = AuditRow(time, AccountName("operator"), RoomName(room), AuditLine("act", whom))
        run(logs.add_audit(row))
        return row

    act(NOW - 1, "", "ann")
    about = [act(NOW, "", "ann"), act(NOW + 1, "", "ann: admin")]
    for room, whom in (("tea", "ann"), ("", "anna"), ("", "bob"), ("", "%")):
        act(NOW + 2, room, whom)
    assert run(logs.audit_about(AccountName("ann"), since=NOW, limit=9)) == about
    assert run(logs.audit_about(AccountName("ann"), since=NOW, limit=1)) == about[1:]
    assert run(logs.audit_about(AccountName("%"), since=NOW + 3, limit=9)) == []


def test_a_step_can_be_further_on(logs: Logs, run: Run) -> None:
    one, two = run(logs.add_step("a")), run(logs.add_step("b"))
    run(logs.update_step(one, "c"))
    assert [step.what for step in run(logs.pending_steps())] == ["c", "b"]
    run(logs.finish_step(two))
    run(logs.update_step(two, "d"))
    assert [step.what for step in run(logs.pending_steps())] == ["c"]


def test_the_files_are_made_anew_by_the_next_scrub(filled: Logs, run: Run, kind: str, tmp_path: Path) -> None:
    if kind != "sqlite":
        pytest.skip("there is no file")
    forget(filled, run, Bygone(ANN.principal, ANN.name, words=True))
    assert run(filled.scrub())
    held = b"".join(path.read_bytes() for path in (tmp_path / "data").glob("messages.db*"))
    assert b"sorry" not in held
    assert b'"bye"' not in held
    assert b'"name":"ann"}]' not in held
