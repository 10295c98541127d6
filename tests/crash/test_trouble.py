"""A disk that is full, or that cannot sync: messages are refused or wait, the server goes on, and nothing is untrue."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from besedka.chat.refusals import Code
from crash.disk import Disk
from crash.lives import Life
from crash.people import Person
from server import Server
from waiting import wait_until


async def two_in(life: Life, server: Server) -> tuple[Person, Person]:
    """Two people who have said something."""
    ann, bob = life.newcomer(), life.newcomer()
    await life.enter(server)
    for person in (ann, bob):
        await life.wait_receipts(person, [person.say(person.lobby())])
    return ann, bob


def test_a_full_disk_refuses_messages_and_nothing_else(tmp_path: Path, disk: Disk) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk, troubled=True)
        with life.server().start() as server:
            ann, bob = await two_in(life, server)
            disk.fill()
            refused = [ann.say(ann.lobby()) for _ in range(5)]
            await wait_until(lambda: all(one in ann.refused for one in refused))
            assert {ann.refused[one] for one in refused} == {Code.NOT_KEPT}
            pages = await bob.history(bob.lobby())
            assert [entry.number for entry in pages] == [*range(1, len(pages) + 1)]
            disk.free()
            kept = ann.say(ann.lobby())
            await life.wait_receipts(ann, [kept])
            await wait_until(lambda: ann.receipts[kept].number in bob.seen[bob.lobby()])
            server.kill()
        assert not await life.after_death()
        assert not await life.end()

    asyncio.run(live())


@pytest.mark.slow
def test_a_start_on_a_full_disk_says_so(tmp_path: Path, disk: Disk) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk, troubled=True)
        with life.server().start() as server:
            await two_in(life, server)
            server.kill()
        assert not await life.after_death()
        server = life.server()
        disk.fill()
        server.begin()
        with server:
            assert server.wait() == 1
            assert server.errors == [f"besedka: {life.data / 'messages.db'}: the disk is full; free some space."]
        disk.free()
        assert not await life.after_death()
        assert not await life.end()

    asyncio.run(live())


@pytest.mark.parametrize("power", [pytest.param(False, marks=pytest.mark.slow), True], ids=["repaired", "power cut"])
def test_what_could_not_be_synced_is_promised_to_nobody(tmp_path: Path, disk: Disk, power: bool) -> None:
    """Nobody knows what a failed sync has left on the disk: what was said is asked again until that is known."""

    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk, troubled=True)
        with life.server().start() as server:
            people = await two_in(life, server)
            disk.break_down()
            asked = [(person, person.say(person.lobby())) for person in people for _ in range(3)]
            await wait_until(lambda: any(line.startswith("keeping failed") for line in server.log()))
            assert not any(one in person.receipts or one in person.refused for person, one in asked)
            if not power:
                disk.repair()
                for person, one in asked:
                    await life.wait_receipts(person, [one])
            server.kill()
        assert not await life.after_death()
        if power:
            disk.repair()
        assert not await life.end()
        for person, one in asked:
            assert one in person.receipts

    asyncio.run(live())


@pytest.mark.slow
def test_who_comes_while_the_disk_is_full_is_told_to_come_again(tmp_path: Path, disk: Disk) -> None:
    async def live() -> None:
        life = Life(tmp_path, seed=1, disk=disk, troubled=True)
        with life.server().start() as server:
            ann, bob = await two_in(life, server)
            bob.hang_up()
            await bob.wait_gone()
            disk.fill()
            await bob.connect(server.port)
            await wait_until(lambda: bob.busy > 1)
            assert bob.connected
            disk.free()
            await wait_until(lambda: bob.core.in_step)
            await life.wait_receipts(bob, [bob.say(bob.lobby())])
            assert ann.connected
            server.kill()
        assert not await life.after_death()
        assert not await life.end()

    asyncio.run(live())
