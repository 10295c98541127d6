"""What a connection is that speaks TLS: the handshake, and the bytes inside."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from besedka.limits import Limits
from besedka.net.parts import Settings, Wires
from besedka.net.tls import SELF_MADE, Certificate
from besedka.wire.protocol import ServerProtocol
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Certificate:
    return make_certificate(folder)


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
        async with standing(certificate, limits=Limits(first_byte_seconds=0.5)) as stand:
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
