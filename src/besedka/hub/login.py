"""How a visitor becomes somebody: by password, by registering, by token, or as a guest.

Every way in comes through here. Each is a job beside the turn; its end is an `Arrive`, which enters a later turn like
any write. Where registration is not open, a name that nobody bears and a wrong password are alike in words, in time
and in what they count for (P7).
"""

from __future__ import annotations

import base64
from collections.abc import Callable

import msgspec

from besedka.chat.names import FoldedName, account_name, fold
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import ComeAsGuest, Login, Register, Request, Resume
from besedka.chat.told import Done, Parting, Registration, Unit
from besedka.hub.accounts import Account, Credentials, InvitationState
from besedka.hub.faults import NameTaken
from besedka.hub.gate import Gate, Throttle
from besedka.hub.parts import Parts
from besedka.hub.proofs import Proofs
from besedka.hub.session import Session
from besedka.wire.proving import AskChallenge, EnterProved, Knock, Prove

GATE_LOOK_SECONDS = 0.05
"""Between two looks whether another login of the same address is over: two hashes."""

GUESTS_PER_BOOT = 1 << 21
"""So that boot number and guest number together stay within 53 bits for a great many boots."""


class Arrive(Request, frozen=True):
    """Made by a login, never by a client: this session is that principal from now on."""

    principal: PrincipalId
    name: AccountName
    role: AccountRole = AccountRole.USER
    muted: bool = False
    token: str | None = None
    people_changes: int = 0
    """`Parts.people_changes` when the login began."""


