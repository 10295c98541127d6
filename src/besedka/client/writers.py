"""Who is writing something just now."""

from __future__ import annotations

from collections.abc import Set

from besedka.chat.entries import Person, RoomId
from besedka.chat.principals import PrincipalId
from besedka.chat.text import harmless_line
from besedka.chat.told import TypingState, TypingTold
from besedka.words import _

HOLDS_SECONDS = 6.0
"""How long somebody is taken to be writing who has said so (docs/PROTOCOL.md)."""

SAY_SECONDS = 3.0
"""How often it is said at most: twice in the time it holds."""

_NAMED_MAX = 3
"""So many by name; a prompt is one line."""


class Writers:
    """By room, who has said lately that they write. `now` is a monotonic clock in seconds."""

    def __init__(self) -> None:
        self._until: dict[RoomId, dict[PrincipalId, tuple[Person, float]]] = {}

    def told(self, unit: TypingTold, now: float) -> None:
        """The server says who writes, and who has stopped."""
        writing = {one: told for one, told in self._until.get(unit.room, {}).items() if told[1] > now}
        for one in unit.people:
            if one.state is TypingState.ACTIVE:
                writing[one.person.principal] = (one.person, now + HOLDS_SECONDS)
            else:
                writing.pop(one.person.principal, None)
        self._until[unit.room] = writing

    def said(self, room: RoomId, author: PrincipalId) -> None:
        """Somebody has sent it."""
        self._until.get(room, {}).pop(author, None)

    def line(self, room: RoomId | None, now: float, unwanted: Set[PrincipalId]) -> str:
        """Who writes in a room but those, for the prompt; empty for nobody."""
        writing = self._until.get(room, {}) if room is not None else {}
        names = [
            harmless_line(person.name)
            for principal, (person, until) in writing.items()
            if until > now and principal not in unwanted
        ]
        if not names:
            return ""
        if len(names) > _NAMED_MAX:
            return _("several people are writing")
        return _("{names}: writing").format(names=", ".join(names))
