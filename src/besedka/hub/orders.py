"""What the server itself writes: drafts without a session behind them, judged in a turn like all others."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from besedka.chat.entries import Draft, RoomId
from besedka.hub.parts import Parts
from besedka.hub.turn import Turn

LOOK_AGAIN_SECONDS = 0.01
"""How often whoever gave an order looks whether it was carried out; seldom somebody waits for one."""


class Outcome(Enum):
    """What became of an order."""

    KEPT = "kept"
    NOTHING = "nothing"
    """There was nothing to write."""
    UNPREPARED = "unprepared"
    """A room it needs was not open: open it, and order again."""
    FAILED = "failed"
    """The store failed; it may have been kept all the same."""


class Order:
    """Drafts to be added to the next turn by `write`, which says whether it did."""

    __slots__ = ("outcome", "write")

    def __init__(self, write: Callable[[Turn], Outcome]) -> None:
        self.write = write
        self.outcome: Outcome | None = None


class Orders:
    """Orders given and not yet taken. Given by the operator, the watch, and by who ends devices; one at a time each."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._given: list[Order] = []
        self._taken: list[Order] = []

    async def carry_out(self, write: Callable[[Turn], Outcome]) -> Outcome:
        """Have it written in the next turn, and wait for the commit."""
        order = Order(write)
        self._given.append(order)
        self._parts.bell.ring()
        while order.outcome is None:
            await self._parts.clock.wait_seconds(LOOK_AGAIN_SECONDS)
        return order.outcome

    async def add_to(self, room: RoomId, draft: Draft) -> Outcome:
        """Have one draft written in a room that is there; `FAILED` where it may not have been kept."""

        def write(turn: Turn) -> Outcome:
            opened = self._parts.rooms.get(room)
            if opened is None:
                return Outcome.UNPREPARED
            turn.add(turn.tentative(opened.state), (draft,))
            return Outcome.KEPT

        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED and await self._parts.open_room(room) is not None:
            outcome = await self.carry_out(write)
        return outcome

    def take(self, turn: Turn) -> None:
        """Add what was ordered to this turn."""
        given, self._given = self._given, []
        self._taken = list(given)  # All of them fail if writing one of them does.
        for order in given:
            outcome = order.write(turn)
            if outcome is not Outcome.KEPT:
                self._taken.remove(order)
                order.outcome = outcome

    def finish(self, outcome: Outcome) -> None:
        """The turn's commit is over."""
        taken, self._taken = self._taken, []
        for order in taken:
            order.outcome = outcome
