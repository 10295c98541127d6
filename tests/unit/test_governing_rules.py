"""Governing a room: what else must hold beside permission. Who may is in test_permissions and the model."""

from __future__ import annotations

from typing import Any

import pytest

from a_room import (
    ANN,
    BOB,
    CARL,
    DORA,
    GUEST,
    LIMITS,
    NOW,
    ROOM,
    THE_SERVER,
    actor,
    asked,
    bodies,
    direct,
    inbox,
    joined,
    opened,
    refused,
    standing,
)
from a_room import after as then
from besedka.chat.entries import (
    CodeMade,
    DataSet,
    InvitationsChanged,
    Kind,
    Listing,
    Mark,
    Marked,
    MembershipChanged,
    Person,
    Renamed,
    RoleChange,
    RolesChanged,
    RoomName,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    Unmarked,
    Way,
)
from besedka.chat.governing_rules import GOVERNING_RULES
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Write
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    MakeCode,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.rooms import Room

TEA = opened(Kind.PUBLIC, ANN, BOB, CARL)
HIDDEN = opened(Kind.PUBLIC, ANN, hidden=True)
PASSING = opened(Kind.PUBLIC, BOB, owner=None)
LOBBY = then(opened(Kind.PUBLIC, ANN, BOB, owner=THE_SERVER), standing(ANN, RoomRole.OWNER))
REQUESTS: list[Write] = [
    ChangeSettings(room=ROOM, change=SettingsChange(moderated=True)),
    Rename(room=ROOM, name="books"),
    SetData(room=ROOM, key="homepage", value="x"),
    Kick(room=ROOM, name="bob"),
    SetMark(room=ROOM, listing=Listing.BAN, mask="bob"),
    LiftMark(room=ROOM, listing=Listing.BAN, mask="bob"),
    SetRole(room=ROOM, name="bob", role=RoomRole.MODERATOR),
    Transfer(room=ROOM, name="bob"),
    Invite(room=ROOM, name="bob"),
    Uninvite(room=ROOM, name="bob"),
    MakeCode(room=ROOM),
]


def removed(*people: Person, reason: str = "") -> MembershipChanged:
    return MembershipChanged(Way.REMOVED, people, reason)


def test_every_rule_is_asked_about_here() -> None:
    assert {type(request) for request in REQUESTS} == set(GOVERNING_RULES)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_outside_nothing_is_governed_and_what_is_hidden_is_not_there(request_: Write) -> None:
    assert refused(asked(DORA, request_, TEA)) is Code.NOT_A_MEMBER
    for room in (HIDDEN, Room(ROOM), inbox(ANN), direct(ANN, BOB)):
        nowhere = asked(DORA, request_, Room(ROOM), admin=True)
        assert nowhere == Refusal(Code.NO_SUCH_ROOM)
        assert asked(DORA, request_, room, admin=True) == nowhere, "not even administrators learn of it"
    assert refused(asked(ANN, request_, direct(ANN, BOB))) is Code.DIRECT_ONLY_TALK


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda one: type(one).__name__)
def test_administrators_govern_from_outside_and_the_server_everywhere(request_: Write) -> None:
    known: dict[str, Any] = {"room_name": RoomName("books"), "other": BOB, "code": "ab"}
    for who, room in [(DORA, TEA), (THE_SERVER, TEA), (THE_SERVER, HIDDEN)]:
        verdict = asked(who, request_, room, admin=who is DORA, **known)
        assert refused(verdict) in (None, Code.NOT_HERE)


# Settings, names, values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"key": "x" * 51}, "key"),
        ({"key": "two words"}, "key"),
        ({"key": "a,b"}, "key"),
        ({"key": ":a"}, "key"),
        ({"key": "\ud800"}, "key"),
        ({"key": "a\n"}, "key"),
        ({"members_max": -1}, "members_max"),
        ({"members_max": 6}, "members_max"),
        ({"slow_seconds": -1}, "slow_seconds"),
        ({"slow_seconds": LIMITS.slow_seconds_max + 1}, "slow_seconds"),
    ],
)
def test_settings_that_cannot_be(change: dict[str, Any], wrong: str) -> None:
    request = ChangeSettings(room=ROOM, change=SettingsChange(**change))
    assert asked(ANN, request, TEA) == Refusal(Code.BAD_VALUE, wrong)


def test_only_what_changes_is_an_entry() -> None:
    request = ChangeSettings(room=ROOM, change=SettingsChange(key="rake", members_only=True, members_max=0))
    verdict = asked(ANN, request, TEA)
    assert bodies(verdict) == [SettingsChanged(SettingsChange(key="rake"))]
    assert asked(ANN, request, then(TEA, *bodies(verdict))) == ()


