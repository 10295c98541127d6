"""One port: what a connection is, who is there, and how it is handed on."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import struct
from pathlib import Path

import pytest

from besedka.limits import Limits
from besedka.net.parts import Settings, Wires
from besedka.net.tls import SELF_MADE, Certificate
from besedka.wire.protocol import ServerProtocol
from receiving import client_context, make_certificate, run, standing
from waiting import wait_for, wait_until

QUICK = Limits(first_byte_seconds=0.02)
"""Asks a silent peer at once."""
PATIENT = Limits(first_byte_seconds=60.0)
"""Never asks within a test."""
LOOPS = pytest.mark.parametrize("uv", [True, False], ids=["uvloop", "asyncio"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Certificate:
    return make_certificate(folder)


async def send_bytewise(writer: asyncio.StreamWriter, data: bytes) -> None:
    """So that each byte arrives by itself."""
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(0.002)


# What it is ------------------------------------------------------------------------------------------------------


@LOOPS
@pytest.mark.parametrize(
    ("data", "protocol"),
    [(b"\x00\x00\x00\x02{}", "native"), (b"ann\r\nsecret\r\n", "text"), (b"pink\n", "text")],
)
def test_bytes_that_come_one_by_one_are_all_handed_on(
    certificate: Certificate, data: bytes, protocol: str, uv: bool
) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT) as stand:
            _reader, writer = await stand.connect()
            await send_bytewise(writer, data)
            session = await stand.session()
            await wait_until(lambda: session.received == data)
            assert session.protocol == protocol
            assert session.peer.address == "127.0.0.1"
            assert session.peer.safe
            assert session.peer.way == protocol
            writer.close()
            if protocol == "text":  # Who has said all is still answered.
                session.link.close()
            await wait_until(lambda: session.lost)
            assert session.lost == ["closed by server" if protocol == "text" else "closed by peer"]

    run(main, uv=uv)


def test_a_silent_peer_is_asked_its_name(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=QUICK) as stand:
            reader, writer = await stand.connect()
            assert await wait_for(reader.readexactly(7)) == b"Name:\r\n"
            assert not stand.reception.sessions
            await send_bytewise(writer, b"nick\r\n")
            session = await stand.session()
            assert session.protocol == "text, prompted"
            assert session.received == b"nick\r\n"
            writer.close()

    run(main)


@pytest.mark.parametrize("cut", [1, 4, 5, 9])
def test_a_command_cut_in_two_by_the_prompt_is_irc(certificate: Certificate, cut: int) -> None:
    async def main() -> None:
        async with standing(certificate, limits=QUICK) as stand:
            reader, writer = await stand.connect()
            assert await wait_for(reader.readline()) == b"Name:\r\n"
            writer.write(b"NICK ann\r\n"[:cut])
            await asyncio.sleep(0.02)
            writer.write(b"NICK ann\r\n"[cut:])
            assert (await wait_for(reader.read())).startswith(b"ERROR :")
            assert not stand.reception.sessions
            writer.close()

    run(main)


def test_who_has_begun_to_speak_is_not_asked(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=QUICK) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect()
            writer.write(b"a")
            await asyncio.sleep(0.1)  # Five times as long as a silent peer has.
            writer.write(b"nn\n")
            assert await wait_for(reader.readline()) == b"ann\n"
            assert (await stand.session()).protocol == "text"
            writer.close()

    run(main)


def test_no_prompt_where_it_is_not_allowed(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=QUICK, settings=Settings(allow_text_prompt=False)) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect()
            await asyncio.sleep(0.1)
            writer.write(b"ann\n")
            assert await wait_for(reader.readline()) == b"ann\n"
            assert (await stand.session()).protocol == "text"
            writer.close()

    run(main)


def test_irc_is_told_that_it_comes(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(b"CAP LS 302\r\n" + b"NICK ann\r\nUSER ann 0 * :Ann\r\n" * 100)
            words = await wait_for(reader.read())
            assert words.startswith(b"ERROR :")
            assert words.endswith(b"\r\n")
            assert words.count(b"\n") == 1
            writer.close()
            assert await stand.reason() == "IRC comes later"

    run(main)


def test_a_web_page_that_talks_through_a_browser_is_closed(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(b"Host: evil.example\r\n")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await wait_for(reader.readexactly(1))
            assert await stand.reason() == "a web page's request"
            writer.close()

    run(main)


def test_an_endless_first_line_gets_a_word_and_the_end(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(b"x" * 300_000)  # More than is read, so that a close would reset the word away.
            assert b"longer" in await wait_for(reader.read())
            writer.close()
            assert await stand.reason() == "endless first line"
            assert not stand.reception.sessions

    run(main)


@LOOPS
@pytest.mark.parametrize("said", [b"", b"an", b"\x16", b"\x16\x03\x01\x02\x00\x01"])
def test_who_says_nothing_that_can_be_understood_is_ended(certificate: Certificate, said: bytes, uv: bool) -> None:
    async def main() -> None:
        limits = Limits(first_byte_seconds=60, login_seconds_max=0.1)
        async with standing(certificate, limits=limits) as stand:
            reader, writer = await stand.connect()
            writer.write(said)
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await wait_for(reader.readexactly(1))
            reason = await stand.reason()
            assert reason.startswith(("said nothing", "TLS handshake"))
            await wait_until(lambda: stand.listener.connections == 0)
            writer.close()

    run(main, uv=uv)


@LOOPS
@pytest.mark.parametrize("said", [b"", b"an", b"\x16\x03\x01\x02\x00\x01"])
def test_who_goes_away_undecided_is_forgotten(certificate: Certificate, said: bytes, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT) as stand:
            for reset in (False, True):
                _reader, writer = await stand.connect()
                writer.write(said)
                await wait_until(lambda: stand.listener.connections == 1)
                await asyncio.sleep(0.02)
                if reset:
                    connected = writer.get_extra_info("socket")
                    connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
                await wait_until(lambda: stand.listener.connections == 0)
            assert not stand.reception.sessions
            assert not stand.journal.faults

    run(main, uv=uv)


def test_who_has_been_understood_may_take_longer(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=Limits(login_seconds_max=0.1)) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect()
            writer.write(b"\x00")
            assert await wait_for(reader.readexactly(1)) == b"\x00"
            await asyncio.sleep(0.2)
            writer.write(b"\x01")
            assert await wait_for(reader.readexactly(1)) == b"\x01"

    run(main)


# TLS -------------------------------------------------------------------------------------------------------------


@LOOPS
@pytest.mark.parametrize(
    ("data", "protocol"), [(b"\x00\x00\x00\x02{}", "native"), (b"ann\r\n", "text"), (b"\x00", "native")]
)
def test_inside_tls_the_bytes_decide_again(
    folder: Path, certificate: Certificate, data: bytes, protocol: str, uv: bool
) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT, settings=Settings(trusted_proxies=())) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect(client_context(folder / SELF_MADE))
            await send_bytewise(writer, data)
            assert await wait_for(reader.readexactly(len(data))) == data
            session = await stand.session()
            assert (session.protocol, session.peer.way, session.peer.safe) == (protocol, f"{protocol}+tls", True)
            session.link.write(b"bye\n")
            session.link.close()
            assert await wait_for(reader.read()) == b"bye\n"
            writer.close()
            await wait_until(lambda: session.lost == ["closed by server"])

    run(main, uv=uv)


def test_a_silent_peer_is_asked_inside_tls(certificate: Certificate) -> None:
    async def main() -> None:
        # Long enough for a handshake to begin on a busy machine.
        async with standing(certificate, limits=Limits(first_byte_seconds=1.0)) as stand:
            reader, writer = await stand.connect(client_context())
            assert await wait_for(reader.readline()) == b"Name:\r\n"
            writer.write(b"ann\n")
            assert (await stand.session()).protocol == "text, prompted"
            writer.close()

    run(main)


def test_who_has_begun_to_speak_inside_tls_is_not_asked(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=Limits(first_byte_seconds=0.5)) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect(client_context())
            writer.write(b"a")
            await asyncio.sleep(0.7)
            writer.write(b"nn\n")
            assert await wait_for(reader.readline()) == b"ann\n"
            writer.close()

    run(main)


def test_alpn_binds_the_protocol(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT) as stand:
            _reader, writer = await stand.connect(client_context(alpn=["besedka/1"]))
            session = await stand.session()  # Nothing has been said.
            assert session.protocol == "native"
            writer.write(b"NICK ann\r\n")
            await wait_until(lambda: session.received == b"NICK ann\r\n")
            writer.close()

            reader, writer = await stand.connect(client_context(alpn=["irc"]))
            assert (await wait_for(reader.read())).startswith(b"ERROR :")
            writer.close()

            reader, writer = await stand.connect(client_context(alpn=["http/1.1"]))
            writer.write(b"\x00\x00\x00\x02{}\r\n\r\n")
            assert (await wait_for(reader.readline())).startswith(b"HTTP/1.")
            writer.close()

            reader, writer = await stand.connect(client_context(alpn=["something/else"]))
            writer.write(b"ann\n")
            assert (await stand.session(1)).protocol == "text"
            writer.close()

    run(main)


@LOOPS
def test_tls_after_the_prompt_is_closed_and_the_log_says_why(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, limits=QUICK) as stand:
            reader, writer = await stand.connect()
            assert await wait_for(reader.readline()) == b"Name:\r\n"
            writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await wait_for(reader.readexactly(1))
            assert "allow_text_prompt" in await stand.reason()
            writer.close()

    run(main, uv=uv)


def test_tls_inside_tls_is_refused(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT) as stand:
            reader, writer = await stand.connect(client_context())
            writer.write(b"\x16\x03\x01\x02\x00\x01\x00")
            with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                await wait_for(reader.readexactly(1))
            assert await stand.reason() == "TLS inside TLS"
            writer.close()

    run(main)


@LOOPS
def test_a_broken_handshake_is_one_line_in_the_log(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(b"\x16\x03\x01\x00\x05hello" * 3)
            await wait_for(reader.read())  # An alert, or nothing.
            assert (await stand.reason()).startswith("TLS handshake: ")
            assert not stand.journal.faults
            writer.close()
            await wait_until(lambda: stand.listener.connections == 0)

    run(main, uv=uv)


def test_a_certificate_that_was_reloaded_is_for_those_who_come_then(
    folder: Path, certificate: Certificate, tmp_path: Path
) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect(client_context(folder / SELF_MADE))
            stand.listener.reload(settings=Settings(), tls=make_certificate(tmp_path).context)
            with pytest.raises(ssl.SSLCertVerificationError):
                await stand.connect(client_context(folder / SELF_MADE))
            _reader, newer = await stand.connect(client_context(tmp_path / SELF_MADE))
            writer.write(b"still here\n")
            assert await wait_for(reader.readline()) == b"still here\n"
            writer.close()
            newer.close()

    run(main)


@pytest.mark.parametrize("alpn", [[], ["besedka/1"]])
def test_a_protocol_that_cannot_be_made_costs_one_connection(certificate: Certificate, alpn: list[str]) -> None:
    async def main() -> None:
        async with standing(certificate, wires=Wires(native=failing, text=lambda _prompted: failing())) as stand:
            _reader, writer = await stand.connect(client_context(alpn=alpn))
            writer.write(b"ann\n")
            assert await stand.reason() == "internal error"
            assert len(stand.journal.faults) == 1
            await wait_until(lambda: stand.listener.connections == 0)

    run(main)


def failing() -> ServerProtocol:
    raise RuntimeError("as the test wished")


# Who it is -------------------------------------------------------------------------------------------------------

PROXIED = Settings(trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))
V1 = b"PROXY TCP4 192.0.2.7 127.0.0.1 5 9090\r\n"
V2_TLS = (
    b"\r\n\r\n\x00\r\nQUIT\n\x21\x11"
    + struct.pack("!H", 20)
    + bytes([192, 0, 2, 7, 127, 0, 0, 1, 0, 5, 0, 9, 0x20, 0, 5, 1, 0, 0, 0, 0])
)


@LOOPS
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
def test_a_trusted_proxy_says_who_it_is(
    certificate: Certificate, header: bytes, address: str, safe: bool, uv: bool
) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT, settings=PROXIED) as stand:
            _reader, writer = await stand.connect()
            await send_bytewise(writer, header + b"PR\x16\n")  # It might still have been a header, or TLS.
            session = await stand.session()
            await wait_until(lambda: session.received == b"PR\x16\n")
            assert (session.peer.address, session.peer.safe, session.protocol) == (address, safe, "text")
            assert stand.journal.events("connection opened") == [{"address": address, "way": "text"}]
            writer.close()

    run(main, uv=uv)


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


# How many --------------------------------------------------------------------------------------------------------


def test_too_many_from_one_address_are_told_so(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=Limits(connections_per_address_max=2)) as stand:
            held = [await stand.connect() for _ in range(2)]
            await wait_until(lambda: stand.listener.connections == 2)
            reader, writer = await stand.connect()
            assert (await wait_for(reader.read())).endswith(b"sessions.\r\n")
            writer.close()
            held[0][1].close()
            await wait_until(lambda: stand.listener.connections == 1)
            _reader, again = await stand.connect()
            again.write(b"ann\n")
            await stand.session()
            again.close()
            held[1][1].close()

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


def test_a_full_server_says_so(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=Limits(sessions_max=1)) as stand:
            _reader, first = await stand.connect()
            await wait_until(lambda: stand.listener.connections == 1)
            reader, second = await stand.connect()
            assert await wait_for(reader.read()) == b"The server is full.\r\n"
            assert stand.journal.events("connection refused")
            first.close()
            second.close()

    run(main)


# The end of all --------------------------------------------------------------------------------------------------


def test_pausing_keeps_those_who_are_there(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            stand.reception.echo = True
            reader, writer = await stand.connect()
            writer.write(b"ann\n")
            assert await wait_for(reader.readline()) == b"ann\n"
            assert not stand.listener.paused
            stand.listener.pause()
            assert stand.listener.paused
            reader_later, later = await stand.connect()  # The kernel lets it wait.
            later.write(b"bob\n")
            writer.write(b"still here\n")
            assert await wait_for(reader.readline()) == b"still here\n"
            assert len(stand.reception.sessions) == 1
            stand.listener.go_on()
            assert await wait_for(reader_later.readline()) == b"bob\n"
            writer.close()
            later.close()

    run(main)


@LOOPS
def test_stopping_ends_the_undecided_at_once_and_waits_for_the_others(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, limits=PATIENT) as stand:
            reader, writer = await stand.connect()
            writer.write(b"ann\n")
            session = await stand.session()
            silent_reader, silent = await stand.connect()
            hello_reader, hello = await stand.connect()
            hello.write(b"\x16\x03\x01\x02\x00\x01")
            await wait_until(lambda: stand.listener.connections == 3)
            await asyncio.sleep(0.05)  # Until the handshake has begun.
            stand.listener.stop_accepting()
            for one in (silent_reader, hello_reader):
                with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
                    await wait_for(one.readexactly(1))
            with pytest.raises(ConnectionRefusedError):
                await stand.connect()
            session.link.write(b"bye\n")
            session.link.close()
            gone = asyncio.ensure_future(stand.listener.wait_gone(seconds=10))
            assert await wait_for(reader.read()) == b"bye\n"
            writer.close()
            await wait_for(gone)
            assert session.lost == ["closed by server"]
            assert stand.listener.connections == 0
            silent.close()
            hello.close()

    run(main, uv=uv)


def test_those_who_do_not_go_are_ended(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            _reader, writer = await stand.connect()
            writer.write(b"ann\n")
            session = await stand.session()
            stand.listener.stop_accepting()
            await wait_for(stand.listener.wait_gone(seconds=0.05))
            assert session.lost == ["closed by server"]
            writer.close()

    run(main)
