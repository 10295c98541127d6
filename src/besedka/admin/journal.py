"""The service log: one line an event, which nothing a peer sends can forge.

A line is `TIME event key=value …`; an event is a word or two of ours. A value with a space, a quote, an equals sign or
nothing in it stands in double quotes, in which a quote and a backslash have a backslash before them; control
characters never appear. Exceptions are written as their types and frames: their texts may quote what people typed.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from besedka.chat.text import harmless_line
from besedka.hub.faults import StoreFault
from besedka.hub.ports import Clock
from besedka.limits import Limits

VALUE_CHARACTERS_MAX = 200
"""A value is a name, an address, a number; longer ones are somebody's attempt."""

FRAMES_MAX = 16
"""Innermost frames of an exception; those further out are the event loop's."""

CAUSES_MAX = 4
"""Exceptions in a chain of causes, or in a group."""

TAIL_LINES_MAX = 1000
"""Lines shown by `log`: some screens."""

LINE_BYTES_EXPECTED = 512
"""How far back to read for a line, when only the last ones are wanted."""

MINUTE_SECONDS = 60.0

CONNECTION_EVENTS = frozenset({"connection opened", "connection closed", "connection refused"})
"""What a flood of connections would fill the disk with; counted instead past a rate."""

_EVENT = re.compile("[a-z][a-z0-9 _.:;,-]*", re.IGNORECASE)
_PLAIN = re.compile(r'[^\s"=\\]+')


