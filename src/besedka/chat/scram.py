"""What a password leaves behind so that somebody can prove that they know it (SCRAM-SHA-256: RFC 5802, RFC 7677).

Whoever steals a verifier can try passwords on it far faster than on an argon2id hash; it opens nothing by itself.
"""

from __future__ import annotations

import stringprep
import unicodedata
from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac, sha256
from hmac import compare_digest, digest

import msgspec

MECHANISM = "SCRAM-SHA-256"

ITERATIONS = 50_000
"""Of PBKDF2; 4,096 is the least (RFC 7677 §4). So many take about as long as one argon2id, on the client's side too."""

SALT_BYTES = 16

KEY_BYTES = 32


class Verifier(msgspec.Struct, frozen=True):
    """Salt and keys of one password (RFC 5802 §3)."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes

    def __repr__(self) -> str:
        """Without the keys."""
        return "<Verifier>"


def make_verifier(password: str, *, salt: bytes, iterations: int = ITERATIONS) -> Verifier:
    """The verifier of a password. Takes some 20 ms."""
    salted = pbkdf2_hmac("sha256", prepared(password).encode("utf-8", "surrogatepass"), salt, iterations)
    stored_key = sha256(digest(salted, b"Client Key", "sha256")).digest()
    return Verifier(salt, iterations, stored_key, digest(salted, b"Server Key", "sha256"))


def decoy(name: str, *, key: bytes) -> Verifier:
    """What stands for the verifier of whoever has none: always the same for a name, and nothing proves it."""

    def part(what: str) -> bytes:
        return digest(key, f"scram {what} {name}".encode("utf-8", "surrogatepass"), "sha256")

    return Verifier(part("salt")[:SALT_BYTES], ITERATIONS, part("stored"), part("server"))


def signature_of(verifier: Verifier, message: bytes, proof: bytes) -> bytes | None:
    """The server's signature under an exchange, if the client's proof fits it (RFC 5802 §3); otherwise None."""
    if len(proof) != KEY_BYTES:
        return None
    signature = digest(verifier.stored_key, message, "sha256")
    client_key = bytes(one ^ other for one, other in zip(proof, signature, strict=True))
    if not compare_digest(sha256(client_key).digest(), verifier.stored_key):
        return None
    return digest(verifier.server_key, message, "sha256")


def written(verifier: Verifier) -> str:
    """A verifier as one word (RFC 5803 §2)."""
    salt, stored, server = (
        b64encode(one).decode() for one in (verifier.salt, verifier.stored_key, verifier.server_key)
    )
    return f"{MECHANISM}${verifier.iterations}:{salt}${stored}:{server}"


def read(text: str) -> Verifier | None:
    """The verifier that was written so; None where there is none."""
    if not text.startswith(f"{MECHANISM}$"):
        return None
    _, first, second = text.split("$")
    iterations, salt = first.split(":")
    stored, server = second.split(":")
    return Verifier(b64decode(salt), int(iterations), b64decode(stored), b64decode(server))


def prepared(text: str) -> str:
    """A password or name as SASLprep has it (RFC 4013 §2.1 and 2.2), so that all ways to type it are one.

    What it prohibits goes as it is: whoever has such a password here logs in with it.
    """
    mapped = "".join(" " if stringprep.in_table_c12(one) else one for one in text if not stringprep.in_table_b1(one))
    return unicodedata.normalize("NFKC", mapped)
