"""Who searches next: a few searches at once, and then one of each person's in turn.

Somebody who searches on all their devices waits for their own searches, and not others for them. What would have to
wait too long is told so, and does not pile up.
"""

from __future__ import annotations

from collections import deque

from besedka.chat.principals import PrincipalId
from besedka.hub.ports import Clock
from besedka.limits import Limits

LOOK_SECONDS = 0.01
"""How often who waits looks whether it is their turn; `searches_at_once_max` keep the store busy for longer."""


class Place:
    """One search's, in the queue or under way. Leave it in any case."""

    __slots__ = ("called", "principal")

    def __init__(self, principal: PrincipalId) -> None:
        self.principal = principal
        self.called = False
        """Whether it may go on."""


class SearchQueue:
    """The server's one queue for searches, bounded in all and for each person."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits = limits
        self._clock = clock
        self._under_way = 0
        self._waiting: dict[PrincipalId, deque[Place]] = {}
        """By person, who was called longest ago first; nobody's is empty."""

    def enter(self, principal: PrincipalId) -> Place | None:
        """Take a place, to be waited for with `wait_called`; None where all that there are are taken."""
        own = self._waiting.get(principal, ())
        if len(own) >= self._limits.searches_waiting_each_max:
            return None
        if sum(map(len, self._waiting.values())) >= self._limits.searches_waiting_max:
            return None
        place = Place(principal)
        self._waiting.setdefault(principal, deque()).append(place)
        self._call()
        return place

    async def wait_called(self, place: Place) -> bool:
        """Come back when it is this one's turn; False if that takes longer than `searches_patience_seconds`."""
        until = self._clock.seconds() + self._limits.searches_patience_seconds
        while not place.called and self._clock.seconds() < until:
            await self._clock.wait_seconds(LOOK_SECONDS)
        return place.called

    def leave(self, place: Place) -> None:
        """It has been served, or waits no longer."""
        if place.called:
            self._under_way -= 1
            self._call()
            return
        own = self._waiting[place.principal]
        own.remove(place)
        if not own:
            del self._waiting[place.principal]

    def _call(self) -> None:
        """Those whose turn it is, while there is room for them."""
        while self._waiting and self._under_way < self._limits.searches_at_once_max:
            principal = next(iter(self._waiting))
            own = self._waiting.pop(principal)
            own.popleft().called = True
            self._under_way += 1
            if own:
                self._waiting[principal] = own
