"""What people decide about themselves, through the hub: read markers, whom they ignore, how loud, what they say."""

from __future__ import annotations

import pytest

from besedka.chat.entries import (
    DataSet,
    Entry,
    Ignored,
    Kind,
    Level,
    MarkerMoved,
    NotifySet,
    Person,
    ProfileSet,
    RoomId,
)
from besedka.chat.own_requests import Ignore, MoveMarker, SetNotify, SetProfile
from besedka.chat.personal import Marker, Profile
from besedka.chat.refusals import Code
from besedka.chat.requests import NO_ROOM, Login, Request, Say, Sync, Tell
from besedka.chat.room_requests import Invite, Open, SetData
from besedka.chat.told import Done, Kept, PersonalTold, RoomTold, Unit
from besedka.limits import Limits
from hub_room import PASSWORD, Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def answer(device: Device, request: Request) -> Unit:
    device.ask(request)
    device.server.settle(2)
    (found,) = [unit for unit in device.told(Unit) if getattr(unit, "id", None) == request.id]
    return found


def said(device: Device, room: RoomId, text: str = "x") -> int:
    kept = answer(device, Say(id=device.server.new_id(), room=room, text=text))
    assert isinstance(kept, Kept)
    return kept.number


def inbox(device: Device) -> RoomId:
    assert device.you.inbox is not None
    return device.you.inbox


def noted(device: Device) -> Entry:
    """The last entry of its inbox."""
    return device.entries(inbox(device))[-1]


def marker(device: Device, room: RoomId = NO_ROOM, name: str = "", number: int = 0, time: int = 0) -> MoveMarker:
    return MoveMarker(id=device.server.new_id(), room=room, name=name, number=number, time=time)


# A device that is new ----------------------------------------------------------------------------------------------


