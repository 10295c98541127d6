"""What a log can tell of one person, and forget of them; and the steps of what takes longer than one commit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from besedka.chat.entries import Entry, RoomId
from besedka.chat.forgetting import Bygone
from besedka.chat.principals import AccountName, PrincipalId

if TYPE_CHECKING:
    from besedka.hub.keeping import AuditRow

SCAN_ENTRIES = 5_000
"""Entries looked at in one go for those that are somebody's: some milliseconds of a reader, or of the writer."""


class Place(msgspec.Struct, frozen=True):
    """Somewhere in all the logs, which are gone through by room and number."""

    room: RoomId = RoomId(0)
    number: int = 0


class Authored(msgspec.Struct, frozen=True):
    """Entries of one author, by room and number."""

    entries: tuple[tuple[RoomId, Entry], ...]
    upto: Place | None
    """How far was looked, for the next call; None at the end of all logs."""


class Step(msgspec.Struct, frozen=True):
    """Something begun in both of the store's files that must be finished, by the next start at the latest."""

    id: int
    what: str
    """JSON of whoever began it; repeating it must be harmless."""


class Steps(Protocol):
    """What is unfinished because no transaction spans both files. Every change is durable before it returns."""

    async def add_step(self, what: str) -> int:
        """Note it before the first file is touched; the id is for `finish_step`."""
        ...

    async def update_step(self, step: int, what: str) -> None:
        """It has come further. One that is finished stays so."""
        ...

    async def finish_step(self, step: int) -> None:
        """Both files have it. Repeating it is harmless."""
        ...

    async def pending_steps(self) -> Sequence[Step]:
        """What is to be finished, the oldest first."""
        ...


class Belongings(Steps, Protocol):
    """A log, as far as it is about one person."""

    async def authored(self, author: PrincipalId, *, after: Place, limit: int, bytes_max: int) -> Authored:
        """The next of somebody's entries, in every room from its floor on; at most `limit` and about `bytes_max`.

        Looks at `SCAN_ENTRIES` at most, so there may be none while there are more.
        """
        ...

    async def forget(self, whom: Bygone, *, after: Place) -> Place | None:
        """Make what `chat.forgetting` makes of them of so many more entries, durably; None when all are.

        Looks at `SCAN_ENTRIES` at most. Old words may lie in the files until `scrub`.
        """
        ...

    async def erase_inbox(self, account: PrincipalId) -> None:
        """Leave nothing of an account's own log but the ids it has used, nor of how far it has read, durably."""
        ...

    async def audit_about(self, name: AccountName, *, since: int, limit: int) -> Sequence[AuditRow]:
        """What an operator did to an account since it was made (milliseconds since 1970 UTC), the oldest first.

        Acts in rooms are no part of it: they are entries there, for whoever may read them.
        """
        ...


def is_about(whom: str, name: AccountName) -> bool:
    """Whether an operator's line is about an account: it has its name, and behind a colon what it was made."""
    return whom == name or whom.startswith(f"{name}: ")
