"""The page that a browser gets."""

from __future__ import annotations

import asyncio
import importlib
import ipaddress
import ssl
import subprocess
import sys
import threading
from types import ModuleType

import pytest

from besedka.limits import Limits
from besedka.net.page import HTTPConnection, is_host_ours
from besedka.net.parts import Settings
from besedka.net.tls import Certificate
from receiving import LOOPS, Stand, client_context, make_certificate, run, standing
from waiting import wait_for, wait_until

SETTINGS = Settings(name="<our> chat", hostnames=("chat.example",))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


async def asked(stand: Stand, request: bytes, *, tls: ssl.SSLContext | None = None) -> tuple[bytes, bytes]:
    """The first line of the answer, and all of it, after which the server closed."""
    reader, writer = await stand.connect(tls)
    writer.write(request)
    answer = await wait_for(reader.read())
    writer.close()
    return answer.partition(b"\r\n")[0], answer


def request(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"{line} HTTP/1.1", *headers, "Connection: close", "", ""]).encode()


@LOOPS
def test_the_page(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS) as stand:
            for tls in (None, client_context()):
                first, answer = await asked(stand, request("GET /", "Host: localhost"), tls=tls)
                assert first == b"HTTP/1.1 200 OK"
                assert b"&lt;our&gt; chat" in answer
                assert b"besedka server" in answer
                assert b"aiohttp" not in answer
                assert b"default-src 'none'" in answer
            first, answer = await asked(stand, request("HEAD /", "Host: localhost"))
            assert first == b"HTTP/1.1 200 OK"
            assert answer.endswith(b"\r\n\r\n")
            ways = [fields["way"] for fields in stand.journal.events("connection opened")]
            assert ways == ["http", "http+tls", "http"]
            assert not stand.reception.sessions
            await wait_until(lambda: not stand.listener.connections)
            server = stand.listener._pages._server
            assert server is not None
            assert not server.connections

    run(main, uv=uv)


