"""How rooms are found and entered: invitations, codes, keys, names, and rooms that are not there for others."""

from __future__ import annotations

import pytest

from besedka.chat.answers import InviteCode
from besedka.chat.entries import (
    Entry,
    Invited,
    Kind,
    Listing,
    RoomId,
    SettingsChange,
)
from besedka.chat.refusals import Code
from besedka.chat.requests import Join, Leave, Login, Request, Say
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
    Uninvite,
)
from besedka.chat.told import Done, Kept, RoomTold, Unit
from besedka.hub.ports import Peer
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


def unsafe(device: Device) -> None:
    peer = device.session.peer
    device.session.peer = Peer(peer.address, False, peer.way)


def test_secrets_of_rooms_are_neither_taken_nor_told_on_an_unsafe_way(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    change(ann, tea, SettingsChange(key="sesame"))
    unsafe(bob)
    bob.ask(join(bob, "tea", key="sesame"), join(bob, "tea", code="x"), join(bob, "tea"))
    server.settle()
    assert bob.refusals() == [Code.UNSAFE_WAY, Code.UNSAFE_WAY, Code.WRONG_KEY]
    unsafe(ann)
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


def test_the_key_is_not_told_on_an_unsafe_way(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    change(ann, tea, SettingsChange(key="sesame"))
    other = server.visitor()
    other.ask(Login(name="ann", password=PASSWORD))
    server.settle()
    unsafe(other)
    other.sync()
    (told,) = [one for one in other.told(RoomTold) if one.room == tea]
    assert told.settings.key == ""


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
