"""What one may know of others: who they are, where they are, who has left, and what is said under which keys."""

from __future__ import annotations

import pytest

from besedka.chat.answers import DataList, Gone, PersonTold, WhowasList
from besedka.chat.entries import Kind, Person, RoomId
from besedka.chat.hosts import NO_HOST, host_of
from besedka.chat.own_requests import Away, GetData, SetProfile, Whois, Whowas
from besedka.chat.personal import Profile
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Login, Request, Tell, Who
from besedka.chat.room_requests import Invite, Open, SetData
from besedka.chat.told import Kept, People
from besedka.hub.departed import Departed
from besedka.hub.session import Online
from besedka.limits import Limits
from hub_room import PASSWORD, Device, HubRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def asks(device: Device, *requests: Request) -> None:
    device.ask(*requests)
    device.server.settle(0.5)


def who_is(device: Device, name: str) -> PersonTold:
    asks(device, Whois(name=name))
    return device.told(PersonTold)[-1]


def opens(device: Device, name: str, kind: Kind) -> RoomId:
    asks(device, Open(id=device.server.new_id(), name=name, room_kind=kind))
    return device.told(Kept)[-1].room


def says_of_itself(device: Device, **profile: str | bool) -> None:
    asks(device, SetProfile(id=device.server.new_id(), **profile))  # type: ignore[arg-type]


# Whois -----------------------------------------------------------------------------------------------------------


