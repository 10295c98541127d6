"""Pings that wait for what others have said before them.

Programs synchronise by PING: whoever sends with one session, and then has another ask for a PONG,
takes it for said that the message has been told. So a ping waits for the turn in which others have said something, and
for what others have asked and is still being looked up: once, and not for long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from besedka.chat.requests import Ping
from besedka.hub.parts import Parts
from besedka.hub.session import Session

WAIT_SECONDS_MAX = 1.0
"""So long a ping waits for a look-up: a thousand times what one takes, and nothing to those who watch their connection.

Where the store is damaged a look-up is repeated for fifteen seconds, and whoever asks again begins another.
"""


class Pings:
    """Who waits for whom. `wake` is called with each session whose ping may be answered in the next turn."""

    def __init__(self, parts: Parts, wake: Callable[[Session], None]) -> None:
        self._parts = parts
        self._wake = wake
        self._delayed: dict[Session, int] = {}
        """Sessions of which a write is looked up, in the order that began in: the how manieth it was."""
        self._behind: dict[Session, int] = {}
        """Sessions whose ping waits for look-ups, in the order they asked in: how many had begun by then."""
        self._waited: dict[Session, None] = {}
        """Sessions whose ping has waited, and waits no more."""
        self._begun = 0

    def last(self, ready: Iterable[Session]) -> Iterator[Session]:
        """These sessions in their order, but those that ping behind the others.

        In what order sockets are read from says nothing about when the bytes came.
        """
        pinging: list[Session] = []
        for session in ready:
            if _pings(session) and session not in self._waited:
                pinging.append(session)
            else:
                yield session
        yield from pinging

    def passed_over(self, left_over: Iterable[Session]) -> None:
        """The turn was full before these: whoever speaks does not keep them from being answered in the next one."""
        self._waited.update({session: None for session in left_over if _pings(session)})

    def delay(self, session: Session) -> None:
        """What the session has written is looked up, before it can be judged."""
        if session not in self._delayed:
            self._begun += 1
            self._delayed[session] = self._begun

    def judged(self, session: Session) -> None:
        """It is judged, and told before the next turn; or it never will be."""
        if self._delayed and self._delayed.pop(session, None) is not None:
            oldest = next(iter(self._delayed.values()), self._begun + 1)
            for waiting, begun in list(self._behind.items()):
                if begun >= oldest:
                    break
                self._go_on(waiting)

    def forget(self, session: Session) -> None:
        """The session has ended."""
        self._behind.pop(session, None)
        self._waited.pop(session, None)
        self.judged(session)

    def waits(self, session: Session, *, turn_says: bool) -> bool:
        """Whether this session's ping waits now. `turn_says`: others have said something that is not told yet.

        If it waits for a look-up, the session is held until that is done.
        """
        if session in self._waited:
            del self._waited[session]
            return False
        if self._delayed:
            self._behind[session] = self._begun
            session.held = True
            self._parts.tasks.spawn(self._lose_patience(session, self._begun), "ping")
        elif turn_says:
            self._waited[session] = None
        return bool(self._delayed) or turn_says

    async def _lose_patience(self, session: Session, begun: int) -> None:
        await self._parts.clock.wait_seconds(WAIT_SECONDS_MAX)
        if self._behind.get(session) == begun:
            self._go_on(session)

    def _go_on(self, session: Session) -> None:
        del self._behind[session]
        self._waited[session] = None
        session.held = False
        self._wake(session)


def _pings(session: Session) -> bool:
    return bool(session.pending) and type(session.pending[0]) is Ping
