"""Files that are not what they were: said in one sentence, and nothing is written on them.

Each damage is found out by a store of its own in `unit/test_store_opening.py`; here a whole server meets it.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from besedka.chat.refusals import Code
from crash.lives import LAUNCHER, Life
from server import Server
from waiting import wait_until

PAGE = 4096
"""Bytes of a page of ours."""

NOBODY = 65534

MESSAGES = 400
"""So many that the lobby's log takes several pages."""


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory of a server that ran and stopped in order, with `MESSAGES` in its lobby."""
    life = Life(tmp_path_factory.mktemp("lived"), seed=1)

    async def live() -> None:
        ann = life.newcomer()
        with life.server().start() as server:
            await life.enter(server)
            for _ in range(MESSAGES // 50):
                await life.wait_receipts(ann, [ann.say(ann.lobby()) for _ in range(50)])
            ann.hang_up()
            assert await asyncio.to_thread(server.stop) == 0

    asyncio.run(live())
    return life.data


@pytest.fixture
def data(lived_in: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    copy = tmp_path / "data"
    shutil.copytree(lived_in, copy, ignore=shutil.ignore_patterns("*.sock"))
    return copy


def refused(data: Path) -> str:
    """What a server says that does not start."""
    server = Server(data, arguments=("--no-console",), program=LAUNCHER)
    server.begin()
    with server:
        assert server.wait() == 1
        (said,) = server.errors
    return said


def another_program(path: Path) -> None:
    """A sound database that is not ours."""
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (a)")
    connection.close()


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "of no bytes": (lambda path: path.write_bytes(b""), "its beginning is gone"),
    "cut off": (lambda path: os.truncate(path, path.stat().st_size // 2), "bytes of"),
    "overwritten": (lambda path: path.write_bytes(path.read_bytes()[:PAGE] + b"\xff" * 9 * PAGE), "restore a backup"),
    "a text": (lambda path: path.write_text("name,address\n" * 500), "not one of besedka's"),
    "another's": (another_program, "not one of besedka's"),
}


@pytest.mark.parametrize("name", ["messages.db", pytest.param("accounts.db", marks=pytest.mark.slow)])
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_said_and_left(data: Path, name: str, damage: str) -> None:
    harm, says = DAMAGES[damage]
    harm(data / name)
    before = (data / name).read_bytes()
    said = refused(data)
    assert (data / name).read_bytes() == before
    assert said.startswith(f"besedka: {data / name}: ")
    assert says in said


def test_a_file_that_is_gone_is_not_made_anew(data: Path) -> None:
    (data / "accounts.db").unlink()
    assert "it is gone but messages.db is there" in refused(data)
    assert not (data / "accounts.db").exists()


@pytest.fixture
def somebodys(lived_in: Path) -> Iterator[Path]:
    """A data directory of a user whom permissions hold back; as root that is nobody's."""
    with tempfile.TemporaryDirectory() as made:
        directory = Path(made)
        copy = directory / "data"
        shutil.copytree(lived_in, copy, ignore=shutil.ignore_patterns("*.sock"))
        if os.geteuid() == 0:
            for path in (directory, copy, *copy.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        yield copy
        copy.chmod(0o700)


def test_a_directory_that_cannot_be_written_is_said(somebodys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        monkeypatch.setenv("BESEDKA_AS", str(NOBODY))
    (somebodys / "lock").unlink()
    somebodys.chmod(0o500)
    said = refused(somebodys)
    assert said.startswith(f"besedka: {somebodys} cannot be used: Permission denied; ")


# Damage that a start does not see ------------------------------------------------------------------------------------


def overwrite(path: Path, at: int, dice: random.Random, count: int) -> None:
    """Put other bytes in the place of some."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(dice.randbytes(count))


def errors_logged(server: Server) -> bool:
    """Whether its log tells of an error."""
    return any(" error=" in line for line in server.log())


async def look_around(life: Life, server: Server) -> None:
    """Come in where the server lets one, and read everything, until something cannot be read."""
    ann = life.people[0]
    await ann.connect(server.port)
    await wait_until(lambda: ann.core.in_step or ann.faults or not ann.connected or errors_logged(server))
    if ann.core.in_step:
        ann.ask_history(ann.lobby(), limit=200)
        await wait_until(lambda: ann.pages or ann.unanswered or not ann.connected)
    ann.hang_up()
    await ann.wait_gone()


def test_a_page_that_is_damaged_costs_only_those_who_read_it(data: Path) -> None:
    life = Life(data.parent, seed=1, troubled=True)
    ann = life.newcomer()
    whole = (data / "messages.db").read_bytes()
    overwrite(data / "messages.db", whole.index(b'"p0 200"') // PAGE * PAGE, random.Random(1), PAGE)

    async def live() -> None:
        with life.server().start() as server:
            await ann.come(server.port)
            asked = ann.ask_history(ann.lobby(), before=205, limit=50)
            await wait_until(lambda: asked in ann.unanswered)
            assert ann.unanswered[asked] is Code.BUSY
            assert await ann.history(ann.lobby())  # The newest are as they were,
            await life.wait_receipts(ann, [ann.say(ann.lobby())])  # and more is kept.
            assert errors_logged(server)
            ann.hang_up()
            assert await asyncio.to_thread(server.stop) == 0

    asyncio.run(live())


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 60))])
def test_any_bytes_may_be_others(data: Path, seed: int) -> None:
    """It starts or says why not, serves what it can, and ends in order: never a traceback, never a hang."""
    dice = random.Random(seed)
    path = data / dice.choice(("accounts.db", "messages.db"))
    for _ in range(dice.randint(1, 8)):
        overwrite(path, dice.randrange(path.stat().st_size), dice, dice.choice((1, 16, 512)))
    life = Life(data.parent, seed=seed, troubled=True)
    life.newcomer()
    server = life.server()
    server.begin()
    with server:
        if server.wait_listening():
            asyncio.run(look_around(life, server))
            assert server.stop() == 0
        else:
            assert server.wait() == 1
            assert [line.startswith(f"besedka: {path}: ") for line in server.errors] == [True], server.errors
