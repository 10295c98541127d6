"""What entries make of a room, who may read it, and what inboxes note."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import (
    Archived,
    Body,
    Draft,
    Entered,
    Entry,
    Kind,
    Left,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoomId,
    RoomName,
    RoomRole,
    SessionsRevoked,
    TopicSet,
    Way,
)
from besedka.chat.folding import CLOCK_LEAD_MILLISECONDS, evolve, number
from besedka.chat.notices import inbox_notices
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.rooms import Member, Reading, Room, Stay, audience, direct_people, reading

ANN = Person(PrincipalId(1), AccountName("ann"))
BOB = Person(PrincipalId(2), AccountName("bob"))
GUEST = Person(PrincipalId(-3), AccountName("passer-by"))
JOINED, LEFT, REMOVED = Way.JOINED, Way.LEFT, Way.REMOVED


def changed(way: Way, *people: Person) -> MembershipChanged:
    return MembershipChanged(way, people)


def after(room: Room, *bodies: Body, author: Person = ANN, now: int = 5) -> Room:
    for body in bodies:
        room = evolve(room, number(room, Draft(author.principal, author.name, body), now))
    return room


def opened(kind: Kind = Kind.PUBLIC, owner: Person | None = ANN) -> Room:
    return after(Room(RoomId(9)), Opened(kind, RoomName("tea"), owner.principal if owner else None))


def direct(*people: Person) -> Room:
    low, high = min(one.principal for one in people), max(one.principal for one in people)
    return after(Room(RoomId(9)), Opened(Kind.DIRECT, pair=(low, high)), changed(JOINED, *people))


# Numbers and times -----------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=30))
def test_times_are_as_p2_says(clock: list[int]) -> None:
    room = opened()
    for now in clock:
        before = room.time
        entry = number(room, Draft(ANN.principal, ANN.name, Message("x")), now)
        assert entry.number == room.head + 1
        if before + 1 - now < CLOCK_LEAD_MILLISECONDS:
            assert entry.time >= before + 1
        assert entry.time == max(now, before, entry.time)
        assert entry.time <= max(now, before, now + CLOCK_LEAD_MILLISECONDS - 1)
        room = evolve(room, entry)


@pytest.mark.parametrize(
    ("now", "time"),
    [(1001, 1001), (1000, 1001), (500, 1001), (2, 1001), (1, 1000), (0, 1000)],
)
def test_the_time_after_a_thousand(now: int, time: int) -> None:
    room = Room(RoomId(1), head=4, time=1000)
    entry = number(room, Draft(ANN.principal, ANN.name, Message("x")), now)
    assert (entry.number, entry.time, entry.author, entry.name) == (5, time, ANN.principal, "ann")


def test_an_entry_out_of_order_is_our_fault() -> None:
    with pytest.raises(AssertionError, match="out of order"):
        evolve(opened(), Entry(3, 9, ANN.principal, ANN.name, Message("x")))
    with pytest.raises(AssertionError, match="before its predecessor"):
        evolve(opened(), Entry(2, 4, ANN.principal, ANN.name, Message("x")))


# What an entry changes -------------------------------------------------------------------------------------------


def test_a_room_is_opened_once() -> None:
    room = opened()
    assert (room.kind, room.name, room.owner, room.head, room.time) == (Kind.PUBLIC, "tea", 1, 1, 5)
    with pytest.raises(AssertionError, match="opened once"):
        after(room, Opened(Kind.PUBLIC))


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (Message("x"), {"messages": 1}),
        (Archived(), {"archived": True}),
        (Entered(RoomId(2), Kind.PUBLIC, RoomName("x"), 1), {}),
        (Left(RoomId(2), 3), {}),
        (SessionsRevoked(), {}),
    ],
)
def test_what_an_entry_changes_and_nothing_else(body: Body, changes: dict[str, object]) -> None:
    room = opened()
    assert after(room, body, now=77) == msgspec.structs.replace(room, head=2, time=77, **changes)


def test_a_topic_is_known_with_who_set_it_and_when() -> None:
    room = after(opened(), TopicSet("green"), now=77)
    governance = msgspec.structs.replace(opened().governance, topic_by=ANN.name, topic_since=77)
    assert room == msgspec.structs.replace(opened(), head=2, time=77, topic="green", governance=governance)
    assert room.governance.opened == 5


def test_coming_going_and_coming_again() -> None:
    room = after(opened(), changed(JOINED, ANN, BOB))
    assert dict(room.members) == {1: Member(ANN.name, RoomRole.OWNER, 2), 2: Member(BOB.name, RoomRole.MEMBER, 2)}
    room = after(room, changed(LEFT, BOB), changed(REMOVED, ANN))
    assert not room.members
    assert dict(room.former) == {2: Stay(2, 3), 1: Stay(2, 4)}
    room = after(room, changed(JOINED, BOB))
    assert dict(room.members) == {2: Member(BOB.name, RoomRole.MEMBER, 2)}
    assert dict(room.former) == {1: Stay(2, 4)}


def test_who_is_not_in_cannot_leave() -> None:
    with pytest.raises(AssertionError):
        after(opened(), changed(LEFT, BOB))


@pytest.mark.parametrize(
    ("kind", "owner", "hidden", "passing"),
    [
        (Kind.PUBLIC, ANN, False, False),
        (Kind.PUBLIC, None, False, True),
        (Kind.PRIVATE, ANN, True, False),
        (Kind.DIRECT, None, True, False),
        (Kind.INBOX, ANN, True, False),
    ],
)
def test_what_a_kind_means(kind: Kind, owner: Person | None, hidden: bool, passing: bool) -> None:
    room = opened(kind, owner)
    assert (room.hidden, room.passing) == (hidden, passing)


# Who may read what (P7) ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "member", "gone", "again"),
    [
        (Kind.PUBLIC, Reading(1, None), Reading(1, 4), Reading(1, None)),
        (Kind.PRIVATE, Reading(3, None), Reading(3, 4), Reading(3, None)),
        (Kind.DIRECT, Reading(3, None), Reading(3, 4), Reading(3, None)),
    ],
)
def test_what_a_member_may_read(kind: Kind, member: Reading, gone: Reading, again: Reading) -> None:
    room = after(opened(kind), Message("before"))
    assert reading(room, BOB.principal, inside=False) is None
    room = after(room, changed(JOINED, BOB))
    assert reading(room, BOB.principal, inside=True) == member
    room = after(room, changed(REMOVED, BOB), Message("after"))
    assert reading(room, BOB.principal, inside=False) == gone
    room = after(room, changed(JOINED, BOB))
    assert reading(room, BOB.principal, inside=True) == again


def test_a_guest_reads_where_it_is_present() -> None:
    assert reading(opened(), GUEST.principal, inside=True) == Reading(1, None)
    assert reading(opened(), GUEST.principal, inside=False) is None
    assert reading(opened(Kind.PRIVATE), GUEST.principal, inside=True) is None
    assert reading(opened(), BOB.principal, inside=True) is None, "an account is inside by membership only"


def test_an_inbox_is_read_by_its_owner() -> None:
    inbox = opened(Kind.INBOX)
    assert reading(inbox, ANN.principal, inside=False) == Reading(1, None)
    assert reading(inbox, BOB.principal, inside=True) is None
    assert reading(inbox, SERVER, inside=True) is None


def test_who_is_told() -> None:
    assert list(audience(opened(Kind.INBOX))) == [ANN.principal]
    assert set(audience(after(opened(), changed(JOINED, ANN, BOB)))) == {1, 2}
    with pytest.raises(AssertionError, match="somebody's"):
        list(audience(opened(Kind.INBOX, None)))


# Inboxes ---------------------------------------------------------------------------------------------------------


def notices(room: Room, body: Body) -> list[tuple[PrincipalId, Body]]:
    entry = number(room, Draft(ANN.principal, ANN.name, body), 5)
    return inbox_notices(evolve(room, entry), entry)


def test_inboxes_note_who_came_and_went_but_not_guests() -> None:
    entered = Entered(RoomId(9), Kind.PUBLIC, RoomName("tea"), 2)
    assert notices(opened(), changed(JOINED, ANN, GUEST, BOB)) == [(1, entered), (2, entered)]
    room = after(opened(), changed(JOINED, ANN, BOB))
    assert notices(room, changed(REMOVED, BOB)) == [(2, Left(RoomId(9), 3, REMOVED))]


def test_of_a_direct_room_they_note_with_whom() -> None:
    room = after(Room(RoomId(9)), Opened(Kind.DIRECT, pair=(ANN.principal, BOB.principal)))
    noted = Entered(RoomId(9), Kind.DIRECT, RoomName(""), 2, (ANN, BOB))
    assert notices(room, changed(JOINED, ANN, BOB)) == [(1, noted), (2, noted)]


@pytest.mark.parametrize("body", [Message("x"), TopicSet("x"), Archived()])
def test_they_note_nothing_else(body: Body) -> None:
    assert notices(opened(), body) == []


def test_an_inbox_does_not_note_itself() -> None:
    assert notices(opened(Kind.INBOX), SessionsRevoked()) == []


# Direct rooms ----------------------------------------------------------------------------------------------------


def test_the_people_of_a_direct_room_stand_in_the_order_of_its_pair() -> None:
    assert direct_people(direct(BOB, ANN)) == (ANN, BOB)
    assert direct_people(direct(ANN, GUEST)) == (GUEST, ANN)
    assert direct_people(direct(ANN)) == (ANN,)
    assert direct_people(after(direct(ANN, BOB), changed(REMOVED, BOB))) == (ANN,)
    assert direct_people(after(opened(), changed(JOINED, ANN))) == ()
