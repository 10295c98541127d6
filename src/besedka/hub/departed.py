"""Who has left lately: a ring that remembers so many and no longer than the server runs."""

from __future__ import annotations

from collections import deque

from besedka.chat.answers import Gone
from besedka.chat.names import fold
from besedka.chat.principals import PrincipalId
from besedka.hub.session import Online
from besedka.limits import Limits


class Departed:
    """The last `whowas_max` principals whose last session is gone. Who was invisible was not here for others."""

    def __init__(self, limits: Limits) -> None:
        self._gone: deque[Gone] = deque(maxlen=limits.whowas_max)

    def add(self, online: Online) -> None:
        """Nobody of this principal is here any more."""
        if not online.profile.invisible:
            self._gone.append(Gone(online.person, online.host, online.left_at, online.profile.real_name, online.user))

    def named(self, name: str) -> tuple[Gone, ...]:
        """Who bore this name, the last first."""
        folded = fold(name)
        return tuple(one for one in reversed(self._gone) if fold(one.person.name) == folded)

    def last_seen(self, principal: PrincipalId) -> int:
        """When somebody left, in milliseconds since 1970 UTC; 0 if that is not remembered."""
        return next((one.time for one in reversed(self._gone) if one.person.principal == principal), 0)

    def forget(self, principal: PrincipalId) -> None:
        """Somebody's account is no more."""
        staying = [one for one in self._gone if one.person.principal != principal]
        self._gone.clear()
        self._gone.extend(staying)
