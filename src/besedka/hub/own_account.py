"""What somebody does to their own account: another password, all that is known of it, its end.

Whoever has got hold of a session guesses no password faster here than at the door: wrong ones are counted, under a name
that nobody bears, and the account's own logins are not delayed by them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

from besedka.chat.answers import ExportPart
from besedka.chat.audit import AuditLine
from besedka.chat.entries import RoomName
from besedka.chat.names import FoldedName, fold
from besedka.chat.own_requests import ChangePassword, Export, RemoveAccount
from besedka.chat.pace import Pace
from besedka.chat.principals import AccountRole
from besedka.chat.refusals import Code, Refusal
from besedka.chat.told import Done, Unit
from besedka.hub.accounts import Account
from besedka.hub.belongings import Step
from besedka.hub.exporting import Exporter
from besedka.hub.faults import StoreFault
from besedka.hub.keeping import AuditRow
from besedka.hub.login import LoginDesk
from besedka.hub.removing import Removing, begin
from besedka.hub.session import Online, Session
from besedka.hub.tokens import token_handle

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

Proved = Callable[[Account, str], Awaitable[Refusal | None]]
"""Does what a right password allows, given the account and its hash."""


class OwnAccount:
    """Carries it out, for those who have an account."""

    def __init__(self, hub: Hub, desk: LoginDesk) -> None:
        self._hub = hub
        self._parts = parts = hub.parts
        self._desk = desk
        self._exporter = Exporter(logs=parts.logs, accounts=parts.accounts, clock=parts.clock)

    def served(self) -> dict[type, Callable[[Session, Any], Coroutine[Any, Any, Unit | Refusal]]]:
        """What is done when it is asked for, and needs nothing beside."""
        return {Export: self.export, RemoveAccount: self.remove}

    # A password -----------------------------------------------------------------------------------------------------

    async def change_password(self, session: Session, request: ChangePassword) -> Refusal | None:
        """Replace it; None where that is done, and every other token of the account is dead."""
        refusal = self._desk.secret_refused(session, request.new)
        if refusal is None and len(request.new) < self._parts.limits.password_characters_min:
            refusal = Refusal(Code.PASSWORD_SHORT)

        async def change(account: Account, old: str) -> Refusal | None:
            new = await self._parts.keys.hash(request.new)
            but = None if session.token is None else token_handle(session.token)
            changed = await self._parts.accounts.change_password(account.id, old=old, new=new, but=but)
            return None if changed else Refusal(Code.BUSY)  # It was changed, or hashed anew, elsewhere meanwhile.

        return await self._prove(session, request.old, change, what="password changed", refusal=refusal)

    async def _prove(
        self, session: Session, password: str, proved: Proved, *, what: str, refusal: Refusal | None = None
    ) -> Refusal | None:
        """Do it if the password is theirs; `refusal` is what stands in the way already. `what` is for the log."""
        online, address = session.online, session.peer.address
        assert online is not None, "only who has said who it is has a password"
        if not online.registered:
            return Refusal(Code.ACCOUNT_NEEDED)
        refusal = self._desk.secret_refused(session, password) or refusal
        if refusal is not None:
            return refusal
        name, key = FoldedName(f"{fold(online.name)} password"), f"{address} {online.principal}"
        if not self._desk.gate.enter(key):
            return Refusal(Code.BUSY)
        try:
            await self._desk.wait_throttled(name, address)
            outcome = await self._verify(online, password, proved)
        finally:
            self._desk.gate.leave(key)
        now = self._parts.clock.seconds()
        if outcome is None:
            self._desk.throttle.succeeded(name, address, now=now)
            self._parts.journal.note(what, name=online.name, account=online.principal, address=address)
        elif outcome.code is Code.WRONG_PASSWORD:
            self._desk.throttle.failed(name, address, now=now)
            self._parts.journal.note(f"not {what}", account=online.principal, address=address)
        return outcome

    async def _verify(self, online: Online, password: str, proved: Proved) -> Refusal | None:
        credentials = await self._parts.accounts.credentials(fold(online.name))
        if credentials is None or credentials.account.id != online.principal:
            return Refusal(Code.WRONG_PASSWORD)  # The account has just been removed.
        if not self._desk.gate.begin_hash(known=True):
            return Refusal(Code.BUSY)
        try:
            if not await self._parts.keys.verify(credentials.password_hash, password):
                return Refusal(Code.WRONG_PASSWORD)
            return await proved(credentials.account, credentials.password_hash)
        finally:
            self._desk.gate.end_hash(known=True)

    # All that is known ----------------------------------------------------------------------------------------------

    async def export(self, session: Session, request: Export) -> Unit | Refusal:
        """A part of it. To go on is for whoever has begun, and where the last part ended."""
        online = session.online
        assert online is not None, "a question before login"
        account = await self._parts.accounts.account(online.principal) if online.registered else None
        if account is None:
            return Refusal(Code.ACCOUNT_NEEDED)
        if request.after:
            if request.after != online.exporting:
                return Refusal(Code.BAD_PLACE)
        elif not self._may_begin(online):
            return Refusal(Code.EXPORT_TOO_SOON)
        part = await self._exporter.part(account, request.after)
        if isinstance(part, Refusal):
            return part
        online.exporting = part.next
        return ExportPart(request.request_id, part.text, part.next)

    def _may_begin(self, online: Online) -> bool:
        limits, now = self._parts.limits, self._parts.clock.seconds()
        if online.export_pace is None:
            most = limits.exports_per_hour
            online.export_pace = Pace(rate=most / 3600, burst=most, now=now)
        if limits.flood and not online.export_pace.available(now):
            return False
        if limits.flood:
            online.export_pace.take(1)
        return True

    # The end --------------------------------------------------------------------------------------------------------

    async def remove(self, session: Session, request: RemoveAccount) -> Unit | Refusal:
        """End the account; what takes long is done after the answer."""
        begun: list[Step] = []

        async def remove(account: Account, _hash: str) -> Refusal | None:
            if account.role is AccountRole.ADMIN and await self._parts.accounts.administrators() == 1:
                return Refusal(Code.LAST_ADMIN)
            now, logs = self._parts.clock.now(), self._parts.logs
            await logs.add_audit(AuditRow(now, account.name, RoomName(""), AuditLine("remove", account.name)))
            days = self._parts.limits.removed_name_days
            begun.append(
                await begin(logs, self._parts.accounts, account, redact=request.redact, now=now, name_days=days)
            )
            return None

        refusal = await self._prove(session, request.password, remove, what="account removed")
        if refusal is not None:
            return refusal
        self._parts.tasks.spawn(self._finish(begun[0]), "finish removal")
        return Done(request.request_id)

    async def _finish(self, step: Step) -> None:
        """As often as it takes; a server that stops meanwhile does it at its next start."""
        while not self._hub.stopping:
            try:
                await Removing(self._hub).finish(step)
            except StoreFault as fault:
                self._parts.journal.fault("removal unfinished", fault)
                await self._parts.clock.wait_seconds(self._parts.limits.store_retry_seconds)
            else:
                return
