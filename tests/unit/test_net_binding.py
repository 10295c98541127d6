"""The port that was asked for, or one that is free."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Iterator, Sequence

import pytest

from besedka.net import binding
from besedka.net.binding import BindFault, port_of, wait_bound
from receiving import run
from waiting import wait_for, wait_until


@contextlib.contextmanager
def taken(host: str = "127.0.0.1") -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as other:
        yield other.getsockname()[1]


@contextlib.contextmanager
def closing(sockets: list[socket.socket]) -> Iterator[list[socket.socket]]:
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()


def free_port() -> int:
    with taken() as port:
        return port


def test_a_port_that_was_asked_for() -> None:
    async def main() -> None:
        port = free_port()
        with closing(await wait_bound("127.0.0.1", port)) as (one,):
            assert port_of([one]) == port
            assert not one.getblocking()
            assert not os.get_inheritable(one.fileno())
            socket.create_connection(("127.0.0.1", port), timeout=5).close()

    run(main)


def test_a_busy_port_that_was_asked_for_is_an_error() -> None:
    async def main() -> None:
        with taken() as port, pytest.raises(BindFault, match=f"port {port} .*--port"):
            await wait_for(wait_bound("127.0.0.1", port))

    run(main)


def test_a_port_left_by_connections_that_linger_is_free() -> None:
    """TIME_WAIT on the server's side, as after every shutdown."""

    async def main() -> None:
        with closing(await wait_bound("127.0.0.1", 0)) as (one,):
            port = port_of([one])
            with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
                one.setblocking(True)
                accepted, _address = one.accept()
                accepted.close()
                assert client.recv(1) == b""
        with closing(await wait_bound("127.0.0.1", port)) as (one,):
            assert port_of([one]) == port

    run(main)


def test_a_busy_default_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with taken() as port:
            monkeypatch.setattr(binding, "DEFAULT_PORT", port)
            with closing(await wait_bound("127.0.0.1", None)) as sockets:
                assert port < port_of(sockets) <= port + binding.PORTS_TRIED

    run(main)


def test_the_default_is_taken_where_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        port = free_port()
        monkeypatch.setattr(binding, "DEFAULT_PORT", port)
        with closing(await wait_bound("127.0.0.1", None)) as sockets:
            assert port_of(sockets) == port

    run(main)


def test_any_port_where_all_after_the_default_are_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        with taken() as port:
            monkeypatch.setattr(binding, "DEFAULT_PORT", port)
            monkeypatch.setattr(binding, "PORTS_TRIED", 0)
            with closing(await wait_bound("127.0.0.1", None)) as sockets:
                assert port_of(sockets) != port

    run(main)


def test_the_last_port_used_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        attempts = []

        def listen(places: Sequence[binding._Place], port: int, host: str) -> list[socket.socket]:
            attempts.append(port)
            return listen_truly(places, port, host)

        listen_truly = binding._listen
        monkeypatch.setattr(binding, "_listen", listen)
        with contextlib.ExitStack() as until:
            port = until.enter_context(taken())
            waiting = asyncio.ensure_future(wait_bound("127.0.0.1", None, preferred=port, wait_seconds=10))
            await wait_until(lambda: len(attempts) >= 2)
            until.close()
            with closing(await wait_for(waiting)) as sockets:
                assert port_of(sockets) == port
            assert set(attempts) == {port}

    run(main)


def test_the_last_port_used_is_not_waited_for_for_ever() -> None:
    async def main() -> None:
        with (
            taken() as port,
            closing(await wait_for(wait_bound("127.0.0.1", None, preferred=port, wait_seconds=0.1))) as sockets,
        ):
            assert port_of(sockets) != port

    run(main)


def test_a_name_is_bound_at_each_of_its_addresses() -> None:
    async def main() -> None:
        with closing(await wait_bound("localhost", 0)) as sockets:
            assert len({one.getsockname()[1] for one in sockets}) == 1
            loop = asyncio.get_running_loop()
            found = await loop.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)
            assert {one.getsockname()[0] for one in sockets} <= {address[4][0] for address in found}

    run(main)


TWO_PLACES: list[binding._Place] = [(socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET, ("127.0.0.2", 0))]


def test_all_addresses_have_one_port() -> None:
    with closing(binding._listen(TWO_PLACES, 0, "two")) as sockets:
        assert [one.getsockname()[0] for one in sockets] == ["127.0.0.1", "127.0.0.2"]
        assert len({one.getsockname()[1] for one in sockets}) == 1


def test_a_port_that_is_busy_at_one_address_is_given_up_at_the_others() -> None:
    with taken("127.0.0.2") as port:
        with pytest.raises(binding._Busy):
            binding._listen(TWO_PLACES, port, "two")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_ipv6() -> None:
    async def main() -> None:
        for host, connect_to in (("::1", "::1"), ("::", "127.0.0.1")):
            with closing(await wait_bound(host, 0)) as sockets:
                socket.create_connection((connect_to, port_of(sockets)), timeout=5).close()

    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    run(main)


@pytest.mark.parametrize(
    ("host", "words"),
    [("no-such-name.invalid", "--host"), ("192.0.2.7", "no address of this machine"), ("a" * 70 + ".x", "--host")],
)
def test_a_host_that_is_not_here(host: str, words: str) -> None:
    async def main() -> None:
        with pytest.raises(BindFault, match=words) as fault:
            await wait_for(wait_bound(host, 0))
        assert "\n" not in str(fault.value)

    run(main)


def test_nothing_stays_open_after_a_failure() -> None:
    async def main() -> None:
        before = len(os.listdir("/proc/self/fd"))
        with taken() as port:
            for _ in range(20):
                with pytest.raises(BindFault):
                    await wait_bound("127.0.0.1", port)
        assert len(os.listdir("/proc/self/fd")) <= before

    run(main)
