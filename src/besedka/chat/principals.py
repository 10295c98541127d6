"""Who acts: accounts, guests, and the server itself."""

from __future__ import annotations

from enum import Enum
from typing import NewType

import msgspec

PrincipalId = NewType("PrincipalId", int)
"""Never reused. Zero is the server, above zero are accounts, below zero guests. Fits 53 bits (JavaScript)."""

AccountName = NewType("AccountName", str)
"""A name as its bearer wrote it, already found valid by `names.account_name`."""

SERVER = PrincipalId(0)


def is_account(principal: PrincipalId) -> bool:
    """Whether this is a registered account."""
    return principal > 0


def is_guest(principal: PrincipalId) -> bool:
    """Whether this is a guest: a name without an account, as long as its session."""
    return principal < 0


class AccountRole(Enum):
    """What an account may do on the whole server."""

    USER = "user"
    ADMIN = "admin"


class Actor(msgspec.Struct, frozen=True):
    """Whoever makes a request, as the rules see it at that moment."""

    principal: PrincipalId
    name: AccountName
    role: AccountRole = AccountRole.USER
    inside: bool = False
    """Whether it is in the room the request is about: an account by membership, a guest by its session."""
    muted: bool = False
    """Whether an administrator has taken its voice on the whole server."""
    user: str = ""
    """Its user name, where its protocol has one."""
    host: str = ""
    """What stands for its address where others see it."""
    address: str = ""
    """Its true address, for lists that name addresses or networks."""
    nick: str = ""
    """What it is called where that is another name than its account's."""

    @property
    def called(self) -> AccountName:
        """Its name as others see it."""
        return AccountName(self.nick or self.name)

    def __repr__(self) -> str:
        """Without the address."""
        return f"<Actor {self.principal}>"
