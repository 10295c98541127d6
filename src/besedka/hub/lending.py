"""An administrator's rights, lent to a session until it ends.

They are the session's and nobody else's: neither its account's other devices nor what it does after it has given them
back have them. What a session so lent may do is what `chat.permissions` says of an administrator. Whoever is no
administrator any more, or has been given another password, has lent nothing from that moment on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from besedka.chat.audit import AuditLine
from besedka.chat.entries import RoomName
from besedka.chat.principals import AccountRole, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.told import Done, Unit
from besedka.hub.keeping import AuditRow
from besedka.hub.login import LoginDesk
from besedka.hub.session import Session
from besedka.wire.operating import GiveBack, LendAdmin, TakenBack

if TYPE_CHECKING:
    from besedka.hub.hub import Hub


class Lending:
    """Lends, and takes back."""

    def __init__(self, hub: Hub, desk: LoginDesk) -> None:
        self._hub = hub
        self._parts = hub.parts
        self._desk = desk

    async def lend(self, session: Session, request: LendAdmin) -> Unit | Refusal:
        """Lend a session an administrator's rights, whose password it knows.

        A password is proved as at the door: on safe ways only, through the one gate, later after every failure. That
        one is right and its account no administrator's is answered like a wrong one, but held against nobody.
        """
        changes = self._parts.people_changes
        proved = await self._desk.prove(session, request.name, request.password)
        if isinstance(proved, Refusal):
            self._note(session, "no rights lent", code=proved.code.value)
            return proved
        lender = proved.account
        if lender.role is not AccountRole.ADMIN:
            self._note(session, "no rights lent", code="no administrator")
            return Refusal(Code.WRONG_PASSWORD)
        if await self._parts.accounts.banned(lender.id, session.peer.address, now=self._parts.clock.now()):
            return Refusal(Code.BANNED)
        assert session.online is not None, "only who has said who it is is lent anything"
        line = AuditLine("lend rights", session.online.name)
        await self._parts.logs.add_audit(AuditRow(self._parts.clock.now(), lender.name, RoomName(""), line))
        if changes != self._parts.people_changes:
            return Refusal(Code.BUSY)  # It may have been put down, or given another password, meanwhile.
        _set(self._hub, session, lender.id)
        self._note(session, "rights lent", by=lender.id)
        return Done(request.request_id)

    def give_back(self, session: Session, request: GiveBack) -> Unit | Refusal:
        """A session acts for itself again."""
        if session.lender is None:
            return Refusal(Code.NOT_ALLOWED)
        _set(self._hub, session, None)
        return Done(request.request_id)

    def _note(self, session: Session, event: str, **fields: str | int) -> None:
        principal = 0 if session.online is None else session.online.principal
        self._parts.journal.note(event, principal=principal, address=session.peer.address, **fields)


def take_back(hub: Hub, lender: PrincipalId) -> None:
    """What this account has lent ends at once."""
    for session in [one for one in hub.sessions if one.lender == lender]:
        _set(hub, session, None)
        session.tell(TakenBack())


def _set(hub: Hub, session: Session, lender: PrincipalId | None) -> None:
    session.lender = lender
    if session.online is not None and not session.ended:
        hub.parts.attendance.census.note(session.online)