class LoginDesk:
    """Carries out the requests by which somebody says who it is."""

    def __init__(self, parts: Parts, part: Callable[[Session, Parting], None]) -> None:
        """`part` ends a session, telling it why."""
        self._parts = parts
        self._part = part
        self.throttle = Throttle(parts.limits)
        self.gate = Gate(parts.limits)
        self._proofs = Proofs(parts, self.gate, self.throttle, self.wait_throttled)
        self._guests_given = 0

    async def carry_out(self, session: Session, request: Request) -> Unit | Arrive | Refusal:
        """What the request comes to. Counts failures of the connection in `session.attempts`."""
        outcome: Unit | Arrive | Refusal | None = None
        changes = self._parts.people_changes
        try:
            outcome = await self._come_in(session, request)
        finally:
            if session.ended or not isinstance(outcome, Arrive):
                self._parts.attendance.give_up(session)
                self._parts.devices.drop(session)
        if isinstance(outcome, Refusal) and outcome.code in COUNTED:
            session.attempts += 1
            self._parts.journal.note("login failed", address=session.peer.address, code=outcome.code.value)
        if isinstance(outcome, Arrive):
            return msgspec.structs.replace(outcome, people_changes=changes)
        return outcome

    async def _come_in(self, session: Session, request: Request) -> Unit | Arrive | Refusal:
        match request:
            case Login():
                return await self._login(session, request)
            case AskChallenge():
                return await self._proofs.challenge(session, request)
            case Prove():
                return await self._proofs.check(session, request)
            case Knock():
                return await self._knock(session, request)
            case EnterProved():
                return await self._enter_proved(session, request)
            case Register():
                return await self._register(session, request)
            case Resume():
                return await self._resume(session, request)
            case ComeAsGuest():
                return await self._come_as_guest(session, request)
            case _:
                raise AssertionError("not a way to log in")

    async def prove(self, session: Session, name: str, password: str) -> Credentials | Refusal:
        """Whose name and password these are. The one place where a password is held against a hash that is not one's
        own: on safe ways only, so many at once, and later after every failure.
        """
        unsafe = self.secret_refused(session, password)
        if unsafe is not None:
            return unsafe
        folded, address = fold(name), session.peer.address
        credentials = await self._parts.accounts.credentials(folded)
        if credentials is None and self._parts.settings.registration is Registration.OPEN:
            return await self._nobody_of(name)
        account = None if credentials is None else credentials.account
        known = account is not None and await self._parts.accounts.known_address(account.id, address)
        key = f"{address} {account.id}" if account is not None and known else address
        if not await self._enter(key):
            return Refusal(Code.BUSY)
        try:
            if not known:
                await self.wait_throttled(folded, address)
            if not self.gate.begin_hash(known=known):
                return Refusal(Code.BUSY)
            try:
                password_hash = None if credentials is None else credentials.password_hash
                right = await self._parts.keys.verify(password_hash, password)
            finally:
                self.gate.end_hash(known=known)
        finally:
            self.gate.leave(key)
        if credentials is None or not right:
            self.throttle.failed(folded, address, now=self._parts.clock.seconds())
            return Refusal(Code.WRONG_PASSWORD)
        self.throttle.succeeded(folded, address, now=self._parts.clock.seconds())
        return credentials

    async def _enter(self, key: str) -> bool:
        """Begin an attempt, behind another with this key if that is over soon: a household comes home together, and
        most programs of IRC take a server that is busy for a wrong password.
        """
        until = self._parts.clock.seconds() + self._parts.limits.gate_patience_seconds
        while not self.gate.enter(key):
            if self._parts.clock.seconds() >= until:
                return False
            await self._parts.clock.wait_seconds(GATE_LOOK_SECONDS)
        return True

    async def _login(self, session: Session, request: Login) -> Arrive | Refusal:
        credentials = await self.prove(session, request.name, request.password)
        if isinstance(credentials, Refusal):
            return credentials
        verified = credentials.password_hash
        if self._parts.keys.outdated(verified):
            renewed = await self._parts.keys.hash(request.password)
            await self._parts.accounts.rehash(credentials.account.id, old=verified, new=renewed)
        outcome = await self._admit(session, credentials.account, request, remember=request.remember)
        if isinstance(outcome, Arrive) and not await self._still_opens(request, verified):
            if outcome.token is not None:
                await self._parts.accounts.drop_token(outcome.token)
            return Refusal(Code.WRONG_PASSWORD)
        return outcome

    async def _knock(self, session: Session, request: Knock) -> Done | Refusal:
        """Whether somebody knows the server's own password. Who guesses holds up nobody at other addresses.

        What may be an account's instead is not counted here: it is tried as that next, and counted there.
        """
        if not session.peer.safe:
            return Refusal(Code.UNSAFE_WAY)
        expected, address = self._parts.settings.irc.password, session.peer.address
        name = FoldedName(f"server {address}")
        while self._parts.limits.flood and self.throttle.seconds(name, address, now=self._parts.clock.seconds()) > 0:
            await self.wait_throttled(name, address)
        if expected is None or expected.is_opened_by(request.password):
            return Done(request.request_id)
        if ":" not in request.password:
            self.throttle.failed(name, address, now=self._parts.clock.seconds())
        return Refusal(Code.WRONG_PASSWORD)

    async def _enter_proved(self, session: Session, request: EnterProved) -> Arrive | Refusal:
        proved = self._proofs.proved(session)
        if proved is None:
            return Refusal(Code.WRONG_PASSWORD)
        outcome = await self._admit(session, proved.account, request, remember=False)
        return outcome if await self._proofs.is_valid(proved) else Refusal(Code.WRONG_PASSWORD)

    async def _still_opens(self, request: Login, verified: str) -> bool:
        """Whether the password that was right is so still: changing it, or removing the account, ends every token."""
        credentials = await self._parts.accounts.credentials(fold(request.name))
        if credentials is None:
            return False
        same = credentials.password_hash == verified  # Otherwise it was changed, or hashed anew, here or elsewhere.
        return same or await self._parts.keys.verify(credentials.password_hash, request.password)

    async def wait_throttled(self, name: FoldedName, address: str) -> None:
        delay = self.throttle.seconds(name, address, now=self._parts.clock.seconds())
        if delay > 0 and self._parts.limits.flood:
            await self._parts.clock.wait_seconds(delay)

    async def _nobody_of(self, raw: str) -> Refusal:
        """Where anybody may register, names are public: say whether this one could be."""
        named = self._acceptable(raw)
        if isinstance(named, Refusal):
            return named
        if self._parts.attendance.named(fold(named)) is not None:
            return Refusal(Code.NAME_TAKEN)
        return Refusal(Code.NAME_UNKNOWN)

    def _acceptable(self, raw: str) -> AccountName | Refusal:
        return account_name(raw, limits=self._parts.limits, server_name=self._parts.settings.name)

    def secret_refused(self, session: Session, password: str) -> Refusal | None:
        if not session.peer.safe:
            return Refusal(Code.UNSAFE_WAY)
        try:
            size = len(password.encode())
        except UnicodeEncodeError:
            return Refusal(Code.BAD_REQUEST, "password")
        return Refusal(Code.PASSWORD_LONG) if size > self._parts.limits.password_bytes_max else None

    async def _register(self, session: Session, request: Register) -> Arrive | Refusal:
        refusal = self.secret_refused(session, request.password) or await self._may_register(session, request)
        if refusal is not None:
            return refusal
        name = self._acceptable(request.name)
        if isinstance(name, Refusal):
            return name
        if len(request.password) < self._parts.limits.password_characters_min:
            return Refusal(Code.PASSWORD_SHORT)
        if await self._is_taken(name, session):
            return Refusal(Code.NAME_TAKEN)
        address = session.peer.address
        if not self.gate.enter(address):
            return Refusal(Code.BUSY)
        try:
            if not self.gate.begin_hash(known=False):
                return Refusal(Code.BUSY)
            try:
                password_hash = await self._parts.keys.hash(request.password)
            finally:
                self.gate.end_hash(known=False)
        finally:
            self.gate.leave(address)
        invited = self._parts.settings.registration is Registration.INVITE
        try:
            account = await self._parts.accounts.add_account(
                name=name,
                password_hash=password_hash,
                role=AccountRole.USER,
                address=address,
                now=self._parts.clock.now(),
                invitation=request.invitation if invited else None,
            )
        except NameTaken:
            return Refusal(Code.NAME_TAKEN)
        self._parts.journal.note("registered", name=name, account=account.id, address=address)
        return await self._admit(session, account, request, remember=request.remember)

    async def _is_taken(self, name: AccountName, session: Session) -> bool:
        """Whether somebody bears this name or is about to; if not, this session is."""
        folded = fold(name)
        if not self._parts.attendance.claim(folded, session):
            return True
        accounts, now = self._parts.accounts, self._parts.clock.now()
        if await accounts.account_named(folded) is None and not await accounts.name_kept(folded, now=now):
            return False
        self._parts.attendance.give_up(session)
        return True

    async def _may_register(self, session: Session, request: Register) -> Refusal | None:
        registration = self._parts.settings.registration
        if registration is Registration.CLOSED:
            return Refusal(Code.REGISTRATION_CLOSED)
        if registration is Registration.OPEN:
            return None
        address = session.peer.address
        if not self.gate.enter(address):
            return Refusal(Code.BUSY)
        try:
            await self.wait_throttled(FoldedName(""), address)
            if len(request.invitation) > self._parts.limits.invitation_bytes_max:
                state = InvitationState.BAD
            else:
                state = await self._parts.accounts.invitation(request.invitation, now=self._parts.clock.now())
        finally:
            self.gate.leave(address)
        if state is InvitationState.GOOD:
            return None
        self.throttle.failed(FoldedName(""), address, now=self._parts.clock.seconds())
        return Refusal(Code.INVITATION_NEEDED)

    async def _resume(self, session: Session, request: Resume) -> Arrive | Refusal:
        if not session.peer.safe:
            return Refusal(Code.UNSAFE_WAY)
        given_up = self._parts.devices.bear(request.token, session)
        if given_up is not None:
            self._part(given_up, Parting.REPLACED)
        if session.ended:
            return Refusal(Code.BUSY)  # Nobody is there to be told: a newer connection of this device is.
        now = self._parts.clock.now()
        account = await self._parts.accounts.redeem_token(request.token, now=now, expires=self._expiry(now))
        if account is None:
            return Refusal(Code.TOKEN_DEAD)
        return await self._admit(session, account, request, remember=False)

    def _expiry(self, now: int) -> int:
        return now + self._parts.limits.token_days * 86_400_000

    async def _admit(self, session: Session, account: Account, request: Request, *, remember: bool) -> Arrive | Refusal:
        """The secret was right; what is left is whether the person may come in."""
        now, address = self._parts.clock.now(), session.peer.address
        session.account = account.id
        if await self._parts.accounts.banned(account.id, address, now=now):
            return Refusal(Code.BANNED)
        await self._parts.accounts.visited(account.id, address=address, now=now)
        token = None
        if remember:
            token = base64.urlsafe_b64encode(self._parts.dice.token_bytes(32)).decode().rstrip("=")
            await self._parts.accounts.add_token(
                account.id,
                token=token,
                client=session.client,
                address=address,
                now=now,
                expires=self._expiry(now),
                at_most=self._parts.limits.tokens_per_account_max,
            )
            self._parts.devices.bear(token, session)
        return Arrive(
            id=request.id, principal=account.id, name=account.name, role=account.role, muted=account.muted, token=token
        )

    async def _come_as_guest(self, session: Session, request: ComeAsGuest) -> Arrive | Refusal:
        if not self._parts.settings.guests:
            return Refusal(Code.GUESTS_CLOSED)
        name = self._acceptable(request.name)
        if isinstance(name, Refusal):
            return name
        if await self._parts.accounts.banned(None, session.peer.address, now=self._parts.clock.now()):
            return Refusal(Code.BANNED)
        if await self._is_taken(name, session):
            return Refusal(Code.NAME_TAKEN)
        self._guests_given += 1
        if self._guests_given >= GUESTS_PER_BOOT:
            return Refusal(Code.BUSY)
        principal = PrincipalId(-(self._parts.logs.boot * GUESTS_PER_BOOT + self._guests_given))
        return Arrive(id=request.id, principal=principal, name=name)


COUNTED = frozenset({Code.WRONG_PASSWORD, Code.TOKEN_DEAD, Code.INVITATION_NEEDED})
"""Refusals that count as a failed attempt of the connection."""
