"""What an administrator orders of the whole server by way of IRC. Each deed is in the audit trail before it is done."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from besedka.chat.audit import AuditLine
from besedka.chat.entries import RoomName
from besedka.chat.names import fold
from besedka.chat.refusals import Code, Refusal
from besedka.chat.text import one_line
from besedka.chat.told import Done, Parting, Unit
from besedka.hub.keeping import AuditRow
from besedka.hub.session import Session, Stage
from besedka.wire.operating import CalledOut, CallOut, Expel, Expelled, ReadAgain

if TYPE_CHECKING:
    from besedka.hub.hub import Hub


class Commanding:
    """Carries out what administrators order."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._parts = hub.parts

    def served(self) -> dict[type, Callable[[Session, Any], Coroutine[Any, Any, Unit | Refusal]]]:
        """What is ordered, and by what it is done."""
        return {Expel: self.expel, ReadAgain: self.read_again, CallOut: self.call_out}

    async def expel(self, session: Session, request: Expel) -> Unit | Refusal:
        """End all sessions of somebody who is here."""
        reason = one_line(request.reason, bytes_max=self._parts.limits.reason_bytes_max)
        if not session.is_admin:
            return Refusal(Code.NOT_ALLOWED)
        if isinstance(reason, Refusal):
            return reason
        there = self._parts.attendance.named(fold(request.name))
        if there is None or session.online is None:
            return Refusal(Code.NO_SUCH_PERSON)
        await self._record(session, AuditLine("kill", there.name, reason))
        by = session.online.person
        for one in list(there.sessions):
            one.tell(Expelled(by, reason))
            self._hub.part(one, Parting.KICKED)
        return Done(request.request_id)

    async def read_again(self, session: Session, request: ReadAgain) -> Unit | Refusal:
        """Read the configuration again."""
        if not session.is_admin:
            return Refusal(Code.NOT_ALLOWED)
        await self._record(session, AuditLine("reload"))
        good = await self._hub.reload()
        return Done(request.request_id) if good else Refusal(Code.BAD_VALUE, "configuration")

    async def call_out(self, session: Session, request: CallOut) -> Unit | Refusal:
        """Tell everybody whose protocol has a word for it; whoever is full misses it, as any signal."""
        if not session.is_admin or session.online is None:
            return Refusal(Code.NOT_ALLOWED)
        text = one_line(request.text, bytes_max=self._parts.limits.message_bytes_max)
        if isinstance(text, Refusal):
            return text
        await self._record(session, AuditLine("wallops"))
        unit = CalledOut(session.online.person, text)
        for one in list(self._hub.sessions):
            if one.stage is Stage.PRESENT and one.protocol.sees_guests and not one.link.full:
                one.tell(unit)
        return Done(request.request_id)

    async def _record(self, session: Session, line: AuditLine) -> None:
        assert session.online is not None, "an order before login"
        await self._parts.logs.add_audit(AuditRow(self._parts.clock.now(), session.online.name, RoomName(""), line))
