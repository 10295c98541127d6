"""The client's end of SCRAM-SHA-256 (RFC 5802), for tests."""

from __future__ import annotations

from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac, sha256
from hmac import digest


class ScramClient:
    """Somebody who proves that they know a password."""

    def __init__(self, name: str, password: str, *, nonce: str = "clientnonce", header: str = "n,,") -> None:
        self._password = password
        self._nonce = nonce
        self._header = header
        self._bare = f"n={name},r={nonce}"
        self.signature = b""
        """What the server has to prove itself by."""

    def first(self) -> str:
        """client-first-message."""
        return self._header + self._bare

    def final(self, server_first: str) -> str:
        """client-final-message."""
        fields = dict(one.split("=", 1) for one in server_first.split(","))
        assert fields["r"].startswith(self._nonce)
        assert fields["r"] != self._nonce
        salted = pbkdf2_hmac("sha256", self._password.encode(), b64decode(fields["s"]), int(fields["i"]))
        without = f"c={b64encode(self._header.encode()).decode()},r={fields['r']}"
        message = f"{self._bare},{server_first},{without}".encode()
        client_key = digest(salted, b"Client Key", "sha256")
        signature = digest(sha256(client_key).digest(), message, "sha256")
        self.signature = digest(digest(salted, b"Server Key", "sha256"), message, "sha256")
        proof = bytes(one ^ other for one, other in zip(client_key, signature, strict=True))
        return f"{without},p={b64encode(proof).decode()}"
