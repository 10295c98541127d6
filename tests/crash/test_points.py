"""A server is killed, and its power cut, at the points where its two files, its clients and its memory differ."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from besedka.chat.entries import Message
from crash.disk import Disk
from crash.lives import LAUNCHER, Life
from crash.people import Person
from server import Server

TURN = (("before-messages-commit", 20), ("after-messages-commit", 20), ("before-telling", 20))
"""Points that a busy server comes by, and which time it dies there. Each round somebody new registers."""

REGISTRATION = (
    ("before-accounts-commit", 1),
    ("after-accounts-commit", 2),
    ("after-account", 1),
    ("after-token", 1),
    ("before-messages-commit", 1),
    ("after-messages-commit", 1),
)
"""Points on somebody's way in, the first of them on a new data directory."""


@pytest.mark.parametrize("points", [TURN, pytest.param(REGISTRATION, marks=pytest.mark.slow)])
def test_busy_people_lose_nothing(tmp_path: Path, disk: Disk, points: tuple[tuple[str, int], ...]) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk)
        for point, times in points:
            assert not await life.round_until(point, times), point
        assert not await life.end()
        assert len(life.files().accounts) == len(points)

    asyncio.run(live())


def test_an_account_without_an_inbox_is_given_one(tmp_path: Path, disk: Disk) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk)
        assert not await life.round_until("after-account", 1)
        files = life.files()
        assert list(files.accounts) == ["p0"]
        assert not files.rooms  # The other file knows nothing of it.
        assert not await life.end()
        files = life.files()
        assert list(files.accounts) == ["p0"]
        assert sorted(room.kind.value for room in files.rooms.values()) == ["inbox", "public"]

    asyncio.run(live())


# Removing somebody -------------------------------------------------------------------------------------------------

REMOVAL = (
    ("before-step", 1),
    ("after-step", 1),
    ("after-removal", 2),
    ("before-step-finished", 2),
    ("after-step-finished", 2),
)
"""Points of a removal; from the third on, the first time is that of the one which the start finishes."""


TAKING_BACK = (
    ("after-removal", 1),
    ("before-messages-commit", 12),
    ("after-messages-commit", 12),
    ("after-progress", 1),
    ("before-burial", 1),
    ("after-burial", 1),
    ("after-erasing", 1),
    ("before-step-finished", 1),
)
"""Points of a removal that takes back what was said; the twelfth commit is one of the redactions, or near them."""


def remove(server: Server, person: Person, *options: str) -> subprocess.CompletedProcess[str]:
    """Have the operator remove somebody."""
    return command("user", "remove", person.name, *options, data=server.data)


def command(
    *words: str, data: Path, environment: dict[str, str] | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """One word of the command line, with the weak spots that the environment names."""
    return subprocess.run(
        [*LAUNCHER, *words, "--data", str(data)],
        env={**os.environ, **(environment or {})},
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def unfinished(data: Path) -> int:
    """How many steps are still to be done."""
    with closing(sqlite3.connect(data / "messages.db")) as connection:
        count: int = connection.execute("SELECT count(*) FROM steps").fetchone()[0]
        return count


async def come_and_talk(life: Life, server: Server) -> Person:
    """Somebody registers, says something to somebody else and in the lobby, and stays."""
    victim = life.newcomer()
    await life.enter(server)
    asked = [victim.say(victim.lobby()), victim.tell("p0")]
    await life.wait_receipts(victim, asked)
    return victim


@pytest.mark.parametrize("points", [REMOVAL[1:2], pytest.param(REMOVAL, marks=pytest.mark.slow)])
def test_a_removal_is_finished_by_the_next_start(
    tmp_path: Path, disk: Disk, points: tuple[tuple[str, int], ...]
) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk)
        life.newcomer()
        removed: list[Person] = []
        for point, times in points:
            with life.server(weakness={"BESEDKA_CRASH_AT": f"{point}:{times}"}).start() as server:
                victim = await come_and_talk(life, server)
                done = remove(server, victim)
                assert done.returncode == 1, point
                assert done.stderr.count("\n") == 1, done.stderr
                assert server.wait() == -signal.SIGKILL
            if point != "before-step":
                life.people.remove(victim)
                removed.append(victim)
            assert not await life.after_death(), point
        assert not await life.end(until=lambda: unfinished(life.data) == 0)
        files = life.files()
        assert set(files.accounts) == {person.name for person in life.people}
        for victim in removed:
            member_of = [room.id for room in files.rooms.values() if victim.core.principal in room.members]
            assert member_of == []

    asyncio.run(live())


@pytest.mark.parametrize(
    ("point", "times"),
    [pytest.param(*one, marks=() if one[0] == "after-burial" else pytest.mark.slow) for one in TAKING_BACK],
)
def test_what_is_to_be_taken_back_is_gone_after_the_next_start(
    tmp_path: Path, disk: Disk, point: str, times: int
) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk)
        life.newcomer()
        with life.server(weakness={"BESEDKA_CRASH_AT": f"{point}:{times}"}).start() as server:
            victim = await come_and_talk(life, server)
            remove(server, victim, "--redact")
            assert server.wait() == -signal.SIGKILL
        life.people.remove(victim)
        if point == "after-burial":  # So that the one which finishes it dies as well, in the same place.
            with life.server(weakness={"BESEDKA_CRASH_AT": f"{point}:{times}"}).start() as server:
                assert server.wait() == -signal.SIGKILL
        assert not await life.end(until=lambda: unfinished(life.data) == 0)
        files = life.files()
        theirs = [one for log in files.logs.values() for one in log if one.author == victim.core.principal]
        assert {one.name for one in theirs} == {f"removed-{victim.core.principal}"}
        assert [one.body.text for one in theirs if isinstance(one.body, Message)] == ["", ""]
        with life.server().start() as server:
            assert command("ctl", "scrub", data=server.data).returncode == 0
            assert await asyncio.to_thread(server.stop) == 0
        held = b"".join(path.read_bytes() for path in life.data.glob("*.db*"))
        assert f"{victim.name} 1".encode() not in held
        assert f'"name":"{victim.name}"'.encode() not in held

    asyncio.run(live())


