"""What falls due in the logs: marks whose time is over, and words that must be gone from the files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from besedka.chat.entries import Draft, Listing, RoomId, Unmarked
from besedka.chat.principals import SERVER, AccountName
from besedka.chat.rooms import Room
from besedka.hub.faults import StoreFault
from besedka.hub.orders import Outcome
from besedka.hub.turn import Turn

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

LOOK_SECONDS = 5.0
"""How late a ban may be lifted at most; the rules hold it for over at once."""

ROOMS_AT_ONCE = 100
"""Rooms looked after in one go; each is a commit of some milliseconds."""

SCRUB_SECONDS = 300.0
"""How long redacted words may stay in the files where nothing is in the way: far less than the hour promised."""

SCRUB_AGAIN_SECONDS = 30.0
"""Where a reader was in the way; none reads for longer than a page takes."""


class Upkeep:
    """Looks after the logs every few seconds."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts
        self._scrub_at = 0.0
        """When to scrub next, if anything was redacted; once at start, for what an earlier process left."""
        self._failing: dict[RoomId | str, None] = {}
        """What could not be done the last time; of rooms no more than are damaged."""

    async def run(self) -> None:
        """Until the hub stops."""
        while not self._hub.stopping:
            await self._attempt("marks", self._lift_marks)
            if self._parts.unscrubbed and self._parts.clock.seconds() >= self._scrub_at:
                await self._attempt("scrubbing", self._scrub)
            await self._parts.clock.wait_seconds(LOOK_SECONDS)

    async def _attempt(self, about: RoomId | str, work: Callable[[], Awaitable[None]]) -> None:
        """Do it if the store can; the log is told of the first failure in a row."""
        try:
            await work()
        except StoreFault as fault:
            if about not in self._failing:
                self._parts.journal.fault("upkeep failed", fault)
            self._failing[about] = None
        else:
            self._failing.pop(about, None)

    async def _lift_marks(self) -> None:
        now = self._parts.clock.now()
        for room in await self._parts.logs.rooms_with_marks_due(now=now, limit=ROOMS_AT_ONCE):
            await self._attempt(room, partial(self._lift_in, room))  # One may be damaged, and the others are not.

    async def _lift_in(self, room: RoomId) -> None:
        """Take what is over off the lists of a room, by an entry for each list."""

        def write(turn: Turn) -> Outcome:
            opened = self._parts.rooms.get(room)
            if opened is None:
                return Outcome.UNPREPARED
            state = turn.tentative(opened.state)
            drafts = () if state.archived else _lifted(state, turn.now)
            if not drafts:
                return Outcome.NOTHING
            turn.add(state, drafts)
            return Outcome.KEPT

        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED and not self._hub.stopping:
            if await self._parts.open_room(room) is None:
                return
            outcome = await self._hub.orders.carry_out(write)

    async def _scrub(self) -> None:
        """Have the store see that what was redacted is nowhere in its files any more."""
        now = self._parts.clock.seconds()
        self._scrub_at = now + SCRUB_AGAIN_SECONDS
        self._parts.unscrubbed = False  # Whatever is redacted from here on is for the next time.
        clean = False
        try:
            clean = await self._parts.logs.scrub()
        finally:
            if clean:
                self._scrub_at = now + SCRUB_SECONDS
            else:
                self._parts.unscrubbed = True


def _lifted(room: Room, now: int) -> tuple[Draft, ...]:
    """What the server writes of the marks whose time is over at `now`."""
    over = {
        listing: tuple(one.mark.mask for one in room.governance.of_listing(listing) if not one.in_force(now))
        for listing in Listing
    }
    return tuple(
        Draft(SERVER, AccountName("server"), Unmarked(listing, masks)) for listing, masks in over.items() if masks
    )
