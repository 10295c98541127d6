"""The password of the server itself: who says it, and who guesses."""

from __future__ import annotations

import pytest

from besedka.hub.ports import Peer
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from besedka.wire.irc.settings import IrcSettings, ServerPassword
from hub_room import HubRoom, Wire

HERE, THERE = "203.0.113.9", "203.0.113.10"


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(settings=Settings(guests=True, irc=IrcSettings(password=ServerPassword.of("sesame"))))


def come(server: HubRoom, name: str, password: str, *, address: str = HERE, safe: bool = True) -> Wire:
    """Somebody who connects, and says this password."""
    link = Wire()
    world = Surroundings(server.hub, created=1)
    session = server.hub.connect(link, Peer(address, safe, "irc"), IrcServer(server.limits, world, Formats(world)))
    assert session is not None
    session.receive(f"PASS :{password}\r\nNICK {name}\r\nUSER {name} 0 * :{name}\r\n".encode())
    server.settle()
    return link


def test_who_says_it_is_let_in_and_nobody_else(server: HubRoom) -> None:
    assert b" 001 ann " in come(server, "ann", "sesame").written
    for wrong in ("sesam", "sesamee", "ann:sesame"):
        link = come(server, "bob", wrong)
        assert b" 464 " in link.written
        assert b" 001 " not in link.written
        assert link.closed


def test_on_an_unsafe_way_it_opens_nothing(server: HubRoom) -> None:
    assert b" 464 " in come(server, "ann", "sesame", safe=False).written


def test_who_guesses_waits_and_nobody_elsewhere_does(server: HubRoom) -> None:
    for number in range(server.limits.login_free_failures):
        assert b" 464 " in come(server, "bob", f"guess {number}").written
    waiting = come(server, "bob", "sesame")
    assert not waiting.written
    assert b" 001 ann " in come(server, "ann", "sesame", address=THERE).written
    server.settle(server.limits.login_delay_seconds_max)
    assert b" 001 bob " in waiting.written
