"""A PONG says that all that others have said before the ping is told, also where that had to be looked up."""

from __future__ import annotations

import pytest

from besedka.hub.pings import WAIT_SECONDS_MAX
from besedka.hub.surroundings import Surroundings
from besedka.limits import Limits
from hub_room import HubRoom
from irc_guest import Guest, guests


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


@pytest.fixture
def people(server: HubRoom) -> list[Guest]:
    return guests(server, Surroundings(server.hub, created=1), "ann", "bob", "eve")


def slow(server: HubRoom, *, seconds: float) -> None:
    """Let every look-up take so long."""
    preparation = server.hub.intake._preparation
    look_up = preparation.look_up

    async def late(*args: object) -> object:
        await server.hub.parts.clock.wait_seconds(seconds)
        return await look_up(*args)  # type: ignore[arg-type]

    preparation.look_up = late  # type: ignore[assignment,method-assign]


def words(guest: Guest) -> list[str]:
    return [line.split(" ")[1] for line in guest.read()]


@pytest.mark.parametrize("first", [0, 1], ids=["read in order", "read the other way round"])
def test_a_ping_waits_for_a_message_that_is_looked_up(server: HubRoom, people: list[Guest], first: int) -> None:
    ann, bob, _eve = people
    read = [(ann, b"PRIVMSG bob :the first to him\r\n"), (bob, b"PING one\r\n")]
    for one, line in (read[first], read[1 - first]):
        one.session.receive(line)
    server.settle()
    assert words(bob) == ["PRIVMSG", "PONG"]


def test_a_crowd_that_speaks_does_not_keep_a_ping_from_being_answered() -> None:
    server = HubRoom(limits=Limits(turn_requests_max=1, turn_requests_per_session_max=1))
    ann, bob, eve = guests(server, Surroundings(server.hub, created=1), "ann", "bob", "eve")
    for one in (ann, bob, eve):
        one.write("JOIN #tea")
    eve.read()
    for one in (ann, bob):
        one.session.receive(b"PRIVMSG #tea :x\r\n" * 4)
    eve.session.receive(b"PING one\r\n")
    server.settle()
    said = words(eve)
    assert said.count("PRIVMSG") == 8
    assert said.index("PONG") < 4


def test_it_does_not_wait_for_what_is_said_after_it(server: HubRoom, people: list[Guest]) -> None:
    ann, bob, eve = people
    slow(server, seconds=0.5)
    ann.session.receive(b"PRIVMSG bob :first\r\n")
    server.settle(0.1)
    bob.session.receive(b"PING one\r\n")
    server.settle(0.2)
    eve.session.receive(b"PRIVMSG bob :second\r\n")
    server.settle(0.25)
    assert words(bob) == ["PRIVMSG", "PONG"]
    server.settle(1)
    assert words(bob) == ["PRIVMSG"]


def test_it_does_not_wait_for_ever(server: HubRoom, people: list[Guest]) -> None:
    ann, bob, _eve = people
    slow(server, seconds=3 * WAIT_SECONDS_MAX)
    ann.session.receive(b"PRIVMSG bob :first\r\n")
    bob.session.receive(b"PING one\r\nPING two\r\n")
    server.settle(WAIT_SECONDS_MAX / 2)
    assert words(bob) == []
    server.settle(3 * WAIT_SECONDS_MAX)
    assert words(bob) == ["PONG", "PONG", "PRIVMSG"]


def test_whoever_ends_keeps_nobody_waiting(server: HubRoom, people: list[Guest]) -> None:
    ann, bob, eve = people
    slow(server, seconds=0.5)
    ann.session.receive(b"PRIVMSG bob :first\r\n")
    for one in (bob, eve):
        one.session.receive(b"PING one\r\n")
    server.settle()
    server.hub.lost(eve.session, "gone")
    server.hub.lost(ann.session, "gone")
    server.settle()
    assert words(bob) == ["PONG"]
    server.settle(2)
    assert not server.notebook.faults
