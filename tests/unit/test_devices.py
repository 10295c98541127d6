"""One device is one session: whoever comes back with a token takes the place of what it left behind."""

from __future__ import annotations

import pytest

from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Resume, Say
from besedka.chat.told import Farewell, Kept, Parting, You
from besedka.hub.faults import StoreFault
from besedka.limits import Limits
from hub_room import Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def resuming(device: Device) -> Resume:
    assert device.you.token is not None
    return Resume(token=device.you.token)


def back(device: Device) -> Device:
    """The device again, on a new connection; the server has not heard that the old one is gone."""
    again = device.server.visitor()
    again.ask(resuming(device))
    device.server.settle()
    return again.sync()


def partings(device: Device) -> list[Parting]:
    return [unit.parting for unit in device.told(Farewell)]


def test_a_device_that_comes_back_takes_the_place_of_its_old_connection(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    again = back(ann)
    assert partings(ann) == [Parting.REPLACED]
    assert ann.link.closed
    server.settle(server.limits.grace_seconds + 2)
    assert bob.seen(lobby) == ([], []), "neither has anybody come nor gone"
    bob.ask(Say(id=server.new_id(), room=lobby, text="hi"))
    server.settle()
    assert again.heard(lobby) == ["hi"]


def test_what_the_old_connection_still_asks_is_not_kept_after_a_refusal_on_the_new_one(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    say = Say(id=server.new_id(), room=lobby, text="once")
    ann.link.full = True  # So that nothing of it is taken: the device has gone without a word.
    ann.ask(say)
    again = back(ann)
    server.weather.lost = StoreFault("the disk is full")
    again.ask(say)
    server.settle()
    assert again.refusals() == [Code.NOT_KEPT]
    ann.link.full = False
    server.hub.drained(ann.session)
    server.settle(1)
    assert bob.heard(lobby) == []


def test_what_the_old_connection_has_in_the_turn_is_kept_and_known_on_the_new_one(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    say = Say(id=server.new_id(), room=lobby, text="once")
    server.weather.slow_seconds = 1.0
    ann.ask(say)
    server.settle(0.5)
    again = server.visitor()
    again.ask(resuming(ann), say)
    server.settle(5)
    assert partings(ann) == [Parting.REPLACED]
    assert [kept.id for kept in again.told(Kept)] == [say.id]
    assert bob.heard(lobby) == ["once"]


def test_the_connection_made_later_is_the_device_whichever_is_heard_first(server: HubRoom) -> None:
    ann = server.registered("ann")
    ann.hang_up()
    older, newer = server.visitor(), server.visitor()
    newer.ask(resuming(ann))
    server.settle()
    older.ask(resuming(ann))
    server.settle()
    assert partings(older) == [Parting.REPLACED]
    assert not older.told(You)
    assert newer.told(You)
    assert not partings(newer)


def test_a_device_needs_no_second_place_among_its_accounts_sessions() -> None:
    server = HubRoom(limits=Limits(sessions_per_account_max=1))
    assert back(server.registered("ann")).told(You)


def test_other_devices_stay(server: HubRoom) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    back(ann)
    assert not partings(other)


def test_nothing_is_remembered_of_devices_that_are_gone(server: HubRoom) -> None:
    ann = server.registered("ann")
    stranger = server.visitor()
    stranger.ask(Resume(token="none"))
    server.settle()
    assert stranger.refusals() == [Code.TOKEN_DEAD]
    assert stranger.session.token is None
    session, token = ann.session, ann.you.token
    assert token is not None
    ann.ask(Exit())
    server.settle()
    assert server.parts.devices.bear(token, session) is None
