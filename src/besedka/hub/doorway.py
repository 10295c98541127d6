"""What passing a door does beside the entries: readers get a place, and guests are there or are not."""

from __future__ import annotations

from besedka.chat.rooms import Room
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.session import Announcement, Online, Session


class Doorway:
    """Carries out what is no entry, once the turn is kept."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._places = places

    def enter(self, session: Session, room: Room, *, after: int) -> None:
        """Whoever asked to join is in the room, and wants to see what came after this number."""
        online = session.online
        assert online is not None, "only who has said who it is joins anything"
        if online.registered:
            self._show_more(session, room, after=after)
        else:
            self._guest_enters(online, room, after=after)

    def _show_more(self, session: Session, room: Room, *, after: int) -> None:
        """The session that joined wants some of what was said before; one that follows the room goes on as it does."""
        opened = self._parts.rooms.get_stale(room.id)
        follows = room.id in session.behind or (opened is not None and opened in session.live)
        if session.synced and not follows:
            after = max(after, room.floor - 1, 0)
            self._places.put(session, room.id, after=after, announcement=Announcement(after, 0))

    def _guest_enters(self, online: Online, room: Room, *, after: int) -> None:
        opened = self._parts.rooms.get(room.id)
        if opened is None or online.principal in opened.guests or not online.sessions:
            return
        opened.let_in(online)
        for session in online.sessions:
            self._show_more(session, room, after=after)
        online.rooms_joined += 1
        self._parts.signals.came([opened], online)
        self._parts.guest_moves.came(opened, online)

    def guest_leaves(self, online: Online, room: Room, reason: str) -> None:
        """A guest is in the room no longer, by its own will."""
        opened = self._parts.rooms.get(room.id)
        if opened is None or opened.guests.pop(online.principal, None) is None:
            return
        online.rooms_joined -= 1
        for session in online.sessions:
            self._places.forget(session, room.id)
            if opened in session.live:
                opened.drop_reader(session)
        self._parts.signals.went([opened], online)
        self._parts.guest_moves.left(opened, online, reason)
