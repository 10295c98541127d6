"""The end of a connection: last words arrive, and nobody is waited for beyond the time there is."""

from __future__ import annotations

import asyncio

import pytest

from besedka.limits import Limits
from besedka.net.tls import Certificate
from receiving import (
    LOOPS,
    client_context,
    fill,
    make_certificate,
    read_to_the_end,
    run,
    small_sockets,
    standing,
    unread,
)
from waiting import wait_for, wait_until


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


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
