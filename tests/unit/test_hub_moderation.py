"""Rooms governed through the hub: who is put out, kept out, and heard, and by whom."""

from __future__ import annotations

import pytest

from besedka.chat.entries import (
    Entry,
    Kind,
    Listing,
    Marked,
    MembershipChanged,
    Message,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomRole,
    SettingsChange,
    Unmarked,
    Way,
)
from besedka.chat.refusals import Code
from besedka.chat.requests import Edit, History, Join, Leave, Login, React, Request, Say, SetTopic, Sync
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    Open,
    Rename,
    SetMark,
    SetRole,
    Transfer,
)
from besedka.chat.told import Done, Kept, Page, RoomTold, Unit
from besedka.hub.faults import StoreUnsure
from besedka.limits import Limits
from hub_room import PASSWORD, Device, HubRoom, folded


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def answer(device: Device, request: Request) -> Unit:
    device.ask(request)
    device.server.settle(2)
    (found,) = [unit for unit in device.told(Unit) if getattr(unit, "id", None) == request.id]
    return found


def opened(device: Device, name: str, kind: Kind = Kind.PUBLIC) -> RoomId:
    answer(device, Open(id=device.server.new_id(), name=name, room_kind=kind))
    return device.room(name)


def say(device: Device, room: RoomId, text: str) -> Say:
    return Say(id=device.server.new_id(), room=room, text=text)


def kick(device: Device, room: RoomId, name: str) -> Kick:
    return Kick(id=device.server.new_id(), room=room, name=name, reason="rude")


def ban(device: Device, room: RoomId, mask: str, seconds: int = 0) -> SetMark:
    """Listed, and put out."""
    return SetMark(id=device.server.new_id(), room=room, listing=Listing.BAN, mask=mask, seconds=seconds, put_out=True)


def join(device: Device, name: str, *, key: str = "", code: str = "") -> Join:
    return Join(id=device.server.new_id(), name=name, key=key, code=code)


def change(device: Device, room: RoomId, settings: SettingsChange) -> None:
    assert isinstance(answer(device, ChangeSettings(id=device.server.new_id(), room=room, change=settings)), Kept)


def last(device: Device, room: RoomId) -> Entry:
    return device.entries(room)[-1]


def is_put_out(entry: Entry, name: str) -> bool:
    body = entry.body
    return isinstance(body, MembershipChanged) and body.way is Way.REMOVED and body.people[0].name == name


# Put out ---------------------------------------------------------------------------------------------------------