def test_an_owner_renames_and_a_moderator_does_not_except_where_nobody_owns_it() -> None:
    request, books = Rename(room=ROOM, name="books"), RoomName("books")
    assert bodies(asked(ANN, request, TEA, room_name=books)) == [Renamed(books, RoomName("tea"))]
    assert asked(ANN, request, TEA) == (), "it is called so"
    moderated = then(TEA, standing(BOB, RoomRole.MODERATOR))
    assert asked(BOB, request, moderated, room_name=books) == Refusal(Code.NOT_ALLOWED, "owner")
    assert len(bodies(asked(GUEST, request, PASSING, here=True, room_name=books))) == 1


def test_values_of_a_room_and_of_oneself() -> None:
    request = SetData(room=ROOM, key="HomePage", value="x")
    assert bodies(asked(ANN, request, TEA)) == [DataSet("homepage", "x")]
    assert bodies(asked(ANN, request, inbox(ANN))) == [DataSet("homepage", "x")]
    assert refused(asked(BOB, request, inbox(ANN))) is Code.NO_SUCH_ROOM
    there = then(TEA, DataSet("homepage", "x"))
    assert asked(ANN, request, there) == ()
    assert bodies(asked(ANN, SetData(room=ROOM, key="homepage"), there)) == [DataSet("homepage", "")]
    assert asked(ANN, SetData(room=ROOM, key="other"), there) == ()


@pytest.mark.parametrize("key", ["", "two words", "é", "a:b", "x" * 65])
def test_no_key_of_a_value(key: str) -> None:
    assert asked(ANN, SetData(room=ROOM, key=key, value="x"), TEA) == Refusal(Code.BAD_VALUE, "key")


def test_values_are_bounded_in_size_and_number() -> None:
    assert refused(asked(ANN, SetData(room=ROOM, key="a", value="x" * 481), TEA)) is Code.TEXT_LONG
    full = then(TEA, *(DataSet(f"k{at}", "x") for at in range(LIMITS.data_keys_max)))
    assert refused(asked(ANN, SetData(room=ROOM, key="one-more", value="x"), full)) is Code.LIST_FULL
    assert bodies(asked(ANN, SetData(room=ROOM, key="k0", value="y"), full)) == [DataSet("k0", "y")]


# People ----------------------------------------------------------------------------------------------------------


def test_a_kick_with_its_reason_of_members_and_of_guests_who_are_here() -> None:
    request = Kick(room=ROOM, name="BOB", reason="loud")
    assert bodies(asked(ANN, request, TEA)) == [removed(BOB, reason="loud")]
    guest = Kick(room=ROOM, name="passer-by")
    assert bodies(asked(ANN, guest, TEA, other=GUEST, other_here=True)) == [removed(GUEST)]
    assert refused(asked(ANN, guest, TEA, other=GUEST)) is Code.NOT_HERE
    assert refused(asked(ANN, Kick(room=ROOM, name="dora"), TEA, other=DORA)) is Code.NOT_HERE
    assert refused(asked(ANN, Kick(room=ROOM, name="bob", reason="a\nb"), TEA)) is Code.BAD_TEXT


def test_the_last_owner_does_not_vanish_by_accident() -> None:
    for request in (Kick(room=ROOM, name="ann"), SetRole(room=ROOM, name="ann", role=RoomRole.MEMBER)):
        assert refused(asked(ANN, request, TEA)) is Code.LAST_OWNER
        assert refused(asked(DORA, request, TEA, admin=True)) is Code.LAST_OWNER
        assert len(bodies(asked(ANN, request, then(TEA, standing(BOB, RoomRole.OWNER))))) == 1
        assert len(bodies(asked(DORA, request, LOBBY, admin=True))) == 1, "the server owns the lobby"


def test_putting_out_everybody_whom_a_mark_fits() -> None:
    room = then(TEA, joined(DORA), standing(CARL, RoomRole.MODERATOR))
    room = then(room, Marked(Mark(Listing.BAN_EXCEPTION, "dora", DORA.principal)))
    present = (*(actor(one, room) for one in (ANN, BOB, CARL, DORA)), actor(GUEST, room, here=True))
    request = SetMark(room=ROOM, listing=Listing.BAN, mask="*!*@*", seconds=60, reason="loud", put_out=True)
    mark = Mark(Listing.BAN, "*!*@*", None, NOW + 60_000, "loud")
    assert bodies(asked(CARL, request, room, present=present)) == [Marked(mark), removed(BOB, GUEST, reason="loud")]
    again = then(room, Marked(mark))
    assert bodies(asked(CARL, request, again, present=present)) == [removed(BOB, GUEST, reason="loud")]
    named = SetMark(room=ROOM, listing=Listing.BAN, mask="Dora", put_out=True)
    assert bodies(asked(CARL, named, room)) == [Marked(Mark(Listing.BAN, "Dora", DORA.principal)), removed(DORA)]
    spared = SetMark(room=ROOM, listing=Listing.BAN_EXCEPTION, mask="b*", put_out=True)
    assert bodies(asked(CARL, spared, room, present=present)) == [Marked(Mark(Listing.BAN_EXCEPTION, "b*"))]


