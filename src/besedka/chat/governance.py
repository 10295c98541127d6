"""How a room is governed as of a number: settings, lists of masks, invitations, and the standing of guests.

All of it is small and seldom changes, so it is one value beside what every message moves. So it has the room for what
else is to be known of a room and seldom changes: when it was opened, and who set its topic.
"""

from __future__ import annotations

from hashlib import sha256

import msgspec
from immutables import Map

from besedka.chat.entries import Listing, Mark, RoomName, RoomRole
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.settings import RoomSettings


class Listed(msgspec.Struct, frozen=True):
    """A mark that stands, with who set it and when."""

    mark: Mark
    by: AccountName
    since: int
    """Milliseconds since 1970 UTC."""

    def in_force(self, now: int) -> bool:
        """Whether its time is not over at `now`, in milliseconds since 1970 UTC."""
        return self.mark.until is None or now < self.mark.until


class Standing(msgspec.Struct, frozen=True):
    """What a guest may do in a room, as long as its session."""

    role: RoomRole = RoomRole.MEMBER
    voice: bool = False
    spoke: int = 0
    """As `Member.spoke`; of anybody who is no member, so that leaving and coming back is no way around slow mode."""

    @property
    def plain(self) -> bool:
        """Whether it gives nothing."""
        return self.role is RoomRole.MEMBER and not self.voice


class Governance(msgspec.Struct, frozen=True):
    """Everything about a room that its moderators decide."""

    settings: RoomSettings = RoomSettings()
    listed: tuple[Listed, ...] = ()
    """In the order they were set; at most `Limits.marks_max` of each listing."""
    invited: Map[PrincipalId, int] = Map()
    """Who may join by invitation, and since when; at most `Limits.invited_max` accounts, and `GUESTS_MAX` guests."""
    excused: Map[PrincipalId, int] = Map()
    """Of those, whom moderators invited, and when last: neither key nor limit nor an older ban keeps them out."""
    code: str = ""
    """SHA-256 of the invite code, hexadecimal; empty for none."""
    code_until: int = 0
    guests: Map[PrincipalId, Standing] = Map()
    """Guests that stand otherwise than as members, and whoever is no member and spoke in slow mode.

    At most `GUESTS_MAX`: those that stand as members are forgotten first, then the first to come.
    """
    former_names: tuple[RoomName, ...] = ()
    """Names that lead to it still; at most `FORMER_NAMES_MAX`, the oldest first."""
    opened: int = 0
    """When the room was opened, in milliseconds since 1970 UTC; 0 where that is not known, or it has no name."""
    topic_by: AccountName = AccountName("")
    """Who set its topic, or took it away; empty where that is not known."""
    topic_since: int = 0
    """When that was, in milliseconds since 1970 UTC."""

    def of_listing(self, listing: Listing) -> tuple[Listed, ...]:
        """What is on one list."""
        return tuple(one for one in self.listed if one.mark.listing is listing)

    def without_invitation(self, principal: PrincipalId) -> Governance:
        """The same where somebody is not, or no longer, invited."""
        if principal not in self.invited:
            return self
        excused = self.excused.delete(principal) if principal in self.excused else self.excused
        return msgspec.structs.replace(self, invited=self.invited.delete(principal), excused=excused)

    def with_standing(self, principal: PrincipalId, standing: Standing) -> Governance:
        """The same with somebody who is no member standing so."""
        guests = self.guests.set(principal, standing)
        if len(guests) > GUESTS_MAX:
            others = (one for one in guests if one != principal)
            guests = guests.delete(min(others, key=lambda one: (not guests[one].plain, guests[one].spoke, -one)))
        return msgspec.structs.replace(self, guests=guests)

    def next_due(self) -> int | None:
        """When the first mark's time is over, in milliseconds since 1970 UTC."""
        return min((one.mark.until for one in self.listed if one.mark.until is not None), default=None)


GUESTS_MAX = 1000
"""Standings and invitations of guests kept in one room: they are gone long before so many others have come."""

FORMER_NAMES_MAX = 4
"""Names a room leaves behind that still lead to it: so nobody takes names by renaming one room for ever."""


def code_digest(code: str) -> str:
    """What is kept of an invite code, hexadecimal: with 128 random bits in the code, nobody finds it from this."""
    return sha256(code.encode(errors="surrogatepass")).hexdigest()
