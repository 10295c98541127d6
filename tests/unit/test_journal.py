"""The service log: its lines, what they may never hold, its size and its silence under a flood."""

from __future__ import annotations

import logging
import os
import re
import resource
import stat
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from besedka.admin.journal import LibraryLog, ServerLog
from besedka.hub.faults import StoreFault
from besedka.limits import Limits


class Clock:
    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> int:
        return 1_700_000_000_123 + int(self.passed * 1000)

    def seconds(self) -> float:
        return self.passed

    def wait_seconds(self, seconds: float) -> Awaitable[None]:
        raise AssertionError("the journal waits for nothing")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "server.log"


def opened(path: Path, clock: Clock, **limits: Any) -> ServerLog:
    return ServerLog(path, clock=clock, limits=Limits(**limits))


@pytest.fixture
def journal(path: Path, clock: Clock) -> Iterator[ServerLog]:
    journal = opened(path, clock)
    yield journal
    journal.close()


def test_an_event_is_a_line(journal: ServerLog, path: Path) -> None:
    journal.note("login", name="анна", address="::1", seconds=1.23456, attempts=3)
    assert path.read_text() == "2023-11-14T22:13:20.123Z login name=анна address=::1 seconds=1.235 attempts=3\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(path: Path, clock: Clock) -> None:
    path.write_text("before\n")
    path.chmod(0o644)
    journal = opened(path, clock)
    journal.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "before\n"


def test_a_link_is_not_followed(path: Path, clock: Clock, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        opened(path, clock)


LINE = re.compile(r'(\S+Z) (\w+)((?: \w+=(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*"))*)\n')


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text()
    | st.sampled_from(["", " ", 'a" b="c', "x\n2023-11-14 shutdown", "\x1b[2J", "\u202e", "\\", "a=b", "\u3000"])
)
def test_no_value_can_forge_a_line_or_a_field(journal: ServerLog, path: Path, value: str) -> None:
    journal.clear()
    journal.note("login", name=value, address="::1")
    match = LINE.fullmatch(path.read_text())
    assert match is not None
    fields = re.findall(r' (\w+)=(?:[^\s"=\\]+|"(?:[^"\\]|\\.)*")', match[3])
    assert fields == ["name", "address"]
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]", match[0])


def test_a_long_value_is_cut(journal: ServerLog, path: Path) -> None:
    journal.note("login", name="x" * 1_000_000)
    assert path.stat().st_size < 300


def test_a_fault_has_frames_and_no_values(journal: ServerLog, path: Path) -> None:
    seen: list[str] = []
    journal.on_fault = seen.append

    def check_password(password: str) -> None:
        try:
            raise KeyError(password)
        except KeyError as error:
            raise PermissionError(13, f"no entry for {password}") from error

    try:
        check_password("hunter2")
    except PermissionError as error:
        journal.fault("login fault", error)
    text = path.read_text()
    assert "hunter2" not in text
    assert 'error="PermissionError < KeyError" code=EACCES' in text
    assert re.search(r'frames="tests?/unit/test_journal\.py:\d+:check_password \S+:\d+:test_a_fault', text)
    assert text.count("\n") == 1
    assert seen == [text.rstrip("\n")]


def test_what_the_store_says_is_written_because_it_quotes_nobody(journal: ServerLog, path: Path) -> None:
    journal.fault("store fault", StoreFault("/data/messages.db: the disk is full; free some space."))
    assert 'error=besedka.hub.faults.StoreFault why="/data/messages.db: the disk is full; free' in path.read_text()


def test_a_group_of_faults_names_each(journal: ServerLog, path: Path) -> None:
    journal.fault("fault", ExceptionGroup("secret", [ValueError("secret"), TypeError("secret")]))
    assert 'error="ExceptionGroup < ValueError < TypeError"' in path.read_text()
    assert "secret" not in path.read_text()


def test_a_fault_in_deep_recursion_is_one_short_line(journal: ServerLog, path: Path) -> None:
    def dig(depth: int) -> None:
        dig(depth + 1)

    with pytest.raises(RecursionError) as caught:
        dig(0)
    journal.fault("fault", caught.value)
    assert path.read_text().count(":dig") == 16


