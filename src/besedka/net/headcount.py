"""How many connections there are, over all and from each address."""

from __future__ import annotations

from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.told import PARTING_SENTENCES, Parting
from besedka.limits import Limits
from besedka.net.peers import neighbourhood
from besedka.words import _


class Headcount:
    """Counts who is here. With `limits.flood` false it only counts."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_neighbourhood: dict[str, int] = {}
        self.here = 0
        """Connections that are open."""

    def enter(self) -> str | None:
        """One more connection; or the sentence that refuses it, and it is not counted."""
        if self._limits.flood and self.here >= self._limits.sessions_max:
            return _(PARTING_SENTENCES[Parting.FULL])
        self.here += 1
        return None

    def leave(self) -> None:
        """One less."""
        assert self.here > 0, "more left than came"
        self.here -= 1

    def enter_from(self, address: str) -> str | None:
        """One more from this address; or the sentence that refuses it, and it is not counted."""
        place = neighbourhood(address)
        count = self._by_neighbourhood.get(place, 0)
        if self._limits.flood and count >= self._limits.connections_per_address_max:
            return _(SENTENCES[Code.TOO_MANY_SESSIONS])
        self._by_neighbourhood[place] = count + 1
        return None

    def leave_from(self, address: str) -> None:
        """One less from this address."""
        place = neighbourhood(address)
        count = self._by_neighbourhood.pop(place) - 1
        if count:
            self._by_neighbourhood[place] = count