def test_who_somebody_is_and_where(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = opens(bob, "tea", Kind.PUBLIC)
    opens(bob, "den", Kind.PRIVATE)
    asks(bob, Tell(id=server.new_id(), name="ann", text="hi"), Away(message="out"))
    says_of_itself(bob, real_name="Bob B.", bot=True)
    told = who_is(ann, "BOB")
    assert (told.person, told.role, told.online) == (Person(bob.you.principal, bob.you.name), AccountRole.USER, True)
    assert (told.real_name, told.bot, told.away, told.last_seen) == ("Bob B.", True, "out", 0)
    assert {line.room_name: (line.joined, line.members) for line in told.rooms} == {
        "lobby": (True, 2),
        "tea": (False, 1),
    }
    assert tea in [line.room for line in told.rooms]
    assert {line.room_name for line in who_is(bob, "bob").rooms} == {"lobby", "tea", "den"}


def test_nobody_of_a_name_is_known(server: HubRoom) -> None:
    ann = server.registered("ann")
    asks(ann, Whois(name="nobody"))
    assert ann.refusals() == [Code.NO_SUCH_PERSON]


def test_an_address_is_never_shown_but_what_stands_for_it(server: HubRoom) -> None:
    ann = server.registered("ann")
    bob = server.visitor(address="198.51.100.7")
    guest = server.guest("gus")
    asks(bob, Login(name="ann", password=PASSWORD))
    host = host_of("198.51.100.7", server.logs.host_key)
    assert who_is(ann, "ann").host == host, "of the session that came last"
    assert who_is(ann, "gus").host == host_of("192.0.2.1", server.logs.host_key)
    asks(bob, Exit())
    asks(ann, Exit())
    assert who_is(guest, "ann").host == host, "of the last login"
    assert b"198.51.100" not in guest.link.written


def test_when_somebody_was_last_here(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    server.settle(20)
    asks(bob, Exit())
    left = server.process.now()
    told = who_is(ann, "bob")
    assert not told.online
    assert left - 1000 < told.last_seen <= left


def test_who_is_invisible_looks_like_one_who_is_not_here(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    says_of_itself(bob, invisible=True)
    asks(bob, Away(message="secretly here"))
    here = who_is(ann, "bob")
    asks(ann, Who(room=ann.room("lobby")))
    (line,) = [line for line in ann.told(People)[-1].people if line.name == "bob"]
    assert not line.online
    assert line.away == ""
    assert (here.online, here.away, here.last_seen, here.host) == (False, "", 0, NO_HOST)
    asks(bob, Exit())
    server.settle(20)
    gone = who_is(ann, "bob")
    assert (gone.online, gone.away, gone.last_seen, gone.host) == (False, "", 0, NO_HOST), "and alike when it is not"
    asks(ann, Whowas(name="bob"))
    assert ann.told(WhowasList)[-1].people == ()


def test_who_is_invisible_comes_and_goes_unnoticed_on_another_device(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    lobby = ann.room("lobby")
    assert ann.seen(lobby) == ([], [])
    says_of_itself(bob, invisible=True)
    assert ann.seen(lobby) == ([], ["bob"]), "from then on"
    asks(bob, Exit())
    again = server.visitor()
    asks(again, Login(name="bob", password=PASSWORD))
    assert ann.seen(lobby) == ([], ["bob"])
    says_of_itself(again, invisible=False)
    assert ann.seen(lobby) == (["bob"], ["bob"])


def test_who_a_guest_is(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("gus")
    says_of_itself(guest, real_name="Gus")
    told = who_is(ann, "gus")
    assert (told.online, told.real_name, [line.room_name for line in told.rooms]) == (True, "Gus", ["lobby"])
    assert [line.room_name for line in who_is(guest, "ann").rooms] == ["lobby"]


# Whowas ----------------------------------------------------------------------------------------------------------


def test_who_has_left_is_remembered_the_last_first(server: HubRoom) -> None:
    ann, guest = server.registered("ann"), server.guest("gus")
    says_of_itself(guest, real_name="Gus the First")
    asks(guest, Exit())
    asks(server.guest("GUS"), Exit())
    asks(ann, Whowas(name="gus"))
    first, second = ann.told(WhowasList)[-1].people
    assert (first.person.name, second.person.name, second.real_name) == ("GUS", "gus", "Gus the First")
    assert first.time > second.time
    assert first.host == host_of("192.0.2.1", server.logs.host_key)


def test_an_account_has_left_when_its_last_session_is_gone_for_good(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    other = server.another(bob)
    asks(bob, Exit())
    other.hang_up()
    asks(ann, Whowas(name="bob"))
    assert ann.told(WhowasList)[-1].people == ()
    server.settle(server.limits.grace_seconds + 2)
    asks(ann, Whowas(name="bob"))
    assert len(ann.told(WhowasList)[-1].people) == 1


def test_the_ring_is_bounded() -> None:
    departed = Departed(Limits(whowas_max=2))
    for number in range(3):
        gone = Online(PrincipalId(-1 - number), AccountName(f"g{number}"), AccountRole.USER, muted=False)
        gone.left_at = 10 + number
        departed.add(gone)
    assert departed.named("g0") == ()
    assert departed.named("G2") == (Gone(Person(PrincipalId(-3), AccountName("g2")), "", 12),)
    assert (departed.last_seen(PrincipalId(-1)), departed.last_seen(PrincipalId(-2))) == (0, 11)
    hidden = Online(PrincipalId(-9), AccountName("h"), AccountRole.USER, muted=False)
    hidden.profile = Profile(invisible=True)
    departed.add(hidden)
    assert departed.named("h") == ()


# Values ----------------------------------------------------------------------------------------------------------


def values(device: Device, request: GetData) -> tuple[tuple[str, str], ...]:
    asks(device, request)
    return device.told(DataList)[-1].values


def test_values_of_people_are_anybodys_to_read(server: HubRoom) -> None:
    ann, bob, guest = server.registered("ann"), server.registered("bob"), server.guest("gus")
    for device in (bob, guest):
        asks(device, SetData(id=server.new_id(), key="url", value="x"), SetData(id=server.new_id(), key="b", value="y"))
    assert values(ann, GetData(name="bob")) == values(ann, GetData(name="gus")) == (("b", "y"), ("url", "x"))
    asks(bob, Exit())
    assert values(guest, GetData(name="bob")) == (("b", "y"), ("url", "x"))
    assert values(guest, GetData(name="ann")) == ()
    asks(guest, GetData(name="nobody"), GetData())
    assert guest.refusals() == [Code.NO_SUCH_PERSON] * 2


def test_values_of_a_room_are_for_those_who_may_know_of_it(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea, den = opens(ann, "tea", Kind.PUBLIC), opens(ann, "den", Kind.PRIVATE)
    for room in (tea, den):
        asks(ann, SetData(id=server.new_id(), room=room, key="url", value="x"))
    assert values(ann, GetData(room=den)) == values(bob, GetData(room=tea)) == (("url", "x"),)
    asks(bob, GetData(room=den), GetData(room=RoomId(999)), GetData(room=ann.you.inbox or tea))
    assert bob.refusals() == [Code.NO_SUCH_ROOM] * 3
    asks(ann, Invite(id=server.new_id(), room=den, name="bob"))
    asks(bob, GetData(room=den))
    assert bob.refusals()[3:] == [Code.NOT_A_MEMBER], "it knows of the room, and is not in it"
