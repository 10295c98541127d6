"""The command line in this process, for tests to which a process of its own would prove nothing more."""

from __future__ import annotations

import io
import os
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from besedka.cli import main


def in_process(*arguments: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command to its end as `server.besedka` does, in a fifth of the time. Not for `serve` where that starts.

    What it would leave changed in the process (the mask of new files) is put back.
    """
    words = [str(argument) for argument in arguments]
    output, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(output), redirect_stderr(errors):
        patched.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        mask = os.umask(0o022)  # As people have it.
        try:
            with pytest.raises(SystemExit) as ended:
                main(words)
        finally:
            os.umask(mask)
    status = ended.value.code
    assert isinstance(status, int)
    return subprocess.CompletedProcess(words, status, output.getvalue(), errors.getvalue())


def failed(*arguments: str | Path, status: int = 1, typed: str = "") -> str:
    """The sentence with which a command fails."""
    done = in_process(*arguments, typed=typed)
    assert done.returncode == status, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr
