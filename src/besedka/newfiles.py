"""Where what is exported goes: the output, or a file of its owner's alone that was not there."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from besedka.failures import Failure
from besedka.words import _


@contextlib.contextmanager
def written(output: Path | None) -> Iterator[BinaryIO]:
    """The output, or a new file of its owner's alone that is gone again where writing it fails. Raises `Failure`."""
    if output is None:
        yield sys.stdout.buffer
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise Failure(_("{file} cannot be made: {why}").format(file=output, why=error.strerror)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        output.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise Failure(_("{file} cannot be written: {why}").format(file=output, why=error.strerror)) from None
        raise
