"""Retention beside a flood and people who read late: each sees what it sees once and in order, and is told of gaps."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from late_readers import (
    PASSWORD,
    IrcPager,
    Late,
    LateIrc,
    LateNative,
    LateText,
    NativeLine,
    Talker,
    faults_of,
    page_back,
)
from server import Server
from waiting import wait_until

KEPT = 150
MESSAGES_EACH = 3000
SIPS = 6
SIP_BYTES = 100_000

LIMITS = f"""
[retention]
messages = {KEPT}
[limits]
flood = false
retention_look_seconds = 0.1
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    config = tmp_path / "besedka.toml"
    config.write_text(LIMITS)
    server = Server(tmp_path / "data", arguments=["--no-console", "--config", str(config)])
    for name in ("w0", "w1", "ann", "bob", "carl", "dora", "eve"):
        server.add(name, PASSWORD)
    with server.start():
        yield server


def floor(data: Path) -> tuple[int, int]:
    """Where the floor of the lobby is, and how many of its messages are kept."""
    with closing(sqlite3.connect(data / "messages.db")) as connection:
        row = connection.execute("SELECT floor, messages - pruned FROM rooms WHERE name = 'lobby'").fetchone()
        return int(row[0]), int(row[1])


async def read_late(late: Late, talkers: list[Talker], over: asyncio.Event, last: list[str]) -> None:
    """A little after every so many messages, and everything at the end."""

    def said() -> int:
        return sum(len(one.numbers) for one in talkers)

    step = 2 * MESSAGES_EACH // (SIPS + 1)
    for due in range(step, SIPS * step + 1, step):
        await wait_until(partial(lambda due: said() >= due, due), seconds=60)
        await late.sip(SIP_BYTES)
    await asyncio.wait_for(over.wait(), 60)
    await late.read(lambda: late.shown[-1:] == last)


@pytest.mark.slow
def test_readers_that_are_behind_while_much_is_said_and_little_is_kept(server: Server) -> None:
    async def live() -> None:
        talkers = [Talker(await NativeLine.come(server.port, name), name) for name in ("w0", "w1")]
        late = [LateNative(server.port, "ann"), LateIrc(server.port, "bob"), LateText(server.port, "carl")]
        for one in late:
            await one.come()
        pager, irc_pager = await NativeLine.come(server.port, "dora"), await IrcPager.come(server.port, "eve")
        over, last = asyncio.Event(), [""]
        reading = [asyncio.create_task(read_late(one, talkers, over, last)) for one in late]
        paging, irc_paging = asyncio.create_task(page_back(pager, over)), asyncio.create_task(irc_pager.page_back(over))
        try:
            await asyncio.gather(*(one.talk(MESSAGES_EACH) for one in talkers))
            await wait_until(lambda: floor(server.data)[1] == KEPT, seconds=60)
            numbers = {words: number for one in talkers for words, number in one.numbers.items()}
            last[0] = max(numbers, key=numbers.__getitem__)
        finally:
            over.set()
        await asyncio.gather(*reading)
        for one in late:
            assert not faults_of(one, numbers, floor(server.data)[0])
            assert None in one.shown, "it was never behind"
        assert await paging > 0, "the floor never rose past who paged"
        walks = await irc_paging
        said = sorted(numbers.values())
        following = dict(pairwise(said))
        for walk in walks:
            assert all(numbers[words] == number for number, words in walk)
            assert all(following[earlier] == later for (earlier, _), (later, _) in pairwise(walk))
        assert len(walks) > 1
        for one in late:
            one.close()
        pager.close()
        irc_pager.close()

    asyncio.run(live())
