"""A small data directory with people and words in it, to be backed up and restored."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from additions import ANN, BOB, addition, joined, opening, rewriting
from besedka.chat.entries import Message, Redacted
from besedka.chat.principals import AccountName, AccountRole
from besedka.hub.accounts import Account
from besedka.limits import Limits
from besedka.store.stores import Stores, open_stores
from running import Run

LONG = "secret " * 1000
"""A text that does not fit a page, and is taken back."""


async def make_account(stores: Stores, name: str) -> Account:
    """Somebody new, with a token that is their name."""
    account = await stores.accounts.add_account(
        name=AccountName(name), password_hash="!", role=AccountRole.USER, address="", now=1, invitation=None
    )
    await stores.accounts.add_token(
        account.id, token=name, client="test", address="", now=1, expires=1 << 50, at_most=9
    )
    return account


def furnish(data: Path, run: Run) -> None:
    """Ann and Bob, a room with what they said (some of it taken back), a certificate, a configuration."""
    stores = open_stores(data, limits=Limits())
    try:
        for person in (ANN, BOB):
            assert run(make_account(stores, person.name)).id == person.principal
        made = opening(1, "one", joined(ANN, BOB), Message(LONG), Message("kept"))
        run(stores.logs.append([made]))
        run(stores.logs.append([rewriting(made, addition(made.after, Redacted(3, ANN)))]))
    finally:
        run(stores.close())
    (data / "tls").mkdir(mode=0o700)
    (data / "tls" / "self-made.pem").write_text("a certificate and its key\n")
    (data / "besedka.toml").write_text('name = "linden"\n')


def epoch(data: Path) -> str:
    """Of the log in this directory."""
    return str(ask(data / "messages.db", "SELECT epoch FROM meta"))


def ask(file: Path, query: str) -> object:
    """The first value of the first row."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(query).fetchone()[0]


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, as it is."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".sock"
    }