def test_nobody_bans_or_mutes_by_name_whoever_is_more_but_may_except_them() -> None:
    room = then(TEA, standing(BOB, RoomRole.MODERATOR))
    for listing in Listing:
        verdict = asked(BOB, SetMark(room=ROOM, listing=listing, mask="ann"), room)
        against = listing in (Listing.BAN, Listing.MUTE)
        assert refused(verdict) is (Code.NOT_ALLOWED if against else None)


def test_lists_are_bounded_and_the_same_mask_takes_no_further_place() -> None:
    room = then(TEA, *(Marked(Mark(Listing.BAN, mask)) for mask in ("a*", "b*")))
    assert refused(asked(ANN, SetMark(room=ROOM, listing=Listing.BAN, mask="c*"), room)) is Code.LIST_FULL
    assert len(bodies(asked(ANN, SetMark(room=ROOM, listing=Listing.MUTE, mask="c*"), room))) == 1
    again = SetMark(room=ROOM, listing=Listing.BAN, mask="B*", reason="still")
    after = then(room, *bodies(asked(ANN, again, room)))
    assert [one.mark.mask for one in after.governance.listed] == ["a*", "B*"]
    assert asked(ANN, again, after) == ()
    assert bodies(asked(ANN, LiftMark(room=ROOM, listing=Listing.BAN, mask="b*"), after)) == [
        Unmarked(Listing.BAN, ("B*",))
    ]
    assert asked(ANN, LiftMark(room=ROOM, listing=Listing.MUTE, mask="b*"), after) == ()


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (SetMark(room=ROOM, listing=Listing.BAN, mask="two words"), Code.BAD_MASK),
        (SetMark(room=ROOM, listing=Listing.BAN, mask="bob", reason="a\nb"), Code.BAD_TEXT),
        (SetMark(room=ROOM, listing=Listing.BAN, mask="bob", seconds=1 << 52), Code.BAD_VALUE),
        (MakeCode(room=ROOM, seconds=0), Code.BAD_VALUE),
        (MakeCode(room=ROOM, seconds=LIMITS.code_seconds_max + 1), Code.BAD_VALUE),
    ],
)
def test_what_cannot_be_listed_or_made(request_: Write, code: Code) -> None:
    assert refused(asked(ANN, request_, TEA)) is code


# Roles -----------------------------------------------------------------------------------------------------------


def test_roles_and_voices_of_members_and_guests() -> None:
    both = SetRole(room=ROOM, name="bob", role=RoomRole.MODERATOR, voice=True)
    assert bodies(asked(ANN, both, TEA)) == [RolesChanged((RoleChange(BOB, RoomRole.MODERATOR, True),))]
    assert asked(ANN, SetRole(room=ROOM, name="bob", role=RoomRole.MEMBER, voice=False), TEA) == ()
    half = then(TEA, standing(BOB, voice=True))
    assert bodies(asked(ANN, both, half)) == [RolesChanged((RoleChange(BOB, RoomRole.MODERATOR),))]
    guest = SetRole(room=ROOM, name="passer-by", role=RoomRole.OWNER)
    assert refused(asked(ANN, guest, TEA, other=GUEST, other_here=True)) is Code.ACCOUNT_NEEDED


def test_a_moderator_makes_and_unmakes_moderators_itself_too_but_no_owner() -> None:
    room = then(TEA, standing(BOB, RoomRole.MODERATOR), standing(CARL, RoomRole.MODERATOR))
    for name in ("bob", "carl"):
        assert len(bodies(asked(BOB, SetRole(room=ROOM, name=name, role=RoomRole.MEMBER), room))) == 1
        assert refused(asked(BOB, SetRole(room=ROOM, name=name, role=RoomRole.OWNER), room)) is Code.NOT_ALLOWED
    assert refused(asked(BOB, SetRole(room=ROOM, name="ann", role=RoomRole.MEMBER), room)) is Code.NOT_ALLOWED


