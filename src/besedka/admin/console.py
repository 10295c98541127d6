"""The console: an operator's lines in, on the terminal where the server runs, and answers out.

Both ends may block for ever (nobody types; Ctrl-S stops the screen), and neither may block the loop. So one thread
reads and one writes, with a bounded queue before the screen. The descriptor is left as it is: to make it non-blocking,
as a loop would have to, changes the terminal for every program on it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator

from besedka.admin.deeds import Answer, AnyDeed, ConsoleLine, Ended, Said
from besedka.words import _

LINE_BYTES_MAX = 16_384
"""A line of input: the longest message, some times over."""

SCREEN_LINES_MAX = 10_000
"""Lines waiting for a screen that is stopped; past it new ones are dropped."""

_READ_BYTES = 4096


class Screen:
    """Writes lines in their order, from a thread of its own."""

    def __init__(self) -> None:
        self._lines: queue.Queue[Said | threading.Event] = queue.Queue(SCREEN_LINES_MAX)
        threading.Thread(target=self._write_all, name="screen", daemon=True).start()

    def show(self, line: Said) -> None:
        """Show a line some time; never blocks."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(line)

    def wait_shown(self, seconds: float) -> None:
        """Block until everything is on the screen, at most this long."""
        shown = threading.Event()
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(shown)
            shown.wait(seconds)

    def _write_all(self) -> None:
        while True:
            line = self._lines.get()
            if isinstance(line, threading.Event):
                line.set()
                continue
            with contextlib.suppress(OSError, ValueError):  # A screen that is gone stays gone.
                print(line.text, file=sys.stderr if line.fault else sys.stdout, flush=True)


class Console:
    """Reads commands until the input ends, which ends the console and not the server."""

    def __init__(
        self,
        *,
        carry_out: Callable[[AnyDeed, Answer], Awaitable[Ended]],
        screen: Screen,
        loop: asyncio.AbstractEventLoop,
        descriptor: int = 0,
    ) -> None:
        self._carry_out = carry_out
        self._screen = screen
        self._loop = loop
        self._descriptor = descriptor

    def start(self) -> None:
        """Begin to read; call it in the main thread."""
        # In the background of a terminal, reading stops the whole process by SIGTTIN; ignored, it fails with EIO.
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        threading.Thread(target=self._read_all, name="console", daemon=True).start()

    def _read_all(self) -> None:
        for line in self._lines():
            # One line at a time: what is typed or piped meanwhile waits in the terminal or the pipe.
            running = self._run(ConsoleLine(line=line))
            try:
                asyncio.run_coroutine_threadsafe(running, self._loop).result()
            except (RuntimeError, concurrent.futures.CancelledError):
                running.close()
                return  # The loop has ended.

    async def _run(self, deed: ConsoleLine) -> None:
        await self._carry_out(deed, Answer(self._screen.show))

    def _lines(self) -> Iterator[str]:
        buffer = b""
        too_long = False
        while True:
            try:
                data = os.read(self._descriptor, _READ_BYTES)
            except OSError:
                return
            *lines, buffer = (buffer + data).split(b"\n")
            if not data and buffer:
                lines, buffer = [buffer], b""
            for line in lines:
                if too_long or len(line) > LINE_BYTES_MAX:
                    self._screen.show(Said(_("That line is too long."), fault=True))
                    too_long = False
                else:
                    yield line.decode(errors="replace")
            if len(buffer) > LINE_BYTES_MAX:
                too_long, buffer = True, b""
            if not data:
                return
