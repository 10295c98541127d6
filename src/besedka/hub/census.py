"""How many are here as others see them: running counts, so that nobody is walked past to be counted."""

from __future__ import annotations

from besedka.chat.principals import PrincipalId
from besedka.hub.session import Online


class Census:
    """Counts of principals that are online and not invisible. Bounded by who is online.

    `note` must be called whenever somebody comes, or changes in what is counted; `forget` when they are gone.
    """

    def __init__(self) -> None:
        self._counted: dict[PrincipalId, tuple[bool, bool]] = {}
        """Who is counted among the users, and whether among the admins and the unlisted."""
        self.admins = 0
        self.unlisted = 0
        self.users_most = 0
        """The greatest number of users there has been since the start."""

    @property
    def users(self) -> int:
        """How many are here."""
        return len(self._counted)

    def note(self, online: Online) -> None:
        """Somebody who is online is like this now."""
        self.forget(online.principal)
        if not online.profile.invisible:
            admin, unlisted = online.is_admin, online.profile.unlisted
            self._counted[online.principal] = admin, unlisted
            self.admins += admin
            self.unlisted += unlisted
            self.users_most = max(self.users_most, self.users)

    def forget(self, principal: PrincipalId) -> None:
        """Somebody is not here any more."""
        admin, unlisted = self._counted.pop(principal, (False, False))
        self.admins -= admin
        self.unlisted -= unlisted
