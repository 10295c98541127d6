"""What a session token is called where people see it."""

from __future__ import annotations

from hashlib import sha256

HANDLE_CHARACTERS = 16
"""64 bits: no two devices of one account are ever called the same."""


def token_handle(token: str) -> str:
    """The handle of a token, hexadecimal: a hash of what the store keeps, which is itself a hash."""
    return digest_handle(sha256(token.encode(errors="surrogatepass")).digest())


def digest_handle(digest: bytes) -> str:
    """The same from what the store keeps."""
    return sha256(digest).hexdigest()[:HANDLE_CHARACTERS]
