"""The audit trail as the operator has a part in it: acts on the whole server, beside those in rooms."""

from __future__ import annotations

from collections.abc import Sequence

from besedka.admin.ports import TrailRows
from besedka.chat.audit import AuditLine
from besedka.chat.entries import RoomName
from besedka.chat.principals import AccountName
from besedka.hub.keeping import AuditRow
from besedka.hub.ports import Clock

OPERATOR = AccountName("operator")
"""Whose acts these are. An account may be called so too, but never acts outside of a room, and these name none."""

WHOLE_SERVER = RoomName("")


class AuditTrail:
    """Writes lines of the operator's, and reads everybody's.

    A line is kept before the act is done wherever it is known beforehand that it will be: a server that dies in
    between has a line too many, and never one too few. No line holds a secret.
    """

    def __init__(self, rows: TrailRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def record(self, act: str, whom: str, *, reason: str = "", until: int | None = None) -> None:
        """Keep what the operator does, to whom, why, and until when, in milliseconds since 1970 UTC.

        Raises `StoreFault`.
        """
        line = AuditLine(act, whom, reason, until)
        await self._rows.add_audit(AuditRow(self._clock.now(), OPERATOR, WHOLE_SERVER, line))

    async def last(self, count: int) -> Sequence[AuditRow]:
        """The last lines, the oldest first. Raises `StoreFault`."""
        return await self._rows.audit(limit=count)
