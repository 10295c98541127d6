"""What an operator does to accounts, with a running server and without one."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest

from besedka.admin.deeds import (
    AddUser,
    Ended,
    ImportUsers,
    ListUsers,
    MakeInvitation,
    RemoveUser,
    SetPassword,
    SetRole,
    Status,
)
from besedka.admin.oldusers import OldUser
from besedka.chat.audit import AuditLine
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import AccountRole
from besedka.hub.faults import StoreFault
from office import NOW, Office

MD5 = "5f4dcc3b5aa765d61d8327deb882cf99"
FINE = Ended(Status.FINE)
FAILED = Ended(Status.FAILED)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def kept_hash(office: Office, name: str) -> str:
    credentials = asyncio.run(office.accounts.credentials(fold(name)))
    assert credentials is not None
    return credentials.password_hash


def test_somebody_added_is_registered(office: Office) -> None:
    assert office.do(AddUser(name="Ann", password="correct horse")) == (FINE, ["Ann is registered."], [])
    account = office.account("ann")
    assert account is not None
    assert (account.name, account.role, account.first_seen) == ("Ann", AccountRole.USER, NOW)
    assert kept_hash(office, "ann") == "fake:" + hashlib.sha256(b"correct horse").hexdigest()


def test_only_the_operator_makes_an_administrator(office: Office) -> None:
    assert office.do(AddUser(name="ann", password="correct horse", admin=True))[0] == FINE
    account = office.account("ann")
    assert account is not None
    assert account.role is AccountRole.ADMIN


@pytest.mark.parametrize(
    ("name", "password", "fault"),
    [
        ("9lives", "correct horse", "A name has 1 to 32 letters"),
        ("", "correct horse", "A name has 1 to 32 letters"),
        ("server", "correct horse", "That name is reserved."),
        ("besedka", "correct horse", "That name is reserved."),
        ("BOB", "correct horse", "That name is taken."),
        ("ann", "", "A password cannot be empty."),
        ("ann", "x" * 1025, "A password has at most 1024 bytes."),
        ("ann", "\ud800", "That password has characters"),
    ],
)
def test_what_cannot_be_added_is_one_sentence(office: Office, name: str, password: str, fault: str) -> None:
    office.do(AddUser(name="bob", password="correct horse"))
    ended, lines, faults = office.do(AddUser(name=name, password=password))
    assert (ended, lines) == (FAILED, [])
    assert len(faults) == 1
    assert faults[0].startswith(fault)
    assert office.account("ann") is None


def test_a_name_that_somebody_is_just_taking_is_given_to_nobody(office: Office) -> None:
    office.governor.borne.append(fold("ann"))
    ended, lines, faults = office.do(AddUser(name="ANN", password="correct horse"))
    assert (ended, lines, len(faults)) == (FAILED, [], 1)
    assert faults[0].startswith("Somebody is just taking that name")
    ended, _, _ = office.do(ImportUsers(users=(OldUser(1, "ann", "", MD5), OldUser(2, "bob", "", MD5))))
    assert (ended.count, [str(refused) for refused in ended.refused]) == (1, [f"line 1: {faults[0]}"])
    assert office.account("ann") is None


def test_a_name_is_claimed_until_the_account_is_made_or_is_not(office: Office) -> None:
    claimed: list[FoldedName] = []

    async def look(password: str) -> str:
        claimed.extend(office.governor.borne)
        return "fake:"

    office.hashing.hash = look  # type: ignore[method-assign]
    for _ in range(2):
        office.do(AddUser(name="Ann", password="correct horse"))
        assert office.governor.borne == []
    assert claimed == [fold("ann")], "and no hash is made of a password for a name that is taken"


def test_a_short_password_is_the_operators_choice_with_a_warning(office: Office) -> None:
    ended, _lines, faults = office.do(AddUser(name="ann", password="1234567"))
    assert ended == FINE
    assert faults == ["Warning: a password of fewer than 8 characters is easily guessed."]
    assert office.do(AddUser(name="bob", password="12345678"))[2] == []


def test_the_list_shows_visits_and_nothing_that_moves_the_cursor(office: Office) -> None:
    office.do(AddUser(name="ann", password="correct horse", admin=True))
    office.do(ImportUsers(users=(OldUser(1, "Боб", "\x1b[2J", MD5),)))
    account = office.account("ann")
    assert account is not None
    asyncio.run(office.accounts.visited(account.id, address="2001:db8::1", now=NOW + 60_000))
    asyncio.run(office.accounts.set_muted(account.id, True))
    assert office.do(ListUsers())[1] == [
        "NAME  ROLE          FIRST SEEN (UTC)  FROM  LAST SEEN (UTC)   FROM",
        "ann   admin, muted  2023-11-14 22:13  -     2023-11-14 22:14  2001:db8::1",
        "Боб   user          2023-11-14 22:13  \ufffd[2J  -                 -",
    ]


@pytest.mark.parametrize(("days", "uses"), [(0, 1), (367, 1), (1, 0), (1, 10_001), (-1, 1)])
def test_an_invitation_without_bounds_is_misuse(office: Office, days: int, uses: int) -> None:
    ended, lines, faults = office.do(MakeInvitation(days=days, uses=uses))
    assert ended == Ended(Status.MISUSED)
    assert lines == []
    assert len(faults) == 1


def test_a_new_password_ends_everything_the_old_one_opened(office: Office) -> None:
    office.do(AddUser(name="ann", password="correct horse"))
    account = office.account("ann")
    assert account is not None
    asyncio.run(
        office.accounts.add_token(account.id, token="t", client="", address="", now=NOW, expires=NOW + 9, at_most=9)
    )
    assert office.do(SetPassword(name="ANN", password="battery staple"))[0] == FINE
    assert kept_hash(office, "ann") == "fake:" + hashlib.sha256(b"battery staple").hexdigest()
    assert asyncio.run(office.accounts.redeem_token("t", now=NOW, expires=NOW + 9)) is None
    assert office.governor.revocations == [account.id]
    assert office.do(SetPassword(name="ann", password=""))[2] == ["A password cannot be empty."]
    assert office.do(SetPassword(name="bob", password="battery staple"))[2] == ["There is nobody of that name."]


def test_a_role_reaches_the_store_and_the_sessions(office: Office) -> None:
    office.do(AddUser(name="ann", password="correct horse"))
    assert office.do(SetRole(name="ann", role=AccountRole.ADMIN))[1] == ["ann is an administrator now."]
    account = office.account("ann")
    assert account is not None
    assert account.role is AccountRole.ADMIN
    assert office.governor.changed == [account]
    assert office.do(SetRole(name="bob", role=AccountRole.USER))[0] == FAILED


def test_somebody_removed_is_gone_from_both_files(office: Office) -> None:
    office.do(AddUser(name="ann", password="correct horse"))
    account = office.account("ann")
    assert account is not None
    assert office.do(RemoveUser(name="ann")) == (FINE, ["ann is removed."], [])
    assert office.account("ann") is None
    assert office.governor.removals == [account.id]
    assert asyncio.run(office.logs.pending_steps()) == []
    assert office.do(RemoveUser(name="ann"))[2] == ["There is nobody of that name."]


@pytest.mark.parametrize("governed", [True, False])
def test_what_is_done_to_accounts_is_in_the_audit_trail(tmp_path: Path, governed: bool) -> None:
    office = Office(tmp_path, governed=governed)
    office.do(AddUser(name="ann", password="correct horse"))
    office.do(AddUser(name="root", password="correct horse", admin=True))
    office.do(SetRole(name="ANN", role=AccountRole.ADMIN))
    office.do(SetPassword(name="ANN", password="battery staple"))
    office.do(SetPassword(name="ann", password=""))
    office.do(RemoveUser(name="ANN"))
    for deed in (SetRole(name="ann", role=AccountRole.USER), RemoveUser(name="ann"), ListUsers()):
        office.do(deed)
    audited = office.audited()
    assert [row.line for row in audited] == [
        AuditLine("role", "root: admin"),
        AuditLine("role", "ann: admin"),
        AuditLine("password", "ann"),
        AuditLine("remove", "ann"),
    ]
    assert {(row.time, row.by, row.room) for row in audited} == {(NOW, "operator", "")}


def test_a_removal_that_was_interrupted_is_finished_at_the_next_start(office: Office) -> None:
    office.do(AddUser(name="ann", password="correct horse"))
    account = office.account("ann")
    assert account is not None
    office.governor.trouble = StoreFault("no")
    assert office.do(RemoveUser(name="ann"))[0] == FAILED
    assert office.account("ann") is None
    office.governor.trouble = None
    asyncio.run(office.desk.finish_steps())
    assert office.governor.removals == [account.id]
    assert asyncio.run(office.logs.pending_steps()) == []


def test_a_removal_that_cannot_be_finished_keeps_no_other_one(office: Office) -> None:
    for name in ("ann", "bob"):
        office.do(AddUser(name=name, password="correct horse"))
    ann, bob = office.account("ann"), office.account("bob")
    assert ann is not None
    assert bob is not None
    office.governor.trouble = StoreFault("no")
    for name in ("ann", "bob"):
        office.do(RemoveUser(name=name))
    office.governor.troubled = ann.id
    asyncio.run(office.desk.finish_steps())
    assert office.governor.removals == [bob.id]
    assert len(asyncio.run(office.logs.pending_steps())) == 1


def test_a_removal_without_a_server_is_finished_by_the_next_one(tmp_path: Path) -> None:
    alone = Office(tmp_path, governed=False)
    alone.do(AddUser(name="ann", password="correct horse"))
    ended, lines, _ = alone.do(RemoveUser(name="ann"))
    assert (ended, lines) == (FINE, ["ann is removed, and leaves its rooms when the server starts."])
    assert alone.account("ann") is None
    assert len(asyncio.run(alone.logs.pending_steps())) == 1


def test_an_import_wraps_the_digest_and_never_overwrites(office: Office) -> None:
    office.do(AddUser(name="bob", password="correct horse", admin=True))
    before = kept_hash(office, "bob")
    users = (
        OldUser(2, "ann", "192.0.2.1", MD5),
        OldUser(3, "BOB", "192.0.2.1", MD5),
        OldUser(4, "no spaces", "", MD5),
        OldUser(6, "system", "", MD5),
    )
    ended, lines, faults = office.do(ImportUsers(users=users))
    assert (ended.status, ended.count, lines, faults) == (Status.FAILED, 1, [], [])
    assert [refused.line for refused in ended.refused] == [3, 4, 6]
    assert str(ended.refused[0]) == "line 3: That name is taken."
    account = office.account("ann")
    assert account is not None
    assert (account.role, account.first_address) == (AccountRole.USER, "192.0.2.1")
    assert kept_hash(office, "ann") == "fake-md5:" + hashlib.sha256(MD5.encode()).hexdigest()
    assert kept_hash(office, "bob") == before
    assert MD5 not in office.log_path.read_text()


def test_an_import_of_everybody_is_fine(office: Office) -> None:
    assert office.do(ImportUsers(users=(OldUser(1, "ann", "", MD5),)))[0] == Ended(Status.FINE, 1)


def test_no_deed_shows_what_it_carries() -> None:
    for deed in (AddUser(name="ann", password="hunter2"), SetPassword(name="ann", password="hunter2")):
        assert "hunter2" not in repr(deed) + str(deed)
