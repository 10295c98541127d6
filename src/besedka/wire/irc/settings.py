"""What the operator decides of the IRC door."""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from hmac import compare_digest

import msgspec


class Nicks(Enum):
    """What the people of IRC are called."""

    ACCOUNT = "account"
    """As their account."""
    FREE = "free"
    """As they like, as long as nobody else is called so."""


class ServerPassword(msgspec.Struct, frozen=True):
    """The password of the server, of which only a digest is held."""

    digest: bytes

    @staticmethod
    def of(password: str) -> ServerPassword:
        """The one whose words these are."""
        return ServerPassword(_digest(password))

    def is_opened_by(self, said: str) -> bool:
        """Whether somebody said it; takes the same time for every wrong word."""
        return compare_digest(_digest(said), self.digest)

    def __repr__(self) -> str:
        """Without the digest, from which a weak one could be guessed."""
        return "<ServerPassword>"


def _digest(password: str) -> bytes:
    return sha256(password.encode(errors="surrogatepass")).digest()


class IrcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Changed by a reload, as a whole."""

    password: ServerPassword | None = None
    """What PASS must be where it is not an account's; None where the server has none."""
    motd: tuple[str, ...] = ()
    """The message of the day; empty for none."""
    nicks: Nicks = Nicks.ACCOUNT
    sts_port: int = 0
    """Where to come over TLS instead, told to clients (IRCv3 sts); 0 where that is not demanded of them."""
    before_connect: bool = False
    """Whether an account can be registered on a connection that has not been let in."""
    scram: bool = False
    """Whether SCRAM-SHA-256 is a way to log in."""
