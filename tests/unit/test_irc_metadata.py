"""METADATA, as several IRC sessions of one hub see it."""

from __future__ import annotations

import pytest

from besedka.chat.own_requests import SetProfile
from besedka.chat.room_requests import SetData
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.metadata import VALUE_BYTES_MAX
from besedka.wire.irc.subscriptions import PEOPLE_AT_ONCE_MAX, SUBSCRIPTIONS_MAX
from hub_room import HubRoom
from irc_guests import Guest, Guests

TWO, THREE = "draft/metadata-2", "draft/metadata-3"


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


@pytest.fixture
def guests(server: HubRoom) -> Guests:
    return Guests(server, Surroundings(server.hub, created=1))


def told(guest: Guest, *lines: str) -> list[str]:
    """What it is told for these lines, without the server's name and what its name for a batch is."""
    guest.write(*lines)
    return [one.removeprefix(":besedka. ") for one in guest.plainly()]


# Setting and getting ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draft", [TWO, THREE])
def test_a_value_is_set_seen_and_taken_away(guests: Guests, draft: str) -> None:
    ann, bob = guests.come("ann", "batch", draft), guests.come("bob", "batch", draft)
    assert told(ann, "METADATA * SET Display-Name :Ann The First") == ["761 ann ann display-name * :Ann The First"]
    for who, target, named in ((ann, "*", "ann"), (ann, "ANN", "ANN"), (bob, "ann", "ann")):
        value = f"761 {who.name} {named} display-name * :Ann The First"
        whole = [f"BATCH + metadata {named}", value, "BATCH -"]
        assert told(who, f"METADATA {target} GET display-name") == whole
        assert told(who, f"METADATA {target} LIST") == whole
    assert told(ann, "METADATA * SET display-name") == ["766 ann ann display-name :Key not set"]
    assert told(ann, "METADATA * SET display-name :") == ["766 ann ann display-name :Key not set"], "is no fault"
    assert told(bob, "METADATA ann GET display-name url")[1:3] == [
        "766 bob ann display-name :Key not set",
        "766 bob ann url :Key not set",
    ]
    assert told(bob, "METADATA ann LIST") == ["BATCH + metadata ann", "BATCH -"]


def test_faults_have_the_names_of_each_draft(guests: Guests) -> None:
    old, new = guests.come("old", "batch", TWO), guests.come("new", "batch", TWO, THREE)
    long = "x" * (VALUE_BYTES_MAX + 1)
    for lines, in_old, in_new in (
        ("nobody LIST", "INVALID_TARGET nobody", "INVALID_TARGET nobody"),
        ("#tea LIST", "INVALID_TARGET #tea", "INVALID_TARGET #tea"),
        ("nobody SET url x", "INVALID_TARGET nobody", "INVALID_TARGET nobody"),
        ("* SET u$rl x", "KEY_INVALID u$rl", "INVALID_KEY u$rl"),
        (f"* SET url {long}", "VALUE_INVALID", "INVALID_VALUE url"),
        ("* SNEEZE", "SUBCOMMAND_INVALID SNEEZE", "INVALID_PARAMS SNEEZE"),
        ("* GET", "SUBCOMMAND_INVALID GET", "INVALID_PARAMS GET"),
        ("* ::", "SUBCOMMAND_INVALID *", "INVALID_PARAMS *"),
        ("* :a b", "SUBCOMMAND_INVALID *", "INVALID_PARAMS *"),
        ("nobody SUB url", "INVALID_TARGET nobody", "INVALID_TARGET nobody"),
    ):
        for who, code in ((old, in_old), (new, in_new)):
            (line,) = told(who, f"METADATA {lines}")
            assert line.startswith(f"FAIL METADATA {code} :")
    assert told(new, "METADATA")[0].startswith("461 new METADATA ")
    assert told(old, "METADATA * GET u$rl")[1].startswith("FAIL METADATA KEY_INVALID u$rl :")
    assert told(new, "METADATA * GET u$rl")[1].startswith("WARN METADATA INVALID_KEY u$rl :")


def test_nobody_changes_anothers_values(guests: Guests) -> None:
    ann, bob = guests.come("ann", "batch", THREE), guests.come("bob", "batch", THREE)
    told(ann, "METADATA * SET url x")
    (line,) = told(bob, "METADATA ann SET url y")
    assert line.startswith("FAIL METADATA KEY_NO_PERMISSION ann url :")
    (line,) = told(bob, "METADATA ann CLEAR")
    assert line.startswith("FAIL METADATA KEY_NO_PERMISSION ann * :")
    assert told(ann, "METADATA * SET tel 1", "METADATA * CLEAR")[1:] == [
        "BATCH + metadata ann",
        "766 ann ann tel :Key not set",
        "766 ann ann url :Key not set",
        "BATCH -",
    ]
    assert told(bob, "METADATA ann LIST") == ["BATCH + metadata ann", "BATCH -"]


