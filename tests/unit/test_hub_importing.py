"""An exported room that is brought into a new one, by way of turns."""

from __future__ import annotations

import pytest

from besedka.chat.entries import Message, RoomId, RoomName
from besedka.chat.importing import Imported
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, imported_author
from besedka.chat.refusals import Code, Refusal
from besedka.hub.accounts import Account
from besedka.hub.importing import IMPORTS_MAX, Importing, NewRoom
from hub_room import HubRoom

SPRING = 1_600_000_000_000
GARTEN = RoomName("Garten")


def said(text: str, *, time: int = SPRING) -> Imported:
    return Imported(time, 0, AccountName("ann"), Message(text))


class Import:
    """Somebody who owns what is imported, and the parts of it one by one."""

    def __init__(self, server: HubRoom) -> None:
        self.server = server
        self.ann = server.registered("ann")
        account = server.done(server.accounts.account_named(fold("ann")))
        assert account is not None
        self.owner: Account = account
        self._importing = Importing(server.hub)

    def begin(self) -> RoomId:
        room = self.server.ordered(self._importing.begin(NewRoom(opened=SPRING)))
        assert not isinstance(room, Refusal)
        return room

    def bring(self, room: RoomId, *entries: Imported, after: int) -> Refusal | None:
        return self.server.ordered(self._importing.bring(room, entries, after=after))

    def finish(self, room: RoomId, name: RoomName = GARTEN) -> Refusal | None:
        return self.server.ordered(self._importing.finish(room, name, self.owner))

    def is_archived(self, room: RoomId) -> bool:
        state = self.server.done(self.server.logs.room(room))
        assert state is not None
        return state.archived


@pytest.fixture
def importing() -> Import:
    return Import(HubRoom())


def test_nobody_is_told_of_it_before_all_of_it_is_there(importing: Import) -> None:
    room = importing.begin()
    assert importing.bring(room, said("roses"), said("tulips", time=SPRING + 5), after=1) is None
    importing.server.settle(60)
    assert not importing.is_archived(room)
    assert importing.ann.entries(room) == []
    assert importing.finish(room) is None
    importing.server.settle()
    assert importing.ann.room("Garten") == room
    page = importing.server.done(
        importing.server.logs.page(room, after=1, upto=3, limit=9, bytes_max=9999, messages=True)
    )
    ann = imported_author(room, 0)
    assert [(one.time, one.author) for one in page.entries] == [(SPRING + 1, ann), (SPRING + 5, ann)]


def test_a_part_that_comes_twice_is_kept_once(importing: Import) -> None:
    room = importing.begin()
    assert importing.bring(room, said("roses"), after=1) is None
    assert importing.bring(room, said("roses"), after=1) == Refusal(Code.NOT_ALLOWED)
    assert importing.bring(room, said("tulips"), after=2) is None


def test_nothing_is_brought_into_a_room_that_is_no_import(importing: Import) -> None:
    lobby = importing.ann.join("garden")
    assert importing.bring(lobby, said("roses"), after=2) == Refusal(Code.NOT_ALLOWED)
    room = importing.begin()
    assert importing.finish(room) is None
    assert importing.bring(room, said("roses"), after=4) == Refusal(Code.NOT_ALLOWED)
    assert importing.finish(room, RoomName("again")) == Refusal(Code.NOT_ALLOWED)
    assert importing.bring(RoomId(999), said("roses"), after=1) == Refusal(Code.NO_SUCH_ROOM)


def test_a_name_may_be_taken_meanwhile(importing: Import) -> None:
    room = importing.begin()
    importing.ann.join("garten")
    assert importing.finish(room) == Refusal(Code.ROOM_NAME_TAKEN)
    assert importing.finish(room, RoomName("other")) is None


def test_nothing_was_said_later_than_now(importing: Import) -> None:
    room = importing.begin()
    assert importing.bring(room, said("roses", time=SPRING * 2), after=1) is None
    state = importing.server.done(importing.server.logs.room(room))
    assert state is not None
    assert state.time <= importing.server.hub.parts.clock.now()


def test_what_was_begun_and_abandoned_ends(importing: Import) -> None:
    first, *others = [importing.begin() for _ in range(IMPORTS_MAX + 1)]
    importing.server.settle(1)
    assert importing.is_archived(first)
    assert not any(map(importing.is_archived, others))
    assert importing.bring(first, said("roses"), after=2) == Refusal(Code.NOT_ALLOWED)
