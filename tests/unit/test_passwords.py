"""Password hashes."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from argon2.low_level import Type

from besedka.chat.scram import make_verifier
from besedka.limits import Limits
from besedka.store.passwords import Argon2Keys
from running import OnLoop
from waiting import SECONDS_MAX, wait_until

LIMITS = Limits(hash_parallel_max=2)


@pytest.fixture
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


@pytest.fixture
def keys(run: OnLoop) -> Iterator[Argon2Keys]:
    made = Argon2Keys(limits=LIMITS)
    yield made
    run(made.close())


def test_a_password_matches_its_hash_alone(keys: Argon2Keys, run: OnLoop) -> None:
    hashed = run(keys.hash("pässword 1"))
    assert run(keys.verify(hashed, "pässword 1"))
    assert not run(keys.verify(hashed, "pässword 2"))
    assert not run(keys.verify(hashed, ""))
    assert "pässword" not in hashed
    assert run(keys.hash("pässword 1")) != hashed, "no salt"


def test_hashes_are_argon2id_as_it_is_tuned(keys: Argon2Keys, run: OnLoop) -> None:
    hashed = run(keys.hash("x"))
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not keys.outdated(hashed)


@pytest.mark.parametrize(
    "other",
    [
        PasswordHasher(time_cost=1, memory_cost=19_456, parallelism=1),
        PasswordHasher(time_cost=2, memory_cost=64, parallelism=1),
        PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, type=Type.I),
    ],
    ids=["time", "memory", "type"],
)
def test_a_hash_of_other_parameters_matches_and_is_outdated(
    keys: Argon2Keys, run: OnLoop, other: PasswordHasher
) -> None:
    hashed = other.hash("old")
    assert keys.outdated(hashed)
    assert run(keys.verify(hashed, "old"))


@pytest.mark.parametrize("capitals", [False, True])
def test_a_wrapped_md5_lets_the_old_password_in_and_is_outdated(keys: Argon2Keys, run: OnLoop, capitals: bool) -> None:
    md5 = hashlib.md5("стоп 1".encode(), usedforsecurity=False).hexdigest()
    wrapped = run(keys.wrap_md5(md5.upper() if capitals else md5))
    assert md5 not in wrapped.lower()
    assert keys.outdated(wrapped)
    assert run(keys.verify(wrapped, "стоп 1"))
    assert not run(keys.verify(wrapped, "стоп 2"))
    assert not run(keys.verify(wrapped, md5)), "the digest itself would be a password"


@pytest.mark.parametrize("broken", ["", "$argon2id$", "md5+", "md5+plain", "0" * 32])
def test_a_broken_hash_matches_nothing_and_is_outdated(keys: Argon2Keys, run: OnLoop, broken: str) -> None:
    assert not run(keys.verify(broken, "x"))
    assert keys.outdated(broken)


def test_what_cannot_be_typed_is_hashed_all_the_same(keys: Argon2Keys, run: OnLoop) -> None:
    assert run(keys.verify(run(keys.hash("\ud800\0")), "\ud800\0"))


def test_nobodys_password_costs_one_hash_and_is_never_right(
    keys: Argon2Keys, run: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed = run(keys.hash("x"))
    work: list[str] = []
    hash_secret, verify_secret = PasswordHasher.hash, PasswordHasher.verify

    def counted_hash(self: PasswordHasher, password: str | bytes) -> str:
        work.append("hash")
        return hash_secret(self, password)

    def counted_verify(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:
        work.append("verify")
        return verify_secret(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "hash", counted_hash)
    monkeypatch.setattr(PasswordHasher, "verify", counted_verify)
    assert run(keys.verify(hashed, "x"))
    assert work == ["verify"]
    assert not run(keys.verify(None, "x"))
    assert work == ["verify", "hash"]


def test_no_more_are_computed_at_once_than_allowed_and_never_on_the_loop(
    keys: Argon2Keys, run: OnLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, finish = threading.Lock(), threading.Event()
    at_work: set[int] = set()
    most = 0

    def slow_hash(self: PasswordHasher, password: str | bytes) -> str:
        nonlocal most
        with lock:
            at_work.add(threading.get_ident())
            most = max(most, len(at_work))
        assert finish.wait(SECONDS_MAX)
        with lock:
            at_work.discard(threading.get_ident())
        return "hash"

    monkeypatch.setattr(PasswordHasher, "hash", slow_hash)

    async def five() -> list[str]:
        asked = [asyncio.create_task(keys.hash("x")) for _ in range(5)]
        await wait_until(lambda: len(at_work) == LIMITS.hash_parallel_max)
        assert threading.get_ident() not in at_work
        finish.set()
        return await asyncio.gather(*asked)

    assert run(five()) == ["hash"] * 5
    assert most == LIMITS.hash_parallel_max


def test_where_it_is_wanted_a_verifier_stands_beside_the_hash(run: OnLoop) -> None:
    wanted = True
    keys = Argon2Keys(limits=LIMITS, scram=lambda: wanted)
    hashed = run(keys.hash("sesame"))
    assert run(keys.verify(hashed, "sesame"))
    assert not run(keys.verify(hashed, "sesam"))
    assert not keys.outdated(hashed)
    verifier = keys.verifier(hashed)
    assert verifier is not None
    assert verifier == make_verifier("sesame", salt=verifier.salt)
    bare = hashed.partition(" ")[0]
    assert keys.outdated(bare), "it is made at the next login"
    assert keys.verifier(bare) is None
    wanted = False
    assert keys.outdated(hashed), "it is taken away at the next login"
    assert keys.verifier(hashed) is None
    assert run(keys.verify(hashed, "sesame"))
    assert run(keys.hash("sesame")).count(" ") == 0
    run(keys.close())
