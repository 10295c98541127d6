"""One port: how many may come, and how it is paused and closed."""

from __future__ import annotations

import asyncio

import pytest

from besedka.limits import Limits
from besedka.net.tls import Certificate
from receiving import (
    LOOPS,
    PATIENT,
    make_certificate,
    run,
    standing,
)
from waiting import wait_for, wait_until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


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
