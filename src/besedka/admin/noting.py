"""What all deeds are, and the one that is asked in passing.

It stands here by itself because a backup takes little more than a second, and to read all the other deeds a quarter.
"""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

import msgspec

ANSWER_SECONDS_MAX = 2.0
"""A line in a log and a row in a table. The backup is made; nobody waits for longer to have it known."""

ANSWER_BYTES_MAX = 4096


class Deed(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """Something to be done."""

    def __repr__(self) -> str:
        """Without what it is about, which may be a secret."""
        return f"<{type(self).__name__}>"

    __str__ = __repr__


class NoteBackup(Deed, frozen=True, tag="backup"):
    """Have it known that a backup was made."""

    file: str
    """Where it is; `-` where it went into a pipe."""
    made: int
    """What it is a picture of, in milliseconds since 1970 UTC."""
    bytes: int
    by: str
    """The system's user who made it."""


def tell_server(control: Path, deed: NoteBackup) -> None:
    """Have a running server note it, where it listens to this user; where it does not, it is not noted."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(ANSWER_SECONDS_MAX)
        asking.connect(os.fsencode(control))
        asking.sendall(msgspec.json.encode(deed) + b"\n")
        asking.recv(ANSWER_BYTES_MAX)  # So that it is noted by the time the command ends.
