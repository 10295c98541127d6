"""Who is told that somebody comes, goes, is away or is writing: once for each room, and never of oneself."""

from __future__ import annotations

import pytest

from besedka.chat.entries import Listing, RoomId
from besedka.chat.own_requests import Away, Typing
from besedka.chat.personal import Profile
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Leave, Login, Pong, Request, Say, Sync, Tell, Who
from besedka.chat.room_requests import Open, SetMark
from besedka.chat.told import Done, Kept, People, PersonLine, Presence, TypingState, TypingTold
from besedka.hub.signals import TYPING_REMEMBERED_MAX
from besedka.limits import Limits
from hub_room import PASSWORD, Device, HubRoom

ROOM_MAX = 3
WINDOW = 0.3


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(limits=Limits(presence_room_max=ROOM_MAX))


def asks(device: Device, *requests: Request) -> None:
    device.ask(*requests)
    device.server.settle()


def come(server: HubRoom, *names: str) -> list[Device]:
    """These log in and follow their rooms, all within a moment."""
    devices = [Device(server, "192.0.2.1") for _ in names]
    for device, name in zip(devices, names, strict=True):
        device.ask(Login(name=name, password=PASSWORD), Sync(epoch="memory"))
    server.settle()
    return devices


def lobby(device: Device) -> RoomId:
    return device.room("lobby")


def presence(device: Device) -> list[Presence]:
    """What was signalled by the time that this is told, and not looked at before."""
    device.server.settle(WINDOW)
    signals = device.told(Presence)
    device.units.clear()
    return signals


def crowd(server: HubRoom, *names: str) -> list[Device]:
    """People online, whose coming is told."""
    people = [server.registered(name) for name in names]
    server.settle(WINDOW)
    return people


# Coming and going ------------------------------------------------------------------------------------------------


def test_all_that_changes_in_a_while_is_one_unit_for_each_reader(server: HubRoom) -> None:
    ann, bob, carl = crowd(server, "ann", "bob", "carl")
    room = lobby(ann)
    asks(bob, Exit())
    asks(carl, Exit())
    assert ann.told(Presence) == [], "not at once"
    (told,) = presence(ann)
    assert [one.name for one in told.went] == ["bob", "carl"]
    come(server, "bob", "carl")
    (told,) = presence(ann)
    assert (told.room, sorted(one.name for one in told.came)) == (room, ["bob", "carl"])


