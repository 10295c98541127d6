"""Being told of people: MONITOR and what goes with it, and who is away."""

from __future__ import annotations

import base64

import pytest

from besedka.hub.settings import Settings
from besedka.limits import Limits
from besedka.wire.irc.settings import IrcSettings, Nicks
from hub_room import PASSWORD, HubRoom
from irc_company import Company, Sitter


@pytest.fixture
def company() -> Company:
    return Company(HubRoom(limits=Limits(followed_max=3)))


def told(sitter: Sitter) -> list[str]:
    """Without hosts."""
    words = [line.split(" ") for line in sitter.read()]
    return [" ".join(word.split("!")[0].removeprefix(":") for word in line) for line in words]


def answered(sitter: Sitter, *lines: str) -> list[str]:
    sitter.read()
    sitter.write(*lines)
    return told(sitter)


def test_who_is_followed_is_told_of_as_they_come_and_go(company: Company) -> None:
    ann = company.guest("ann")
    assert answered(ann, "MONITOR + Bob,cat") == ["731 ann Bob,cat"]
    bob = company.guest("bob")
    assert told(ann) == ["730 ann bob"]
    assert answered(ann, "MONITOR S") == ["730 ann bob", "731 ann cat"]
    bob.write("QUIT")
    assert told(ann) == ["731 ann bob"]
    assert answered(ann, "MONITOR - BOB") == []
    company.guest("bob")
    assert told(ann) == []


def test_an_account_is_one_person_and_a_lost_line_is_forgiven(company: Company) -> None:
    company.register("cat")
    ann = company.guest("ann")
    ann.write("MONITOR + cat")
    ann.read()
    cat, other = company.account("cat"), company.account("cat")
    assert told(ann) == ["730 ann cat"]
    cat.write("QUIT")
    assert told(ann) == []
    company.server.hub.lost(other.session, "closed by peer")
    company.server.settle(5)
    assert told(ann) == []
    company.server.settle(10)
    assert told(ann) == ["731 ann cat"]


def test_who_is_invisible_has_not_come(company: Company) -> None:
    company.register("cat")
    ann = company.guest("ann")
    ann.write("MONITOR + cat")
    cat = company.account("cat")
    assert told(ann)[-1:] == ["730 ann cat"]
    cat.be(invisible=True)
    assert told(ann) == ["731 ann cat"]
    company.account("cat")
    assert told(ann) == []
    assert answered(ann, "MONITOR S", "ISON cat") == ["731 ann cat", "303 ann "]
    cat.be(invisible=False)
    assert told(ann) == ["730 ann cat"]


def test_the_list_is_told_cleared_and_no_longer_than_it_may_be(company: Company) -> None:
    ann = company.guest("ann")
    assert answered(ann, "MONITOR L") == ["733 ann End of MONITOR list"]
    assert answered(ann, "MONITOR + a,B,*!u@h", "MONITOR + b,c,d") == [
        "731 ann a,B",
        "731 ann b,c",
        "734 ann 3 d Monitor list is full.",
    ]
    assert answered(ann, "MONITOR L") == ["732 ann a,B,c", "733 ann End of MONITOR list"]
    assert answered(ann, "MONITOR C", "MONITOR L") == ["733 ann End of MONITOR list"]
    assert answered(ann, "MONITOR", "MONITOR ?") == ["461 ann MONITOR Not enough parameters"]
    assert not company.server.parts.following.followed


def test_long_lists_are_told_in_lines_that_fit() -> None:
    company = Company(HubRoom())
    ann = company.guest("ann")
    nicks = [f"{'n' * 28}{number}" for number in range(30)]
    ann.write("MONITOR + " + ",".join(nicks[:15]), "MONITOR + " + ",".join(nicks[15:]))
    lines = [line for line in ann.asked("MONITOR L") if line.startswith("732")]
    assert len(lines) == 2
    assert ",".join(line.split(" ")[2] for line in lines).split(",") == nicks


def test_who_follows_keenly_hears_of_names_and_being_away(company: Company) -> None:
    for capability in ("extended-monitor", "draft/extended-monitor"):
        ann = company.guest("ann", capability, "away-notify", "setname")
        eve = company.guest("eve", capability)
        dan = company.guest("dan", "away-notify", "setname")
        for one in (ann, eve, dan):
            one.write("MONITOR + bob")
        bob = company.guest("bob")
        assert told(ann)[-1:] == ["730 ann bob"]
        bob.write("AWAY :out", "AWAY", "SETNAME :Robert")
        assert told(ann) == ["bob AWAY out", "bob AWAY", "bob SETNAME Robert"]
        assert told(eve)[2:] == []
        assert told(dan)[2:] == []
        for one in (ann, eve, dan, bob):
            one.write("QUIT")


