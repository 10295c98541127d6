"""How tokens and invitation codes are kept: as digests nobody can turn back."""

from __future__ import annotations

import hashlib


def digest(secret: str) -> bytes:
    """SHA-256 of a secret that was drawn at random; no salt and no stretching, because nobody can guess one.

    Passwords are another matter: see `passwords`.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
