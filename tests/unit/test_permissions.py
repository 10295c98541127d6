"""The table of permissions: whole, readable, and what the rules go by."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from a_room import ANN, BOB, CARL, GUEST, THE_SERVER, actor, direct, opened, standing
from a_room import after as then
from besedka.chat.entries import Kind, Person, RoomRole
from besedka.chat.permissions import PERMISSIONS, Act, Rank, above, allowed, least_rank, rank, rank_of
from besedka.chat.refusals import Code, Refusal
from besedka.chat.rooms import Room
from besedka.chat.settings import RoomSettings
from permissions_page import PAGE, RANKS, SETTINGS, page

FULL = then(opened(Kind.PUBLIC, ANN, BOB, CARL), standing(BOB, RoomRole.MODERATOR), standing(CARL, voice=True))
PASSING = then(opened(Kind.PUBLIC, BOB, CARL, owner=None), standing(BOB, RoomRole.MODERATOR))
HIDDEN = opened(Kind.PUBLIC, ANN, hidden=True)


def test_every_act_is_in_the_table_once_and_every_setting_it_names_is_a_flag() -> None:
    assert [permission.act for permission in PERMISSIONS] == list(Act)
    flags = {field.name for field in msgspec.structs.fields(RoomSettings) if isinstance(field.default, bool)}
    assert {when.setting for permission in PERMISSIONS for when in permission.when} <= flags
    assert all(when.least > permission.least for permission in PERMISSIONS for when in permission.when)


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text() == page(), "run `python tests/permissions_page.py`"
    assert set(RANKS) == set(Rank)
    assert set(SETTINGS) == set(RoomSettings.__struct_fields__)


def test_the_page_reads_aloud() -> None:
    """Each act is some words that follow "to", with nothing in them that only programs say."""
    for permission in PERMISSIONS:
        assert re.fullmatch(r"[a-z][a-z ,:'()@-]+", permission.words)
    assert max(map(len, page().splitlines())) <= 200


@pytest.mark.parametrize(
    ("who", "room", "more", "found"),
    [
        (ANN, FULL, {}, Rank.OWNER),
        (BOB, FULL, {}, Rank.MODERATOR),
        (CARL, FULL, {}, Rank.VOICED),
        (GUEST, FULL, {"here": True}, Rank.MEMBER),
        (GUEST, FULL, {}, Rank.OUTSIDER),
        (THE_SERVER, HIDDEN, {}, Rank.ADMIN),
        (BOB, HIDDEN, {"admin": True}, Rank.OUTSIDER),
        (ANN, HIDDEN, {"admin": True}, Rank.ADMIN),
        (GUEST, FULL, {"admin": True}, Rank.ADMIN),
        (BOB, PASSING, {}, Rank.OWNER),
        (CARL, PASSING, {}, Rank.MEMBER),
        (GUEST, PASSING, {"here": True}, Rank.OWNER),
        (ANN, direct(ANN, BOB), {"admin": True}, Rank.MEMBER),
        (CARL, direct(ANN, BOB), {"admin": True}, Rank.OUTSIDER),
        (ANN, direct(ANN, ANN), {}, Rank.MEMBER),
    ],
)
def test_how_much_somebody_is(who: Person, room: Room, more: dict[str, bool], found: Rank) -> None:
    assert rank(room, actor(who, room, **more)) is found


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("settings", [{}, {"moderated": True}, {"topic_locked": True}, {"invite_only": True}])
def test_whoever_is_more_may_do_what_those_who_are_less_may(act: Act, settings: dict[str, Any]) -> None:
    room = then(
        opened(Kind.PUBLIC, ANN, BOB, CARL, **settings), standing(BOB, RoomRole.MODERATOR), standing(CARL, voice=True)
    )
    guest = actor(GUEST, room, here=True)
    people = [
        actor(GUEST, room),
        guest,
        *(actor(one, room) for one in (CARL, BOB, ANN)),
        actor(GUEST, room, admin=True),
    ]
    may = [allowed(room, one, act) is None for one in people]
    assert may == sorted(may)
    assert may == [rank_ >= least_rank(room, act) for rank_ in Rank]
    refusal = allowed(room, people[0], act)
    assert refusal is None or refusal == Refusal(Code.NOT_ALLOWED, least_rank(room, act).name.lower())


def test_a_setting_asks_for_more_and_the_most_of_several_counts() -> None:
    assert least_rank(opened(members_only=False), Act.SPEAK) is Rank.OUTSIDER
    assert least_rank(opened(), Act.SPEAK) is Rank.MEMBER
    assert least_rank(opened(members_only=False, moderated=True), Act.SPEAK) is Rank.VOICED
    assert least_rank(opened(moderated=True, topic_locked=True), Act.SET_TOPIC) is Rank.MODERATOR


def test_those_who_are_more_are_out_of_reach_and_equals_are_not() -> None:
    bob = actor(BOB, FULL)
    assert above(FULL, bob, ANN.principal) == Refusal(Code.NOT_ALLOWED, "owner")
    assert above(FULL, bob, BOB.principal) is None
    assert above(FULL, bob, CARL.principal) is None
    assert above(FULL, bob, GUEST.principal) is None
    two = then(FULL, standing(CARL, RoomRole.MODERATOR))
    assert above(two, bob, CARL.principal) is None
    assert above(FULL, actor(GUEST, FULL, admin=True), ANN.principal) is None


def test_a_guest_who_is_a_moderator_elsewhere_is_nobody_once_it_has_gone() -> None:
    assert rank(PASSING, actor(GUEST, PASSING)) is Rank.OUTSIDER
    assert rank_of(PASSING, GUEST.principal) is Rank.OWNER
