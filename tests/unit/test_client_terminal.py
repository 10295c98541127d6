"""Lines of input, however they come."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from besedka.client.commands import Confided, Dictation
from besedka.client.terminal import (
    LINE_BYTES_MAX,
    EndOfInput,
    Input,
    Lines,
    Script,
    read_into,
    wants_colour,
)
from waiting import wait_for


@contextmanager
def reading(*pieces: bytes) -> Iterator[Lines]:
    """Input that is these bytes and ends."""
    read, write = os.pipe()
    try:
        for piece in pieces:
            os.write(write, piece)
        os.close(write)
        yield Lines(read)
    finally:
        os.close(read)


def rest_of(lines: Lines) -> list[str]:
    found = []
    try:
        while True:
            found.append(lines.line())
    except EndOfInput:
        return found


def test_lines_end_with_a_newline_or_the_input() -> None:
    with reading(b"one\ntwo\r\n\nlast") as lines:
        assert rest_of(lines) == ["one", "two", "", "last"]
        with pytest.raises(EndOfInput):
            lines.line()
    with reading(b"") as lines:
        assert rest_of(lines) == []


def test_what_is_not_utf_8_is_replaced() -> None:
    with reading("чай\n".encode() + b"\xff\xfe!\n") as lines:
        assert rest_of(lines) == ["чай", "\ufffd\ufffd!"]


def test_a_line_without_an_end_is_held_only_so_far() -> None:
    file = os.memfd_create("long")
    try:
        os.write(file, b"x" * (3 * LINE_BYTES_MAX) + b"\nnext\n")
        os.lseek(file, 0, os.SEEK_SET)
        lines = Lines(file)
        first = lines.line()
        assert LINE_BYTES_MAX <= len(first) < 2 * LINE_BYTES_MAX
        assert lines.line() == "next"
    finally:
        os.close(file)


def test_a_terminal_that_has_gone_is_the_end() -> None:
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(EndOfInput):
        Lines(read).line()


def test_a_script_answers_without_being_asked_aloud(capsys: pytest.CaptureFixture[str]) -> None:
    with reading(b" ann \n\n secret \n") as lines:
        script = Script(lines)
        assert script.ask("Name", "bob") == "ann"
        assert script.ask("Name", "bob") == "bob"
        assert script.secret("Password") == " secret "
        with pytest.raises(EndOfInput):
            script.ask("Name")
    assert capsys.readouterr().out == ""


def taken_in(*pieces: bytes) -> list[Input]:
    """What a queue for two at a time is given of these bytes."""

    async def work(lines: Lines) -> list[Input]:
        queue: asyncio.Queue[Input] = asyncio.Queue(2)
        loop = asyncio.get_running_loop()
        read_into(queue.put, lines, Script(lines), loop, Dictation().take)
        taken: list[Input] = []
        while not taken or taken[-1] is not None:
            assert queue.qsize() <= 2
            taken.append(await wait_for(queue.get()))
        return taken

    with reading(*pieces) as lines:
        return asyncio.run(work(lines))


def test_reading_into_a_queue_waits_for_room_and_ends_with_none() -> None:
    taken = taken_in(*(b"%d\n" % number for number in range(50)))
    assert taken == [*(str(number) for number in range(50)), None]


def test_passwords_are_asked_for_after_the_wish_and_are_no_lines() -> None:
    taken = taken_in(b"hi\n/password\n old\nnew new\nnew new\n/remove-account ann\nnew new\nbye\n")
    changed, removed = taken[1], taken[2]
    assert isinstance(changed, Confided)
    assert isinstance(removed, Confided)
    assert (changed.ordered.command.word, changed.answers) == ("password", (" old", "new new", "new new"))
    assert (removed.ordered.argument, removed.answers) == ("ann", ("new new",))
    assert [taken[0], *taken[3:]] == ["hi", "bye", None]
    assert taken_in(b"/password\nold\n") == [None], "answers that do not come change nothing"


def test_what_is_pasted_asks_for_nothing() -> None:
    assert taken_in(b"/paste\n/password\n.\nhi\n") == ["/paste", "/password", ".", "hi", None]


def test_colour_is_for_terminals_whose_owner_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert wants_colour()
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour()
    monkeypatch.setenv("NO_COLOR", "")
    assert wants_colour(), "no-color.org: not an empty string"
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour()
