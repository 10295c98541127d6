"""The hub as a whole, in the moments where two things meet."""

from __future__ import annotations

import pytest

from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import ComeAsGuest, Exit, Join, Leave, Login, Ping, Register, Resume, Say, Tell
from besedka.chat.told import Done, Farewell, Kept, Parting, Refused, You
from besedka.hub.faults import StoreUnsure
from besedka.limits import Limits
from hub_room import ANN, PASSWORD, HubRoom, folded


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def codes(units: list[Refused]) -> list[Code]:
    return [unit.code for unit in units]


# Several devices -------------------------------------------------------------------------------------------------


def test_devices_that_come_in_one_turn_are_one_person(server: HubRoom) -> None:
    first = server.registered("ann")
    second = server.another(first)
    first.ask(Exit())
    second.ask(Exit())
    server.settle()
    one, other = server.visitor(), server.visitor()
    for device, before in ((one, first), (other, second)):
        assert before.you.token is not None
        device.ask(Resume(token=before.you.token))
    server.settle()
    one.sync()
    other.sync()
    assert one.session.online is other.session.online
    one.ask(Exit())
    server.settle()
    assert server.parts.attendance.get(ANN)
    assert server.parts.attendance.get(ANN) is other.session.online


def test_a_resend_from_another_device_is_known(server: HubRoom) -> None:
    one = server.registered("ann")
    other = server.another(one)
    lobby = one.room("lobby")
    say = Say(id=server.new_id(), room=lobby, text="once")
    one.ask(say)
    other.ask(say)
    server.settle(1)
    assert one.told(Kept)[-1] == other.told(Kept)[-1]
    assert other.heard(lobby) == ["once"]


