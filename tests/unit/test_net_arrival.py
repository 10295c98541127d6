"""What a plain connection is: found out from its first bytes, or from its silence."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from besedka.limits import Limits
from besedka.net.parts import Settings
from besedka.net.tls import Certificate
from receiving import (
    LOOPS,
    PATIENT,
    QUICK,
    make_certificate,
    run,
    send_bytewise,
    standing,
)
from waiting import wait_for, wait_until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


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


def test_irc_is_turned_away_where_it_is_not_enabled(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(b"CAP LS 302\r\n" + b"NICK ann\r\nUSER ann 0 * :Ann\r\n" * 100)
            words = await wait_for(reader.read())
            assert words.startswith(b"ERROR :")
            assert words.endswith(b"\r\n")
            assert words.count(b"\n") == 1
            writer.close()
            assert await stand.reason() == "IRC is not enabled"

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
