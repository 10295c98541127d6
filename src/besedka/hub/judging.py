"""The verdict on each request of a turn, given on rooms that already contain the drafts before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

import msgspec

from besedka.chat.entries import Draft, Kind, MembershipChanged, Person, RequestId, RoomId, Way
from besedka.chat.names import LOBBY, fold, room_name
from besedka.chat.principals import SERVER, AccountName, PrincipalId, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Leave, Say, SetTopic, Tell, Write
from besedka.chat.rooms import Room
from besedka.chat.rules import decide, open_room
from besedka.chat.told import Done, Kept, Refused, You
from besedka.chat.verdicts import Circumstances
from besedka.hub.login import Arrive
from besedka.hub.parts import Parts
from besedka.hub.places import Places
from besedka.hub.preparing import Prepared
from besedka.hub.session import Announcement, Online, Session, Stage
from besedka.hub.turn import Effect, Taken, Turn

NO_ROOM = Room(RoomId(0))
"""What a request is judged on that may open a room; it gets an id only when it does."""


class Later(Enum):
    """Why a request has no verdict yet."""

    UNPREPARED = "unprepared"
    """Something must be read first."""
    NEXT_TURN = "next turn"
    """It may be the same as one in this turn: ask the store after the commit."""


def refused(request_id: RequestId | None, refusal: Refusal) -> Refused:
    """A refusal as it is told."""
    return Refused(request_id, refusal.code, refusal.sentence, refusal.detail)


class _Case(msgspec.Struct, frozen=True):
    """What a request is judged on."""

    room: Room
    """As this turn has made it; `NO_ROOM` if there is none."""
    circumstances: Circumstances
    effect: Callable[[Session, int, Room], None] | None = None
    """What happens beside the entries: told the session, the first one's number, and the room."""


_Finder = Callable[[Turn, Online, Write, Prepared | None], _Case | Later | Refusal]


def _bound(case: _Case, session: Session, number: int, room: Room) -> Effect | None:
    effect = case.effect
    return None if effect is None else lambda: effect(session, number, room)


