"""The server's end of an IRC connection, which lets a record know what its lines ask for."""

from __future__ import annotations

from collections.abc import Callable

from besedka.chat.requests import Malformed, Request, Write
from besedka.chat.told import Unit
from besedka.limits import Limits
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from besedka.wire.irc.world import World
from sim.record import Asked, Record


class WitnessedIrcServer(IrcServer):
    """Requests have no ids here: the record is told who asked what, so that it can judge what became of it."""

    def __init__(
        self,
        limits: Limits,
        world: World,
        formats: Formats,
        *,
        record: Record,
        address: str,
        tell_story: Callable[[str, object], None],
    ) -> None:
        super().__init__(limits, world, formats)
        self._tell_story = tell_story
        self._record = record
        self._address = address

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """What the lines ask for."""
        due = super().receive(data)
        for request in due:
            if isinstance(request, Write) and self.principal is not None:
                self._record.asked_without_id(self.principal, Asked(request, self._address, self.user))
        return due

    def tell(self, unit: Unit) -> bytes:
        """What the session is told."""
        self._tell_story("hears", unit)
        return super().tell(unit)
