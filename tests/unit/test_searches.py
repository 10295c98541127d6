"""Searching in what one may read, and in nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from besedka.chat.answers import SearchPage
from besedka.chat.entries import Kind, Message, RoomId, SettingsChange
from besedka.chat.refusals import Code
from besedka.chat.requests import Edit, Join, Leave, Login, Redact, Request, Say, Search, Tell
from besedka.chat.room_requests import ChangeSettings, Invite, Kick, Open, Rename
from besedka.chat.rooms import Reading
from besedka.chat.searching import Query
from besedka.chat.told import Kept, Refused
from besedka.hub.keeping import Found, SearchPlace
from besedka.limits import Limits
from hub_room import PASSWORD, Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(limits=Limits(flood=False))


def asks(device: Device, *requests: Request) -> None:
    device.ask(*requests)
    device.server.settle(1)


def says(device: Device, room: RoomId, *texts: str) -> None:
    asks(device, *[Say(id=device.server.new_id(), room=room, text=text) for text in texts])


def opens(device: Device, name: str, kind: Kind = Kind.PRIVATE) -> RoomId:
    asks(device, Open(id=device.server.new_id(), name=name, room_kind=kind))
    return device.room(name)


def search(device: Device, query: str, **asked: int | tuple[int, RoomId, int] | None) -> SearchPage:
    asks(device, Search(query=query, **asked))  # type: ignore[arg-type]
    return device.told(SearchPage)[-1]


def found(device: Device, query: str) -> list[str]:
    return [hit.entry.body.text for hit in search(device, query).hits if isinstance(hit.entry.body, Message)]


def refused(device: Device, query: str) -> Code:
    asks(device, Search(query=query))
    return device.told(Refused)[-1].code


# What is found -------------------------------------------------------------------------------------------------------


def test_the_newest_first_with_where_the_words_stand(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea, lobby = ann.join("tea"), ann.room("lobby")
    says(ann, tea, "Ёлка", "nothing")
    says(ann, lobby, "две ёлки и ЕЛКА")
    told = search(ann, "елка")
    assert [(hit.room, hit.entry.number, hit.entry.name, hit.spans) for hit in told.hits] == [
        (lobby, 3, "ann", ((11, 15),)),
        (tea, 3, "ann", ((0, 4),)),
    ]
    assert {(room.room, room.room_name) for room in told.rooms} == {(tea, "tea"), (lobby, "lobby")}
    assert (told.next, told.since) == (None, 0)


def test_pages(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    says(ann, tea, *(f"cup {number}" for number in range(5)))
    texts, older = [], None
    for _ in range(3):
        told = search(ann, "cup", limit=2, older_than=older)
        texts += [hit.entry.body.text for hit in told.hits if isinstance(hit.entry.body, Message)]
        older = told.next
    assert texts == ["cup 4", "cup 3", "cup 2", "cup 1", "cup 0"]
    assert older is None


def test_a_page_has_so_many_at_most() -> None:
    server = HubRoom(limits=Limits(flood=False, search_hits_max=2, search_spans_max=1))
    ann = server.registered("ann")
    says(ann, ann.join("tea"), "a a a", "a a", "a")
    assert [len(hit.spans) for hit in search(ann, "a", limit=50).hits] == [1, 1]
    assert len(search(ann, "a", limit=0).hits) == 1


def test_by_author(server: HubRoom) -> None:
    ann, bob, gus = server.registered("ann"), server.registered("bob"), server.guest("gus")
    lobby = ann.room("lobby")
    for device, text in ((ann, "tea of ann"), (bob, "tea of bob"), (gus, "tea of gus")):
        says(device, lobby, text)
    gus.hang_up()
    server.settle(20)
    assert found(ann, "tea from:me") == ["tea of ann"]
    assert found(bob, "tea от:@ANN") == ["tea of ann"]
    assert found(ann, "from:gus") == ["tea of gus"], "a guest that has gone is found by its name"
    assert found(ann, "tea from:gus from:bob") == ["tea of gus", "tea of bob"]
    assert found(ann, "tea from:nobody") == []


def test_by_time_where_the_asker_is(server: HubRoom) -> None:
    ann = server.registered("ann")
    says(ann, ann.room("lobby"), "tea")
    assert found(ann, "tea before:today") == []
    assert found(ann, "tea after:yesterday") == ["tea"]
    noon = server.process.now() // 86_400_000 * 86_400_000 + 43_200_000
    ahead = noon - server.process.now()
    zone = 1440 if ahead > 0 else -1440
    assert len(search(ann, "tea after:yesterday", zone=zone).hits) == 1, "whatever day it is there, it is today"


def test_what_was_edited_is_found_by_what_it_says_and_what_was_redacted_is_not(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    says(ann, lobby, "green tea", "black tea")
    asks(ann, Edit(id=server.new_id(), room=lobby, number=3, text="white tea"))
    asks(ann, Redact(id=server.new_id(), room=lobby, number=4))
    assert found(ann, "tea") == ["white tea"]
    assert found(ann, "green") == found(ann, "black") == []


def test_what_cannot_be_asked(server: HubRoom) -> None:
    ann = server.registered("ann")
    assert refused(ann, "in:lobby") is Code.NOTHING_ASKED
    assert refused(ann, "x" * 513) is Code.TEXT_LONG


# Where ---------------------------------------------------------------------------------------------------------------


def test_a_public_room_is_searched_whole_by_whoever_is_in_it(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    says(ann, tea, "green tea")
    assert found(bob, "tea") == []
    bob.join("tea")
    assert found(bob, "tea") == ["green tea"]


def test_a_private_room_is_searched_from_ones_joining_and_up_to_ones_leaving(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    den = opens(ann, "den")
    says(ann, den, "tea before")
    asks(ann, Invite(id=server.new_id(), room=den, name="bob"))
    asks(bob, Join(id=server.new_id(), name="den"))
    says(ann, den, "tea between", "tea to be edited")
    asks(ann, Kick(id=server.new_id(), room=den, name="bob"))
    says(ann, den, "tea after")
    asks(ann, Edit(id=server.new_id(), room=den, number=7, text="tea that was edited"))
    assert found(ann, "tea") == ["tea after", "tea that was edited", "tea between", "tea before"]
    assert found(bob, "tea") == ["tea between"]
    assert found(bob, "edited") == []
    server.hub.parts.rooms.put_away(server.hub.parts.rooms.get(den))  # type: ignore[arg-type]
    assert found(bob, "tea") == ["tea between"]


def test_a_conversation_of_two_is_theirs(server: HubRoom) -> None:
    ann, bob, eve = (server.registered(name) for name in ("ann", "bob", "eve"))
    asks(ann, Tell(id=server.new_id(), name="bob", text="tea for two"))
    asks(ann, Tell(id=server.new_id(), name="ann", text="tea for one"))
    assert found(bob, "tea") == ["tea for two"]
    assert found(bob, "tea in:@ANN") == ["tea for two"]
    assert found(ann, "tea in:@ann") == ["tea for one"]
    assert found(eve, "tea") == []
    assert refused(eve, "tea in:@bob") is Code.NO_SUCH_ROOM
    (room,) = search(bob, "tea").rooms
    assert [person.name for person in room.people] == ["ann", "bob"]


def test_a_guest_searches_where_it_is(server: HubRoom) -> None:
    ann, gus = server.registered("ann"), server.guest("gus")
    lobby, tea = ann.room("lobby"), ann.join("tea")
    says(ann, lobby, "tea in the lobby")
    says(ann, tea, "tea elsewhere")
    assert found(gus, "tea") == ["tea in the lobby"]
    asks(gus, Join(id=server.new_id(), name="tea"))
    assert found(gus, "tea in:tea") == ["tea elsewhere"]
    asks(ann, Kick(id=server.new_id(), room=tea, name="gus"))
    says(ann, tea, "tea without gus")
    assert found(gus, "tea") == ["tea elsewhere", "tea in the lobby"]


def test_a_room_that_one_may_not_read_is_as_unknown_as_one_there_is_not(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    den = opens(ann, "den")
    opens(ann, "garden", Kind.PUBLIC)
    says(ann, den, "tea")
    assert refused(bob, "tea in:den") is refused(bob, "tea in:garden") is refused(bob, "tea in:nowhere")
    assert refused(bob, "tea in:lobby in:den") is Code.NO_SUCH_ROOM
    assert found(ann, "tea in:#DEN in:garden") == ["tea"]


def test_a_room_is_meant_by_its_former_name_and_a_hidden_one_by_none_once_it_is_left(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    den = opens(ann, "den")
    asks(ann, Invite(id=server.new_id(), room=den, name="bob"))
    asks(bob, Join(id=server.new_id(), name="den"))
    says(ann, den, "tea")
    asks(ann, Rename(id=server.new_id(), room=den, name="nook"))
    assert found(bob, "tea in:den") == found(bob, "tea in:nook") == ["tea"]
    asks(bob, Leave(id=server.new_id(), room=den))
    assert refused(bob, "tea in:den") is refused(bob, "tea in:nook") is Code.NO_SUCH_ROOM
    assert [room.room_name for room in search(bob, "tea").rooms] == [""]
    asks(ann, ChangeSettings(id=server.new_id(), room=den, change=SettingsChange(hidden=False)))
    assert found(bob, "tea in:nook") == ["tea"]


def test_a_room_that_has_ended_is_searched_by_whoever_was_in_it(server: HubRoom) -> None:
    gus, ann = server.guest("gus"), server.registered("ann")
    asks(gus, Join(id=server.new_id(), name="tent"))
    asks(ann, Join(id=server.new_id(), name="tent"))
    tent = ann.room("tent")
    says(gus, tent, "tea in the tent")
    asks(gus, Leave(id=server.new_id(), room=tent))
    asks(ann, Leave(id=server.new_id(), room=tent))
    assert found(ann, "tea") == ["tea in the tent"]
    assert found(ann, "tea in:tent") == ["tea in the tent"]


# While it is on its way ----------------------------------------------------------------------------------------------


def make_slow(server: HubRoom) -> list[Query]:
    """From here on searches are half a second old when they are told; each as it was asked of the store."""
    asked: list[Query] = []
    plain = server.logs.search

    async def search(
        query: Query,
        scope: Mapping[RoomId, Reading],
        *,
        older_than: SearchPlace | None,
        limit: int,
        bytes_max: int,
        spans_max: int,
    ) -> Found:
        asked.append(query)
        read = await plain(query, scope, older_than=older_than, limit=limit, bytes_max=bytes_max, spans_max=spans_max)
        await server.process.wait_seconds(0.5)
        return read

    server.logs.search = search  # type: ignore[method-assign]
    return asked


@pytest.fixture
def slow(server: HubRoom) -> HubRoom:
    make_slow(server)
    return server


def test_what_is_mended_meanwhile_is_told_as_it_is_by_then(slow: HubRoom) -> None:
    ann, bob = slow.registered("ann"), slow.registered("bob")
    lobby = ann.room("lobby")
    says(ann, lobby, "tea one", "tea two", "tea three", "tea four")
    bob.ask(Search(query="tea"))
    slow.settle(0.2)
    asks(ann, Redact(id=slow.new_id(), room=lobby, number=5))
    told = bob.told(SearchPage)
    bob.ask(Search(query="tea"))
    slow.settle(0.2)
    asks(
        ann,
        Edit(id=slow.new_id(), room=lobby, number=6, text="coffee"),
        Edit(id=slow.new_id(), room=lobby, number=7, text="more tea"),
    )
    texts = [[hit.entry.body.text for hit in page.hits] for page in bob.told(SearchPage)]  # type: ignore[union-attr]
    assert len(told) == 1
    assert texts == [["tea four", "tea three", "tea one"], ["more tea", "tea one"]]


def test_whoever_is_put_out_meanwhile_finds_nothing_that_came_after(slow: HubRoom) -> None:
    ann, bob = slow.registered("ann"), slow.registered("bob")
    den = opens(ann, "den")
    asks(ann, Invite(id=slow.new_id(), room=den, name="bob"))
    asks(bob, Join(id=slow.new_id(), name="den"))
    says(ann, den, "tea one", "tea two")
    bob.ask(Search(query="tea"))
    slow.settle(0.2)
    ann.ask(
        Kick(id=slow.new_id(), room=den, name="bob"),
        Edit(id=slow.new_id(), room=den, number=ann.told(Kept)[-1].number, text="tea for the others"),
    )
    slow.settle(1)
    (told,) = bob.told(SearchPage)
    assert [hit.entry.body.text for hit in told.hits] == ["tea one"]  # type: ignore[union-attr]


def test_a_room_in_doubt_is_read_again(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    says(ann, tea, "a cup of tea")
    opened = server.parts.rooms.get(tea)
    assert opened is not None
    opened.stale = True  # As after an append that failed, when nobody has done anything there since.
    assert found(ann, "cup") == ["a cup of tea"]


def test_whoever_leaves_a_hidden_room_meanwhile_is_not_told_its_name(slow: HubRoom) -> None:
    ann, bob = slow.registered("ann"), slow.registered("bob")
    other = slow.visitor()
    asks(other, Login(name="bob", password=PASSWORD))
    den = opens(ann, "den")
    asks(ann, Invite(id=slow.new_id(), room=den, name="bob"))
    asks(bob, Join(id=slow.new_id(), name="den"))
    says(ann, den, "tea")
    names = []
    for leaving in (False, True):
        bob.ask(Search(query="tea"))
        slow.settle(0.2)
        if leaving:
            other.ask(Leave(id=slow.new_id(), room=den))
        slow.settle(1)
        names.append([room.room_name for room in bob.told(SearchPage)[-1].rooms])
    assert names == [["den"], [""]]


def test_so_much_was_said_meanwhile_that_it_is_looked_for_again() -> None:
    server = HubRoom(limits=Limits(flood=False, tail_entries_max=4))
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    says(ann, lobby, "tea")
    searches = make_slow(server)
    bob = server.registered("bob")
    bob.ask(Search(query="tea"))
    server.settle(0.2)
    says(ann, lobby, *"abcdef")
    server.settle(2)
    assert len(bob.told(SearchPage)[-1].hits) == 1
    assert len(searches) == 2


# How fast ------------------------------------------------------------------------------------------------------------


def test_further_searches_wait_on_all_devices_and_nothing_else_does() -> None:
    server = HubRoom(limits=Limits(searches_burst=2, searches_per_second=1))
    ann = server.registered("ann")
    again = server.another(ann)
    says(ann, ann.room("lobby"), "tea")
    for device in (ann, again):
        device.ask(Search(query="tea"), Search(query="tea"))
    server.settle(0.5)
    assert len(ann.told(SearchPage)) + len(again.told(SearchPage)) == 2
    again.hang_up()
    server.settle(3)
    assert len(ann.told(SearchPage)) == 2
    assert not server.notebook.faults
