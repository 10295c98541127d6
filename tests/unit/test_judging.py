"""Requests of one turn, each judged on what those before it have made of the room."""

from __future__ import annotations

import pytest

from besedka.chat.entries import RequestId, RoomId, Way
from besedka.chat.names import LOBBY
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Join, Leave, Login, Request, Say, SetTopic, Tell
from besedka.chat.told import Done, Kept, RoomTold, Unit
from besedka.hub.faults import StoreUnsure
from besedka.hub.ports import Peer
from besedka.limits import Limits
from besedka.wire.text import TextServer
from hub_room import ANN, PASSWORD, Device, HubRoom, Wire


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def answers(device: Device, *requests: Request) -> list[Unit]:
    """What these were answered, asked in one piece."""
    device.ask(*requests)
    device.server.settle(2)
    ids = {request.id for request in requests}
    found = {getattr(unit, "id", None): unit for unit in device.told(Unit) if getattr(unit, "id", None) in ids}
    return [found[request.id] for request in requests]


def kept_at(unit: Unit) -> int:
    assert isinstance(unit, Kept)
    return unit.number


# On a tentative room ---------------------------------------------------------------------------------------------


def test_whoever_left_in_this_turn_says_nothing_after(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    leave = Leave(id=server.new_id(), room=tea)
    say = Say(id=server.new_id(), room=tea, text="too late")
    first, second = answers(ann, leave, say)
    assert isinstance(first, Kept)
    assert ann.refusals() == [Code.NOT_A_MEMBER]
    assert second.id == say.id  # type: ignore[attr-defined]


def test_a_topic_set_twice_in_a_turn_is_set_once(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    first, second = answers(
        ann,
        SetTopic(id=server.new_id(), room=tea, topic="green"),
        SetTopic(id=server.new_id(), room=tea, topic="green"),
    )
    assert isinstance(first, Kept)
    assert isinstance(second, Done)


def test_a_room_opened_in_this_turn_is_joined_by_the_next(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    for device in (ann, bob):
        device.ask(Join(id=server.new_id(), name="tea"))
    server.settle()
    assert ann.room("tea") == bob.room("tea")
    assert sorted(kept_at(device.told(Kept)[-1]) for device in (ann, bob)) == [1, 3]


def test_two_who_begin_a_conversation_at_once_have_one(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    ann.ask(Tell(id=server.new_id(), name="bob", text="hi bob"))
    bob.ask(Tell(id=server.new_id(), name="ann", text="hi ann"))
    server.settle()
    rooms = {device.told(Kept)[-1].room for device in (ann, bob)}
    assert len(rooms) == 1
    room = rooms.pop()
    assert ann.heard(room) == bob.heard(room)
    assert sorted(ann.heard(room)) == ["hi ann", "hi bob"]


def test_the_limit_of_rooms_counts_this_turn() -> None:
    server = HubRoom(limits=Limits(rooms_per_account_max=3))
    ann = server.registered("ann")
    answers(ann, *[Join(id=server.new_id(), name=name) for name in ("tea", "books", "chess")])
    assert ann.refusals() == [Code.TOO_MANY_ROOMS]
    assert {told.room_name for told in ann.told(RoomTold)} == {"", LOBBY, "tea", "books"}


# Ids -------------------------------------------------------------------------------------------------------------


def test_the_same_request_twice_in_one_turn_is_kept_once(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    answers(ann, Say(id=server.new_id(), room=lobby, text="-"))
    say = Say(id=server.new_id(), room=lobby, text="once")
    ann.ask(say, say, Say(id=server.new_id(), room=lobby, text="and on"))
    server.settle(1)
    receipts = [unit for unit in ann.told(Kept) if unit.id == say.id]
    assert len(receipts) == 2
    assert receipts[0] == receipts[1]
    assert ann.heard(lobby) == ["-", "once", "and on"]


def test_a_known_id_is_answered_whatever_has_changed_since(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    say = Say(id=server.new_id(), room=tea, text="once")
    (first,) = answers(ann, say)
    answers(ann, Leave(id=server.new_id(), room=tea))
    assert answers(ann, say) == [first]
    join = Join(id=server.new_id(), name="books")
    (joined,) = answers(ann, join)
    assert answers(ann, join) == [joined]
    assert ann.refusals() == []


def test_an_id_is_its_senders_own(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    id_ = server.new_id()
    (anns,) = answers(ann, Say(id=id_, room=lobby, text="ann's"))
    (bobs,) = answers(bob, Say(id=id_, room=lobby, text="bob's"))
    assert kept_at(bobs) == kept_at(anns) + 1


def test_the_same_id_in_another_room_is_another_request(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby, tea = ann.room("lobby"), ann.join("tea")
    id_ = RequestId("f" * 32)
    answers(ann, Say(id=id_, room=lobby, text="here"))
    answers(ann, Say(id=id_, room=tea, text="there"))
    assert (ann.heard(lobby), ann.heard(tea)) == (["here"], ["there"])


def test_an_old_id_that_is_new_is_new(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    old = server.new_id()
    answers(ann, Say(id=server.new_id(), room=lobby, text="newer"), Say(id=old, room=lobby, text="older"))
    assert ann.heard(lobby) == ["newer", "older"]


# What is not there -----------------------------------------------------------------------------------------------


def test_what_is_not_there_is_refused(server: HubRoom) -> None:
    ann = server.registered("ann")
    nowhere = RoomId(999)
    answers(
        ann,
        Say(id=server.new_id(), room=nowhere, text="hi"),
        Leave(id=server.new_id(), room=nowhere),
        SetTopic(id=server.new_id(), room=nowhere, topic="x"),
        Join(id=server.new_id(), name="no room"),
        Tell(id=server.new_id(), name="nobody", text="hi"),
    )
    assert ann.refusals() == [Code.NO_SUCH_ROOM] * 3 + [Code.BAD_ROOM_NAME, Code.NO_SUCH_PERSON]


def test_an_inbox_is_nobodys_to_write_in(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    inbox = ann.you.inbox
    assert inbox is not None
    for device in (ann, bob):
        answers(device, Say(id=server.new_id(), room=inbox, text="hi"), Leave(id=server.new_id(), room=inbox))
        assert device.refusals() == [Code.NO_SUCH_ROOM] * 2


def test_a_conversation_with_a_guest_and_with_oneself(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    answers(ann, Tell(id=server.new_id(), name="Passer-By", text="hello"))
    room = ann.told(Kept)[-1].room
    assert guest.heard(room) == ["hello"]
    answers(guest, Say(id=server.new_id(), room=room, text="hello to you"))
    assert ann.heard(room)[-1] == "hello to you"
    answers(ann, Tell(id=server.new_id(), name="ann", text="a note"))
    own = ann.told(Kept)[-1].room
    assert own != room
    assert ann.heard(own) == ["a note"]


# Arriving --------------------------------------------------------------------------------------------------------


def test_whoever_left_the_lobby_is_not_put_there_again(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    answers(ann, Leave(id=server.new_id(), room=lobby))
    again = server.another(ann)
    assert lobby not in [told.room for told in again.told(RoomTold)]
    state = server.parts.rooms.get(lobby)
    assert state is not None
    assert ANN not in state.state.members


def test_a_full_lobby_lets_people_in_without_it() -> None:
    server = HubRoom(limits=Limits(members_max=1))
    server.registered("ann")
    bob = server.registered("bob")
    assert "lobby" not in [told.room_name for told in bob.told(RoomTold)]
    answers(bob, Join(id=server.new_id(), name="lobby"))
    assert bob.refusals() == [Code.ROOM_FULL]


def test_the_others_are_told_of_one_who_comes_back(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    bob.ask(Exit())
    assert ann.seen(ann.room("lobby")) == ([], ["bob"])
    back = server.visitor()
    back.ask(Login(name="bob", password=PASSWORD))
    server.settle()
    assert ann.seen(ann.room("lobby")) == (["bob"], ["bob"])
    ways = [body.way for entry in ann.entries(ann.room("lobby")) if (body := entry.body) and hasattr(body, "way")]
    assert ways == [Way.JOINED] * 2, "coming back is a signal, not an entry"


# Text ------------------------------------------------------------------------------------------------------------


class Terminal:
    """Somebody at `nc`."""

    def __init__(self, server: HubRoom, name: str) -> None:
        self.server = server
        self.link = Wire()
        session = server.hub.connect(
            self.link, Peer("192.0.2.5", True, "text"), TextServer(server.limits, prompted=False)
        )
        assert session is not None
        self.session = session
        self.type(name, PASSWORD, PASSWORD)
        self.link.written.clear()

    def type(self, *lines: str) -> None:
        for line in lines:
            self.session.receive(line.encode() + b"\n")
            self.server.settle()

    @property
    def screen(self) -> str:
        return self.link.written.decode()


def test_text_is_not_shown_its_own_lines_and_loses_nobody_elses(server: HubRoom) -> None:
    ann = server.registered("ann")
    terminal = Terminal(server, "bob")
    lobby = ann.room("lobby")
    ann.ask(Say(id=server.new_id(), room=lobby, text="from ann"))
    terminal.session.receive(b"from bob\n")
    server.settle()
    assert sorted(ann.heard(lobby)) == ["from ann", "from bob"]
    assert "from ann" in terminal.screen
    assert "from bob" not in terminal.screen


@pytest.mark.parametrize("fault", ["doubtful", "lost"])
def test_a_line_of_text_is_said_once_whatever_the_store_does(server: HubRoom, fault: str) -> None:
    ann = server.registered("ann")
    terminal = Terminal(server, "bob")
    setattr(server.weather, fault, StoreUnsure("who knows"))
    terminal.type("once")
    server.settle(5)
    assert ann.heard(ann.room("lobby")) == ["once"]


def test_a_server_with_all_the_rooms_it_may_have_opens_no_more() -> None:
    server = HubRoom(limits=Limits(rooms_max=2))
    ann = server.registered("ann")  # Her inbox and the lobby are the two.
    ann.ask(Join(id=server.new_id(), name="tea"), Join(id=server.new_id(), name="lobby"))
    server.settle()
    assert ann.refusals() == [Code.ROOMS_FULL]


def test_what_a_guest_says_after_joining_in_one_breath_is_said_there() -> None:
    server = HubRoom()
    tea = server.registered("ann").join("tea")
    guest = server.guest("visitor")
    guest.ask(Join(id=server.new_id(), name="tea"), Say(id=server.new_id(), room=tea, text="hello"))
    server.settle()
    assert guest.refusals() == []
    assert guest.heard(tea) == ["hello"]
