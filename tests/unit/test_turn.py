"""One turn: numbering, tentative rooms, and what inboxes note on the way."""

from __future__ import annotations

import pytest

from besedka.chat.entries import (
    Body,
    Draft,
    Entered,
    Kind,
    Left,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RequestId,
    RoomId,
    RoomName,
    TopicSet,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.names import fold
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.rooms import Room
from besedka.hub.turn import Turn
from hub_room import HubRoom

ANN = Person(PrincipalId(1), AccountName("ann"))
BOB = Person(PrincipalId(2), AccountName("bob"))
GUEST = Person(PrincipalId(-3), AccountName("passer-by"))
TEA = Opened(Kind.PUBLIC, RoomName("tea"), ANN.principal)
FIRST_NEW = 100


def by(who: Person, *bodies: Body) -> list[Draft]:
    return [Draft(who.principal, who.name, body) for body in bodies]


def joined(*people: Person) -> MembershipChanged:
    return MembershipChanged(Way.JOINED, people)


def kept(id_: int, *bodies: Body) -> Room:
    room = Room(RoomId(id_))
    for draft in by(ANN, *bodies):
        room = evolve(room, number(room, draft, 5))
    return room


class Rooms:
    """What is true before the turn: some inboxes, and how many ids were given."""

    def __init__(self, *inboxes: Room) -> None:
        self.inboxes = {room.owner: room for room in inboxes}
        self.given = FIRST_NEW - 1

    def give(self) -> RoomId:
        self.given += 1
        return RoomId(self.given)

    def turn(self) -> Turn:
        return Turn(now=1000, inbox_of=self.inboxes.get, give_room=self.give)


ANNS = kept(7, Opened(Kind.INBOX, owner=ANN.principal))
BOBS = kept(8, Opened(Kind.INBOX, owner=BOB.principal))


@pytest.fixture
def turn() -> Turn:
    return Rooms(ANNS, BOBS).turn()


def bodies(turn: Turn, room: RoomId) -> list[Body]:
    return [
        numbered.entry.body
        for addition in turn.additions()
        if addition.after.id == room
        for numbered in addition.entries
    ]


def test_drafts_are_numbered_on_what_the_turn_has_made_of_the_room(turn: Turn) -> None:
    room = kept(9, TEA)
    assert turn.add(room, by(ANN, Message("a"), Message("b"))) == 2
    assert turn.add(room, by(BOB, TopicSet("green"))) == 4
    assert turn.tentative(room).head == 4
    assert turn.tentative(room).topic == "green"
    (addition,) = turn.additions()
    assert (addition.before, addition.after) == (room, turn.tentative(room))
    assert [numbered.entry.number for numbered in addition.entries] == [2, 3, 4]
    assert [numbered.entry.time for numbered in addition.entries] == [1000, 1001, 1002]


def test_what_was_true_stays_so_until_it_is_kept(turn: Turn) -> None:
    room = kept(9, TEA)
    turn.add(room, by(ANN, Message("a")))
    assert room.head == 1
    assert turn.tentative(BOBS) is BOBS


def test_a_request_is_found_by_its_first_entry(turn: Turn) -> None:
    turn.add(kept(9, TEA), by(ANN, Message("a"), Message("b")), request=RequestId("f" * 32))
    (addition,) = turn.additions()
    assert [numbered.request for numbered in addition.entries] == ["f" * 32, None]


def test_nothing_is_not_added(turn: Turn) -> None:
    with pytest.raises(AssertionError, match="adds nothing"):
        turn.add(kept(9, TEA), [])


def test_a_new_room_is_found_in_its_own_turn(turn: Turn) -> None:
    room = turn.new_room()
    assert room == Room(RoomId(FIRST_NEW))
    turn.add(room, by(ANN, TEA, joined(ANN)))
    assert turn.named(fold("TEA")) == turn.tentative(room)
    assert turn.named(fold("books")) is None
    assert list(turn.touched) == [FIRST_NEW, ANNS.id]


def test_a_direct_room_is_found_by_its_pair_in_any_order(turn: Turn) -> None:
    room = turn.new_room()
    turn.add(room, by(ANN, Opened(Kind.DIRECT, pair=(ANN.principal, BOB.principal)), joined(ANN, BOB)))
    assert turn.of_pair(BOB.principal, ANN.principal) == turn.tentative(room)
    assert turn.of_pair(ANN.principal, ANN.principal) is None
    note = Entered(room.id, Kind.DIRECT, RoomName(""), 2, (ANN, BOB))
    assert bodies(turn, ANNS.id) == bodies(turn, BOBS.id) == [note]


def test_inboxes_note_comings_and_goings_in_their_order(turn: Turn) -> None:
    room = kept(9, TEA)
    turn.add(room, by(BOB, joined(BOB), MembershipChanged(Way.LEFT, (BOB,)), joined(BOB)))
    entered = [Entered(room.id, Kind.PUBLIC, RoomName("tea"), at) for at in (2, 4)]
    assert bodies(turn, BOBS.id) == [entered[0], Left(room.id, 3), entered[1]]
    assert turn.joined == {BOB.principal: 1}
    assert turn.moved == {room.id: {BOB.principal: None}}


def test_who_has_no_inbox_gets_one_and_only_one() -> None:
    turn = Rooms().turn()
    assert not turn.has_inbox(BOB.principal)
    turn.add(kept(9, TEA), by(BOB, joined(BOB)))
    turn.add(kept(10, TEA), by(BOB, joined(BOB)))
    assert turn.has_inbox(BOB.principal)
    inbox = turn.inbox_id(BOB.principal)
    assert [type(body) for body in bodies(turn, inbox)] == [Opened, Entered, Entered]
    opening = turn.additions()[1].entries[0].entry
    assert (opening.author, opening.body) == (SERVER, Opened(Kind.INBOX, owner=BOB.principal))


def test_the_id_of_an_inbox_that_was_there(turn: Turn) -> None:
    assert turn.has_inbox(ANN.principal)
    assert turn.inbox_id(ANN.principal) == ANNS.id
    with pytest.raises(AssertionError, match="opened first"):
        Rooms().turn().inbox_id(ANN.principal)


def test_guests_have_no_inbox_and_are_counted(turn: Turn) -> None:
    room = turn.new_room()
    turn.add(room, by(GUEST, Opened(Kind.DIRECT, pair=(GUEST.principal, ANN.principal)), joined(GUEST, ANN)))
    assert list(turn.touched) == [room.id, ANNS.id]
    assert turn.joined == {GUEST.principal: 1, ANN.principal: 1}


def test_an_empty_turn_keeps_nothing(turn: Turn) -> None:
    assert turn.additions() == []


def test_ones_own_entries_are_marked_for_those_who_are_not_shown_them(turn: Turn) -> None:
    session = HubRoom().visitor().session
    turn.add(kept(9, TEA), by(ANN, Message("a")), session=session)
    assert session.protocol.echoes(kept(9, TEA), Message("a"))
    assert turn.origins == {}
