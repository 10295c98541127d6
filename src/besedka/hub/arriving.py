"""Letting somebody in who has said who it is: an inbox, a place in the lobby the first time, and a session."""

from __future__ import annotations

from collections.abc import Sequence

from besedka.chat.entries import Draft, Kind, RoomId
from besedka.chat.hosts import host_of
from besedka.chat.names import LOBBY, fold
from besedka.chat.principals import SERVER, AccountName, Actor, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join
from besedka.chat.rooms import Room
from besedka.chat.rules import decide, open_room
from besedka.chat.told import You
from besedka.chat.verdicts import Circumstances, Verdict
from besedka.hub.becoming import Becoming
from besedka.hub.cases import Later
from besedka.hub.judging import refused
from besedka.hub.login import Arrive
from besedka.hub.parts import Parts
from besedka.hub.preparing import Prepared
from besedka.hub.session import Online, Session, Stage
from besedka.hub.turn import Taken, Turn
from besedka.wire.irc.settings import Nicks


class Reception:
    """Judges arrivals."""

    def __init__(self, parts: Parts, becoming: Becoming) -> None:
        self._parts = parts
        self._becoming = becoming

    def arrive(self, turn: Turn, session: Session, request: Arrive, prepared: Prepared | None) -> Taken | Later:
        """Let somebody in: give it an inbox and, the first time, a place in the lobby."""
        lobby = self._lobby(turn)
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
        inbox = turn.inbox_id(principal) if online.registered else None
        rooms = [brief.room for brief in prepared.briefs if brief.member and brief.room != inbox]
        if lobby is None:
            lobby = turn.new_room()
            turn.add(lobby, (Draft(SERVER, AccountName("server"), open_room(LOBBY, SERVER, Kind.PUBLIC)),))
            lobby = turn.tentative(lobby)
        session.host = host_of(session.peer.address, self._parts.logs.host_key)
        joining = self._enter_lobby(turn, session, online, lobby)
        guest = session.online
        if guest is not None:  # It is here already, as a guest, and in no room by this but those it is in.
            if here is None and not rooms and self._parts.settings.irc.nicks is Nicks.FREE:
                online.be_called(guest.nick)  # Nobody has seen it under another name.
                session.wished = True
            wrote = self._becoming.carry_over(turn, session, guest, online) or wrote
        newcomer = isinstance(joining, tuple) and bool(joining)
        if newcomer and not isinstance(joining, Refusal):
            turn.add(lobby, joining)
        you = You(request.request_id, principal, request.name, request.role, inbox, request.token, online.other_nick)
        stays_out = online.registered or isinstance(joining, Refusal) or not session.protocol.enters_lobby
        into = None if stays_out else lobby.id

        def effect() -> None:
            present = self._parts.attendance.get(principal)  # Another device may have come in this very turn.
            if present is None:
                online.rooms_joined = self._parts.rooms.count_joined(principal, prepared.briefs, inbox=inbox)
            present = present or online
            present.inbox = inbox
            if guest is not None:
                self._become(session, guest, present)
                return
            self._seat(session, present, rooms, into=into, newcomer=newcomer)

        return Taken(session, request, you, effect, wrote=wrote or newcomer)

    def _lobby(self, turn: Turn) -> Room | None:
        """The lobby as this turn has made it; None where it is not open, or there is none yet."""
        lobby = turn.named(fold(LOBBY))
        if lobby is not None:
            return lobby
        opened = self._parts.rooms.named(fold(LOBBY))
        return None if opened is None else turn.tentative(opened.state)

    def _unwelcome(self, online: Online, request: Arrive) -> Refusal | None:
        if request.people_changes != self._parts.people_changes:
            return Refusal(Code.BUSY)  # A ban or a new password may have overtaken this login: look again.
        if self._parts.limits.flood and len(online.sessions) >= self._parts.limits.sessions_per_account_max:
            return Refusal(Code.TOO_MANY_SESSIONS)
        return None

    def _enter_lobby(self, turn: Turn, session: Session, online: Online, lobby: Room) -> Verdict:
        """The drafts that put somebody in the lobby: of a guest none. Whoever has left it is not put there again.

        Whom the lobby's own rules keep out is not put there either, and is let in all the same; and nobody is who comes
        by a protocol in which people enter rooms themselves.
        """
        if not session.protocol.enters_lobby:
            return ()
        principal = online.principal
        if online.registered and (principal in lobby.members or principal in lobby.former):
            return ()
        user, host, address = session.protocol.user, session.host, session.peer.address
        actor = Actor(principal, online.name, online.role, False, online.muted, user, host, address)
        return decide(lobby, actor, Join(name=LOBBY), Circumstances(self._parts.limits, turn.now, LOBBY))

    def _become(self, session: Session, guest: Online, online: Online) -> None:
        """Make the guest an account, if it is still here."""
        if session.ended:
            return
        self._remember(online)
        self._becoming.become(session, guest, online)
        self._note(session, online)

    def _remember(self, online: Online) -> None:
        """What an account says of itself is in its inbox."""
        own = self._parts.rooms.inbox_of(online.principal)
        if own is not None:
            online.profile, online.data = own.state.personal.profile, own.state.data

    def _note(self, session: Session, online: Online) -> None:
        self._parts.journal.note(
            "logged in",
            name=online.name,
            principal=online.principal,
            address=session.peer.address,
            way=session.peer.way,
        )

    def _seat(
        self, session: Session, online: Online, rooms: Sequence[RoomId], *, into: RoomId | None, newcomer: bool
    ) -> None:
        """Make the visitor a session, of a guest in the room `into`, and tell those who care."""
        if session.ended:
            return
        session.stage = Stage.PRESENT
        session.online = online
        session.since = self._parts.clock.now()
        self._remember(online)
        session.protocol.logged_in()
        news = self._parts.attendance.enter(online, session)
        self._note(session, online)
        opened = [room for room in map(self._parts.rooms.get, rooms) if room is not None]
        entered = None if into is None else self._parts.rooms.get(into)
        if entered is not None:
            entered.let_in(online)
            online.rooms_joined += 1
            opened = [entered]
        if news:
            self._parts.following.look(online.nick)
        if news and not newcomer:
            self._parts.signals.came(opened, online)
