"""The control socket: who may ask, what is asked, and how it ends."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import msgspec
import pytest

from besedka.admin import control
from besedka.admin.commands import carry_out
from besedka.admin.control import ControlFault, ControlSocket, ask, socket_path
from besedka.admin.deeds import AddUser, Answer, AnyDeed, ConsoleLine, Ended, ListUsers, Said, Status, Told
from office import Office
from waiting import wait_for, wait_until


@asynccontextmanager
async def opened(office: Office, path: Path) -> AsyncIterator[ControlSocket]:
    listening = ControlSocket(path, carry_out=partial(carry_out, office.running), journal=office.log)
    await listening.open()
    try:
        yield listening
    finally:
        await listening.close(seconds=1)


async def asked(path: Path, deed: AnyDeed) -> tuple[Ended, list[Said]]:
    told: list[Told] = []
    ended = await wait_for(asyncio.to_thread(ask, path, deed, told.append))
    return ended, [one for one in told if isinstance(one, Said)]


async def raw(path: Path, data: bytes) -> list[Said | Ended]:
    """What is answered to these bytes, until the end of the deed or of the connection."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    answers: list[Said | Ended] = []
    while not (answers and isinstance(answers[-1], Ended)) and (line := await wait_for(reader.readline())):
        answers.append(msgspec.json.decode(line, type=Said | Ended))
    writer.close()
    return answers


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


def test_a_deed_is_carried_out_and_answered(office: Office, path: Path) -> None:
    async def talk() -> None:
        async with opened(office, path):
            ended, said = await asked(path, AddUser(name="ann", password="short"))
            assert ended == Ended(Status.FINE)
            assert [one.fault for one in said] == [True, False]
            assert said[1].text == "ann is registered."
            ended, said = await asked(path, ListUsers())
            assert said[1].text.startswith("ann ")
            ended, said = await asked(path, ConsoleLine(line="kick eve"))
            assert ended == Ended(Status.FAILED)
            assert said == [Said("eve is not here.", fault=True)]

    asyncio.run(talk())
    assert "short" not in office.log_path.read_text()


def test_the_socket_is_this_users_alone_and_gone_at_the_end(office: Office, path: Path) -> None:
    path.write_text("left by a crash")
    modes: list[int] = []

    async def talk() -> None:
        async with opened(office, path):
            modes.append(os.lstat(path).st_mode)

    before = os.umask(0)
    try:
        asyncio.run(talk())
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert not path.exists()
    assert stat.S_ISSOCK(modes[0])
    assert stat.S_IMODE(modes[0]) & 0o077 == 0


def test_others_are_refused(office: Office, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def talk() -> None:
        async with opened(office, path):
            ended, said = await asked(path, ConsoleLine(line="shutdown"))
            assert ended == Ended(Status.FAILED)
            assert said == [Said("Only the user who runs the server, and root, may ask it.", fault=True)]

    monkeypatch.setattr(control, "_peer_user", lambda _writer: 65534)
    asyncio.run(talk())
    assert not office.premises.stopped
    assert "control refused" in office.log_path.read_text()


@pytest.mark.parametrize(
    "data",
    [
        b"\n",
        b"{}\n",
        b"[]\n",
        b"\xff\n",
        b'{"do":"dance"}\n',
        b'{"do":"console"}\n',
        b'{"do":"console","line":1}\n',
        b'{"do":"list","sudo":true}\n',
        b'{"do":"role","name":"ann","role":"god"}\n',
        b"[" * 100_000 + b"\n",
        b"x" * (1 << 21) + b"\n",
    ],
)
def test_what_is_no_deed_is_refused(office: Office, path: Path, data: bytes) -> None:
    async def talk() -> None:
        async with opened(office, path):
            *said, ended = await raw(path, data)
            assert ended == Ended(Status.MISUSED)
            assert len(said) == 1

    asyncio.run(talk())


def test_who_says_nothing_is_not_waited_for(office: Office, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "DEED_SECONDS_MAX", 0.05)

    async def talk() -> None:
        async with opened(office, path):
            assert await raw(path, b'{"do":') == []

    asyncio.run(talk())


def test_too_many_at_once_are_refused(office: Office, path: Path) -> None:
    async def talk() -> None:
        async with opened(office, path) as listening:
            idle = [await asyncio.open_unix_connection(path) for _ in range(control.CONNECTIONS_MAX)]
            await wait_until(lambda: len(listening._talks) == control.CONNECTIONS_MAX)
            ended, _said = await asked(path, ListUsers())
            assert ended == Ended(Status.FAILED)
            for _reader, writer in idle:
                writer.close()
            await wait_until(lambda: not listening._talks)
            ended, _said = await asked(path, ListUsers())
            assert ended == Ended(Status.FINE)

    asyncio.run(talk())


def test_whoever_goes_away_unanswered_harms_nobody(office: Office, path: Path) -> None:
    async def talk() -> None:
        async with opened(office, path) as listening:
            _reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b'{"do":"list"}\n')
            writer.transport.abort()
            await wait_until(lambda: not listening._talks)
            assert (await asked(path, ListUsers()))[0] == Ended(Status.FINE)

    asyncio.run(talk())
    assert "fault" not in office.log_path.read_text()


