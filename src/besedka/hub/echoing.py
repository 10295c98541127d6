"""What a session did itself stands where it belongs among what others did, also where its answer tells of it.

In IRC a labelled line is answered by what it does. Answers go out before the runs of their turn; so what the turn had
in that room before is told first, and left out of the run. Who is not at the head of the room cannot be told so much
at once: it is answered that this is kept, and reads what it is in its place.
"""

from __future__ import annotations

from besedka.chat.entries import MembershipChanged, Way
from besedka.chat.told import Kept
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.session import Session
from besedka.hub.turn import Taken, Turn
from besedka.wire.looking import KeptUnread


class Echoing:
    """Looks at receipts before they are told."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._places = places

    def in_place(self, turn: Turn, one: Taken, kept: Kept) -> Kept:
        """The receipt that a session is told, which has been told by now what comes before it."""
        session, room, number = one.session, kept.room, kept.number
        if not one.wrote:
            self._withhold_known(session, kept)
        elif session.protocol.labelled and turn.origins.get(room, {}).get(number) is session:
            opened = self._parts.rooms.get(room)
            assert opened is not None, "only an open room is written to"
            told, reads = opened.entry(number) is not None, opened in session.live or room in session.behind
            if told and opened in session.live and not session.link.full and room not in turn.renamed:
                self._give_before(turn, session, kept)
            elif not told or (reads and not _is_joining(turn, kept)):
                del turn.origins[room][number]
                return KeptUnread(kept.id, room, number)
        return kept

    def _give_before(self, turn: Turn, session: Session, kept: Kept) -> None:
        """Tell what others did before in this room and turn."""
        room, given = kept.room, turn.given.get((session, kept.room), 0)
        origins = turn.origins[room]
        missed = [
            entry
            for entry in turn.entries(room)
            if given < entry.number < kept.number and origins.get(entry.number) is not session
        ]
        turn.given[session, room] = kept.number
        opened = self._parts.rooms.get(room)
        if missed and opened is not None:
            session.link.write(session.format.run(opened.state, missed))

    def _withhold_known(self, session: Session, kept: Kept) -> None:
        """What was kept by a commit of unknown outcome is told in the answer as well, and is not told twice."""
        opened = self._parts.rooms.get(kept.room)
        entry = None if opened is None else opened.entry(kept.number)
        if opened is not None and entry is not None and not session.protocol.echoes(opened.state, entry.body):
            self._places.withhold(session, kept.room, kept.number)


def _is_joining(turn: Turn, kept: Kept) -> bool:
    """Whether its session was not in the room before."""
    bodies = (entry.body for entry in turn.entries(kept.room) if entry.number >= kept.number)
    first = next(bodies)
    return isinstance(first, MembershipChanged) and first.way is Way.JOINED
