"""What people decide about themselves: markers that never move back, whom they ignore, how loud a room is, profiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a_room import ANN, BOB, CARL, DORA, GUEST, ROOM, asked, bodies, inbox, opened, refused
from a_room import after as then
from besedka.chat.entries import Ignored, Level, MarkerMoved, NotifySet, ProfileSet, RoomId
from besedka.chat.own_requests import Ignore, MoveMarker, SetNotify, SetProfile
from besedka.chat.personal import Profile
from besedka.chat.personal_rules import PERSONAL_RULES
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Write
from besedka.chat.rooms import Room

INBOX = inbox(ANN)
REQUESTS: list[Write] = [
    MoveMarker(room=RoomId(3), number=5),
    Ignore(name="bob"),
    SetNotify(room=RoomId(3), level=Level.NONE),
    SetProfile(bot=True),
]
moves = st.builds(MarkerMoved, st.sampled_from(["3", "tea"]), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))


def test_every_rule_is_asked_about_here() -> None:
    assert {type(request) for request in REQUESTS} == set(PERSONAL_RULES)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_only_in_ones_own_inbox(request_: Write) -> None:
    for who, room in [(BOB, INBOX), (GUEST, INBOX), (ANN, Room(ROOM)), (ANN, opened()), (GUEST, Room(ROOM))]:
        assert refused(asked(who, request_, room, other=BOB, marker=MarkerMoved("3", 5, 1))) is Code.ACCOUNT_NEEDED
    assert len(bodies(asked(ANN, request_, INBOX, other=BOB, marker=MarkerMoved("3", 5, 1)))) == 1


# Read markers ----------------------------------------------------------------------------------------------------


@given(st.lists(moves, max_size=12))
def test_a_marker_never_moves_back_and_is_the_furthest_of_all(asked_for: list[MarkerMoved]) -> None:
    room, furthest = INBOX, dict[str, tuple[int, int, int]]()
    for moved in asked_for:
        before = room.personal.markers
        verdict = asked(ANN, REQUESTS[0], room, marker=moved)
        assert not isinstance(verdict, Refusal)
        room = then(room, *bodies(verdict))
        old = furthest.get(moved.target, (-1, -1, -1))
        if (moved.number, moved.time) > (-1, -1):
            new = (max(old[0], moved.number), max(old[1], moved.time), max(old[2], moved.said))
            furthest[moved.target] = new if new[:2] != old[:2] else old
        for target, marker in before.items():
            assert room.personal.markers[target].number >= marker.number
            assert room.personal.markers[target].time >= marker.time
    assert {target: (one.number, one.time, one.said) for target, one in room.personal.markers.items()} == furthest


def test_markers_are_bounded_and_those_there_are_still_move() -> None:
    full = then(INBOX, MarkerMoved("3", 1, 1), MarkerMoved("tea", 1, 1))
    assert refused(asked(ANN, REQUESTS[0], full, marker=MarkerMoved("4", 1, 1))) is Code.LIST_FULL
    assert bodies(asked(ANN, REQUESTS[0], full, marker=MarkerMoved("3", 2, 0))) == [MarkerMoved("3", 2, 1)]
    assert asked(ANN, REQUESTS[0], full, marker=MarkerMoved("3", 1, 1)) == ()


def test_a_place_that_is_not_found_is_no_such_room() -> None:
    assert refused(asked(ANN, REQUESTS[0], INBOX)) is Code.NO_SUCH_ROOM


# Ignoring --------------------------------------------------------------------------------------------------------


def test_ignoring_and_listening_again() -> None:
    ignore, listen = Ignore(name="bob"), Ignore(name="bob", withdrawn=True)
    assert bodies(asked(ANN, ignore, INBOX, other=BOB)) == [Ignored(BOB)]
    assert asked(ANN, listen, INBOX, other=BOB) == ()
    ignoring = then(INBOX, Ignored(BOB))
    assert asked(ANN, ignore, ignoring, other=BOB) == ()
    assert bodies(asked(ANN, listen, ignoring, other=BOB)) == [Ignored(BOB, withdrawn=True)]
    assert not then(ignoring, Ignored(BOB, withdrawn=True)).personal.ignored


def test_whom_one_cannot_ignore() -> None:
    assert refused(asked(ANN, Ignore(name="nobody"), INBOX)) is Code.NO_SUCH_PERSON
    assert asked(ANN, Ignore(name="ann"), INBOX, other=ANN) == Refusal(Code.BAD_VALUE, "name")
    full = then(INBOX, Ignored(BOB), Ignored(CARL))
    assert refused(asked(ANN, Ignore(name="dora"), full, other=DORA)) is Code.LIST_FULL


# Levels and profiles ---------------------------------------------------------------------------------------------


def test_how_loud_a_room_is() -> None:
    request = SetNotify(room=RoomId(3), level=Level.MENTIONS)
    assert bodies(asked(ANN, request, INBOX)) == [NotifySet(RoomId(3), Level.MENTIONS)]
    assert asked(ANN, SetNotify(room=RoomId(3), level=Level.ALL), INBOX) == (), "as it is where nothing is said"
    full = then(INBOX, NotifySet(RoomId(3), Level.NONE), NotifySet(RoomId(4), Level.NONE))
    assert refused(asked(ANN, SetNotify(room=RoomId(5), level=Level.NONE), full)) is Code.LIST_FULL
    assert len(bodies(asked(ANN, request, full))) == 1
    emptier = then(full, *bodies(asked(ANN, SetNotify(room=RoomId(3), level=Level.ALL), full)))
    assert dict(emptier.personal.notify) == {4: Level.NONE}


def test_a_profile_changes_by_what_is_new_of_it() -> None:
    request = SetProfile(real_name="Ann e\u0301", bot=False, invisible=True)
    verdict = asked(ANN, request, INBOX)
    assert bodies(verdict) == [ProfileSet("Ann é", None, True)]
    room = then(INBOX, *bodies(verdict))
    assert room.personal.profile == Profile("Ann é", invisible=True)
    assert asked(ANN, request, room) == ()
    assert bodies(asked(ANN, SetProfile(real_name=""), room)) == [ProfileSet("")]
    assert refused(asked(ANN, SetProfile(real_name="a\nb"), INBOX)) is Code.BAD_TEXT
    assert refused(asked(ANN, SetProfile(real_name="x" * 151), INBOX)) is Code.TEXT_LONG
