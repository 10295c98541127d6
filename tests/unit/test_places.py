"""Readers behind: page by page, from the tail or the store, and at the head again without a gap or a repeat."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from besedka.chat.entries import RoomId
from besedka.chat.requests import Leave, Login, Pong, Say, Sync
from besedka.chat.told import Entries, Presence, RoomTold, Synced, Unit, Unreadable
from besedka.hub.faults import StoreFault
from besedka.hub.keeping import Page
from besedka.limits import Limits
from hub_room import PASSWORD, Device, HubRoom

SMALL = Limits(tail_entries_max=4, page_entries_max=3)


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(limits=SMALL)


def says(device: Device, room: RoomId, *texts: str) -> None:
    for text in texts:
        device.ask(Say(id=device.server.new_id(), room=room, text=text))
    device.server.settle(1)


def fill(device: Device) -> None:
    device.link.full = True


def drain(device: Device) -> None:
    device.link.full = False
    device.server.hub.drained(device.session)


def numbers(device: Device, room: RoomId) -> list[int]:
    return [entry.number for entry in device.entries(room)]


def while_reading_a_page(server: HubRoom, deed: Callable[[], object]) -> None:
    """Do this once, while the next page is on its way from the store."""
    working = server.logs.page

    async def page(*args: Any, **named: Any) -> Page:
        server.logs.page = working  # type: ignore[method-assign]
        found = await working(*args, **named)
        deed()
        await server.process.wait_seconds(0.5)
        return found

    server.logs.page = page  # type: ignore[method-assign]


@pytest.mark.parametrize("count", [1, 3, 4, 5, 30])
def test_everything_comes_in_pages_however_far_behind(server: HubRoom, count: int) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    before = numbers(bob, lobby)
    fill(bob)
    says(ann, lobby, *map(str, range(count)))
    assert numbers(bob, lobby) == before
    drain(bob)
    server.settle(1)
    assert bob.heard(lobby) == [str(one) for one in range(count)]
    assert numbers(bob, lobby) == list(range(before[0], before[-1] + count + 1))
    assert max(len(run.entries) for run in bob.told(Entries)) <= 3
    says(ann, lobby, "live again")
    assert bob.heard(lobby)[-1] == "live again"


def test_whoever_fills_up_on_the_way_goes_on_later(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    fill(bob)
    says(ann, lobby, *map(str, range(20)))
    while_reading_a_page(server, lambda: fill(bob))
    drain(bob)
    server.settle(1)
    assert len(bob.heard(lobby)) < 20
    drain(bob)
    server.settle(1)
    assert bob.heard(lobby) == [str(one) for one in range(20)]


def test_what_is_said_while_a_page_is_read_comes_after_it(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    fill(bob)
    says(ann, lobby, *map(str, range(8)))
    while_reading_a_page(server, lambda: ann.ask(Say(id=server.new_id(), room=lobby, text="meanwhile")))
    drain(bob)
    server.settle(2)
    assert bob.heard(lobby) == [*map(str, range(8)), "meanwhile"]


def test_whoever_leaves_while_a_page_is_read_reads_up_to_that(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    fill(bob)
    says(ann, tea, *map(str, range(8)))

    def leave_and_go_on() -> None:
        bob.ask(Leave(id=server.new_id(), room=tea))
        server.process.spawn(later(), "later")

    async def later() -> None:
        await server.process.wait_seconds(0.1)
        ann.ask(Say(id=server.new_id(), room=tea, text="behind your back"))

    while_reading_a_page(server, leave_and_go_on)
    drain(bob)
    server.settle(3)
    assert bob.heard(tea) == [*map(str, range(8))]
    assert "behind your back" in ann.heard(tea)


def test_a_sync_while_a_page_is_read_moves_the_reader_where_it_says(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    place = numbers(bob, lobby)[-1]
    fill(bob)
    says(ann, lobby, *map(str, range(8)))
    sync = Sync(id=server.new_id(), epoch="memory", places=((lobby, place + 6),))
    while_reading_a_page(server, lambda: bob.ask(sync))
    drain(bob)
    server.settle(3)
    assert bob.heard(lobby) == ["6", "7"]


def test_a_sync_to_the_very_place_of_a_page_is_told_of_the_room_first(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    place = numbers(bob, lobby)[-1]
    fill(bob)
    says(ann, lobby, *map(str, range(8)))
    bob.units.clear()
    sync = Sync(id=server.new_id(), epoch="memory", places=((lobby, place),))
    while_reading_a_page(server, lambda: bob.ask(sync))
    drain(bob)
    server.settle(3)
    assert [type(unit) for unit in bob.told(Unit)[:3]] == [Synced, RoomTold, Entries]
    assert numbers(bob, lobby) == list(range(place + 1, place + 9))


def test_a_store_that_cannot_read_is_asked_again(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    fill(bob)
    says(ann, lobby, *map(str, range(8)))
    working = server.logs.page

    async def failing(*_args: Any, **_named: Any) -> Page:
        server.logs.page = working  # type: ignore[method-assign]
        raise StoreFault("the disk is away")

    server.logs.page = failing  # type: ignore[method-assign]
    drain(bob)
    server.settle(0.5)
    assert bob.heard(lobby) == []
    server.settle(2)
    assert bob.heard(lobby) == [str(one) for one in range(8)]


def test_a_reader_that_ends_while_a_page_is_read_gets_nothing_more(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    fill(bob)
    says(ann, lobby, *map(str, range(8)))
    while_reading_a_page(server, lambda: server.hub.lost(bob.session, "closed by peer"))
    drain(bob)
    server.settle(1)
    assert bob.heard(lobby) == []
    assert not server.notebook.faults


def test_large_messages_come_in_smaller_pages() -> None:
    server = HubRoom(limits=Limits(run_bytes_max=65_536, turn_bytes_max=65_536))
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    fill(bob)
    says(ann, lobby, *["x" * 4000] * 12)
    drain(bob)
    server.settle(1)
    assert len(bob.heard(lobby)) == 12
    assert max(len(run.entries) for run in bob.told(Entries)) <= 3


def test_signals_are_dropped_for_the_full_and_the_present_state_comes_instead(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    fill(ann)
    bob.hang_up()
    server.settle(server.limits.grace_seconds + 2)
    server.another(bob)
    server.settle(0.3)
    assert ann.told(Presence) == []
    drain(ann)
    ann.ask(Pong())
    server.settle()
    assert ann.seen(lobby)[0] == ["bob"]
    assert not ann.session.missed


class Damage:
    """A page of one room that cannot be read, and how often that was tried."""

    def __init__(self, server: HubRoom, ill: RoomId) -> None:
        self.tries: list[float] = []
        self.mended = False
        working = server.logs.page

        async def page(room: RoomId, **named: Any) -> Page:
            if room == ill and not self.mended:
                self.tries.append(server.steps.seconds)
                raise StoreFault("a page of this room is damaged")
            return await working(room, **named)

        server.logs.page = page  # type: ignore[method-assign]


def behind_in(server: HubRoom, *names: str) -> tuple[Device, Device, list[RoomId]]:
    """Ann, and bob who is behind in these rooms and has just begun to take data again."""
    ann, bob = server.registered("ann"), server.registered("bob")
    rooms = [ann.join(name) for name in names]
    for name in names:
        bob.join(name)
    fill(bob)
    for room in rooms:
        says(ann, room, *"abcdef")
    return ann, bob, rooms


def test_a_room_that_cannot_be_read_holds_up_no_other(server: HubRoom) -> None:
    _ann, bob, (tea, oak) = behind_in(server, "tea", "oak")
    Damage(server, tea)
    drain(bob)
    server.settle(0.5)
    assert bob.heard(oak) == list("abcdef")
    assert bob.heard(tea) == []


def test_a_room_that_cannot_be_read_is_tried_less_and_less_often(server: HubRoom) -> None:
    _ann, bob, (tea,) = behind_in(server, "tea")
    damage = Damage(server, tea)
    drain(bob)
    for _ in range(60):  # Ten minutes, and not a silent reader.
        server.settle(10)
        bob.ask(Pong())
    waits = [after - before for before, after in pairwise(damage.tries)]
    assert waits == sorted(waits)
    assert waits[0] < 3 * server.limits.store_retry_seconds
    longest = server.limits.store_retry_seconds_max
    assert longest <= waits[-1] <= longest + 2, "and still it is tried"
    assert [event for event, _error in server.notebook.faults] == ["reading a page failed"] * 2, "in two five minutes"


def test_whose_room_cannot_be_read_is_told_so_once_and_given_it_when_it_can(server: HubRoom) -> None:
    _ann, bob, (tea,) = behind_in(server, "tea")
    damage = Damage(server, tea)
    drain(bob)
    server.settle(30)
    assert bob.told(Unreadable) == [Unreadable(tea)]
    damage.mended = True
    server.settle(60)
    assert bob.heard(tea) == list("abcdef")
    assert bob.told(Unreadable) == [Unreadable(tea)]
    assert not bob.session.resting


def test_a_store_that_is_busy_for_a_moment_is_not_spoken_of(server: HubRoom) -> None:
    _ann, bob, (tea,) = behind_in(server, "tea")
    damage = Damage(server, tea)
    drain(bob)
    server.settle(0.5)
    damage.mended = True
    server.settle(3)
    assert bob.heard(tea) == list("abcdef")
    assert not bob.told(Unreadable)


def test_a_room_that_could_not_even_be_told_of_is_counted(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    ann.hang_up()
    opened = server.parts.rooms.get(tea)
    assert opened is not None
    server.parts.rooms.put_away(opened)
    working = server.logs.room

    async def state(room: RoomId) -> Any:
        if room == tea:
            raise StoreFault("its state is damaged")
        return await working(room)

    server.logs.room = state  # type: ignore[method-assign]
    again = server.visitor()
    again.ask(Login(name="ann", password=PASSWORD))
    again.sync()
    server.settle(10)
    assert again.told(Unreadable) == [Unreadable(tea, untold=True)]
    assert again.told(Synced)[-1].rooms == len(again.told(RoomTold)) + 1


def test_a_sync_is_a_reason_to_try_at_once(server: HubRoom) -> None:
    _ann, bob, (tea,) = behind_in(server, "tea")
    damage = Damage(server, tea)
    drain(bob)
    server.settle(40)
    damage.mended = True
    bob.ask(Sync(epoch="memory", places=((tea, numbers(bob, tea)[-1]),)))
    server.settle(0.5)
    assert bob.heard(tea) == list("abcdef")


def test_signals_are_caught_up_with_beside_a_room_that_cannot_be_read(server: HubRoom) -> None:
    ann, bob, (tea,) = behind_in(server, "tea")
    lobby = ann.room("lobby")
    Damage(server, tea)
    guest = server.guest("gus")
    server.settle(0.3)
    assert lobby in bob.session.missed
    drain(bob)
    server.settle(1)
    assert "gus" in bob.seen(lobby)[0]
    guest.hang_up()
