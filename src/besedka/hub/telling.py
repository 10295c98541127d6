"""What follows a commit: it is made true, answered, and told to everybody it concerns.

Order matters: first the rooms become what was kept, then those who asked are answered, then each room's run goes to its
readers, encoded once for each format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from besedka.chat.entries import (
    Entry,
    Ignored,
    InvitationsChanged,
    Kind,
    MembershipChanged,
    Message,
    Person,
    RoomId,
    Tagged,
)
from besedka.chat.principals import PrincipalId, is_guest
from besedka.chat.rooms import Room
from besedka.chat.told import Kept
from besedka.hub.echoing import Echoing
from besedka.hub.keeping import Addition
from besedka.hub.naming import by_name, remember_name, tell_renamed
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Announcement, Session
from besedka.hub.turn import Turn
from besedka.wire.looking import GuestInvited


class Told:
    """Carries out what a turn has come to."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._places = places
        self._echoing = Echoing(parts, places)

    def make_true(self, additions: Sequence[Addition], turn: Turn) -> None:
        """The store has kept this: from here on it is so."""
        now = self._parts.clock.seconds()
        for addition in additions:
            entries = [numbered.entry for numbered in addition.entries]
            opened = self._parts.rooms.get(addition.after.id)
            if opened is None:
                assert addition.before.head == 0, "only an open room is written to"
                opened = OpenRoom(addition.before, tail_max=self._parts.limits.tail_entries_max, now=now)
                opened.extend(addition.after, entries)
                self._parts.rooms.add(opened)
            else:
                opened.extend(addition.after, entries, addition.rewrites)
                self._parts.rooms.refresh(opened, addition.before)
            opened.used_at = now
            if addition.rewrites:
                self._parts.unscrubbed = True
            self._put_guests_out(opened, addition, turn)
        for principal, more in turn.joined.items():
            online = self._parts.attendance.get(principal)
            if online is not None:
                online.rooms_joined += more
        for principal in turn.writers:
            online = self._parts.attendance.get(principal)
            if online is not None:
                online.kept += 1  # What was looked up while the commit was under way did not find it.

    def _put_guests_out(self, opened: OpenRoom, addition: Addition, turn: Turn) -> None:
        """A guest's being there is no entry, but being put out is one, and it is the last that the guest reads."""
        for principal in turn.moved.get(opened.state.id, ()):
            if is_guest(principal):
                opened.put_guest_out(principal, _first_change(addition, principal))

    def answer(self, turn: Turn) -> None:
        """Receipts, refusals and what goes with them, each session's in the order it asked."""
        taken = turn.taken
        for index, one in enumerate(taken):
            if one.answer is not None:
                more = index + 1 < len(taken) and taken[index + 1].session is one.session and one.effect is None
                answer = one.answer
                if type(answer) is Kept and not one.session.protocol.echoes_all:
                    answer = self._echoing.in_place(turn, one, answer)
                one.session.tell(answer, more=more)
            if one.effect is not None:
                one.effect()

    def tell(self, additions: Sequence[Addition], turn: Turn) -> None:
        """The runs, room by room. Whoever cannot take one is behind from before it."""
        moved_sessions: dict[Session, None] = {}
        for addition in additions:
            opened = self._parts.rooms.get(addition.after.id)
            assert opened is not None
            for principal in turn.moved.get(addition.after.id, ()):
                self._move(opened, addition, principal, turn, moved_sessions)
            entries = [numbered.entry for numbered in addition.entries]
            origins = turn.origins.get(addition.after.id, {})
            self._heed_ignoring(addition.after, entries)
            if addition.after.id in turn.renamed:
                self._run_by_name(opened, entries, turn)
                everybody = (session for online in self._parts.attendance for session in online.sessions)
                remember_name(everybody, addition.after.id, entries)
            else:
                for sessions in list(opened.readers.values()):
                    self._run(opened.state, sessions, entries, addition.before.head, turn)
            for number, session in origins.items():
                if session.behind:
                    self._places.withhold(session, addition.after.id, number)
            for entry in turn.invited.get(addition.after.id, ()):
                self._tell_invited(opened, entry)
            self._parts.watching.kept(opened, entries)
        for session in moved_sessions:
            self._places.pump(session)

    def _move(
        self, opened: OpenRoom, addition: Addition, principal: PrincipalId, turn: Turn, moved: dict[Session, None]
    ) -> None:
        """Somebody's membership changed in this turn: its sessions get what they may read from their own places."""
        online = self._parts.attendance.get(principal)
        room = opened.state.id
        for session in () if online is None else list(online.sessions):
            if not session.synced:
                continue  # Its sync will find the room as it is then.
            moved[session] = None
            follows = room in session.behind or opened in session.live
            if room in session.behind:
                start = session.behind[room]
            else:
                start = addition.before.head if follows else _first_change(addition, principal) - 1
                start = max(start, turn.given.get((session, room), 0))
            after = start
            if addition.after.kind is Kind.DIRECT or session.protocol.answers_moves:
                after = _past_ones_own(addition, start, session, turn.origins.get(room, {}))
            # Whoever is back is told what it is now: a role and a voice are gone, and much may be called otherwise.
            news = room not in session.announcements and (opened.is_inside(principal) or not follows)
            news = news or (after > start and room in session.announcements)
            self._places.put(session, room, after=after, announcement=Announcement(after, 0) if news else None)

    def _heed_ignoring(self, room: Room, entries: Sequence[Entry]) -> None:
        """What the inbox says of whom its account ignores is so for its sessions from the next run on."""
        if room.kind is not Kind.INBOX or room.owner is None:
            return
        if any(type(entry.body) is Ignored for entry in entries):
            online = self._parts.attendance.get(room.owner)
            for session in () if online is None else online.sessions:
                session.ignore(room.personal.ignored)

    def _run_by_name(self, opened: OpenRoom, entries: list[Entry], turn: Turn) -> None:
        """What was said before the room was renamed is told under its old name."""
        for room, some, renaming in by_name(opened.state, entries):
            for sessions in list(opened.readers.values()):
                self._run(room, sessions, list(some), some[0].number - 1, turn)
            readers = [session for sessions in opened.readers.values() for session in sessions]
            for session in readers if renaming is not None else ():
                assert renaming is not None
                tell_renamed(session, room, renaming)

    def _tell_invited(self, opened: OpenRoom, entry: Entry) -> None:
        """A guest that is invited has no inbox; its sessions are told, if they are of a protocol that says so."""
        body = entry.body
        if not isinstance(body, InvitationsChanged) or body.withdrawn:
            return
        for person in body.people:
            guest = self._parts.attendance.get(person.principal) if is_guest(person.principal) else None
            for session in () if guest is None else guest.sessions:
                if session.protocol.sees_guests:
                    session.tell(GuestInvited(opened.state.name, Person(entry.author, entry.name)))

    def _run(self, state: Room, sessions: list[Session], entries: list[Entry], before: int, turn: Turn) -> None:
        origins = turn.origins.get(state.id, {})
        form = sessions[0].format
        apart = {session: None for session in origins.values() if session.format is form}
        each = form.each(state, entries) if apart else []
        authors = [origins.get(entry.number) for entry in entries] if apart else []
        run = b"".join(each) if apart else form.run(state, entries)
        if not run:
            return
        full: list[Session] = []
        for session in sessions:
            link = session.link
            if link.full:
                full.append(session)
            elif session in apart:
                pieces = zip(each, authors, strict=True)
                others: Iterable[tuple[bytes, Session | None]] = pieces
                if turn.given:
                    others = islice(pieces, max(0, turn.given.get((session, state.id), 0) - before), None)
                link.write(b"".join([piece for piece, by in others if by is not session]))
            else:
                link.write(run)
        for session in full:
            self._places.put(session, state.id, after=max(before, turn.given.get((session, state.id), 0)))

    def fall_back(self, rooms: Sequence[RoomId]) -> None:
        """Nobody knows what became of these rooms: none of them is believed until it has been read again."""
        for room in rooms:
            opened = self._parts.rooms.get_stale(room)
            if opened is not None:
                opened.stale = True


def _past_ones_own(addition: Addition, after: int, session: Session, origins: dict[int, Session]) -> int:
    """How far a session has the room that is not shown here what it did itself.

    What it opened a direct room for is behind what opened it.
    """
    if session not in origins.values() or after < addition.before.head:
        return after
    direct = addition.after.kind is Kind.DIRECT
    for numbered in addition.entries:
        entry = numbered.entry
        own = origins.get(entry.number) is session
        if entry.number > after and not own and not (direct and not isinstance(entry.body, Message | Tagged)):
            break
        after = max(after, entry.number)
    return after


def _first_change(addition: Addition, principal: PrincipalId) -> int:
    """The first of these entries that concerns somebody's membership."""
    for numbered in addition.entries:
        body = numbered.entry.body
        if isinstance(body, MembershipChanged) and any(person.principal == principal for person in body.people):
            return numbered.entry.number
    raise AssertionError("nobody's membership changed")