def test_closing_waits_for_a_deed_but_not_for_ever(office: Office, path: Path) -> None:
    async def talk() -> None:
        begun = asyncio.Event()

        async def never(_deed: AnyDeed, _answer: Answer) -> Ended:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

        listening = ControlSocket(path, carry_out=never, journal=office.log)
        await listening.open()
        asking = asyncio.create_task(raw(path, b'{"do":"list"}\n'))
        await wait_for(begun.wait())
        await listening.close(seconds=0.01)
        assert await wait_for(asking) == []

    asyncio.run(talk())


def test_nobody_there_is_a_fault_for_the_asker(path: Path) -> None:
    with pytest.raises(ControlFault, match="No such file"):
        ask(path, ListUsers(), lambda _said: None)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"", "ended before it answered"),
        (b"HTTP/1.1 400\r\n", "something else"),
        (b'{"is":"said"}\n', "something else"),
    ],
)
def test_a_strange_answer_is_a_fault_for_the_asker(path: Path, answer: bytes, fault: str) -> None:
    async def talk() -> None:
        async def strange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(answer)
            writer.close()

        server = await asyncio.start_unix_server(strange, path)
        with pytest.raises(ControlFault, match=fault):
            await asked(path, ListUsers())
        server.close()

    asyncio.run(talk())


def test_a_server_that_hangs_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "ANSWER_SECONDS_MAX", 0.05)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        with pytest.raises(ControlFault, match="does not answer"):
            ask(path, ListUsers(), lambda _said: None)


def test_the_socket_lies_in_the_data_directory_where_its_path_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert socket_path(Path("/data")) == Path("/data/control.sock")
    longest = Path("/" + "x" * (107 - len("/control.sock") - 1))
    assert socket_path(longest) == longest / "control.sock"
    (tmp_path / "run").mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    one, other = socket_path(Path(str(longest) + "y")), socket_path(Path(str(longest) + "z"))
    assert one.parent == other.parent == tmp_path / "run" / "besedka"
    assert one != other
    assert stat.S_IMODE(one.parent.stat().st_mode) == 0o700


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory whose path leaves room for a socket's name; pytest's own does not on every machine."""
    with tempfile.TemporaryDirectory(prefix="b", dir="/tmp") as path:
        yield Path(path)


def test_where_no_runtime_directory_is_set_one_is_found_without_a_warning(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short_path / "gone"))  # As platformdirs judges it: as good as none.
    (short_path / "gone").write_text("no directory")
    monkeypatch.setattr("tempfile.tempdir", str(short_path))
    path = socket_path(Path("/" + "x" * 120))
    assert path.parent.name == "besedka"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_runtime_directory_that_others_can_enter_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "besedka").mkdir(mode=0o755)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(ControlFault, match="this user's alone"):
        socket_path(Path("/" + "x" * 120))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("y" * 110)))
    with pytest.raises(ControlFault, match="too long"):
        socket_path(Path("/" + "x" * 120))
