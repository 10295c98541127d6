"""What every store of people does, in memory and in SQLite."""

from __future__ import annotations

from typing import Protocol

import pytest

from besedka.admin.ports import People
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.hub.accounts import Account, AccountStore, Credentials, InvitationState, Token
from besedka.hub.faults import NameTaken, StoreFault
from besedka.hub.seen import Ban
from besedka.hub.tokens import token_handle
from running import Run

NOW = 1_700_000_000_000
LATER = NOW + 1000
HASH = "$argon2id$first"
GOOD, BAD = InvitationState.GOOD, InvitationState.BAD


class Accounts(AccountStore, People, Protocol):
    """All that is asked of a store of people."""


def add(accounts: Accounts, run: Run, name: str, *, invitation: str | None = None, now: int = NOW) -> Account:
    return run(
        accounts.add_account(
            name=AccountName(name),
            password_hash=HASH,
            role=AccountRole.USER,
            address="192.0.2.1",
            now=now,
            invitation=invitation,
        )
    )


def add_token(accounts: Accounts, run: Run, account: Account, token: str, *, now: int = NOW, at_most: int = 9) -> None:
    client, address = f"program {token}", "192.0.2.1"
    run(
        accounts.add_token(
            account.id, token=token, client=client, address=address, now=now, expires=now + 10, at_most=at_most
        )
    )


def alive(accounts: Accounts, run: Run, *tokens: str, now: int = NOW) -> str:
    """Which of these tokens are good, each prolonged by 10 ms."""
    return "".join(token for token in tokens if run(accounts.redeem_token(token, now=now, expires=now + 10)))


# Accounts --------------------------------------------------------------------------------------------------------


def test_an_account_is_found_by_name_in_any_case_and_by_id(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "Änn")
    assert ann == Account(
        PrincipalId(1), AccountName("Änn"), AccountRole.USER, NOW, "192.0.2.1", last_seen=0, last_address=""
    )
    assert run(accounts.account(ann.id)) == ann
    assert run(accounts.account_named(fold("äNN"))) == ann
    assert run(accounts.credentials(fold("äNN"))) == Credentials(ann, HASH)
    assert run(accounts.account(PrincipalId(2))) is None
    assert run(accounts.account_named(fold("bob"))) is None
    assert run(accounts.credentials(fold("bob"))) is None


def test_a_name_is_borne_once(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "ann")
    with pytest.raises(NameTaken):
        add(accounts, run, "ANN")
    assert run(accounts.accounts()) == [ann]


def test_accounts_are_listed_by_name(accounts: Accounts, run: Run) -> None:
    assert run(accounts.accounts()) == []
    zoe, ann, bob = (add(accounts, run, name) for name in ("zoe", "Ann", "bob"))
    assert run(accounts.accounts()) == [ann, bob, zoe]


