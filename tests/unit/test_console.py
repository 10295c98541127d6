"""The console's ends: lines in from a descriptor, lines out to a screen, and neither blocks the loop."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from besedka.admin.console import LINE_BYTES_MAX, SCREEN_LINES_MAX, Console, Screen
from besedka.admin.deeds import Answer, AnyDeed, ConsoleLine, Ended, Said, Status
from waiting import block_until, wait_until


class Recorder:
    """Carries out nothing and remembers the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def carry_out(self, deed: AnyDeed, answer: Answer) -> Ended:
        assert isinstance(deed, ConsoleLine)
        self.lines.append(deed.line)
        answer.line(f"<{deed.line}>")
        return Ended(Status.FINE)


class Shown(Screen):
    """A screen that remembers."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def show(self, line: Said) -> None:
        self.texts.append(line.text)


def console_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "console"]


def read(feed: Callable[[int], None], expected: int) -> tuple[list[str], list[str]]:
    """What the console makes of what `feed` writes and closes: lines carried out, and lines shown."""
    recorder, screen = Recorder(), Shown()
    reading, writing = os.pipe()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        Console(carry_out=recorder.carry_out, screen=screen, loop=loop, descriptor=reading).start()
        await asyncio.to_thread(feed, writing)
        await wait_until(lambda: len(screen.texts) >= expected and not console_threads())

    asyncio.run(run())
    os.close(reading)
    return recorder.lines, screen.texts


def written(*pieces: bytes) -> Callable[[int], None]:
    def feed(descriptor: int) -> None:
        for piece in pieces:
            assert os.write(descriptor, piece) == len(piece)
        os.close(descriptor)

    return feed


def test_lines_are_carried_out_in_order_however_they_are_cut() -> None:
    lines, shown = read(written(b"sta", b"tus\nwho\r", b"\n\nlast"), 4)
    assert lines == ["status", "who\r", "", "last"]
    assert shown == ["<status>", "<who\ufffd>", "<>", "<last>"]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert read(written(b"say \xff\n"), 1)[0] == ["say \ufffd"]


def test_a_line_that_is_too_long_is_refused_and_the_next_is_read() -> None:
    lines, shown = read(written(*[b"x" * 8192] * 5, b"\nstatus\n"), 2)
    assert lines == ["status"]
    assert shown == ["That line is too long.", "<status>"]
    lines, shown = read(written(b"x" * (LINE_BYTES_MAX + 1) + b"\nstatus\n"), 2)
    assert lines == ["status"]
    lines, _shown = read(written(b"x" * LINE_BYTES_MAX + b"\n"), 1)
    assert [len(line) for line in lines] == [LINE_BYTES_MAX]


def test_an_input_that_is_at_its_end_ends_the_console_only() -> None:
    assert read(written(), 0) == ([], [])


@pytest.mark.parametrize("descriptor", [-1, 1 << 20])
def test_an_input_that_cannot_be_read_ends_the_console_only(descriptor: int) -> None:
    async def run() -> None:
        recorder = Recorder()
        loop = asyncio.get_running_loop()
        Console(carry_out=recorder.carry_out, screen=Shown(), loop=loop, descriptor=descriptor).start()
        await wait_until(lambda: not console_threads())

    asyncio.run(run())


def test_a_loop_that_has_ended_ends_the_console() -> None:
    reading, writing = os.pipe()

    async def run() -> None:
        loop = asyncio.get_running_loop()
        Console(carry_out=Recorder().carry_out, screen=Shown(), loop=loop, descriptor=reading).start()

    asyncio.run(run())
    os.write(writing, b"status\n")
    block_until(lambda: not console_threads())
    os.close(writing)
    os.close(reading)


def test_a_regular_file_can_be_the_input(tmp_path: Path) -> None:
    path = tmp_path / "commands"
    path.write_text("status\nwho\n")
    recorder, screen = Recorder(), Shown()

    async def run(descriptor: int) -> None:
        loop = asyncio.get_running_loop()
        Console(carry_out=recorder.carry_out, screen=screen, loop=loop, descriptor=descriptor).start()
        await wait_until(lambda: len(recorder.lines) == 2)

    with path.open("rb") as file:
        asyncio.run(run(file.fileno()))
        block_until(lambda: not console_threads())


def test_a_screen_shows_everything_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    for number in range(100):
        screen.show(Said(str(number)))
    screen.show(Said("alas", fault=True))
    screen.wait_shown(10)
    shown = capfd.readouterr()
    assert shown.out.split() == [str(number) for number in range(100)]
    assert shown.err == "alas\n"


def test_a_stopped_screen_blocks_nobody_and_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    shown: list[str] = []

    def stopped(text: str, **_options: object) -> None:
        go_on.wait(10)
        shown.append(text)

    monkeypatch.setattr("builtins.print", stopped)
    screen = Screen()
    for number in range(SCREEN_LINES_MAX * 2):
        screen.show(Said(str(number)))
    screen.wait_shown(0.01)
    go_on.set()
    block_until(lambda: len(shown) >= SCREEN_LINES_MAX)
    screen.show(Said("after"))
    block_until(lambda: shown[-1] == "after")
    assert len(shown) <= SCREEN_LINES_MAX + 2


def test_a_screen_that_is_gone_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = threading.Event()

    def gone(_text: str, **_options: object) -> None:
        tried.set()
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", gone)
    screen = Screen()
    screen.show(Said("one"))
    assert tried.wait(10)
    tried.clear()
    screen.show(Said("two"))
    assert tried.wait(10)
