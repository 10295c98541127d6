"""What inboxes note of rooms that are governed; coming and going is in test_rooms."""

from __future__ import annotations

from a_room import ANN, BOB, CARL, GUEST, NOW, ROOM, opened
from besedka.chat.entries import (
    Body,
    Draft,
    InvitationsChanged,
    Invited,
    Kind,
    Left,
    Listing,
    Mark,
    Marked,
    MembershipChanged,
    Renamed,
    RoomName,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.notices import inbox_notices
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Room


def notices(room: Room, body: Body) -> list[tuple[PrincipalId, Body]]:
    entry = number(room, Draft(ANN.principal, ANN.name, body), NOW)
    return inbox_notices(evolve(room, entry), entry)


def test_whoever_is_invited_is_told_and_whoever_no_longer_is() -> None:
    room = opened(Kind.PRIVATE, ANN)
    told = Invited(ROOM, Kind.PRIVATE, RoomName("tea"))
    assert notices(room, InvitationsChanged((BOB, GUEST, CARL))) == [(2, told), (3, told)]
    withdrawn = Invited(ROOM, Kind.PRIVATE, RoomName("tea"), withdrawn=True)
    assert notices(room, InvitationsChanged((BOB,), withdrawn=True)) == [(2, withdrawn)]


def test_whoever_is_put_out_is_told_up_to_where_they_may_read() -> None:
    room = opened(Kind.PUBLIC, ANN, BOB)
    assert notices(room, MembershipChanged(Way.REMOVED, (BOB, GUEST), "loud")) == [(2, Left(ROOM, 3, Way.REMOVED))]


def test_other_acts_are_told_in_the_room_and_nowhere_else() -> None:
    room = opened(Kind.PUBLIC, ANN, BOB)
    assert notices(room, Marked(Mark(Listing.BAN, "bob", BOB.principal))) == []
    assert notices(room, Renamed(RoomName("books"), RoomName("tea"))) == []