# The command line, where no server runs ----------------------------------------------------------------------------


def add(disk: Disk, name: str, *, dies_at: int = 0) -> subprocess.CompletedProcess[str]:
    """Make an account on the files themselves."""
    environment = disk.start(dies_at=dies_at)
    return command(
        "user", "add", name, "--password-stdin", data=disk.data, environment=environment, typed="correct horse\n"
    )


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 60))])
def test_an_account_made_on_a_new_directory_is_there_or_not(disk: Disk, seed: int) -> None:
    """A first start is cut anywhere: while the files are made, between the two, while the account is committed."""
    dice = random.Random(seed)
    dies_at = dice.randint(1, 60)
    first = add(disk, "ann", dies_at=dies_at)
    disk.cut_power(dice=dice)
    again = add(disk, "ann")
    if first.returncode == 0:
        assert (again.returncode, again.stderr) == (1, "besedka: That name is taken.\n")
    else:
        assert first.returncode == -signal.SIGKILL
        assert again.returncode == 0 or "taken" in again.stderr, again.stderr
    disk.cut_power(dice=dice)
    listed = command("user", "list", data=disk.data)
    assert listed.stdout.count("ann") == 1, listed.stderr


@pytest.mark.slow
def test_an_import_goes_on_where_it_was_cut(tmp_path: Path, disk: Disk) -> None:
    old = tmp_path / "users.csv"
    old.write_text("".join(f"u{number},10.0.0.{number},{'0' * 32}\n" for number in range(6)))
    done = command(
        "user", "import", str(old), data=disk.data, environment={**disk.start(), "BESEDKA_CRASH_AT": "after-account:3"}
    )
    assert done.returncode == -signal.SIGKILL
    disk.cut_power()
    done = command("user", "import", str(old), data=disk.data)
    assert done.stdout == "3 of 6 imported.\n"
    assert done.stderr.count("taken") == 3
    listed = command("user", "list", data=disk.data).stdout
    assert [line.split()[0] for line in listed.splitlines()[1:]] == [f"u{number}" for number in range(6)]


@pytest.mark.slow
def test_a_removal_without_a_server_is_finished_by_its_start(tmp_path: Path, disk: Disk) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk)
        life.newcomer()
        with life.server().start() as server:
            victim = await come_and_talk(life, server)
            assert await asyncio.to_thread(server.stop) == 0
        life.people.remove(victim)
        killed = command(
            "user",
            "remove",
            victim.name,
            data=life.data,
            environment={**disk.start(), "BESEDKA_CRASH_AT": "after-step:1"},
        )
        assert killed.returncode == -signal.SIGKILL
        assert not await life.after_death()
        assert not await life.end(until=lambda: unfinished(life.data) == 0)
        assert list(life.files().accounts) == ["p0"]

    asyncio.run(live())
