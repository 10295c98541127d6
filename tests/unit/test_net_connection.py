"""A connection as the hub's link: full, drained, paused, lost, and broken by our own faults."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from besedka.limits import Limits
from besedka.net.tls import Certificate
from receiving import (
    LOOPS,
    SMALL,
    client_context,
    fill,
    make_certificate,
    read_exactly,
    run,
    small_sockets,
    standing,
    stays_full,
    unread,
)
from waiting import wait_for, wait_until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@LOOPS
def test_a_reader_that_reads_nothing_is_full_and_not_read_from(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, limits=SMALL, listening=await small_sockets()) as stand:
            loop = asyncio.get_running_loop()
            with await unread(stand) as client:
                session = await stand.session()
                await wait_until(lambda: session.received == b"ann\n")
                assert session.link.full is False
                written = fill(session)
                await wait_for(loop.sock_sendall(client, b"more\n"))
                await asyncio.sleep(0.05)
                assert session.received == b"ann\n"
                assert session.drained == 0
                await read_exactly(client, written)
                await wait_until(lambda: session.received == b"ann\nmore\n")
                assert session.drained == 1
                assert session.link.full is False
                fill(session)  # And once more.
                assert session.drained == 1

    run(main, uv=uv)


@LOOPS
def test_the_same_inside_tls(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, limits=SMALL, listening=await small_sockets()) as stand:
            reader, writer = await stand.connect(client_context(), room=8192)
            writer.write(b"ann\n")
            session = await stand.session()
            written = fill(session)
            while not await stays_full(session):  # The client's TLS reads ahead, and so does its stream.
                written += fill(session)
                assert written < 2_000_000, "never full"
            drained = session.drained
            writer.write(b"more\n")
            await asyncio.sleep(0.05)
            assert session.received == b"ann\n"
            assert session.link.full
            await wait_for(reader.readexactly(written))
            await wait_until(lambda: session.received == b"ann\nmore\n")
            assert session.drained > drained
            writer.close()

    run(main, uv=uv)


def test_a_reader_that_is_full_for_too_long_is_ended(certificate: Certificate) -> None:
    async def main() -> None:
        limits = Limits(full_seconds_max=0.1)
        async with standing(certificate, limits=limits, listening=await small_sockets()) as stand:
            with await unread(stand):
                session = await stand.session()
                fill(session)
                await wait_until(lambda: session.lost)
                assert session.lost == ["too-slow-reader"]
                session.link.write(b"dropped")  # The hub may be a little behind; it may do anything.
                session.link.pause()
                session.link.go_on()
                session.link.close()
                session.link.abort()
                await asyncio.sleep(0.02)
                assert session.lost == ["too-slow-reader"]

    run(main)


def test_a_reader_that_drains_in_time_stays(certificate: Certificate) -> None:
    async def main() -> None:
        limits = Limits(full_seconds_max=0.2)
        async with standing(certificate, limits=limits, listening=await small_sockets()) as stand:
            with await unread(stand) as client:
                session = await stand.session()
                await read_exactly(client, fill(session))
                await wait_until(lambda: session.drained)
                await asyncio.sleep(0.3)
                assert not session.lost

    run(main)


@LOOPS
def test_the_hub_may_read_nothing_for_a_while(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            _reader, writer = await stand.connect()
            writer.write(b"ann\n")
            session = await stand.session()
            await wait_until(lambda: session.received == b"ann\n")
            session.link.pause()
            writer.write(b"more\n")
            await asyncio.sleep(0.05)
            assert session.received == b"ann\n"
            session.link.go_on()
            await wait_until(lambda: session.received == b"ann\nmore\n")
            writer.close()

    run(main, uv=uv)


def test_who_is_full_and_paused_is_read_when_neither_holds(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=SMALL, listening=await small_sockets()) as stand:
            loop = asyncio.get_running_loop()
            with await unread(stand) as client:
                session = await stand.session()
                await wait_until(lambda: session.received == b"ann\n")
                session.link.pause()
                written = fill(session)
                session.link.go_on()  # Still full.
                await wait_for(loop.sock_sendall(client, b"one\n"))
                await asyncio.sleep(0.05)
                assert session.received == b"ann\n"
                session.link.pause()
                await read_exactly(client, written)
                await wait_until(lambda: session.drained == 1)
                await asyncio.sleep(0.05)
                assert session.received == b"ann\n"  # Still paused.
                session.link.go_on()
                await wait_until(lambda: session.received == b"ann\none\n")

    run(main)


@LOOPS
def test_aborting_drops_what_is_unsent(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, listening=await small_sockets()) as stand:
            with await unread(stand):
                session = await stand.session()
                fill(session)
                session.link.abort()
                session.link.write(b"never sent")
                await wait_until(lambda: session.lost)
                assert session.lost == ["closed by server"]

    run(main, uv=uv)


@LOOPS
@pytest.mark.parametrize("full", [False, True])
def test_a_reset_in_the_middle(certificate: Certificate, full: bool, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, listening=await small_sockets()) as stand:
            client = await unread(stand)
            session = await stand.session()
            if full:
                fill(session)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            await wait_until(lambda: session.lost)
            assert session.lost == ["reset by peer"]
            session.link.write(b"dropped")
            assert not stand.journal.faults

    run(main, uv=uv)


@LOOPS
def test_writing_to_a_peer_that_has_gone_raises_nothing(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            client = await unread(stand)
            session = await stand.session()
            session.link.pause()  # So that only writing tells.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            for _ in range(4):
                session.link.write(b"into the void\n")
                await asyncio.sleep(0.005)
            await wait_until(lambda: session.lost)

    run(main, uv=uv)


def test_our_fault_costs_one_connection(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            stand.reception.echo = True
            _reader, writer = await stand.connect()
            writer.write(b"explode\n")
            session = await stand.session()
            await wait_until(lambda: session.lost)
            assert session.lost == ["internal error"]
            assert [event for event, _error in stand.journal.faults] == ["receiving failed"]
            reader, other = await stand.connect()
            other.write(b"ann\n")
            assert await wait_for(reader.readline()) == b"ann\n"
            writer.close()
            other.close()

    run(main)


@pytest.mark.parametrize("broken", ["connect", "lost", "drained"])
def test_a_reception_that_fails_ends_one_connection(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    async def main() -> None:
        async with standing(certificate, limits=SMALL, listening=await small_sockets()) as stand:

            def fail(*_arguments: object) -> None:
                raise RuntimeError("as the test wished")

            with monkeypatch.context() as patch:
                patch.setattr(stand.reception, broken, fail)
                with await unread(stand) as client:
                    if broken == "drained":
                        session = await stand.session()
                        await read_exactly(client, fill(session))
                        await wait_until(lambda: session.lost == ["internal error"])
                    elif broken == "lost":
                        (await stand.session()).link.abort()
                    await wait_until(lambda: stand.listener.connections == 0)
            assert len(stand.journal.faults) == 1
            stand.reception.sessions.clear()
            _reader, writer = await stand.connect()
            writer.write(b"bob\n")
            session = await stand.session()
            await wait_until(lambda: session.received == b"bob\n")
            writer.close()

    run(main)


def test_a_text_session_is_kept_alive_and_says_each_line_at_once(certificate: Certificate) -> None:
    async def main() -> None:
        limits = Limits(ping_seconds=61, pong_seconds_max=40)
        async with standing(certificate, limits=limits) as stand:
            _reader, writer = await stand.connect()
            writer.write(b"ann\n")
            session = await stand.session()
            connected = session.link._transport.get_extra_info("socket")  # type: ignore[attr-defined]
            assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 61
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 10
            assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
            writer.close()

    run(main)
