"""The verdict on each request of a turn, given on rooms that already contain the drafts before it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from besedka.chat.entries import Draft, MembershipChanged, Person, RequestId, RoomId, RoomName, Way
from besedka.chat.names import LOBBY, fold, room_name
from besedka.chat.principals import SERVER, AccountName, PrincipalId, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Leave, Say, SetTopic, Tell, Write
from besedka.chat.rooms import Room
from besedka.chat.rules import Circumstances, decide, open_public
from besedka.chat.told import Done, Kept, Refused, Unit, You
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


class Judge:
    """Turns requests into drafts, receipts and refusals."""

    def __init__(self, parts: Parts, places: Places) -> None:
        self._parts = parts
        self._places = places

    def write(self, turn: Turn, session: Session, request: Write, prepared: Prepared | None) -> Taken | Later:
        """Judge a client's write."""
        online = session.online
        assert online is not None
        if online.newest is None:
            return Later.UNPREPARED
        if request.request_id is not None and request.request_id <= online.newest:
            if prepared is None or prepared.looked_up != online.kept:
                return Later.NEXT_TURN if online.principal in turn.writers else Later.UNPREPARED
            if prepared.receipt is not None:
                kept = Kept(request.request_id, prepared.receipt.room, prepared.receipt.number)
                return Taken(session, request, kept)
        if prepared is None and isinstance(request, Tell):
            return Later.UNPREPARED
        name = self._new_name(request)
        if isinstance(name, Refusal):
            return Taken(session, request, refused(request.request_id, name))
        room = self._room(turn, online, request, prepared)
        if room is None:
            return Later.UNPREPARED
        if not self._inboxes_ready(turn, online, request, room, prepared):
            return Later.UNPREPARED
        return self._judge(turn, session, request, room, prepared, name)

    def _new_name(self, request: Write) -> RoomName | Refusal:
        if isinstance(request, Join):
            return room_name(request.name, limits=self._parts.limits)
        return RoomName("")

    def _room(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Room | None:
        """The room asked about, as this turn has made it; `NO_ROOM` if there is none, None if that is unknown."""
        made: Room | None = None
        match request:
            case Say() | Leave() | SetTopic():
                opened = self._parts.rooms.get(request.room)
            case Join():
                name = fold(request.name.removeprefix("#"))
                made, opened = turn.named(name), self._parts.rooms.named(name)
            case Tell():
                assert prepared is not None
                if prepared.other is None:
                    return NO_ROOM
                pair = online.principal, prepared.other.principal
                made, opened = turn.of_pair(*pair), self._parts.rooms.of_pair(*pair)
            case _:
                raise AssertionError("not a write of a client's")
        if made is not None:
            return made
        if opened is not None:
            return turn.tentative(opened.state)
        return NO_ROOM if prepared is not None and prepared.room_absent else None

    def _inboxes_ready(self, turn: Turn, online: Online, request: Write, room: Room, prepared: Prepared | None) -> bool:
        """Whether every inbox that will note this is open, or known not to exist."""
        match request:
            case Join() | Leave():
                concerned = [online.principal]
            case Tell() if room is NO_ROOM and prepared is not None and prepared.other is not None:
                concerned = [online.principal, prepared.other.principal]
            case _:
                return True
        inboxless = () if prepared is None else prepared.inboxless
        return all(turn.has_inbox(one) or one in inboxless for one in concerned if is_account(one))

    def _judge(
        self,
        turn: Turn,
        session: Session,
        request: Write,
        room: Room,
        prepared: Prepared | None,
        name: RoomName,
    ) -> Taken:
        online = session.online
        assert online is not None
        joined = online.rooms_joined + turn.joined.get(online.principal, 0)
        other = None if prepared is None else prepared.other
        circumstances = Circumstances(self._parts.limits, name, other, joined)
        actor = online.actor(inside=self._is_inside(online, room))
        verdict = decide(room, actor, request, circumstances)
        if isinstance(verdict, Refusal):
            return Taken(session, request, refused(request.request_id, verdict))
        if room is NO_ROOM and verdict:
            room = turn.new_room()
        effect = self._effect(session, request, room)
        if not verdict:
            return Taken(session, request, Done(request.request_id, room.id or None), effect)
        request_id = request.request_id or self._make_id(turn.now)
        number = turn.add(room, verdict, request=request_id, session=session)
        turn.writers[online.principal] = None
        online.kept += 1
        assert online.newest is not None
        online.newest = max(online.newest, request_id)
        answer: Unit = Kept(request.request_id, room.id, number)
        if isinstance(request, Join) and not online.registered:
            answer = Done(request.request_id, room.id)
        return Taken(session, request, answer, effect, wrote=True, request_id=request_id)

    def _is_inside(self, online: Online, room: Room) -> bool:
        if online.principal in room.members:
            return True
        opened = self._parts.rooms.get(room.id)
        return opened is not None and online.principal in opened.guests

    def _make_id(self, now: int) -> RequestId:
        """For requests that came without one (text): what finds them again if the commit's outcome is unknown."""
        return RequestId(f"{now:012x}" + self._parts.dice.token_bytes(10).hex())

    def _effect(self, session: Session, request: Write, room: Room) -> Effect | None:
        """What happens to places and presence beside the entries, once they are kept."""
        online = session.online
        assert online is not None
        match request:
            case Join(show=show):
                if online.registered:
                    return lambda: self._show_more(session, room, show)
                return lambda: self._guest_enters(online, room, show)
            case Leave() if not online.registered:
                return lambda: self._guest_leaves(online, room)
        return None

    def _show_more(self, session: Session, room: Room, show: int) -> None:
        """The session that joined wants some of what was said before."""
        if session.synced:
            self._places.put(session, room.id, after=0, announcement=Announcement(None, show))

    def _guest_enters(self, online: Online, room: Room, show: int) -> None:
        opened = self._parts.rooms.get(room.id)
        if opened is None or online.principal in opened.guests or not online.sessions:
            return
        opened.guests[online.principal] = online
        for session in online.sessions:
            self._show_more(session, room, show)
        self._parts.attendance.signal([opened], online, came=True)

    def _guest_leaves(self, online: Online, room: Room) -> None:
        opened = self._parts.rooms.get(room.id)
        if opened is None or opened.guests.pop(online.principal, None) is None:
            return
        for session in online.sessions:
            self._places.forget(session, room.id)
            if opened in session.live:
                opened.drop_reader(session)
        self._parts.attendance.signal([opened], online, came=False)

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
        online = self._parts.attendance.get(principal) or Online(
            principal, request.name, request.role, muted=request.muted
        )
        refusal = self._unwelcome(online)
        if refusal is not None:
            return Taken(session, request, refused(request.request_id, refusal))
        wrote = not inboxed or lobby is None
        if not inboxed:
            turn.open_inbox(principal)
        if lobby is None:
            lobby = turn.new_room()
            turn.add(lobby, (Draft(SERVER, AccountName("server"), open_public(LOBBY, SERVER)),))
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
        if not online.sessions:
            online.inbox = inbox
            online.rooms_joined = len(rooms) + newcomer

        def effect() -> None:
            self._seat(session, online, lobby, rooms, newcomer=newcomer)

        return Taken(session, request, you, effect, wrote=wrote or newcomer)

    def _unwelcome(self, online: Online) -> Refusal | None:
        if self._parts.limits.flood and len(online.sessions) >= self._parts.limits.sessions_per_account_max:
            return Refusal(Code.TOO_MANY_SESSIONS)
        if not online.registered and self._parts.attendance.guest_named(fold(online.name)) is not None:
            return Refusal(Code.NAME_TAKEN)
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
                opened = [entered]
        if news and not newcomer:
            self._parts.attendance.signal(opened, online, came=True)
