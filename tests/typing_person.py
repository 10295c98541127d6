"""Somebody at a terminal with `besedka chat` on it, through a pseudo-terminal."""

from __future__ import annotations

import os
import re
import signal
import termios
from pathlib import Path
from types import TracebackType
from typing import Self

import pexpect

from server import BESEDKA
from waiting import SECONDS_MAX, block_until

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[A-Za-z~]|[=>])")


class Typist:
    """One run of `besedka chat`. As a context manager it is gone at the end, whatever happened."""

    def __init__(self, state: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        """`state` is what the client keeps between runs."""
        environment = {
            **os.environ,
            "BESEDKA_STATE": str(state),
            "TERM": "xterm-256color",
            "NO_COLOR": "1",
            "PROMPT_TOOLKIT_NO_CPR": "1",  # Nobody here answers where the cursor is.
            **(environment or {}),
        }
        self._log = _Log()
        self._child = pexpect.spawn(
            BESEDKA[0],
            [*BESEDKA[1:], "chat", *arguments],
            env=environment,
            encoding="utf-8",
            timeout=SECONDS_MAX,
            dimensions=(40, 200),
        )
        self._child.delaybeforesend = None
        self._terminal = os.dup(self._child.child_fd)  # To look at it when the child is gone.
        self._child.logfile_read = self._log

    def sees(self, *texts: str) -> None:
        """Wait until these appear, one after the other."""
        for text in texts:
            try:
                self._child.expect_exact(text)
            except (pexpect.TIMEOUT, pexpect.EOF):
                raise AssertionError(f"never seen: {text!r}; the screen had:\n{self.screen}") from None

    def types(self, line: str) -> None:
        """Type a line and Enter."""
        self._child.send(line + "\r")

    def presses(self, keys: str) -> None:
        """Type without Enter."""
        self._child.send(keys)

    def pastes(self, text: str) -> None:
        """Paste, as terminals that bracket pastes do."""
        self._child.send(f"\x1b[200~{text}\x1b[201~")

    def interrupts(self) -> None:
        """Ctrl-C."""
        self._child.send("\x03")

    def ends_input(self) -> None:
        """Ctrl-D."""
        self._child.send("\x04")

    def is_told(self, number: signal.Signals) -> None:
        """A signal from elsewhere."""
        self._child.kill(number)

    def hangs_up(self) -> int:
        """Close the terminal's window; the exit status of what ran in it."""
        os.close(self._terminal)
        self._terminal = -1
        self._child.ptyproc.fileobj.close()  # Its own `close` would send signals after that of the terminal.
        block_until(lambda: not self._child.isalive())
        assert self._child.exitstatus is not None, f"ended by signal {self._child.signalstatus}"
        return int(self._child.exitstatus)

    def is_raw(self) -> bool:
        """Whether keys come one by one, or are not shown: what a shell could not be used in afterwards."""
        local = termios.tcgetattr(self._terminal)[3]
        return not (local & termios.ICANON and local & termios.ECHO)

    def status(self) -> int:
        """Wait for the end; the exit status."""
        try:
            self._child.expect(pexpect.EOF)
        except pexpect.TIMEOUT:
            raise AssertionError(f"it does not end; the screen had:\n{self.screen}") from None
        self._child.close()
        assert self._child.exitstatus is not None, f"ended by signal {self._child.signalstatus}"
        return int(self._child.exitstatus)

    @property
    def screen(self) -> str:
        """All that was ever written, without what moves and colours it."""
        return _ESCAPES.sub("", self._log.text).replace("\r", "")

    def enters(self, name: str, password: str = "correct horse") -> None:
        """The questions after the address, for somebody new."""
        self.sees("Name")
        self.types(name)
        self.sees("Password: ")
        self.types(password)
        self.sees("New here. Password again: ")
        self.types(password)
        self.sees("lobby>")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.close(force=True)
        if self._terminal >= 0:
            os.close(self._terminal)


class _Log:
    """What pexpect writes its reading to."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def flush(self) -> None:
        pass
