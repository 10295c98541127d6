"""What happens because time passes."""

from __future__ import annotations

import pytest

from besedka.chat.refusals import Code
from besedka.chat.requests import Pong, Register, Say
from besedka.chat.told import Farewell, Parting, Pinged, Presence
from besedka.hub.faults import StoreFault
from besedka.hub.ports import Peer
from besedka.hub.watch import PUT_AWAY_SECONDS
from besedka.limits import Limits
from besedka.wire.text import TextServer
from hub_room import PASSWORD, Device, HubRoom, Wire, folded

LIMITS = Limits(
    login_seconds_max=20.0, ping_seconds=10.0, pong_seconds_max=5.0, full_seconds_max=8.0, idle_text_seconds_max=50.0
)


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(limits=LIMITS)


def parting(device: Device) -> Parting | None:
    farewells = device.told(Farewell)
    return farewells[-1].parting if farewells else None


def test_who_says_nothing_of_itself_is_shown_out(server: HubRoom) -> None:
    visitor = server.visitor()
    server.settle(19)
    assert parting(visitor) is None
    server.settle(3)
    assert parting(visitor) is Parting.TOO_SLOW_LOGIN
    assert visitor.link.closed


def test_a_silent_session_is_asked_once_and_then_taken_for_lost(server: HubRoom) -> None:
    ann = server.registered("ann")
    server.settle(11.5)
    assert len(ann.told(Pinged)) == 1
    server.settle(3)
    assert len(ann.told(Pinged)) == 1
    assert parting(ann) is None
    server.settle(4)
    assert parting(ann) is Parting.IDLE


def test_whoever_answers_stays(server: HubRoom) -> None:
    ann = server.registered("ann")
    for count in range(1, 5):
        server.settle(12)
        assert len(ann.told(Pinged)) == count
        ann.ask(Pong())
    assert parting(ann) is None


def test_text_is_never_pinged_and_ends_when_forgotten(server: HubRoom) -> None:
    link = Wire()
    session = server.hub.connect(link, Peer("192.0.2.1", True, "text"), TextServer(LIMITS, prompted=False))
    assert session is not None
    for line in ("ann", PASSWORD, PASSWORD):
        session.receive(line.encode() + b"\r\n")
        server.settle()
    assert session.online is not None
    server.settle(48)
    assert not link.closed
    server.settle(4)
    assert link.closed


def test_a_reader_that_takes_nothing_for_too_long_is_closed(server: HubRoom) -> None:
    ann = server.registered("ann")
    ann.link.full = True
    server.settle(7)
    assert not ann.link.closed
    server.settle(4)
    assert ann.link.closed
    assert parting(ann) is Parting.TOO_SLOW_READER


def test_one_that_drains_in_time_has_all_its_time_again(server: HubRoom) -> None:
    ann = server.registered("ann")
    for _ in range(3):
        ann.link.full = True
        server.settle(6)
        ann.link.full = False
        server.hub.drained(ann.session)
        ann.ask(Pong())
        server.settle(1)
    assert not ann.link.closed


def test_the_slow_are_forgiven_for_a_while_like_the_lost(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    bob.link.full = True
    server.settle(10)
    assert bob.link.closed
    ann.ask(Pong())
    assert ann.told(Presence) == []
    server.settle(11)
    assert ann.seen(ann.room("lobby")) == ([], ["bob"])


def test_rooms_nobody_needs_are_put_away_and_come_back(server: HubRoom) -> None:
    quiet = HubRoom(limits=Limits(rooms_open_max=1, ping_seconds=1e6))
    ann, bob = quiet.registered("ann"), quiet.registered("bob")
    tea, lobby = ann.join("tea"), ann.room("lobby")
    quiet.settle(PUT_AWAY_SECONDS + 5)
    assert len(quiet.parts.rooms) == 1
    ann.ask(Say(id=quiet.new_id(), room=tea, text="one"), Say(id=quiet.new_id(), room=lobby, text="two"))
    quiet.settle()
    assert (ann.heard(tea), bob.heard(lobby)) == (["one"], ["two"])


def test_rooms_a_crash_left_empty_end_at_the_next_start(server: HubRoom) -> None:
    server.guest("passer-by").join("tea")
    server.process.kill()
    again = HubRoom(limits=LIMITS, logs=server.logs)
    assert again.done(again.logs.room_named(folded("tea"))) is None


def test_ending_a_room_outlives_a_store_that_fails() -> None:
    server = HubRoom(limits=LIMITS)
    guest = server.guest("passer-by")
    guest.join("tea")
    server.weather.lost = StoreFault("the disk is away")
    guest.hang_up()
    server.settle(5)
    assert server.done(server.logs.room_named(folded("tea"))) is None


def test_a_full_server_says_so() -> None:
    server = HubRoom(limits=Limits(sessions_max=1))
    first = server.visitor()
    link = Wire()
    assert server.hub.connect(link, Peer("192.0.2.1", True, "text"), TextServer(LIMITS, prompted=False)) is None
    assert b"full" in link.written
    assert link.closed
    first.hang_up()
    assert server.visitor()


def test_an_account_may_have_so_many_sessions() -> None:
    server = HubRoom(limits=Limits(sessions_per_account_max=2))
    ann = server.registered("ann")
    server.another(ann)
    third = server.visitor()
    third.ask(Register(name="bob", password="short"))
    server.settle()
    assert third.refusals() == [Code.PASSWORD_SHORT]
    with pytest.raises(AssertionError, match="not let in"):
        server.another(ann)
