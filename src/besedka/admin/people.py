"""What an operator does to accounts, the same with a running server and without one."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from functools import partial
from typing import assert_never

import msgspec

from besedka.admin.deeds import (
    AddUser,
    Answer,
    Ended,
    ImportUsers,
    ListUsers,
    MakeInvitation,
    PersonPart,
    ReadPerson,
    RemoveUser,
    SetPassword,
    SetRole,
    Status,
)
from besedka.admin.oldusers import BadLine, OldUser
from besedka.admin.ports import Governor, Hashing, People, Steps
from besedka.admin.table import moment, table
from besedka.admin.trail import AuditTrail
from besedka.chat.names import account_name, fold
from besedka.chat.principals import AccountName, AccountRole
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.hub import removing
from besedka.hub.accounts import Account
from besedka.hub.exporting import Exporter
from besedka.hub.faults import NameTaken, StoreFault
from besedka.hub.ports import Clock, Dice, Journal
from besedka.limits import Limits
from besedka.words import _, plural

PeopleDeed = AddUser | ListUsers | MakeInvitation | SetPassword | SetRole | RemoveUser | ImportUsers | ReadPerson

INVITATION_BYTES = 10
"""80 bits nobody guesses, 16 letters and digits that can be read out."""

INVITATION_DAYS_MAX = 366
INVITATION_USES_MAX = 10_000
"""An invitation for ever, or for everybody, is `registration = "open"`."""

DAY_MILLISECONDS = 86_400_000


class PeopleDesk:
    """Carries out the deeds about accounts."""

    def __init__(
        self,
        *,
        people: People,
        hashing: Hashing,
        steps: Steps,
        trail: AuditTrail,
        clock: Clock,
        dice: Dice,
        journal: Journal,
        limits: Limits,
        server_name: Callable[[], str],
        exporter: Exporter,
        governor: Governor | None,
    ) -> None:
        """`server_name` is asked each time, because a reload may change it.

        `governor` is None where no server runs: then nobody is here to be told.
        """
        self._people = people
        self._hashing = hashing
        self._steps = steps
        self._trail = trail
        self._clock = clock
        self._dice = dice
        self._journal = journal
        self._limits = limits
        self._server_name = server_name
        self._exporter = exporter
        self._governor = governor

    async def carry_out(self, deed: PeopleDeed, answer: Answer) -> Ended:
        """Do it. Raises `StoreFault`."""
        match deed:
            case AddUser():
                return await self._add(deed, answer)
            case ListUsers():
                return await self._list(answer)
            case MakeInvitation():
                return await self._invite(deed, answer)
            case SetPassword():
                return await self._set_password(deed, answer)
            case SetRole():
                return await self._set_role(deed, answer)
            case RemoveUser():
                return await self._remove(deed, answer)
            case ImportUsers():
                return await self._import(deed)
            case ReadPerson():
                return await self._read(deed, answer)
            case _:
                assert_never(deed)

    async def finish_steps(self) -> None:
        """Do what an earlier process began and did not finish; for the start of a server. Raises `StoreFault`.

        What cannot be done now is done by the next start, and keeps nothing else from being done.
        """
        for step in await self._steps.pending_steps():
            assert self._governor is not None, "rooms are left by way of a turn"
            try:
                await self._governor.finish_removal(step)
            except StoreFault as fault:
                self._journal.fault("removal unfinished", fault)

    async def find(self, name: str) -> Account | None:
        """The account of this name, however it is written."""
        return await self._people.account_named(fold(name))

    async def _add(self, deed: AddUser, answer: Answer) -> Ended:
        name = self._acceptable(deed.name)
        if isinstance(name, Refusal):
            return answer.refuse(_(name.sentence))
        wrong = self._password_fault(deed.password)
        if wrong is not None:
            return answer.refuse(wrong)
        role = AccountRole.ADMIN if deed.admin else AccountRole.USER
        taken = await self._make(name, role, address="", make_hash=partial(self._hashing.hash, deed.password))
        if taken is not None:
            return answer.refuse(taken)
        if deed.admin:
            await self._trail.record("role", _given(name, role))
        self._warn_short(deed.password, answer)
        return answer.done(
            _("{name} is registered as an administrator.").format(name=name)
            if deed.admin
            else _("{name} is registered.").format(name=name)
        )

    async def _make(
        self, name: AccountName, role: AccountRole, *, address: str, make_hash: Callable[[], Awaitable[str]]
    ) -> str | None:
        """Make an account, with a hash made when the name is free. None, or a sentence about who has the name."""
        folded = fold(name)
        if self._governor is not None and not self._governor.claim_name(folded):
            return _("Somebody is just taking that name; try again in a moment.")
        try:
            if await self.find(name) is not None:
                return _(SENTENCES[Code.NAME_TAKEN])
            account = await self._people.add_account(
                name=name,
                password_hash=await make_hash(),
                role=role,
                address=address,
                now=self._clock.now(),
                invitation=None,
            )
        except NameTaken:
            return _(SENTENCES[Code.NAME_TAKEN])
        finally:
            if self._governor is not None:
                self._governor.release_name(folded)
        self._journal.note("account added", name=name, account=account.id, role=role.value)
        return None

    async def _list(self, answer: Answer) -> Ended:
        header = (_("NAME"), _("ROLE"), _("FIRST SEEN (UTC)"), _("FROM"), _("LAST SEEN (UTC)"), _("FROM"))
        rows = [
            (
                account.name,
                _("{role}, muted").format(role=account.role.value) if account.muted else account.role.value,
                moment(account.first_seen),
                account.first_address,
                moment(account.last_seen) if account.last_seen else "",
                account.last_address,
            )
            for account in await self._people.accounts()
        ]
        for line in table(header, rows):
            answer.line(line)
        return Ended(Status.FINE)

    async def _invite(self, deed: MakeInvitation, answer: Answer) -> Ended:
        if not 1 <= deed.days <= INVITATION_DAYS_MAX:
            return answer.refuse(
                _("An invitation is good for 1 to {most} days.").format(most=INVITATION_DAYS_MAX), Status.MISUSED
            )
        if not 1 <= deed.uses <= INVITATION_USES_MAX:
            return answer.refuse(
                _("An invitation is good for 1 to {most} uses.").format(most=INVITATION_USES_MAX), Status.MISUSED
            )
        code = base64.b32encode(self._dice.token_bytes(INVITATION_BYTES)).decode().lower()
        now = self._clock.now()
        expires = now + deed.days * DAY_MILLISECONDS
        await self._people.add_invitation(code, uses=deed.uses, now=now, expires=expires)
        self._journal.note("invitation made", days=deed.days, uses=deed.uses)
        return answer.done(code)

    async def _set_password(self, deed: SetPassword, answer: Answer) -> Ended:
        account = await self.find(deed.name)
        if account is None:
            return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
        wrong = self._password_fault(deed.password)
        if wrong is not None:
            return answer.refuse(wrong)
        password_hash = await self._hashing.hash(deed.password)
        await self._trail.record("password", account.name)
        await self._people.set_password(account.id, password_hash)
        if self._governor is not None:
            await self._governor.revoked(account.id)
        self._journal.note("password changed", name=account.name, account=account.id)
        self._warn_short(deed.password, answer)
        return answer.done(_("{name} has another password, and logs in anew everywhere.").format(name=account.name))

    async def _set_role(self, deed: SetRole, answer: Answer) -> Ended:
        account = await self.find(deed.name)
        if account is None:
            return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
        await self._trail.record("role", _given(account.name, deed.role))
        await self._people.set_role(account.id, deed.role)
        if self._governor is not None:
            self._governor.account_changed(msgspec.structs.replace(account, role=deed.role))
        self._journal.note("role changed", name=account.name, account=account.id, role=deed.role.value)
        return answer.done(
            _("{name} is an administrator now.").format(name=account.name)
            if deed.role is AccountRole.ADMIN
            else _("{name} is a user now.").format(name=account.name)
        )

    async def _remove(self, deed: RemoveUser, answer: Answer) -> Ended:
        account = await self.find(deed.name)
        if account is None:
            return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
        if account.role is AccountRole.ADMIN and await self._is_only_administrator(account):
            answer.warn(_("Warning: nobody is an administrator of this server any more."))
        await self._trail.record("remove", account.name)
        now, days = self._clock.now(), self._limits.removed_name_days
        step = await removing.begin(self._steps, self._people, account, redact=deed.redact, now=now, name_days=days)
        self._journal.note("account removed", name=account.name, account=account.id)
        if self._governor is None:
            return answer.done(
                _("{name} is removed, and leaves its rooms when the server starts.").format(name=account.name)
            )
        await self._governor.finish_removal(step)
        return answer.done(_("{name} is removed.").format(name=account.name))

    async def _read(self, deed: ReadPerson, answer: Answer) -> Ended:
        """A part of everything that is known of somebody; that somebody asked is kept, once for all of it."""
        account = await self.find(deed.name)
        if account is None:
            return answer.refuse(_(SENTENCES[Code.NO_SUCH_PERSON]))
        if not deed.after:
            await self._trail.record("export", account.name)
        part = await self._exporter.part(account, deed.after)
        if isinstance(part, Refusal):
            return answer.refuse(_(part.sentence), Status.MISUSED)
        answer.show(PersonPart(part.text, part.next))
        return Ended(Status.FINE)

    async def _is_only_administrator(self, account: Account) -> bool:
        others = [one for one in await self._people.accounts() if one.id != account.id]
        return not any(one.role is AccountRole.ADMIN for one in others)

    async def _import(self, deed: ImportUsers) -> Ended:
        refused: list[BadLine] = []
        for user in deed.users:
            why = await self._import_one(user)
            if why is not None:
                refused.append(BadLine(user.line, why))
        made = len(deed.users) - len(refused)
        return Ended(Status.FAILED if refused else Status.FINE, made, tuple(refused))

    async def _import_one(self, user: OldUser) -> str | None:
        """Why this person could not be registered, or None if it now is."""
        name = self._acceptable(user.name)
        if isinstance(name, Refusal):
            return _(name.sentence)
        wrap = partial(self._hashing.wrap_md5, user.md5_hex)
        return await self._make(name, AccountRole.USER, address=user.address, make_hash=wrap)

    def _acceptable(self, raw: str) -> AccountName | Refusal:
        return account_name(raw, limits=self._limits, server_name=self._server_name())

    def _password_fault(self, password: str) -> str | None:
        try:
            size = len(password.encode())
        except UnicodeEncodeError:
            return _("That password has characters that cannot be typed anywhere else.")
        if size == 0:
            return _("A password cannot be empty.")
        return _(SENTENCES[Code.PASSWORD_LONG]) if size > self._limits.password_bytes_max else None

    def _warn_short(self, password: str, answer: Answer) -> None:
        shortest = self._limits.password_characters_min
        if len(password) < shortest:
            answer.warn(
                plural(
                    "Warning: a password of less than {count} character is easily guessed.",
                    "Warning: a password of fewer than {count} characters is easily guessed.",
                    shortest,
                )
            )


def _given(name: AccountName, role: AccountRole) -> str:
    """A role given, as the audit trail has it of rooms."""
    return f"{name}: {role.value}"
