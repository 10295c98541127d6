"""The hub over a store that fails: nothing acknowledged is lost or told twice, and everybody hears in the end."""

from __future__ import annotations

import pytest

from besedka.chat.own_requests import SetProfile
from besedka.chat.principals import Actor
from besedka.chat.refusals import Code
from besedka.chat.requests import Join, Say, Tell, Who, Write
from besedka.chat.rooms import Room
from besedka.chat.rules import decide
from besedka.chat.told import Farewell, Kept, Parting, People, Refused, RoomTold
from besedka.chat.verdicts import Circumstances, Verdict
from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.hub.orders import Outcome
from besedka.hub.turn import Turn
from besedka.hub.watch import PUT_AWAY_SECONDS
from besedka.limits import Limits
from hub_room import HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def codes(units: list[Refused]) -> list[Code]:
    return [unit.code for unit in units]


@pytest.mark.parametrize("error", [StoreUnsure("who knows"), RuntimeError("a fault of ours")])
def test_an_append_that_was_kept_after_all_is_told_once_to_everybody(server: HubRoom, error: Exception) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    server.weather.doubtful = error
    ann.ask(Say(id=server.new_id(), room=lobby, text="kept?"))
    server.settle(5)
    assert ann.told(Kept)
    assert ann.heard(lobby) == bob.heard(lobby) == ["kept?"]


def test_an_append_that_was_lost_is_asked_again(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    server.weather.lost = StoreUnsure("who knows")
    ann.ask(Say(id=server.new_id(), room=lobby, text="lost?"))
    server.settle(5)
    assert ann.heard(lobby) == bob.heard(lobby) == ["lost?"]


def test_an_append_that_surely_failed_is_refused(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    server.weather.lost = StoreFault("the disk is full")
    ann.ask(Say(id=server.new_id(), room=lobby, text="no room"), Say(id=server.new_id(), room=lobby, text=""))
    server.settle(5)
    assert codes(ann.told(Refused)) == [Code.NOT_KEPT, Code.EMPTY_TEXT]
    assert ann.heard(lobby) == []


def test_what_was_looked_up_before_a_doubtful_commit_makes_no_second_room(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    server.weather.doubtful = StoreUnsure("who knows")
    server.weather.slow_seconds = 0.05
    ann.ask(Join(id=server.new_id(), name="tea"))
    server.settle(0.02)
    bob.ask(Join(id=server.new_id(), name="tea"))  # Looked for while the commit is under way.
    server.settle(6)
    tea = ann.room("tea")
    assert bob.room("tea") == tea
    opened = server.parts.rooms.get(tea)
    assert opened is not None
    assert len(opened.state.members) == 2
    inboxes = [entry.body for device in (ann, bob) for entry in device.entries(device.you.inbox or tea)]
    assert {getattr(body, "room", tea) for body in inboxes} <= {tea, ann.room("lobby")}


def test_who_became_invisible_by_an_append_of_unknown_outcome_is_not_shown(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    server.weather.doubtful = StoreUnsure("who knows")
    ann.ask(SetProfile(id=server.new_id(), invisible=True))
    server.settle(5)
    bob.ask(Who(room=bob.room("lobby")))
    server.settle()
    assert [line.name for line in bob.told(People)[-1].people if line.online] == ["bob"]


def test_a_room_that_is_written_to_is_not_put_away_meanwhile() -> None:
    server = HubRoom(limits=Limits(rooms_open_max=1))
    ann = server.registered("ann")
    tea = ann.join("tea")
    server.settle(PUT_AWAY_SECONDS + 1)
    opened = server.parts.rooms.get(tea) or server.parts.rooms.get(ann.room("lobby"))
    assert opened is not None
    server.weather.slow_seconds = 3.0
    ann.ask(Say(id=server.new_id(), room=tea, text="one"), Say(id=server.new_id(), room=ann.room("lobby"), text="two"))
    server.settle(10)
    assert (ann.heard(tea), ann.heard(ann.room("lobby"))) == (["one"], ["two"])
    assert not server.notebook.faults


@pytest.mark.parametrize("outcome", ["doubtful", "lost"])
def test_whoever_is_told_something_for_the_first_time_hears_it_whatever_the_store_does(
    server: HubRoom, outcome: str
) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    setattr(server.weather, outcome, StoreUnsure("who knows"))
    ann.ask(Tell(id=server.new_id(), name="bob", text="psst"))
    server.settle(5)
    room = ann.told(Kept)[-1].room
    assert ann.heard(room) == bob.heard(room) == ["psst"]
    assert [told.after for told in bob.told(RoomTold) if told.room == room] == [bob.entries(room)[0].number - 1]


def test_a_joining_that_was_kept_after_all_is_told_to_all_devices(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    bob = server.registered("bob")
    other = server.another(bob)
    server.weather.doubtful = StoreUnsure("who knows")
    bob.ask(Join(id=server.new_id(), name="tea"))
    server.settle(5)
    ann.ask(Say(id=server.new_id(), room=tea, text="welcome"))
    server.settle(5)
    assert ann.heard(tea) == bob.heard(tea) == other.heard(tea) == ["welcome"]
    assert bob.room("tea") == other.room("tea") == tea


def test_an_order_that_breaks_fails_and_takes_nobody_with_it(server: HubRoom) -> None:
    ann = server.registered("ann")
    outcomes: list[Outcome] = []

    def broken(_turn: Turn) -> Outcome:
        raise RuntimeError("a fault of ours")

    async def order() -> None:
        outcomes.append(await server.hub.orders.carry_out(broken))

    server.process.spawn(order(), "order")
    server.settle(5)
    assert outcomes == [Outcome.FAILED]
    ann.ask(Say(id=server.new_id(), room=ann.room("lobby"), text="alive"))
    server.settle()
    assert ann.heard(ann.room("lobby")) == ["alive"]


# Faults of ours --------------------------------------------------------------------------------------------------


def test_a_fault_in_judging_costs_the_session_it_befell(server: HubRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")

    def broken(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
        if actor.name == "ann":
            raise RuntimeError("a fault of ours")
        return decide(room, actor, request, circumstances)

    monkeypatch.setattr("besedka.hub.judging.decide", broken)
    bob.ask(Say(id=server.new_id(), room=lobby, text="bystanding"))
    ann.ask(Say(id=server.new_id(), room=lobby, text="fatal"))
    server.settle(5)
    assert ann.told(Farewell)[-1].parting is Parting.FAULT
    assert bob.heard(lobby) == ["bystanding"]


def test_a_fault_in_telling_sends_everybody_away_and_they_come_back(
    server: HubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    with monkeypatch.context() as broken:  # In the middle of making it true.
        broken.setattr("besedka.hub.presence.Attendance.get", None)
        ann.ask(Say(id=server.new_id(), room=lobby, text="kept all the same"))
        server.settle()
    assert ann.told(Farewell)[-1].parting is Parting.FAULT
    assert server.another(ann).heard(lobby) == ["kept all the same"]
