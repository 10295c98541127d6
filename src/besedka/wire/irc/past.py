"""How the past looks to those who ask for it later."""

from __future__ import annotations

from typing import Final

from besedka.chat.entries import Edited, Entry, InvitationsChanged, Redacted, Renamed
from besedka.chat.rooms import Room
from besedka.wire.irc.bodies import shown_in
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.pages import Page
from besedka.wire.irc.world import World

_SAID: Final = frozenset({"PRIVMSG", "NOTICE", "BATCH"})
"""Without event-playback "the server MUST NOT send any lines other than PRIVMSG and NOTICE", and what binds them."""

_OVER: Final = frozenset({Edited, Redacted, InvitationsChanged, Renamed})
"""What is not told later: a message stands there as it is by now, and who was invited once, or what a room was called,
would be taken for news."""


class Past:
    """The lines of entries for one session, each made once however often it is looked at."""

    def __init__(self, world: World, capabilities: frozenset[Capability]) -> None:
        self._world = world
        # To oneself is said once here: one's echo is none of the past.
        self._capabilities = capabilities - {Capability.ECHO_MESSAGE}
        self._playback = Capability.EVENT_PLAYBACK in capabilities
        self._page: Page | None = None
        self._made: dict[int, tuple[Entry, list[str]]] = {}

    def shows(self, room: Room, entry: Entry) -> bool:
        """Whether there is a line of it: only such entries count."""
        return bool(self.lines(room, entry))

    def lines(self, room: Room, entry: Entry) -> list[str]:
        """What an entry of this room is; empty where it is nothing that this session may be told later."""
        known = self._made.get(entry.number)
        if known is not None and known[0] is entry:
            return known[1]
        if self._page is None:
            self._page = Page(room, self._world, self._capabilities)
        lines = self._page.lines = []
        if type(entry.body) not in _OVER:
            shown = shown_in(room).get(type(entry.body))
            if shown is not None:
                shown(self._page, entry, entry.body)
        if not self._playback and any(_command(line) not in _SAID for line in lines):
            lines = []
        self._made[entry.number] = entry, lines
        return lines


def _command(line: str) -> str:
    """The command of a built line, which has a source."""
    return line.split(" ", 3)[2 if line.startswith("@") else 1]