def test_how_many_rooms_somebody_is_in_is_known_whoever_put_them_there(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    bob.ask(Tell(id=server.new_id(), name="ann", text="hi"))
    ann.join("tea")
    online = ann.session.online
    assert online is not None
    assert online.rooms_joined == 3
    ann.ask(Leave(id=server.new_id(), room=ann.room("tea")))
    server.settle()
    assert online.rooms_joined == 2


# Reading on ------------------------------------------------------------------------------------------------------


def test_a_flood_of_pings_is_answered_and_then_read_on() -> None:
    server = HubRoom(limits=Limits(flood=False))
    ann = server.registered("ann")
    ann.ask(*[Ping(id=server.new_id()) for _ in range(300)])
    assert not ann.link.reading
    server.settle()
    assert len(ann.told(Done)) == 300
    assert ann.link.reading


def test_a_session_that_asks_faster_than_its_pace_waits_and_loses_nothing(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    ann.ask(*[Say(id=server.new_id(), room=lobby, text=str(count)) for count in range(100)])
    server.settle()
    assert len(ann.heard(lobby)) <= 61
    server.settle(3)
    assert ann.heard(lobby) == [str(count) for count in range(100)]


def test_a_visitor_is_paced_too(server: HubRoom) -> None:
    visitor = server.visitor()
    visitor.ask(*[Ping(id=server.new_id()) for _ in range(100)])
    server.settle()
    assert len(visitor.told(Done)) < 100
    server.settle(3)
    assert len(visitor.told(Done)) == 100


# Places ----------------------------------------------------------------------------------------------------------


def test_joining_where_one_is_goes_on_reading(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    ann.ask(Join(id=server.new_id(), name="lobby"))
    server.settle()
    assert ann.told(Done)[-1].room == lobby
    bob.ask(Say(id=server.new_id(), room=lobby, text="still there?"))
    server.settle()
    assert ann.heard(lobby) == ["still there?"]


def test_what_is_said_in_the_turn_of_ones_joining_is_read(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.ask(Join(id=server.new_id(), name="tea"))
    server.settle()
    bob.ask(Leave(id=server.new_id(), room=tea))
    server.settle()
    bob.ask(Join(id=server.new_id(), name="tea"))
    ann.ask(*[Say(id=server.new_id(), room=tea, text=str(count)) for count in range(20)])
    server.settle()
    assert bob.heard(tea) == [str(count) for count in range(20)]
    numbers = [entry.number for entry in bob.entries(tea)]
    assert numbers == sorted(set(numbers))


def test_a_full_reader_is_given_everything_when_it_drains(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    bob.link.full = True
    for count in range(30):
        ann.ask(Say(id=server.new_id(), room=lobby, text=str(count)))
        server.settle()
    assert bob.heard(lobby) == []
    bob.link.full = False
    server.hub.drained(bob.session)
    server.settle()
    assert bob.heard(lobby) == [str(count) for count in range(30)]


# Guests and passing rooms ----------------------------------------------------------------------------------------


def test_guests_of_one_name_do_not_come_in_one_turn(server: HubRoom) -> None:
    one, other = server.visitor(), server.visitor()
    one.ask(ComeAsGuest(name="passer-by"))
    other.ask(ComeAsGuest(name="Passer-By"))
    server.settle()
    assert len(one.told(You)) + len(other.told(You)) == 1
    assert codes(one.told(Refused) + other.told(Refused)) == [Code.NAME_TAKEN]


def test_a_name_that_is_being_registered_is_no_guests(server: HubRoom) -> None:
    ann, guest = server.visitor(), server.visitor(address="192.0.2.2")
    server.keys.hashing = lambda: guest.ask(ComeAsGuest(name="ann"))
    ann.ask(Register(name="ann", password=PASSWORD))
    server.settle()
    assert ann.told(You)
    assert codes(guest.told(Refused)) == [Code.NAME_TAKEN]


def test_a_name_whose_registration_failed_is_free(server: HubRoom) -> None:
    visitor, guest = server.visitor(), server.visitor(address="192.0.2.2")
    server.accounts.add_account = None  # type: ignore[assignment, method-assign]
    visitor.ask(Register(name="ann", password=PASSWORD))
    server.settle()
    assert visitor.told(Farewell)[0].parting is Parting.FAULT
    guest.ask(ComeAsGuest(name="ann"))
    server.settle()
    assert guest.told(You)


def test_a_guest_hears_what_is_said_where_it_joined(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    tea = ann.join("tea")
    assert guest.join("tea") == tea
    ann.ask(Say(id=server.new_id(), room=tea, text="welcome"))
    server.settle()
    assert guest.heard(tea) == ["welcome"]
    assert ann.seen(tea) == (["passer-by"], [])


@pytest.mark.parametrize("way", ["leave", "exit", "lost"])
def test_a_passing_room_ends_with_its_last_guest(server: HubRoom, way: str) -> None:
    guest = server.guest("passer-by")
    tea = guest.join("tea")
    if way == "leave":
        guest.ask(Leave(id=server.new_id(), room=tea))
    elif way == "exit":
        guest.ask(Exit())
    else:
        guest.hang_up()
    server.settle(1)
    assert server.parts.rooms.named(folded("tea")) is None
    assert server.registered("ann").join("tea") != tea


def test_a_room_that_ends_in_this_turn_is_made_anew_in_the_next(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("passer-by")
    tea = guest.join("tea")
    ann.ask(Say(id=server.new_id(), room=ann.room("lobby"), text="so that nothing needs to be looked up"))
    server.settle()
    guest.ask(Leave(id=server.new_id(), room=tea))
    while not server.hub.orders._given:
        server.steps.step()
    ann.ask(Join(id=server.new_id(), name="tea"))
    server.settle(1)
    assert ann.refusals() == []
    assert ann.room("tea") != tea
    ended = server.parts.rooms.get(tea)
    assert ended is not None
    assert ended.state.archived
    assert not ended.state.members


def test_a_guest_is_in_no_more_rooms_than_an_account() -> None:
    server = HubRoom(limits=Limits(rooms_per_account_max=2))
    guest = server.guest("passer-by")
    tea = guest.join("tea")
    guest.ask(Join(id=server.new_id(), name="books"))
    server.settle()
    assert codes(guest.told(Refused)) == [Code.TOO_MANY_ROOMS]
    guest.ask(Leave(id=server.new_id(), room=tea))
    server.settle()
    assert guest.join("books")


def test_nobody_is_put_into_more_rooms_than_their_own_limit() -> None:
    server = HubRoom(limits=Limits(rooms_per_account_max=2))
    ann = server.registered("ann")
    ann.join("tea")
    for seconds in (0.1, server.limits.grace_seconds + 2):  # Online, and long gone.
        guest = server.guest("passer-by")
        guest.ask(Tell(id=server.new_id(), name="ann", text="hi"))
        server.settle()
        assert codes(guest.told(Refused)) == [Code.PERSON_FULL]
        guest.hang_up()
        if not ann.link.closed:
            ann.ask(Exit())
        server.settle(seconds)


# Coming and going ------------------------------------------------------------------------------------------------


def test_whoever_leaves_without_having_synced_is_told_of_as_gone(server: HubRoom) -> None:
    ann = server.registered("ann")
    server.registered("bob").ask(Exit())
    server.settle()
    lobby = ann.room("lobby")
    assert ann.seen(lobby) == ([], ["bob"])
    again = server.visitor()
    again.ask(Login(name="bob", password=PASSWORD))
    server.settle()
    assert ann.seen(lobby) == (["bob"], ["bob"])
    again.ask(Exit())
    server.settle()
    assert ann.seen(lobby) == (["bob"], ["bob", "bob"])


def test_a_lost_line_is_told_after_the_grace_even_if_the_room_was_read_again(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    bob.hang_up()
    server.weather.lost = StoreUnsure("who knows")
    ann.ask(Say(id=server.new_id(), room=lobby, text="hm"))
    server.settle(5)
    assert ann.seen(lobby) == ([], [])
    server.settle(server.limits.grace_seconds)
    assert ann.seen(lobby) == ([], ["bob"])


def test_whoever_is_back_in_time_was_never_away(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    bob.hang_up()
    server.another(bob)
    server.settle(30)
    assert ann.seen(ann.room("lobby")) == ([], [])


# Logging in ------------------------------------------------------------------------------------------------------


def test_a_login_overtaken_by_a_change_of_password_comes_to_nothing(server: HubRoom) -> None:
    server.registered("ann").ask(Exit())
    server.settle()
    late = server.visitor(address="192.0.2.9")
    visited = server.accounts.visited

    async def meanwhile(account: PrincipalId, *, address: str, now: int) -> None:
        await visited(account, address=address, now=now)
        await server.accounts.set_password(account, "hash of another")

    tokens: list[str] = []
    drop_token = server.accounts.drop_token

    async def dropped(token: str) -> None:
        tokens.append(token)
        await drop_token(token)

    server.accounts.visited = meanwhile  # type: ignore[method-assign]
    server.accounts.drop_token = dropped  # type: ignore[method-assign]
    late.ask(Login(name="ann", password=PASSWORD, remember=True))
    server.settle()
    assert codes(late.told(Refused)) == [Code.WRONG_PASSWORD]
    assert late.session.token is None
    late.ask(*(Resume(token=token) for token in tokens))
    server.settle()
    assert codes(late.told(Refused))[1:] == [Code.TOKEN_DEAD]


# Stopping -----------------------------------------------------------------------------------------------------------


def test_what_is_asked_before_the_order_to_stop_is_kept_and_told(server: HubRoom) -> None:
    ann = server.registered("ann")
    lobby = ann.room("lobby")
    ann.ask(Say(id=server.new_id(), room=lobby, text="first word"))
    server.settle()
    ann.ask(Say(id=server.new_id(), room=lobby, text="last word"))
    server.hub.stop()
    server.settle()
    assert ann.heard(lobby) == ["first word", "last word"]
    assert ann.told(Farewell)[-1].parting is Parting.SHUTDOWN
    assert ann.link.closed