def test_there_are_so_many_keys_and_no_more(guests: Guests, server: HubRoom) -> None:
    most = server.limits.data_keys_max
    for draft, code in ((TWO, "LIMIT_REACHED ann2"), (THREE, f"LIMIT_REACHED ann3 {most}")):
        ann = guests.come(f"ann{draft[-1]}", draft)
        for number in range(most):
            assert told(ann, f"METADATA * SET k{number} x")[0].startswith("761 ")
        assert told(ann, f"METADATA {ann.name} SET more x")[0].startswith(f"FAIL METADATA {code} :")
        assert told(ann, "METADATA * SET k0 y")[0].startswith("761 ")


# Channels ---------------------------------------------------------------------------------------------------------


def test_a_channels_values_are_its_operators_to_set_and_anybodys_to_see(guests: Guests) -> None:
    ann, bob = guests.come("ann", "batch", THREE), guests.come("bob", "batch", THREE)
    told(ann, "JOIN #tea")
    assert told(ann, "METADATA #tea SET url x") == ["761 ann #tea url * x"]
    seen = ["BATCH + metadata #tea", "761 bob #tea url * x", "BATCH -"]
    assert told(bob, "METADATA #tea LIST") == told(bob, "METADATA #tea GET url") == seen
    told(bob, "JOIN #tea")
    (line,) = told(bob, "METADATA #tea SET url y")
    assert line.startswith("FAIL METADATA KEY_NO_PERMISSION #tea url :")
    (line,) = told(bob, "METADATA #tea CLEAR")
    assert line.startswith("FAIL METADATA KEY_NO_PERMISSION #tea * :")
    told(ann)
    assert told(ann, "METADATA #tea CLEAR")[1] == "766 ann #tea url :Key not set"


@pytest.mark.parametrize(("mode", "code"), [("i", "KEY_NO_PERMISSION #tea *"), ("s", "INVALID_TARGET #tea")])
def test_what_outsiders_may_not_enter_or_know_of_tells_them_nothing(guests: Guests, mode: str, code: str) -> None:
    ann, bob = guests.come("ann", THREE), guests.come("bob", THREE)
    told(ann, "JOIN #tea", "METADATA #tea SET url secret", f"MODE #tea +{mode}")
    told(bob, "METADATA * SUB url")
    for said in ("LIST", "GET url", "SYNC"):
        (line,) = told(bob, f"METADATA #tea {said}")
        assert line.startswith(f"FAIL METADATA {code} :")
    (line,) = told(bob, "METADATA #tea SET url x")
    assert "secret" not in line
    assert line.startswith("FAIL METADATA ")


# Following --------------------------------------------------------------------------------------------------------


def test_changes_are_told_to_whoever_subscribed_and_shares_a_room(guests: Guests) -> None:
    ann = guests.come("ann")
    old, new = guests.come("old", "batch", TWO), guests.come("new", "batch", THREE)
    without = guests.come("without", THREE)
    for who in (ann, old, new, without):
        told(who, "JOIN #tea")
    told(old)
    assert told(old, "METADATA * SUB url tel") == ["770 old url tel"]
    told(new)
    assert told(new, "METADATA * SUB url tel") == [
        "770 new url tel",
        "774 new *ALL 0 :Ask for these with METADATA SYNC",
    ]
    for who in (ann, old, new, without):
        told(who)
    told(ann, "METADATA * SET url :a b", "METADATA * SET other x", "METADATA #tea SET tel 1", "METADATA * SET url")
    assert told(old) == ["METADATA ann url * :a b", "METADATA #tea tel * 1", "METADATA ann url *"]
    assert told(new) == ["761 new ann url * :a b", "761 new #tea tel * 1", "766 new ann url :Key not set"]
    assert told(without) == []
    assert told(old, "METADATA * UNSUB url nothing") == ["771 old url nothing"]
    told(ann, "METADATA * SET url again")
    assert told(old) == []
    assert told(new) == ["761 new ann url * again"]
    told(new, f"CAP REQ -{THREE}")
    told(ann, "METADATA * SET url more")
    assert told(new) == [], "without the capability there are no subscriptions"


