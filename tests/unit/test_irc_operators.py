"""Administrators at IRC: rights that are lent to a session, and what is done with them."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.entries import RoomName
from besedka.chat.names import fold
from besedka.chat.principals import AccountRole
from besedka.hub.removing import Removing
from hub_room import PASSWORD, HubRoom
from irc_company import Company, Sitter

OPER = f"OPER root :{PASSWORD}"


@pytest.fixture
def company() -> Company:
    company = Company(HubRoom())
    company.register("root", admin=True)
    company.register("cat")
    return company


def numerics(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] if line.startswith(":") else line.split(" ")[0] for line in lines]


def audited(company: Company) -> list[tuple[str, str, str]]:
    rows = company.server.done(company.server.logs.audit(limit=10))
    return [(row.by, row.line.act, row.line.whom) for row in rows if row.room == RoomName("")]


def may_kill(sitter: Sitter) -> bool:
    return numerics(sitter.asked("KILL nobody")) == ["401"]


def test_oper_lends_a_session_rights_until_it_gives_them_back(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    told = ann.asked(OPER)
    assert told[0] == "381 ann :You are now an IRC operator"
    assert told[1].endswith(" MODE ann +o")
    assert ann.asked("MODE ann") == ["221 ann +o"]
    assert "313 bob ann :is an administrator of this server" in bob.asked("WHOIS ann")
    assert bob.asked("WHO * o")[0].split(" ")[6:8] == ["ann", "H*"]
    assert company.world.counts().admins == 1
    assert audited(company) == [("root", "lend rights", "ann")]
    assert numerics(ann.asked("MODE ann -o")) == ["MODE"]
    assert ann.asked("KILL bob") == ["481 ann :Permission Denied- You're not an IRC operator"]
    assert (company.world.counts().admins, ann.asked("MODE ann")) == (0, ["221 ann +"])


def test_nothing_is_lent_for_a_wrong_password_to_a_user_or_on_an_unsafe_way(company: Company) -> None:
    ann = company.guest("ann")
    for wrong in ("OPER root :wrong horse", f"OPER cat :{PASSWORD}", "OPER zed x", "OPER = x"):
        assert ann.asked(wrong) == ["464 ann :Password incorrect"], wrong
        company.server.settle(60)
    assert numerics(ann.asked("OPER root")) == ["461"]
    eve = company.guest("eve", safe=False)
    assert numerics(eve.asked(OPER)) == ["491"]
    for one in (ann, eve):
        assert numerics(one.asked("KILL cat", "REHASH", "WALLOPS :hi")) == ["481", "481", "481"]


def test_wrong_passwords_make_one_wait(company: Company) -> None:
    ann = company.guest("ann")
    for _ in range(4):
        ann.write("OPER root :wrong horse")
        company.server.settle(0.5)
    ann.read()
    assert ann.asked(OPER) == []
    company.server.settle(5)
    assert numerics(ann.read()) == ["381", "MODE"]


def test_what_one_session_was_lent_no_other_of_its_account_has(company: Company) -> None:
    cat, other = company.account("cat"), company.account("cat")
    cat.write(OPER)
    assert may_kill(cat)
    assert not may_kill(other)
    cat.write("QUIT")
    assert "313" not in numerics(other.asked("WHOIS cat"))


@pytest.mark.parametrize("how", ["put down", "new password", "removed"])
def test_who_is_no_administrator_any_more_has_lent_nothing(company: Company, how: str) -> None:
    server, ann = company.server, company.guest("ann")
    ann.write(OPER)
    assert may_kill(ann)
    root = server.done(server.accounts.account_named(fold("root")))
    assert root is not None
    if how == "put down":
        server.governor.account_changed(msgspec.structs.replace(root, role=AccountRole.USER))
    else:
        server.ordered(Removing(server.hub).leave(root.id) if how == "removed" else server.governor.revoked(root.id))
    assert numerics(ann.read()) == ["MODE"]
    assert not may_kill(ann)


# What is done with them ------------------------------------------------------------------------------------------


def test_kill_ends_somebodys_sessions_and_others_see_why(company: Company) -> None:
    ann, bob, eve = company.guests("ann", "bob", "eve")
    for one in (bob, eve):
        one.write("JOIN #tea")
    ann.write(OPER)
    eve.read()
    assert ann.asked("KILL bob :enough") == []
    killed, farewell = bob.read()[-2:]
    assert killed.startswith(":ann!")
    assert killed.endswith(" KILL bob enough")
    assert farewell == "ERROR :An administrator ended this session."
    assert bob.link.closed
    assert [line.split(" ", 1)[1] for line in eve.read()] == ["QUIT :Killed (ann (enough))"]
    assert audited(company)[-1] == ("ann", "kill", "bob")
    assert numerics(ann.asked(f"KILL {company.world.server} :x", "KILL zed :x", "KILL")) == ["483", "401", "461"]
    cat, other = company.account("cat"), company.account("cat")
    ann.write("KILL cat")
    assert cat.link.closed
    assert other.link.closed


def test_rehash_reads_the_configuration_again(company: Company) -> None:
    good = True

    async def read() -> bool:
        return good

    company.server.hub.reload = read
    ann = company.guest("ann")
    ann.write(OPER)
    assert ann.asked("REHASH") == ["382 ann * Rehashing"]
    good = False
    assert numerics(ann.asked("REHASH")) == ["382", "400"]


def test_wallops_is_heard_by_those_who_want_to(company: Company) -> None:
    ann, bob, eve = company.guests("ann", "bob", "eve")
    ann.write(OPER)
    bob.write("MODE bob +w")
    bob.read()
    eve.read()
    assert ann.asked("WALLOPS :mind the step") == []
    (heard,) = bob.read()
    assert heard.startswith(":ann!")
    assert heard.endswith(" WALLOPS :mind the step")
    assert eve.read() == []
    assert numerics(ann.asked("WALLOPS :", "WALLOPS :" + "x" * 490)) == ["461", "417"]


def test_stats_tells_how_long_the_server_is_up(company: Company) -> None:
    ann = company.guest("ann")
    assert numerics(ann.asked("STATS u", "STATS x")) == ["242", "219", "219"]
