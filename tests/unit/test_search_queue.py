"""A few searches at once, everybody in turn, and "busy" where too many wait."""

from __future__ import annotations

from typing import Any

import pytest

from besedka.chat.answers import SearchPage
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import Search
from besedka.hub.keeping import Found
from besedka.hub.search_queue import Place, SearchQueue
from besedka.limits import Limits
from hub_room import HubRoom
from sim.stepper import Process, Stepper

ANN, BOB, EVE = PrincipalId(1), PrincipalId(2), PrincipalId(3)


def queue_of(**limits: int) -> SearchQueue:
    return SearchQueue(Limits(**limits), Process(Stepper(1)))  # type: ignore[arg-type]


def entered(queue: SearchQueue, principal: PrincipalId) -> Place:
    place = queue.enter(principal)
    assert place is not None
    return place


def test_so_many_at_once_and_then_everybody_in_turn() -> None:
    queue = queue_of(searches_at_once_max=1)
    places = [entered(queue, principal) for principal in (ANN, ANN, ANN, BOB, EVE, BOB)]
    called = []
    while any(place.called for place in places):
        (now,) = [place for place in places if place.called]
        called.append(now.principal)
        queue.leave(now)
        places.remove(now)
    assert called == [ANN, ANN, BOB, EVE, ANN, BOB]
    assert places == []


def test_all_that_can_are_under_way_and_what_is_left_early_gives_its_place_to_others() -> None:
    queue = queue_of(searches_at_once_max=2)
    places = [entered(queue, principal) for principal in (ANN, BOB, EVE, ANN)]
    assert [place.called for place in places] == [True, True, False, False]
    queue.leave(places[2])
    queue.leave(places[1])
    assert places[3].called
    assert not places[2].called


def test_no_more_wait_than_may_in_all_and_of_each() -> None:
    queue = queue_of(searches_at_once_max=1, searches_waiting_max=3, searches_waiting_each_max=2)
    first = entered(queue, ANN)
    entered(queue, ANN)
    entered(queue, ANN)
    assert queue.enter(ANN) is None, "one person has all places"
    entered(queue, BOB)
    assert queue.enter(EVE) is None, "more wait than may"
    queue.leave(first)
    entered(queue, EVE)


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(limits=Limits(flood=False, searches_at_once_max=1, searches_waiting_each_max=1))


def test_who_cannot_be_served_in_time_is_told_that_the_server_is_busy(
    server: HubRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = server.registered("ann")
    others = [server.another(ann) for _ in range(2)]
    right = server.logs.search

    async def slow(*asked: Any, **more: Any) -> Found:
        await server.process.wait_seconds(60.0)
        return await right(*asked, **more)

    monkeypatch.setattr(server.logs, "search", slow)
    for device in (ann, *others):
        device.ask(Search(query="tea"))
        server.settle(0.5)
    assert [device.refusals() for device in (ann, *others)] == [[], [], [Code.BUSY]], "there was no place for the last"
    server.settle(server.hub.parts.limits.searches_patience_seconds)
    assert others[0].refusals() == [Code.BUSY], "it waits for ever"
    monkeypatch.undo()
    server.settle(60)
    assert ann.told(SearchPage)
    others[0].ask(Search(query="tea"))
    server.settle(1)
    assert others[0].told(SearchPage), "a place was not given back"
