"""The server's certificate."""

from __future__ import annotations

import base64
import hashlib
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from besedka.net.tls import SELF_MADE, Certificate, TLSFault, fingerprint, public_key_info, self_made


def spki_digest(pem: bytes) -> str:
    """What OpenSSL and ssh-like tools would show."""
    key = x509.load_pem_x509_certificate(pem).public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode().rstrip("=")


def test_it_is_made_once_and_kept_private(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "tls"
    first = self_made(folder, hostnames=["chat.example", "192.0.2.7", "чат.example"])
    path = folder / SELF_MADE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [one.name for one in folder.iterdir()] == [SELF_MADE]
    written = path.read_bytes()
    second = self_made(folder)
    assert path.read_bytes() == written
    assert first.fingerprint == second.fingerprint == spki_digest(written)
    assert first.context is not second.context


def test_what_it_says(tmp_path: Path) -> None:
    self_made(tmp_path, hostnames=["chat.example", "192.0.2.7"])
    certificate = x509.load_pem_x509_certificate((tmp_path / SELF_MADE).read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "chat.example"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1", "192.0.2.7"]
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert certificate.not_valid_after_utc.year - certificate.not_valid_before_utc.year >= 99


def test_nothing_old_is_spoken(tmp_path: Path) -> None:
    context = self_made(tmp_path).context
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_a_certificate_cut_off_by_a_crash_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "self-made.new").write_bytes(b"-----BEGIN PRIV")
    assert self_made(tmp_path).fingerprint.startswith("SHA256:")
    assert [one.name for one in tmp_path.iterdir()] == [SELF_MADE]


def test_a_damaged_certificate_is_said_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / SELF_MADE
    path.write_bytes(b"damaged")
    with pytest.raises(TLSFault, match=SELF_MADE):
        self_made(tmp_path)
    assert path.read_bytes() == b"damaged"


def test_the_operators_own(tmp_path: Path) -> None:
    self_made(tmp_path / "a")
    pem = (tmp_path / "a" / SELF_MADE).read_bytes()
    split = pem.index(b"-----BEGIN CERTIFICATE")
    key, chain = tmp_path / "key.pem", tmp_path / "chain.pem"
    key.write_bytes(pem[:split])
    chain.write_bytes(b"subject=/CN=ours\n" + pem[split:])
    assert Certificate(chain=chain, key=key).fingerprint == spki_digest(pem)


def test_what_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    self_made(tmp_path / "a")
    self_made(tmp_path / "b")
    a, b = tmp_path / "a" / SELF_MADE, tmp_path / "b" / SELF_MADE
    encrypted = tmp_path / "encrypted.pem"
    encrypted.write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    for chain, key, word in (
        (tmp_path / "none.pem", a, "cannot be read"),
        (a, tmp_path / "none.pem", "cannot be read"),
        (tmp_path, a, "cannot be read"),
        (a, b, "match"),
        (encrypted, a, "match"),
        (a, encrypted, "passphrase"),
    ):
        with pytest.raises(TLSFault, match=word) as fault:
            Certificate(chain=chain, key=key)
        assert "\n" not in str(fault.value)
        assert "secret" not in str(fault.value)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(TLSFault, match="cannot be made"):
        self_made(tmp_path / "file" / "tls")


def test_a_fingerprint_is_of_the_key(tmp_path: Path) -> None:
    """Of an RSA certificate too, whose lengths take more bytes, and the same after it is renewed."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    self_made(tmp_path)
    template = x509.load_pem_x509_certificate((tmp_path / SELF_MADE).read_bytes())
    prints = set()
    for serial in (1, 1 << 150):
        certificate = (
            x509.CertificateBuilder()
            .subject_name(template.subject)
            .issuer_name(template.issuer)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(template.not_valid_before_utc)
            .not_valid_after(template.not_valid_after_utc)
            .sign(key, template.signature_hash_algorithm)  # type: ignore[arg-type]
        )
        prints.add(fingerprint(certificate.public_bytes(serialization.Encoding.DER)))
        assert prints == {spki_digest(certificate.public_bytes(serialization.Encoding.PEM))}


@given(st.binary(max_size=60))
def test_garbage_is_no_certificate(der: bytes) -> None:
    """It raises what it says it raises, or finds a SEQUENCE somewhere in it."""
    try:
        found = public_key_info(der)
    except ValueError:
        return
    assert found[0] == 0x30
    assert found in der


def test_a_certificate_cut_anywhere_is_none(tmp_path: Path) -> None:
    self_made(tmp_path)
    pem = (tmp_path / SELF_MADE).read_text()
    der = ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :])
    for size in range(len(der)):
        with pytest.raises(ValueError, match="certificate"):
            public_key_info(der[:size])
