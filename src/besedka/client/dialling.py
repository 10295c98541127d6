"""One connection to a server: found, encrypted, and known to be the server it was."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import msgspec

from besedka.client.device import AUTHORITY, Address
from besedka.words import _

ALPN = "besedka/1"


# LinkFault              the server cannot be talked to; the text is a sentence for a person, with what to do
# ├── Unresolvable       the name has no address
# ├── NobodyListening    the computer is there and nothing listens at that port
# ├── Unreachable        no answer, or no way there
# ├── NotBesedka         something answers that is no besedka server
# ├── TurnedAway         it is one, and will not have us (now)
# └── Changed            it is not known to be the server it was


class LinkFault(Exception):
    """The server cannot be talked to."""


class Unresolvable(LinkFault):
    """The name has no address."""


class NobodyListening(LinkFault):
    """Nothing listens at that port."""


class Unreachable(LinkFault):
    """No answer in time, or no way there."""


class NotBesedka(LinkFault):
    """Something else than a besedka server answers."""


class TurnedAway(LinkFault):
    """The server said no before anybody said who they are."""


class Changed(LinkFault):
    """The server cannot show that it is the one this device knows. Never tried again by itself."""


class Deadlines(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait for what, in seconds."""

    connect: float = 10.0
    """A TCP connection: three retransmissions of a lost SYN."""
    handshake: float = 10.0
    """TLS: some round trips on a slow line."""
    welcome: float = 10.0
    """The first answer; a besedka server gives it at once."""
    close: float = 1.0
    """For the last bytes to leave; afterwards the connection is dropped."""


class Connection:
    """An encrypted connection to a server that is the one it was, as far as this device can know."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, how: str, deadlines: Deadlines
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._deadlines = deadlines
        self.how = how
        """How the server is known from now on, as `Device.keep_known` takes it."""

    async def read(self) -> bytes:
        """What has come; empty when the connection has ended, however it did."""
        try:
            return await self._reader.read(65_536)
        except OSError:  # Reset, or a TLS alert: to a client all are the same.
            return b""

    def write(self, data: bytes) -> None:
        """Send without waiting; the core's bounds keep what is unsent small."""
        if data and not self._writer.is_closing():
            self._writer.write(data)

    async def close(self) -> None:
        """Send what was written and close, within the deadline."""
        self._writer.close()
        try:
            async with asyncio.timeout(self._deadlines.close):
                with suppress(OSError):
                    await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()


async def dial(address: Address, known: str | None, *, known_servers: Path, deadlines: Deadlines) -> Connection:
    """Connect to a server known in this way (None: not at all). Raises `LinkFault`.

    A server that no authority vouches for is known by its key from its first showing on. One that an authority has
    vouched for is never believed by its key again: that would be the way in for whoever stands between.
    """
    places = await resolve(address)
    if known is not None and known != AUTHORITY:
        return await _dial_pinned(address, places, known, known_servers, deadlines)
    try:
        return await _encrypt(address, await _reach(address, places, deadlines), verify=True, deadlines=deadlines)
    except ssl.SSLCertVerificationError as error:
        if known == AUTHORITY:
            raise Changed(_unvouched(address, error, known_servers)) from None
    return await _encrypt(address, await _reach(address, places, deadlines), verify=False, deadlines=deadlines)


async def _dial_pinned(
    address: Address, places: list[_Place], pin: str, known_servers: Path, deadlines: Deadlines
) -> Connection:
    connection = await _encrypt(address, await _reach(address, places, deadlines), verify=False, deadlines=deadlines)
    if connection.how == pin:
        return connection
    shown = connection.how
    await connection.close()
    try:  # It may have got a real certificate meanwhile, which says more than the key it had.
        return await _encrypt(address, await _reach(address, places, deadlines), verify=True, deadlines=deadlines)
    except ssl.SSLCertVerificationError:
        raise Changed(_changed(address, pin, shown, known_servers)) from None


_Place = tuple[socket.AddressFamily, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]


