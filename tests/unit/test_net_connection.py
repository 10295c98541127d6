"""A connection as the hub's link: full, drained, paused, closed, lost."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from besedka.limits import Limits
from besedka.net.binding import wait_bound
from besedka.net.tls import Certificate
from receiving import FakeSession, Stand, client_context, make_certificate, run, standing
from waiting import wait_for, wait_until

LOOPS = pytest.mark.parametrize("uv", [True, False], ids=["uvloop", "asyncio"])
SMALL = Limits(buffer_bytes_max=65_536)
CHUNK = b"x" * 32_768


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def small_sockets() -> list[socket.socket]:
    """Listening sockets whose connections soon have no room, so that a test need not fill megabytes."""
    sockets = await wait_bound("127.0.0.1", 0)
    for one in sockets:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
    return sockets


async def unread(stand: Stand) -> socket.socket:
    """A client that reads nothing by itself, and has said its name."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await wait_for(loop.sock_connect(client, ("127.0.0.1", stand.port)))
    await wait_for(loop.sock_sendall(client, b"ann\n"))
    return client


def fill(session: FakeSession) -> int:
    """Write until the link is full; how much that was."""
    written = 0
    while not session.link.full:
        session.link.write(CHUNK)
        written += len(CHUNK)
        assert written < 16_000_000, "never full"
    return written


async def stays_full(session: FakeSession) -> bool:
    """Whether the link is full although the client has had time to take what it takes unasked."""
    await asyncio.sleep(0.05)
    return session.link.full


async def read_exactly(client: socket.socket, count: int) -> None:
    loop = asyncio.get_running_loop()
    while count:
        data = await wait_for(loop.sock_recv(client, min(count, 65_536)))
        assert data, "closed before all was read"
        count -= len(data)


async def read_to_the_end(client: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    data = b""
    while more := await wait_for(loop.sock_recv(client, 65_536)):
        data += more
    return data


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


# The end ---------------------------------------------------------------------------------------------------------


@LOOPS
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_last_words_arrive_though_the_peer_goes_on_talking(certificate: Certificate, tls: bool, uv: bool) -> None:
    """Unread bytes would turn the close into a reset, and the reset would destroy the last words."""

    async def main() -> None:
        async with standing(certificate, limits=Limits(shutdown_seconds_max=60)) as stand:
            context = client_context() if tls else None
            reader, writer = await stand.connect(context)
            writer.write(b"ann\n")
            session = await stand.session()
            session.link.pause()  # So that bytes lie unread.
            writer.write(b"y" * 200_000)
            await asyncio.sleep(0.02)
            session.link.write(b"last words\n")
            session.link.close()
            session.link.close()
            session.link.pause()
            session.link.write(b"never sent\n")
            assert await wait_for(reader.read()) == b"last words\n"
            writer.close()
            await wait_until(lambda: session.lost)
            assert session.lost == ["closed by server"]
            assert len(session.received) <= 4

    run(main, uv=uv)


@LOOPS
def test_closing_a_full_connection_ends_in_time(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        limits = Limits(shutdown_seconds_max=0.1)
        async with standing(certificate, limits=limits, listening=await small_sockets()) as stand:
            loop = asyncio.get_running_loop()
            with await unread(stand):
                session = await stand.session()
                fill(session)
                begun = loop.time()
                session.link.close()
                assert not session.lost
                await wait_until(lambda: session.lost)
                assert 0.09 <= loop.time() - begun < 1  # uvloop rounds to milliseconds.
                assert session.lost == ["closed by server"]

    run(main, uv=uv)


def test_closing_a_full_connection_sends_what_was_written(certificate: Certificate) -> None:
    async def main() -> None:
        limits = Limits(shutdown_seconds_max=10)
        async with standing(certificate, limits=limits, listening=await small_sockets()) as stand:
            with await unread(stand) as client:
                session = await stand.session()
                written = fill(session)
                session.link.write(b"last words")
                session.link.close()
                data = await read_to_the_end(client)
                assert len(data) == written + 10
                assert data.endswith(b"last words")
                assert session.drained == 0
            await wait_until(lambda: session.lost)

    run(main)


@LOOPS
def test_a_peer_that_never_closes_is_closed_in_time(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        limits = Limits(shutdown_seconds_max=0.1)
        async with standing(certificate, limits=limits) as stand:
            reader, writer = await stand.connect()
            writer.write(b"ann\n")
            session = await stand.session()
            session.link.close()
            assert await wait_for(reader.read()) == b""  # And the client's own side stays open.
            await wait_until(lambda: session.lost)
            writer.close()

    run(main, uv=uv)


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


@LOOPS
@pytest.mark.parametrize(("said", "heard"), [(b"ann\nhi\n", b"ann\nhi\nexit\n"), (b"ann\nhi", b"ann\nhi\nexit\n")])
def test_who_has_said_all_is_still_answered(certificate: Certificate, said: bytes, heard: bytes, uv: bool) -> None:
    """As `printf 'ann\\nhi\\n' | nc -N`; the hub answers in its own time, whatever it pauses meanwhile."""

    async def main() -> None:
        async with standing(certificate, limits=Limits(shutdown_seconds_max=60)) as stand:
            reader, writer = await stand.connect()
            writer.write(said)
            writer.write_eof()
            session = await stand.session()
            await wait_until(lambda: session.received == heard)
            session.link.pause()
            session.link.go_on()
            await asyncio.sleep(0.02)
            assert not session.lost
            session.link.write(b"bye\n")
            session.link.close()
            assert await wait_for(reader.read()) == b"bye\n"
            await wait_until(lambda: session.lost == ["closed by server"])
            assert session.received == heard

    run(main, uv=uv)


def test_who_has_said_all_and_is_not_answered_in_time_is_ended(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=Limits(login_seconds_max=0.1)) as stand:
            _reader, writer = await stand.connect()
            writer.write(b"ann\n")
            writer.write_eof()
            session = await stand.session()
            await wait_until(lambda: session.lost == ["closed by server"])

    run(main)


@LOOPS
@pytest.mark.parametrize("said", [b"\x00\x00\x00\x02{}", b"an"])
def test_other_peers_that_close_their_side_are_gone(certificate: Certificate, said: bytes, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(said)
            writer.write_eof()
            assert await wait_for(reader.read()) == b""
            assert await stand.reason() == "closed by peer"

    run(main, uv=uv)


@LOOPS
def test_a_text_session_inside_tls_that_ends_is_gone(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            _reader, writer = await stand.connect(client_context())
            writer.write(b"ann\n")
            session = await stand.session()
            writer.close()
            await wait_until(lambda: session.lost == ["closed by peer"])
            assert session.received == b"ann\n"

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


@LOOPS
def test_a_connection_that_is_refused_gets_its_farewell(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            stand.reception.refusing = b"farewell\n"
            reader, writer = await stand.connect()
            writer.write(b"ann\n" * 1000)
            assert await wait_for(reader.read()) == b"farewell\n"
            writer.close()
            await wait_until(lambda: stand.listener.connections == 0)

    run(main, uv=uv)


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
