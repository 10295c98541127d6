"""The accept loop, and what it outlives."""

from __future__ import annotations

import asyncio
import errno
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from besedka.limits import Limits
from besedka.net.accepting import Acceptor
from receiving import FakeJournal, run
from waiting import wait_until

NOBODY = ("cannot accept connections for now", {"why": "Too many open files"})


class Refusing:
    """A listening socket whose next accepts fail; as much of one as the loop needs."""

    def __init__(self, listening: socket.socket, faults: list[OSError]) -> None:
        self._listening = listening
        self._faults = faults

    def fileno(self) -> int:
        return self._listening.fileno()

    def accept(self) -> tuple[socket.socket, tuple[str, int]]:
        if self._faults:
            raise self._faults.pop(0)
        return self._listening.accept()

    def close(self) -> None:
        self._listening.close()


class Taken:
    """What was accepted."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.sockets: list[socket.socket] = []

    def __call__(self, accepted: socket.socket, address: str) -> None:
        self.sockets.append(accepted)
        self.addresses.append(address)

    def close(self) -> None:
        for one in self.sockets:
            one.close()


def listening() -> socket.socket:
    one = socket.create_server(("127.0.0.1", 0))
    one.setblocking(False)
    return one


def connected(to: socket.socket) -> socket.socket:
    return socket.create_connection(to.getsockname(), timeout=5)


def acceptor(one: object, taken: Taken, journal: FakeJournal, limits: Limits) -> Acceptor:
    loop = asyncio.get_running_loop()
    return Acceptor([one], loop=loop, limits=limits, journal=journal, arrived=taken)  # type: ignore[list-item]


@pytest.mark.parametrize("uv", [True, False])
def test_accepting_pausing_and_going_on(uv: bool) -> None:
    async def main() -> None:
        one, taken = listening(), Taken()
        accepting = acceptor(one, taken, FakeJournal(), Limits())
        assert not accepting.accepting
        accepting.go_on()
        accepting.go_on()
        with connected(one):
            await wait_until(lambda: taken.addresses == ["127.0.0.1"])
            assert not taken.sockets[0].getblocking()
            accepting.pause()
            accepting.pause()
            with connected(one):  # The kernel takes it.
                await asyncio.sleep(0.05)
                assert len(taken.addresses) == 1
                accepting.go_on()
                await wait_until(lambda: len(taken.addresses) == 2)
            address = one.getsockname()
            accepting.close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(address, timeout=5)
        taken.close()

    run(main, uv=uv)


def test_faults_of_one_connection_do_not_end_the_loop() -> None:
    async def main() -> None:
        one, taken, journal = listening(), Taken(), FakeJournal()
        faults = [OSError(code, "theirs") for code in (errno.ECONNABORTED, errno.EPROTO, errno.EPERM)]
        accepting = acceptor(Refusing(one, faults), taken, journal, Limits())
        accepting.go_on()
        with connected(one):
            await wait_until(lambda: taken.addresses)
        assert journal.notes == []
        accepting.close()
        taken.close()

    run(main)


def test_no_descriptor_left_is_said_once_and_outlived() -> None:
    async def main() -> None:
        one, taken, journal = listening(), Taken(), FakeJournal()
        faults = [OSError(errno.EMFILE, "Too many open files") for _ in range(3)]
        accepting = acceptor(Refusing(one, faults), taken, journal, Limits())
        accepting.go_on()
        with connected(one):
            await wait_until(lambda: taken.addresses)
        assert journal.notes == [NOBODY]
        assert accepting.accepting
        accepting.close()
        taken.close()

    run(main)


def test_a_pause_holds_during_a_rest() -> None:
    async def main() -> None:
        one, taken, journal = listening(), Taken(), FakeJournal()
        faults = [OSError(errno.EMFILE, "Too many open files")]
        accepting = acceptor(Refusing(one, faults), taken, journal, Limits())
        accepting.go_on()
        with connected(one):
            await wait_until(lambda: journal.notes)
            accepting.pause()
            await asyncio.sleep(0.3)  # Longer than a rest.
            assert not taken.addresses
            assert not asyncio.get_running_loop().remove_reader(one.fileno()), "watched during a pause"
        accepting.close()

    run(main, uv=False)  # uvloop does not say whether there was a reader.


def test_an_arrival_that_fails_is_closed_and_reported() -> None:
    async def main() -> None:
        one, journal = listening(), FakeJournal()

        def failing(accepted: socket.socket, address: str) -> None:
            raise ValueError("as the test wished")

        loop = asyncio.get_running_loop()
        accepting = Acceptor([one], loop=loop, limits=Limits(), journal=journal, arrived=failing)
        accepting.go_on()
        with connected(one) as first, connected(one) as second:
            await wait_until(lambda: len(journal.faults) == 2)
            assert first.recv(1) == second.recv(1) == b""
        accepting.close()

    run(main)


def test_a_rate_that_leaves_the_rest_waiting() -> None:
    async def main() -> None:
        one, taken = listening(), Taken()
        loop = asyncio.get_running_loop()
        accepting = acceptor(one, taken, FakeJournal(), Limits(accepts_per_second=20))
        clients = [connected(one) for _ in range(26)]
        begun = loop.time()
        accepting.go_on()
        await wait_until(lambda: len(taken.addresses) == 20)
        await wait_until(lambda: len(taken.addresses) == 26)
        assert loop.time() - begun >= 5 / 20
        accepting.close()
        taken.close()
        for client in clients:
            client.close()

    run(main)


def test_no_rate_where_floods_are_wanted() -> None:
    async def main() -> None:
        one, taken = listening(), Taken()
        loop = asyncio.get_running_loop()
        accepting = acceptor(one, taken, FakeJournal(), Limits(flood=False, accepts_per_second=1))
        clients = [connected(one) for _ in range(100)]
        begun = loop.time()
        accepting.go_on()
        await wait_until(lambda: len(taken.addresses) == 100)
        assert loop.time() - begun < 5
        accepting.close()
        taken.close()
        for client in clients:
            client.close()

    run(main)


STARVED = """
import asyncio, resource, socket, sys, tempfile
from pathlib import Path
sys.path.insert(0, {tests!r})
from receiving import make_certificate, run, standing
from waiting import wait_for, wait_until

async def main():
    certificate = make_certificate(Path(tempfile.mkdtemp(dir={folder!r})))
    async with standing(certificate) as stand:
        stand.reception.echo = True
        reader, writer = await stand.connect()
        writer.write(b"ann\\n")
        assert await wait_for(reader.readline()) == b"ann\\n"
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, hard))
        crowd = []
        try:
            while True:
                crowd.append(socket.create_connection(("127.0.0.1", stand.port), timeout=5))
                await asyncio.sleep(0)
        except OSError:
            pass
        await wait_until(lambda: stand.journal.events("cannot accept connections for now"))
        writer.write(b"still here\\n")
        assert await wait_for(reader.readline()) == b"still here\\n"
        for one in crowd:
            one.close()
        after, writer_after = await stand.connect()
        writer_after.write(b"bob\\n")
        assert await wait_for(after.readline()) == b"bob\\n"
        assert len(stand.journal.events("cannot accept connections for now")) == 1
        assert not stand.journal.faults
        writer.close()
        writer_after.close()
    print("outlived")

run(main, uv={uv})
"""


@pytest.mark.parametrize("uv", [True, False])
def test_a_server_without_descriptors_goes_on_with_those_it_has(tmp_path: Path, uv: bool) -> None:
    script = STARVED.format(tests=str(Path(__file__).parents[1]), folder=str(tmp_path), uv=uv)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "outlived\n", done.stderr
