"""Which session is which device, by its token: two that bear the same one are one device, which has connected twice."""

from __future__ import annotations

from besedka.hub.session import Session


class Devices:
    """The live session of every device that has a token. Bounded by the sessions: each bears one token at most."""

    def __init__(self) -> None:
        self._bearers: dict[str, Session] = {}

    def bear(self, token: str, session: Session) -> Session | None:
        """The session comes with this token; returns which of two that bear it the device has given up, if there are.

        That is the one that connected first, whichever of them is heard first: a device opens a connection after it
        has lost the one before, and the server may still believe in that. It must be parted before anything else is
        asked: what was sent on it may be sent again on the newer one, and would be kept after a refusal there.
        """
        self.drop(session)
        session.token = token
        other = self._bearers.get(token)
        if other is not None and other.number > session.number:
            return session
        self._bearers[token] = session
        return other

    def drop(self, session: Session) -> None:
        """The session is no device any more: it has ended, was not let in, or its token is forgotten."""
        if session.token is not None and self._bearers.get(session.token) is session:
            del self._bearers[session.token]
        session.token = None
