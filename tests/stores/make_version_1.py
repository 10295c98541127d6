"""Makes `version_1.sql` beside the code of that version; kept so that one can see what is in it and why."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

from additions import ANN, BOB, EVE, addition, direct, inbox, joined, left, opening
from besedka.chat.entries import (
    Archived,
    Entered,
    Kind,
    Left,
    Manner,
    Message,
    RequestId,
    RoomId,
    RoomName,
    SessionsRevoked,
    TopicSet,
)
from besedka.chat.principals import AccountRole
from besedka.limits import Limits
from besedka.store.stores import open_stores

NOW = 1_700_000_000_000
HASH = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA"


async def fill(directory: Path) -> None:
    """Three people, and a room of every kind."""
    stores = open_stores(directory, limits=Limits())
    accounts, logs = stores.accounts, stores.logs
    for person in (ANN, BOB, EVE):
        role = AccountRole.ADMIN if person is ANN else AccountRole.USER
        await accounts.add_account(
            name=person.name, password_hash=HASH, role=role, address="192.0.2.1", now=NOW, invitation=None
        )
        await accounts.visited(person.principal, address="192.0.2.2", now=NOW + 1)
    laptop: dict[str, Any] = {"token": "ann's laptop", "address": "192.0.2.2"}  # A token was no more than that.
    await accounts.add_token(ANN.principal, **laptop, now=NOW, expires=NOW + 10**12, at_most=9)
    await accounts.add_invitation("code", uses=2, now=NOW, expires=NOW + 10**12)
    await accounts.ban(account=EVE.principal, address=None, now=NOW, until=None)
    await accounts.ban(account=None, address="198.51.100.0/24", now=NOW, until=NOW + 10**12)
    requests = [RequestId(f"{number:032x}") for number in range(9)]
    lobby = opening(1, "lobby", joined(ANN, BOB), Message("hé\n\x1b[31m 🙂", Manner.DONE), requests=requests)
    await logs.append([lobby, inbox(2, ANN), inbox(3, BOB), inbox(4, EVE), direct(5, ANN, BOB)])
    more = addition(lobby.after, TopicSet("tea"), Message('@bob: \'"kind":"message"\''), left(BOB), author=BOB)
    await logs.append([more, opening(6, "Straße", joined(ANN), Message("hush"), kind=Kind.PRIVATE)])
    over = opening(7, "over", joined(EVE), Message("bye"), left(EVE), Archived(), owner=None)
    passing = opening(8, "Passing", joined(BOB), owner=None)
    box = addition(
        inbox(2, ANN).after,
        Entered(RoomId(5), Kind.DIRECT, RoomName(""), 2, (ANN, BOB)),
        Left(RoomId(9), 3),
        SessionsRevoked(),
    )
    await logs.append([over, passing, box, direct(9, EVE, EVE)])
    await logs.add_step('{"remove": 7}')
    await stores.close()


def main() -> None:
    """Print both files."""
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(fill(Path(directory)))
        for name in ("messages.db", "accounts.db"):
            connection = sqlite3.connect(Path(directory) / name)
            sys.stdout.write(f"-- {name}\n")
            for pragma in ("application_id", "user_version"):
                sys.stdout.write(f"PRAGMA {pragma} = {connection.execute(f'PRAGMA {pragma}').fetchone()[0]};\n")
            sys.stdout.writelines(f"{line}\n" for line in connection.iterdump())
            connection.close()


if __name__ == "__main__":
    main()
