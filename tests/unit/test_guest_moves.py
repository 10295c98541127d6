"""Guests' moves in a crowd, which is told of several together, and of nothing too late."""

from __future__ import annotations

import pytest

from besedka.hub.surroundings import Surroundings
from besedka.limits import Limits
from hub_room import HubRoom
from irc_guest import Guest, guests

SECONDS = 5.0


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(limits=Limits(moves_room_max=2, moves_seconds=SECONDS))


@pytest.fixture
def crowd(server: HubRoom) -> list[Guest]:
    """Three guests in a room that is a crowd for this server, and two outside."""
    everybody = guests(server, Surroundings(server.hub, created=1), "ann", "bob", "eve", "may", "zed")
    for one in everybody[:3]:
        one.write("JOIN #tea")
    server.settle(SECONDS)
    for one in everybody:
        one.read()
    return everybody


def test_a_crowd_is_told_of_moves_together(server: HubRoom, crowd: list[Guest]) -> None:
    ann, _, _, may, zed = crowd
    for one in (may, zed):
        one.write("JOIN #tea")
        assert one.said() == ["JOIN #tea"], "who moves is told at once"
    may.write("PART #tea")
    assert ann.said() == []
    server.settle(SECONDS)
    assert ann.said() == ["JOIN #tea", "JOIN #tea", "PART #tea"]
    assert zed.said() == ["JOIN #tea", "PART #tea"], "and of others' moves, of earlier ones as well"


def test_nothing_that_is_said_overtakes_a_move(crowd: list[Guest]) -> None:
    ann, _, _, may, zed = crowd
    may.write("JOIN #tea")
    may.write("PRIVMSG #tea :hi")
    assert ann.said() == ["JOIN #tea", "PRIVMSG #tea :hi"]
    zed.write("JOIN #tea")
    zed.write("PRIVMSG #tea :\x01PING 1\x01")
    assert ann.said() == ["JOIN #tea", "PRIVMSG #tea :\x01PING 1\x01"]
    may.write("PART #tea")
    may.write("QUIT :home")
    assert ann.said() == ["PART #tea"]


def test_a_room_of_few_is_told_at_once(crowd: list[Guest]) -> None:
    may, zed = crowd[3:]
    for one in (may, zed):
        one.write("JOIN #cake")
    assert may.said() == ["JOIN #cake", "JOIN #cake"]