def test_a_kick_is_the_last_that_any_session_of_the_kicked_reads(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    eve.join("tea")
    other = server.another(eve)
    eve.told(Unit)
    ann.ask(say(ann, tea, "before"), kick(ann, tea, "Eve"), say(ann, tea, "after"))
    server.settle()
    answer(ann, say(ann, tea, "much later"))
    for device in (eve, other):
        assert is_put_out(last(device, tea), "eve")
        assert device.heard(tea) == ["before"]
    eve.ask(History(room=tea, after=0), say(eve, tea, "I"))
    server.settle()
    assert is_put_out(eve.told(Page)[-1].entries[-1], "eve")
    assert eve.refusals() == [Code.NOT_A_MEMBER]


def test_whoever_was_put_out_while_away_learns_that_and_no_more(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    den = opened(ann, "den", Kind.PRIVATE)
    answer(ann, Invite(id=server.new_id(), room=den, name="eve"))
    eve.join("den")
    place = last(eve, den).number
    eve.hang_up()
    ann.ask(say(ann, den, "before"), kick(ann, den, "eve"), say(ann, den, "after"))
    ann.ask(Rename(id=server.new_id(), room=den, name="hideaway"))
    server.settle()
    back = server.visitor()
    back.ask(Login(name="eve", password=PASSWORD))
    server.settle()
    back.ask(Sync(epoch="memory", places=((den, place),)))
    server.settle()
    (told,) = [one for one in back.told(RoomTold) if one.room == den]
    assert (told.room_name, told.head) == ("", last(back, den).number)
    assert back.heard(den) == ["before"]
    assert is_put_out(last(back, den), "eve")


def test_what_was_read_before_a_kick_says_nothing_new_to_the_kicked(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    eve.join("tea")
    for text in ("one", "two"):
        answer(ann, say(ann, tea, text))
    number = last(ann, tea).number
    answer(ann, React(id=server.new_id(), room=tea, number=number - 1, reaction="early"))
    answer(ann, kick(ann, tea, "eve"))
    answer(ann, Edit(id=server.new_id(), room=tea, number=number, text="for us alone"))
    answer(ann, React(id=server.new_id(), room=tea, number=number, reaction="late"))
    page = answer(eve, History(id=server.new_id(), room=tea))
    assert isinstance(page, Page)
    assert [entry.body.text for entry in page.entries if isinstance(entry.body, Message)] == ["one", ""]
    assert [one.reaction for one in page.reactions] == ["early"]
    back = server.visitor()
    back.ask(Login(name="eve", password=PASSWORD), Sync(epoch="memory", places=((tea, 0),)))
    server.settle(2)
    assert back.heard(tea) == ["one", ""]
    eve.join("tea")
    page = answer(eve, History(id=server.new_id(), room=tea))
    assert isinstance(page, Page)
    assert [entry.body.text for entry in page.entries if isinstance(entry.body, Message)] == ["one", "for us alone"]


def test_a_kicked_guest_reads_up_to_that_and_is_outside(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    tea = ann.join("tea")
    guest.join("tea")
    ann.ask(say(ann, tea, "before"), kick(ann, tea, "passer-by"), say(ann, tea, "after"))
    guest.ask(say(guest, tea, "still here?"))
    server.settle()
    answer(ann, say(ann, tea, "much later"))
    assert is_put_out(last(guest, tea), "passer-by")
    assert guest.heard(tea) == ["before"]
    assert guest.refusals() == [Code.NOT_A_MEMBER]
    assert isinstance(answer(guest, join(guest, "tea")), Done)
    answer(ann, say(ann, tea, "welcome back"))
    assert guest.heard(tea)[-1] == "welcome back"
    answer(ann, kick(ann, tea, "passer-by"))
    guest.hang_up()
    opened = server.parts.rooms.get(tea)
    assert opened is not None
    assert (opened.guests, opened.put_out) == ({}, {})


def test_a_guest_kicked_and_banned_does_not_come_back_in_the_same_turn(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    tea = ann.join("tea")
    guest.join("tea")
    answer(ann, SetMark(id=server.new_id(), room=tea, listing=Listing.BAN, mask="passer-by"))
    ann.ask(kick(ann, tea, "passer-by"))
    guest.ask(join(guest, "tea"))
    server.settle()
    assert is_put_out(last(guest, tea), "passer-by")
    assert guest.refusals() == [Code.BANNED_HERE]


def test_a_kick_of_unknown_outcome_puts_a_guest_out_once_it_is_known(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    tea = ann.join("tea")
    guest.join("tea")
    server.weather.doubtful = StoreUnsure("the line broke")
    assert isinstance(answer(ann, kick(ann, tea, "passer-by")), Kept)
    answer(ann, say(ann, tea, "after"))
    assert is_put_out(last(guest, tea), "passer-by")
    assert guest.heard(tea) == []


def test_the_last_guest_put_out_ends_a_passing_room(server: HubRoom) -> None:
    ada, guest = server.guest("ada"), server.guest("passer-by")
    tea = ada.join("tea")
    guest.join("tea")
    assert isinstance(answer(ada, kick(ada, tea, "passer-by")), Kept)
    answer(ada, kick(ada, tea, "ada"))
    server.settle()
    state = server.done(server.logs.room(tea))
    assert state is not None
    assert state.archived


def test_a_guest_lost_while_its_room_is_being_kept_leaves_none_behind(server: HubRoom) -> None:
    ada = server.guest("ada")
    server.weather.slow_seconds = 0.5
    ada.ask(join(ada, "tea"))
    server.settle(0.2)
    ada.hang_up()
    server.settle(5)
    assert server.done(server.logs.room_named(folded("tea"))) is None
    assert server.done(server.logs.passing_rooms()) == []


# Kept out, and not heard -----------------------------------------------------------------------------------------


def test_a_ban_by_address_puts_all_out_whom_it_fits(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    eve.join("tea")
    elsewhere = server.visitor(address="198.51.100.7")
    elsewhere.ask(Login(name="eve", password=PASSWORD))
    server.settle()
    elsewhere.sync()
    answer(ann, ban(ann, tea, "198.51.100.0/24"))
    assert is_put_out(last(eve, tea), "eve")
    assert isinstance(answer(eve, join(eve, "tea")), Kept)
    assert isinstance(answer(eve, say(eve, tea, "from home")), Kept)
    elsewhere.ask(say(elsewhere, tea, "from there"))
    server.settle()
    assert elsewhere.refusals() == [Code.BANNED_HERE]


def test_a_mute_is_lifted_by_hand(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    eve.join("tea")
    answer(ann, SetMark(id=server.new_id(), room=tea, listing=Listing.MUTE, mask="eve"))
    eve.ask(say(eve, tea, "la"))
    server.settle()
    assert eve.refusals() == [Code.MUTED_HERE]
    answer(ann, LiftMark(id=server.new_id(), room=tea, listing=Listing.MUTE, mask="EVE"))
    assert isinstance(answer(eve, say(eve, tea, "la")), Kept)


@pytest.mark.parametrize("away", [False, True])
def test_a_ban_ends_on_time_and_everybody_hears_of_it(server: HubRoom, away: bool) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    eve.join("tea")
    answer(ann, ban(ann, tea, "eve", seconds=100))
    if away:  # Nothing but the store knows of it then.
        server.parts.rooms.put_away(server.parts.rooms._rooms[tea])
    eve.ask(join(eve, "tea"))
    server.settle(90)
    assert eve.refusals() == [Code.BANNED_HERE]
    server.settle(20)
    assert last(ann, tea).body == Unmarked(Listing.BAN, ("eve",))
    assert last(ann, tea).author == 0
    assert isinstance(answer(eve, join(eve, "tea")), Kept)


def test_a_ban_of_an_account_holds_whatever_its_members_are_called(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    answer(ann, ban(ann, tea, "Eve"))
    mark = last(ann, tea).body
    assert isinstance(mark, Marked)
    assert mark.mark.principal == eve.you.principal
    eve.ask(join(eve, "tea"))
    server.settle()
    assert eve.refusals() == [Code.BANNED_HERE]


def test_whom_the_lobby_keeps_out_is_let_in_without_it(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    assert server.ordered(server.governor.act(ban(ann, lobby, "*!*@*"))) is None
    guest, eve = server.guest("passer-by"), server.registered("eve")
    assert [one.room for one in (*guest.told(RoomTold), *eve.told(RoomTold)) if one.room == lobby] == []


# Roles -----------------------------------------------------------------------------------------------------------


def test_a_moderator_governs_until_unmade(server: HubRoom) -> None:
    ann, bob, eve = server.registered("ann"), server.registered("bob"), server.registered("eve")
    tea = ann.join("tea")
    for device in (bob, eve):
        device.join("tea")
    bob.ask(kick(bob, tea, "eve"))
    server.settle()
    answer(ann, SetRole(id=server.new_id(), room=tea, name="bob", role=RoomRole.MODERATOR))
    assert isinstance(answer(bob, kick(bob, tea, "eve")), Kept)
    bob.ask(kick(bob, tea, "ann"))
    server.settle()
    assert bob.refusals() == [Code.NOT_ALLOWED] * 2


def test_a_guest_has_a_voice_in_a_moderated_room(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    tea = ann.join("tea")
    guest.join("tea")
    change(ann, tea, SettingsChange(moderated=True))
    guest.ask(say(guest, tea, "la"))
    server.settle()
    assert guest.refusals() == [Code.MODERATED]
    answer(ann, SetRole(id=server.new_id(), room=tea, name="passer-by", voice=True))
    assert isinstance(answer(guest, say(guest, tea, "la")), Kept)
    again = server.guest("another")
    answer(ann, SetRole(id=server.new_id(), room=tea, name="another", voice=True))
    assert ann.refusals() == [Code.NOT_HERE]
    assert again.refusals() == []


def test_a_guest_who_opens_a_room_is_its_moderator(server: HubRoom) -> None:
    ada, guest = server.guest("ada"), server.guest("passer-by")
    assert isinstance(answer(ada, Open(id=server.new_id(), name="tea", topic="green")), Kept)
    tea = ada.room("tea")
    (told,) = [one for one in ada.told(RoomTold) if one.room == tea]
    assert told.role is RoomRole.MODERATOR
    guest.join("tea")
    assert isinstance(answer(ada, kick(ada, tea, "passer-by")), Kept)


def test_a_room_is_passed_on_and_its_last_owner_stays(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    ann.ask(Leave(id=server.new_id(), room=tea))
    server.settle()
    assert ann.refusals() == [Code.LAST_OWNER]
    answer(ann, Transfer(id=server.new_id(), room=tea, name="bob"))
    assert isinstance(answer(ann, Leave(id=server.new_id(), room=tea)), Kept)
    late = server.another(bob)
    (told,) = [one for one in late.told(RoomTold) if one.room == tea]
    assert told.role is RoomRole.OWNER


def test_roles_by_the_server_are_entries_like_others(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    role = SetRole(id=server.new_id(), room=tea, name="ann", voice=True)
    assert server.ordered(server.governor.act(role)) is None
    entry = last(ann, tea)
    assert entry.author == 0
    assert isinstance(entry.body, RolesChanged)
    assert [type(one) for one in entry.body.changes] == [RoleChange]


def test_who_is_put_out_and_back_in_one_turn_is_told_what_it_is_now(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = opened(ann, "tea")
    bob.join("tea")
    answer(ann, SetRole(id=server.new_id(), room=tea, name="bob", voice=True))
    before = len(bob.told(RoomTold))
    ann.ask(kick(ann, tea, "bob"))
    bob.ask(Join(id=server.new_id(), name="tea"))
    server.settle(2)
    assert [(unit.room, unit.voice) for unit in bob.told(RoomTold)[before:]] == [(tea, False)]


def test_who_is_back_before_it_has_read_that_it_was_put_out_is_told_anew() -> None:
    server = HubRoom(limits=Limits(page_entries_max=1))
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = opened(ann, "tea")
    bob.join("tea")
    answer(ann, kick(ann, tea, "bob"))
    answer(ann, SetTopic(id=server.new_id(), room=tea, topic="Assam"))
    late = server.visitor()
    late.ask(Login(name="bob", password=PASSWORD))
    server.settle()

    def write(data: bytes) -> None:
        late.link.written += data
        late.link.full = b"opened" in data

    late.link.write = write  # type: ignore[method-assign]
    late.ask(Sync(epoch=server.hub.parts.logs.epoch, places=((tea, 0),)))
    server.settle()
    assert late.link.full, "it has the room's first entry and nothing else"
    bob.ask(Join(id=server.new_id(), name="tea"))
    server.settle(3)
    late.link.full = False
    server.hub.drained(late.session)
    server.settle()
    assert [told.topic for told in late.told(RoomTold) if told.room == tea] == ["", "Assam"]
    assert [entry.number for entry in late.entries(tea)] == [1, 2, 3, 4, 5, 6]
