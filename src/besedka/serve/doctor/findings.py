"""What a look at something came to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

import msgspec

from besedka.config import Config
from besedka.config_keys import Listener, listener
from besedka.serve.directory import Holder
from besedka.store.opening import reader


class Level(Enum):
    """How much it matters."""

    OK = "ok"
    NOTE = "note"
    """Good to know; nothing has to be done."""
    WARNING = "warning"
    """It works, and will hurt some day."""
    FAILURE = "failure"
    """It does not work, or a secret lies open."""


class Finding(msgspec.Struct, frozen=True):
    """One sentence about one thing, and what helps. No secret is ever in it."""

    level: Level
    about: str
    says: str
    remedy: str = ""


class Patient(msgspec.Struct, frozen=True):
    """What is looked at."""

    data: Path
    config: Config
    server: Holder | None
    """Who holds the data directory; None where nobody does."""
    now: int
    """In milliseconds since 1970 UTC."""

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where the server listens, or would by the configuration."""
        if self.server is not None and self.server.addresses:
            return tuple(listener(address) for address in self.server.addresses)
        return self.config.listen

    def read(self, path: Path) -> sqlite3.Connection:
        """A database of the directory, so that nothing is put beside it that was not there. Raises `CannotOpen`."""
        log = path.with_name(path.name + "-wal")
        return reader(path, still=self.server is None and not (log.exists() and log.stat().st_size))

    @property
    def is_served(self) -> bool:
        """Whether a server holds it, and not some other command."""
        return self.server is not None and self.server.control is not None


Findings = Iterator[Finding]
