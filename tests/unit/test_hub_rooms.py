"""Rooms in memory: their tails, their readers, and how they are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import (
    Archived,
    Body,
    Draft,
    Entry,
    Kind,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoomId,
    RoomName,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Reading, Room
from besedka.hub.keeping import RoomBrief
from besedka.hub.rooms import OpenRoom, RoomTable
from besedka.limits import Limits
from hub_room import HubRoom

ANN = Person(PrincipalId(1), AccountName("ann"))
TEA = Opened(Kind.PUBLIC, RoomName("Tea"), ANN.principal)
DIRECT = Opened(Kind.DIRECT, pair=(PrincipalId(1), PrincipalId(2)))
INBOX = Opened(Kind.INBOX, owner=ANN.principal)


def grown(room: Room, *bodies: Body) -> tuple[Room, list[Entry]]:
    entries = []
    for body in bodies:
        entry = number(room, Draft(ANN.principal, ANN.name, body), 5)
        room = evolve(room, entry)
        entries.append(entry)
    return room, entries


def opened(id_: int, *bodies: Body, now: float = 0.0) -> OpenRoom:
    return OpenRoom(grown(Room(RoomId(id_)), *bodies)[0], tail_max=4, now=now)


def joined(person: Person) -> MembershipChanged:
    return MembershipChanged(Way.JOINED, (person,))


# One room --------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 7), max_size=8), st.integers(0, 30), st.integers(0, 30))
def test_the_tail_has_all_of_it_or_says_so(turns: list[int], after: int, upto: int) -> None:
    room = opened(9, TEA)
    log: list[Entry] = []
    for count in turns:
        state, entries = grown(room.state, *[Message("x")] * count)
        room.extend(state, entries)
        log += entries
    upto = min(upto, room.state.head)
    found = room.entries_after(after, upto)
    wanted = [entry for entry in log if after < entry.number <= upto]
    if after >= upto:
        assert found == []
    elif found is None:
        assert wanted == [] or wanted[0] not in log[-4:] or after == 0
    else:
        assert found == wanted
        assert len(found) <= 4
    assert room.tail == log[-4:]


def test_only_what_follows_is_made_true() -> None:
    room = opened(9, TEA)
    state, entries = grown(room.state, Message("a"), Message("b"))
    with pytest.raises(AssertionError):
        room.extend(state, entries[1:])
    with pytest.raises(AssertionError):
        room.extend(state, entries[:1])
    room.extend(state, entries)
    assert room.state is state


def test_who_is_inside_and_may_read() -> None:
    server = HubRoom()
    guest = server.guest("passer-by")
    lobby = server.parts.rooms.named(fold("lobby"))
    assert lobby is not None
    assert lobby.is_inside(guest.you.principal)
    assert lobby.reading(guest.you.principal) == Reading(1, None)
    assert not lobby.is_inside(ANN.principal)
    assert lobby.reading(ANN.principal) is None


def test_readers_come_and_go() -> None:
    server = HubRoom()
    ann, room = server.registered("ann"), opened(99, TEA)
    room.add_reader(ann.session)
    assert list(room.readers.values()) == [[ann.session]]
    assert room in ann.session.live
    room.drop_reader(ann.session)
    assert not any(room.readers.values())
    assert room not in ann.session.live


# The table -------------------------------------------------------------------------------------------------------


@pytest.fixture
def table() -> RoomTable:
    return RoomTable(Limits(rooms_open_max=2))


def test_rooms_are_found_by_what_they_are(table: RoomTable) -> None:
    tea, direct, inbox = opened(1, TEA), opened(2, DIRECT), opened(3, INBOX)
    for room in (tea, direct, inbox):
        table.add(room)
    assert len(table) == 3
    assert list(table) == [tea, direct, inbox]
    assert table.get(RoomId(1)) is tea
    assert table.named(fold("TEA")) is tea
    assert table.of_pair(PrincipalId(2), PrincipalId(1)) is direct
    assert table.inbox_of(ANN.principal) is inbox


def test_what_is_not_open_is_not_found(table: RoomTable) -> None:
    assert table.get(RoomId(1)) is table.get_stale(RoomId(1)) is None
    assert table.named(fold("tea")) is None
    assert table.of_pair(PrincipalId(1), PrincipalId(2)) is None
    assert table.inbox_of(ANN.principal) is None


def test_a_stale_room_is_not_judged_on(table: RoomTable) -> None:
    tea, direct, inbox = opened(1, TEA), opened(2, DIRECT), opened(3, INBOX)
    for room in (tea, direct, inbox):
        table.add(room)
        room.stale = True
    assert table.get(RoomId(1)) is None
    assert table.get_stale(RoomId(1)) is tea
    assert table.named(fold("tea")) is None
    assert table.of_pair(PrincipalId(1), PrincipalId(2)) is None
    assert table.inbox_of(ANN.principal) is None


def test_a_room_that_has_not_begun_is_not_open(table: RoomTable) -> None:
    with pytest.raises(AssertionError):
        table.add(opened(1))


def test_an_ended_rooms_name_is_free(table: RoomTable) -> None:
    old = opened(1, TEA)
    table.add(old)
    before = old.state
    old.state, _ = grown(before, Archived())
    table.refresh(old, before)
    assert table.named(fold("tea")) is None
    new = opened(2, TEA)
    table.add(new)
    table.refresh(old)
    table.put_away(old)
    assert table.named(fold("tea")) is new


@pytest.mark.parametrize("body", [TEA, DIRECT, INBOX])
def test_a_room_that_was_put_away_is_found_no_more(table: RoomTable, body: Body) -> None:
    room = opened(1, body)
    session = HubRoom().visitor().session
    room.add_reader(session)
    table.add(room)
    table.put_away(room)
    assert len(table) == 0
    assert table.named(fold("tea")) is None
    assert table.of_pair(PrincipalId(1), PrincipalId(2)) is None
    assert table.inbox_of(ANN.principal) is None
    assert session.live == []


def test_what_may_be_put_away(table: RoomTable) -> None:
    rooms = [opened(id_, TEA, now=float(10 - id_)) for id_ in range(1, 5)]
    used, stale, guested = opened(5, TEA, now=99.0), opened(6, TEA), opened(7, TEA)
    stale.stale = True
    server = HubRoom()
    online = server.guest("passer-by").session.online
    assert online is not None
    guested.guests[online.principal] = online
    inbox, busy_inbox = opened(8, INBOX), opened(9, INBOX, now=99.0)
    for room in (*rooms, used, stale, guested, inbox, busy_inbox):
        table.add(room)
    assert table.idle_rooms(now=100.0, seconds=60.0)[:5] == [inbox, *reversed(rooms)]
    assert table.idle_rooms(now=100.0, seconds=1000.0) == []


def test_only_the_rooms_beyond_the_limit_are_put_away(table: RoomTable) -> None:
    for id_ in range(1, 5):
        table.add(opened(id_, TEA, now=float(id_)))
    assert [room.state.id for room in table.idle_rooms(now=100.0, seconds=60.0)] == [1, 2]


def test_how_many_rooms_somebody_is_in(table: RoomTable) -> None:
    table.add(opened(1, TEA, joined(ANN)))
    table.add(opened(2, TEA))
    stale = opened(3, TEA, joined(ANN))
    table.add(stale)
    stale.stale = True
    read = {1: False, 2: True, 3: True, 4: True, 5: False, 6: True}
    briefs = [RoomBrief(RoomId(room), 5, member) for room, member in read.items()]
    assert table.count_joined(ANN.principal, briefs, inbox=RoomId(6)) == 3
