"""The world on asyncio, and what becomes of errors that nobody catches."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from besedka.admin.console import Screen
from besedka.admin.deeds import Said
from besedka.admin.journal import LibraryLog, ServerLog
from besedka.limits import Limits
from besedka.serve.reporting import report_faults
from besedka.serve.world import EventBell, SystemClock, SystemDice, TaskRoster
from waiting import wait_for, wait_until


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ServerLog]:
    log = ServerLog(tmp_path / "server.log", clock=SystemClock(), limits=Limits())
    yield log
    log.close()


def test_a_bell_that_was_rung_wakes_once() -> None:
    async def ring() -> None:
        bell = EventBell()
        bell.ring()
        bell.ring()
        await wait_for(bell.wait_ring())
        waiting = asyncio.create_task(bell.wait_ring())
        await asyncio.sleep(0)
        assert not waiting.done()
        bell.ring()
        await wait_for(waiting)

    asyncio.run(ring())


def test_clocks_and_dice() -> None:
    clock, dice = SystemClock(), SystemDice()
    assert 1_700_000_000_000 < clock.now() < 1 << 53
    assert clock.seconds() <= clock.seconds()
    assert len(dice.token_bytes(32)) == 32
    assert dice.token_bytes(32) != dice.token_bytes(32)


def test_a_rest_ends() -> None:
    async def rest() -> None:
        await wait_for(SystemClock().wait_seconds(0.001))

    asyncio.run(rest())


def test_a_task_that_fails_is_in_the_log_by_its_name(log: ServerLog) -> None:
    async def fail() -> None:
        raise ValueError("hunter2")

    async def last() -> None:
        await asyncio.Event().wait()

    async def run() -> None:
        roster = TaskRoster(log)
        roster.spawn(fail(), "archive")
        await wait_until(lambda: log.tail(1))
        roster.spawn(last(), "watch")
        await wait_for(roster.end_all())
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())
    (line,) = log.tail(9)
    assert "task failed: archive error=ValueError frames=" in line
    assert "hunter2" not in line


class _Screen(Screen):
    def __init__(self) -> None:
        self.lines: list[Said] = []

    def show(self, line: Said) -> None:
        self.lines.append(line)


@pytest.fixture
def _hooks() -> Iterator[None]:
    """Puts back what `report_faults` sets for the whole process."""
    before, unraisable, handlers = threading.excepthook, sys.unraisablehook, logging.getLogger().handlers[:]
    yield
    threading.excepthook, sys.unraisablehook = before, unraisable
    for handler in logging.getLogger().handlers[:]:
        if handler not in handlers:
            logging.getLogger().removeHandler(handler)


@pytest.mark.usefixtures("_hooks")
def test_errors_that_nobody_catches_are_in_the_log_and_on_the_screen(
    log: ServerLog, capfd: pytest.CaptureFixture[str]
) -> None:
    screen = _Screen()

    def fail() -> None:
        raise ValueError("hunter2")

    class Dying:
        def __del__(self) -> None:
            raise KeyError("hunter2")

    async def run() -> None:
        report_faults(asyncio.get_running_loop(), log=log, screen=screen)
        asyncio.get_running_loop().call_soon(fail)
        asyncio.get_running_loop().call_exception_handler({"message": "hunter2"})
        thread = threading.Thread(target=fail)
        thread.start()
        await asyncio.to_thread(thread.join)
        Dying()
        gc.collect()
        logging.getLogger("some.library").error("hunter2")

    asyncio.run(run())
    text = "\n".join(log.tail(9))
    for event in ("loop fault error=ValueError", "loop fault\n", "thread fault error=ValueError"):
        assert event in text
    assert "unraisable fault error=KeyError" in text
    assert "library logger=some.library level=ERROR" in text
    assert "hunter2" not in text
    assert len([line for line in screen.lines if "ValueError" in line.text or "KeyError" in line.text]) == 3
    assert all(line.fault for line in screen.lines)
    shown = capfd.readouterr()
    assert shown.out + shown.err == ""
    assert any(isinstance(handler, LibraryLog) for handler in logging.getLogger().handlers)
