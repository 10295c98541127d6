"""What is read of rooms beside their history as it comes: lists, what is unread, and pages around a message."""

from __future__ import annotations

import pytest

from besedka.chat.answers import MarkList, OverviewLine, OverviewTold
from besedka.chat.entries import Level, Listing, RoomId
from besedka.chat.own_requests import MoveMarker, Overview, SetNotify
from besedka.chat.refusals import Code
from besedka.chat.requests import History, Request, Say, Tell
from besedka.chat.room_requests import ListMarks, SetMark
from besedka.chat.told import Kept, Page
from besedka.limits import Limits
from hub_room import Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def asks(device: Device, *requests: Request) -> None:
    device.ask(*requests)
    device.server.settle(1)


def says(device: Device, room: RoomId, *texts: str) -> None:
    asks(device, *[Say(id=device.server.new_id(), room=room, text=text) for text in texts])


def page(device: Device, room: RoomId, **asked: int) -> Page:
    asks(device, History(room=room, **asked))  # type: ignore[arg-type]
    return device.told(Page)[-1]


def numbers(device: Device, room: RoomId, **asked: int) -> list[int]:
    return [entry.number for entry in page(device, room, **asked).entries]


# Lists -----------------------------------------------------------------------------------------------------------


def test_the_lists_of_a_room_are_for_those_in_it(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    asks(
        ann,
        SetMark(id=server.new_id(), room=tea, listing=Listing.BAN, mask="Trouble!*@*", reason="noise", seconds=60),
        SetMark(id=server.new_id(), room=tea, listing=Listing.MUTE, mask="loud*"),
        SetMark(id=server.new_id(), room=tea, listing=Listing.BAN, mask="*.ip"),
    )
    set_at = server.process.now()
    asks(ann, ListMarks(room=tea, listing=Listing.BAN))
    asks(bob, ListMarks(room=tea, listing=Listing.BAN), ListMarks(room=RoomId(999), listing=Listing.BAN))
    told = ann.told(MarkList)[-1]
    assert [(line.mask, line.by, line.reason) for line in told.marks] == [
        ("Trouble!*@*", "ann", "noise"),
        ("*.ip", "ann", ""),
    ]
    first, second = told.marks
    assert first.until == first.since + 60_000
    assert second.until is None
    assert set_at - 2000 < first.since <= set_at
    assert bob.refusals() == [Code.NOT_A_MEMBER, Code.NO_SUCH_ROOM]
    server.settle(61)
    asks(ann, ListMarks(room=tea, listing=Listing.BAN))
    assert [line.mask for line in ann.told(MarkList)[-1].marks] == ["*.ip"]


# What is unread --------------------------------------------------------------------------------------------------


def overview(device: Device) -> dict[RoomId, OverviewLine]:
    asks(device, Overview())
    return {one.line.room: one for one in device.told(OverviewTold)[-1].rooms}


def test_ones_rooms_and_what_is_unread_in_them(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    asks(bob, MoveMarker(id=server.new_id(), room=tea, number=3))
    says(ann, tea, "one", "two @bob", "three")  # Numbers 4 to 6.
    asks(ann, Tell(id=server.new_id(), name="bob", text="hi"))
    direct = ann.told(Kept)[-1].room
    asks(bob, SetNotify(id=server.new_id(), room=tea, level=Level.MENTIONS))
    rooms = overview(bob)
    assert set(rooms) == {bob.room("lobby"), tea, direct}
    line = rooms[tea]
    assert (line.head, line.read, line.unread, line.mentions, line.level) == (6, 3, 3, 1, Level.MENTIONS)
    assert (line.line.room_name, line.line.members, line.line.joined, line.line.people) == ("tea", 2, True, ())
    assert sorted(person.name for person in rooms[direct].line.people) == ["ann", "bob"]
    assert (rooms[direct].unread, rooms[direct].level) == (1, Level.ALL)
    asks(bob, MoveMarker(id=server.new_id(), room=tea, number=5))
    line = overview(bob)[tea]
    assert (line.read, line.unread, line.mentions) == (5, 1, 0)


def test_a_guest_has_no_overview() -> None:
    server = HubRoom(limits=Limits())
    guest = server.guest("gus")
    asks(guest, Overview())
    assert guest.refusals() == [Code.ACCOUNT_NEEDED]
