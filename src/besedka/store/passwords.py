"""Password hashes: argon2id, computed beside the loop and never more at once than the machine can bear.

A hash from an old users file was an unsalted MD5. It is never kept bare: what is kept is argon2id over its
hexadecimal digits, marked by a prefix, until the person logs in and a plain argon2id takes its place.

Where the operator allows SCRAM, its verifier stands behind the hash, after a space: one changes with the other, and
both go with the account. It is made, and taken away, whenever the password itself is at hand.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from besedka.chat.scram import SALT_BYTES, Verifier, make_verifier, read, written
from besedka.limits import Limits

T = TypeVar("T")

ITERATIONS, MEMORY_KIBIBYTES, LANES = 2, 19_456, 1
"""The one place where hashing is tuned: OWASP's first recommendation for argon2id (Password Storage Cheat Sheet,
19 MiB, t=2, p=1); 22 ms on the machine the limits were chosen on. Raising them rehashes everybody at their next login.
"""

MD5_PREFIX = "md5+"


class Argon2Keys:
    """Hashing in threads of its own; argon2 gives up the interpreter's lock while it works. To be closed."""

    def __init__(self, *, limits: Limits, scram: Callable[[], bool] = lambda: False) -> None:
        """`scram` says whether a verifier is kept beside each hash, as of now."""
        self._scram = scram
        self._hasher = PasswordHasher(
            time_cost=ITERATIONS, memory_cost=MEMORY_KIBIBYTES, parallelism=LANES, type=Type.ID
        )
        self._threads = ThreadPoolExecutor(limits.hash_parallel_max, thread_name_prefix="password")

    async def hash(self, password: str) -> str:
        """A new hash of the password, with its parameters and salt."""
        return await self._beside(lambda: self._hash(password))

    async def wrap_md5(self, md5_hex: str) -> str:
        """The hash of an account from an old users file, given its MD5 in hexadecimal digits."""
        return MD5_PREFIX + await self._beside(lambda: self._hasher.hash(md5_hex.lower()))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password; None costs as much and is never true."""
        return await self._beside(lambda: self._verify(password_hash, password))

    def outdated(self, password_hash: str) -> bool:
        """Whether the hash should be made anew: other parameters, a wrapped MD5, or nothing argon2 knows.

        So it should where a verifier is missing beside it, or is not wanted there any more.
        """
        if (read(password_hash.partition(" ")[2]) is not None) is not self._scram():
            return True
        try:
            return self._hasher.check_needs_rehash(password_hash.partition(" ")[0])
        except InvalidHashError:  # A wrapped MD5's prefix is nothing that argon2 knows.
            return True

    def verifier(self, password_hash: str) -> Verifier | None:
        """By what somebody proves that they know the password, where that is kept and allowed."""
        return read(password_hash.partition(" ")[2]) if self._scram() else None

    async def close(self) -> None:
        """Wait for the hash being computed, if any, and let the threads go."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    async def _beside(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def _hash(self, password: str) -> str:
        found = self._hasher.hash(_bytes(password))
        if not self._scram():
            return found
        return f"{found} {written(make_verifier(password, salt=os.urandom(SALT_BYTES)))}"

    def _verify(self, password_hash: str | None, password: str) -> bool:
        given = _bytes(password)
        if password_hash is None:
            self._hasher.hash(given)  # The same work, so that time does not tell who has an account.
            return False
        password_hash = password_hash.partition(" ")[0]
        if password_hash.startswith(MD5_PREFIX):
            given = hashlib.md5(given, usedforsecurity=False).hexdigest().encode()
        return self._matches(password_hash.removeprefix(MD5_PREFIX), given)

    def _matches(self, password_hash: str, given: bytes) -> bool:
        try:
            return self._hasher.verify(password_hash, given)
        except (VerificationError, InvalidHashError):
            return False


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")  # Whatever was typed: nothing here shows it again.
