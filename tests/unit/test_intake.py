"""What is taken when: order within a session, fairness between them, and what cannot be asked yet."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import (
    ComeAsGuest,
    Exit,
    Hello,
    History,
    Join,
    Leave,
    ListRooms,
    Login,
    Ping,
    Pong,
    Register,
    Request,
    Resume,
    Say,
    SetTopic,
    Sync,
    Tell,
    Who,
)
from besedka.chat.told import Done, Farewell, Kept, Page, Parting, Refused, Unit, Welcome, You
from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.hub.keeping import Addition, Moved
from besedka.hub.keeping import Kept as HasBeen
from besedka.hub.ports import Peer
from besedka.limits import Limits
from besedka.wire.framing import encode_frame
from besedka.wire.native import NativeClient, NativeServer
from hub_room import ANN, PASSWORD, HubRoom, Wire

ID = "0" * 32
ROOM = 1
FOR_SESSIONS: list[Request] = [
    Sync(id=ID),
    Say(id=ID, room=ROOM, text="hi"),  # type: ignore[arg-type]
    Tell(id=ID, name="ann", text="hi"),
    Join(id=ID, name="tea"),
    Leave(id=ID, room=ROOM),  # type: ignore[arg-type]
    SetTopic(id=ID, room=ROOM, topic="green"),  # type: ignore[arg-type]
    History(id=ID, room=ROOM),  # type: ignore[arg-type]
    ListRooms(id=ID),
    Who(id=ID, room=ROOM),  # type: ignore[arg-type]
]
WAYS_IN: list[Request] = [
    Login(id=ID, name="ann", password=PASSWORD),
    Register(id=ID, name="ann", password=PASSWORD),
    ComeAsGuest(id=ID, name="ann"),
    Resume(id=ID, token="x"),
]


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def kinds(units: list[Unit]) -> list[type[Unit]]:
    return [type(unit) for unit in units]


# What cannot be asked --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [*FOR_SESSIONS, *WAYS_IN, Ping(id=ID)], ids=lambda one: type(one).__name__)
def test_nothing_comes_before_hello(server: HubRoom, request_: Request) -> None:
    link, client = Wire(), NativeClient()
    session = server.hub.connect(link, Peer("192.0.2.1", True, "native"), NativeServer(server.limits))
    assert session is not None
    session.receive(client.ask(request_))
    server.settle()
    (refused,) = client.receive(bytes(link.written))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.id) == (Code.HELLO_FIRST, ID)


@pytest.mark.parametrize("request_", FOR_SESSIONS, ids=lambda one: type(one).__name__)
def test_a_visitor_says_who_it_is_first(server: HubRoom, request_: Request) -> None:
    visitor = server.visitor()
    visitor.ask(request_)
    server.settle()
    assert [unit.code for unit in visitor.told(Refused)] == [Code.LOGIN_FIRST]


@pytest.mark.parametrize("request_", WAYS_IN, ids=lambda one: type(one).__name__)
def test_nobody_is_two_people_on_one_connection(server: HubRoom, request_: Request) -> None:
    ann = server.registered("ann")
    ann.ask(request_)
    server.settle()
    assert [unit.code for unit in ann.told(Refused)] == [Code.LOGGED_IN_ALREADY]
    assert ann.session.online is not None
    assert ann.session.online.principal == ANN


def test_hello_is_said_once(server: HubRoom) -> None:
    visitor = server.visitor()
    visitor.ask(Hello(id=ID, version=1))
    server.settle()
    assert kinds(visitor.told(Unit)) == [Welcome, Refused]


def test_another_version_is_refused_and_the_connection_ends(server: HubRoom) -> None:
    link, client = Wire(), NativeClient()
    session = server.hub.connect(link, Peer("192.0.2.1", True, "native"), NativeServer(server.limits))
    assert session is not None
    session.receive(client.ask(Hello(version=99)) + client.ask(Ping(id=ID)))
    server.settle()
    refused, farewell = client.receive(bytes(link.written))
    assert isinstance(refused, Refused)
    assert refused.code is Code.BAD_VERSION
    assert isinstance(farewell, Farewell)
    assert link.closed


@pytest.mark.parametrize(("message", "ends"), [(b"{", False), (b'{"is":"dance"}', False), (b"", True)])
def test_what_is_not_understood_is_refused_in_its_turn(server: HubRoom, message: bytes, ends: bool) -> None:
    ann = server.registered("ann")
    ann.told(Unit)
    ann.units.clear()
    ann.ask(Ping(id=ID))
    ann.session.receive(encode_frame(message) if message else bytes(4))
    ann.ask(Ping(id=ID))
    server.settle()
    assert kinds(ann.told(Unit)) == ([Done, Refused, Farewell] if ends else [Done, Refused, Done])
    assert ann.link.closed is ends


# Order -----------------------------------------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_questions(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    asked: list[Request] = []
    for count in range(12):
        asked += [
            Say(id=server.new_id(), room=lobby, text=str(count)),
            [Ping, ListRooms][count % 2](id=server.new_id()),
            Say(id=server.new_id(), room=lobby, text=""),
            History(id=server.new_id(), room=lobby, limit=1),
        ]
    ann.ask(*asked, Pong())
    server.settle(2)
    answers = [getattr(unit, "id", None) for unit in ann.told(Unit)]
    assert [one for one in answers if one is not None][-len(asked) :] == [one.id for one in asked]


def test_a_read_after_a_write_reads_it(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    ann.ask(Say(id=server.new_id(), room=lobby, text="written"), History(id=server.new_id(), room=lobby, limit=1))
    server.settle()
    (page,) = ann.told(Page)
    (entry,) = page.entries
    assert entry.number == ann.told(Kept)[-1].number


def test_one_who_asks_a_lot_leaves_places_for_others() -> None:
    server = HubRoom(limits=Limits(turn_requests_max=4, turn_requests_per_session_max=2))
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    server.weather.slow_seconds = 0.01
    for device in (ann, bob):  # So that what they ask next needs no look-up.
        device.ask(Say(id=server.new_id(), room=lobby, text="-"))
    server.settle()
    ann.ask(*[Say(id=server.new_id(), room=lobby, text=f"a{count}") for count in range(6)])
    bob.ask(*[Say(id=server.new_id(), room=lobby, text=f"b{count}") for count in range(3)])
    server.settle(1)
    assert bob.heard(lobby)[2:] == ["a0", "a1", "b0", "b1", "a2", "a3", "b2", "a4", "a5"]


def test_a_turn_takes_so_many_bytes_and_the_rest_comes_next() -> None:
    server = HubRoom(limits=Limits(turn_bytes_max=65_536))
    people = [server.registered(name) for name in ("ann", "bob", "carl")]
    lobby = people[0].room("lobby")
    for device in people:
        device.ask(Say(id=server.new_id(), room=lobby, text="-"))
    server.settle()
    turns: list[int] = []
    append = server.logs.append

    async def counted(additions: Sequence[Addition]) -> Sequence[HasBeen | Moved]:
        turns.append(sum(len(addition.entries) for addition in additions))
        return await append(additions)

    server.logs.append = counted  # type: ignore[method-assign]
    for device in people:
        device.ask(*[Say(id=server.new_id(), room=lobby, text="x" * 4096) for _ in range(10)])
    server.settle(3)
    assert turns == [16, 14]
    assert [len(device.heard(lobby)) for device in people] == [33, 33, 33]


# Ends ------------------------------------------------------------------------------------------------------------


def test_leaving_may_forget_the_device(server: HubRoom) -> None:
    ann = server.registered("ann")
    token = ann.you.token
    assert token is not None
    ann.ask(Exit(forget=True))
    server.settle()
    assert ann.told(Farewell)[-1].parting is Parting.EXIT
    again = server.visitor()
    again.ask(Resume(token=token))
    server.settle()
    assert [unit.code for unit in again.told(Refused)] == [Code.TOKEN_DEAD]


def test_three_wrong_passwords_end_the_connection(server: HubRoom) -> None:
    server.registered("ann")
    guesser = server.visitor(address="192.0.2.66")
    for _ in range(3):
        guesser.ask(Login(name="ann", password="wrong"))
    server.settle(60)
    assert [unit.code for unit in guesser.told(Refused)] == [Code.WRONG_PASSWORD] * 3
    assert guesser.told(Farewell)[-1].parting is Parting.TOO_MANY_ATTEMPTS


def test_the_banned_are_told_and_shown_out(server: HubRoom) -> None:
    server.registered("ann").ask(Exit())
    server.settle()
    server.done(server.accounts.ban(account=ANN, address=None, now=0, until=None))
    again = server.visitor()
    again.ask(Login(name="ann", password=PASSWORD))
    server.settle()
    assert [unit.code for unit in again.told(Refused)] == [Code.BANNED]
    assert again.told(Farewell)[-1].parting is Parting.BANNED


# Faults ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["page_before", "newest_request"])
def test_a_fault_of_ours_costs_one_session(server: HubRoom, where: str) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")

    async def broken(*_args: object, **_named: object) -> None:
        raise RuntimeError("a fault of ours")

    working = getattr(server.logs, where)
    setattr(server.logs, where, broken)
    ann.ask(History(id=server.new_id(), room=lobby), Say(id=server.new_id(), room=lobby, text="hi"))
    server.settle()
    assert ann.told(Farewell)[-1].parting is Parting.FAULT
    setattr(server.logs, where, working)
    bob.ask(Say(id=server.new_id(), room=lobby, text="still here"))
    server.settle()
    assert bob.heard(lobby) == ["still here"]
    assert len(server.notebook.faults) == 1


def test_a_store_that_cannot_read_is_busy_and_a_sync_waits_for_it(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    failures = 2

    def failing(working: object) -> object:
        async def read(*args: object, **named: object) -> object:
            nonlocal failures
            failures -= 1
            if failures >= 0:
                raise StoreFault("the disk is away")
            return await working(*args, **named)  # type: ignore[operator]

        return read

    server.logs.page_before = failing(server.logs.page_before)  # type: ignore[assignment, method-assign]
    server.logs.briefs = failing(server.logs.briefs)  # type: ignore[assignment, method-assign]
    ann.ask(History(id=server.new_id(), room=lobby), Sync(id=server.new_id(), epoch="memory"))
    server.settle()
    assert [unit.code for unit in ann.told(Refused)] == [Code.BUSY]
    server.settle(3)
    assert len(ann.told(Refused)) == 1
    assert failures < 0


def test_a_look_up_that_fails_is_repeated(server: HubRoom) -> None:
    ann = server.registered("ann")
    working = server.logs.newest_request
    failures = 2

    async def newest(sender: PrincipalId) -> object:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise StoreUnsure("the disk is away")
        return await working(sender)

    server.logs.newest_request = newest  # type: ignore[assignment, method-assign]
    ann.ask(Say(id=server.new_id(), room=ann.room("lobby"), text="patience"))
    server.settle(5)
    assert ann.heard(ann.room("lobby")) == ["patience"]
    assert ann.told(You)
