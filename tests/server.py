"""A real `besedka serve` process on a data directory of its own, for tests that need the whole server."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import pytest

from command import in_process
from waiting import SECONDS_MAX, block_until

BESEDKA = (sys.executable, "-W", "error", "-m", "besedka")
"""The command line as a program; a warning in it is an error."""


def besedka(
    *arguments: str | Path, typed: str = "", seconds: float = 30.0, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end, with `typed` as its input."""
    return subprocess.run(
        [*BESEDKA, *map(str, arguments)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=seconds,
        env={**os.environ, **(environment or {})},
        check=False,
    )


class Server:
    """A server process. As a context manager it is running inside, and gone after, whatever happened.

    `port` and `pid` are those of the last start; `start` again after `kill` or `stop` uses the same data.
    """

    def __init__(
        self,
        data: Path,
        *,
        arguments: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        program: Sequence[str] = BESEDKA,
    ) -> None:
        """`arguments` come after `serve --port auto --data DATA`, so that a `--port` among them wins."""
        self.data = data
        self.port = 0
        self._program = program
        self._arguments = arguments
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[str] | None = None
        self._readers: list[threading.Thread] = []
        self.output: list[str] = []
        """Lines of the last start's standard output."""
        self.errors: list[str] = []
        """Lines of the last start's error output."""

    @property
    def pid(self) -> int:
        """Of the running process."""
        return self._running.pid

    @property
    def _running(self) -> subprocess.Popen[str]:
        assert self._process is not None, "the server was not started"
        return self._process

    def start(self) -> Self:
        """Start it and wait until it listens. Fails with its error output if it ends instead."""
        self.begin()
        if not self.wait_listening():
            pytest.fail(f"the server ended with {self._running.returncode}: {self.output} {self.errors}")
        return self

    def wait_listening(self) -> bool:
        """Wait until it listens, or (False) has ended instead."""
        block_until(lambda: self._listening() or self.ended)
        address = self._listening()
        if address is None:
            self._join()
            return False
        self.port = int(address.rpartition(":")[2])
        return True

    @property
    def ended(self) -> bool:
        """Whether the process is no more."""
        return self._running.poll() is not None

    def begin(self) -> None:
        """Start it without waiting for anything."""
        assert self._process is None or self._process.poll() is not None, "the server is running"
        self.output, self.errors = [], []
        self._process = subprocess.Popen(
            [*self._program, "serve", "--port", "auto", "--data", str(self.data), *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self._environment,
        )
        self._readers = [
            self._reader(self._process.stdout, self.output),
            self._reader(self._process.stderr, self.errors),
        ]

    def type_line(self, line: str) -> None:
        """Type a line on its console."""
        stdin = self._running.stdin
        assert stdin is not None
        stdin.write(line + "\n")
        stdin.flush()

    def end_input(self) -> None:
        """Nothing more will ever be typed on its console."""
        stdin = self._running.stdin
        assert stdin is not None
        stdin.close()

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._running.send_signal(number)

    def wait(self, seconds: float = SECONDS_MAX) -> int:
        """Wait for its end; its exit status."""
        status = self._running.wait(seconds)
        self._join()
        return status

    def stop(self, seconds: float = SECONDS_MAX) -> int:
        """Have it stop in order (SIGTERM); its exit status."""
        self.send(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self) -> None:
        """End it as a crash does (SIGKILL)."""
        self._running.kill()
        self.wait()

    def log(self) -> list[str]:
        """The lines of its `server.log`, without their times."""
        return [line.split(" ", 1)[1] for line in (self.data / "server.log").read_text().splitlines()]

    def ctl(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `besedka ctl` on it."""
        return in_process("ctl", *words, "--data", self.data)

    def add(self, name: str, password: str, *options: str) -> None:
        """Make an account, whether it runs or not."""
        done = in_process("user", "add", name, "--password-stdin", *options, "--data", self.data, typed=password + "\n")
        assert done.returncode == 0, done.stderr

    def _listening(self) -> str | None:
        prefix = "listening on "
        return next((line.removeprefix(prefix) for line in self.output if line.startswith(prefix)), None)

    def _reader(self, stream: IO[str] | None, lines: list[str]) -> threading.Thread:
        assert stream is not None

        def read() -> None:
            with stream:
                for line in stream:
                    lines.append(line.rstrip("\n"))

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread

    def _join(self) -> None:
        for reader in self._readers:
            reader.join(SECONDS_MAX)
        stdin = self._running.stdin
        if stdin is not None and not stdin.closed:
            with contextlib.suppress(BrokenPipeError):
                stdin.close()

    def __enter__(self) -> Self:
        return self if self._process is not None else self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self.kill()  # Where it has ended by itself, this closes its pipes.