class Judge:
    """Turns requests into drafts, receipts and refusals."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._places = places
        self._plain = Circumstances(parts.limits)
        self._cases: dict[type[Write], _Finder] = {
            Say: self._in_room,
            SetTopic: self._in_room,
            Leave: self._leave,
            Join: self._join,
            Tell: self._tell,
        }

    def write(self, turn: Turn, session: Session, request: Write, prepared: Prepared | None) -> Taken | Later:
        """Judge a client's write."""
        online = session.online
        assert online is not None
        if online.newest is None:
            return Later.UNPREPARED
        request_id = request.request_id
        if request_id is not None and request_id <= online.newest:
            if prepared is None or prepared.looked_up != online.kept:
                return Later.NEXT_TURN if online.principal in turn.writers else Later.UNPREPARED
            if prepared.receipt is not None:
                return Taken(session, request, Kept(request_id, prepared.receipt.room, prepared.receipt.number))
        case = self._cases[type(request)](turn, online, request, prepared)
        if isinstance(case, Later):
            return case
        if isinstance(case, Refusal):
            return Taken(session, request, refused(request_id, case))
        return self._judge(turn, session, online, request, case)

    def _in_room(self, turn: Turn, _online: Online, request: Write, prepared: Prepared | None) -> _Case | Later:
        """Said or set in a room that is given by its id."""
        assert isinstance(request, Say | SetTopic | Leave)
        opened = self._parts.rooms.get(request.room)
        if opened is not None:
            return _Case(turn.tentative(opened.state), self._plain)
        if prepared is not None and prepared.room_absent:
            return _Case(NO_ROOM, self._plain)
        return Later.UNPREPARED

    def _leave(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> _Case | Later:
        if not self._inboxes_ready(turn, prepared, online.principal):
            return Later.UNPREPARED
        case = self._in_room(turn, online, request, prepared)
        if isinstance(case, _Case) and not online.registered:
            room = case.room
            return _Case(room, self._plain, lambda _session, _number, _room: self._guest_leaves(online, room))
        return case

    def _join(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> _Case | Later | Refusal:
        assert isinstance(request, Join)
        name = room_name(request.name, limits=self._parts.limits)
        if isinstance(name, Refusal):
            return name
        if not self._inboxes_ready(turn, prepared, online.principal):
            return Later.UNPREPARED
        room = turn.named(fold(name))
        if room is None:
            opened = self._parts.rooms.named(fold(name))
            if opened is not None:
                room = turn.tentative(opened.state)
                if room.archived:
                    return Later.NEXT_TURN  # It ends in this turn; in the next its name is free.
            elif prepared is not None and prepared.room_absent:
                room = NO_ROOM
            else:
                return Later.UNPREPARED
        joined = online.rooms_joined + turn.joined.get(online.principal, 0)
        circumstances = Circumstances(self._parts.limits, turn.now, name, rooms_joined=joined)
        show = request.show

        def effect(session: Session, number: int, room: Room) -> None:
            if online.registered:
                self._show_more(session, room, after=number - 1 - show)
            else:
                self._guest_enters(online, room, after=number - 1 - show)

        return _Case(room, circumstances, effect)

    def _tell(self, turn: Turn, online: Online, _request: Write, prepared: Prepared | None) -> _Case | Later:
        if prepared is None:
            return Later.UNPREPARED
        other = prepared.other
        if other is None:
            return _Case(NO_ROOM, self._plain)
        pair = online.principal, other.principal
        circumstances = Circumstances(self._parts.limits, other=other)
        room, opened = turn.of_pair(*pair), self._parts.rooms.of_pair(*pair)
        if room is None and opened is not None:
            room = turn.tentative(opened.state)
        if room is not None:
            return _Case(room, circumstances)
        if prepared.room_absent and self._inboxes_ready(turn, prepared, *pair):
            there = self._parts.attendance.get(other.principal)
            if there is None or there.newest is None:
                other_joined = self._parts.rooms.count_joined(other.principal, prepared.other_briefs, inbox=None)
            else:
                other_joined = there.rooms_joined
            circumstances = Circumstances(
                self._parts.limits,
                other=other,
                rooms_joined=online.rooms_joined + turn.joined.get(online.principal, 0),
                other_rooms_joined=other_joined + turn.joined.get(other.principal, 0),
            )
            return _Case(NO_ROOM, circumstances)
        return Later.UNPREPARED

    def _inboxes_ready(self, turn: Turn, prepared: Prepared | None, *concerned: PrincipalId) -> bool:
        """Whether every inbox that will note this is open, or known not to exist."""
        inboxless = () if prepared is None else prepared.inboxless
        return all(turn.has_inbox(one) or one in inboxless for one in concerned if is_account(one))

    def _judge(self, turn: Turn, session: Session, online: Online, request: Write, case: _Case) -> Taken:
        room = case.room
        actor = online.actor(inside=online.principal in room.members or self._is_guest_in(online, room))
        verdict = decide(room, actor, request, case.circumstances)
        asked = request.request_id
        if isinstance(verdict, Refusal):
            return Taken(session, request, refused(asked, verdict))
        if not verdict:
            return Taken(session, request, Done(asked, room.id or None), _bound(case, session, room.head + 1, room))
        if room is NO_ROOM:
            if self._parts.rooms_given >= self._parts.limits.rooms_max:
                return Taken(session, request, refused(asked, Refusal(Code.ROOMS_FULL)))
            room = turn.new_room()
        request_id = asked or self._make_id(turn.now)
        number = turn.add(room, verdict, request=request_id, session=session)
        turn.writers[online.principal] = None
        online.kept += 1
        assert online.newest is not None
        if request_id > online.newest:
            online.newest = request_id
        only_present = type(request) is Join and not online.registered
        answer = Done(asked, room.id) if only_present else Kept(asked, room.id, number)
        return Taken(session, request, answer, _bound(case, session, number, room), True, request_id)

    def _is_guest_in(self, online: Online, room: Room) -> bool:
        opened = self._parts.rooms.get(room.id)
        return opened is not None and online.principal in opened.guests

    def _make_id(self, now: int) -> RequestId:
        """For requests that came without one (text): what finds them again if the commit's outcome is unknown."""
        return RequestId(f"{now:012x}" + self._parts.dice.token_bytes(10).hex())

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
        opened.guests[online.principal] = online
        for session in online.sessions:
            self._show_more(session, room, after=after)
        online.rooms_joined += 1
        self._parts.signals.came([opened], online)

    def _guest_leaves(self, online: Online, room: Room) -> None:
        opened = self._parts.rooms.get(room.id)
        if opened is None or opened.guests.pop(online.principal, None) is None:
            return
        online.rooms_joined -= 1
        for session in online.sessions:
            self._places.forget(session, room.id)
            if opened in session.live:
                opened.drop_reader(session)
        self._parts.signals.went([opened], online)

    # Arriving -------------------------------------------------------------------------------------------------------

    def arrive(self, turn: Turn, session: Session, request: Arrive, prepared: Prepared | None) -> Taken | Later:
        """Let somebody in who has said who it is: give it an inbox and, the first time, a place in the lobby."""
        lobby = turn.named(fold(LOBBY))
        if lobby is None:
            opened = self._parts.rooms.named(fold(LOBBY))
            lobby = None if opened is None else turn.tentative(opened.state)
        if prepared is None or (lobby is None and not prepared.room_absent):
            return Later.UNPREPARED
        principal = request.principal
        inboxed = not is_account(principal) or turn.has_inbox(principal)
        if not inboxed and principal not in prepared.inboxless:
            return Later.UNPREPARED
        here = self._parts.attendance.get(principal)
        online = here or Online(principal, request.name, request.role, muted=request.muted)
        refusal = self._unwelcome(online, request)
        if refusal is not None:
            return Taken(session, request, refused(request.request_id, refusal))
        wrote = not inboxed or lobby is None
        if not inboxed:
            turn.open_inbox(principal)
        if lobby is None:
            lobby = turn.new_room()
            turn.add(lobby, (Draft(SERVER, AccountName("server"), open_room(LOBBY, SERVER, Kind.PUBLIC)),))
            lobby = turn.tentative(lobby)
        newcomer = self._is_newcomer(online, lobby)
        if newcomer:
            joined = MembershipChanged(Way.JOINED, (Person(principal, request.name),))
            turn.add(lobby, (Draft(principal, request.name, joined),))
        inbox = turn.inbox_id(principal) if online.registered else None
        you = You(
            id=request.request_id,
            principal=principal,
            name=request.name,
            role=request.role,
            inbox=inbox,
            token=request.token,
        )
        rooms = [brief.room for brief in prepared.briefs if brief.member and brief.room != inbox]

        def effect() -> None:
            present = self._parts.attendance.get(principal)  # Another device may have come in this very turn.
            if present is None:
                online.rooms_joined = self._parts.rooms.count_joined(principal, prepared.briefs, inbox=inbox)
            present = present or online
            present.inbox = inbox
            self._seat(session, present, lobby, rooms, newcomer=newcomer)

        return Taken(session, request, you, effect, wrote=wrote or newcomer)

    def _unwelcome(self, online: Online, request: Arrive) -> Refusal | None:
        if request.people_changes != self._parts.people_changes:
            return Refusal(Code.BUSY)  # A ban or a new password may have overtaken this login: look again.
        if self._parts.limits.flood and len(online.sessions) >= self._parts.limits.sessions_per_account_max:
            return Refusal(Code.TOO_MANY_SESSIONS)
        return None

    def _is_newcomer(self, online: Online, lobby: Room) -> bool:
        """Whether this account has never been in the lobby. Whoever left it is not put there again."""
        principal: PrincipalId = online.principal
        full = len(lobby.members) >= self._parts.limits.members_max
        return online.registered and not full and principal not in lobby.members and principal not in lobby.former

    def _seat(self, session: Session, online: Online, lobby: Room, rooms: Sequence[RoomId], *, newcomer: bool) -> None:
        """Make the visitor a session, and tell those who care."""
        if session.ended:
            return
        session.stage = Stage.PRESENT
        session.online = online
        session.since = self._parts.clock.now()
        session.protocol.logged_in()
        news = self._parts.attendance.enter(online, session)
        self._parts.journal.note(
            "logged in",
            name=online.name,
            principal=online.principal,
            address=session.peer.address,
            way=session.peer.way,
        )
        opened = [room for room in map(self._parts.rooms.get, rooms) if room is not None]
        if not online.registered:
            entered = self._parts.rooms.get(lobby.id)
            if entered is not None:
                entered.guests[online.principal] = online
                online.rooms_joined += 1
                opened = [entered]
        if news and not newcomer:
            self._parts.signals.came(opened, online)
