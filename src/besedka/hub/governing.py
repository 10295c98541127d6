"""The hub as the operator acts on it: what is seen, what is said in the server's name, who is sent away."""

from __future__ import annotations

from collections.abc import Sequence

from besedka.chat.entries import (
    Draft,
    Kind,
    Manner,
    Message,
    RoomId,
    SessionsRevoked,
)
from besedka.chat.names import LOBBY, FoldedName, fold
from besedka.chat.principals import SERVER, AccountName, AccountRole, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Write
from besedka.chat.rules import open_room
from besedka.chat.text import message_text
from besedka.chat.told import Parting
from besedka.hub.accounts import Account
from besedka.hub.belongings import Step
from besedka.hub.cases import Later, Wanting
from besedka.hub.hub import Hub
from besedka.hub.judging import Judge
from besedka.hub.lending import take_back
from besedka.hub.orders import Outcome
from besedka.hub.preparing import Preparation, Prepared
from besedka.hub.removing import Removing
from besedka.hub.seen import Load, SessionNumber, SessionSeen
from besedka.hub.session import Online, Session
from besedka.hub.turn import Turn

SERVER_NAME = AccountName("server")


class HubGovernor:
    """Fills what the operator's commands need of a running server. Nothing here waits for a peer."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts

    def sessions(self) -> Sequence[SessionSeen]:
        """Everybody who is here, in the order they came."""
        seen: list[SessionSeen] = []
        for session in self._hub.sessions:
            online = session.online
            if online is not None:
                seen.append(
                    SessionSeen(
                        number=SessionNumber(session.number),
                        principal=online.principal,
                        name=online.name,
                        role=online.role,
                        address=session.peer.address,
                        way=session.peer.way,
                        since=session.since,
                    )
                )
        return seen

    def load(self) -> Load:
        """Counts for `status`."""
        return Load(len(self._hub.sessions), len(self._parts.rooms), self._hub.entries_kept)

    async def say(self, text: str) -> Refusal | None:
        """Say `text` in the lobby as the server, by way of a turn, opening the lobby if there is none yet."""
        message = message_text(text, limits=self._parts.limits)
        if isinstance(message, Refusal):
            return message
        room = await self._parts.logs.room_named(fold(LOBBY))
        if room is not None:
            await self._parts.open_room(room)

        def write(turn: Turn) -> Outcome:
            opened = self._parts.rooms.named(fold(LOBBY))
            lobby = turn.named(fold(LOBBY))
            if lobby is None and opened is None:
                if room is not None:
                    return Outcome.UNPREPARED
                lobby = turn.new_room()
                turn.add(lobby, (Draft(SERVER, SERVER_NAME, open_room(LOBBY, SERVER, Kind.PUBLIC)),))
            elif lobby is None:
                assert opened is not None
                lobby = opened.state
            turn.add(lobby, (Draft(SERVER, SERVER_NAME, Message(message, Manner.NOTED)),))
            return Outcome.KEPT

        outcome = await self._hub.orders.carry_out(write)
        return None if outcome is Outcome.KEPT else Refusal(Code.NOT_KEPT)

    def end_session(self, number: SessionNumber, parting: Parting) -> bool:
        """Tell a session why and close it; whether it was still there."""
        for session in self._hub.sessions:
            if session.number == number:
                self._hub.part(session, parting)
                return True
        return False

    def claim_name(self, name: FoldedName) -> bool:
        """Keep a name for an account about to be made, until `release_name`; False if somebody is just taking it.

        Whoever bears it without having an account of it is called otherwise from now on.
        """
        attendance = self._parts.attendance
        if not attendance.claim_for_account(name):
            return False
        bearer = attendance.named(name)
        if bearer is not None and not bearer.registered:
            self._parts.callings.rename(bearer, AccountName(f"guest-{-bearer.principal}"))
        elif bearer is not None and fold(bearer.name) != name:
            self._parts.callings.rename(bearer, bearer.name)
        return True

    def release_name(self, name: FoldedName) -> None:
        """The account is made, or will not be."""
        self._parts.attendance.release(name)

    def overtake_logins(self) -> None:
        """Something about who may come in is another from now on: whoever is just logging in is asked to try again."""
        self._parts.people_changes += 1

    def account_changed(self, account: Account) -> None:
        """The role or the muting of an account is another from now on, in its live sessions too."""
        self.overtake_logins()
        if account.role is not AccountRole.ADMIN:
            take_back(self._hub, account.id)
        online = self._parts.attendance.get(account.id)
        if online is not None:
            online.role = account.role
            online.muted = account.muted
            self._parts.attendance.census.note(online)

    async def revoked(self, account: PrincipalId) -> None:
        """Every token of this account is dead in the store: note it in its inbox and end its sessions."""
        self.overtake_logins()
        inbox = await self._parts.logs.inbox(account)
        if inbox is not None:
            await self._hub.orders.add_to(inbox, Draft(SERVER, SERVER_NAME, SessionsRevoked()))
        take_back(self._hub, account)
        self._end_all(account, Parting.REVOKED)

    async def finish_removal(self, step: Step) -> None:
        """Do what is left of a removal that is begun, and forget the step. Raises `StoreFault`."""
        await Removing(self._hub).finish(step)

    async def act(self, request: Write) -> Refusal | None:
        """Carry out what the operator asks of a room that there is, in the server's name.

        None where it is done, or is so already. Whoever may see or do what is no question: nothing is above the server.
        """
        judge, preparation = Judge(self._parts, self._hub.places), Preparation(self._parts)
        operator = Online(SERVER, SERVER_NAME, AccountRole.ADMIN, muted=False)
        actor = Actor(SERVER, SERVER_NAME, AccountRole.ADMIN)
        prepared: Prepared | None = None
        inboxes: tuple[PrincipalId, ...] = ()
        refusal: Refusal | None = None

        def write(turn: Turn) -> Outcome:
            nonlocal inboxes, refusal
            case = judge.case(turn, operator, request, prepared)
            verdict = case if isinstance(case, Later | Refusal) else judge.verdict(turn, actor, request, case, prepared)
            if isinstance(verdict, Wanting):
                inboxes = verdict.inboxes
            if isinstance(verdict, Later | Wanting):
                return Outcome.UNPREPARED
            if isinstance(verdict, Refusal):
                refusal = verdict
            if isinstance(verdict, Refusal) or isinstance(case, Later | Refusal) or not verdict:
                return Outcome.NOTHING
            turn.add(case.room, verdict, target=case.circumstances.target)
            return Outcome.KEPT

        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED:
            prepared = await preparation.needs(operator, request, inboxes)
            outcome = await self._hub.orders.carry_out(write)
        return Refusal(Code.NOT_KEPT) if outcome is Outcome.FAILED else refusal

    async def room_named(self, name: str) -> RoomId | None:
        """The room of this name, for `act`."""
        return await self._parts.logs.room_named(fold(name.removeprefix("#")))

    def _end_all(self, account: PrincipalId, parting: Parting) -> None:
        online = self._parts.attendance.get(account)
        sessions: list[Session] = [] if online is None else list(online.sessions)
        for session in sessions:
            self._hub.part(session, parting)
