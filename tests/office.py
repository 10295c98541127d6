"""An operator's desk over stores in memory, with a hub and a process that only remember what they were told."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Mapping, Sequence
from pathlib import Path

import msgspec

from besedka.admin.commands import carry_out
from besedka.admin.deeds import Answer, AnyDeed, ConsoleLine, Ended, Said
from besedka.admin.journal import ServerLog
from besedka.admin.people import PeopleDesk
from besedka.admin.ports import Reloaded
from besedka.admin.rooms import RoomDesk
from besedka.admin.running import Running
from besedka.admin.trail import AuditTrail
from besedka.chat.entries import RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Write
from besedka.chat.told import Parting
from besedka.hub.accounts import Account
from besedka.hub.exporting import Exporter
from besedka.hub.keeping import AuditRow, Step
from besedka.hub.removing import Removal
from besedka.hub.seen import Load, SessionNumber, SessionSeen
from besedka.limits import Limits
from besedka.store.memory import MemoryAccountStore, MemoryLogStore

NOW = 1_700_000_000_000


class FakeClock:
    """A clock that somebody else turns."""

    def __init__(self) -> None:
        self.milliseconds = NOW

    def now(self) -> int:
        return self.milliseconds

    def seconds(self) -> float:
        return self.milliseconds / 1000

    def wait_seconds(self, seconds: float) -> Awaitable[None]:
        raise AssertionError("an operator's command waits for nothing")


class FakeDice:
    """Always the same throw."""

    def token_bytes(self, count: int) -> bytes:
        return bytes(range(count))


class FakeHashing:
    """Hashes that are quick and say how they were made."""

    async def hash(self, password: str) -> str:
        return "fake:" + hashlib.sha256(password.encode()).hexdigest()

    async def wrap_md5(self, md5_hex: str) -> str:
        return "fake-md5:" + hashlib.sha256(md5_hex.encode()).hexdigest()


class FakeGovernor:
    """A hub with some sessions."""

    def __init__(self, logs: MemoryLogStore) -> None:
        self.logs = logs
        self.here: list[SessionSeen] = []
        self.said: list[str] = []
        self.refusal: Refusal | None = None
        self.ended: list[tuple[str, Parting]] = []
        self.changed: list[Account] = []
        self.revocations: list[PrincipalId] = []
        self.removals: list[PrincipalId] = []
        self.rooms: dict[str, RoomId] = {}
        self.acts: list[Write] = []
        self.borne: list[FoldedName] = []
        """Names of guests, and those claimed."""
        self.trouble: Exception | None = None
        self.troubled: PrincipalId | None = None
        """Whom it is about; None for everybody."""

    def arrive(self, name: str, principal: int, address: str = "192.0.2.1") -> None:
        """Somebody comes."""
        self.here.append(
            SessionSeen(
                SessionNumber(len(self.here) + 1),
                PrincipalId(principal),
                AccountName(name),
                AccountRole.USER,
                address,
                "native+tls",
                NOW,
            )
        )

    def sessions(self) -> Sequence[SessionSeen]:
        return list(self.here)

    def load(self) -> Load:
        return Load(connections=len(self.here) + 1, rooms_open=2, kept=30)

    async def say(self, text: str) -> Refusal | None:
        if self.trouble is not None:
            raise self.trouble
        if self.refusal is None:
            self.said.append(text)
        return self.refusal

    def end_session(self, number: SessionNumber, parting: Parting) -> bool:
        (session,) = (one for one in self.here if one.number == number)
        self.here.remove(session)
        self.ended.append((session.name, parting))
        return True

    def claim_name(self, name: FoldedName) -> bool:
        if name in self.borne:
            return False
        self.borne.append(name)
        return True

    def release_name(self, name: FoldedName) -> None:
        self.borne.remove(name)

    def overtake_logins(self) -> None:
        self.overtaken = True

    def account_changed(self, account: Account) -> None:
        self.changed.append(account)

    async def room_named(self, name: str) -> RoomId | None:
        return self.rooms.get(name)

    async def act(self, request: Write) -> Refusal | None:
        if self.refusal is None:
            self.acts.append(request)
        return self.refusal

    async def revoked(self, account: PrincipalId) -> None:
        self.revocations.append(account)

    async def finish_removal(self, step: Step) -> None:
        account = msgspec.json.decode(step.what, type=Removal).account
        if self.trouble is not None and self.troubled in (None, account):
            raise self.trouble
        self.removals.append(account)
        await self.logs.finish_step(step.id)


class FakePremises:
    """A process that does nothing."""

    def __init__(self) -> None:
        self.listening: Sequence[str] = ("127.0.0.1:9090",)
        self.paused = False
        self.stopped = False
        self.files = {"messages.db": 123_456_789, "accounts.db": 4096}
        self.reloaded = Reloaded(good=True, lines=("The certificate was read again.",))

    def sizes(self) -> Mapping[str, int]:
        return self.files

    def pause(self) -> None:
        self.paused = True

    def go_on(self) -> None:
        self.paused = False

    async def reload(self) -> Reloaded:
        return self.reloaded

    def shut_down(self) -> None:
        self.stopped = True


class Office:
    """Everything a command may touch."""

    def __init__(self, folder: Path, *, governed: bool = True) -> None:
        self.clock = FakeClock()
        self.premises = FakePremises()
        self.accounts = MemoryAccountStore()
        self.hashing = FakeHashing()
        self.logs = MemoryLogStore()
        self.governor = FakeGovernor(self.logs)
        self.trail = AuditTrail(self.logs, self.clock)
        self.log_path = folder / "server.log"
        self.log = ServerLog(self.log_path, clock=self.clock, limits=Limits())
        self.desk = PeopleDesk(
            people=self.accounts,
            hashing=self.hashing,
            steps=self.logs,
            trail=self.trail,
            clock=self.clock,
            dice=FakeDice(),
            journal=self.log,
            limits=Limits(),
            server_name=lambda: "besedka",
            exporter=Exporter(logs=self.logs, accounts=self.accounts, clock=self.clock),
            governor=self.governor if governed else None,
        )
        self.running = Running(
            governor=self.governor,
            premises=self.premises,
            people=self.accounts,
            rooms=self.logs,
            trail=self.trail,
            desk=self.desk,
            room_desk=RoomDesk(logs=self.logs, people=self.accounts, trail=self.trail, limits=Limits(), importer=None),
            log=self.log,
            clock=self.clock,
            version="0.1.0",
            started=NOW - 93_784_000,
        )

    def do(self, deed: AnyDeed) -> tuple[Ended, list[str], list[str]]:
        """Carry out a deed; how it ended, what was said, and what was complained of."""
        said: list[Said] = []
        ended = asyncio.run(carry_out(self.running, deed, Answer(said.append)))
        return ended, [one.text for one in said if not one.fault], [one.text for one in said if one.fault]

    def type(self, line: str) -> tuple[Ended, list[str], list[str]]:
        """The same with a line as it is typed."""
        return self.do(ConsoleLine(line=line))

    def account(self, name: str) -> Account | None:
        """The account of this name."""
        return asyncio.run(self.desk.find(name))

    def audited(self) -> list[AuditRow]:
        """The whole audit trail."""
        return list(asyncio.run(self.logs.audit(limit=1000)))
