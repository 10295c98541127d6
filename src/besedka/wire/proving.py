"""Showing that one may come in otherwise than by a login: what a protocol asks and is told on the way to `You`.

None of it is ever on the native wire.
"""

from __future__ import annotations

from besedka.chat.entries import RequestId
from besedka.chat.requests import Request
from besedka.chat.told import Unit


class AskChallenge(Request, frozen=True, kw_only=True):
    """Begin to prove that one is this account. Answered `Challenge`, whether there is such an account or not."""

    name: str


class Challenge(Unit, frozen=True):
    """What a proof is made of (RFC 5802 §5: r, s and i of server-first-message)."""

    id: RequestId | None
    nonce: str
    """The server's part of it."""
    salt: bytes
    iterations: int


class Prove(Request, frozen=True, kw_only=True):
    """The proof. Answered `Proved`, or refused as a wrong password is."""

    message: bytes
    """All that was said (AuthMessage, RFC 5802 §3)."""
    proof: bytes

    def __repr__(self) -> str:
        """Without the proof, from which the password could be guessed."""
        return "<Prove>"


class Proved(Unit, frozen=True):
    """The proof was right, and this proves the server to the client."""

    id: RequestId | None
    signature: bytes


class EnterProved(Request, frozen=True, kw_only=True):
    """Enter as the account that was proved. Answered `You`."""


class Knock(Request, frozen=True, kw_only=True):
    """Say the password of the server itself. Answered `Done`, or refused as a wrong password is."""

    password: str

    def __repr__(self) -> str:
        """Without it."""
        return "<Knock>"