def test_connection_lines_are_counted_past_their_rate(path: Path, clock: Clock) -> None:
    journal = opened(path, clock, log_connections_per_minute_max=3)
    for count in range(5):
        journal.note("connection opened", address="::1", count=count)
        journal.note("connection closed", address="::1", count=count)
    clock.passed = 59.9
    journal.note("login", name="ann")
    assert len(path.read_text().splitlines()) == 4
    clock.passed = 60.0
    journal.note("connection opened", address="::1")
    lines = [line.split(" ", 1)[1] for line in path.read_text().splitlines()[4:]]
    assert lines == ["connection lines left out count=7 seconds=60", "connection opened address=::1"]
    for _ in range(5):
        journal.note("connection opened", address="::1")
    journal.close()
    assert path.read_text().splitlines()[-1].endswith("connection lines left out count=3 seconds=0")


def test_the_file_is_rotated_by_size_and_only_so_many_are_kept(path: Path, clock: Clock) -> None:
    journal = opened(path, clock, log_bytes_max=200, log_files_max=2)
    for number in range(40):
        journal.note("event", number=number)
    journal.close()
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["server.log", "server.log.1", "server.log.2"]
    assert all(file.stat().st_size <= 200 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    numbers = [int(line.split("=")[1]) for file in reversed(files[1:]) for line in file.read_text().splitlines()]
    numbers += [int(line.split("=")[1]) for line in path.read_text().splitlines()]
    assert numbers == list(range(numbers[0], 40))


def test_a_log_that_keeps_no_old_files_starts_anew(path: Path, clock: Clock) -> None:
    journal = opened(path, clock, log_bytes_max=100, log_files_max=0)
    for number in range(10):
        journal.note("event", number=number)
    journal.close()
    assert [file.name for file in path.parent.iterdir()] == ["server.log"]
    assert path.read_text().endswith("number=9\n")


def test_the_tail_reaches_into_the_rotated_file(path: Path, clock: Clock) -> None:
    journal = opened(path, clock, log_bytes_max=450, log_files_max=2)
    for number in range(15):
        journal.note("event", number=number)
    assert [int(line.split("=")[1]) for line in journal.tail(12)] == list(range(3, 15))
    assert journal.tail(0) == []
    assert journal.tail(-5) == []
    journal.close()


def test_the_tail_of_a_large_log_is_its_last_lines(path: Path, clock: Clock) -> None:
    journal = opened(path, clock)
    for number in range(3000):
        journal.note("event", number=number)
    assert [int(line.split("=")[1]) for line in journal.tail(5000)] == list(range(2000, 3000))
    journal.close()


def test_a_damaged_log_is_shown_harmless(path: Path, clock: Clock) -> None:
    path.write_bytes(b"\xff\x1b[2J\r\nfine\n")
    journal = opened(path, clock)
    assert journal.tail(10) == ["��[2J�", "fine"]
    journal.close()


def test_clearing_forgets_the_rotated_files_too(path: Path, clock: Clock) -> None:
    journal = opened(path, clock, log_bytes_max=200, log_files_max=2)
    for number in range(40):
        journal.note("event", number=number)
    journal.clear()
    journal.note("log cleared")
    assert [file.name for file in path.parent.iterdir()] == ["server.log"]
    assert path.read_text() == "2023-11-14T22:13:20.123Z log cleared\n"
    journal.close()


def test_lines_lost_to_a_full_disk_are_counted(path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(path, clock)
    journal.note("before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
    try:  # A file at its limit is as good as a full disk: the next write is cut short, those after it fail.
        for _ in range(3):
            journal.note("during")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.note("after")
    lines = path.read_text().splitlines()
    journal.close()
    assert len(lines[1]) == 10
    assert [line.split(" ", 1)[1] for line in (lines[0], *lines[2:])] == ["before", "lines lost count=3", "after"]


def test_what_libraries_log_has_no_words_of_theirs(journal: ServerLog, path: Path) -> None:
    logger = logging.getLogger("test.library")
    logger.propagate = False
    handler = LibraryLog(journal)
    logger.addHandler(handler)
    try:
        logger.info("hunter2")
        logger.error("the password %r is hunter2", "hunter2")
        try:
            raise ValueError("hunter2")
        except ValueError:
            logger.exception("hunter2 again")
    finally:
        logger.removeHandler(handler)
    lines = [line.split(" ", 1)[1] for line in path.read_text().splitlines()]
    assert len(lines) == 3
    assert lines[0].startswith("library logger=test.library level=ERROR place=")
    assert lines[2].startswith("library fault error=ValueError frames=")
    assert "hunter2" not in "".join(lines)


def test_a_descriptor_is_not_inherited(journal: ServerLog, path: Path) -> None:
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue
        if target == str(path):
            assert not os.get_inheritable(int(name))
