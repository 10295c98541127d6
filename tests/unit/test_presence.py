"""Who is online, and whose name is whose."""

from __future__ import annotations

import pytest

from besedka.chat.entries import Draft, Kind, MembershipChanged, Opened, Person, RoomId, RoomName, Way
from besedka.chat.folding import evolve, number
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.rooms import Room
from besedka.hub.presence import Attendance
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.limits import Limits
from hub_room import HubRoom

ANN = Person(PrincipalId(1), AccountName("ann"))
BOB = Person(PrincipalId(2), AccountName("bob"))
GUEST = Person(PrincipalId(-3), AccountName("passer-by"))
LIMITS = Limits(grace_seconds=10.0)
PASSER_BY = fold("Passer-By")


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


@pytest.fixture
def attendance() -> Attendance:
    return Attendance(LIMITS)


def online(person: Person) -> Online:
    return Online(person.principal, person.name, AccountRole.USER, muted=False)


def enter(attendance: Attendance, one: Online, session: Session) -> bool:
    session.online = one
    return attendance.enter(one, session)


def room_of(*people: Person) -> OpenRoom:
    room = Room(RoomId(9))
    for body in (Opened(Kind.PUBLIC, RoomName("tea"), ANN.principal), MembershipChanged(Way.JOINED, people)):
        room = evolve(room, number(room, Draft(ANN.principal, ANN.name, body), 5))
    return OpenRoom(room, tail_max=4, now=0.0)


# Coming and going ------------------------------------------------------------------------------------------------


def test_the_first_session_is_news_and_the_last_ones_end(server: HubRoom, attendance: Attendance) -> None:
    one, other, ann, room = server.visitor().session, server.visitor().session, online(ANN), room_of(ANN)
    assert enter(attendance, ann, one)
    assert not enter(attendance, ann, other)
    assert attendance.get(ANN.principal) is ann
    assert attendance.leave(one, [room], now=0.0, forgiving=False) == []
    assert attendance.get(ANN.principal) is ann
    assert attendance.leave(other, [room], now=0.0, forgiving=False) == [room]
    assert attendance.get(ANN.principal) is None
    assert not list(attendance)


def test_a_lost_account_is_forgiven_for_a_while(server: HubRoom, attendance: Attendance) -> None:
    session, ann, room = server.visitor().session, online(ANN), room_of(ANN)
    enter(attendance, ann, session)
    assert attendance.leave(session, [room], now=5.0, forgiving=True) == []
    assert not ann.sessions
    assert list(attendance) == [ann]
    assert attendance.overdue(now=14.9) == []
    assert attendance.overdue(now=15.0) == [(ann, [RoomId(9)])]
    assert attendance.overdue(now=99.0) == []
    assert not list(attendance)


def test_whoever_comes_back_is_no_news_and_not_overdue(server: HubRoom, attendance: Attendance) -> None:
    ann = online(ANN)
    first, second, third = (server.visitor().session for _ in range(3))
    enter(attendance, ann, first)
    attendance.leave(first, [], now=0.0, forgiving=True)
    assert not enter(attendance, ann, second)
    assert attendance.overdue(now=99.0) == []
    enter(attendance, online(BOB), third)
    attendance.leave(third, [], now=100.0, forgiving=True)
    attendance.leave(second, [], now=105.0, forgiving=True)
    assert [one.principal for one, _ in attendance.overdue(now=110.0)] == [BOB.principal]
    assert [one.principal for one, _ in attendance.overdue(now=115.0)] == [ANN.principal]


def test_a_guest_is_not_waited_for(server: HubRoom, attendance: Attendance) -> None:
    session, room = server.visitor().session, room_of()
    enter(attendance, online(GUEST), session)
    assert attendance.leave(session, [room], now=0.0, forgiving=True) == [room]
    assert attendance.get(GUEST.principal) is None


# Names -----------------------------------------------------------------------------------------------------------


def test_a_guest_is_found_by_its_name_while_it_is_here(server: HubRoom, attendance: Attendance) -> None:
    session, guest = server.visitor().session, online(GUEST)
    enter(attendance, guest, session)
    enter(attendance, online(ANN), server.visitor().session)
    assert attendance.guest_named(PASSER_BY) is guest
    assert attendance.guest_named(fold("ann")) is None
    attendance.leave(session, [], now=0.0, forgiving=False)
    assert attendance.guest_named(PASSER_BY) is None


def test_a_name_is_claimed_by_one_session_at_a_time(server: HubRoom, attendance: Attendance) -> None:
    one, other = server.visitor().session, server.visitor().session
    assert attendance.claim(PASSER_BY, one)
    assert attendance.claim(PASSER_BY, one)
    assert not attendance.claim(PASSER_BY, other)
    assert attendance.claim(fold("else"), one)
    assert attendance.claim(PASSER_BY, other), "claiming another name gives up the first"
    attendance.give_up(other)
    attendance.give_up(other)
    assert attendance.claim(PASSER_BY, one)


def test_the_name_of_a_guest_who_is_here_cannot_be_claimed(server: HubRoom, attendance: Attendance) -> None:
    session = server.visitor().session
    assert attendance.claim(PASSER_BY, session)
    enter(attendance, online(GUEST), session)
    assert session.claimed is None
    assert not attendance.claim(PASSER_BY, server.visitor().session)
    attendance.leave(session, [], now=0.0, forgiving=False)
    assert attendance.claim(PASSER_BY, server.visitor().session)


def test_a_name_claimed_for_an_account_is_nobody_elses_until_it_is_released(
    server: HubRoom, attendance: Attendance
) -> None:
    session = server.visitor().session
    ann = fold("ann")
    assert attendance.claim_for_account(ann)
    assert not attendance.claim(ann, session)
    assert not attendance.claim_for_account(ann)
    attendance.release(ann)
    assert attendance.claim(ann, session)
    assert not attendance.claim_for_account(ann)