async def resolve(address: Address) -> list[_Place]:
    """Where the name leads. Raises `Unresolvable`."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # UnicodeError: a label too long for a name, before anybody is asked.
        found = []
    if not found:
        raise Unresolvable(_("There is no computer called {host}. Check the address.").format(host=_shown(address)))
    return [(family, place) for family, _kind, _protocol, _name, place in found]


def _shown(address: Address) -> str:
    return str(address).rpartition(":")[0]


async def _reach(address: Address, places: list[_Place], deadlines: Deadlines) -> socket.socket:
    """A TCP connection to the first of the places that takes one."""
    loop = asyncio.get_running_loop()
    faults: list[OSError] = []
    for family, place in places:
        reached = socket.socket(family, socket.SOCK_STREAM)
        reached.setblocking(False)
        try:
            async with asyncio.timeout(deadlines.connect):
                await loop.sock_connect(reached, place)
            reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return reached
        except OSError as error:  # TimeoutError is one.
            reached.close()
            faults.append(error)
        except BaseException:
            reached.close()
            raise
    if any(isinstance(fault, ConnectionRefusedError) for fault in faults):
        raise NobodyListening(
            _("Nobody is listening at {address}. Check the port, or start the server there.").format(address=address)
        )
    if all(isinstance(fault, TimeoutError) for fault in faults):
        raise Unreachable(_("{address} does not answer. Check the address, or try later.").format(address=address))
    raise Unreachable(
        _("{address} cannot be reached: {reason}. Check the address and the network.").format(
            address=address, reason=faults[-1].strerror or type(faults[-1]).__name__
        )
    )


async def _encrypt(address: Address, reached: socket.socket, *, verify: bool, deadlines: Deadlines) -> Connection:
    """TLS over a TCP connection. Raises `ssl.SSLCertVerificationError` where `verify` finds no vouching."""
    context = ssl.create_default_context() if verify else _unverified()
    context.set_alpn_protocols([ALPN])
    try:
        reader, writer = await asyncio.open_connection(
            sock=reached,
            ssl=context,
            server_hostname=address.host.rstrip("."),
            ssl_handshake_timeout=deadlines.handshake,
            ssl_shutdown_timeout=deadlines.close,
        )
    except ssl.SSLCertVerificationError:
        raise
    except (OSError, ValueError):
        # Not TLS at all, TLS without our protocol, closed, or silent. ValueError: a host name that TLS cannot carry.
        raise NotBesedka(not_besedka(address)) from None
    secured = _ssl_object(writer)
    how = AUTHORITY if verify else fingerprint(secured.getpeercert(binary_form=True) or b"")
    connection = Connection(reader, writer, how=how, deadlines=deadlines)
    if secured.selected_alpn_protocol() != ALPN:
        await connection.close()
        raise NotBesedka(not_besedka(address))
    return connection


def _ssl_object(writer: asyncio.StreamWriter) -> ssl.SSLObject:
    """The TLS side of a connection that has one."""
    found = writer.get_extra_info("ssl_object")
    assert isinstance(found, ssl.SSLObject), "a connection made with TLS"
    return found


def _unverified() -> ssl.SSLContext:
    """Encryption only; who it is, is checked against the key this device has noted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def fingerprint(certificate: bytes) -> str:
    """`SHA256:` and the digest of a DER certificate's SubjectPublicKeyInfo (RFC 5280 §4.1), as servers print it."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_der_x509_certificate(certificate).public_key()
    digest = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def not_besedka(address: Address) -> str:
    """The sentence for something else than a besedka server."""
    return _("What answers at {address} is not a besedka server. Check the address and the port.").format(
        address=address
    )


def _changed(address: Address, pin: str, shown: str, known_servers: Path) -> str:
    return _(
        "THE SERVER AT {address} HAS ANOTHER KEY THAN BEFORE. Somebody may be listening in between, so nothing was "
        "sent.\n"
        "  its key was   {pin}\n"
        "  it shows now  {shown}\n"
        "If its operator confirms the new key, remove the line that begins with {key} from\n"
        "{path}\n"
        "and connect again."
    ).format(address=address, pin=pin, shown=shown, key=address.key, path=known_servers)


def _unvouched(address: Address, error: ssl.SSLCertVerificationError, known_servers: Path) -> str:
    return _(
        "THE CERTIFICATE OF {address} IS NOT VALID ANY MORE ({reason}), and it was before. Somebody may be listening "
        "in between, so nothing was sent.\n"
        "If its operator has stopped using an authority, remove the line that begins with {key} from\n"
        "{path}\n"
        "and connect again."
    ).format(address=address, reason=error.verify_message, key=address.key, path=known_servers)
