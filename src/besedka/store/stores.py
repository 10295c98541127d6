"""Both files of a data directory, opened together."""

from __future__ import annotations

from pathlib import Path

import msgspec

from besedka.limits import Limits
from besedka.store.faults import Missing
from besedka.store.logs import SqliteLogStore
from besedka.store.opening import ACCOUNTS, MESSAGES
from besedka.store.people import SqliteAccountStore
from besedka.store.replacing import finish_replacing
from besedka.words import _


class Stores(msgspec.Struct, frozen=True):
    """Rooms and people."""

    logs: SqliteLogStore
    accounts: SqliteAccountStore

    @property
    def copies(self) -> tuple[Path, ...]:
        """The copies that were made of files of an older version before this opening brought them up to date."""
        return tuple(copy for copy in (self.logs.copy, self.accounts.copy) if copy is not None)

    async def close(self) -> None:
        """Finish what was asked of both and close them."""
        await self.accounts.close()
        await self.logs.close()


def open_stores(directory: Path, *, limits: Limits) -> Stores:
    """Open the two files, making what is not there. Blocks; raises `CannotOpen`.

    The directory's lock is the caller's. Rooms refer to people by id, so a log never stands beside a file of people
    that would give its ids out again: where that file is gone nothing is opened, where it is older than the log (a
    backup was put back) its ids go on above those the log knows. A restore that a crash has cut is finished first.
    """
    finish_replacing(directory)
    people, log = directory / ACCOUNTS.name, directory / MESSAGES.name
    if log.exists() and not people.exists():
        raise Missing(
            _("{people}: it is gone but {name} is there; restore a backup, or move {name} away too.").format(
                people=people, name=log.name
            )
        )
    if not log.exists():  # People first, so that a crash between the two leaves what the next start completes.
        SqliteAccountStore.open(directory, limits=limits).stop()
    logs = SqliteLogStore.open(directory)
    try:
        return Stores(logs, SqliteAccountStore.open(directory, limits=limits, older=logs.newest_account))
    except BaseException:
        logs.stop()
        raise
