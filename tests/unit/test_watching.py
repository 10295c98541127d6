"""Who is told that a value has changed: whoever asked for its key, and may read it."""

from __future__ import annotations

import pytest

from besedka.chat.answers import DataTold
from besedka.chat.entries import Kind, Person, RoomId
from besedka.chat.own_requests import SetProfile, WatchData
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Leave, Request
from besedka.chat.room_requests import Open, SetData
from besedka.chat.told import Done, Kept
from besedka.hub.faults import StoreUnsure
from besedka.hub.watching import BOT, REAL_NAME
from hub_room import Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def asks(device: Device, *requests: Request) -> None:
    device.ask(*requests)
    device.server.settle()


def watches(device: Device, *keys: str) -> None:
    asks(device, WatchData(keys=keys))
    assert device.told(Done)


def sets(device: Device, key: str, value: str, room: RoomId | None = None) -> None:
    asks(device, SetData(id=device.server.new_id(), room=room or RoomId(0), key=key, value=value))


def me(device: Device) -> Person:
    return Person(device.you.principal, device.you.name)


def test_who_watches_a_key_is_told_of_rooms_it_is_in(server: HubRoom) -> None:
    ann, bob, carl = (server.registered(name) for name in ("ann", "bob", "carl"))
    tea = ann.join("tea")
    bob.join("tea")
    for device in (ann, bob, carl):
        watches(device, "url")
    sets(ann, "url", "x", tea)
    sets(ann, "colour", "green", tea)
    assert ann.told(DataTold) == bob.told(DataTold) == [DataTold("url", "x", room=tea)]
    assert carl.told(DataTold) == [], "who is not in the room"
    sets(ann, "url", "", tea)
    assert bob.told(DataTold)[-1] == DataTold("url", "", room=tea)


def test_who_watches_a_key_is_told_of_people_it_shares_a_room_with(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("gus")
    watches(ann, "url", REAL_NAME, BOT)
    watches(guest, "url")
    sets(guest, "url", "x")
    assert ann.told(DataTold) == [DataTold("url", "x", person=me(guest))]
    assert guest.told(DataTold) == [], "nobody is told of themselves"
    sets(ann, "url", "y")
    assert guest.told(DataTold) == [DataTold("url", "y", person=me(ann))]
    asks(guest, SetProfile(id=server.new_id(), real_name="Gus", bot=True))
    assert ann.told(DataTold)[1:] == [
        DataTold(REAL_NAME, "Gus", person=me(guest)),
        DataTold(BOT, "1", person=me(guest)),
    ]
    sets(guest, "url", "")
    assert ann.told(DataTold)[-1] == DataTold("url", "", person=me(guest))


def test_who_shares_no_room_is_not_told(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    asks(bob, Open(id=server.new_id(), name="den", room_kind=Kind.PRIVATE))
    den = bob.told(Kept)[-1].room
    watches(ann, "url")
    sets(bob, "url", "x", den)
    asks(bob, Leave(id=server.new_id(), room=bob.room("lobby")))
    sets(bob, "url", "y")
    assert ann.told(DataTold) == []


def test_nothing_is_told_of_who_is_invisible(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    watches(ann, "url", REAL_NAME)
    asks(bob, SetProfile(id=server.new_id(), invisible=True, real_name="Bob"))
    sets(bob, "url", "x")
    assert ann.told(DataTold) == []


def test_who_became_invisible_by_a_commit_of_unknown_outcome_is_so(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    assert ann.seen(lobby) == ([], [])
    server.weather.doubtful = StoreUnsure("who knows")
    asks(bob, SetProfile(id=server.new_id(), invisible=True))
    server.settle(3)
    assert ann.seen(lobby) == ([], ["bob"])


def test_what_is_watched_is_what_was_named_last(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("gus")
    watches(ann, "url")
    watches(ann, "colour")
    sets(guest, "url", "x")
    watches(ann)
    sets(guest, "colour", "green")
    assert ann.told(DataTold) == []


def test_keys_that_cannot_be_are_refused_and_the_full_are_passed_over(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("gus")
    asks(ann, WatchData(keys=("x" * 65,)))
    assert ann.refusals() == [Code.BAD_VALUE]
    watches(ann, "url")
    ann.link.full = True
    sets(guest, "url", "x")
    assert ann.told(DataTold) == []


def test_who_has_gone_watches_nothing(server: HubRoom) -> None:
    ann = server.registered("ann")
    watches(ann, "url")
    assert server.parts.watching._keys
    asks(ann, Exit())
    assert not server.parts.watching._keys