def test_who_follows_keenly_hears_of_logging_in_and_who_is_called_otherwise_then_has_gone(company: Company) -> None:
    company.register("cat")
    ann = company.guest("ann", "extended-monitor", "account-notify")
    eve = company.guest("eve", "account-notify")
    for one in (ann, eve):
        one.write("MONITOR + cat,guest")
    guest = company.guest("guest", "sasl")
    told(ann)
    told(eve)
    secret = base64.b64encode(f"\0cat\0{PASSWORD}".encode()).decode()
    guest.write("AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")
    for one in (ann, eve):
        assert [line.split(" ")[::2] for line in sorted(told(one))] == [["730", "cat"], ["731", "guest"]]


# Away ------------------------------------------------------------------------------------------------------------


def test_being_away_is_told_at_once_and_once_to_each(company: Company) -> None:
    ann = company.guest("ann", "away-notify", "extended-monitor")
    bob, eve = company.guests("bob", "eve")
    for one in (ann, bob, eve):
        one.write("JOIN #tea,#cake")
    ann.write("MONITOR + bob")
    told(ann)
    bob.write("AWAY :out")
    assert told(ann) == ["bob AWAY out"]
    company.server.settle(1)
    bob.write("AWAY :out")
    bob.write("AWAY")
    company.server.settle(1)
    assert told(ann) == ["bob AWAY"]
    assert [line for line in told(eve) if "AWAY" in line] == []


def test_who_is_away_and_joins_is_said_to_be_away(company: Company) -> None:
    company.register("cat")
    ann, bob, cat = company.guest("ann", "away-notify"), company.guest("bob"), company.account("cat")
    ann.write("JOIN #tea")
    for one, name in ((bob, "bob"), (cat, "cat")):
        one.write("AWAY :out")
        told(ann)
        one.write("JOIN #tea")
        assert told(ann) == [f"{name} JOIN #tea", f"{name} AWAY out"]
        company.server.settle(1)
        assert told(ann) == []


def test_why_somebody_is_away_is_not_read_where_they_may_not_speak(company: Company) -> None:
    ann, bob = company.guest("ann", "away-notify"), company.guest("bob")
    ann.write("JOIN #tea", "MODE #tea +b m:bob!*@*")
    bob.write("JOIN #tea")
    told(ann)
    bob.write("AWAY :rude words")
    assert told(ann) == ["bob AWAY *"]


def test_one_may_be_away_before_one_is_in(company: Company) -> None:
    ann = company.guest("ann")
    away = Sitter(company, ["CAP REQ :draft/pre-away", "AWAY :later", "CAP END", "NICK bob", "USER b 0 * :B"])
    assert "306 * :You have been marked as being away" in away.welcome
    assert "301 ann bob later" in ann.asked("WHOIS bob")
    none = Sitter(company, ["AWAY :later"])
    assert none.welcome == ["451 * :You have not registered"]


def test_a_client_that_nobody_sits_at_makes_nobody_away_or_back(company: Company) -> None:
    company.register("cat")
    ann = company.guest("ann")
    idle = company.account("cat", "CAP REQ :draft/pre-away", "AWAY *", "CAP END")
    assert "301 ann cat *" in ann.asked("WHOIS cat")
    cat = company.account("cat")
    assert not [line for line in ann.asked("WHOIS cat") if line.startswith("301")]
    idle.write("AWAY *")
    assert not [line for line in ann.asked("WHOIS cat") if line.startswith("301")]
    cat.write("AWAY :out")
    company.account("cat")
    assert "301 ann cat out" in ann.asked("WHOIS cat")


def test_who_bears_a_free_nick_is_followed_by_that_and_not_by_its_account(company: Company) -> None:
    company.server.parts.settings = Settings(guests=True, irc=IrcSettings(nicks=Nicks.FREE))
    company.register("cat")
    ann = company.guest("ann")
    ann.write("MONITOR + cat,tom")
    ann.read()
    tom = company.account("cat", "NICK tom")
    assert told(ann)[-1:] == ["730 ann tom"]
    assert answered(ann, "MONITOR S", "ISON cat tom", "USERHOST cat") == [
        "730 ann tom",
        "731 ann cat",
        "303 ann tom",
        "302 ann ",
    ]
    tom.write("QUIT")
    assert told(ann) == ["731 ann tom"]