def test_a_new_device_enters_the_inbox_by_its_state_and_is_told_no_more_than_it_wants(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    answer(bob, Open(id=server.new_id(), name="den", room_kind=Kind.PRIVATE))
    den = bob.room("den")
    answer(bob, Invite(id=server.new_id(), room=den, name="ann"))
    answer(ann, Ignore(id=server.new_id(), name="bob"))
    answer(ann, SetNotify(id=server.new_id(), room=lobby, level=Level.NONE))
    answer(ann, SetProfile(id=server.new_id(), real_name="Ann"))
    answer(ann, SetData(id=server.new_id(), key="pronouns", value="she/her"))
    for _ in range(5):
        answer(ann, marker(ann, lobby, number=said(ann, lobby)))
    other = server.visitor()
    other.ask(Login(name="ann", password=PASSWORD))
    server.settle()
    other.ask(Sync(show=2))
    server.settle()
    told = next(unit for unit in other.told(RoomTold) if unit.room == inbox(ann))
    assert [entry.number for entry in other.entries(told.room)] == [told.head - 1, told.head]
    assert told.personal is not None
    invitation, invited = told.personal.invitations[0], Person(bob.you.principal, bob.you.name)
    assert (invitation.room, invitation.room_name, invitation.by) == (den, "den", invited)
    last = noted(ann).body
    assert isinstance(last, MarkerMoved)
    assert told.personal == PersonalTold(
        markers=((str(lobby), Marker(last.number, last.time, last.said)),),
        ignored=(invited,),
        notify=((lobby, Level.NONE),),
        invitations=(invitation,),
        profile=Profile("Ann"),
        data=(("pronouns", "she/her"),),
    )
    assert all(unit.personal is None for unit in other.told(RoomTold) if unit is not told)


# Read markers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tail", [512, 2])
def test_a_marker_says_number_time_and_how_much_was_said(tail: int) -> None:
    server = HubRoom(limits=Limits(tail_entries_max=tail))
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    numbers = [said(ann, lobby) for _ in range(5)]
    times = {entry.number: entry.time for entry in ann.entries(lobby)}
    for said_before, number in enumerate(numbers, 1):
        assert isinstance(answer(ann, marker(ann, lobby, number=number)), Kept)
        assert noted(ann).body == MarkerMoved(str(lobby), number, times[number], said_before)


def test_all_devices_hear_of_a_marker_and_it_never_moves_back(server: HubRoom) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    lobby = ann.room("lobby")
    first, second = said(ann, lobby), said(ann, lobby)
    kept = answer(ann, marker(ann, lobby, number=second))
    assert isinstance(kept, Kept)
    assert kept.room == inbox(ann)
    assert noted(other) == noted(ann)
    assert isinstance(answer(other, marker(other, lobby, number=first)), Done)


def test_a_marker_goes_no_further_than_the_room_nor_into_the_future(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    last = said(ann, lobby)
    answer(ann, marker(ann, lobby, number=last + 1000, time=1 << 50))
    body = noted(ann).body
    assert isinstance(body, MarkerMoved)
    assert body.number == last
    assert body.time <= server.process.now()


def test_a_marker_by_time_alone_finds_the_number(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    first = said(ann, lobby)
    time = server.process.now()
    server.settle(5)
    said(ann, lobby)
    answer(ann, marker(ann, lobby, time=time))
    body = noted(ann).body
    assert isinstance(body, MarkerMoved)
    assert (body.number, body.time, body.said) == (first, time, 1)


def test_a_marker_by_name_is_the_rooms_where_it_may_be_read(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    answer(ann, Open(id=server.new_id(), name="den", room_kind=Kind.PRIVATE))
    den = ann.room("den")
    last = said(ann, den)
    for device, target in ((ann, str(den)), (eve, "#den")):
        assert isinstance(answer(device, marker(device, name="#Den", number=last)), Kept)
        body = noted(device).body
        assert isinstance(body, MarkerMoved)
        assert body.target == target
    answer(eve, marker(eve, name="#nowhere", number=3, time=5))
    assert noted(eve).body == MarkerMoved("#nowhere", 3, 5)
    answer(eve, marker(eve, name="42", number=3, time=5))
    assert noted(eve).body == MarkerMoved("#42", 3, 5), "room 42 is another room than the one of that name"


def test_a_marker_by_a_persons_name_is_of_the_conversation_with_them(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    kept = answer(ann, Tell(id=server.new_id(), name="bob", text="hi"))
    assert isinstance(kept, Kept)
    for device, name, target in ((bob, "ANN", str(kept.room)), (bob, "carl", "carl")):
        answer(device, marker(device, name=name, number=1))
        body = noted(device).body
        assert isinstance(body, MarkerMoved)
        assert body.target == target


def test_markers_of_what_may_not_be_read_are_refused_alike(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    answer(ann, Open(id=server.new_id(), name="den", room_kind=Kind.PRIVATE))
    den = ann.room("den")
    for room in (den, RoomId(den + 1000), inbox(ann), inbox(eve)):
        eve.ask(marker(eve, room, number=1))
    eve.ask(marker(eve), marker(eve, name="no name", number=1))
    server.settle()
    assert eve.refusals() == [Code.NO_SUCH_ROOM] * 4 + [Code.BAD_VALUE] * 2


# Ignoring, levels, profiles, values ------------------------------------------------------------------------------


def test_people_are_ignored_and_begin_no_conversation(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    assert isinstance(answer(ann, Ignore(id=server.new_id(), name="Eve")), Kept)
    body = noted(ann).body
    assert isinstance(body, Ignored)
    assert body.person.name == "eve"
    assert isinstance(answer(ann, Ignore(id=server.new_id(), name="eve")), Done)
    eve.ask(Tell(id=server.new_id(), name="ann", text="hi"))
    server.settle()
    assert eve.refusals() == [Code.NOT_WELCOME]
    assert isinstance(answer(ann, Ignore(id=server.new_id(), name="eve", withdrawn=True)), Kept)
    assert isinstance(answer(eve, Tell(id=server.new_id(), name="ann", text="hi")), Kept)


def test_who_is_ignored_is_let_go_when_there_is_no_such_account_any_more(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    answer(ann, Ignore(id=server.new_id(), name="eve"))
    server.done(server.accounts.remove_account(eve.you.principal))
    assert isinstance(answer(ann, Ignore(id=server.new_id(), name="Eve", withdrawn=True)), Kept)
    ann.ask(Ignore(id=server.new_id(), name="eve"))
    server.settle()
    assert ann.refusals() == [Code.NO_SUCH_PERSON]


def test_how_loud_a_room_is_and_what_one_says_of_oneself_is_kept(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    other = server.another(ann)
    asked: list[tuple[Request, object]] = [
        (SetNotify(id=server.new_id(), room=lobby, level=Level.NONE), NotifySet(lobby, Level.NONE)),
        (SetProfile(id=server.new_id(), real_name="Ann A."), ProfileSet(real_name="Ann A.")),
        (SetData(id=server.new_id(), key="Colour", value="red"), DataSet("colour", "red")),
    ]
    for request, body in asked:
        first = answer(ann, request)
        assert isinstance(first, Kept)
        assert noted(other).body == body
        ann.ask(request)
        server.settle()
        assert [unit for unit in ann.told(Kept) if unit.id == request.id] == [first, first]


def test_an_id_used_in_a_room_is_another_requests_in_the_inbox(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    id_ = server.new_id()
    ann.ask(Say(id=id_, room=lobby, text="x"))
    server.settle()
    ann.ask(SetProfile(id=id_, bot=True))
    server.settle()
    assert [unit.room for unit in ann.told(Kept)] == [lobby, inbox(ann)]
    assert noted(ann).body == ProfileSet(bot=True)


def test_an_inbox_that_is_put_away_is_opened_again(server: HubRoom) -> None:
    ann = server.registered("ann")
    opened = server.parts.rooms.inbox_of(ann.you.principal)
    assert opened is not None
    server.parts.rooms.put_away(opened)
    assert isinstance(answer(ann, SetProfile(id=server.new_id(), bot=True)), Kept)
    assert noted(ann).body == ProfileSet(bot=True)


def test_a_guest_says_something_of_itself_and_keeps_nothing_else(server: HubRoom) -> None:
    guest = server.guest("passer-by")
    lobby = guest.room("lobby")
    heads = {room.state.id: room.state.head for room in server.parts.rooms}
    asked = SetProfile(id=server.new_id(), real_name="P. B.")
    assert isinstance(answer(guest, asked), Done)
    assert isinstance(answer(guest, SetData(id=server.new_id(), key="colour", value="red")), Done)
    assert isinstance(answer(guest, marker(guest, lobby, number=1)), Done)
    online = server.parts.attendance.get(guest.you.principal)
    assert online is not None
    assert (online.profile.real_name, dict(online.data)) == ("P. B.", {"colour": "red"})
    assert list(online.markers) == [str(lobby)]
    guest.ask(
        SetData(id=server.new_id(), key="no such key!", value="red"),
        Ignore(id=server.new_id(), name="ann"),
        SetNotify(id=server.new_id(), room=lobby, level=Level.NONE),
    )
    server.settle()
    assert guest.refusals() == [Code.BAD_VALUE] + [Code.ACCOUNT_NEEDED] * 2
    assert {room.state.id: room.state.head for room in server.parts.rooms} == heads


def test_values_of_a_room_are_its_moderators(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    eve.join("tea")
    assert isinstance(answer(ann, SetData(id=server.new_id(), room=tea, key="colour", value="green")), Kept)
    eve.ask(SetData(id=server.new_id(), room=tea, key="colour", value="black"))
    server.settle()
    assert eve.refusals() == [Code.NOT_ALLOWED]
    assert eve.entries(tea)[-1].body == DataSet("colour", "green")
