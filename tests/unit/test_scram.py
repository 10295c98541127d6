from __future__ import annotations

from base64 import b64decode

import pytest

from besedka.chat.scram import decoy, make_verifier, prepared, read, signature_of, written

SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")

# RFC 7677 §3: the user is "user", and the password "pencil".
NONCE = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
MESSAGE = (
    f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={NONCE}"
).encode()  # fmt: skip
PROOF = b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
SIGNATURE = b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")


def test_the_example_of_the_specification() -> None:
    verifier = make_verifier("pencil", salt=SALT, iterations=4096)
    assert signature_of(verifier, MESSAGE, PROOF) == SIGNATURE
    assert signature_of(verifier, MESSAGE + b"x", PROOF) is None
    assert signature_of(verifier, MESSAGE, PROOF[:-1] + b"x") is None
    assert signature_of(verifier, MESSAGE, PROOF[:-1]) is None
    assert signature_of(make_verifier("pencils", salt=SALT, iterations=4096), MESSAGE, PROOF) is None


def test_a_verifier_is_one_word_and_shows_no_key() -> None:
    verifier = make_verifier("pencil", salt=SALT, iterations=4096)
    assert read(written(verifier)) == verifier
    assert " " not in written(verifier)
    assert repr(verifier) == "<Verifier>"
    assert read("") is None
    assert read("$argon2id$v=19$") is None


def test_a_decoy_is_the_same_for_a_name_and_proved_by_nothing() -> None:
    one = decoy("ann", key=b"key")
    assert one == decoy("ann", key=b"key")
    assert one.salt not in (decoy("bob", key=b"key").salt, decoy("ann", key=b"other").salt)
    real = make_verifier("pencil", salt=SALT)
    assert (len(one.salt), one.iterations) == (len(real.salt), real.iterations)
    assert signature_of(one, MESSAGE, PROOF) is None


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX"), ("a\u00a0b", "a b")],
)
def test_what_is_typed_in_several_ways_is_one(typed: str, expected: str) -> None:
    assert prepared(typed) == expected  # RFC 4013 §3
