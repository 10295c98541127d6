"""The server's certificate: one of its own making, or the operator's."""

from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import ipaddress
import os
import re
import ssl
from collections.abc import Sequence
from pathlib import Path

from besedka.words import _

ALPN_NATIVE = "besedka/1"
ALPN_IRC = "irc"
ALPN_HTTP = "http/1.1"

SELF_MADE = "self-made.pem"
"""Key and certificate in one file, so that one rename makes both or neither."""
_YEARS = 100
"""Clients pin the key and look at no date; a certificate that ran out would only lock people out."""


class TLSFault(Exception):
    """The certificate cannot be used. Its text is one sentence with the remedy."""


class Certificate:
    """A certificate chain and its key, read from files. Read again, it is another object."""

    def __init__(self, *, chain: Path, key: Path) -> None:
        """Raises `TLSFault`."""
        self.context = _server_context(chain, key)
        """For connections accepted from now on; those that are open keep theirs."""
        self.fingerprint = fingerprint(_leaf(chain))
        """Of its public key, as people compare it."""


def self_made(folder: Path, *, hostnames: Sequence[str] = ()) -> Certificate:
    """The certificate this server has made itself in `folder`, made now if there is none. Raises `TLSFault`.

    It names localhost, both loopback addresses and `hostnames` (as they are when it is made).
    """
    path = folder / SELF_MADE
    try:
        if not path.exists():
            _keep(path, _make(hostnames))
    except OSError as error:
        raise TLSFault(
            _("{path} cannot be made ({why}): make that folder writable for this user").format(
                path=path, why=error.strerror
            )
        ) from None
    return Certificate(chain=path, key=path)


def fingerprint(certificate: bytes) -> str:
    """`SHA256:` and the digest of the certificate's public key (DER, SubjectPublicKeyInfo), as ssh shows keys.

    Of the key, not the certificate: a certificate renewed for the same key is no stranger. Raises `ValueError`
    where `certificate` is no X.509 certificate.
    """
    digest = hashlib.sha256(public_key_info(certificate)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def public_key_info(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a DER certificate (RFC 5280 §4.1), by walking over the fields before it.

    The package `cryptography` does this too and takes 0.1 s to import at every start.
    """
    _tag, start, _end = _element(certificate, 0)  # Certificate
    _tag, position, _end = _element(certificate, start)  # TBSCertificate
    tag, _start, end = _element(certificate, position)
    fields_before = 5  # serialNumber, signature, issuer, validity, subject
    if tag == 0xA0:  # version, which is explicit and optional
        position = end
    for _field in range(fields_before):
        _tag, _start, position = _element(certificate, position)
    tag, _start, end = _element(certificate, position)
    if tag != 0x30:
        raise ValueError("not an X.509 certificate")
    return certificate[position:end]


def _element(der: bytes, position: int) -> tuple[int, int, int]:
    """The tag of the DER element at `position`, where its content starts, and where it ends (X.690 §8.1)."""
    if position + 2 > len(der):
        raise ValueError("not an X.509 certificate")
    tag, size = der[position], der[position + 1]
    start = position + 2
    if size & 0x80:
        size_bytes = size & 0x7F
        size = int.from_bytes(der[start : start + size_bytes], "big")
        start += size_bytes
    if start + size > len(der):
        raise ValueError("not an X.509 certificate")
    return tag, start, start + size


def _leaf(chain: Path) -> bytes:
    """The first certificate of a PEM file that OpenSSL has already accepted."""
    match = re.search(rb"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", chain.read_bytes(), re.DOTALL)
    if match is None:
        raise TLSFault(
            _("{chain} holds no certificate: give a PEM file of the chain, the server's own first").format(chain=chain)
        )
    try:
        return binascii.a2b_base64(match[1])
    except binascii.Error:
        raise TLSFault(
            _("{chain} is damaged: give a PEM file of the chain, the server's own first").format(chain=chain)
        ) from None


def _server_context(chain: Path, key: Path) -> ssl.SSLContext:
    def no_passphrase() -> str:
        raise TLSFault(
            _("{key} is encrypted with a passphrase, which nobody is there to type: decrypt it").format(key=key)
        )

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996: nothing older.
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols([ALPN_NATIVE, ALPN_IRC, ALPN_HTTP])
    for path in (chain, key):
        try:
            with path.open("rb"):
                pass
        except OSError as error:
            raise TLSFault(
                _("{path} cannot be read ({why}): correct its path or its permissions").format(
                    path=path, why=error.strerror
                )
            ) from None
    try:
        context.load_cert_chain(chain, key, password=no_passphrase)
    except ssl.SSLError:
        raise TLSFault(
            _("{chain} and {key} are not a certificate chain and its key in PEM: give two that match").format(
                chain=chain, key=key
            )
        ) from None
    return context


def _keep(path: Path, pem: bytes) -> None:
    """Write the file so that after any crash it is there whole or not at all, and never readable by others."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _make(hostnames: Sequence[str]) -> bytes:
    """A P-256 key and its own certificate for it, in PEM."""
    # Imported here: it takes 0.1 s and is needed once in the life of a data directory.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "besedka")])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = []
    for text in dict.fromkeys(["localhost", "127.0.0.1", "::1", *filter(str.isascii, hostnames)]):
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            names.append(x509.DNSName(text))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))  # Clients' clocks differ.
        .not_valid_after(now + datetime.timedelta(days=365 * _YEARS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)