def test_role_and_voice_are_changed(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    run(accounts.set_role(ann.id, AccountRole.ADMIN))
    run(accounts.set_muted(ann.id, True))
    changed = run(accounts.account(ann.id))
    assert changed is not None
    assert (changed.role, changed.muted) == (AccountRole.ADMIN, True)
    run(accounts.set_role(ann.id, AccountRole.USER))
    run(accounts.set_muted(ann.id, False))
    assert run(accounts.accounts()) == [ann, bob]


def test_a_visit_is_noted_with_its_address(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    run(accounts.visited(ann.id, address="2001:db8::1", now=LATER))
    seen = run(accounts.account(ann.id))
    assert seen is not None
    assert (seen.first_seen, seen.first_address) == (NOW, "192.0.2.1")
    assert (seen.last_seen, seen.last_address) == (LATER, "2001:db8::1")
    assert run(accounts.account(bob.id)) == bob
    assert run(accounts.known_address(ann.id, "2001:db8::1"))
    assert not run(accounts.known_address(ann.id, "192.0.2.1"))
    assert not run(accounts.known_address(bob.id, "2001:db8::1"))


def test_the_address_unused_for_longest_is_forgotten_first(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "ann")
    for now, address in enumerate("abcad"):  # Three are remembered (conftest).
        run(accounts.visited(ann.id, address=address, now=now))
    assert [address for address in "abcd" if run(accounts.known_address(ann.id, address))] == ["a", "c", "d"]


def test_whoever_is_not_there_does_not_visit(accounts: Accounts, run: Run) -> None:
    run(accounts.visited(PrincipalId(7), address="192.0.2.1", now=NOW))
    assert not run(accounts.known_address(PrincipalId(7), "192.0.2.1"))


def test_a_hash_is_made_anew_only_from_the_one_that_was_checked(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    run(accounts.rehash(ann.id, old="another", new="wrong"))
    assert run(accounts.credentials(fold("ann"))) == Credentials(ann, HASH)
    run(accounts.rehash(ann.id, old=HASH, new="better"))
    assert run(accounts.credentials(fold("ann"))) == Credentials(ann, "better")
    assert run(accounts.credentials(fold("bob"))) == Credentials(bob, HASH)


def test_a_new_password_ends_every_token_of_its_account(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    for account, token in ((ann, "1"), (ann, "2"), (bob, "3")):
        add_token(accounts, run, account, token)
    run(accounts.set_password(ann.id, "other"))
    assert run(accounts.credentials(fold("ann"))) == Credentials(ann, "other")
    assert run(accounts.credentials(fold("bob"))) == Credentials(bob, HASH)
    assert alive(accounts, run, "1", "2", "3") == "3"


def test_a_removed_account_leaves_its_name_and_nothing_else(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    for account, token in ((ann, "1"), (bob, "2")):
        add_token(accounts, run, account, token)
        run(accounts.visited(account.id, address="192.0.2.9", now=NOW))
        run(accounts.ban(account=account.id, address=None, now=NOW, until=None))
    add_token(accounts, run, ann, "1")
    add_token(accounts, run, bob, "2")
    for _ in range(2):
        run(accounts.remove_account(ann.id))
    assert run(accounts.account(ann.id)) is None
    assert run(accounts.account_named(fold("ann"))) is None
    assert run(accounts.credentials(fold("ann"))) is None
    assert [account.id for account in run(accounts.accounts())] == [bob.id]
    assert alive(accounts, run, "1", "2") == "2"
    assert not run(accounts.known_address(ann.id, "192.0.2.9"))
    assert run(accounts.known_address(bob.id, "192.0.2.9"))
    assert [ban.account for ban in run(accounts.bans(now=NOW))] == [bob.id]


def test_what_comes_late_for_a_removed_account_changes_nothing(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "ann")
    run(accounts.remove_account(ann.id))
    run(accounts.rehash(ann.id, old="", new="x"))
    run(accounts.set_password(ann.id, "x"))
    run(accounts.set_role(ann.id, AccountRole.ADMIN))
    run(accounts.set_muted(ann.id, True))
    run(accounts.visited(ann.id, address="192.0.2.1", now=NOW))
    add_token(accounts, run, ann, "late")
    assert alive(accounts, run, "late") == ""
    assert not run(accounts.known_address(ann.id, "192.0.2.1"))
    assert run(accounts.account(ann.id)) is None


def test_the_name_of_somebody_removed_is_nobodys_for_a_while(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "Ann")
    assert not run(accounts.name_kept(fold("ann"), now=NOW))
    run(accounts.remove_account(ann.id, name_until=NOW + 10))
    run(accounts.remove_account(ann.id, name_until=NOW + 99))  # It has borne none since the first time.
    assert run(accounts.name_kept(fold("ANN"), now=NOW + 9))
    with pytest.raises(NameTaken):
        add(accounts, run, "ann")
    assert not run(accounts.name_kept(fold("ann"), now=NOW + 10))
    other = run(
        accounts.add_account(
            name=AccountName("ann"),
            password_hash=HASH,
            role=AccountRole.USER,
            address="",
            now=NOW + 10,
            invitation=None,
        )
    )
    assert other.id > ann.id


def test_an_id_is_never_given_again(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "ann")
    run(accounts.remove_account(ann.id))
    again = add(accounts, run, "ann")
    assert again.id > ann.id
    assert run(accounts.account_named(fold("ann"))) == again


# Invitations -----------------------------------------------------------------------------------------------------


def test_an_invitation_is_good_until_it_expires(accounts: Accounts, run: Run) -> None:
    run(accounts.add_invitation("code", uses=1, now=NOW, expires=LATER))
    assert run(accounts.invitation("code", now=LATER - 1)) is GOOD
    assert run(accounts.invitation("code", now=LATER)) is BAD
    assert run(accounts.invitation("Code", now=NOW)) is BAD


def test_an_invitation_lets_in_as_many_as_it_says(accounts: Accounts, run: Run) -> None:
    run(accounts.add_invitation("code", uses=2, now=NOW, expires=LATER))
    add(accounts, run, "ann", invitation="code")
    assert run(accounts.invitation("code", now=NOW)) is GOOD
    add(accounts, run, "bob", invitation="code")
    assert run(accounts.invitation("code", now=NOW)) is BAD
    with pytest.raises(StoreFault) as refused:
        add(accounts, run, "eve", invitation="code")
    assert not isinstance(refused.value, NameTaken)
    assert [account.name for account in run(accounts.accounts())] == ["ann", "bob"]


def test_whoever_fails_to_register_spends_no_invitation(accounts: Accounts, run: Run) -> None:
    add(accounts, run, "ann")
    run(accounts.add_invitation("code", uses=1, now=NOW, expires=LATER))
    with pytest.raises(NameTaken):
        add(accounts, run, "Ann", invitation="code")
    with pytest.raises(StoreFault):
        add(accounts, run, "bob", invitation="code", now=LATER)
    assert run(accounts.invitation("code", now=NOW)) is GOOD


# Tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_is_its_accounts_and_is_prolonged_by_use(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "ann")
    add_token(accounts, run, ann, "t")
    assert run(accounts.redeem_token("t", now=NOW + 9, expires=NOW + 20)) == ann
    assert run(accounts.redeem_token("t", now=NOW + 19, expires=NOW + 21)) == ann
    assert run(accounts.redeem_token("t", now=NOW + 21, expires=NOW + 99)) is None
    assert run(accounts.redeem_token("other", now=NOW, expires=NOW + 99)) is None


def test_a_token_dropped_is_dead_and_the_others_live(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    for account, token in ((ann, "1"), (ann, "2"), (bob, "3")):
        add_token(accounts, run, account, token)
    run(accounts.drop_token("1"))
    run(accounts.drop_token("1"))
    assert alive(accounts, run, "1", "2", "3") == "23"


def test_beyond_its_number_the_token_unused_for_longest_dies(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    add_token(accounts, run, bob, "b")
    for now, token in enumerate("123", start=NOW):
        add_token(accounts, run, ann, token, now=now)
    assert alive(accounts, run, "1", now=NOW + 4) == "1"
    add_token(accounts, run, ann, "4", now=NOW + 5, at_most=3)
    assert alive(accounts, run, "1", "2", "3", "4", "b", now=NOW + 6) == "134b"


def test_of_tokens_used_at_the_same_time_the_new_one_lives(accounts: Accounts, run: Run) -> None:
    ann = add(accounts, run, "ann")
    for token in "123456789":
        add_token(accounts, run, ann, token, at_most=1)
        assert alive(accounts, run, *"123456789") == token


@pytest.mark.parametrize("token", ["t", "", "\ud800"])
def test_a_token_is_listed_by_the_name_the_hub_gives_it(accounts: Accounts, run: Run, token: str) -> None:
    ann = add(accounts, run, "ann")
    run(accounts.add_token(ann.id, token=token, client="", address="", now=NOW, expires=NOW + 1, at_most=9))
    assert [one.handle for one in run(accounts.tokens(ann.id, now=NOW))] == [token_handle(token)]


def test_live_tokens_are_listed_with_what_uses_them(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    for now, (account, token) in enumerate([(ann, "1"), (ann, "2"), (bob, "3"), (ann, "4")], start=NOW):
        add_token(accounts, run, account, token, now=now)
    assert alive(accounts, run, "1", now=NOW + 5) == "1"
    listed = run(accounts.tokens(ann.id, now=NOW + 10))
    assert listed == [
        Token(token_handle("1"), "program 1", "192.0.2.1", NOW + 5),
        Token(token_handle("4"), "program 4", "192.0.2.1", NOW + 3),
        Token(token_handle("2"), "program 2", "192.0.2.1", NOW + 1),
    ]
    assert run(accounts.tokens(ann.id, now=NOW + 11)) == listed[:2]
    assert run(accounts.tokens(PrincipalId(9), now=NOW)) == []


def test_one_token_is_ended_or_all_but_one(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    for account, token in ((ann, "1"), (ann, "2"), (ann, "3"), (ann, "4"), (bob, "5")):
        add_token(accounts, run, account, token)
    assert run(accounts.drop_tokens(ann.id, handle=token_handle("5"))) == 0
    assert run(accounts.drop_tokens(ann.id, handle=token_handle("2"))) == 1
    assert alive(accounts, run, *"12345") == "1345"
    assert run(accounts.drop_tokens(ann.id, but=token_handle("3"))) == 2
    assert alive(accounts, run, *"12345") == "35"
    assert run(accounts.drop_tokens(ann.id)) == 1
    assert alive(accounts, run, *"12345") == "5"


def test_whoever_changes_the_password_stays_and_the_others_go(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    for account, token in ((ann, "1"), (ann, "2"), (bob, "3")):
        add_token(accounts, run, account, token)
    assert not run(accounts.change_password(ann.id, old="another", new="new", but=None))
    assert not run(accounts.change_password(PrincipalId(9), old=HASH, new="new", but=None))
    assert alive(accounts, run, *"123") == "123"
    assert run(accounts.change_password(ann.id, old=HASH, new="new", but=token_handle("2")))
    assert run(accounts.credentials(fold("ann"))) == Credentials(ann, "new")
    assert run(accounts.credentials(fold("bob"))) == Credentials(bob, HASH)
    assert alive(accounts, run, *"123") == "23"
    assert run(accounts.change_password(ann.id, old="new", new="newer", but=None))
    assert alive(accounts, run, *"123") == "3"


# Bans ------------------------------------------------------------------------------------------------------------


def test_a_banned_account_is_out_at_any_address_without_its_tokens(accounts: Accounts, run: Run) -> None:
    ann, bob = add(accounts, run, "ann"), add(accounts, run, "bob")
    add_token(accounts, run, ann, "1")
    add_token(accounts, run, bob, "2")
    run(accounts.ban(account=ann.id, address=None, now=NOW, until=None))
    assert run(accounts.banned(ann.id, "192.0.2.1", now=LATER))
    assert not run(accounts.banned(bob.id, "192.0.2.1", now=LATER))
    assert not run(accounts.banned(None, "192.0.2.1", now=LATER))
    assert alive(accounts, run, "1", "2") == "2"
    assert run(accounts.bans(now=NOW)) == [Ban("ann", ann.id, None, NOW, None)]
    assert run(accounts.unban(account=ann.id, address=None))
    assert not run(accounts.unban(account=ann.id, address=None))
    assert not run(accounts.banned(ann.id, "192.0.2.1", now=LATER))


@pytest.mark.parametrize(
    ("banned", "inside", "outside"),
    [
        ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.7", "::ffff:192.0.2.7", "::ffff:192.0.2.8"),
        ("192.0.2.7/24", "192.0.2.200", "192.0.3.7"),
        ("0.0.0.0/0", "203.0.113.1", "2001:db8::1"),
        ("2001:DB8::/64", "2001:db8::abcd", "2001:db8:0:1::1"),
        ("2001:db8:0::1", "2001:db8::1", "2001:db8::2"),
        ("fe80::1%eth0", "fe80::1%eth1", "fe80::2%eth0"),
        ("::/0", "2001:db8::1", "203.0.113.1"),
        ("192.0.2.0/24", "192.0.2.1", "not an address"),
    ],
)
def test_a_ban_holds_for_every_address_in_its_network(
    accounts: Accounts, run: Run, banned: str, inside: str, outside: str
) -> None:
    run(accounts.ban(account=None, address=banned, now=NOW, until=None))
    assert run(accounts.banned(None, inside, now=NOW))
    assert run(accounts.banned(PrincipalId(1), inside, now=NOW))
    assert not run(accounts.banned(None, outside, now=NOW))
    assert run(accounts.unban(account=None, address=banned))
    assert not run(accounts.banned(None, inside, now=NOW))


def test_a_ban_ends_and_the_last_one_counts(accounts: Accounts, run: Run) -> None:
    run(accounts.ban(account=None, address="192.0.2.7", now=NOW, until=LATER))
    assert run(accounts.banned(None, "192.0.2.7", now=LATER - 1))
    assert not run(accounts.banned(None, "192.0.2.7", now=LATER))
    assert run(accounts.bans(now=LATER)) == []
    run(accounts.ban(account=None, address="192.0.2.7", now=NOW + 1, until=LATER + 1))
    assert run(accounts.banned(None, "192.0.2.7", now=LATER))
    assert run(accounts.bans(now=LATER)) == [Ban("192.0.2.7", None, "192.0.2.7", NOW + 1, LATER + 1)]


@pytest.mark.parametrize("wrong", ["", "localhost", "192.0.2.1/33", "192.0.2.1/x", "1.2.3"])
def test_only_an_address_or_network_is_banned(accounts: Accounts, run: Run, wrong: str) -> None:
    with pytest.raises(ValueError, match="neither an IP address nor a network"):
        run(accounts.ban(account=None, address=wrong, now=NOW, until=None))
    assert run(accounts.bans(now=NOW)) == []


# Secrets ---------------------------------------------------------------------------------------------------------


def test_no_representation_shows_a_hash(accounts: Accounts, run: Run) -> None:
    add(accounts, run, "ann")
    found = run(accounts.credentials(fold("ann")))
    assert HASH not in f"{found!r} {found}"
