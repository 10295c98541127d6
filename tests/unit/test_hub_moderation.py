"""Rooms governed through the hub: who is put out, kept out, heard, let in, and what others may learn of it."""

from __future__ import annotations

import pytest

from besedka.chat.answers import InviteCode
from besedka.chat.entries import (
    Entry,
    Invited,
    Kind,
    Listing,
    Marked,
    MembershipChanged,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomRole,
    SettingsChange,
    Unmarked,
    Way,
)
from besedka.chat.refusals import Code
from besedka.chat.requests import History, Join, Leave, Login, Request, Say, Sync
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    MakeCode,
    Open,
    Rename,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.told import Done, Kept, Page, RoomTold, Unit
from besedka.hub.ports import Peer, StoreUnsure
from hub_room import PASSWORD, Device, HubRoom


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


# Let in ----------------------------------------------------------------------------------------------------------


def test_an_invitation_reaches_all_devices_and_lets_in(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    other = server.another(bob)
    den = opened(ann, "den", Kind.PRIVATE)
    assert isinstance(answer(ann, Invite(id=server.new_id(), room=den, name="Bob")), Kept)
    for device in (bob, other):
        inbox = device.you.inbox
        assert inbox is not None
        assert last(device, inbox).body == Invited(den, Kind.PRIVATE, ann.told(RoomTold)[-1].room_name)
    assert isinstance(answer(bob, join(bob, "den")), Kept)


def test_an_invitation_waits_for_whoever_is_away_and_is_withdrawn(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    bob.hang_up()
    den = opened(ann, "den", Kind.PRIVATE)
    inbox = server.parts.rooms.inbox_of(bob.you.principal)
    assert inbox is not None
    server.parts.rooms.put_away(inbox)
    answer(ann, Invite(id=server.new_id(), room=den, name="bob"))
    answer(ann, Uninvite(id=server.new_id(), room=den, name="bob"))
    back = server.another(bob)
    assert back.you.inbox == bob.you.inbox
    assert back.you.inbox is not None
    invitations = [one.body for one in back.entries(back.you.inbox) if isinstance(one.body, Invited)]
    assert [one.withdrawn for one in invitations] == [False, True]
    back.ask(join(back, "den"))
    server.settle()
    assert back.refusals() == [Code.ROOM_NAME_TAKEN]


def test_nobody_of_that_name_is_invited(server: HubRoom) -> None:
    ann = server.registered("ann")
    den = opened(ann, "den", Kind.PRIVATE)
    ann.ask(Invite(id=server.new_id(), room=den, name="nobody"))
    server.settle()
    assert ann.refusals() == [Code.NO_SUCH_PERSON]


def test_a_code_is_told_once_and_lets_in(server: HubRoom) -> None:
    ann, bob, eve = server.registered("ann"), server.registered("bob"), server.registered("eve")
    den = opened(ann, "den", Kind.PRIVATE)
    request = MakeCode(id=server.new_id(), room=den)
    told = answer(ann, request)
    assert isinstance(told, InviteCode)
    assert len(told.code) == 26
    assert told.code not in repr(told)
    assert told.code not in repr(last(ann, den))
    assert isinstance(answer(bob, join(bob, "den", code=told.code)), Kept)
    eve.ask(join(eve, "den", code="guessed"))
    ann.ask(request)
    server.settle()
    assert eve.refusals() == [Code.ROOM_NAME_TAKEN]
    assert [unit.number for unit in ann.told(Kept) if unit.id == request.id] == [told.number]


def unsafe(server: HubRoom, device: Device) -> None:
    peer = device.session.peer
    device.session.peer = Peer(peer.address, False, peer.way)


def test_secrets_of_rooms_are_neither_taken_nor_told_on_an_unsafe_way(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    change(ann, tea, SettingsChange(key="sesame"))
    unsafe(server, bob)
    bob.ask(join(bob, "tea", key="sesame"), join(bob, "tea", code="x"), join(bob, "tea"))
    server.settle()
    assert bob.refusals() == [Code.UNSAFE_WAY, Code.UNSAFE_WAY, Code.WRONG_KEY]
    unsafe(server, ann)
    ann.ask(MakeCode(id=server.new_id(), room=tea))
    ann.ask(ChangeSettings(id=server.new_id(), room=tea, change=SettingsChange(key="open")))
    server.settle()
    assert ann.refusals() == [Code.UNSAFE_WAY] * 2


def test_the_key_is_told_to_members_and_to_nobody_else(server: HubRoom) -> None:
    ann, bob, guest = server.registered("ann"), server.registered("bob"), server.guest("passer-by")
    tea = ann.join("tea")
    change(ann, tea, SettingsChange(key="sesame", moderated=True))
    assert isinstance(answer(bob, join(bob, "tea", key="sesame")), Kept)
    assert isinstance(answer(guest, join(guest, "tea", key="sesame")), Done)
    seen = {}
    for device in (bob, guest):
        (told,) = [one for one in device.told(RoomTold) if one.room == tea]
        assert told.settings.moderated
        seen[device.you.name] = told.settings.key
    assert seen == {"bob": "sesame", "passer-by": ""}


# Names -----------------------------------------------------------------------------------------------------------


def test_a_renamed_room_is_found_by_both_names(server: HubRoom) -> None:
    ann, bob, eve = server.registered("ann"), server.registered("bob"), server.registered("eve")
    tea = ann.join("tea")
    answer(ann, Rename(id=server.new_id(), room=tea, name="chai"))
    assert kept_room(answer(bob, join(bob, "TEA"))) == kept_room(answer(eve, join(eve, "chai"))) == tea
    books = bob.join("books")
    bob.ask(Rename(id=server.new_id(), room=books, name="Tea"), Rename(id=server.new_id(), room=books, name="chai"))
    bob.ask(Open(id=server.new_id(), name="tea"))
    server.settle()
    assert bob.refusals() == [Code.ROOM_NAME_TAKEN] * 3
    assert isinstance(answer(ann, Rename(id=server.new_id(), room=tea, name="tea")), Kept)
    server.parts.rooms.put_away(server.parts.rooms._rooms[tea])
    dan = server.registered("dan")
    assert kept_room(answer(dan, join(dan, "chai"))) == tea


def test_names_stay_one_rooms_within_one_turn(server: HubRoom) -> None:
    ann, bob, eve = server.registered("ann"), server.registered("bob"), server.registered("eve")
    tea, books = ann.join("tea"), bob.join("books")
    ann.ask(Rename(id=server.new_id(), room=tea, name="den"))
    bob.ask(Rename(id=server.new_id(), room=books, name="den"))
    server.settle()
    answer(eve, join(eve, "den"))
    assert len(ann.refusals() + bob.refusals()) == 1
    assert kept_room(eve.told(Kept)[-1]) in (tea, books)
    names = [room.state.name for room in server.parts.rooms if room.state.name]
    assert len(set(names)) == len(names)


def test_a_passing_room_leaves_its_name_behind(server: HubRoom) -> None:
    ada, eve = server.guest("ada"), server.guest("eve")
    tea = ada.join("tea")
    ada.ask(Rename(id=server.new_id(), room=tea, name="chai"))
    eve.ask(join(eve, "tea"))
    server.settle(1)
    assert ada.refusals() == []
    assert kept_room(eve.told(Done)[-1]) not in (tea, None)


def kept_room(unit: Unit) -> RoomId | None:
    assert isinstance(unit, Kept | Done)
    return unit.room


# Hidden rooms ----------------------------------------------------------------------------------------------------


def test_a_hidden_room_answers_outsiders_as_one_that_is_not_there(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    den = opened(ann, "den", Kind.PRIVATE)
    nowhere = RoomId(den + 1000)

    def asked(room: RoomId) -> list[Unit]:
        requests: list[Request] = [
            say(eve, room, "x"),
            kick(eve, room, "ann"),
            ban(eve, room, "ann"),
            SetRole(id=server.new_id(), room=room, name="ann", voice=True),
            Invite(id=server.new_id(), room=room, name="eve"),
            Rename(id=server.new_id(), room=room, name="other"),
            MakeCode(id=server.new_id(), room=room),
            ChangeSettings(id=server.new_id(), room=room, change=SettingsChange(hidden=False)),
            LiftMark(id=server.new_id(), room=room, listing=Listing.BAN, mask="eve"),
            Leave(id=server.new_id(), room=room),
        ]
        return [stripped(answer(eve, request)) for request in requests]

    assert asked(den) == asked(nowhere)
    taken = stripped(answer(eve, Open(id=server.new_id(), name="lobby")))
    assert stripped(answer(eve, Open(id=server.new_id(), name="den"))) == taken
    assert stripped(answer(eve, join(eve, "den"))) == taken


def stripped(unit: Unit) -> Unit:
    return type(unit)(**{name: getattr(unit, name) for name in unit.__struct_fields__} | {"id": None})


def test_roles_by_the_server_are_entries_like_others(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    role = SetRole(id=server.new_id(), room=tea, name="ann", voice=True)
    assert server.ordered(server.governor.act(role)) is None
    entry = last(ann, tea)
    assert entry.author == 0
    assert isinstance(entry.body, RolesChanged)
    assert [type(one) for one in entry.body.changes] == [RoleChange]