class ServerLog:
    """`hub.ports.Journal` on a file that is rotated by size. A disk that is full costs lines, never the server."""

    def __init__(self, path: Path, *, clock: Clock, limits: Limits) -> None:
        """Open or make the file. Raises `OSError`."""
        self._path = path
        self._clock = clock
        self._limits = limits
        self._lost = 0
        self._torn = False
        self._minute_began = clock.seconds()
        self._written_this_minute = 0
        self._unwritten_this_minute = 0
        self.on_fault: Callable[[str], None] = lambda _line: None
        """Called with the line of every internal error, for an operator who is looking."""
        self._file, self._size = self._open()

    def note(self, event: str, **fields: str | int | float) -> None:
        """Write one line."""
        self._end_minute()
        if event in CONNECTION_EVENTS:
            if self._written_this_minute >= self._limits.log_connections_per_minute_max:
                self._unwritten_this_minute += 1
                return
            self._written_this_minute += 1
        self._write(self._line(event, fields))

    def fault(self, event: str, error: BaseException) -> None:
        """Write one line with the types and frames of an exception and its causes, and nothing that others say."""
        chain = list(_chain(error))[:CAUSES_MAX]
        fields: dict[str, str | int | float] = {"error": " < ".join(_type(one) for one in chain)}
        codes = [code for code in map(_code, chain) if code]
        if codes:
            fields["code"] = codes[0]
        if isinstance(error, StoreFault):  # The one family whose texts promise to quote nobody; they name a remedy.
            fields["why"] = str(error)
        line = self._line(event, fields) + f' frames="{" ".join(_frames(chain[0]))}"'
        self._write(line)
        self.on_fault(line)

    def tail(self, count: int) -> list[str]:
        """The last lines, oldest first, at most `TAIL_LINES_MAX`. Reads the rotated file too where needed."""
        self._end_minute()
        count = max(0, min(count, TAIL_LINES_MAX))
        lines: list[str] = []
        for path in (self._path, self._rotated(1)):
            if len(lines) < count:
                lines = _last_lines(path, count - len(lines)) + lines
        return [harmless_line(line) for line in lines]

    def clear(self) -> None:
        """Forget all lines, the rotated ones included. Raises `OSError`."""
        for number in range(1, self._limits.log_files_max + 1):
            self._rotated(number).unlink(missing_ok=True)
        os.ftruncate(self._file, 0)
        self._size, self._torn = 0, False

    def close(self) -> None:
        """Write what was only counted, then close."""
        self._sum_up()
        os.close(self._file)

    def _open(self) -> tuple[int, int]:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(file, 0o600)
        return file, os.fstat(file).st_size

    def _rotated(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _rotate(self) -> None:
        kept = self._limits.log_files_max
        if kept == 0:
            os.ftruncate(self._file, 0)
            self._size = 0
            return
        for number in range(kept - 1, 0, -1):
            if self._rotated(number).exists():
                self._rotated(number).replace(self._rotated(number + 1))
        self._path.replace(self._rotated(1))
        old, (self._file, self._size) = self._file, self._open()
        os.close(old)

    def _line(self, event: str, fields: dict[str, str | int | float]) -> str:
        assert _EVENT.fullmatch(event), "an event is words of ours"
        time = datetime.fromtimestamp(self._clock.now() / 1000, UTC)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{time.microsecond // 1000:03d}Z"
        return " ".join([stamp, event, *(f"{key}={_shown(value)}" for key, value in fields.items())])

    def _write(self, line: str) -> None:
        data = (line + "\n").encode()
        try:
            if self._size + len(data) > self._limits.log_bytes_max and self._size:
                self._rotate()
            if self._lost:
                data = (self._line("lines lost", {"count": self._lost}) + "\n").encode() + data
            if self._torn:
                data = b"\n" + data
            written = os.write(self._file, data)
        except OSError:
            self._lost += 1
            return
        self._size += written
        self._torn = written < len(data)
        self._lost = self._lost + 1 if self._torn else 0

    def _end_minute(self) -> None:
        now = self._clock.seconds()
        if now - self._minute_began >= MINUTE_SECONDS:
            self._sum_up()
            self._minute_began = now
            self._written_this_minute = 0

    def _sum_up(self) -> None:
        if self._unwritten_this_minute:
            seconds = round(self._clock.seconds() - self._minute_began)
            fields: dict[str, str | int | float] = {"count": self._unwritten_this_minute, "seconds": seconds}
            self._write(self._line("connection lines left out", fields))
            self._unwritten_this_minute = 0


class LibraryLog(logging.Handler):
    """What libraries log, in the service log: who, how grave, where, and never their words, which quote values."""

    def __init__(self, journal: ServerLog) -> None:
        super().__init__(logging.WARNING)
        self._journal = journal

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line, and another with the frames where an exception comes with it."""
        place = f"{_short(record.pathname)}:{record.lineno}"
        self._journal.note("library", logger=record.name, level=record.levelname, place=place)
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            self._journal.fault("library fault", error)


def quoted(text: str) -> str:
    """A value as it stands in a line: one word, or in quotes."""
    text = harmless_line(text)
    if len(text) > VALUE_CHARACTERS_MAX:
        text = text[:VALUE_CHARACTERS_MAX] + "…"
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shown(value: str | int | float) -> str:
    if isinstance(value, str):
        return quoted(value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _type(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _code(error: BaseException) -> str:
    """The name of a system's or a database's error, which is no value of anybody's."""
    if isinstance(error, OSError) and error.errno is not None:
        return errno.errorcode.get(error.errno, str(error.errno))
    name = getattr(error, "sqlite_errorname", "")
    return name if isinstance(name, str) else ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, then what it was made of or came from; each once."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        cause = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
        if cause is not None:
            waiting.append(cause)


def _short(path: str) -> str:
    """The last parts of a path: where a package lies is the machine's affair."""
    return "/".join(Path(path).parts[-3:])


def _frames(error: BaseException) -> list[str]:
    """`file:line:function`, the innermost first."""
    walked = traceback.walk_tb(error.__traceback__)
    frames = [f"{_short(frame.f_code.co_filename)}:{line}:{frame.f_code.co_name}" for frame, line in walked]
    return [harmless_line(frame).replace('"', "'").replace(" ", "_") for frame in frames[: -FRAMES_MAX - 1 : -1]]


def _last_lines(path: Path, count: int) -> list[str]:
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            start = max(0, size - count * LINE_BYTES_EXPECTED)
            file.seek(start)
            lines = file.read(size - start).decode(errors="replace").split("\n")
    except OSError:
        return []
    whole = lines[1:] if start else lines
    return [line for line in whole if line][-count:] if count else []