def test_passing_a_room_on() -> None:
    request = Transfer(room=ROOM, name="bob")
    swap = RolesChanged((RoleChange(BOB, RoomRole.OWNER), RoleChange(ANN, RoomRole.MODERATOR)))
    assert bodies(asked(ANN, request, TEA)) == [swap]
    assert then(TEA, swap).owner == BOB.principal
    assert bodies(asked(DORA, request, TEA, admin=True)) == [standing(BOB, RoomRole.OWNER)]
    assert asked(ANN, Transfer(room=ROOM, name="ann"), TEA) == ()
    assert refused(asked(ANN, Transfer(room=ROOM, name="dora"), TEA)) is Code.NOT_HERE
    guest = Transfer(room=ROOM, name="passer-by")
    assert refused(asked(ANN, guest, TEA, other=GUEST, other_here=True)) is Code.ACCOUNT_NEEDED


def test_a_guest_gives_its_passing_room_to_an_account_and_then_it_stays() -> None:
    verdict = asked(GUEST, Transfer(room=ROOM, name="bob"), PASSING, here=True)
    after = then(PASSING, *bodies(verdict), author=GUEST)
    assert (PASSING.passing, after.passing, after.owner) == (True, False, BOB.principal)


# Invitations -----------------------------------------------------------------------------------------------------


def test_inviting_and_taking_it_back() -> None:
    invite, uninvite = Invite(room=ROOM, name="dora"), Uninvite(room=ROOM, name="dora")
    assert bodies(asked(BOB, invite, TEA, other=DORA)) == [InvitationsChanged((DORA,))]
    invited = then(TEA, InvitationsChanged((DORA,)))
    assert asked(BOB, invite, invited, other=DORA) == ()
    assert bodies(asked(BOB, uninvite, invited, other=DORA)) == [InvitationsChanged((DORA,), withdrawn=True)]
    assert asked(BOB, uninvite, TEA, other=DORA) == ()
    assert asked(BOB, Invite(room=ROOM, name="carl"), TEA) == (), "he is here"
    assert asked(BOB, Invite(room=ROOM, name="passer-by"), TEA, other=GUEST, other_here=True) == ()
    for request in (invite, uninvite):
        assert refused(asked(BOB, request, TEA)) is Code.NO_SUCH_PERSON


def test_a_guest_is_not_invited_where_no_guest_can_be() -> None:
    request = Invite(room=ROOM, name="passer-by")
    assert refused(asked(ANN, request, opened(Kind.PRIVATE, ANN), other=GUEST)) is Code.ACCOUNT_NEEDED
    assert bodies(asked(ANN, request, opened(Kind.PUBLIC, ANN, invite_only=True), other=GUEST)) == [
        InvitationsChanged((GUEST,), excused=True)
    ]


def test_invitations_are_bounded_and_those_of_guests_take_no_place() -> None:
    guests = [Person(PrincipalId(-at), AccountName(f"g{at}")) for at in range(1, 5)]
    full = then(TEA, InvitationsChanged((DORA, *guests)))
    other = Person(PrincipalId(7), AccountName("eve"))
    request = Invite(room=ROOM, name="eve")
    assert bodies(asked(ANN, request, full, other=other)) == [InvitationsChanged((other,), excused=True)]
    full = then(full, InvitationsChanged((other,), excused=True))
    assert refused(asked(ANN, request, full, other=Person(PrincipalId(8), AccountName("eve")))) is Code.LIST_FULL


def test_a_code_is_kept_as_its_digest_and_replaces_the_one_before() -> None:
    verdict = asked(ANN, MakeCode(room=ROOM, seconds=60), TEA, code="ab")
    assert bodies(verdict) == [CodeMade("ab", NOW + 60_000)]
    room = then(TEA, CodeMade("old", NOW + 1), *bodies(verdict))
    assert (room.governance.code, room.governance.code_until) == ("ab", NOW + 60_000)


# Whoever is muted on the whole server ----------------------------------------------------------------------------


def test_whoever_is_muted_everywhere_governs_without_a_word() -> None:
    kick = Kick(room=ROOM, name="bob", reason="hear me")
    (out,) = bodies(asked(ANN, kick, TEA, muted=True))
    assert out == MembershipChanged(Way.REMOVED, (BOB,))
    mark = SetMark(room=ROOM, listing=Listing.MUTE, mask="bob", reason="hear me")
    assert bodies(asked(ANN, mark, TEA, muted=True)) == [Marked(Mark(Listing.MUTE, "bob", BOB.principal))]


@pytest.mark.parametrize(
    "request_",
    [Rename(room=ROOM, name="hear-me"), SetData(room=ROOM, key="note", value="hear me")],
    ids=["name", "value"],
)
def test_whoever_is_muted_everywhere_names_nothing(request_: Write) -> None:
    assert refused(asked(ANN, request_, TEA, muted=True, room_name=RoomName("hear-me"))) is Code.MUTED
    assert bodies(asked(ANN, request_, TEA, room_name=RoomName("hear-me")))
