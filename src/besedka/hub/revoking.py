"""One's own devices: which there are, and ending them.

A device is a session token, a live session, or a live session that has a token. Its handle names it and leads to no
secret (`hub.tokens`). Only one's own devices are shown with their true addresses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from besedka.chat.answers import SessionLine, SessionList
from besedka.chat.entries import Draft, SessionsRevoked
from besedka.chat.own_requests import EndSessions, ListSessions
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.told import Done, Parting, Unit
from besedka.hub.faults import StoreFault
from besedka.hub.session import Online, Session
from besedka.hub.tokens import token_handle

if TYPE_CHECKING:
    from besedka.hub.hub import Hub


def handle_of(session: Session) -> str:
    """What a live session is called among its account's devices."""
    return f"live-{session.number}" if session.token is None else token_handle(session.token)


class Revoking:
    """Shows somebody their devices, and ends them."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts

    async def sessions(self, session: Session, request: ListSessions) -> Unit | Refusal:
        """The devices of one's account, the one last used first."""
        online = _account(session)
        if isinstance(online, Refusal):
            return online
        lines: dict[str, SessionLine] = {}
        for token in await self._parts.accounts.tokens(online.principal, now=self._parts.clock.now()):
            lines[token.handle] = SessionLine(token.handle, token.address, token.used, token.client)
        for one in online.sessions:
            used = self._parts.clock.now() - int(1000 * (self._parts.clock.seconds() - one.heard_at))
            handle = handle_of(one)
            lines[handle] = SessionLine(handle, one.peer.address, used, one.client, live=True, this=one is session)
        by_use = sorted(lines.values(), key=lambda line: (-line.used, not line.this, line.handle))
        return SessionList(request.request_id, tuple(by_use))

    async def end(self, session: Session, request: EndSessions) -> Unit | Refusal:
        """End one device of one's account, or all others."""
        online = _account(session)
        if isinstance(online, Refusal):
            return online
        if not request.handle:
            but = None if session.token is None else handle_of(session)
            await self._parts.accounts.drop_tokens(online.principal, but=but)
            await self.end_others(session)
            return Done(request.request_id)
        ended = await self._parts.accounts.drop_tokens(online.principal, handle=request.handle)
        live = [one for one in self._sessions_of(online.principal) if handle_of(one) == request.handle]
        if not ended and not live:
            return Refusal(Code.NO_SUCH_SESSION)
        for one in live:
            self._hub.part(one, Parting.REVOKED)
        return Done(request.request_id)

    async def end_others(self, session: Session) -> None:
        """All other tokens of the account are dead: so are its other sessions, and its devices are told why."""
        online = session.online
        assert online is not None, "only who has said who it is has devices"
        for one in self._sessions_of(online.principal):
            if one is not session:
                self._hub.part(one, Parting.REVOKED)
        if online.inbox is not None:
            note = Draft(online.principal, online.name, SessionsRevoked())
            try:
                await self._hub.orders.add_to(online.inbox, note)
            except StoreFault as fault:  # They find out when their tokens are refused.
                self._parts.journal.fault("noting revoked sessions failed", fault)

    def _sessions_of(self, account: PrincipalId) -> list[Session]:
        """The live sessions of an account, those among them that are just being let in."""
        return [one for one in self._hub.sessions if one.account == account]


def _account(session: Session) -> Online | Refusal:
    assert session.online is not None, "a question before login"
    return session.online if session.online.registered else Refusal(Code.ACCOUNT_NEEDED)
