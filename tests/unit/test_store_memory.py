"""The stores in memory: what the simulator does to them. What they keep is in `tests/contracts`."""

from __future__ import annotations

import sys
from subprocess import run as run_process

import pytest

from additions import addition, opening
from besedka.chat.entries import Message, RequestId, RoomId
from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.hub.keeping import Kept
from besedka.store.memory import MemoryLogStore
from running import step


class Refusing:
    """Raises around the calls it is told to."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.before_append: StoreFault | None = None
        self.after_append: StoreFault | None = None

    async def before(self, call: str) -> None:
        self.calls.append(call)
        if call == "append" and self.before_append:
            raise self.before_append

    async def after(self, call: str) -> None:
        self.calls.append(f"after {call}")
        if self.after_append:
            raise self.after_append


def test_an_append_disturbed_before_is_lost_and_one_disturbed_after_is_kept() -> None:
    disturbance = Refusing()
    logs = MemoryLogStore(disturbance=disturbance)
    made = opening(1, "one")
    disturbance.before_append = StoreUnsure("lost")
    with pytest.raises(StoreUnsure):
        step(logs.append([made]))
    assert step(logs.room(RoomId(1))) is None
    disturbance.before_append, disturbance.after_append = None, StoreUnsure("kept")
    with pytest.raises(StoreUnsure):
        step(logs.append([made]))
    assert step(logs.room(RoomId(1))) == made.after
    assert disturbance.calls == ["append", "room", "append", "after append", "room"]


def test_the_next_process_finds_what_was_kept_one_boot_later() -> None:
    logs = MemoryLogStore(epoch="first")
    made = opening(4, "one", requests=[RequestId("1")])
    step(logs.append([made]))
    number = step(logs.add_step("{}"))
    next_one = logs.reopened()
    assert (next_one.epoch, next_one.boot, next_one.rooms_given) == ("first", 2, 4)
    assert step(next_one.room(RoomId(4))) == made.after
    assert step(next_one.newest_request(made.entries[0].entry.author)) == "1"
    assert [pending.id for pending in step(next_one.pending_steps())] == [number]
    assert step(next_one.add_step("{}")) > number


def test_a_copy_goes_its_own_way() -> None:
    logs = MemoryLogStore(epoch="first")
    made = opening(1, "one")
    step(logs.append([made]))
    backup = logs.reopened()
    more = addition(made.after, Message("later"), requests=[RequestId("1")])
    assert step(logs.append([more])) == [Kept()]
    restored = backup.reopened(epoch="second")
    assert restored.epoch == "second"
    assert step(restored.room(RoomId(1))) == made.after
    assert step(restored.newest_request(more.entries[0].entry.author)) is None
    assert len(step(restored.page(RoomId(1), after=0, upto=9, limit=9, bytes_max=999)).entries) == 1


def test_nothing_of_an_event_loop_or_a_database_is_imported() -> None:
    watched = ["asyncio", "threading", "sqlite3", "sqlalchemy", "socket", "ssl", "random"]
    program = f"import sys, besedka.store.memory; print(*[name for name in {watched} if name in sys.modules])"
    bare = "import sys; print(*sys.modules)"
    already = set(run_process([sys.executable, "-c", bare], capture_output=True, text=True, check=True).stdout.split())
    found = run_process([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in found if name not in already] == []
