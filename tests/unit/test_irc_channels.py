"""Channels as guests at IRC clients see them: topics, keys, kicks, modes, invitations."""

from __future__ import annotations

import pytest

from besedka.hub.surroundings import Surroundings
from hub_room import HubRoom
from irc_guest import Guest, guests


@pytest.fixture
def room() -> list[Guest]:
    """Ann, who opened `tea`, and Bob in it; Zoe outside."""
    server = HubRoom()
    ann, bob, zoe = guests(server, Surroundings(server.hub, created=1), "ann", "bob", "zoe")
    ann.write("JOIN #tea")
    bob.write("JOIN #tea")
    for one in (ann, bob, zoe):
        one.read()
    return [ann, bob, zoe]


def asked(who: Guest, *lines: str) -> list[str]:
    """What comes back, without its source and whom it is to."""
    who.read()
    who.write(*lines)
    return [_plainly(line) for line in who.read()]


def _plainly(line: str) -> str:
    source, command, *rest = line.split(" ")
    return " ".join([command, *(rest if "!" in source else rest[1:])])


def numerics(who: Guest, *lines: str) -> list[str]:
    return [line.split(" ")[0] for line in asked(who, *lines)]


# Topics ----------------------------------------------------------------------------------------------------------


def test_who_set_a_topic_and_when_is_told_with_it(room: list[Guest]) -> None:
    ann, bob, zoe = room
    ann.write("TOPIC #tea :green")
    seconds = ann.server.process.now() // 1000
    assert asked(bob, "TOPIC #tea") == ["332 #tea green", f"333 #tea ann {seconds}"]
    assert asked(zoe, "JOIN #tea")[:3] == ["JOIN #tea", "332 #tea green", f"333 #tea ann {seconds}"]
    ann.write("TOPIC #tea :")
    assert asked(bob, "TOPIC #tea") == ["331 #tea :No topic is set"]


@pytest.mark.parametrize("name", ["no-implicit-names", "draft/no-implicit-names"])
def test_names_come_when_asked_for_where_that_was_wished(room: list[Guest], name: str) -> None:
    zoe = room[2]
    zoe.write(f"CAP REQ :{name}")
    assert numerics(zoe, "JOIN #tea") == ["JOIN"]
    assert numerics(zoe, "NAMES #tea") == ["353", "366"]


# Modes -----------------------------------------------------------------------------------------------------------


def test_the_modes_that_are_set_with_the_key_for_those_inside(room: list[Guest]) -> None:
    ann, bob, zoe = room
    assert asked(ann, "MODE #tea +kl secret 5") == ["MODE #tea +kl * 5"]
    assert asked(bob, "MODE #tea")[0] == "324 #tea +nkl secret 5"
    assert asked(zoe, "MODE #tea") == ["324 #tea +nkl", f"329 #tea {bob.server.process.now() // 1000}"]


def test_what_cannot_be_a_key_or_a_limit(room: list[Guest]) -> None:
    ann = room[0]
    for key in ("two words", "a,b", "x" * 51, ""):
        assert asked(ann, f"MODE #tea +k :{key}") == ["696 #tea k * :That is no parameter of this mode"]
    assert asked(ann, "MODE #tea +l 999999999") == [f"MODE #tea +l {ann.server.limits.members_max}"]


# Kicks -----------------------------------------------------------------------------------------------------------


def test_a_kick_has_one_channel_or_as_many_as_people(room: list[Guest]) -> None:
    ann, bob, zoe = room
    zoe.write("JOIN #tea")
    assert asked(ann, "KICK #tea,#tea bob") == ["461 KICK :Not enough parameters"]
    assert asked(ann, "KICK #tea,#tea bob,zoe :out") == ["KICK #tea bob :out", "KICK #tea zoe :out"]
    assert numerics(bob, "KICK #tea ann") == ["442"]


# Many channels ---------------------------------------------------------------------------------------------------


def test_as_many_channels_are_joined_and_left_as_a_line_has(room: list[Guest]) -> None:
    zoe = room[2]
    many = ",".join(f"#{letter}" for letter in "abcdefghij")
    assert numerics(zoe, f"JOIN {many}").count("JOIN") == 10
    assert numerics(zoe, f"PART {many}").count("PART") == 10


# Invitations -----------------------------------------------------------------------------------------------------


def test_where_one_is_invited_to(room: list[Guest]) -> None:
    ann, bob, zoe = room
    assert asked(zoe, "INVITE") == ["337 :End of /INVITE list"]
    assert asked(zoe, "INVITE bob") == ["461 INVITE :Not enough parameters"]
    assert asked(zoe, "INVITE ann #tea") == ["442 #tea :You're not on that channel"]
    assert asked(ann, "INVITE bob #tea") == ["443 bob #tea :is already on channel"]
    assert asked(bob, "INVITE zoe #tea") == ["341 zoe #tea"]
    assert asked(zoe, "INVITE") == ["336 #tea", "337 :End of /INVITE list"]


