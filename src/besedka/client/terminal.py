"""Standard input and output, as lines: with somebody at the keyboard, or without."""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from typing import Any, Protocol

from besedka.client.commands import Confided, Meaning, Ordered, secrets_of

LINE_BYTES_MAX = 1 << 20
"""Of a line of input so much is held; no server takes as much, so the rest need not be."""


class EndOfInput(Exception):
    """Nothing more will be typed."""


class Lines:
    """Lines of a file descriptor. Reading past what was asked for is kept, so that all who read share one of these."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""
        self._ended = False

    def line(self) -> str:
        """The next line without its end, waiting for it. Raises `EndOfInput`. What is not UTF-8 is replaced."""
        while b"\n" not in self._rest and not self._ended:
            try:
                piece = os.read(self._descriptor, 65_536)
            except OSError:  # The terminal has gone away.
                piece = b""
            self._ended = not piece
            self._rest += piece
            if len(self._rest) > LINE_BYTES_MAX and b"\n" not in self._rest:
                self._rest = self._rest[:LINE_BYTES_MAX]
        if not self._rest:
            raise EndOfInput
        found, _end, self._rest = self._rest.partition(b"\n")
        return found.removesuffix(b"\r").decode(errors="replace")


Input = str | Confided | None
"""What comes from whoever types; None is the end."""


class Asker(Protocol):
    """Asks questions before the talk begins."""

    def ask(self, question: str, default: str = "") -> str:
        """An answer, or the default for an empty one. Raises `EndOfInput`."""
        ...

    def secret(self, question: str) -> str:
        """An answer that is not shown. Raises `EndOfInput`."""
        ...

    def complain(self, text: str) -> None:
        """Say what was wrong with an answer."""
        ...


class Person:
    """Somebody at a terminal."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def ask(self, question: str, default: str = "") -> str:
        """With the default in brackets."""
        out = sys.stdout if sys.stdout.isatty() else sys.stderr
        print(f"{question} [{default}]: " if default else f"{question}: ", end="", file=out, flush=True)
        return self._lines.line().strip() or default

    def secret(self, question: str) -> str:
        """Without echo."""
        try:
            return getpass.getpass(f"{question}: ")
        except EOFError:
            raise EndOfInput from None

    def complain(self, text: str) -> None:
        """On the error output."""
        print(text, file=sys.stderr, flush=True)


class Script:
    """Input that comes from a pipe or a file: nothing is asked aloud, the answers are read all the same."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def ask(self, question: str, default: str = "") -> str:  # noqa: ARG002 - a script knows what comes
        """The next line."""
        return self._lines.line().strip() or default

    def secret(self, question: str) -> str:  # noqa: ARG002
        """The next line, as it is."""
        return self._lines.line()

    def complain(self, text: str) -> None:
        """On the error output."""
        print(text, file=sys.stderr, flush=True)


def wants_colour() -> bool:
    """Whether the terminal has colours and its owner wants them (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in ("", "dumb")


def read_into(
    put: Callable[[Input], Coroutine[Any, Any, None]],
    lines: Lines,
    asker: Asker,
    loop: asyncio.AbstractEventLoop,
    take: Callable[[str], Meaning],
) -> None:
    """Put line after line, then None, waiting as long as `put` does.

    What a line means is what `take` takes it for; the secrets of a command that needs some are asked for without echo.
    In a thread of its own: a file cannot be waited for by the loop, and a terminal must not be made non-blocking under
    the shell that shares it. It is a daemon, as nobody can end a read that has begun.
    """

    def pass_on(item: Input) -> bool:
        putting = put(item)
        try:
            asyncio.run_coroutine_threadsafe(putting, loop).result()
        except (RuntimeError, CancelledError):  # The talk is over.
            putting.close()
            return False
        return True

    def read() -> None:
        try:
            going_on = True
            while going_on:
                line = lines.line()
                meaning = take(line)
                if isinstance(meaning, Ordered) and (questions := secrets_of(meaning)):
                    going_on = pass_on(Confided(meaning, tuple(map(asker.secret, questions))))
                else:
                    going_on = pass_on(line)
        except EndOfInput:
            pass_on(None)

    threading.Thread(target=read, name="standard input", daemon=True).start()
