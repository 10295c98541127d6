"""What the client's core lets the screen see of entries: each once, in order, up to a leaving."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Entered, Kind, Left, MembershipChanged, Person, RoomId, RoomName, TopicSet, Way
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.requests import Sync
from besedka.chat.told import Done, Synced
from besedka.client.events import Appeared, Jump, Jumped
from lone_client import Someone, in_the_lobby, numbers
from scripted import ANN, INBOX, LOBBY, entry, kinds, of, room, run

# Entries -----------------------------------------------------------------------------------------------------------


def test_entries_arrive_in_order_and_repeats_do_not() -> None:
    ann = in_the_lobby(after=10)
    assert numbers(ann.told(run(11, 13))) == [11, 12, 13]
    assert numbers(ann.told(run(12, 14))) == [14]
    assert ann.told(run(1, 5)) == []
    assert ann.core.rooms[LOBBY].place == 14


def test_a_gap_is_healed_by_one_sync_of_that_room() -> None:
    ann = in_the_lobby(after=10)
    assert numbers(ann.told(of(LOBBY, entry(11), entry(13)))) == [11]
    (sync,) = ann.asked()
    assert isinstance(sync, Sync)
    assert (sync.epoch, sync.places) == ("e1", ((LOBBY, 11),))
    assert ann.told(run(14, 14)) == []
    assert ann.asked() == [], "one sync is under way"
    events = ann.told(Synced(sync.request_id, 1), room(after=11, head=14), run(12, 14))
    assert numbers(events) == [12, 13, 14]
    ann.told(run(16, 16))
    assert kinds(ann.asked()) == ["Sync"], "a later gap is another"


def test_entries_of_a_room_nobody_told_of_are_asked_for_from_the_first() -> None:
    ann = in_the_lobby()
    assert ann.told(run(1, 2, RoomId(9))) == []
    (sync,) = ann.asked()
    assert isinstance(sync, Sync)
    assert sync.places == ((RoomId(9), 0),)
    events = ann.told(Synced(sync.request_id, 1), room(RoomId(9), name="dev"), run(1, 2, RoomId(9)))
    assert Appeared(RoomId(9), 0) in events
    assert numbers(events) == [1, 2]


def test_a_place_that_was_pruned_jumps_and_says_so() -> None:
    ann = in_the_lobby(after=10)
    told = msgspec.structs.replace(room(after=49, head=60), resumption=Resumption.PRUNED)
    assert ann.told(told) == [Jumped(LOBBY, Jump.PRUNED, 10, 49)]
    assert numbers(ann.told(run(50, 51))) == [50, 51]


def test_a_room_whose_log_is_another_starts_over_and_says_so() -> None:
    ann = in_the_lobby(after=10)
    told = msgspec.structs.replace(room(after=0, head=3), resumption=Resumption.START_OVER)
    assert ann.told(told) == [Jumped(LOBBY, Jump.START_OVER, 10, 0)]
    assert numbers(ann.told(run(1, 3))) == [1, 2, 3]


def test_a_room_told_again_with_an_older_place_repeats_nothing() -> None:
    ann = in_the_lobby(after=10)
    assert ann.told(room(after=5, head=11)) == []
    assert numbers(ann.told(run(6, 11))) == [11]


def test_a_topic_told_as_of_the_head_is_not_changed_back_by_older_entries() -> None:
    ann = Someone()
    sync = ann.comes_in()
    ann.told(Synced(sync.request_id, 1), room(after=0, head=2, topic="new"))
    ann.told(of(LOBBY, entry(1, TopicSet("old"))))
    assert ann.core.rooms[LOBBY].topic == "new"
    ann.told(of(LOBBY, entry(2, TopicSet("new"))))
    assert ann.core.rooms[LOBBY].topic == "new"
    ann.told(of(LOBBY, entry(3, TopicSet("newer"))))
    assert ann.core.rooms[LOBBY].topic == "newer"


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6)), max_size=40), st.data())
def test_whatever_runs_a_server_sends_the_screen_has_each_number_once_in_order(
    runs: list[tuple[int, int]], data: st.DataObject
) -> None:
    ann = in_the_lobby()
    shown: list[int] = []
    for first, length in runs:
        shown += numbers(ann.told(run(first, first + length)))
        for sync in ann.asked():
            assert isinstance(sync, Sync)
            if data.draw(st.booleans()):
                ann.told(Synced(sync.request_id, 1), room(after=sync.places[0][1]))
    assert shown == list(range(1, len(shown) + 1))


# Rooms entered and left --------------------------------------------------------------------------------------------


def _ann(way: Way) -> MembershipChanged:
    return MembershipChanged(way, (Person(ANN, AccountName("ann")),))


def test_a_room_left_is_not_listed_any_more_and_nothing_of_it_comes_twice_after_rejoining() -> None:
    ann = in_the_lobby(after=10)
    ann.told(of(LOBBY, entry(11, _ann(Way.LEFT))))
    assert not ann.core.rooms[LOBBY].inside
    ann.core.lost()
    assert ann.comes_in().places == ()
    events = ann.told(room(after=8, head=12), of(LOBBY, *(entry(n) for n in (9, 10, 11)), entry(12, _ann(Way.JOINED))))
    assert numbers(events) == [12]
    assert ann.core.rooms[LOBBY].inside


def test_a_leaving_that_was_over_when_the_room_was_told_of_puts_nobody_outside() -> None:
    ann = Someone()
    sync = ann.comes_in()
    ann.told(Synced(sync.request_id, 1), room(after=0, head=12))
    ann.told(of(LOBBY, entry(1), entry(2, _ann(Way.JOINED)), entry(3, _ann(Way.LEFT)), entry(4)))
    assert ann.core.rooms[LOBBY].inside
    ann.core.lost()
    assert (LOBBY, 4) in ann.comes_in().places, "the joining was not told before the line was lost"
    ann.told(room(after=4, head=12), run(5, 11), of(LOBBY, entry(12, _ann(Way.JOINED)), entry(13, _ann(Way.LEFT))))
    assert not ann.core.rooms[LOBBY].inside


def test_being_told_of_a_room_one_is_in_ends_an_earlier_leaving() -> None:
    ann = in_the_lobby(after=10)
    ann.told(of(LOBBY, entry(11, _ann(Way.LEFT))))
    ann.told(room(after=8, head=12))
    assert ann.core.rooms[LOBBY].inside
    ann.told(msgspec.structs.replace(room(after=11, head=14), members=0))
    assert ann.core.rooms[LOBBY].inside, "what is told to who is outside says nothing of when that began"


def test_what_was_said_while_outside_is_announced_as_left_out() -> None:
    ann = in_the_lobby(after=10)
    ann.told(of(LOBBY, entry(11, _ann(Way.LEFT))))
    events = ann.told(room(after=30, head=32), run(31, 31), of(LOBBY, entry(32, _ann(Way.JOINED))))
    assert events[0] == Jumped(LOBBY, Jump.REJOINED, 11, 30)
    assert numbers(events) == [31, 32]


def test_the_inbox_says_the_same_in_any_order() -> None:
    ann = in_the_lobby(after=10)
    inbox = room(INBOX, kind=Kind.INBOX)
    ann.told(inbox, of(INBOX, entry(1, Left(LOBBY, 20)), entry(2, Entered(LOBBY, Kind.PUBLIC, RoomName("lobby"), 30))))
    assert ann.core.rooms[LOBBY].inside
    ann.told(of(INBOX, entry(3, Left(LOBBY, 25))))
    assert ann.core.rooms[LOBBY].inside, "an older leaving than the last joining"
    ann.told(of(INBOX, entry(4, Left(LOBBY, 40, Way.REMOVED))))
    assert not ann.core.rooms[LOBBY].inside
    ann.core.lost()
    assert (LOBBY, 10) in ann.comes_in().places, "what it may still read up to its leaving is wanted"


def test_a_guest_comes_and_goes_without_entries() -> None:
    bob = Someone()
    bob.comes_in(PrincipalId(-7))
    bob.told(Synced(None, 1), room(after=3, head=3))
    left = bob.core.leave(LOBBY)
    assert isinstance(left, str)
    bob.told(Done(left, LOBBY))
    assert not bob.core.rooms[LOBBY].inside
    joined = bob.core.join("lobby")
    assert isinstance(joined, str)
    bob.told(Done(joined, LOBBY))
    assert bob.core.rooms[LOBBY].inside
    assert bob.core.outbox == ()
