"""What falls due in the logs: marks whose time is over, and redacted words that must leave the files."""

from __future__ import annotations

import pytest

from besedka.chat.entries import Listing, RoomId, Unmarked
from besedka.chat.requests import Redact, Say
from besedka.chat.room_requests import SetMark
from besedka.chat.rooms import Room
from besedka.chat.told import Kept
from besedka.hub.faults import StoreFault
from besedka.hub.upkeep import LOOK_SECONDS, SCRUB_AGAIN_SECONDS, SCRUB_SECONDS
from besedka.limits import Limits
from besedka.store.memory import MemoryLogStore
from hub_room import Device, HubRoom


class Files(MemoryLogStore):
    """A store that says how often it was scrubbed, and what of it was in the way."""

    scrubbed = 0
    in_the_way = 0
    broken = False
    damaged: RoomId | None = None

    async def room(self, room: RoomId) -> Room | None:
        if room == self.damaged:
            raise StoreFault("it could not be read")
        return await super().room(room)

    async def scrub(self) -> bool:
        if self.broken:
            raise StoreFault("the disk is gone")
        self.scrubbed += 1
        self.in_the_way = max(0, self.in_the_way - 1)
        return self.in_the_way == 0


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(limits=Limits(ping_seconds=86_400.0), logs=Files())  # Nobody answers a ping here.


def files(server: HubRoom) -> Files:
    assert isinstance(server.logs, Files)
    return server.logs


def mark(device: Device, room: RoomId, listing: Listing, mask: str, seconds: int) -> SetMark:
    return SetMark(id=device.server.new_id(), room=room, listing=listing, mask=mask, seconds=seconds)


def redact_something(device: Device) -> None:
    lobby = device.room("lobby")
    device.ask(Say(id=device.server.new_id(), room=lobby, text="secret"))
    device.server.settle()
    number = device.told(Kept)[-1].number
    device.ask(Redact(id=device.server.new_id(), room=lobby, number=number))
    device.server.settle()
    assert "secret" not in device.server.another(device).heard(lobby)


def test_what_is_over_is_lifted_by_an_entry_for_each_list(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    ann.ask(
        mark(ann, tea, Listing.BAN, "eve", 10),
        mark(ann, tea, Listing.BAN, "*!*@bad", 10),
        mark(ann, tea, Listing.BAN, "for-ever", 0),
        mark(ann, tea, Listing.MUTE, "mallory", 10),
        mark(ann, tea, Listing.MUTE, "carl", 1000),
    )
    server.settle(10 + LOOK_SECONDS + 1)
    lifted = [entry.body for entry in ann.entries(tea) if isinstance(entry.body, Unmarked)]
    assert lifted == [Unmarked(Listing.BAN, ("eve", "*!*@bad")), Unmarked(Listing.MUTE, ("mallory",))]
    opened = server.parts.rooms.get(tea)
    assert opened is not None
    assert [one.mark.mask for one in opened.state.governance.listed] == ["for-ever", "carl"]


def test_files_are_scrubbed_at_start_and_when_something_was_redacted(server: HubRoom) -> None:
    ann = server.registered("ann")
    server.settle(3 * SCRUB_SECONDS)
    assert files(server).scrubbed == 1
    redact_something(ann)
    server.settle(SCRUB_SECONDS + LOOK_SECONDS)
    assert files(server).scrubbed == 2
    server.settle(3 * SCRUB_SECONDS)
    assert files(server).scrubbed == 2


def test_what_was_in_the_way_of_scrubbing_is_waited_for(server: HubRoom) -> None:
    ann = server.registered("ann")
    server.settle(SCRUB_SECONDS)
    files(server).in_the_way = 3
    redact_something(ann)
    server.settle(SCRUB_SECONDS + 4 * (SCRUB_AGAIN_SECONDS + LOOK_SECONDS))
    assert files(server).in_the_way == 0
    assert files(server).scrubbed == 1 + 3


def test_upkeep_goes_on_after_the_store_was_broken(server: HubRoom) -> None:
    ann = server.registered("ann")
    server.settle(SCRUB_SECONDS)
    files(server).broken = True
    redact_something(ann)
    server.settle(SCRUB_SECONDS)
    assert [event for event, _ in server.notebook.faults] == ["upkeep failed"]
    files(server).broken = False
    server.settle(SCRUB_AGAIN_SECONDS + LOOK_SECONDS)
    assert files(server).scrubbed == 2
    assert len(server.notebook.faults) == 1


def test_a_damaged_room_keeps_no_ban_in_others(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea, books = ann.join("tea"), ann.join("books")
    ann.ask(mark(ann, tea, Listing.BAN, "eve", 10), mark(ann, books, Listing.BAN, "eve", 10))
    server.settle()
    files(server).damaged = tea
    server.parts.rooms.put_away(server.parts.rooms._rooms[tea])
    server.settle(10 + LOOK_SECONDS + 1)
    assert ann.entries(books)[-1].body == Unmarked(Listing.BAN, ("eve",))
    assert [event for event, _ in server.notebook.faults] == ["upkeep failed"]
    files(server).damaged = None
    server.settle(LOOK_SECONDS + 1)
    assert ann.entries(tea)[-1].body == Unmarked(Listing.BAN, ("eve",))
