"""The link against a small server over real TLS: who is believed, and how it comes back."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import RequestId
from besedka.chat.requests import Ping, Say
from besedka.chat.told import Farewell, Parting
from besedka.client.core import Core
from besedka.client.device import AUTHORITY, Address, Device
from besedka.client.dialling import (
    Changed,
    Deadlines,
    LinkFault,
    NobodyListening,
    NotBesedka,
    TurnedAway,
    Unreachable,
    Unresolvable,
)
from besedka.client.events import Arrived, Event, Phase
from besedka.client.link import Back, Known, Link, News, NotKept, Patience, TryingAgain, retry_seconds
from certificates import self_made, vouched
from fake_server import FakeServer
from scripted import LOBBY
from waiting import wait_for, wait_until

QUICK = Deadlines(connect=5.0, handshake=0.5, welcome=0.5, close=0.5)


class Someone:
    """A link, and what it showed."""

    def __init__(self, port: int, state: Path, *, host: str = "localhost", patience: Patience | None = None) -> None:
        ids = count(1)
        self.core = Core(new_id=lambda: RequestId(f"{next(ids):032x}"))
        self.device = Device(state)
        self.address = Address(host, port)
        self.shown: list[Event | News] = []
        self.link = Link(
            self.core,
            self.address,
            self.device,
            show=self.shown.append,
            chance=lambda: 0.001,
            deadlines=QUICK,
            patience=patience,
        )

    async def comes_in(self) -> None:
        await self.link.open()
        self.core.login("ann", "correct horse")
        assert await self.link.answer()

    def texts(self) -> list[str]:
        entries = [entry for event in self.shown if isinstance(event, Arrived) for entry in event.entries]
        return [getattr(entry.body, "text", "") for entry in entries]

    def news(self, kind: type) -> int:
        return sum(isinstance(one, kind) for one in self.shown)


def run(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(wait_for(work(), seconds=30))


def test_a_server_is_known_by_its_key_from_the_first_time_on(tmp_path: Path) -> None:
    async def work() -> None:
        context = self_made(tmp_path)
        async with FakeServer().serving(context) as server:
            first = Someone(server.port, tmp_path / "state")
            await first.link.open()
            await first.link.close()
            assert first.news(Known) == 1
            pin = first.device.known(first.address)
            assert pin is not None
            assert pin.startswith("SHA256:")
            second = Someone(server.port, tmp_path / "state")
            await second.link.open()
            await second.link.close()
            assert second.news(Known) == 0

    run(work)


def test_the_pin_is_the_digest_of_the_public_key_as_the_server_prints_it(tmp_path: Path) -> None:
    from besedka.client.dialling import fingerprint
    from besedka.net.tls import fingerprint as printed

    self_made(tmp_path)
    der = ssl.PEM_cert_to_DER_cert((tmp_path / "server.pem").read_text().partition("-----BEGIN PRIVATE")[0])
    assert fingerprint(der) == printed(der)


def test_another_key_is_not_talked_to_and_the_remedy_is_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with FakeServer().serving(self_made(tmp_path)) as server:
            ann = Someone(server.port, tmp_path / "state")
            await ann.link.open()
            await ann.link.close()
        async with FakeServer().serving(self_made(tmp_path, "other"), port=server.port) as impostor:
            again = Someone(server.port, tmp_path / "state")
            with pytest.raises(Changed, match="ANOTHER KEY") as fault:
                await again.link.open()
            assert str(again.device.known_servers) in str(fault.value)
            assert not again.link.connected
            assert all(not session.reads for session in impostor.sessions)

    run(work)


def test_a_changed_key_stops_a_client_that_is_coming_back(tmp_path: Path) -> None:
    async def work() -> None:
        server = FakeServer()
        server.passwords["ann"] = "correct horse"
        async with server.serving(self_made(tmp_path)):
            ann = Someone(server.port, tmp_path / "state")
            await ann.comes_in()
            running = asyncio.create_task(ann.link.run())
        async with server.serving(self_made(tmp_path, "other"), port=server.port):
            with pytest.raises(Changed):
                await running

    run(work)


def test_an_authority_that_vouches_is_remembered_and_a_key_alone_never_does_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, authority = vouched(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    async def work() -> None:
        async with FakeServer().serving(context) as server:
            ann = Someone(server.port, tmp_path / "state")
            await ann.link.open()
            await ann.link.close()
            assert ann.device.known(ann.address) == AUTHORITY
        async with FakeServer().serving(self_made(tmp_path, "other"), port=server.port):
            again = Someone(server.port, tmp_path / "state")
            with pytest.raises(Changed, match="NOT VALID ANY MORE"):
                await again.link.open()
            assert again.device.known(again.address) == AUTHORITY

    run(work)


def test_a_pinned_server_may_get_a_real_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, authority = vouched(tmp_path)

    async def work() -> None:
        async with FakeServer().serving(self_made(tmp_path, "first")) as server:
            ann = Someone(server.port, tmp_path / "state")
            await ann.link.open()
            await ann.link.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        async with FakeServer().serving(context, port=server.port):
            again = Someone(server.port, tmp_path / "state")
            await again.link.open()
            await again.link.close()
            assert again.device.known(again.address) == AUTHORITY

    run(work)


def test_nothing_is_ever_said_without_tls(tmp_path: Path) -> None:
    async def work() -> None:
        async with FakeServer().serving(None) as server:
            ann = Someone(server.port, tmp_path / "state")
            with pytest.raises(NotBesedka):
                await ann.link.open()
            assert all(not session.reads for session in server.sessions)

    run(work)


@asynccontextmanager
async def something(
    answer: bytes | None, context: ssl.SSLContext | None, heard: list[bytes] | None = None
) -> AsyncIterator[int]:
    """A server that says one thing, or (None) nothing, whatever it is told; what it hears is noted."""
    done = asyncio.Event()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if answer is not None:
                writer.write(answer)
                await writer.drain()
            while (data := await reader.read(4096)) and answer is None:
                if heard is not None:
                    heard.append(data)
        except OSError:
            pass
        finally:
            writer.transport.abort()
            done.set()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize(
    ("answer", "tls", "alpn"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False, None),
        (b"SSH-2.0-Something\r\n", False, None),
        (None, False, None),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, None),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", True, "http/1.1"),
        (None, True, None),
        (None, True, "besedka/1"),
        (b"\x00\x00\x00\x02{}", True, "besedka/1"),
        (b"", True, "besedka/1"),
    ],
)
def test_what_is_no_besedka_server_is_said_to_be_none(
    tmp_path: Path, answer: bytes | None, tls: bool, alpn: str | None
) -> None:
    async def work() -> None:
        context = self_made(tmp_path) if tls else None
        if context is not None and alpn is not None:
            context.set_alpn_protocols([alpn])
        heard: list[bytes] = []
        async with something(answer, context, heard) as port:
            ann = Someone(port, tmp_path / "state")
            with pytest.raises(NotBesedka, match="not a besedka server"):
                await ann.link.open()
            if tls and alpn != "besedka/1":
                assert heard == [], "nothing is said to a stranger"
            assert ann.device.known(ann.address) is None, "nothing is believed about it"

    run(work)


def test_the_ways_of_not_getting_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]

    async def fault_of(host: str, port: int) -> LinkFault:
        with pytest.raises(LinkFault) as fault:
            await Someone(port, tmp_path / "state", host=host).link.open()
        return fault.value

    async def work() -> None:
        nobody = await fault_of("127.0.0.1", port)
        assert isinstance(nobody, NobodyListening)
        assert f"127.0.0.1:{port}" in str(nobody)
        assert isinstance(await fault_of("a" * 300, port), Unresolvable)

        async def hangs(*_: object) -> None:
            raise TimeoutError

        monkeypatch.setattr(asyncio.get_running_loop(), "sock_connect", hangs, raising=False)
        assert isinstance(await fault_of("127.0.0.1", port), Unreachable)

    run(work)


def test_a_server_that_turns_us_away_is_quoted(tmp_path: Path) -> None:
    from scripted import framed

    async def work() -> None:
        context = self_made(tmp_path)
        context.set_alpn_protocols(["besedka/1"])
        async with something(framed(Farewell(Parting.FULL, "The server is full.")), context) as port:
            with pytest.raises(TurnedAway, match="The server is full"):
                await Someone(port, tmp_path / "state").link.open()

    run(work)


@asynccontextmanager
async def ann_in(tmp_path: Path, server: FakeServer, patience: Patience | None = None) -> AsyncIterator[Someone]:
    server.passwords["ann"] = "correct horse"
    ann = Someone(server.port, tmp_path / "state", patience=patience)
    await ann.comes_in()
    running = asyncio.create_task(ann.link.run())
    await wait_until(lambda: ann.core.in_step)
    try:
        yield ann
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await ann.link.close()


def test_it_comes_back_by_itself_and_says_what_was_written_meanwhile_once(tmp_path: Path) -> None:
    async def work() -> None:
        context = self_made(tmp_path)
        server = FakeServer()
        async with server.serving(context), ann_in(tmp_path, server) as ann:
            cut_at = iter([True, False])
            server.drops = lambda request: isinstance(request, Say) and next(cut_at, False)
            ann.core.say(LOBBY, "one")
            ann.link.flush()
            await wait_until(lambda: ann.news(TryingAgain))
            ann.core.say(LOBBY, "two")
            await wait_until(lambda: ann.texts() == ["one", "two"])
            assert ann.news(Back) == 1
            assert ann.core.outbox == ()

    run(work)


def test_it_keeps_trying_while_nobody_listens(tmp_path: Path) -> None:
    async def work() -> None:
        context = self_made(tmp_path)
        server = FakeServer()
        async with server.serving(context):
            entered = ann_in(tmp_path, server)
            ann = await entered.__aenter__()
        await wait_until(lambda: ann.news(TryingAgain) >= 3)
        async with server.serving(context, port=server.port):
            await wait_until(lambda: ann.news(Back))
            ann.core.say(LOBBY, "here again")
            ann.link.flush()
            await wait_until(lambda: ann.texts() == ["here again"])
            await entered.__aexit__(None, None, None)

    run(work)


def test_a_silent_line_is_asked_and_then_given_up(tmp_path: Path) -> None:
    async def work() -> None:
        server = FakeServer()
        pings: list[bool] = []

        def drops(request: object) -> bool:
            if isinstance(request, Ping):
                pings.append(True)
                server.mute = len(pings) == 2
            return False

        server.drops = drops
        async with (
            server.serving(self_made(tmp_path)),
            ann_in(tmp_path, server, Patience(quiet=0.1, dead=1.0, retry_max=0.01)) as ann,
        ):
            await wait_until(lambda: len(pings) >= 2)
            assert ann.news(TryingAgain) == 0, "an answered ping keeps the line"
            await wait_until(lambda: ann.news(TryingAgain))
            server.mute = False
            await wait_until(lambda: ann.core.phase is Phase.IN)

    run(work)


def test_a_final_farewell_ends_it(tmp_path: Path) -> None:
    async def work() -> None:
        server = FakeServer()
        async with server.serving(self_made(tmp_path)):
            server.passwords["ann"] = "correct horse"
            ann = Someone(server.port, tmp_path / "state")
            await ann.comes_in()
            ann.core.exit()
            ann.link.flush()
            await ann.link.run()
            assert ann.link.parting is Parting.EXIT
            assert not ann.link.connected

    run(work)


def test_a_key_that_cannot_be_kept_is_said_and_no_obstacle(tmp_path: Path) -> None:
    async def work() -> None:
        (tmp_path / "file").write_text("")
        async with FakeServer().serving(self_made(tmp_path)) as server:
            ann = Someone(server.port, tmp_path / "file")
            ann.device.known = lambda address: None  # type: ignore[method-assign]
            await ann.link.open()
            await ann.link.close()
            assert ann.news(NotKept) == 1

    run(work)


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_waits_grow_to_their_bound_and_differ_by_chance(attempt: int, chance: float) -> None:
    patience = Patience()
    assert 0 <= retry_seconds(attempt, patience, chance) <= patience.retry_max
    assert retry_seconds(attempt, patience, 0.0) == 0
    if attempt < 4:
        assert retry_seconds(attempt, patience, 0.5) == patience.retry_first * 2**attempt / 2
