"""Somebody with `besedka chat`: what is typed goes through its commands, and its screen is what is seen."""

from __future__ import annotations

import re
from collections.abc import Callable

from besedka.client.commands import Dictation
from besedka.client.doing import Doer
from besedka.client.events import Event, Welcomed
from besedka.client.showing import Look
from besedka.client.surface import Surface
from talks.speaking import Deed, Line, NativeSpeaker, Speaker

_TIME = re.compile(r"^(?:\d{4}-\d\d-\d\d )?\d\d:\d\d |(?<=\()\d\d:\d\d(?=\))")
"""Before an entry, and where one is called by when it was said."""

_DAY = re.compile(r"-- \d{4}-\d\d-\d\d")


class ClientSpeaker(NativeSpeaker):
    """Sees what the line client shows, without days and times."""

    def __init__(
        self,
        name: str,
        connect: Callable[[Speaker], Line],
        *,
        now: Callable[[], int],
        token_bytes: Callable[[int], bytes],
    ) -> None:
        super().__init__(name, connect, now=now, token_bytes=token_bytes)
        self._surface = Surface(self.core, Look(), line=self._see, notice=self._see)
        self._doer = Doer(self.core, self._surface, unsayable=frozenset())
        self._dictation = Dictation()

    def _see(self, line: str) -> None:
        if not _DAY.fullmatch(line):
            self.seen.append(_TIME.sub("", line))

    def received(self, data: bytes) -> None:
        super().received(data)
        if self.core.in_step and not self._surface.settled:
            self._surface.settle()

    def _happened(self, event: Event) -> None:
        if isinstance(event, Welcomed):
            super()._happened(event)
        self._surface.show(event)

    def ready(self) -> bool:
        return super().ready() and (not self.connected or self._surface.everything_shown())

    def deeds(self) -> dict[str, Deed]:
        entering = ("registers with", "logs in with", "comes back", "loses the line", "exits")
        return {words: deed for words, deed in super().deeds().items() if words in entering} | {"types": self._type}

    def _type(self, line: str) -> None:
        self._doer.carry_out(self._dictation.take(line))
