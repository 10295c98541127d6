"""Proofs that somebody knows a password: asked for, checked, and then good for one entering.

Nobody guesses faster by them than by saying passwords: each is one attempt at the gate, and a wrong one counts as a
wrong password does. Whoever has no account, or none that can be proved, is given a challenge as well, and is wrong.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from besedka.chat.names import FoldedName, fold
from besedka.chat.refusals import Code, Refusal
from besedka.chat.scram import Verifier, decoy, signature_of
from besedka.hub.accounts import Credentials
from besedka.hub.gate import Gate, Throttle
from besedka.hub.parts import Parts
from besedka.wire.proving import AskChallenge, Challenge, Prove, Proved

if TYPE_CHECKING:
    from besedka.hub.session import Session

NONCE_BYTES = 18
"""Of the server's nonce; 24 characters in base64."""


class Proof(msgspec.Struct, frozen=True):
    """One exchange; a session has one at most, the last."""

    name: FoldedName
    credentials: Credentials | None
    """Of the account; None where there is none, or nothing to prove it by."""
    verifier: Verifier
    """What it is checked against: a decoy there."""
    right: bool = False
    """Whether it was."""


class Proofs:
    """Asks for proofs and checks them."""

    def __init__(
        self,
        parts: Parts,
        gate: Gate,
        throttle: Throttle,
        wait_throttled: Callable[[FoldedName, str], Awaitable[None]],
    ) -> None:
        self._parts = parts
        self._gate = gate
        self._throttle = throttle
        self._wait_throttled = wait_throttled

    async def challenge(self, session: Session, request: AskChallenge) -> Challenge | Refusal:
        """What a proof is to be made of."""
        if not session.peer.safe:
            return Refusal(Code.UNSAFE_WAY)
        name = fold(request.name)
        credentials = await self._parts.accounts.credentials(name)
        verifier = None if credentials is None else self._parts.keys.verifier(credentials.password_hash)
        if verifier is None:
            credentials, verifier = None, decoy(name, key=self._parts.logs.host_key)
        session.proof = Proof(name, credentials, verifier)
        nonce = base64.b64encode(self._parts.dice.token_bytes(NONCE_BYTES)).decode()
        return Challenge(request.request_id, nonce, verifier.salt, verifier.iterations)

    async def check(self, session: Session, request: Prove) -> Proved | Refusal:
        """Whether a proof is right. There is one attempt at each challenge."""
        proof, session.proof, address = session.proof, None, session.peer.address
        if proof is None:
            return Refusal(Code.WRONG_PASSWORD)
        if not self._gate.enter(address):
            return Refusal(Code.BUSY)
        try:
            await self._wait_throttled(proof.name, address)
            signature = signature_of(proof.verifier, request.message, request.proof)
        finally:
            self._gate.leave(address)
        if signature is None or proof.credentials is None:
            self._throttle.failed(proof.name, address, now=self._parts.clock.seconds())
            return Refusal(Code.WRONG_PASSWORD)
        self._throttle.succeeded(proof.name, address, now=self._parts.clock.seconds())
        session.proof = msgspec.structs.replace(proof, right=True)
        return Proved(request.request_id, signature)

    def proved(self, session: Session) -> Credentials | None:
        """Whose password was proved on this session just now; asked once."""
        proof, session.proof = session.proof, None
        return proof.credentials if proof is not None and proof.right else None

    async def is_valid(self, proved: Credentials) -> bool:
        """Whether the password that was proved is so still."""
        now = await self._parts.accounts.credentials(fold(proved.account.name))
        return now is not None and now.password_hash == proved.password_hash
