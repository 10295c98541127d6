"""What the operator's commands need of a running server, each as a small protocol that its owner fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from besedka.chat.entries import RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Write
from besedka.chat.told import Parting
from besedka.hub.accounts import Account
from besedka.hub.keeping import AuditRow, Step
from besedka.hub.keeping import Steps as Steps
from besedka.hub.seen import Ban, Load, RoomSeen, SessionNumber, SessionSeen

# What the hub fills ----------------------------------------------------------------------------------------------


class Governor(Protocol):
    """The hub, as the operator may act on it. Nothing here waits for a peer."""

    def sessions(self) -> Sequence[SessionSeen]:
        """Everybody who is here, in the order they came."""
        ...

    def load(self) -> Load:
        """Counts for `status`."""
        ...

    async def say(self, text: str) -> Refusal | None:
        """Say `text` in the lobby as the server, by way of a turn (opening the lobby if there is none yet)."""
        ...

    def end_session(self, number: SessionNumber, parting: Parting) -> bool:
        """Tell a session why and close it; whether it was still there."""
        ...

    def claim_name(self, name: FoldedName) -> bool:
        """Keep a name for an account about to be made, until `release_name`; False if somebody here has it or will."""
        ...

    def release_name(self, name: FoldedName) -> None:
        """The account is made, or will not be."""
        ...

    def overtake_logins(self) -> None:
        """Something about who may come in is another from now on: whoever is just logging in is asked to try again."""
        ...

    def account_changed(self, account: Account) -> None:
        """The role, the name or the muting of an account is another from now on, in its live sessions too."""
        ...

    async def room_named(self, name: str) -> RoomId | None:
        """The public or private room of this name, for `act`."""
        ...

    async def act(self, request: Write) -> Refusal | None:
        """Carry out in the server's name what is asked of a room, by way of a turn; None where it is so now."""
        ...

    async def revoked(self, account: PrincipalId) -> None:
        """Every token of this account is dead in the store: note it in its inbox and end its sessions."""
        ...

    async def finish_removal(self, step: Step) -> None:
        """Do what is left of a removal that is begun (`hub.removing`), and forget the step. Raises `StoreFault`."""
        ...


# What the stores fill --------------------------------------------------------------------------------------------


class Rooms(Protocol):
    """The rooms an operator may see."""

    async def rooms_seen(self, *, limit: int) -> Sequence[RoomSeen]:
        """Public and private rooms that are not archived, by name."""
        ...

    async def messages_kept(self) -> int:
        """How many messages of all rooms are kept, those before floors not among them."""
        ...

    async def scrub(self) -> bool:
        """See that nothing of what was taken back is left in the files; False where a reader is in the way."""
        ...


class TrailRows(Protocol):
    """The audit trail. Acts in rooms come into it with their entries."""

    async def audit(self, *, limit: int) -> Sequence[AuditRow]:
        """The last lines, the oldest first."""
        ...

    async def add_audit(self, row: AuditRow) -> None:
        """Put an operator's act there, durably."""
        ...


class People(Protocol):
    """The accounts, as the operator may change them. Every change is durable before it returns."""

    async def account_named(self, name: FoldedName) -> Account | None: ...

    async def accounts(self) -> Sequence[Account]:
        """Everybody registered, by name."""
        ...

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
        """Raises `NameTaken`."""
        ...

    async def set_password(self, account: PrincipalId, password_hash: str) -> None:
        """Replace the hash and end every token, in one commit."""
        ...

    async def set_role(self, account: PrincipalId, role: AccountRole) -> None: ...

    async def set_muted(self, account: PrincipalId, muted: bool) -> None: ...

    async def remove_account(self, account: PrincipalId, *, name_until: int = 0) -> None:
        """As `hub.accounts` has it."""
        ...

    async def ban(self, *, account: PrincipalId | None, address: str | None, now: int, until: int | None) -> None:
        """Exactly one of `account` and `address` (an IP or a network). A ban of an account ends its tokens."""
        ...

    async def unban(self, *, account: PrincipalId | None, address: str | None) -> bool:
        """Whether there was such a ban."""
        ...

    async def bans(self, *, now: int) -> Sequence[Ban]: ...

    async def add_invitation(self, code: str, *, uses: int, now: int, expires: int) -> None:
        """Keep a code (hashed) that lets `uses` people register until `expires`, in milliseconds since 1970 UTC."""
        ...


class Hashing(Protocol):
    """Making the hashes the operator's commands need."""

    async def hash(self, password: str) -> str: ...

    async def wrap_md5(self, md5_hex: str) -> str:
        """The hash of an account from an old users file: argon2id over the digest, marked as such."""
        ...


# What the process fills ------------------------------------------------------------------------------------------


class Reloaded(msgspec.Struct, frozen=True):
    """What came of reading the configuration again."""

    good: bool
    """False if it was refused, so that everything is as before."""
    lines: tuple[str, ...]
    """Sentences about what changed, what needs a restart, or what is wrong."""


class Premises(Protocol):
    """The process the server lives in."""

    @property
    def listening(self) -> Sequence[str]:
        """Each `HOST:PORT` in use."""
        ...

    @property
    def paused(self) -> bool: ...

    def sizes(self) -> Mapping[str, int]:
        """Bytes of each database by its name, with those of its write-ahead log; of those that are there."""
        ...

    def pause(self) -> None:
        """Accept no connection until `go_on`; those that are open stay."""
        ...

    def go_on(self) -> None: ...

    async def reload(self) -> Reloaded:
        """Read the configuration and the certificate again."""
        ...

    def shut_down(self) -> None:
        """Begin to stop; returns at once."""
        ...
