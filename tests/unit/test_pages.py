"""Pages of the past: by number and by time, one way and the other, and nothing in them that is not one's own."""

from __future__ import annotations

import pytest

from besedka.chat.entries import RoomId
from besedka.chat.refusals import Code
from besedka.chat.requests import History, Leave, React, Request, Say, SetTopic, Tell, Who
from besedka.chat.told import Kept, Page, ReactionCount, Refused
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


def direct(device: Device, server: HubRoom) -> RoomId:
    """Its conversation with bob, in which number 3 is the first message."""
    asks(device, Tell(id=server.new_id(), name="bob", text="hi"))
    return device.told(Kept)[-1].room


def page(device: Device, room: RoomId, **asked: int | bool) -> Page:
    asks(device, History(room=room, **asked))  # type: ignore[arg-type]
    return device.told(Page)[-1]


def numbers(device: Device, room: RoomId, **asked: int | bool) -> list[int]:
    return [entry.number for entry in page(device, room, **asked).entries]


# History ---------------------------------------------------------------------------------------------------------


def test_pages_of_a_rooms_past(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    says(ann, tea, *"abcdefgh")  # Numbers 3 to 10.

    assert numbers(ann, tea) == list(range(1, 11))
    assert numbers(ann, tea, limit=3) == [8, 9, 10]
    assert numbers(ann, tea, before=5, limit=2) == [3, 4]
    assert numbers(ann, tea, after=5, limit=2) == [6, 7]
    assert numbers(ann, tea, before=99, limit=1) == [10]
    assert numbers(ann, tea, after=99) == numbers(ann, tea, before=0) == []
    assert numbers(ann, tea, limit=0) == [10], "a page has one entry at least"


def test_a_page_has_so_many_entries_at_most() -> None:
    server = HubRoom(limits=Limits(page_entries_max=3))
    ann = server.registered("ann")
    tea = ann.join("tea")
    says(ann, tea, *"abcdefgh")
    assert len(page(ann, tea, limit=50).entries) == 3


def test_whoever_left_reads_up_to_that(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    says(ann, tea, "before")
    asks(bob, Leave(id=server.new_id(), room=tea))
    says(ann, tea, "after")
    told = page(bob, tea, after=0)
    assert (told.entries[-1].number, told.head) == (5, 5)
    assert bob.heard(tea) == ["before"]


def test_what_is_not_ones_own_is_not_read(server: HubRoom) -> None:
    ann, bob, carl = (server.registered(name) for name in ("ann", "bob", "carl"))
    tea, private = ann.join("tea"), direct(ann, server)
    inbox = ann.you.inbox
    assert inbox is not None
    for room in (tea, private, inbox, RoomId(999)):
        asks(carl, History(room=room), Who(room=room))
    assert [unit.code for unit in carl.told(Refused)] == [Code.NOT_A_MEMBER] * 2 + [Code.NO_SUCH_ROOM] * 6
    assert numbers(bob, private) == [2, 3], "from one's joining on"
    assert page(ann, inbox).entries


# Pages around a message ------------------------------------------------------------------------------------------


def test_a_page_around_a_message(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    says(ann, tea, *"abcdefgh")  # Numbers 3 to 10.
    assert numbers(ann, tea, around=5, limit=4) == [4, 5, 6, 7]
    assert numbers(ann, tea, around=5, limit=5) == [3, 4, 5, 6, 7]
    assert numbers(ann, tea, around=5, limit=1) == [5]
    assert numbers(ann, tea, around=1, limit=4) == [1, 2, 3, 4]
    assert numbers(ann, tea, around=10, limit=4) == [9, 10], "the newest are half of a page"
    assert numbers(ann, tea, around=999, limit=4) == [9, 10]
    assert numbers(ann, tea, around=0, limit=2) == [1, 2]


def test_a_page_around_what_one_may_not_read_is_the_nearest_one_may(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    private = direct(ann, server)
    says(ann, private, "a", "b")
    assert numbers(bob, private, around=1, limit=2) == [2, 3], "from one's joining on"


def test_whoever_left_reads_around_nothing_later(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    asks(bob, Leave(id=server.new_id(), room=tea))  # Number 4.
    says(ann, tea, *"abcdef")
    assert numbers(bob, tea, around=8, limit=6) == [2, 3, 4]


def test_pages_count_the_reactions_to_their_messages(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    says(ann, tea, "one", "two")  # Numbers 4 and 5.
    for device, number, reaction in ((ann, 4, "+"), (bob, 4, "+"), (bob, 5, "?")):
        asks(device, React(id=server.new_id(), room=tea, number=number, reaction=reaction))
    assert page(ann, tea, before=5, limit=1).reactions == (ReactionCount(4, "+", 2, mine=True),)
    assert page(bob, tea, around=5, limit=1).reactions == (ReactionCount(5, "?", 1, mine=True),)
    assert [one.number for one in page(ann, tea, limit=50).reactions] == [4, 5]
    assert page(ann, tea, before=4).reactions == ()


# By time, and between --------------------------------------------------------------------------------------------


def times(device: Device, room: RoomId) -> dict[int, int]:
    return {entry.number: entry.time for entry in page(device, room).entries}


def test_a_page_is_found_by_time(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    says(ann, tea, *"abcdefgh")  # Numbers 3 to 10.
    at = times(ann, tea)
    assert numbers(ann, tea, before_time=at[6], limit=2) == [4, 5]
    assert numbers(ann, tea, after_time=at[6], limit=2) == [7, 8]
    assert numbers(ann, tea, after_time=at[6] - 1, limit=2) == [6, 7]
    assert numbers(ann, tea, around_time=at[6], limit=3) == [5, 6, 7]
    assert numbers(ann, tea, before_time=at[1]) == numbers(ann, tea, after_time=at[10]) == []
    assert numbers(ann, tea, before_time=0) == []
    assert numbers(ann, tea, after_time=0, limit=1) == [1]


def test_a_page_lies_between_two_whichever_way_round_they_are(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    says(ann, tea, *"abcdefgh")  # Numbers 3 to 10.
    at = times(ann, tea)
    for early, late in (
        ({"after": 3}, {"before": 8}),
        ({"after_time": at[3]}, {"before_time": at[8]}),
        ({"after_time": at[3]}, {"before": 8}),
    ):
        assert numbers(ann, tea, **early, **late) == [4, 5, 6, 7]
        assert numbers(ann, tea, **early, **late, limit=2) == [4, 5]
        assert numbers(ann, tea, **early, **late, limit=2, newest=True) == [6, 7]
    assert numbers(ann, tea, after=8, before=3, limit=2) == [6, 7]
    assert numbers(ann, tea, after_time=at[8], before_time=at[3], limit=2) == [6, 7]
    assert numbers(ann, tea, after=8, before_time=at[3]) == [4, 5, 6, 7]
    assert numbers(ann, tea, after=5, before=5) == numbers(ann, tea, after=5, before=6) == []
    assert numbers(ann, tea, after_time=at[5], before_time=at[5]) == []
    assert numbers(ann, tea, after=5, newest=True, limit=2) == [9, 10]


def test_a_page_may_be_of_messages_alone(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    for text in "abcd":
        asks(ann, SetTopic(id=server.new_id(), room=tea, topic=text), Say(id=server.new_id(), room=tea, text=text))
    assert numbers(ann, tea, messages=True) == [4, 6, 8, 10]
    assert numbers(ann, tea, messages=True, limit=2) == [8, 10]
    assert numbers(ann, tea, messages=True, after=4, limit=2) == [6, 8]
    assert numbers(ann, tea, messages=True, around=7, limit=3) == [4, 6, 8]


def test_bounds_by_time_show_nothing_that_is_not_ones_own(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    private = direct(ann, server)
    says(ann, private, "a")
    assert numbers(bob, private, after_time=0) == numbers(bob, private, before_time=1 << 50) == [2, 3, 4]
    tea = ann.join("tea")
    bob.join("tea")
    asks(bob, Leave(id=server.new_id(), room=tea))  # Number 4.
    says(ann, tea, *"ab")
    assert numbers(bob, tea, after_time=0, newest=True) == [1, 2, 3, 4]
    assert numbers(bob, tea, around_time=1 << 50, limit=2) == [4]
