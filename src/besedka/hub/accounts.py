"""What the hub needs of whoever keeps the accounts, and of whoever hashes their passwords."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Protocol

import msgspec

from besedka.chat.names import FoldedName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.scram import Verifier
from besedka.hub.seen import Ban


class Account(msgspec.Struct, frozen=True):
    """A registered person, without its secrets."""

    id: PrincipalId
    name: AccountName
    role: AccountRole
    first_seen: int
    """When it was made, in milliseconds since 1970 UTC."""
    first_address: str
    last_seen: int
    last_address: str
    muted: bool = False


class Credentials(msgspec.Struct, frozen=True):
    """What a login is checked against. The hash never leaves the store and the keys."""

    account: Account
    password_hash: str

    def __repr__(self) -> str:
        """Without the hash."""
        return f"<Credentials of {self.account.id}>"


class InvitationState(Enum):
    """Whether an invitation code lets somebody in."""

    GOOD = "good"
    BAD = "bad"


class Token(msgspec.Struct, frozen=True):
    """A device of somebody's that may come back without the password."""

    handle: str
    """What it is called (`hub.tokens.token_handle`); nothing that leads to the token."""
    client: str
    """What its program said it is."""
    address: str
    used: int
    """When it was last used, in milliseconds since 1970 UTC."""


class AccountStore(Protocol):
    """The truth about people. Tokens and invitations come in as they were made and are stored hashed."""

    async def credentials(self, name: FoldedName) -> Credentials | None:
        """The account of this name with its hash."""
        ...

    async def account(self, account: PrincipalId) -> Account | None:
        """The account of this id."""
        ...

    async def account_named(self, name: FoldedName) -> Account | None:
        """The account of this name, without its hash."""
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
        """Make an account, spending one use of `invitation` in the same commit where one is given.

        Raises `NameTaken`; raises `StoreFault` if the invitation has meanwhile been used up.
        """
        ...

    async def invitation(self, code: str, *, now: int) -> InvitationState:
        """Whether the code is known, not expired and not used up."""
        ...

    async def name_kept(self, name: FoldedName, *, now: int) -> bool:
        """Whether this was the name of somebody removed too lately for anybody else to bear it."""
        ...

    async def remove_account(self, account: PrincipalId, *, name_until: int = 0) -> None:
        """Leave nothing of it but its id, which is never given again; durable, and repeating it is harmless.

        Its name is nobody's until `name_until` (milliseconds since 1970 UTC).
        """
        ...

    async def rehash(self, account: PrincipalId, *, old: str, new: str) -> None:
        """Replace a hash by a better one of the same password, unless it has changed meanwhile."""
        ...

    async def visited(self, account: PrincipalId, *, address: str, now: int) -> None:
        """Note a login: time and address of the last visit, and that this address has succeeded for this account."""
        ...

    async def known_address(self, account: PrincipalId, address: str) -> bool:
        """Whether a login to this account has ever succeeded from this address."""
        ...

    async def administrators(self) -> int:
        """How many accounts are administrators'."""
        ...

    async def addresses(self, account: PrincipalId) -> Sequence[str]:
        """From where logins to this account have succeeded lately, in order."""
        ...

    async def bans(self, *, now: int) -> Sequence[Ban]:
        """The bans in force, the oldest first."""
        ...

    async def add_token(
        self, account: PrincipalId, *, token: str, client: str, address: str, now: int, expires: int, at_most: int
    ) -> None:
        """Keep a session token (hashed); the account's oldest beyond `at_most` die."""
        ...

    async def tokens(self, account: PrincipalId, *, now: int) -> Sequence[Token]:
        """The live tokens of an account, the one last used first."""
        ...

    async def drop_tokens(self, account: PrincipalId, *, handle: str | None = None, but: str | None = None) -> int:
        """End the token of this handle, or (None) all of the account but the one of handle `but`; how many ended."""
        ...

    async def change_password(self, account: PrincipalId, *, old: str, new: str, but: str | None) -> bool:
        """Replace the hash `old` by `new` and end all tokens but that of handle `but`, in one commit.

        False, and nothing done, where the hash is another by now.
        """
        ...

    async def redeem_token(self, token: str, *, now: int, expires: int) -> Account | None:
        """Whose live token this is, prolonging it until `expires`."""
        ...

    async def drop_token(self, token: str) -> None:
        """End one token."""
        ...

    async def banned(self, account: PrincipalId | None, address: str, *, now: int) -> bool:
        """Whether a ban on this account or address is in force."""
        ...


class Keys(Protocol):
    """Password hashing, off the hub's back, with bounded concurrency of its own."""

    async def hash(self, password: str) -> str:
        """A new hash of the password, with its parameters and salt."""
        ...

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password. `None` costs as much as a real check and is never true."""
        ...

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash should be made anew at this login (old parameters, a wrapped MD5, or another verifier)."""
        ...

    def verifier(self, password_hash: str) -> Verifier | None:
        """By what somebody proves that they know the password, where that is kept beside its hash."""
        ...
