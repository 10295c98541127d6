"""History, lists and syncs: what each may show, and to whom."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Kind, RoomId, SettingsChange
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, History, Leave, ListRooms, Resume, Say, Sync, Tell, Who
from besedka.chat.room_requests import ChangeSettings
from besedka.chat.rooms import Room
from besedka.chat.told import Entries, Kept, Page, People, Refused, RoomList, RoomTold, Synced
from besedka.limits import Limits
from hub_room import Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def says(device: Device, room: RoomId, *texts: str) -> None:
    device.ask(*[Say(id=device.server.new_id(), room=room, text=text) for text in texts])
    device.server.settle(1)


def leaves(device: Device, room: RoomId) -> None:
    device.ask(Leave(id=device.server.new_id(), room=room))
    device.server.settle()


def direct(one: Device, name: str) -> RoomId:
    one.ask(Tell(id=one.server.new_id(), name=name, text="hi"))
    one.server.settle()
    return one.told(Kept)[-1].room


def paged(device: Device, request: History) -> Page:
    device.ask(request)
    device.server.settle()
    return device.told(Page)[-1]


def resume(device: Device) -> Resume:
    assert device.you.token is not None
    return Resume(token=device.you.token)


def refusals(device: Device) -> list[Code]:
    return [unit.code for unit in device.told(Refused)]


# Lists -----------------------------------------------------------------------------------------------------------


def test_the_people_of_a_room_those_online_first(server: HubRoom) -> None:
    people = {name: server.registered(name) for name in ("dora", "bob", "ann")}
    guest = server.guest("carl")
    people["ann"].ask(Exit())
    server.settle()
    guest.ask(Who(room=guest.room("lobby")))
    server.settle()
    (told,) = guest.told(People)
    assert [(line.name, line.online) for line in told.people] == [
        ("bob", True),
        ("carl", True),
        ("dora", True),
        ("ann", False),
    ]
    assert told.members == 4


def test_the_people_listed_are_bounded_and_counted() -> None:
    server = HubRoom(limits=Limits(people_listed_max=2))
    ann, _bob, _carl = (server.registered(name) for name in ("ann", "bob", "carl"))
    ann.ask(Who(room=ann.room("lobby")), Who(room=ann.you.inbox or RoomId(0)))
    server.settle()
    (told,) = ann.told(People)
    assert (len(told.people), told.members) == (2, 3)
    assert refusals(ann) == [Code.NO_SUCH_ROOM], "an inbox has no people"


def test_of_a_large_room_those_online_are_listed_before_the_others() -> None:
    server = HubRoom(limits=Limits(people_listed_max=3))
    people = {name: server.registered(name) for name in ("ann", "bob", "carl", "dora", "eve")}
    for gone in ("ann", "bob", "dora"):
        people[gone].ask(Exit())
    server.settle()
    people["eve"].ask(Who(room=people["eve"].room("lobby")))
    server.settle()
    (told,) = people["eve"].told(People)
    assert [(line.name, line.online) for line in told.people[:2]] == [("carl", True), ("eve", True)]
    assert [line.online for line in told.people[2:]] == [False]
    assert told.members == 5


def test_no_more_names_are_sorted_than_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    server = HubRoom(limits=Limits(people_listed_max=3))
    *_, ann = [server.registered(f"person{number}") for number in range(12)]
    folded: list[str] = []

    def counted(name: str) -> str:
        folded.append(name)
        return name

    monkeypatch.setattr("besedka.hub.reads.fold", counted)
    ann.ask(Who(room=ann.room("lobby")))
    server.settle()
    assert len(ann.told(People)[-1].people) == len(folded) == 3


def test_public_rooms_are_listed_and_no_others() -> None:
    server = HubRoom(limits=Limits(rooms_listed_max=3))
    ann, bob = server.registered("ann"), server.registered("bob")
    ann.join("tea")
    direct(ann, "bob")
    guest = server.guest("passer-by")
    passing = guest.join("books")
    bob.ask(ListRooms())
    server.settle()
    (told,) = bob.told(RoomList)
    assert [(line.room_name, line.members, line.joined) for line in told.rooms] == [
        ("books", 1, False),
        ("lobby", 3, True),
        ("tea", 1, False),
    ]
    assert not told.more
    ann.join("chess")
    leaves(guest, passing)
    ann.join("zoo")
    guest.ask(ListRooms())
    server.settle()
    (told,) = guest.told(RoomList)
    assert [line.room_name for line in told.rooms] == ["chess", "lobby", "tea"]
    assert [line.joined for line in told.rooms] == [False, True, False]
    assert told.more


# Sync ------------------------------------------------------------------------------------------------------------


def test_a_device_gets_what_it_missed_the_inbox_first(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby, inbox = ann.room("lobby"), ann.you.inbox
    assert inbox is not None
    places = ((lobby, ann.entries(lobby)[-1].number), (inbox, ann.entries(inbox)[-1].number))
    token_device = server.visitor()
    ann.hang_up()
    says(bob, lobby, "while you were away")
    private = direct(bob, "ann")
    token_device.ask(resume(ann), Sync(epoch="memory", places=places, show=5))
    server.settle()
    (synced,) = token_device.told(Synced)
    rooms = [told.room for told in token_device.told(RoomTold)]
    assert rooms[0] == inbox
    assert set(rooms) == {inbox, lobby, private}
    assert synced.rooms == 3
    assert token_device.heard(lobby) == ["while you were away"]
    assert token_device.heard(private) == ["hi"]
    (kind,) = [told.room_kind for told in token_device.told(RoomTold) if told.room == private]
    assert kind is Kind.DIRECT


def test_a_device_that_has_everything_is_told_nothing_and_then_everything(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby, inbox = ann.room("lobby"), ann.you.inbox
    assert inbox is not None
    places = tuple((room, ann.entries(room)[-1].number) for room in (lobby, inbox))
    device = server.visitor()
    device.ask(resume(ann), Sync(epoch="memory", places=places))
    server.settle()
    assert device.told(Synced)[-1].rooms == 0
    assert not device.told(RoomTold)
    assert not device.told(Entries)
    says(bob, lobby, "news")
    assert device.heard(lobby) == ["news"]


def test_places_of_another_log_are_worth_nothing(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    says(ann, lobby, *"abcdef")
    device = server.visitor()
    device.ask(resume(ann), Sync(epoch="another", places=((lobby, 1),), show=2))
    server.settle()
    (told,) = [told for told in device.told(RoomTold) if told.room == lobby]
    assert (told.resumption, told.after) == (Resumption.START_OVER, told.head - 2)
    assert device.heard(lobby) == ["e", "f"], "as of a room that is new, not from its floor"


def test_a_place_past_the_head_starts_over(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    ann.ask(Sync(epoch="memory", places=((lobby, 999),)))
    server.settle()
    assert ann.told(RoomTold)[-1].resumption is Resumption.START_OVER


def test_places_in_rooms_of_others_are_not_heard(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.ask(Sync(epoch="memory", places=((tea, 0), (RoomId(999), 4))))
    server.settle()
    assert bob.told(Synced)[-1].rooms == 0
    assert tea not in [told.room for told in bob.told(RoomTold)]


def test_whoever_left_gets_the_rest_of_its_stay_and_no_more(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    says(ann, tea, "before")
    leaves(bob, tea)
    says(ann, tea, "after")
    device = server.visitor()
    device.ask(resume(bob), Sync(epoch="memory", places=((tea, 3),)))
    server.settle()
    assert device.heard(tea) == ["before"]
    says(ann, tea, "much later")
    assert device.heard(tea) == ["before"]


def test_too_many_places_are_refused() -> None:
    server = HubRoom(limits=Limits(rooms_per_account_max=2))
    ann = server.registered("ann")
    ann.ask(Sync(epoch="memory", places=tuple((RoomId(room), 0) for room in range(1, 5))))  # The inbox, the lobby.
    ann.ask(Sync(epoch="memory", places=tuple((RoomId(room), 0) for room in range(1, 6))))
    server.settle()
    assert refusals(ann) == [Code.TOO_LONG]


def test_a_new_device_is_shown_so_much_of_the_past(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    says(ann, lobby, *"abcdef")
    device = server.visitor()
    device.ask(resume(ann), Sync(epoch="memory", show=2))
    server.settle()
    assert device.heard(lobby) == ["e", "f"]


def test_a_room_that_is_hidden_while_the_list_is_read_is_not_in_it(
    server: HubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    read = server.parts.logs.public_rooms

    async def slowly(*, limit: int) -> Sequence[Room]:
        found = await read(limit=limit)
        ann.ask(ChangeSettings(id=server.new_id(), room=tea, change=SettingsChange(hidden=True)))
        await server.parts.clock.wait_seconds(1)
        return found

    monkeypatch.setattr(server.parts.logs, "public_rooms", slowly)
    bob.ask(ListRooms())
    server.settle(2)
    assert [line.room_name for line in bob.told(RoomList)[-1].rooms] == ["lobby"]


def test_a_room_that_has_ended_is_not_there_for_whoever_was_never_in_it(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    tea = guest.join("tea")
    guest.ask(Leave(id=server.new_id(), room=tea))
    server.settle(2)
    ann.ask(History(room=tea), Who(room=tea))
    server.settle()
    assert ann.refusals() == [Code.NO_SUCH_ROOM, Code.NO_SUCH_ROOM]
