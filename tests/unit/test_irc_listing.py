"""LIST, with all that ISUPPORT's ELIST promises, and secret channels."""

from __future__ import annotations

import pytest

from besedka.hub.surroundings import Surroundings
from hub_room import HubRoom
from irc_guest import Guest, guests


class Rooms:
    """Ann alone in `tea1` and with Bob in `tea2`, of which the second is ten minutes younger and has a topic."""

    def __init__(self) -> None:
        self.server = HubRoom()
        world = Surroundings(self.server.hub, created=1)
        self.ann, self.bob, self.zoe = guests(self.server, world, "ann", "bob", "zoe")
        self.ann.write("JOIN #tea1")
        self.wait_minutes(10)
        self.ann.write("JOIN #Tea2", "TOPIC #Tea2 :green, mostly")
        self.bob.write("JOIN #tea2")
        self.wait_minutes(2)

    def wait_minutes(self, minutes: int) -> None:
        """Let time go by; nobody falls asleep."""
        for _ in range(minutes * 2):
            self.server.settle(30)
            for one in (self.ann, self.bob, self.zoe):
                one.write("PONG x")


@pytest.fixture(scope="module")
def rooms() -> Rooms:
    return Rooms()


def listed(who: Guest, *conditions: str) -> list[str]:
    """The channels of one LIST."""
    who.read()
    who.write(" ".join(["LIST", *conditions]))
    lines = [line.split(" ", 3) for line in who.read()]
    assert [lines[0][1], lines[-1][1]] == ["321", "323"]
    return [line[3].split(" ")[0] for line in lines[1:-1]]


BOTH = ["#tea1", "#Tea2"]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ("", BOTH),
        ("#TEA2", ["#Tea2"]),
        ("#nowhere", []),
        ("*EA1", ["#tea1"]),
        ("#t?a2,#tea1", BOTH),
        ("!*2", ["#tea1"]),
        ("!#tea*", []),
        (">1", ["#Tea2"]),
        ("<2", ["#tea1"]),
        (">0", BOTH),
        ("C>10", ["#tea1"]),
        ("C<10", ["#Tea2"]),
        ("C<0", []),
        ("c>1", BOTH),
        ("T<3", ["#Tea2"]),
        ("T>1", ["#Tea2"]),
        ("T>3", []),
        ("#tea* >1,C<10", ["#Tea2"]),
        (">99999999999", []),
    ],
)
def test_what_is_listed(rooms: Rooms, conditions: str, found: list[str]) -> None:
    assert listed(rooms.zoe, conditions) == found


def test_a_line_of_the_list_has_the_people_and_the_topic(rooms: Rooms) -> None:
    rooms.zoe.read()
    rooms.zoe.write("LIST #tea2")
    assert rooms.zoe.read()[1].endswith(" 322 zoe #Tea2 2 :green, mostly")


def test_a_secret_channel_is_listed_for_those_inside() -> None:
    server = HubRoom()
    ann, bob = guests(server, Surroundings(server.hub, created=1), "ann", "bob")
    ann.write("JOIN #tea", "MODE #tea +s")
    assert (listed(ann), listed(bob), listed(bob, "#tea")) == (["#tea"], [], [])
    bob.write("JOIN #tea")
    assert listed(bob) == ["#tea"]