def test_whoever_comes_is_told_of_the_others_and_not_of_themselves(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    asks(ann, Exit())
    asks(bob, Exit())
    server.settle(WINDOW)
    again, back = come(server, "ann", "bob")
    assert [one.name for told in presence(again) for one in told.came] == ["bob"]
    assert [one.name for told in presence(back) for one in told.came] == ["ann"]


def test_who_comes_alone_is_told_nothing(server: HubRoom) -> None:
    ann, _bob = crowd(server, "ann", "bob")
    asks(ann, Exit())
    server.settle(WINDOW)
    assert presence(*come(server, "ann")) == []


def test_who_came_and_went_meanwhile_is_not_spoken_of(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    asks(bob, Exit())
    server.settle(WINDOW)
    ann.told(Presence)
    ann.units.clear()
    short = server.visitor()
    short.ask(Login(name="bob", password=PASSWORD), Exit())
    assert presence(ann) == []


def test_who_went_and_came_meanwhile_is_not_spoken_of(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    bob.ask(Exit())
    back = server.visitor()
    back.ask(Login(name="bob", password=PASSWORD))
    assert presence(ann) == []


def test_nothing_runs_while_nothing_changes(server: HubRoom) -> None:
    ann, _bob = crowd(server, "ann", "bob")
    tasks = len(server.process._tasks)
    server.settle(2)
    assert len(server.process._tasks) == tasks
    asks(ann, Away(message="tea"))
    assert len(server.process._tasks) == tasks + 1
    server.settle(WINDOW)
    assert len(server.process._tasks) == tasks


def test_a_guest_who_leaves_a_room_has_gone_from_there_only(server: HubRoom) -> None:
    (ann,) = crowd(server, "ann")
    tea = ann.join("tea")
    guest = server.guest("gus")
    guest.join("tea")
    assert [(told.room, told.came[0].name) for told in presence(ann)] == [(lobby(guest), "gus"), (tea, "gus")]
    asks(guest, Leave(id=server.new_id(), room=tea))
    assert [(told.room, told.went[0].name) for told in presence(ann)] == [(tea, "gus")]


# Large rooms -----------------------------------------------------------------------------------------------------


def test_in_a_large_room_only_the_count_is_told(server: HubRoom) -> None:
    ann, bob, carl, dora = crowd(server, "ann", "bob", "carl", "dora")
    room = lobby(ann)
    asks(bob, Exit())
    asks(carl, Exit())
    assert presence(ann) == [Presence(room, online=2)]
    come(server, "bob")
    assert presence(dora)[-1] == Presence(room, online=3)


def test_a_count_that_is_the_same_is_not_told(server: HubRoom) -> None:
    ann, bob, carl, _dora = crowd(server, "ann", "bob", "carl", "dora")
    asks(carl, Exit())
    server.settle(WINDOW)
    presence(ann)
    bob.ask(Exit())
    server.visitor().ask(Login(name="carl", password=PASSWORD))
    assert presence(ann) == []


def test_a_crowd_costs_each_reader_one_unit() -> None:
    server = HubRoom(limits=Limits(presence_room_max=1, requests_burst=1000))
    people = crowd(server, *(f"person{number}" for number in range(30)))
    ann, others = people[0], people[1:]
    room = lobby(ann)
    presence(ann)
    for other in others:
        other.ask(Exit())
    assert presence(ann) == [Presence(room, online=1)]


# Away ------------------------------------------------------------------------------------------------------------


def test_being_away_is_told_and_listed_and_so_is_being_back(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    asks(bob, Tell(id=server.new_id(), name="ann", text="hi"))
    direct = bob.told(Kept)[-1].room
    room = lobby(ann)
    other = server.another(bob)
    presence(ann)
    asks(bob, Away(message=" at tea "))
    assert bob.told(Done)
    told = presence(ann)
    assert {one.room for one in told} == {room, direct}
    assert all([(away.person.name, away.message) for away in one.away] == [("bob", "at tea")] for one in told)
    assert presence(other) == [], "an account's own devices are not told of it"
    asks(ann, Who(room=room))
    assert line(ann, "bob").away == "at tea"
    asks(other, Away())
    told = presence(ann)
    assert {one.room for one in told} == {room, direct}
    assert all([person.name for person in one.back] == ["bob"] for one in told)
    asks(ann, Who(room=room))
    assert line(ann, "bob").away == ""


def line(device: Device, name: str) -> PersonLine:
    return next(line for line in device.told(People)[-1].people if line.name == name)


def test_another_message_is_told_and_the_same_is_not(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    asks(bob, Away(message="tea"))
    presence(ann)
    asks(bob, Away(message="tea"))
    assert presence(ann) == []
    asks(bob, Away(message="cake"))
    assert [away.message for told in presence(ann) for away in told.away] == ["cake"]


def test_whoever_may_not_speak_in_a_room_is_away_there_without_a_word(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    asks(ann, Open(id=server.new_id(), name="tea"))
    bob.join("tea")
    everywhere, tea = lobby(ann), ann.room("tea")
    asks(ann, SetMark(id=server.new_id(), room=tea, listing=Listing.MUTE, mask="bob"))
    presence(ann)
    asks(bob, Away(message="hear me"))
    said = {told.room: [away.message for away in told.away] for told in presence(ann) if told.away}
    assert said == {everywhere: ["hear me"], tea: [""]}
    asks(bob, Away())
    assert all([one.name for one in told.back] == ["bob"] for told in presence(ann))


def test_an_away_message_is_one_short_line(server: HubRoom) -> None:
    (ann,) = crowd(server, "ann")
    asks(ann, Away(message="x" * 301), Away(message="a\nb"))
    assert ann.refusals() == [Code.TEXT_LONG, Code.BAD_TEXT]


def test_who_comes_back_after_being_lost_is_still_away(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    asks(bob, Away(message="tea"))
    presence(ann)
    bob.hang_up()
    come(server, "bob")
    assert presence(ann) == []
    asks(ann, Who(room=RoomId(2)))
    assert line(ann, "bob").away == "tea"


# Invisible -------------------------------------------------------------------------------------------------------


def test_who_is_invisible_is_not_told_of(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    room = lobby(ann)
    there = bob.session.online
    assert there is not None
    there.profile = Profile(invisible=True)
    asks(bob, Away(message="tea"), Typing(room=room), Exit())
    assert presence(ann) == []
    assert ann.told(TypingTold) == []


# Being full ------------------------------------------------------------------------------------------------------


def test_who_is_full_gets_the_present_state_later(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    guest = server.guest("gus")
    presence(ann)
    ann.link.full = True
    asks(guest, Away(message="tea"))
    asks(bob, Typing(room=lobby(bob)), Exit())
    server.settle(WINDOW)
    assert ann.told(Presence) == []
    ann.link.full = False
    server.hub.drained(ann.session)
    (told,) = presence(ann)
    assert ([one.name for one in told.came], [one.message for one in told.away]) == (["gus"], ["tea"])
    assert not told.went
    assert ann.told(TypingTold) == []


def test_the_present_state_of_a_large_room_is_its_count(server: HubRoom) -> None:
    ann, bob, _carl, _dora = crowd(server, "ann", "bob", "carl", "dora")
    room = lobby(ann)
    presence(ann)
    ann.link.full = True
    asks(bob, Exit())
    server.settle(WINDOW)
    ann.link.full = False
    server.hub.drained(ann.session)
    ann.ask(Pong())
    assert presence(ann) == [Presence(room, online=3)]


# Typing ----------------------------------------------------------------------------------------------------------


def typists(device: Device) -> list[list[tuple[str, TypingState]]]:
    device.server.settle(WINDOW)
    told = device.told(TypingTold)
    device.units.clear()
    return [[(one.person.name, one.state) for one in unit.people] for unit in told]


def test_who_is_writing_is_told_to_the_others(server: HubRoom) -> None:
    ann, bob, carl = crowd(server, "ann", "bob", "carl")
    room = lobby(ann)
    asks(ann, Typing(room=room))
    asks(bob, Typing(room=room, state=TypingState.PAUSED))
    both = [("ann", TypingState.ACTIVE), ("bob", TypingState.PAUSED)]
    assert typists(carl) == [both]
    assert typists(ann) == [both[1:]]
    assert typists(bob) == [both[:1]]
    assert not ann.told(Done)


def test_the_same_is_told_again_after_a_while(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    room = lobby(ann)
    asks(ann, Typing(room=room))
    assert len(typists(bob)) == 1
    asks(ann, Typing(room=room))
    assert typists(bob) == []
    asks(ann, Typing(room=room, state=TypingState.PAUSED))
    assert typists(bob) == [[("ann", TypingState.PAUSED)]]
    server.settle(3)
    asks(ann, Typing(room=room, state=TypingState.PAUSED))
    assert len(typists(bob)) == 1
    asks(ann, Typing(room=room, state=TypingState.DONE))
    assert typists(bob) == [[("ann", TypingState.DONE)]]
    asks(ann, Typing(room=room, state=TypingState.DONE))
    assert typists(bob) == [], "of whom nobody was told"


def test_what_is_said_was_written(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    room = lobby(ann)
    ann.ask(Typing(room=room), Say(id=server.new_id(), room=room, text="hi"))
    assert typists(bob) == []
    asks(ann, Typing(room=room))
    assert len(typists(bob)) == 1, "and the next is told at once"


def test_whose_session_has_ended_writes_no_more(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    ann.ask(Typing(room=lobby(ann)), Exit())
    assert typists(bob) == []


def test_who_may_not_speak_is_not_told_as_writing(server: HubRoom) -> None:
    ann, bob = crowd(server, "ann", "bob")
    tea = ann.join("tea")
    there = bob.session.online
    assert there is not None
    asks(bob, Typing(room=tea), Typing(room=RoomId(999)), Typing(room=ann.you.inbox or RoomId(0)))
    assert bob.refusals() == [Code.NOT_A_MEMBER, Code.NO_SUCH_ROOM, Code.NO_SUCH_ROOM]
    there.muted = True
    asks(bob, Typing(room=lobby(bob)))
    assert bob.refusals()[-1] is Code.MUTED
    assert typists(ann) == []


def test_in_a_large_room_nobody_is_told_who_is_writing(server: HubRoom) -> None:
    ann, bob, *_ = crowd(server, "ann", "bob", "carl", "dora")
    asks(ann, Typing(room=lobby(ann)))
    assert typists(bob) == []


def test_what_is_remembered_of_writers_is_bounded(server: HubRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2 * server.limits.sessions_max <= TYPING_REMEMBERED_MAX
    monkeypatch.setattr("besedka.hub.signals.TYPING_REMEMBERED_MAX", 2)
    ann, bob, carl = crowd(server, "ann", "bob", "carl")
    room = lobby(ann)
    for device in (ann, bob, carl):
        asks(device, Typing(room=room))
    typists(bob)
    asks(ann, Typing(room=room, state=TypingState.DONE))
    asks(carl, Typing(room=room, state=TypingState.DONE))
    assert typists(bob) == [[("carl", TypingState.DONE)]], "the first was forgotten"
