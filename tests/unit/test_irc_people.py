"""People as IRC shows them: WHO, WHOIS, WHOWAS, AWAY, and the modes of oneself."""

from __future__ import annotations

import pytest

from besedka.chat.names import fold
from hub_room import HubRoom
from irc_company import Company


@pytest.fixture
def company() -> Company:
    return Company(HubRoom())


def host_of(company: Company, name: str) -> str:
    person = company.world.named(fold(name))
    assert person is not None
    return company.world.face(person.principal).host


# WHO -------------------------------------------------------------------------------------------------------------


def test_who_of_a_channel_a_nick_a_mask_and_everybody(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    ann.write("JOIN #tea", "AWAY :out")
    host, server = host_of(company, "ann"), company.world.server
    assert bob.asked("WHO #TEA") == [
        f"352 bob #tea ~ann {host} {server} ann G@ :0 Ann",
        "315 bob #TEA :End of WHO list",
    ]
    for mask in ("ANN", "an*", "a?n", "*!~ann@*", "*nn"):
        assert bob.asked(f"WHO {mask}") == [
            f"352 bob * ~ann {host} {server} ann G :0 Ann",
            f"315 bob {mask} :End of WHO list",
        ], mask
    assert [line.split(" ")[6] for line in bob.asked("WHO *")[:-1]] == ["ann", "bob"]
    assert bob.asked("WHO zed") == ["315 bob zed :End of WHO list"]
    assert bob.asked("WHO * o") == ["315 bob * :End of WHO list"]


def test_whox_tells_the_fields_that_were_asked_for_in_its_own_order(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    ann.write("MODE ann +B")
    host, server = host_of(company, "ann"), company.world.server
    whole = f"354 bob 123 * ~ann 255.255.255.255 {host} {server} ann HB 0 0 0 n/a Ann"
    assert bob.asked("WHO ann %tcuihsnfdlaor,123")[0] == whole
    assert bob.asked("WHO ann %roaldfnshiuct,123")[0] == whole
    assert bob.asked("WHO ann %nxat,12345")[0] == "354 bob 0 ann 0"
    company.register("cat")
    company.account("cat")
    assert bob.asked("WHO cat %na")[0] == "354 bob cat cat"


def test_who_is_unlisted_is_found_by_name_and_by_those_who_share_a_room(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    assert ann.asked("MODE ann +i") == [f":ann!~ann@{host_of(company, 'ann')} MODE ann +i"]
    ann.write("JOIN #tea")
    assert len(bob.asked("WHO an*")) == 1
    assert len(bob.asked("WHO #tea")) == 1
    assert len(bob.asked("WHO ann")) == 2
    assert not [line for line in bob.asked("WHOIS ann") if line.startswith("319")]
    bob.write("JOIN #tea")
    assert len(bob.asked("WHO an*")) == 2
    assert [line for line in bob.asked("WHOIS ann") if line.startswith("319")] == ["319 bob ann @#tea"]


def test_nobody_finds_who_is_invisible(company: Company) -> None:
    company.register("cat")
    cat, bob = company.account("cat"), company.guest("bob")
    cat.be(invisible=True)
    for mask in ("cat", "c*", "*"):
        assert [line for line in bob.asked(f"WHO {mask}") if line.endswith(":0 Cat")] == [], mask


# WHOIS, WHOWAS ---------------------------------------------------------------------------------------------------


def test_whois_tells_when_somebody_came_to_those_who_share_a_room(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    ann.write("JOIN #tea")
    assert not [line for line in bob.asked("WHOIS ann") if line.startswith("317")]
    bob.write("JOIN #tea")
    (idle,) = [line for line in bob.asked("WHOIS ann") if line.startswith("317")]
    assert idle.startswith("317 bob ann 0 ")
    assert idle.endswith(":seconds idle, signon time")


def test_whois_takes_this_server_or_somebody_on_it_and_no_other(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    ann.write("JOIN #tea")
    first = bob.asked("WHOIS ann")[0]
    assert bob.asked(f"WHOIS {company.world.server} ann")[0] == first
    assert bob.asked("WHOIS ann ann")[0] == first
    assert bob.asked("WHOIS elsewhere.example ann") == ["402 bob elsewhere.example :No such server"]
    assert bob.asked("WHOIS zed") == ["401 bob zed :No such nick/channel", "318 bob zed :End of /WHOIS list"]


def test_whowas_tells_the_user_name_too_the_last_first(company: Company) -> None:
    ann = company.guest("ann")
    for user in ("first", "second"):
        company.guest("bob", user=user).write("QUIT")
    told = ann.asked("WHOWAS bob")
    assert [line.split(" ")[3] for line in told if line.startswith("314")] == ["~second", "~first"]
    assert len(ann.asked("WHOWAS bob 1")) == 3
    assert len(ann.asked("WHOWAS bob -1")) == 5


def test_whowas_knows_the_nicks_that_guests_have_left_behind(company: Company) -> None:
    ann, bob = company.guest("ann"), company.guest("bob", user="robert")
    bob.write("NICK tom")
    assert ann.asked("WHOWAS bob")[0].split(" ")[:4] == ["314", "ann", "bob", "~robert"]


# Oneself ---------------------------------------------------------------------------------------------------------


def test_ones_own_modes_are_told_back_and_remembered(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    source = f":ann!~ann@{host_of(company, 'ann')}"
    assert ann.asked("MODE ann") == ["221 ann +"]
    assert ann.asked("MODE ann +Bw-i+o") == [f"{source} MODE ann +w", f"{source} MODE ann +B"]
    assert ann.asked("MODE ann") == ["221 ann +Bw"]
    assert "335 bob ann :is a bot" in bob.asked("WHOIS ann")
    assert ann.asked("MODE ann -w+w-w+Y") == ["501 ann :Unknown MODE flag", f"{source} MODE ann -w"]
    assert ann.asked("MODE bob +i") == ["502 ann :Cannot change mode for other users"]
    assert ann.asked("MODE zed +i") == ["401 ann zed :No such nick/channel"]


def test_who_writes_to_somebody_away_is_told_so_and_who_gives_notice_is_not(company: Company) -> None:
    ann, bob = company.guests("ann", "bob")
    ann.write("AWAY :out for tea")
    assert bob.asked("PRIVMSG ann :hi") == ["301 bob ann :out for tea"]
    assert bob.asked("NOTICE ann :hi") == []
    ann.write("AWAY")
    assert bob.asked("PRIVMSG ann :hi") == []
    company.register("cat")
    assert bob.asked("PRIVMSG cat :hi") == ["301 bob cat offline"]


def test_no_guest_begins_a_conversation_with_who_wants_none(company: Company) -> None:
    company.register("cat")
    company.register("dan")
    cat, ann, dan = company.account("cat"), company.guest("ann", "message-tags"), company.account("dan")
    cat.write("MODE cat +R")
    assert cat.asked("MODE cat") == ["221 cat +R"]
    refused = "477 ann cat :They let nobody without an account begin a conversation"
    assert ann.asked("PRIVMSG cat :hi", "TAGMSG cat", "PRIVMSG cat :\1VERSION\1") == [refused] * 3
    assert dan.asked("PRIVMSG cat :hi") == []
    cat.write("PRIVMSG ann :hello")
    assert ann.asked("PRIVMSG cat :hi") == []
    ann.write("MODE ann +R")
    assert company.guest("bob").asked("PRIVMSG ann :hi")[0].startswith("477")
