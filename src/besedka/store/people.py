"""People in SQLite: what the operator changes of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from besedka.chat.principals import AccountRole, PrincipalId
from besedka.hub.accounts import Account
from besedka.hub.seen import Ban
from besedka.store.accounts import ACCOUNT_COLUMNS, SqliteLogins, account_of
from besedka.store.digests import digest
from besedka.store.networks import network


class SqliteAccountStore(SqliteLogins):
    """`accounts.db`, all of it. Made by `open`; to be closed."""

    async def accounts(self) -> Sequence[Account]:
        """Everybody registered, by name."""
        query = f"SELECT {ACCOUNT_COLUMNS} FROM accounts WHERE folded IS NOT NULL ORDER BY folded"
        rows = await self._readers.call(lambda connection: connection.execute(query).fetchall())
        return [account_of(row) for row in rows]

    async def administrators(self) -> int:
        """How many accounts are administrators'."""
        row = await self._row("SELECT count(*) FROM accounts WHERE role = 'admin' AND folded IS NOT NULL")
        return 0 if row is None else int(row[0])

    async def addresses(self, account: PrincipalId) -> Sequence[str]:
        """From where logins to this account have succeeded lately, in order."""
        query = "SELECT address FROM known WHERE account = ? ORDER BY address"
        rows = await self._readers.call(lambda connection: connection.execute(query, (account,)).fetchall())
        return [address for (address,) in rows]

    async def set_password(self, account: PrincipalId, password_hash: str) -> None:
        """Replace the hash and end every token, in one commit."""

        def write(connection: sqlite3.Connection) -> None:
            query = "UPDATE accounts SET password_hash = ? WHERE id = ? AND folded IS NOT NULL"
            connection.execute(query, (password_hash, account))
            connection.execute("DELETE FROM tokens WHERE account = ?", (account,))

        await self._writer.call(write)

    async def set_role(self, account: PrincipalId, role: AccountRole) -> None:
        """What the account may do on the server."""
        await self._do("UPDATE accounts SET role = ? WHERE id = ?", role.value, account)

    async def set_muted(self, account: PrincipalId, muted: bool) -> None:
        """Whether the account is without a voice."""
        await self._do("UPDATE accounts SET muted = ? WHERE id = ?", int(muted), account)

    async def ban(self, *, account: PrincipalId | None, address: str | None, now: int, until: int | None) -> None:
        """Keep an account, or an address or network, out until a time (None: for ever).

        A ban that is there already is replaced; a ban of an account ends its tokens. Raises ValueError for what is no
        address.
        """
        assert (account is None) != (address is None), "a ban is of an account or of an address"
        banned = None if address is None else network(address)

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT OR REPLACE INTO bans (account, network, since, until) VALUES (?, ?, ?, ?)",
                (account, banned, now, until),
            )
            connection.execute("DELETE FROM bans WHERE until <= ?", (now,))
            connection.execute("DELETE FROM tokens WHERE account = ?", (account,))

        await self._writer.call(write)

    async def unban(self, *, account: PrincipalId | None, address: str | None) -> bool:
        """Lift a ban; whether there was one."""
        assert (account is None) != (address is None), "a ban is of an account or of an address"
        if address is None:
            return await self._do("DELETE FROM bans WHERE account = ?", account) > 0
        return await self._do("DELETE FROM bans WHERE network = ?", network(address)) > 0

    async def bans(self, *, now: int) -> Sequence[Ban]:
        """The bans in force, the oldest first."""
        query = (
            "SELECT coalesce(name, network), account, network, since, until FROM bans"
            " LEFT JOIN accounts ON accounts.id = account WHERE until IS NULL OR until > ? ORDER BY since, 1"
        )
        rows = await self._readers.call(lambda connection: connection.execute(query, (now,)).fetchall())
        return [Ban(*row) for row in rows]

    async def add_invitation(self, code: str, *, uses: int, now: int, expires: int) -> None:
        """Keep a code (hashed) that lets `uses` people register until `expires`; forget those that have expired."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM invitations WHERE expires <= ?", (now,))
            connection.execute("INSERT OR REPLACE INTO invitations VALUES (?, ?, ?)", (digest(code), uses, expires))

        await self._writer.call(write)
