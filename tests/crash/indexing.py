"""A process that talks, takes back what it said, indexes and scrubs, until it is killed."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from msgspec.structs import replace

from additions import ANN, addition, opening
from besedka.chat.entries import Body, Edited, Message, Redacted, RoomId
from besedka.chat.mending import rewrites
from besedka.hub.keeping import Addition
from besedka.store import search_index, search_shards
from besedka.store.logs import SqliteLogStore
from receiving import FakeJournal

ROOM = RoomId(1)
SHARD, LISTED = 48, 60
WORDS = ("чай", "мёд", "tea", "honey", "и", "with")
SECRET = "kingfisher"
"""What is said only to be taken back."""


def small() -> None:
    """So few messages in a shard that one is being filled, rebuilt or dropped at any moment."""
    search_shards.SHARD_DOCUMENTS_MAX = SHARD
    search_index.LISTED_MIN = LISTED


async def talk(directory: Path, chance: random.Random) -> None:
    """Until killed."""
    logs = SqliteLogStore.open(directory)
    if await logs.room(ROOM) is None:
        await logs.append([opening(ROOM, "garden")])
    journal = FakeJournal()
    began = False
    while not journal.faults:
        said = [Message(" ".join(chance.choices(WORDS, k=3))) for _ in range(chance.randrange(40))]
        await add(logs, *said, Message(f"{SECRET} {chance.choice(WORDS)}"))
        await mend(logs, chance)
        if not began:
            await logs.index.begin(journal)
            began = True
            print("indexing", flush=True)
        await logs.scrub()


async def add(logs: SqliteLogStore, *bodies: Body) -> Addition:
    """Keep these."""
    room = await logs.room(ROOM)
    assert room is not None
    made = addition(room, *bodies)
    await logs.append([made])
    return made


async def mend(logs: SqliteLogStore, chance: random.Random) -> None:
    """Take back what is not to be said, and edit something else."""
    room = await logs.room(ROOM)
    assert room is not None
    page = await logs.page(ROOM, after=room.head - 80, upto=room.head, limit=80, bytes_max=1 << 20)
    for entry in page.entries:
        body = entry.body
        if not isinstance(body, Message) or body.redacted or not (SECRET in body.text or chance.random() < 0.05):
            continue
        room = await logs.room(ROOM)
        assert room is not None
        secret = SECRET in body.text
        made = addition(room, Redacted(entry.number, ANN) if secret else Edited(entry.number, chance.choice(WORDS)))
        await logs.append([replace(made, rewrites=rewrites(made.entries[0].entry, entry))])


if __name__ == "__main__":
    small()
    asyncio.run(talk(Path(sys.argv[1]), random.Random(sys.argv[2])))
