"""How far somebody has read, as far as lines on a screen can tell."""

from __future__ import annotations

from besedka.chat.entries import Level, Message, RoomId
from besedka.chat.own_requests import MoveMarker
from besedka.client.core import Core
from besedka.client.events import Arrived

MARK_SECONDS = 5.0
"""How often markers are moved at most: each is an entry of the inbox, kept for ever."""


class ReadSoFar:
    """Which messages have been shown since the markers were last moved."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._shown: dict[RoomId, int] = {}

    def shown(self, arrived: Arrived) -> None:
        """These are on the screen now. Only messages are ever unread, so nothing else needs a marker."""
        number = max((one.number for one in arrived.entries if isinstance(one.body, Message)), default=0)
        if number > self._core.own.read_upto(arrived.room):
            self._shown[arrived.room] = number

    def mark(self) -> None:
        """Ask for what was shown to be marked, as far as the outbox has room. Not for guests, who have no inbox."""
        if self._core.inbox is None:
            return
        for room, number in list(self._shown.items()):
            if self._core.full:
                return
            del self._shown[room]
            if number > self._core.own.read_upto(room):
                self._core.ask(MoveMarker(room=room, number=number))

    @property
    def waiting(self) -> bool:
        """Whether something was shown that is not marked."""
        return bool(self._shown)

    def is_loud(self, room: RoomId) -> bool:
        """Whether I want to be rung for in a room."""
        return self._core.own.level(room) is not Level.NONE

    def is_marker(self, request: object) -> bool:
        """Whether a request is nobody's but this one's."""
        return isinstance(request, MoveMarker)

    def forget(self) -> None:
        """The numbers mean nothing any more."""
        self._shown.clear()
