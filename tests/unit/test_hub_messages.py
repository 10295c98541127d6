"""Messages edited, redacted, answered and reacted to, through the hub."""

from __future__ import annotations

import pytest

from besedka.chat.entries import Edited, Entry, Message, Reacted, Redacted, RequestId, RoomId
from besedka.chat.refusals import Code
from besedka.chat.requests import Edit, History, Join, Leave, React, Redact, Request, Say
from besedka.chat.room_requests import Kick
from besedka.chat.told import Done, Kept, Page, RoomTold, Unit
from besedka.hub.faults import StoreUnsure
from besedka.limits import Limits
from hub_room import Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def answer(device: Device, request: Request) -> Unit:
    device.ask(request)
    device.server.settle(2)
    (found,) = [unit for unit in device.told(Unit) if getattr(unit, "id", None) == request.id]
    return found


def said(device: Device, room: RoomId, text: str) -> int:
    kept = answer(device, Say(id=device.server.new_id(), room=room, text=text))
    assert isinstance(kept, Kept)
    return kept.number


def edit(device: Device, room: RoomId, number: int, text: str) -> Edit:
    return Edit(id=device.server.new_id(), room=room, number=number, text=text)


def redact(device: Device, room: RoomId, number: int) -> Redact:
    return Redact(id=device.server.new_id(), room=room, number=number)


def react(device: Device, room: RoomId, number: int, reaction: str = "+", *, withdrawn: bool = False) -> React:
    return React(id=device.server.new_id(), room=room, number=number, reaction=reaction, withdrawn=withdrawn)


def as_it_stands(device: Device, room: RoomId, number: int) -> Message:
    """What a page of history says of a message."""
    device.ask(History(room=room, after=number - 1, limit=1))
    device.server.settle()
    body = device.told(Page)[-1].entries[0].body
    assert isinstance(body, Message)
    return body


def small() -> HubRoom:
    """A server whose rooms remember two entries."""
    return HubRoom(limits=Limits(tail_entries_max=2))


# Mending ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("far", [False, True])
def test_an_edited_message_says_the_new_text_everywhere(far: bool) -> None:
    server = small() if far else HubRoom()
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "helo")
    for _ in range(4 if far else 0):
        said(ann, lobby, "on and on")
    assert isinstance(answer(ann, edit(ann, lobby, number, "hello")), Kept)
    assert as_it_stands(bob, lobby, number).text == "hello"
    assert bob.entries(lobby)[-1].body == Edited(number, "hello")


def test_a_second_edit_takes_the_words_of_the_first_away(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "one")
    answer(ann, edit(ann, lobby, number, "two"))
    answer(ann, edit(ann, lobby, number, "three"))
    late = server.another(ann)
    bodies = [entry.body for entry in late.entries(lobby)]
    assert [body.text for body in bodies if isinstance(body, Message | Edited)] == ["three", "", "three"]


def test_two_edits_of_a_message_in_one_turn_follow_each_other(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "one")
    ann.ask(edit(ann, lobby, number, "two"), edit(ann, lobby, number, "three"))
    server.settle()
    assert as_it_stands(ann, lobby, number).text == "three"
    late = server.another(ann)
    bodies = [entry.body for entry in late.entries(lobby)]
    assert [body.text for body in bodies if isinstance(body, Message | Edited)] == ["three", "", "three"]


def test_a_message_is_edited_right_after_it_was_said(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "before") + 1
    ann.ask(Say(id=server.new_id(), room=lobby, text="helo"), edit(ann, lobby, number, "hello"))
    server.settle()
    assert ann.refusals() == []
    assert as_it_stands(ann, lobby, number).text == "hello"


@pytest.mark.parametrize("far", [False, True])
def test_redacted_words_are_gone_and_gone_once(far: bool) -> None:
    server = small() if far else HubRoom()
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "the password is tuesday")
    answer(ann, edit(ann, lobby, number, "the password is wednesday"))
    for _ in range(4 if far else 0):
        said(ann, lobby, "on and on")
    assert isinstance(answer(ann, redact(ann, lobby, number)), Kept)
    late = server.another(ann)
    assert not any("day" in text for text in late.heard(lobby))
    assert as_it_stands(ann, lobby, number).redacted > 0
    assert isinstance(answer(ann, redact(ann, lobby, number)), Done)
    assert answer(ann, edit(ann, lobby, number, "again")) is not None
    assert ann.refusals() == [Code.NO_SUCH_MESSAGE]


def test_an_edit_looked_up_before_a_redaction_was_kept_brings_no_words_back(monkeypatch: pytest.MonkeyPatch) -> None:
    server = small()
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    number = said(bob, tea, "secret")
    for _ in range(4):
        said(ann, tea, "on and on")
    right, asked = server.logs.entry, edit(bob, tea, number, "no secret")
    read: list[Entry | None] = []

    async def entry(room: RoomId, number: int) -> Entry | None:
        if not read:
            bob.ask(asked)  # While ann's redaction is looked up: so the edit is while that is being kept.
        read.append(await right(room, number))
        return read[-1]

    monkeypatch.setattr(server.logs, "entry", entry)
    server.weather.slow_seconds = 0.5
    ann.ask(redact(ann, tea, number))
    server.settle(5)
    texts = [one.body.text for one in read if one is not None and isinstance(one.body, Message)]
    assert texts == ["secret", "secret", ""]
    assert as_it_stands(ann, tea, number).text == ""
    assert bob.refusals() == [Code.NO_SUCH_MESSAGE]


