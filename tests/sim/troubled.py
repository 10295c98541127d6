"""Stores that are slow, that fail, and that fail to say whether they did."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Protocol, Self

from besedka.chat.entries import Entry, RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.retention import Floor
from besedka.chat.rooms import Room
from besedka.chat.scram import Verifier
from besedka.hub.accounts import Account, Credentials
from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.hub.keeping import Addition, Kept, Moved
from besedka.hub.ports import Clock
from besedka.limits import Limits
from besedka.store.memory import Disturbance, MemoryLogStore
from besedka.store.memory_accounts import MemoryAccountStore
from sim.stepper import Process


class Mood:
    """How a store is at present; fills `store.memory.Disturbance`."""

    def __init__(self, process: Process) -> None:
        """`process` is the one whose store it is: what waits dies with it."""
        self._process = process
        self.stormy = True
        random = process.stepper.random
        self._slow = random.choice([0.0, 0.005, 0.05])
        """About how long a commit takes."""
        self._reads_fail = random.choice([0.0, 0.0, 0.05])
        self._appends_fail = random.choice([0.0, 0.05, 0.2])

    async def before(self, call: str) -> None:
        """The call has arrived and nothing was done yet."""
        random = self._process.stepper.random
        append = call == "append"
        if self._slow and (append or random.random() < 0.3):
            await self._process.wait_seconds(random.expovariate(1 / self._slow))
        if not self.stormy:
            return
        if append and random.random() < self._appends_fail:
            raise random.choice([StoreFault, StoreUnsure])("it was not kept")
        if not append and random.random() < self._reads_fail:
            raise StoreFault("it could not be read")

    async def after(self, call: str) -> None:
        """What the call changes is kept, and its caller does not know yet."""
        random = self._process.stepper.random
        if self._slow:
            await self._process.wait_seconds(random.expovariate(1 / self._slow))
        if self.stormy and random.random() < self._appends_fail / 2:
            raise StoreUnsure("it was kept, but nobody knows")


class Witness(Protocol):
    """Sees every commit at the moment it is durable."""

    def judged(self, now: int) -> None:
        """A turn was judged at this time, in milliseconds since 1970 UTC, and is about to be kept."""
        ...

    def kept(self, addition: Addition) -> None:
        """This has been added."""
        ...

    def known(self, room: RoomId) -> None:
        """The server is told what was added to this room."""
        ...

    def risen(self, floor: Floor) -> None:
        """Nothing of this room from before this number may be told from now on."""
        ...


class WitnessedLogStore(MemoryLogStore):
    """Shows a witness whatever is kept, and lets it look at all that was."""

    witness: Witness | None = None
    clock: Clock | None = None
    """Of the server that has it open."""

    async def append(self, additions: Sequence[Addition]) -> Sequence[Kept | Moved]:
        """Keep what still fits; a turn judges and appends within one moment."""
        if self.clock is not None and self.witness is not None:
            self.witness.judged(self.clock.now())
        answers = await super().append(additions)
        if self.witness is not None:
            for addition in additions:
                self.witness.known(addition.after.id)
        return answers

    async def raise_floors(self, floors: Sequence[Floor]) -> None:
        """Let them rise; the server knows at once."""
        await super().raise_floors(floors)
        if self.witness is not None:
            for floor in floors:
                self.witness.risen(floor)

    def _add(self, addition: Addition) -> Kept | Moved:
        answer = super()._add(addition)
        if isinstance(answer, Kept) and self.witness is not None:
            self.witness.kept(addition)
        return answer

    def reopened(self, *, epoch: str | None = None, disturbance: Disturbance | None = None) -> Self:
        """What the next process finds; the witness stays."""
        other = super().reopened(epoch=epoch, disturbance=disturbance)
        other.witness = self.witness
        return other

    @property
    def rooms(self) -> dict[RoomId, Room]:
        """Every room as it is stored."""
        return self._rooms

    @property
    def entries(self) -> dict[RoomId, list[Entry]]:
        """Every log as it is stored."""
        return self._entries


class TroubledAccounts(MemoryAccountStore):
    """People in dictionaries behind the same disturbance as the rooms."""

    def __init__(self, *, limits: Limits) -> None:
        super().__init__(limits=limits)
        self.disturbance: Disturbance | None = None
        self.admins: frozenset[str] = frozenset()
        """Whoever registers under one of these names is an administrator."""

    def copied(self) -> TroubledAccounts:
        """As they are now, for the day this moment is restored."""
        there, self.disturbance = self.disturbance, None
        try:
            return deepcopy(self)
        finally:
            self.disturbance = there

    async def _trouble(self, call: str) -> None:
        if self.disturbance is not None:
            await self.disturbance.before(call)

    async def credentials(self, name: FoldedName) -> Credentials | None:
        """As the store has it, later."""
        await self._trouble("credentials")
        return await super().credentials(name)

    async def account_named(self, name: FoldedName) -> Account | None:
        """As the store has it, later."""
        await self._trouble("account_named")
        return await super().account_named(name)

    async def add_account(
        self,
        *,
        name: AccountName,
        password_hash: str,
        role: AccountRole,
        address: str,
        now: int,
        invitation: str | None,
    ) -> Account:
        """As the store has it, later."""
        await self._trouble("add_account")
        role = AccountRole.ADMIN if name in self.admins else role
        return await super().add_account(
            name=name, password_hash=password_hash, role=role, address=address, now=now, invitation=invitation
        )

    async def visited(self, account: PrincipalId, *, address: str, now: int) -> None:
        """As the store has it, later."""
        await self._trouble("visited")
        await super().visited(account, address=address, now=now)

    async def redeem_token(self, token: str, *, now: int, expires: int) -> Account | None:
        """As the store has it, later."""
        await self._trouble("redeem_token")
        return await super().redeem_token(token, now=now, expires=expires)

    async def banned(self, account: PrincipalId | None, address: str, *, now: int) -> bool:
        """As the store has it, later."""
        await self._trouble("banned")
        return await super().banned(account, address, now=now)


class SlowKeys:
    """Fills `hub.accounts.Keys` with hashes that anybody could turn back."""

    def __init__(self, process: Process) -> None:
        self._process = process

    async def hash(self, password: str) -> str:
        """A new hash."""
        await self._work()
        return f"hash of {password}"

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password."""
        await self._work()
        return password_hash == f"hash of {password}"

    def outdated(self, password_hash: str) -> bool:
        """Never."""
        return False

    def verifier(self, password_hash: str) -> Verifier | None:
        return None

    async def _work(self) -> None:
        await self._process.wait_seconds(self._process.stepper.random.choice([0.0, 0.02]))