@pytest.mark.parametrize(
    ("asking", "status"),
    [
        (request("GET /x", "Host: localhost"), b"404"),
        (request("GET /%2e%2e/etc/passwd", "Host: localhost"), b"404"),
        (request("POST /", "Host: localhost", "Content-Length: 0"), b"405"),
        (request("DELETE /", "Host: localhost"), b"405"),
        (request("GET /", "Host: evil.example"), b"421"),
        (request("GET /", "Host: chat.example:9090"), b"200"),
        (request("GET /", "Host: localhost", "Host: evil.example"), b"400"),
        (request("GET /"), b"400"),
        (request("GET /", "Host: a b"), b"400"),
        (b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n", b"200"),
        (b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9.9\r\nHost: localhost\r\n\r\n", b"400"),
        (request("GET /" + "x" * 9000, "Host: localhost"), b"400"),
        (request("GET /", "Host: localhost", "X: " + "x" * 9000), b"400"),
        (request("GET /", "Host: localhost", *[f"X{number}: 1" for number in range(100)]), b"400"),
    ],
)
def test_answers(certificate: Certificate, asking: bytes, status: bytes) -> None:
    async def main() -> None:
        async with standing(certificate, settings=SETTINGS) as stand:
            first, _answer = await asked(stand, asking)
            assert first.split()[1] == status
            assert not stand.journal.faults

    run(main)


def test_bytes_one_by_one(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            for byte in request("GET /", "Host: 127.0.0.1"):
                writer.write(bytes([byte]))
                await asyncio.sleep(0.001)
            assert (await wait_for(reader.readline())).endswith(b"200 OK\r\n")
            writer.close()

    run(main)


@LOOPS
def test_what_follows_a_request_is_never_another_protocol(certificate: Certificate, uv: bool) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            body = b"NICK ann\r\nUSER ann 0 * :Ann\r\n"
            asking = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
            first, answer = await asked(stand, asking + body + body)
            assert first.split()[1].startswith(b"4")
            assert b"ERROR :" not in answer
            assert not stand.reception.sessions
            assert [fields["way"] for fields in stand.journal.events("connection opened")] == ["http"]

    run(main, uv=uv)


def test_a_browser_that_asks_nothing_more_is_closed(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate, limits=Limits(http_idle_seconds_max=0.1)) as stand:
            reader, writer = await stand.connect()
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in await wait_for(reader.read())  # To the end.
            writer.close()
            reader, slow = await stand.connect()
            slow.write(b"GET / HTTP/1.1\r\nHost: loc")
            assert await wait_for(reader.read()) == b""
            slow.close()
            await wait_until(lambda: stand.listener.connections == 0)

    run(main)


def test_a_browser_that_is_there_when_all_ends(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in await wait_for(reader.readline())
            stand.listener.stop_accepting()
            await wait_for(stand.listener.wait_gone(seconds=0))
            writer.close()

    run(main)


def test_a_browser_that_goes_before_it_is_answered(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            for _ in range(3):
                _reader, writer = await stand.connect()
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await wait_until(lambda: stand.listener.connections)
                writer.transport.abort()
                await wait_until(lambda: not stand.listener.connections)
            assert not stand.journal.faults

    run(main)


def test_while_aiohttp_is_imported_nobody_is_read_and_anybody_may_go(
    certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        imported = threading.Event()

        def wait_imported(name: str) -> ModuleType:
            imported.wait(10)
            return import_module(name)

        import_module = importlib.import_module
        monkeypatch.setattr(importlib, "import_module", wait_imported)
        async with standing(certificate) as stand:
            try:
                writers = [(await stand.connect())[1] for _ in range(2)]
                for writer in writers:
                    writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"x" * 2_000_000)
                await wait_until(lambda: len(stand.journal.events("connection opened")) == 2)
                await asyncio.sleep(0.05)
                held = [visit.holder for visit in stand.listener._parts.open]
                assert all(isinstance(holder, HTTPConnection) and len(holder._said) < 500_000 for holder in held)
                for writer in writers:
                    writer.transport.abort()
                held[0].abort()
                held[1].abort()
                await wait_until(lambda: not stand.listener.connections)
            finally:
                imported.set()
            first, _answer = await asked(stand, request("GET /", "Host: localhost"))
            assert first.endswith(b"200 OK")
            await wait_until(lambda: not stand.listener.connections)
            server = stand.listener._pages._server
            assert server is not None
            assert not server.connections
            assert not stand.journal.faults

    run(main)


def test_a_body_is_not_waited_for(certificate: Certificate) -> None:
    async def main() -> None:
        async with standing(certificate) as stand:
            reader, writer = await stand.connect()
            writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx")
            assert b" 405 " in await wait_for(reader.read(), seconds=5)

    run(main)


def test_the_log_learns_whom_a_trusted_proxy_speaks_for(certificate: Certificate) -> None:
    async def main() -> None:
        asking = request("GET /", "Host: localhost", "X-Forwarded-For: 203.0.113.9, 192.0.2.7")
        trusting = Settings(trusted_proxies=(ipaddress.ip_network("127.0.0.1/32"),))
        for settings, addresses in ((trusting, ["192.0.2.7"]), (Settings(), [])):
            async with standing(certificate, settings=settings) as stand:
                await asked(stand, asking)
                assert [fields["address"] for fields in stand.journal.events("page asked for")] == addresses

    run(main)


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("localhost", True),
        ("LOCALHOST:9090", True),
        ("localhost.", True),
        ("127.0.0.1", True),
        ("192.0.2.7:80", True),
        ("[::1]:9090", True),
        ("[2001:db8::7]", True),
        ("chat.example", True),
        ("Chat.Example:443", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("chat.example.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("", None),
        ("::1", None),
        ("[::1", None),
        ("[localhost]", None),
        ("[:::]", None),
        ("localhost:port", None),
        ("user@localhost", None),
        ("local host", None),
        ("localhost/", None),
    ],
)
def test_hosts(host: str, ours: bool | None) -> None:
    assert is_host_ours(host, ("chat.example",)) is ours


def test_aiohttp_is_not_imported_before_somebody_asks() -> None:
    script = "import sys, besedka.net.listener; print('aiohttp' in sys.modules, 'cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False False\n"