def test_a_guest_is_told_of_its_invitation_and_may_join(room: list[Guest]) -> None:
    ann, bob, zoe = room
    ann.write("MODE #tea +ikl secret 1", "MODE #tea +b zoe!*@*")
    assert numerics(zoe, "JOIN #tea") == ["474"]
    ann.write("INVITE zoe #tea")
    assert zoe.said() == ["INVITE zoe #tea"]
    assert bob.said()[-1].startswith("MODE")
    assert numerics(zoe, "JOIN #tea")[0] == "JOIN"
    ann.write("KICK #tea zoe")
    assert numerics(zoe, "JOIN #tea")[-1] == "474"


def test_a_ban_that_is_newer_than_the_invitation_bars(room: list[Guest]) -> None:
    ann, _, zoe = room
    ann.write("INVITE zoe #tea")
    ann.server.settle(1)
    ann.write("MODE #tea +b zoe!*@*")
    assert numerics(zoe, "JOIN #tea")[-1] == "474"
    ann.write("INVITE zoe #tea")
    assert numerics(zoe, "JOIN #tea")[0] == "JOIN"


def test_who_is_no_operator_invites_past_no_ban(room: list[Guest]) -> None:
    ann, bob, zoe = room
    ann.write("MODE #tea +b zoe!*@*")
    bob.write("INVITE zoe #tea")
    assert numerics(zoe, "JOIN #tea") == ["474"]


# Lists -----------------------------------------------------------------------------------------------------------


def test_what_is_changed_together_is_told_in_one_line(room: list[Guest]) -> None:
    ann, bob, _ = room
    assert asked(ann, "MODE #tea +ov-t+b bob bob z*!*@*") == ["MODE #tea +ovb bob bob z*!*@*"]
    bob.read()
    assert asked(bob, "MODE #tea -b+v z* ann") == ["MODE #tea -b+v z*!*@* ann"]


def test_accounts_and_mutes_are_listed_as_they_were_written(room: list[Guest]) -> None:
    ann, bob, _ = room
    assert asked(ann, "MODE #tea +bb m:a:bob a:bob") == ["MODE #tea +bb m:a:bob a:bob"]
    assert asked(ann, "MODE #tea +e m:*!bob@*") == ["MODE #tea +e m:*!bob@*"]
    lists = asked(bob, "MODE #tea b", "MODE #tea +e")
    assert [" ".join(line.split(" ")[:3]) for line in lists] == [
        "367 #tea m:a:bob",
        "367 #tea a:bob",
        "368 #tea :End",
        "348 #tea m:*!bob@*",
        "349 #tea :End",
    ]
    assert asked(bob, "PRIVMSG #tea :a guest is no account") == []
    assert asked(ann, "MODE #tea -bb m:a:bob A:BOB") == ["MODE #tea -bb m:a:bob a:bob"]


def test_an_exception_from_mutes_lets_one_be_heard_and_not_in(room: list[Guest]) -> None:
    ann, bob, zoe = room
    ann.write("MODE #tea +bb m:bob zoe", "MODE #tea +ee m:bob m:zoe")
    assert numerics(bob, "PRIVMSG #tea :hi") == []
    assert numerics(zoe, "JOIN #tea") == ["474"]


# Names -----------------------------------------------------------------------------------------------------------


def test_a_channel_is_renamed_for_those_who_can_follow_and_those_who_cannot(room: list[Guest]) -> None:
    ann, bob, _ = room
    ann.write("CAP REQ :draft/channel-rename", "TOPIC #tea :green")
    bob.read()
    assert asked(ann, "PRIVMSG #tea :before", "RENAME #tea #Cake :no reason") == ["RENAME #tea #Cake :no reason"]
    lines = [_plainly(line) for line in bob.read()]
    assert lines[:4] == ["PRIVMSG #tea :before", "PART #tea :no reason", "JOIN #Cake", "332 #Cake green"]
    assert [line.split(" ")[0] for line in lines[4:]] == ["333", "353", "366"]
    assert asked(bob, "PRIVMSG #cake :after") == []
    assert ann.said() == ["PRIVMSG #Cake :after"]
    assert numerics(bob, "PRIVMSG #tea :after") == ["403"]


def test_only_the_case_of_a_name_changes_without_a_word(room: list[Guest]) -> None:
    ann, bob, _ = room
    assert asked(ann, "RENAME #tea #TEA") == []
    assert bob.said() == []
    assert asked(bob, "TOPIC #tea") == ["331 #tea :No topic is set"]


def test_why_a_channel_is_not_renamed(room: list[Guest]) -> None:
    ann, bob, zoe = room
    zoe.write("JOIN #cake")
    assert asked(bob, "RENAME #tea #cup") == ["482 #tea :You're not channel operator"]
    assert asked(zoe, "RENAME #tea #cup") == ["442 #tea :You're not on that channel"]
    assert asked(ann, "RENAME #nowhere #cup") == ["403 #nowhere :No such channel"]
    for name, code in (("#cake", "CHANNEL_NAME_IN_USE"), ("cup", "CANNOT_RENAME"), ("#c,up", "CANNOT_RENAME")):
        (line,) = [line.split(" :")[0] for line in _all(ann, f"RENAME #tea {name}")]
        assert line.endswith(f" FAIL RENAME {code} #tea {name}")


def _all(who: Guest, line: str) -> list[str]:
    who.read()
    who.write(line)
    return who.read()
