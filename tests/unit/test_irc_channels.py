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
