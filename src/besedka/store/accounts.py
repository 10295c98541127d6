"""People in SQLite: what a login needs of them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from besedka.chat.forgetting import tombstone
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import SERVER, AccountName, AccountRole, PrincipalId
from besedka.hub.accounts import Account, Credentials, InvitationState, Token
from besedka.hub.faults import NameTaken, StoreFault
from besedka.hub.tokens import digest_handle
from besedka.limits import Limits
from besedka.store.digests import digest
from besedka.store.faults import FILE_ERRORS, opening_fault
from besedka.store.networks import enclosing
from besedka.store.opening import ACCOUNTS, opened, reader
from besedka.store.rows import Row
from besedka.store.threads import Readers, Writer
from besedka.words import _

ACCOUNT_COLUMNS = "id, name, role, first_seen, first_address, last_seen, last_address, muted"

_ROLES = {role.value: role for role in AccountRole}


def account_of(row: Row) -> Account:
    """An account from `ACCOUNT_COLUMNS`."""
    id_, name, role, first_seen, first_address, last_seen, last_address, muted = row
    return Account(id_, name, _ROLES[role], first_seen, first_address, last_seen, last_address, bool(muted))


class SqliteLogins:
    """`accounts.db`, as a login uses it."""

    def __init__(
        self,
        path: Path,
        writer: sqlite3.Connection,
        reader: sqlite3.Connection,
        *,
        copy: Path | None,
        limits: Limits,
    ) -> None:
        self.copy = copy
        """The copy that was made of the file where this opening has brought it up to date."""
        self._limits = limits
        self._writer = Writer(path, writer)
        self._readers = Readers(path, [reader], name="reader")

    @classmethod
    def open(cls, directory: Path, *, limits: Limits, older: PrincipalId = SERVER) -> Self:
        """Open the file, making it where there is none; no id up to `older` is given from now on.

        Blocks; raises `CannotOpen`.
        """
        path = directory / ACCOUNTS.name
        connection, copy = opened(directory, ACCOUNTS, fill=_begin)
        try:
            connection.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'accounts' AND seq < ?1", (older,))
            return cls(path, connection, reader(path), copy=copy, limits=limits)
        except BaseException as error:
            connection.close()
            raise opening_fault(path, error) if isinstance(error, FILE_ERRORS) else error from None

    def stop(self) -> None:
        """Finish what was asked and close the file. Blocks; may be repeated."""
        self._readers.stop()
        self._writer.stop()

    async def close(self) -> None:
        """The same without blocking the loop."""
        await asyncio.to_thread(self.stop)

    async def credentials(self, name: FoldedName) -> Credentials | None:
        """The account of this name with its hash."""
        row = await self._row(f"SELECT {ACCOUNT_COLUMNS}, password_hash FROM accounts WHERE folded = ?", name)
        return None if row is None else Credentials(account_of(row[:-1]), row[-1])

    async def account(self, account: PrincipalId) -> Account | None:
        """The account of this id."""
        query = f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE id = ? AND folded IS NOT NULL"
        row = await self._row(query, account)
        return None if row is None else account_of(row)

    async def account_named(self, name: FoldedName) -> Account | None:
        """The account of this name."""
        row = await self._row(f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE folded = ?", name)
        return None if row is None else account_of(row)

    async def add_account(
        self,
        *,
        name: AccountName,
        password_hash: str,
        role: AccountRole,
        address: str,
        now: int,
        invitation: str | None,
    ) -> Account:
        """Make an account, spending one use of `invitation` in the same commit."""

        def write(connection: sqlite3.Connection) -> Account:
            if _is_kept(connection, fold(name), now):
                raise NameTaken(_("that name was somebody's who is removed"))
            row = connection.execute(
                "INSERT INTO accounts (name, folded, role, password_hash, first_seen, first_address, last_seen,"
                " last_address, muted) VALUES (?, ?, ?, ?, ?, ?, 0, '', 0)"
                f" ON CONFLICT DO NOTHING RETURNING {ACCOUNT_COLUMNS}",
                (name, fold(name), role.value, password_hash, now, address),
            ).fetchone()
            if row is None:
                raise NameTaken(_("an account of that name exists"))
            if invitation is not None and not _spend(connection, invitation, now):
                raise StoreFault(_("the invitation is used up or has expired"))
            return account_of(row)

        return await self._writer.call(write)

    async def invitation(self, code: str, *, now: int) -> InvitationState:
        """Whether the code is known, not expired and not used up."""
        query = "SELECT 1 FROM invitations WHERE digest = ? AND uses_left > 0 AND expires > ?"
        row = await self._row(query, digest(code), now)
        return InvitationState.BAD if row is None else InvitationState.GOOD

    async def name_kept(self, name: FoldedName, *, now: int) -> bool:
        """Whether this was the name of somebody removed too lately for anybody else to bear it."""
        return await self._readers.call(lambda connection: _is_kept(connection, name, now))

    async def remove_account(self, account: PrincipalId, *, name_until: int = 0) -> None:
        """Nothing of it is left but its id, which is never given again. May be repeated."""
        await self._writer.call(lambda connection: _remove(connection, account, name_until))
        await self._writer.call_between(_fold_log_in)

    async def rehash(self, account: PrincipalId, *, old: str, new: str) -> None:
        """Replace a hash, unless it has changed meanwhile."""
        query = "UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ? AND folded IS NOT NULL"
        await self._do(query, new, account, old)

    async def visited(self, account: PrincipalId, *, address: str, now: int) -> None:
        """Note a login."""
        known_max = self._limits.login_known_max

        def write(connection: sqlite3.Connection) -> None:
            query = "UPDATE accounts SET last_seen = ?, last_address = ? WHERE id = ? AND folded IS NOT NULL"
            if connection.execute(query, (now, address, account)).rowcount == 0:
                return
            connection.execute("INSERT OR REPLACE INTO known VALUES (?, ?, ?)", (account, address, now))
            connection.execute(
                "DELETE FROM known WHERE (account, address) IN"
                " (SELECT account, address FROM known ORDER BY time DESC LIMIT -1 OFFSET ?)",
                (known_max,),
            )

        await self._writer.call(write)

    async def known_address(self, account: PrincipalId, address: str) -> bool:
        """Whether a login to this account has ever succeeded from this address."""
        return await self._row("SELECT 1 FROM known WHERE account = ? AND address = ?", account, address) is not None

    async def add_token(
        self, account: PrincipalId, *, token: str, client: str, address: str, now: int, expires: int, at_most: int
    ) -> None:
        """Keep a session token; the account's longest unused beyond `at_most` die."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO tokens (digest, account, client, address, used, expires)"
                " SELECT ?, id, ?, ?, ?, ? FROM accounts WHERE id = ? AND folded IS NOT NULL",
                (digest(token), client, address, now, expires, account),
            )
            connection.execute(
                "DELETE FROM tokens WHERE rowid IN (SELECT rowid FROM tokens WHERE account = ?"
                " ORDER BY used DESC, rowid DESC LIMIT -1 OFFSET ?)",
                (account, at_most),
            )

        await self._writer.call(write)

    async def tokens(self, account: PrincipalId, *, now: int) -> Sequence[Token]:
        """The live tokens of an account, the one last used first."""
        query = (
            "SELECT digest, client, address, used FROM tokens WHERE account = ? AND expires > ?"
            " ORDER BY used DESC, rowid DESC"
        )
        rows = await self._readers.call(lambda connection: connection.execute(query, (account, now)).fetchall())
        return [Token(digest_handle(kept), *row) for kept, *row in rows]

    async def drop_tokens(self, account: PrincipalId, *, handle: str | None = None, but: str | None = None) -> int:
        """End the token of this handle, or (None) all of the account but the one of handle `but`; how many ended."""
        return await self._writer.call(lambda connection: _drop_tokens(connection, account, handle=handle, but=but))

    async def change_password(self, account: PrincipalId, *, old: str, new: str, but: str | None) -> bool:
        """Replace the hash `old` by `new` and end all tokens but that of handle `but`, in one commit."""

        def write(connection: sqlite3.Connection) -> bool:
            query = "UPDATE accounts SET password_hash = ? WHERE id = ? AND password_hash = ? AND folded IS NOT NULL"
            if connection.execute(query, (new, account, old)).rowcount == 0:
                return False
            _drop_tokens(connection, account, handle=None, but=but)
            return True

        return await self._writer.call(write)

    async def redeem_token(self, token: str, *, now: int, expires: int) -> Account | None:
        """Whose live token this is, prolonging it until `expires`."""

        def write(connection: sqlite3.Connection) -> Account | None:
            query = "UPDATE tokens SET used = ?1, expires = ?2 WHERE digest = ?3 AND expires > ?1 RETURNING account"
            whose = connection.execute(query, (now, expires, digest(token))).fetchone()
            if whose is None:
                return None
            row = connection.execute(f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE id = ?", whose).fetchone()
            return account_of(row)

        return await self._writer.call(write)

    async def drop_token(self, token: str) -> None:
        """End one token."""
        await self._do("DELETE FROM tokens WHERE digest = ?", digest(token))

    async def banned(self, account: PrincipalId | None, address: str, *, now: int) -> bool:
        """Whether a ban on this account or address is in force."""
        networks = enclosing(address)
        marks = ", ".join("?" * len(networks))
        query = (
            f"SELECT 1 FROM bans WHERE (account = ? OR network IN ({marks})) AND (until IS NULL OR until > ?) LIMIT 1"
        )
        return await self._row(query, account, *networks, now) is not None

    async def _row(self, query: str, *values: int | str | bytes | None) -> Row | None:
        def read(connection: sqlite3.Connection) -> Row | None:
            row: Row | None = connection.execute(query, values).fetchone()
            return row

        return await self._readers.call(read)

    async def _do(self, query: str, *values: int | str | bytes | None) -> int:
        """Carry out one statement; how many rows it changed."""
        return await self._writer.call(lambda connection: connection.execute(query, values).rowcount)


def _drop_tokens(connection: sqlite3.Connection, account: PrincipalId, *, handle: str | None, but: str | None) -> int:
    ended = [
        (kept,)
        for (kept,) in connection.execute("SELECT digest FROM tokens WHERE account = ?", (account,)).fetchall()
        if (digest_handle(kept) == handle if handle is not None else digest_handle(kept) != but)
    ]
    for one in ended:
        connection.execute("DELETE FROM tokens WHERE digest = ?", one)
    return len(ended)


def _is_kept(connection: sqlite3.Connection, name: FoldedName, now: int) -> bool:
    query = "SELECT 1 FROM kept_names WHERE folded = ? AND until > ?"
    return connection.execute(query, (name, now)).fetchone() is not None


def _remove(connection: sqlite3.Connection, account: PrincipalId, name_until: int) -> None:
    """What stood in the rows is overwritten as they change (`secure_delete`)."""
    connection.execute(
        "INSERT OR REPLACE INTO kept_names (folded, until)"
        " SELECT folded, ? FROM accounts WHERE id = ? AND folded IS NOT NULL",
        (name_until, account),
    )
    connection.execute(
        "UPDATE accounts SET name = ?, folded = NULL, role = 'user', password_hash = '', first_seen = 0,"
        " first_address = '', last_seen = 0, last_address = '', muted = 0 WHERE id = ?",
        (tombstone(account), account),
    )
    for table in ("tokens", "known", "bans"):
        connection.execute(f"DELETE FROM {table} WHERE account = ?", (account,))


def _fold_log_in(connection: sqlite3.Connection) -> None:
    """Older versions of the rows are in the write-ahead log; where a reader is in the way, the next fold takes them."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()


def _spend(connection: sqlite3.Connection, invitation: str, now: int) -> bool:
    query = "UPDATE invitations SET uses_left = uses_left - 1 WHERE digest = ? AND uses_left > 0 AND expires > ?"
    return connection.execute(query, (digest(invitation), now)).rowcount == 1


def _begin(connection: sqlite3.Connection) -> None:
    """Count ids from one, in a place that can be moved on."""
    connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('accounts', 0)")