def test_what_others_said_is_mended_by_moderators_only(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    anns, bobs = said(ann, tea, "by ann"), said(bob, tea, "by bob")
    bob.ask(redact(bob, tea, anns))
    server.settle()
    assert bob.refusals() == [Code.NOT_ALLOWED]
    answer(ann, redact(ann, tea, bobs))
    body = bob.entries(tea)[-1].body
    assert isinstance(body, Redacted)
    assert body.author.name == "bob"


def test_whoever_is_outside_learns_nothing_of_a_message(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    number = said(ann, tea, "among us")
    for request in (edit(bob, tea, number, "x"), redact(bob, tea, number), react(bob, tea, number)):
        bob.ask(request)
    server.settle()
    assert bob.refusals() == [Code.NOT_A_MEMBER] * 3


def test_a_mended_message_outlives_a_commit_of_unknown_outcome(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "helo")
    server.weather.doubtful = StoreUnsure("the line broke")
    request = edit(ann, lobby, number, "hello")
    ann.ask(request)
    server.settle(5)
    (kept,) = [unit for unit in ann.told(Kept) if unit.id == request.id]
    assert as_it_stands(ann, lobby, number) == Message("hello", edited=kept.number)
    answer(ann, edit(ann, lobby, number, "hello!"))
    assert [entry.body for entry in server.another(ann).entries(lobby)][-2:] == [
        Edited(number, ""),
        Edited(number, "hello!"),
    ]


# Answering and reacting ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("far", [False, True])
def test_a_reply_points_at_a_message(far: bool) -> None:
    server = small() if far else HubRoom()
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "who?")
    for _ in range(4 if far else 0):
        said(ann, lobby, "on and on")
    answer(ann, Say(id=server.new_id(), room=lobby, text="me", reply=number))
    assert ann.entries(lobby)[-1].body == Message("me", reply=number)
    ann.ask(Say(id=server.new_id(), room=lobby, text="me", reply=number + 1000))
    ann.ask(Say(id=server.new_id(), room=lobby, text="me", reply=1))
    server.settle()
    assert ann.refusals() == [Code.NO_SUCH_MESSAGE] * 2


@pytest.mark.parametrize("far", [False, True])
def test_a_reaction_is_put_once_and_taken_back_once(far: bool) -> None:
    server = small() if far else HubRoom()
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "tea?")
    for _ in range(4 if far else 0):
        said(ann, lobby, "on and on")
    assert isinstance(answer(bob, react(bob, lobby, number)), Kept)
    assert isinstance(answer(bob, react(bob, lobby, number)), Done)
    assert isinstance(answer(ann, react(ann, lobby, number)), Kept)
    assert isinstance(answer(bob, react(bob, lobby, number, withdrawn=True)), Kept)
    assert isinstance(answer(bob, react(bob, lobby, number, withdrawn=True)), Done)
    reactions = [entry for entry in ann.entries(lobby) if isinstance(entry.body, Reacted)]
    assert [entry.name for entry in reactions] == ["bob", "ann", "bob"]


@pytest.mark.parametrize("far", [False, True])
def test_two_reactions_in_one_turn_are_one(far: bool) -> None:
    server = small() if far else HubRoom()
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "tea?")
    for _ in range(4 if far else 0):
        said(ann, lobby, "on and on")
    ann.ask(react(ann, lobby, number), react(ann, lobby, number), react(ann, lobby, number, withdrawn=True))
    server.settle()
    reactions = [entry.body for entry in ann.entries(lobby) if isinstance(entry.body, Reacted)]
    assert reactions == [Reacted(number, "+"), Reacted(number, "+", withdrawn=True)]


@pytest.mark.parametrize("far", [False, True])
def test_there_are_so_many_reactions_and_no_more(far: bool) -> None:
    server = HubRoom(limits=Limits(reactions_per_message_max=2, tail_entries_max=2 if far else 512))
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    number = said(ann, lobby, "tea?")
    for _ in range(4 if far else 0):
        said(ann, lobby, "on and on")
    ann.ask(react(ann, lobby, number, "1"), react(ann, lobby, number, "2"), react(ann, lobby, number, "3"))
    server.settle()
    assert ann.refusals() == [Code.LIST_FULL]
    answer(ann, react(ann, lobby, number, "1", withdrawn=True))
    assert isinstance(answer(ann, react(ann, lobby, number, "3")), Kept)


def test_a_resent_edit_and_reaction_are_answered_as_before(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    number = said(ann, tea, "helo")
    asked: list[Edit | React] = [edit(ann, tea, number, "hello"), react(ann, tea, number)]
    first = [answer(ann, request) for request in asked]
    answer(ann, Leave(id=server.new_id(), room=tea))
    ann.ask(*asked)
    server.settle()
    again = [unit for unit in ann.told(Kept) if unit.id in [request.id for request in asked]][-2:]
    assert again == first


def test_a_kicked_author_mends_nothing_in_the_same_turn(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    tea = ann.join("tea")
    eve.join("tea")
    number = said(eve, tea, "rude")
    ann.ask(Kick(id=server.new_id(), room=tea, name="eve"))
    eve.ask(edit(eve, tea, number, "ruder"), Say(id=RequestId("e" * 32), room=tea, text="and more"))
    server.settle()
    assert eve.refusals() == [Code.NOT_A_MEMBER] * 2
    eve.ask(Join(id=server.new_id(), name="tea"))
    server.settle()
    assert eve.told(RoomTold)[-1].room == tea