def test_whoever_joins_is_told_the_values_that_are_there(guests: Guests) -> None:
    ann = guests.come("ann")
    told(ann, "METADATA * SET url x", "METADATA * SET other x", "JOIN #tea", "METADATA #tea SET url y")
    old, new = guests.come("old", "batch", TWO), guests.come("new", "batch", THREE)
    nothing, none = guests.come("nothing", "batch", TWO), guests.come("none", "batch", THREE)
    told(old, "METADATA * SUB url")
    told(new, "METADATA * SUB url")
    lines = told(old, "JOIN #tea")
    assert lines[-4:] == ["BATCH + metadata #tea", "METADATA #tea url * y", "METADATA ann url * x", "BATCH -"]
    assert lines[0].endswith(" JOIN #tea")
    assert told(new, "JOIN #tea")[-4:] == [
        "BATCH + metadata #tea",
        "761 new #tea url * y",
        "761 new ann url * x",
        "BATCH -",
    ]
    assert told(none, "JOIN #tea")[-2:] == ["BATCH + metadata #tea", "BATCH -"]
    assert "366 " in told(nothing, "JOIN #tea")[-1], "in the older draft there is nothing to say"
    told(new)
    assert told(new, "METADATA #tea SYNC") == [
        "BATCH + metadata #tea",
        "761 new #tea url * y",
        "761 new ann url * x",
        "BATCH -",
    ]
    assert told(new, "METADATA *ALL SYNC")[1:-1] == ["761 new #tea url * y", "761 new ann url * x"]
    assert told(new, "METADATA ann SYNC")[1:-1] == ["761 new ann url * x"]


def test_subscriptions_are_listed_and_bounded(guests: Guests) -> None:
    old, new = guests.come("old", "batch", TWO), guests.come("new", "batch", THREE)
    assert told(old, "METADATA * SUBS") == []
    assert told(new, "METADATA * SUBS") == ["BATCH + metadata-subs", "BATCH -"]
    keys = [f"k{number}" for number in range(SUBSCRIPTIONS_MAX)]
    for who in (old, new):
        told(who, *[f"METADATA * SUB {' '.join(keys[start : start + 12])}" for start in range(0, len(keys), 12)])
    assert told(old, "METADATA * SUB k1 u$rl one two") == [
        "770 old k1",
        "FAIL METADATA KEY_INVALID u$rl :That is no key: use small letters, digits and _ . / -",
        "FAIL METADATA TOO_MANY_SUBS one :You have as many subscriptions as there may be",
    ]
    assert told(new, "METADATA * SUB one k1") == [
        f"FAIL METADATA LIMIT_REACHED one {SUBSCRIPTIONS_MAX} :You have as many subscriptions as there may be"
    ]
    lines = told(new, "METADATA * SUBS")
    assert [key for line in lines[1:-1] for key in line.split(" ")[2:]] == keys
    assert all(len(line.split(" ")) <= 15 for line in lines[1:-1])


def test_nothing_is_told_of_who_is_invisible_but_to_themselves(server: HubRoom, guests: Guests) -> None:
    zed = server.registered("zed")
    ann = guests.come("ann", THREE)
    told(ann, "JOIN #lobby", "METADATA * SUB url")
    zed.ask(SetData(id=server.new_id(), key="url", value="x"))
    server.settle()
    assert told(ann) == ["761 ann zed url * x"]
    assert told(ann, "METADATA #lobby SYNC") == ["761 ann zed url * x"]
    zed.ask(SetProfile(id=server.new_id(), invisible=True), SetData(id=server.new_id(), key="url", value="y"))
    server.settle()
    assert told(ann, "METADATA #lobby SYNC") == []
    own = guests.come_back("zed", "batch", THREE)
    assert told(own, "METADATA * LIST")[1:-1] == ["761 zed zed url * y"]


def test_those_who_follow_somebody_are_told_of_their_values_wherever_they_are(guests: Guests) -> None:
    old, new = guests.come("old", "batch", TWO), guests.come("new", "batch", THREE)
    for who in (old, new):
        told(who, "METADATA * SUB url")
        assert told(who, "MONITOR + ann")[0].startswith("731 ")
    ann = guests.come("ann")
    assert [line.split(" ")[0] for line in told(old)] == ["730"], "in the older draft there is nothing to say"
    assert told(new)[1:] == ["BATCH + metadata ann", "BATCH -"]
    told(ann, "METADATA * SET url x")
    assert told(old) == ["METADATA ann url * x"]
    assert told(new) == ["761 new ann url * x"]
    assert told(new, "METADATA *ALL SYNC") == ["BATCH + metadata *ALL", "761 new ann url * x", "BATCH -"]
    assert told(old, "MONITOR S")[1:] == ["BATCH + metadata ann", "METADATA ann url * x", "BATCH -"]
    told(new, "MONITOR C")
    told(ann, "METADATA * SET url y")
    assert told(new) == []


