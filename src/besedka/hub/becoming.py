"""A guest that logs in: its session goes on as an account's, in the rooms it is in, standing there as it did.

What the guest said stays the guest's. In each of its rooms the account becomes a member by an entry that names the
guest. Others are told of it by `GuestMoves`, as of all that guests do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from besedka.chat.entries import RoomId
from besedka.chat.principals import Actor
from besedka.chat.rules import carried_over
from besedka.chat.verdicts import Circumstances
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.hub.turn import Turn

if TYPE_CHECKING:
    from besedka.hub.hub import Hub


def may_become(session: Session) -> bool:
    """Whether whoever is here may log in: a guest, by a protocol in which others are told of that."""
    online = session.online
    return online is not None and not online.registered and session.protocol.sees_guests


class Becoming:
    """Makes guests accounts."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts

    def carry_over(self, turn: Turn, session: Session, guest: Online, account: Online) -> bool:
        """Make the account a member where the guest is; whether there was anything to write."""
        user, host, address = session.protocol.user, session.host, session.peer.address
        actor = Actor(
            account.principal, account.name, account.role, False, account.muted, user, host, address, account.other_nick
        )
        joined = account.rooms_joined
        for opened in self._rooms_of(guest):
            room = turn.tentative(opened.state)
            if guest.principal in turn.moved.get(room.id, ()):
                continue  # It is being put out.
            circumstances = Circumstances(self._parts.limits, turn.now, rooms_joined=joined)
            drafts = carried_over(room, actor, guest.person, circumstances)
            if drafts:
                number = turn.add(room, drafts)
                turn.origins.setdefault(room.id, {})[number] = session  # It is told otherwise who it is now.
                joined += 1
        return joined > account.rooms_joined

    def become(self, session: Session, guest: Online, account: Online) -> None:
        """From here on the session is the account's; what it read as a guest alone it reads no more.

        It goes on reading where it is; its sync will tell it of the account's other rooms.
        """
        rooms, attendance = self._rooms_of(guest), self._parts.attendance
        keen = self._parts.following.keenly(guest)
        guest.host, guest.user, guest.left_at = session.host, session.protocol.user, self._parts.clock.now()
        attendance.leave(session, rooms, now=self._parts.clock.seconds(), forgiving=False)
        self._parts.signals.went(rooms, guest)
        session.online, session.synced = account, False
        if attendance.enter(account, session):
            self._parts.signals.came([opened for opened in rooms if opened.is_inside(account.principal)], account)
        self._parts.guest_moves.became(rooms, guest, session, keen)
        self._parts.following.look(guest.nick, account.nick)
        self._hub.guest_gone(guest.principal)
        for opened in list(session.live):
            if not opened.is_inside(account.principal):
                opened.drop_reader(session)
        for room in list(session.behind):
            self._forget_unread(session, account, room)

    def _forget_unread(self, session: Session, account: Online, room: RoomId) -> None:
        opened = self._parts.rooms.get_stale(room)
        if opened is None or not opened.is_inside(account.principal):
            self._hub.places.forget(session, room)

    def _rooms_of(self, guest: Online) -> list[OpenRoom]:
        return [opened for opened in self._parts.rooms if guest.principal in opened.guests and not opened.stale]
