"""The parts of a running server that the console's commands act on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from besedka.admin.deeds import Answer, Ended
from besedka.admin.journal import ServerLog
from besedka.admin.people import PeopleDesk
from besedka.admin.ports import Governor, People, Premises, Rooms
from besedka.admin.rooms import RoomDesk
from besedka.admin.trail import AuditTrail
from besedka.hub.ports import Clock


class Running:
    """What there is to act on."""

    def __init__(
        self,
        *,
        governor: Governor,
        premises: Premises,
        people: People,
        rooms: Rooms,
        trail: AuditTrail,
        desk: PeopleDesk,
        room_desk: RoomDesk,
        log: ServerLog,
        clock: Clock,
        version: str,
        started: int,
    ) -> None:
        """`started` is in milliseconds since 1970 UTC."""
        self.governor = governor
        self.premises = premises
        self.people = people
        self.rooms = rooms
        self.trail = trail
        self.desk = desk
        self.room_desk = room_desk
        self.log = log
        self.clock = clock
        self.version = version
        self.started = started


Handler = Callable[[Running, Sequence[str], Answer], Awaitable[Ended]]
"""Carries out one command, given the words after its name."""


def number(word: str, most: int) -> int | None:
    """A whole number from 1 to `most`, or None."""
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 and 1 <= int(word) <= most else None
