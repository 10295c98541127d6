"""SCRAM-SHA-256 as AUTHENTICATE carries it: the server's end of its messages (RFC 5802 §5, §7).

client: n,,n=name,r=nonce                      AskChallenge
server: r=nonce+ours,s=salt,i=iterations                        Challenge
client: c=biws,r=nonce+ours,p=proof            Prove
server: v=signature                                             Proved
client: (empty)                                EnterProved
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import Final

from besedka.chat.scram import prepared
from besedka.wire.proving import AskChallenge, Challenge, EnterProved, Prove, Proved

NONCE_CHARACTERS_MAX: Final = 128
"""Of the client's nonce: programs send some thirty."""

_FIRST: Final = re.compile(
    r"(?P<header>[ny],(?:a=(?P<authzid>[^,]*))?,)(?P<bare>n=(?P<name>[^,]+),r=(?P<nonce>[!-+\--~]+))\Z"
)
"""client-first-message without channel binding and without mandatory extensions (RFC 5802 §7)."""

_FINAL: Final = re.compile(r"(?P<without>c=(?P<header>[^,]+),r=(?P<nonce>[^,]+)),p=(?P<proof>[^,]+)\Z")
"""client-final-message."""


class Dialogue:
    """One exchange. Each step takes what the client said and is the next request; None where it is nothing."""

    def __init__(self) -> None:
        self._header = self._bare = self._nonce = self._first = ""
        self._step = self._begin

    def heard(self, data: bytes) -> AskChallenge | Prove | EnterProved | None:
        """What is to be asked because of what the client said."""
        try:
            return self._step(data.decode())
        except (UnicodeDecodeError, NotBase64, ValueError):
            return None

    def challenge(self, unit: Challenge) -> bytes:
        """server-first-message."""
        self._nonce += unit.nonce
        self._first = f"r={self._nonce},s={b64encode(unit.salt).decode()},i={unit.iterations}"
        self._step = self._prove
        return self._first.encode()

    def signature(self, unit: Proved) -> bytes:
        """server-final-message."""
        self._step = self._enter
        return b"v=" + b64encode(unit.signature)

    def _begin(self, text: str) -> AskChallenge | Prove | EnterProved | None:
        found = _FIRST.match(text)
        if found is None or len(found["nonce"]) > NONCE_CHARACTERS_MAX:
            return None
        name, authzid = _name(found["name"]), _name(found["authzid"] or "")
        if not name or authzid not in ("", name):
            return None  # Nobody acts as another.
        self._header, self._bare, self._nonce = found["header"], found["bare"], found["nonce"]
        return AskChallenge(name=name)

    def _prove(self, text: str) -> AskChallenge | Prove | EnterProved | None:
        found = _FINAL.match(text)
        if found is None or found["nonce"] != self._nonce:
            return None
        if b64decode(found["header"], validate=True) != self._header.encode():
            return None  # "verify that the channel binding data matches": somebody has been in between.
        message = ",".join((self._bare, self._first, found["without"]))
        return Prove(message=message.encode(), proof=b64decode(found["proof"], validate=True))

    def _enter(self, text: str) -> AskChallenge | Prove | EnterProved | None:
        return None if text else EnterProved()


def _name(text: str) -> str | None:
    """A saslname: `=2C` and `=3D` are a comma and an equals sign, and any other `=` is wrong (RFC 5802 §5.1)."""
    if re.search(r"=(?!2C|3D)", text):
        return None
    return prepared(text.replace("=2C", ",").replace("=3D", "="))