# On the way in ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("draft", "line"), [(TWO, "METADATA ann url * :a b"), (THREE, "761 ann ann url * :a b")])
def test_values_may_be_set_before_connecting_and_are_told_with_the_words_of_welcome(
    guests: Guests, server: HubRoom, draft: str, line: str
) -> None:
    ann = guests.visitor("ann")
    assert told(ann, "METADATA * SET url x") == ["451 * :You have not registered"]
    terms = next(one for one in told(ann, "CAP LS 302") if draft in one).split(f"{draft}=")[1].split(" ")[0]
    assert {"before-connect", f"max-subs={SUBSCRIPTIONS_MAX}", f"max-value-bytes={VALUE_BYTES_MAX}"} <= {
        *terms.split(",")
    }
    told(ann, f"CAP REQ :batch {draft}")
    assert told(ann, "METADATA * SET url :a b", "METADATA * SET tel 1") == ["761 * * url * :a b", "761 * * tel * 1"]
    assert told(ann, "METADATA * SET tel", "METADATA * LIST")[2] == "761 * * url * :a b"
    assert told(ann, "METADATA * SUB URL") == ["770 * url"]
    assert told(ann, "METADATA ann SET url x")[0].startswith("FAIL METADATA INVALID_TARGET ann :")
    for number in range(server.limits.data_keys_max):
        lines = told(ann, f"METADATA * SET k{number} x")
    assert lines[0].startswith("FAIL METADATA LIMIT_REACHED * ")
    assert len(told(ann, "METADATA * CLEAR")) == server.limits.data_keys_max + 2
    welcome = told(ann, "METADATA * SET url :a b", "NICK ann", "USER ann 0 * :Ann", "CAP END")
    start = welcome.index("BATCH + metadata ann")
    assert welcome[start + 1 :] == [line, "BATCH -", "422 ann :MOTD File is missing"]
    told(ann, "JOIN #tea")
    bob = guests.come("bob")
    told(bob, "JOIN #tea", "METADATA * SET url bobs")
    assert any("bobs" in one for one in told(ann)), "what was subscribed to early is followed"


def test_an_accounts_values_are_kept_and_told_when_it_is_back(guests: Guests, server: HubRoom) -> None:
    server.registered("zed").hang_up()
    zed = guests.come_back("zed", THREE)
    told(zed, "METADATA * SET url x", "QUIT")
    server.settle(100)
    zed = guests.come_back("zed", "batch", THREE)
    start = zed.welcome.index("BATCH + metadata zed")
    assert zed.welcome[start + 1 : start + 4] == ["761 zed zed url * x", "BATCH -", "422 zed :MOTD File is missing"]
    ann = guests.come("ann", THREE)
    told(zed, "QUIT")
    server.settle(20)
    assert told(ann, "METADATA zed GET url") == ["761 ann zed url * x"], "of whoever is not here, too"


def test_some_values_are_a_part_of_whois(guests: Guests) -> None:
    ann, bob, plain = guests.come("ann"), guests.come("bob", TWO), guests.come("plain")
    told(ann, "METADATA * SET display-name :Ann The First", "METADATA * SET avatar x")
    assert [one for one in told(bob, "WHOIS ann") if one[:3] == "760"] == ["760 bob ann display-name * :Ann The First"]
    assert not any(one[:3] == "760" for one in told(plain, "WHOIS ann"))


def test_a_value_from_elsewhere_that_fits_no_line_ends_in_an_ellipsis(guests: Guests, server: HubRoom) -> None:
    zed, ann = server.registered("zed"), guests.come("ann", THREE)
    zed.ask(SetData(id=server.new_id(), key="a-key-of-some-length", value="é" * 240))
    server.settle()
    (line,) = told(ann, "METADATA zed GET a-key-of-some-length")
    assert line.endswith("é…")
    assert len(f":besedka. {line}\r\n".encode()) <= 512


def test_in_a_large_channel_values_are_asked_for(guests: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PEOPLE_AT_ONCE_MAX > 1
    monkeypatch.setattr("besedka.wire.irc.subscriptions.PEOPLE_AT_ONCE_MAX", 1)
    ann, bob = guests.come("ann"), guests.come("bob", THREE)
    told(ann, "JOIN #tea")
    assert told(bob, "JOIN #tea")[-1] == "774 bob #tea 0 :Ask for these with METADATA SYNC"
