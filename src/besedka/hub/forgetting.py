"""What the server no longer keeps: floors that rise as their time comes, and what lies before them.

A floor is raised in the store first; in the same breath in which that is known it is raised in memory, so that nobody
is given anything from before it; and only then do the entries go, a few at a time. So whoever reads a page while it
goes sees by the floor that it has, and readers that are behind are told that they have missed something (`Places`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from besedka.chat.entries import RoomId
from besedka.chat.retention import AUDIT_LINES_MAX, Floor
from besedka.hub.faults import StoreFault

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

ROOMS_AT_ONCE = 100
"""Rooms looked at in one reading, and floors raised in one commit; some milliseconds."""

ENTRIES_AT_ONCE = 500
"""Entries forgotten in one commit: about a millisecond and the commit itself, which a turn may have to wait for."""

PAGES_AT_ONCE = 128
"""Pages of the file given back in one commit, each of which may have to be moved: about as long."""

PAUSE_SECONDS = 0.05
"""Between two such commits at least: no more than ten thousand entries are forgotten in a second."""

REST = 9
"""How many times as long as the last commit took a pause lasts at least: a busy disk is left to people."""


class Forgetting:
    """Looks through all rooms, again and again."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts
        self._failing: dict[str, None] = {}
        """What could not be done the last time; of rooms no more than are damaged."""

    async def run(self) -> None:
        """Until the hub stops. The first look finishes what an earlier process has begun."""
        while not self._hub.stopping:
            await self._attempt("all", self._look)
            await self._parts.clock.wait_seconds(self._parts.limits.retention_look_seconds)

    async def _attempt(self, about: str, work: Callable[[], Awaitable[None]]) -> bool:
        """Do it if the store can; whether it could. What it cannot is due at the next look again."""
        try:
            await work()
        except StoreFault as fault:
            if about not in self._failing:
                self._parts.journal.fault("forgetting failed", fault)
            self._failing[about] = None
            return False
        self._failing.pop(about, None)
        return True

    async def _in_room(self, what: str, work: Callable[[RoomId], Awaitable[None]], room: RoomId) -> bool:
        return await self._attempt(f"{what} {room}", partial(work, room))

    async def _look(self) -> None:
        parts, forgot = self._parts, False
        retention, after = parts.settings.retention, RoomId(0)
        while not self._hub.stopping:
            due = await parts.logs.floors_due(retention, now=parts.clock.now(), after=after, limit=ROOMS_AT_ONCE)
            for floor in await self._raise(await self._ready(due.floors)):
                forgot = True
                await self._in_room("pruning", self._prune, floor.room)
            if due.next is None:
                break
            after = due.next
        if forgot:
            parts.unscrubbed = True  # What was said lies in the gaps of the files yet.
        await self._forget_audit()
        await self._repeat(lambda: parts.logs.shrink(pages=PAGES_AT_ONCE))

    async def _ready(self, due: Sequence[Floor]) -> list[Floor]:
        """Those whose rooms can be opened, for one may be damaged, and have told all that the floor would put away."""
        return [
            floor for floor in due if await self._in_room("opening", self._open, floor.room) and self._has_told(floor)
        ]

    async def _open(self, room: RoomId) -> None:
        """So that nobody opens it while its floor rises."""
        await self._parts.open_room(room)

    def _has_told(self, floor: Floor) -> bool:
        """What is kept and about to be told is told first: its room waits for the next look."""
        opened = self._parts.rooms.get(floor.room)
        return opened is not None and floor.number <= opened.state.head + 1

    async def _prune(self, room: RoomId) -> None:
        await self._repeat(partial(self._parts.logs.prune, room, limit=ENTRIES_AT_ONCE))

    async def _raise(self, floors: Sequence[Floor]) -> Sequence[Floor]:
        """Raise them where they are kept, and then in the rooms, which are open."""
        if floors:
            await self._parts.logs.raise_floors(floors)
        for floor in floors:
            opened = self._parts.rooms.get_stale(floor.room)
            if opened is not None:
                opened.raise_floor(floor)
        return floors

    async def _forget_audit(self) -> None:
        seconds = self._parts.settings.retention.seconds
        before = self._parts.clock.now() - seconds * 1000 if seconds else 0
        await self._repeat(
            lambda: self._parts.logs.prune_audit(before=before, keep=AUDIT_LINES_MAX, limit=ENTRIES_AT_ONCE)
        )

    async def _repeat(self, work: Callable[[], Awaitable[bool]]) -> None:
        """Do it until there is no more to do."""
        clock = self._parts.clock
        began = clock.seconds()
        while await work() and not self._hub.stopping:
            await clock.wait_seconds(max(PAUSE_SECONDS, REST * (clock.seconds() - began)))
            began = clock.seconds()
