"""The people in memory, for tests and the simulator."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.hub.accounts import Account, Credentials, InvitationState, Token
from besedka.hub.faults import NameTaken, StoreFault
from besedka.hub.seen import Ban
from besedka.hub.tokens import digest_handle
from besedka.limits import Limits
from besedka.store.digests import digest
from besedka.store.networks import enclosing, network
from besedka.words import _


class _Token(msgspec.Struct):
    account: PrincipalId
    client: str
    address: str
    used: int
    expires: int


class _Invitation(msgspec.Struct):
    uses_left: int
    expires: int


class _Ban(msgspec.Struct):
    since: int
    until: int | None

    def in_force(self, now: int) -> bool:
        return self.until is None or now < self.until


class MemoryAccountStore:
    """People in dictionaries."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._accounts: dict[PrincipalId, Account] = {}
        self._names: dict[FoldedName, PrincipalId] = {}
        self._hashes: dict[PrincipalId, str] = {}
        self._kept_names: dict[FoldedName, int] = {}
        self._given = 0
        self._tokens: dict[bytes, _Token] = {}
        self._invitations: dict[bytes, _Invitation] = {}
        self._known: dict[tuple[PrincipalId, str], None] = {}
        """The longest unused first."""
        self._bans: dict[PrincipalId | str, _Ban] = {}
        self.closed = False

    async def close(self) -> None:
        """Nothing to let go of."""
        self.closed = True

    # What a login needs.

    async def credentials(self, name: FoldedName) -> Credentials | None:
        """The account of this name with its hash."""
        account = self._names.get(name)
        return None if account is None else Credentials(self._accounts[account], self._hashes[account])

    async def account(self, account: PrincipalId) -> Account | None:
        """The account of this id."""
        return self._accounts.get(account)

    async def account_named(self, name: FoldedName) -> Account | None:
        """The account of this name."""
        account = self._names.get(name)
        return None if account is None else self._accounts[account]

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
        """Make an account, spending one use of `invitation`."""
        folded = fold(name)
        if folded in self._names or await self.name_kept(folded, now=now):
            raise NameTaken(_("an account of that name exists"))
        if invitation is not None:
            if await self.invitation(invitation, now=now) is InvitationState.BAD:
                raise StoreFault(_("the invitation is used up or has expired"))
            self._invitations[digest(invitation)].uses_left -= 1
        self._given += 1
        account = Account(PrincipalId(self._given), name, role, now, address, 0, "")
        self._accounts[account.id] = account
        self._names[folded] = account.id
        self._hashes[account.id] = password_hash
        return account

    async def invitation(self, code: str, *, now: int) -> InvitationState:
        """Whether the code is known, not expired and not used up."""
        known = self._invitations.get(digest(code))
        good = known is not None and known.uses_left > 0 and now < known.expires
        return InvitationState.GOOD if good else InvitationState.BAD

    async def rehash(self, account: PrincipalId, *, old: str, new: str) -> None:
        """Replace a hash, unless it has changed meanwhile."""
        if self._hashes.get(account) == old:
            self._hashes[account] = new

    async def visited(self, account: PrincipalId, *, address: str, now: int) -> None:
        """Note a login."""
        known = self._accounts.get(account)
        if known is None:
            return
        self._accounts[account] = msgspec.structs.replace(known, last_seen=now, last_address=address)
        self._known.pop((account, address), None)
        self._known[account, address] = None
        while len(self._known) > self._limits.login_known_max:
            del self._known[next(iter(self._known))]

    async def known_address(self, account: PrincipalId, address: str) -> bool:
        """Whether a login to this account has ever succeeded from this address."""
        return (account, address) in self._known

    async def administrators(self) -> int:
        """How many accounts are administrators'."""
        return sum(account.role is AccountRole.ADMIN for account in self._accounts.values())

    async def addresses(self, account: PrincipalId) -> Sequence[str]:
        """From where logins to this account have succeeded lately, in order."""
        return sorted(address for whose, address in self._known if whose == account)

    async def add_token(
        self, account: PrincipalId, *, token: str, client: str, address: str, now: int, expires: int, at_most: int
    ) -> None:
        """Keep a session token; the account's longest unused beyond `at_most` die."""
        if account not in self._accounts:
            return
        self._tokens[digest(token)] = _Token(account, client, address, now, expires)
        mine = [key for key, one in self._tokens.items() if one.account == account]
        mine.sort(key=lambda key: self._tokens[key].used)  # Of those used at the same time, the first made goes first.
        for key in mine[: max(len(mine) - at_most, 0)]:
            del self._tokens[key]

    async def tokens(self, account: PrincipalId, *, now: int) -> Sequence[Token]:
        """The live tokens of an account, the one last used first."""
        live = [(key, one) for key, one in self._tokens.items() if one.account == account and now < one.expires]
        live.reverse()  # Of those used at the same time, the last made comes first.
        live.sort(key=lambda pair: -pair[1].used)
        return [Token(digest_handle(key), one.client, one.address, one.used) for key, one in live]

    async def drop_tokens(self, account: PrincipalId, *, handle: str | None = None, but: str | None = None) -> int:
        """End the token of this handle, or (None) all of the account but the one of handle `but`; how many ended."""
        mine = {digest_handle(key): key for key, one in self._tokens.items() if one.account == account}
        ended = [key for name, key in mine.items() if (name == handle if handle is not None else name != but)]
        for key in ended:
            del self._tokens[key]
        return len(ended)

    async def change_password(self, account: PrincipalId, *, old: str, new: str, but: str | None) -> bool:
        """Replace the hash `old` by `new` and end all tokens but that of handle `but`."""
        if self._hashes.get(account) != old:
            return False
        self._hashes[account] = new
        await self.drop_tokens(account, but=but)
        return True

    async def redeem_token(self, token: str, *, now: int, expires: int) -> Account | None:
        """Whose live token this is, prolonging it until `expires`."""
        known = self._tokens.get(digest(token))
        if known is None or now >= known.expires:
            return None
        known.used, known.expires = now, expires
        return self._accounts[known.account]

    async def drop_token(self, token: str) -> None:
        """End one token."""
        self._tokens.pop(digest(token), None)

    async def banned(self, account: PrincipalId | None, address: str, *, now: int) -> bool:
        """Whether a ban on this account or address is in force."""
        places: list[PrincipalId | str] = [*enclosing(address)]
        if account is not None:
            places.append(account)
        return any(place in self._bans and self._bans[place].in_force(now) for place in places)

    # What the operator changes.

    async def accounts(self) -> Sequence[Account]:
        """Everybody registered, by name."""
        return [self._accounts[account] for _, account in sorted(self._names.items())]

    async def set_password(self, account: PrincipalId, password_hash: str) -> None:
        """Replace the hash and end every token."""
        if account in self._hashes:
            self._hashes[account] = password_hash
            await self.drop_tokens(account)

    async def set_role(self, account: PrincipalId, role: AccountRole) -> None:
        """What the account may do on the server."""
        if account in self._accounts:
            self._accounts[account] = msgspec.structs.replace(self._accounts[account], role=role)

    async def set_muted(self, account: PrincipalId, muted: bool) -> None:
        """Whether the account has a voice."""
        if account in self._accounts:
            self._accounts[account] = msgspec.structs.replace(self._accounts[account], muted=muted)

    async def name_kept(self, name: FoldedName, *, now: int) -> bool:
        """Whether this was the name of somebody removed too lately for anybody else to bear it."""
        return self._kept_names.get(name, 0) > now

    async def remove_account(self, account: PrincipalId, *, name_until: int = 0) -> None:
        """Nothing of it is left but its id, which is never given again."""
        gone = self._accounts.pop(account, None)
        if gone is None:
            return
        del self._names[fold(gone.name)]
        self._kept_names[fold(gone.name)] = name_until
        del self._hashes[account]
        self._bans.pop(account, None)
        await self.drop_tokens(account)
        self._known = {pair: None for pair in self._known if pair[0] != account}

    async def ban(self, *, account: PrincipalId | None, address: str | None, now: int, until: int | None) -> None:
        """Keep an account or an address out; a ban that is there already is replaced."""
        self._bans[_place(account, address)] = _Ban(now, until)
        if account is not None:
            await self.drop_tokens(account)

    async def unban(self, *, account: PrincipalId | None, address: str | None) -> bool:
        """Lift a ban; whether there was one."""
        return self._bans.pop(_place(account, address), None) is not None

    async def bans(self, *, now: int) -> Sequence[Ban]:
        """The bans in force, the oldest first."""
        bans = [
            Ban(place, None, place, ban.since, ban.until)
            if isinstance(place, str)
            else Ban(self._accounts[place].name, place, None, ban.since, ban.until)
            for place, ban in self._bans.items()
            if ban.in_force(now)
        ]
        return sorted(bans, key=lambda ban: (ban.since, ban.what))

    async def add_invitation(self, code: str, *, uses: int, now: int, expires: int) -> None:
        """Keep a code (hashed) that lets `uses` people register until `expires`."""
        self._invitations = {key: one for key, one in self._invitations.items() if now < one.expires}
        self._invitations[digest(code)] = _Invitation(uses, expires)


def _place(account: PrincipalId | None, address: str | None) -> PrincipalId | str:
    assert (account is None) != (address is None), "a ban is of an account or of an address"
    if account is not None:
        return account
    assert address is not None
    return network(address)
