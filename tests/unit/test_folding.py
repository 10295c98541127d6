"""What entries of governed rooms, and of inboxes, make of them; coming, going and times are in test_rooms."""

from __future__ import annotations

import msgspec
import pytest

from a_room import ANN, BOB, CARL, GUEST, NOW, ROOM, THE_SERVER, direct, inbox, joined, opened, standing
from a_room import after as then
from besedka.chat.entries import (
    Body,
    CodeMade,
    DataSet,
    Edited,
    Entered,
    Ignored,
    InvitationsChanged,
    Invited,
    Kind,
    Left,
    Level,
    Listing,
    Mark,
    Marked,
    MarkerMoved,
    MembershipChanged,
    NotifySet,
    Opened,
    Person,
    ProfileSet,
    Reacted,
    Redacted,
    Renamed,
    RoomId,
    RoomName,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    Tagged,
    Unmarked,
    Way,
)
from besedka.chat.folding import _CHANGES
from besedka.chat.governance import FORMER_NAMES_MAX, GUESTS_MAX, Standing, code_digest
from besedka.chat.personal import INVITATIONS_MAX, Invitation
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Room

TEA = opened(Kind.PUBLIC, ANN, BOB)


def left(*people: Person) -> MembershipChanged:
    return MembershipChanged(Way.LEFT, people)


def test_every_body_makes_something_of_a_room() -> None:
    assert set(_CHANGES) == set(Body.__args__)


@pytest.mark.parametrize("body", [Edited(2, "x"), Redacted(2, BOB), Reacted(2, "x"), Tagged((("+a", "b"),))])
def test_what_is_done_to_messages_changes_no_room(body: Body) -> None:
    assert then(TEA, body, now=NOW + 9) == msgspec.structs.replace(TEA, head=3, time=NOW + 9)


# Whose it is -----------------------------------------------------------------------------------------------------


def test_a_guest_that_opens_a_room_is_its_moderator_and_of_a_conversation_it_is_not() -> None:
    room = opened(Kind.PUBLIC, owner=None)
    assert dict(room.governance.guests) == {GUEST.principal: Standing(RoomRole.MODERATOR)}
    pair = then(Room(ROOM), Opened(Kind.DIRECT, pair=(GUEST.principal, ANN.principal)), author=GUEST)
    assert not pair.governance.guests
    assert not direct(ANN, GUEST).governance.guests


def test_a_room_follows_its_owners() -> None:
    carl = Person(PrincipalId(3), CARL.name)
    room = then(TEA, joined(carl), standing(carl, RoomRole.OWNER), standing(BOB, RoomRole.OWNER))
    assert room.owner == ANN.principal
    assert then(room, left(ANN)).owner == BOB.principal, "who came first"
    assert then(room, standing(ANN, RoomRole.MEMBER), standing(BOB, RoomRole.MEMBER)).owner == carl.principal
    assert then(room, left(ANN, BOB, carl)).owner == ANN.principal, "an empty room waits for its owner"
    assert then(TEA, left(ANN)).owner == ANN.principal, "as where an account is no more"


def test_an_owner_that_comes_back_owns_what_is_still_its_own() -> None:
    empty = then(TEA, left(BOB), left(ANN))
    assert then(empty, joined(BOB), joined(ANN)).members[ANN.principal].role is RoomRole.OWNER
    passed = then(TEA, standing(BOB, RoomRole.OWNER), left(ANN), joined(ANN))
    assert passed.members[ANN.principal].role is RoomRole.MEMBER


def test_the_lobby_stays_the_servers() -> None:
    lobby = then(opened(Kind.PUBLIC, ANN, BOB, owner=THE_SERVER), standing(ANN, RoomRole.OWNER))
    assert (lobby.owner, then(lobby, left(ANN)).owner) == (0, 0)


def test_a_passing_room_is_whoevers_it_becomes_first() -> None:
    room = then(opened(Kind.PUBLIC, ANN, BOB, owner=None), standing(BOB, RoomRole.OWNER))
    assert (room.owner, room.passing) == (BOB.principal, False)


# Standings -------------------------------------------------------------------------------------------------------


def test_roles_and_voices_of_members_and_guests() -> None:
    room = then(TEA, standing(BOB, RoomRole.MODERATOR), standing(BOB, voice=True), standing(GUEST, voice=True))
    bob = room.members[BOB.principal]
    assert (bob.role, bob.voice) == (RoomRole.MODERATOR, True)
    assert room.governance.guests[GUEST.principal] == Standing(voice=True)
    gone = then(room, MembershipChanged(Way.REMOVED, (BOB, GUEST)), joined(BOB))
    assert (gone.members[BOB.principal].role, gone.members[BOB.principal].voice) == (RoomRole.MEMBER, False)
    assert not gone.governance.guests


def test_standings_of_guests_are_bounded_and_plain_ones_go_first() -> None:
    governance = opened(owner=None).governance
    for at in range(10, GUESTS_MAX + 9):
        governance = governance.with_standing(PrincipalId(-at), Standing(voice=True))
    assert len(governance.guests) == GUESTS_MAX
    more = governance.with_standing(PrincipalId(-9000), Standing(spoke=5))
    assert (PrincipalId(-9000) in more.guests, GUEST.principal in more.guests) == (True, False), "the first to come"
    more = more.with_standing(PrincipalId(-9001), Standing(voice=True))
    assert (PrincipalId(-9000) in more.guests, PrincipalId(-10) in more.guests) == (False, True), "it gave nothing"
    assert len(more.guests) == GUESTS_MAX


