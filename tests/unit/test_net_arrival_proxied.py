"""Who a connection is that comes through a proxy."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import struct

import pytest

from besedka.limits import Limits
from besedka.net.parts import Settings
from besedka.net.tls import Certificate
from receiving import (
    LOOPS,
    PATIENT,
    QUICK,
    client_context,
    make_certificate,
    run,
    send_bytewise,
    standing,
)
from waiting import wait_for, wait_until

PROXIED = Settings(trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))
V1 = b"PROXY TCP4 192.0.2.7 127.0.0.1 5 9090\r\n"
V2_TLS = (
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x11"
    + struct.pack("!H", 20)
    + bytes([192, 0, 2, 7, 127, 0, 0, 1, 0, 5, 0, 9, 0x20, 0, 5, 1, 0, 0, 0, 0])
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(
    ("header", "address", "safe"),
    [
        (V1, "192.0.2.7", False),
        (V2_TLS, "192.0.2.7", True),
        (b"PROXY TCP6 ::ffff:127.0.0.1 ::1 5 9090\r\n", "127.0.0.1", True),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1", False),
        (b"", "127.0.0.1", False),
    ],
)
def test_a_trusted_proxy_says_who_it_is(certificate: Certificate, header: bytes, address: str, safe: bool) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT, settings=PROXIED) as stand:
            _reader, writer = await stand.connect()
            await send_bytewise(writer, header + b"PR\x16\n")  # It might still have been a header, or TLS.
            session = await stand.session()
            await wait_until(lambda: session.received == b"PR\x16\n")
            assert (session.peer.address, session.peer.safe, session.protocol) == (address, safe, "text")
            assert stand.journal.events("connection opened") == [{"address": address, "way": "text"}]
            writer.close()

    run(main)


def test_a_header_in_two_pieces_with_more_behind_it(certificate: Certificate) -> None:
    """And in the silence between them nobody is asked a name."""

    async def main() -> None:
        async with standing(certificate, limits=QUICK, settings=PROXIED) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect()
            writer.write(V1[:20])
            await asyncio.sleep(0.1)
            writer.write(V1[20:] + b"ann\n")
            assert await wait_for(reader.readline()) == b"ann\n"
            session = await stand.session()
            assert (session.peer.address, session.protocol, session.received) == ("192.0.2.7", "text", b"ann\n")

    run(main)


@LOOPS
def test_tls_begins_where_the_header_ends(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT, settings=PROXIED) as stand:
            stand.reception.echo = True
            loop = asyncio.get_running_loop()
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                tls.do_handshake()
            with socket.create_connection(("127.0.0.1", stand.port), timeout=5) as client:
                client.sendall(V1 + outgoing.read())  # In one piece.
                client.setblocking(False)
                while True:
                    try:
                        tls.do_handshake()
                        break
                    except ssl.SSLWantReadError:
                        incoming.write(await wait_for(loop.sock_recv(client, 65536)))
                tls.write(b"ann\n")
                client.send(outgoing.read())
                session = await stand.session()
                assert (session.peer.address, session.peer.safe) == ("192.0.2.7", True)
                await wait_until(lambda: session.received == b"ann\n")

    run(main, uv=uv)


def test_a_broken_header_ends_the_connection(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, settings=PROXIED) as stand:
            reader, writer = await stand.connect()
            writer.write(b"PROXY TCP4 nonsense\r\n")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await wait_for(reader.readexactly(1))
            assert await stand.reason() == "broken PROXY header"
            writer.close()

    run(main)


def test_nobody_else_is_believed(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            _reader, writer = await stand.connect()
            writer.write(V1)
            session = await stand.session()
            assert (session.peer.address, session.protocol, session.received) == ("127.0.0.1", "text", V1)
            writer.close()

    run(main)


def test_an_unsafe_way_may_be_allowed_by_name(certificate: Certificate) -> None:
    async def main() -> None:
        settings = Settings(trusted_proxies=PROXIED.trusted_proxies, allow_plaintext=True)
        async with standing(certificate, settings=settings) as stand:
            _reader, writer = await stand.connect()
            writer.write(V1 + b"ann\n")
            assert (await stand.session()).peer.safe
            writer.close()

    run(main)


def test_behind_a_proxy_the_true_addresses_are_counted(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=Limits(connections_per_address_max=1), settings=PROXIED) as stand:
            writers = []
            for number, header in enumerate((V1, V1.replace(b"2.7", b"2.8"), b"", b"")):
                _reader, writer = await stand.connect()
                writer.write(header + b"ann\n")
                await stand.session(number)
                writers.append(writer)
            reader, writer = await stand.connect()
            writer.write(V1 + b"ann\n")
            assert (await wait_for(reader.read())).endswith(b"sessions.\r\n")
            for one in (*writers, writer):
                one.close()

    run(main)
