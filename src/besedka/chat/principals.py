"""Who acts: accounts, guests, and the server itself."""

from __future__ import annotations

from enum import Enum
from typing import NewType

import msgspec

PrincipalId = NewType("PrincipalId", int)
"""Never reused. Zero is the server, above zero are accounts, below zero guests, and below -2^52 imported authors.

Fits 53 bits (JavaScript).
"""

AccountName = NewType("AccountName", str)
"""A name as its bearer wrote it, already found valid by `names.account_name`."""

SERVER = PrincipalId(0)


def is_account(principal: PrincipalId) -> bool:
    """Whether this is a registered account."""
    return principal > 0


def is_guest(principal: PrincipalId) -> bool:
    """Whether this is a guest: a name without an account, as long as its session."""
    return principal < 0


_IMPORTED_MOST = -(1 << 52)

AUTHORS_PER_IMPORT_MAX = 1 << 20
"""People of one imported room: as many ids as each room has for them."""


def is_imported(principal: PrincipalId) -> bool:
    """Whether this is an author whom an import brought: a name from elsewhere that nobody here bears or ever will."""
    return principal < _IMPORTED_MOST


def imported_author(room: int, index: int) -> PrincipalId:
    """The id of an imported room's author, counted from 0: below those of all guests, and no other room's.

    It takes a room's id below 2^32 to stay within 53 bits.
    """
    assert 0 <= index < AUTHORS_PER_IMPORT_MAX, "no more people than an import may have"
    return PrincipalId(_IMPORTED_MOST - 1 - room * AUTHORS_PER_IMPORT_MAX - index)


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