# How it is governed ----------------------------------------------------------------------------------------------


def test_settings_change_one_by_one() -> None:
    room = then(
        TEA, SettingsChanged(SettingsChange(moderated=True, key="rake")), SettingsChanged(SettingsChange(key=""))
    )
    settings = room.governance.settings
    assert (settings.moderated, settings.key, settings.members_only) == (True, "", True)


def renamed(room: Room, *names: str) -> Room:
    for name in names:
        room = then(room, Renamed(RoomName(name), room.name))
    return room


def test_a_room_leaves_its_last_names_behind_and_takes_one_of_them_again() -> None:
    assert renamed(TEA, "a", "b").governance.former_names == ("tea", "a")
    assert renamed(TEA, "a", "b", "A").governance.former_names == ("tea", "b")
    assert renamed(TEA, "Tea").governance.former_names == ()
    assert len(renamed(TEA, *"abcdefgh").governance.former_names) == FORMER_NAMES_MAX
    assert renamed(TEA, *"abcdefgh").governance.former_names[-1] == "g"
    assert renamed(opened(owner=None), "a").governance.former_names == ()


def test_a_list_has_one_line_for_a_mask_with_who_set_it_and_when() -> None:
    room = then(TEA, Marked(Mark(Listing.BAN, "bob")), Marked(Mark(Listing.MUTE, "bob")))
    room = then(room, Marked(Mark(Listing.BAN, "BOB", until=NOW + 9, reason="loud")), author=BOB, now=NOW + 5)
    (ban,) = room.governance.of_listing(Listing.BAN)
    assert (ban.mark.mask, ban.by, ban.since, ban.in_force(NOW + 8), ban.in_force(NOW + 9)) == (
        "BOB",
        "bob",
        NOW + 5,
        True,
        False,
    )
    assert room.governance.next_due() == NOW + 9
    lifted = then(room, Unmarked(Listing.BAN, ("bob",)))
    assert [one.mark.listing for one in lifted.governance.listed] == [Listing.MUTE]
    assert lifted.governance.next_due() is None


def test_invitations_are_used_up_by_coming_and_taken_back() -> None:
    room = then(opened(Kind.PRIVATE, ANN), InvitationsChanged((BOB, CARL)))
    assert set(room.governance.invited) == {2, 3}
    assert set(then(room, joined(BOB)).governance.invited) == {3}
    assert not then(room, InvitationsChanged((BOB, CARL), withdrawn=True)).governance.invited


def test_invitations_of_guests_are_bounded() -> None:
    guests = [Person(PrincipalId(-at), AccountName("g")) for at in range(1, GUESTS_MAX + 2)]
    room = TEA
    for guest in guests:
        room = then(room, InvitationsChanged((guest,)))
    assert len(room.governance.invited) == GUESTS_MAX
    assert PrincipalId(-1) not in room.governance.invited


def test_values_are_set_and_taken_away() -> None:
    room = then(TEA, DataSet("a", "1"), DataSet("b", "2"), DataSet("a", ""), DataSet("c", ""))
    assert dict(room.data) == {"b": "2"}


def test_a_code_is_found_by_its_digest() -> None:
    room = then(TEA, CodeMade(code_digest("sesame"), NOW))
    assert room.governance.code == code_digest("sesame") != code_digest("barley")
    assert len(code_digest("\ud800")) == 64


# Inboxes ---------------------------------------------------------------------------------------------------------


def test_what_an_inbox_says() -> None:
    three = RoomId(3)
    room = then(
        inbox(),
        MarkerMoved("3", 4, NOW, 2),
        Ignored(BOB),
        NotifySet(three, Level.NONE),
        Invited(three, Kind.PRIVATE, RoomName("tea")),
        ProfileSet("Ann", bot=True),
        ProfileSet(invisible=True),
    )
    mine = room.personal
    assert msgspec.structs.astuple(mine.markers["3"]) == (4, NOW, 2)
    assert dict(mine.ignored) == {BOB.principal: BOB}
    invitation = Invitation(three, 5, Kind.PRIVATE, RoomName("tea"), ANN)
    assert (dict(mine.notify), dict(mine.invitations)) == ({3: Level.NONE}, {3: invitation})
    assert (mine.profile.real_name, mine.profile.bot, mine.profile.invisible) == ("Ann", True, True)
    again = then(room, Ignored(BOB, withdrawn=True), NotifySet(three, Level.ALL)).personal
    assert (len(again.ignored), len(again.notify)) == (0, 0)
    entered = then(room, Entered(three, Kind.PRIVATE, RoomName("tea"), 4)).personal
    assert (len(entered.invitations), dict(entered.notify)) == (0, {3: Level.NONE})
    assert not then(room, Left(three, 9)).personal.notify
    assert not then(room, Invited(three, Kind.PRIVATE, RoomName("tea"), withdrawn=True)).personal.invitations


def test_strangers_cannot_fill_an_inbox_with_invitations() -> None:
    room = inbox()
    for at in range(1, INVITATIONS_MAX + 2):
        room = then(room, Invited(RoomId(at), Kind.PRIVATE, RoomName("tea")))
    assert len(room.personal.invitations) == INVITATIONS_MAX
    assert RoomId(1) not in room.personal.invitations
