"""IRC over WebSocket: who may open one, and what becomes of lines and messages."""

from __future__ import annotations

import asyncio
import ipaddress
import random
import ssl
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    Pong,
    Request,
    TextMessage,
)

from besedka.limits import Limits
from besedka.net.parts import Settings, Wires
from besedka.net.tls import Certificate
from besedka.net.websocket import Kind, Refused, WebSocket, in_messages, judge
from besedka.wire.irc.lines import INPUT_BYTES_MAX
from besedka.wire.protocol import ServerProtocol
from receiving import LOOPS, SMALL, WIRES, Stand, client_context, make_certificate, run, standing
from waiting import wait_for, wait_until

IRC = Wires(WIRES.native, WIRES.text, irc=lambda _tls: cast(ServerProtocol, "irc"))
SETTINGS = Settings(name="our chat", hostnames=("Chat.example",))
BOTH = ["text.ircv3.net", "binary.ircv3.net"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


class Browser:
    """A WebSocket client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.socket = WSConnection(ConnectionType.CLIENT)
        self.told: list[object] = []

    async def open(self, *offered: str, host: str = "localhost", path: str = "/", **headers: str) -> None:
        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        named = [(name.replace(b"_", b"-"), value) for name, value in named]
        self._send(Request(host=host, target=path, subprotocols=list(offered), extra_headers=named))
        await self.hear()

    def _send(self, *events: Event) -> None:
        self._writer.write(b"".join(map(self.socket.send, events)))

    async def say(self, *events: Event) -> None:
        self._send(*events)
        await self.hear()

    async def hear(self) -> None:
        """Whatever comes next, or the end."""
        data = await wait_for(self._reader.read(65_536))
        self.socket.receive_data(data or None)
        self.told += [event for event in self.socket.events() if not isinstance(event, Ping)]

    async def until(self, count: int) -> list[object]:
        while len(self.told) < count:
            await self.hear()
        told, self.told = self.told, []
        return list(told)


async def browser(stand: Stand, tls: ssl.SSLContext | None = None) -> Browser:
    return Browser(*await stand.connect(tls))


def lines(told: list[object]) -> list[str | bytes]:
    return [
        event.data if isinstance(event, TextMessage) else bytes(event.data)
        for event in told
        if isinstance(event, Message)
    ]


# Who may ----------------------------------------------------------------------------------------------------------


def asked(host: str, *offered: str, origin: str | None = None) -> Kind | Refused:
    headers = [] if origin is None else [(b"origin", origin.encode())]
    request = Request(host=host, target="/x", subprotocols=list(offered or BOTH), extra_headers=headers)
    return judge(request, hostnames=SETTINGS.hostnames)


def test_the_clients_first_choice_wins() -> None:
    assert asked("localhost") is Kind.TEXT
    assert asked("localhost", "binary.ircv3.net", "text.ircv3.net") is Kind.BINARY
    assert asked("localhost", "chat", "text.ircv3.net") is Kind.TEXT
    assert asked("localhost", "chat") == Refused(400)


@pytest.mark.parametrize(
    "origin", ["https://chat.example", "http://CHAT.example:8080", "http://192.0.2.7", "https://[2001:db8::1]:1"]
)
def test_a_page_of_ours_may_talk_to_us(origin: str) -> None:
    host = origin.split("://")[1]
    assert asked(host, origin=origin) is Kind.TEXT
    assert asked(host.rsplit(":", 1)[0] if "[" not in host else host, origin=origin) is Kind.TEXT
    assert asked("192.0.2.99:9090", origin="https://chat.example") is Kind.TEXT, "a name of the configuration"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://192.0.2.8", "null", "", "chat.example", "https://chat.example@evil.example"],
)
def test_a_page_from_elsewhere_may_not(origin: str) -> None:
    assert asked("chat.example", origin=origin) == Refused(403)
    assert asked("192.0.2.7:9090", origin=origin) == Refused(403)


def test_a_name_that_is_not_ours_is_no_name_to_talk_to() -> None:
    assert asked("evil.example", origin="https://evil.example") == Refused(421)
    assert asked("a b") == Refused(400)


# Messages ---------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.lists(st.binary(min_size=1, max_size=700).filter(lambda line: b"\r" not in line)), st.sampled_from(Kind))
def test_a_run_of_lines_is_a_message_each(run_of: list[bytes], kind: Kind) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(in_messages(b"".join(line + b"\r\n" for line in run_of), kind))
    told = lines(list(client.events()))
    assert told == [line if kind is Kind.BINARY else line.decode(errors="replace") for line in run_of]


@LOOPS
@pytest.mark.parametrize("tls", [None, client_context()], ids=["plain", "tls"])
def test_messages_are_lines_in_both_directions(certificate: Certificate, uv: bool, tls: ssl.SSLContext | None) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC) as stand:
            stand.reception.echo = True
            client = await browser(stand, tls)
            await client.open(*BOTH, path="/any/where?at=all")
            (accepted,) = await client.until(1)
            assert isinstance(accepted, AcceptConnection)
            assert accepted.subprotocol == "text.ircv3.net"
            await client.say(TextMessage("NICK ann"), TextMessage("USER ann\r\n"), BytesMessage(b"caf\xe9"))
            assert lines(await client.until(3)) == ["NICK ann", "USER ann", "caf\N{REPLACEMENT CHARACTER}"]
            session = await stand.session()
            assert session.received == b"NICK ann\r\nUSER ann\r\ncaf\xe9\r\n"
            assert session.protocol == "irc"
            assert session.peer.way == ("websocket" if tls is None else "websocket+tls")
            await client.say(Ping(b"?"))
            assert await client.until(1) == [Pong(b"?")]
            session.link.write(b"one\r\ntwo\r\n")
            session.link.close()
            told = await client.until(3)
            assert lines(told) == ["one", "two"]
            assert isinstance(told[2], CloseConnection)
            assert told[2].code == 1000

    run(main, uv=uv)


def test_bytes_stay_as_they_are_where_that_was_agreed_on(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC) as stand:
            stand.reception.echo = True
            client = await browser(stand)
            await client.open("binary.ircv3.net")
            await client.say(BytesMessage(b"caf\xe9"), TextMessage("tea"))
            assert lines((await client.until(3))[1:]) == [b"caf\xe9", b"tea"]

    run(main)


def test_pieces_are_put_together_and_no_more_is_kept_than_a_line_may_have(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC) as stand:
            client = await browser(stand)
            await client.open(*BOTH)
            for piece in ("PRIVMSG ", "#tea ", ":hi"):
                client._send(TextMessage(piece, message_finished=piece == ":hi"))
            for _ in range(40):
                client._send(TextMessage("x" * 1000, message_finished=False))
            client._send(TextMessage("", message_finished=True), Ping(b""))
            await client.until(2)
            session = await stand.session()
            first, long, rest = session.received.split(b"\r\n")
            assert first == b"PRIVMSG #tea :hi"
            assert len(long) == INPUT_BYTES_MAX + 1, "which is answered 417"
            assert rest == b""

    run(main)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (b"\x81\x01x", 1002),  # Not masked.
        (b"\x83\x80\0\0\0\0", 1002),  # An opcode that there is not.
        (b"\xf1\x80\0\0\0\0", 1002),  # An extension that was not agreed on.
        (b"\x81\x81\0\0\0\0\xff", 1007),  # Text that is no UTF-8.
        (b"\x80\x80\0\0\0\0", 1002),  # A continuation of nothing.
        (b"\x89\xfe\x01\x00\0\0\0\0", 1002),  # A ping of 256 bytes.
        (b"\x88\x82\0\0\0\0\x03\xe8", 1000),  # The peer's own farewell.
        (b"\x88\x82\0\0\0\0\x03\xe8" + b"\x89\x80\0\0\0\0" * 2, 1000),  # With more behind it.
    ],
)
def test_what_is_no_frame_ends_it_with_a_code(certificate: Certificate, frames: bytes, code: int) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC) as stand:
            client = await browser(stand)
            await client.open(*BOTH)
            client._writer.write(frames)
            told = await client.until(2)
            assert isinstance(told[1], CloseConnection)
            assert told[1].code == code
            session = await stand.session()
            await wait_until(lambda: bool(session.lost))

    run(main)


def test_what_comes_when_it_has_ended_is_not_heard(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC) as stand:
            client = await browser(stand)
            await client.open(*BOTH)
            client._writer.write(b"\x88\x82\0\0\0\0\x03\xe8")
            await client.until(2)
            session = await stand.session()
            connection = cast(WebSocket, session.link)
            connection.data_received(b"\x81\x81\0\0\0\0x")  # As TLS may still bring it.
            assert not session.received

    run(main)


def test_no_bytes_whatever_make_it_fail(certificate: Certificate) -> None:
    dice = random.Random(4)
    starts = [b"", b"\x81\x85", b"\x01\x81", b"\x82\xfe", b"\x80\x82", b"\x88\x80\0\0\0\0", b"\x89\x80\0\0\0\0"]

    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC) as stand:
            for number in range(25):
                client = await browser(stand)
                await client.open(*BOTH)
                client._writer.write(dice.choice(starts) + dice.randbytes(dice.randrange(300)))
                client._writer.write_eof()
                session = await stand.session(number)
                await wait_until(lambda session=session: bool(session.lost))  # type: ignore[misc]
            assert not stand.journal.faults

    run(main)


@LOOPS
def test_a_slow_reader_is_full_and_its_pings_wait(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC, limits=SMALL) as stand:
            client = await browser(stand)
            await client.open(*BOTH)
            session = await stand.session()
            told = 0
            while not session.link.full:
                session.link.write((b"y" * 1000 + b"\r\n") * 64)
                told += 64
                await asyncio.sleep(0)
            client._send(*[Ping(b"?")] * 100, TextMessage("hello"))
            await client.until(1 + told)
            await wait_until(lambda: session.received == b"hello\r\n")
            assert session.drained

    run(main, uv=uv)


# The handshake ----------------------------------------------------------------------------------------------------


UPGRADE = (
    "GET /x HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
    "dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: {version}\r\nSec-WebSocket-Protocol: {offered}\r\n{more}\r\n"
)


def handshake(*, host: str = "localhost", version: int = 13, offered: str = "text.ircv3.net", more: str = "") -> bytes:
    return UPGRADE.format(host=host, version=version, offered=offered, more=more).encode("latin-1")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (handshake(), b"101"),
        (handshake(offered="chat, binary.ircv3.net"), b"101"),
        (handshake(more="Origin: http://localhost:1\r\n"), b"101"),
        (handshake(more="Origin: https://evil.example\r\n"), b"403"),
        (handshake(host="evil.example"), b"421"),
        (handshake(host="caf\xe9"), b"400"),
        (handshake(version=8), b"426"),
        (handshake().replace(b"Upgrade: websocket\r\n", b""), b"400"),
        (handshake().replace(b"GET", b"POST"), b"400"),
    ],
)
def test_a_handshake_has_its_status(certificate: Certificate, request_: bytes, status: bytes) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=IRC) as stand:
            reader, writer = await stand.connect()
            for piece in (request_[:40], request_[40:-2], request_[-2:]):  # Any cut of the bytes is as good.
                writer.write(piece)
                await writer.drain()
            answer = await wait_for(reader.readuntil(b"\r\n"))
            assert answer.split(b" ")[1] == status
            assert bool(stand.reception.sessions) is (status == b"101")
            assert not stand.journal.faults

    run(main)


@pytest.mark.parametrize(("wires", "offered"), [(WIRES, "text.ircv3.net"), (IRC, "chat")])
def test_where_irc_is_not_spoken_there_is_the_page(certificate: Certificate, wires: Wires, offered: str) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS, wires=wires) as stand:
            reader, writer = await stand.connect()
            writer.write(handshake(offered=offered))
            assert (await wait_for(reader.readuntil(b"\r\n"))).split(b" ")[1] == b"404"

    run(main)


def test_who_asks_too_slowly_is_closed(certificate: Certificate) -> None:
    async def main() -> None:
        limits = Limits(http_idle_seconds_max=0.02)
        async with standing(certificate, settings=SETTINGS, wires=IRC, limits=limits) as stand:
            reader, writer = await stand.connect()
            writer.write(handshake()[:-2])
            assert await wait_for(reader.read()) == b""

    run(main)


def test_behind_a_trusted_proxy_the_headers_say_who_is_there(certificate: Certificate) -> None:
    async def main() -> None:
        settings = Settings(trusted_proxies=(ipaddress.ip_network("127.0.0.0/8"),))
        async with standing(
            certificate, settings=settings, wires=IRC, limits=Limits(connections_per_address_max=1)
        ) as stand:
            forwarded = "X-Forwarded-For: 192.0.2.7\r\n"
            for more, number, safe in (("", 0, False), ("X-Forwarded-Proto: https\r\n", 1, True)):
                address = f"192.0.2.{7 + number}"
                reader, writer = await stand.connect()
                writer.write(handshake(more=f"X-Forwarded-For: {address}\r\n{more}"))
                assert (await wait_for(reader.readuntil(b"\r\n"))).split(b" ")[1] == b"101"
                session = await stand.session(number)
                assert (session.peer.address, session.peer.safe, session.peer.way) == (address, safe, "websocket")
            reader, writer = await stand.connect()
            writer.write(handshake(more=forwarded))
            assert (await wait_for(reader.readuntil(b"\r\n"))).split(b" ")[1] == b"503", "too many from there"

    run(main)
