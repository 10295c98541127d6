"""Rooms whose state the store cannot read: they harm whoever asks for them, briefly, and nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from besedka.chat.entries import RoomId
from besedka.chat.refusals import Code
from besedka.chat.requests import Ping, Say
from besedka.chat.rooms import Room
from besedka.chat.told import Done, Kept, Refused
from besedka.hub.faults import StoreFault
from besedka.hub.rooms import OpenRoom
from besedka.store.memory import MemoryLogStore
from hub_room import HubRoom

Mend = Callable[[], None]


@pytest.fixture
def damage(monkeypatch: pytest.MonkeyPatch) -> Callable[[RoomId], Mend]:
    """Makes a room unreadable, until what it returns is called."""
    ill: dict[RoomId, None] = {}
    working = MemoryLogStore.room

    async def reading(self: MemoryLogStore, room: RoomId) -> Room | None:
        if room in ill:
            raise StoreFault("its state is damaged")
        return await working(self, room)

    monkeypatch.setattr(MemoryLogStore, "room", reading)

    def damaged(room: RoomId) -> Mend:
        ill[room] = None
        return lambda: ill.pop(room)

    return damaged


def put_away(server: HubRoom, room: RoomId) -> None:
    opened = server.parts.rooms.get(room)
    assert isinstance(opened, OpenRoom)
    server.parts.rooms.put_away(opened)


def test_what_cannot_be_looked_up_is_refused_and_holds_up_no_more(damage: Callable[[RoomId], Mend]) -> None:
    server = HubRoom()
    ann = server.registered("ann")
    tea = ann.join("tea")
    put_away(server, tea)
    mend = damage(tea)
    say, ping = Say(id=server.new_id(), room=tea, text="hello"), Ping(id=server.new_id())
    ann.ask(say, ping)
    server.settle(20)
    assert [(refused.id, refused.code) for refused in ann.told(Refused)] == [(say.id, Code.BUSY)]
    assert ann.told(Done)[-1].id == ping.id
    mend()
    ann.ask(say)
    server.settle()
    assert ann.told(Kept)[-1].id == say.id
    assert ann.heard(tea) == ["hello"]


def test_a_store_that_is_busy_for_a_moment_refuses_nothing(damage: Callable[[RoomId], Mend]) -> None:
    server = HubRoom()
    ann = server.registered("ann")
    tea = ann.join("tea")
    put_away(server, tea)
    mend = damage(tea)
    ann.ask(Say(id=server.new_id(), room=tea, text="hello"))
    server.settle(2)
    mend()
    server.settle(5)
    assert not ann.refusals()
    assert ann.heard(tea) == ["hello"]


def test_a_damaged_room_that_has_ended_keeps_no_other_from_being_archived(damage: Callable[[RoomId], Mend]) -> None:
    crashed = HubRoom()
    rooms = [crashed.guest(f"guest{number}").join(f"room{number}") for number in range(3)]
    mend = damage(rooms[0])
    server = HubRoom(logs=crashed.logs)
    server.settle(1)

    def archived() -> list[bool]:
        states = [server.done(MemoryLogStore.room(server.logs, room)) for room in rooms[1:]]
        return [state is not None and state.archived for state in states]

    assert archived() == [True, True]
    server.settle(600)
    assert len(server.notebook.faults) < 20, "it is tried less and less often"
    mend()
    server.settle(server.limits.store_retry_seconds_max + 1)
    state = server.done(server.logs.room(rooms[0]))
    assert state is not None
    assert state.archived
