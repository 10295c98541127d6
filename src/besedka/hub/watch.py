"""What happens because time passes: pings, deadlines, grace, and rooms that are put away."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from besedka.chat.entries import Archived, Draft, RoomId
from besedka.chat.principals import SERVER, AccountName
from besedka.chat.told import Parting, Pinged
from besedka.hub.faults import StoreFault
from besedka.hub.orders import Outcome
from besedka.hub.session import Session, Stage
from besedka.hub.turn import Turn

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

SWEEP_SECONDS = 1.0
"""How finely deadlines are kept: the shortest is two seconds."""

PUT_AWAY_SECONDS = 60.0
"""A room used so lately is never put away: longer than any look-up that may have found it open."""


class Watch:
    """Looks after everything once a second."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts

    async def run(self) -> None:
        """Until the hub stops."""
        while not self._hub.stopping:
            await self._parts.clock.wait_seconds(SWEEP_SECONDS)
            self.sweep(self._parts.clock.seconds())

    def sweep(self, now: float) -> None:
        """One look at everything."""
        for session in list(self._hub.sessions):
            parting = self._overdue(session, now)
            if parting is not None:
                self._parts.journal.note("session ended", why=parting.value, address=session.peer.address)
                self._hub.part(session, parting)
            elif session.resting:
                self._hub.places.pump(session)
        for online, rooms in self._parts.attendance.overdue(now=now):
            opened = [room for room in map(self._parts.rooms.get, rooms) if room is not None]
            self._parts.callings.went(opened, online)
            self._parts.signals.went(opened, online)
            self._parts.following.look(online.nick)
        for idle in self._parts.rooms.idle_rooms(now=now, seconds=PUT_AWAY_SECONDS):
            self._parts.rooms.put_away(idle)

    def _overdue(self, session: Session, now: float) -> Parting | None:
        """Why this session must end now, if it must; pings it if that is due."""
        limits = self._parts.limits
        if session.stage is not Stage.PRESENT and session.opened_at + limits.login_seconds_max < now:
            return Parting.TOO_SLOW_LOGIN
        if session.link.full:
            session.full_since = session.full_since or now
            return Parting.TOO_SLOW_READER if session.full_since + limits.full_seconds_max < now else None
        if session.stage is not Stage.PRESENT:
            return None
        silent = now - session.heard_at
        if not session.protocol.pings:
            return Parting.IDLE if silent > limits.idle_text_seconds_max else None
        if silent < limits.ping_seconds:
            session.pinged_at = None
        elif session.pinged_at is None:
            session.pinged_at = now
            session.tell(Pinged())
        elif session.pinged_at + limits.pong_seconds_max < now:
            return Parting.IDLE
        return None

    async def archive_if_empty(self, room: RoomId) -> None:
        """As soon as the store can be read, end a passing room that nobody is left in."""
        await self._until_read(lambda: self._archive_if_empty(room))

    async def _archive_if_empty(self, room: RoomId) -> None:
        """End a passing room that nobody is left in: its name is free, its log stays under its id."""

        def write(turn: Turn) -> Outcome:
            opened = self._parts.rooms.get(room)
            if opened is None:
                return Outcome.UNPREPARED
            state = turn.tentative(opened.state)
            if not state.passing or state.archived or state.members or opened.guests or room in self._parts.coming:
                return Outcome.NOTHING
            turn.add(state, (Draft(SERVER, AccountName("server"), Archived()),))
            return Outcome.KEPT

        outcome: Outcome | None = None
        while outcome not in (Outcome.KEPT, Outcome.NOTHING) and not self._hub.stopping:
            if await self._parts.open_room(room) is None:
                return
            outcome = await self._hub.orders.carry_out(write)

    async def archive_passing_rooms(self) -> None:
        """Rooms of guests that a crash cut short: nobody is in them any more."""
        rooms: list[RoomId] = []

        async def find() -> None:
            rooms.extend(await self._parts.logs.passing_rooms())

        await self._until_read(find)
        for room in rooms:
            try:
                await self._archive_if_empty(room)
            except StoreFault:  # It may be damaged for good, and the others are to be archived too.
                self._parts.tasks.spawn(self.archive_if_empty(room), "archive")

    async def _until_read(self, work: Callable[[], Awaitable[None]]) -> None:
        """Try until the store can be read, after waits that double."""
        seconds = self._parts.limits.store_retry_seconds
        while not self._hub.stopping:
            try:
                await work()
            except StoreFault as fault:
                self._parts.journal.fault("archiving failed", fault)
                await self._parts.clock.wait_seconds(seconds)
                seconds = min(2 * seconds, self._parts.limits.store_retry_seconds_max)
            else:
                return
