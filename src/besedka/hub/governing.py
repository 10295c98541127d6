"""The hub as the operator acts on it: what is seen, what is said in the server's name, who is sent away."""

from __future__ import annotations

from collections.abc import Sequence

from besedka.chat.entries import (
    Draft,
    Kind,
    Manner,
    MembershipChanged,
    Message,
    Person,
    RoomId,
    SessionsRevoked,
    Way,
)
from besedka.chat.names import LOBBY, FoldedName, fold
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.rules import open_room
from besedka.chat.text import message_text
from besedka.chat.told import Parting
from besedka.hub.hub import Hub
from besedka.hub.orders import Outcome
from besedka.hub.ports import Account
from besedka.hub.seen import Load, SessionNumber, SessionSeen
from besedka.hub.session import Session
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
        """Keep a name for an account about to be made, until `release_name`; False if somebody here has it or will."""
        return self._parts.attendance.claim_for_account(name)

    def release_name(self, name: FoldedName) -> None:
        """The account is made, or will not be."""
        self._parts.attendance.release(name)

    def overtake_logins(self) -> None:
        """Something about who may come in is another from now on: whoever is just logging in is asked to try again."""
        self._parts.people_changes += 1

    def account_changed(self, account: Account) -> None:
        """The role or the muting of an account is another from now on, in its live sessions too."""
        self.overtake_logins()
        online = self._parts.attendance.get(account.id)
        if online is not None:
            online.role = account.role
            online.muted = account.muted

    async def revoked(self, account: PrincipalId) -> None:
        """Every token of this account is dead in the store: note it in its inbox and end its sessions."""
        self.overtake_logins()
        inbox = await self._parts.logs.inbox(account)
        if inbox is not None:
            await self._in_open_room(inbox, Draft(SERVER, SERVER_NAME, SessionsRevoked()))
        self._end_all(account, Parting.REVOKED)

    async def removed(self, account: PrincipalId) -> None:
        """The account is no more: it leaves every room, by entries, and its sessions end. Repeating it is harmless."""
        self.overtake_logins()
        for brief in await self._parts.logs.briefs(account):
            if brief.member:
                await self._remove_from(brief.room, account)
        self._end_all(account, Parting.REVOKED)

    async def _remove_from(self, room: RoomId, account: PrincipalId) -> None:
        def write(turn: Turn) -> Outcome:
            opened = self._parts.rooms.get(room)
            if opened is None or not turn.has_inbox(account):
                return Outcome.UNPREPARED
            state = turn.tentative(opened.state)
            member = state.members.get(account)
            if member is None:
                return Outcome.NOTHING
            removed = MembershipChanged(Way.REMOVED, (Person(account, member.name),))
            turn.add(state, (Draft(SERVER, SERVER_NAME, removed),))
            return Outcome.KEPT

        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED:
            inbox = await self._parts.logs.inbox(account)
            if await self._parts.open_room(room) is None or inbox is None:
                return
            await self._parts.open_room(inbox)
            outcome = await self._hub.orders.carry_out(write)

    async def _in_open_room(self, room: RoomId, draft: Draft) -> None:
        def write(turn: Turn) -> Outcome:
            opened = self._parts.rooms.get(room)
            if opened is None:
                return Outcome.UNPREPARED
            turn.add(turn.tentative(opened.state), (draft,))
            return Outcome.KEPT

        outcome = Outcome.UNPREPARED
        while outcome is Outcome.UNPREPARED and await self._parts.open_room(room) is not None:
            outcome = await self._hub.orders.carry_out(write)

    def _end_all(self, account: PrincipalId, parting: Parting) -> None:
        online = self._parts.attendance.get(account)
        sessions: list[Session] = [] if online is None else list(online.sessions)
        for session in sessions:
            self._hub.part(session, parting)
