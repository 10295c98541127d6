"""What the hub does for protocols that keep no rooms: moves of guests, looks, faces; seen through IRC sessions."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.entries import Person
from besedka.chat.names import fold
from besedka.chat.own_requests import SetProfile
from besedka.chat.principals import AccountRole, PrincipalId
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.world import NO_HOST, OFFLINE
from hub_room import HubRoom
from irc_guest import guests
from irc_person import IrcPerson, IrcRoom


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


@pytest.fixture
def world(server: HubRoom) -> Surroundings:
    return Surroundings(server.hub, created=1)


def test_guests_moves_are_told_to_others_at_once_and_one_by_one(server: HubRoom, world: Surroundings) -> None:
    ann, bob = guests(server, world, "ann", "bob")
    ann.write("JOIN #tea")
    bob.write("JOIN #tea")
    assert ann.said() == ["JOIN #tea", "JOIN #tea"]
    bob.write("PART #tea :bye")
    assert ann.said() == ["PART #tea bye"]
    assert bob.said() == ["JOIN #tea", "PART #tea bye"]


def test_what_is_said_without_ids_is_given_growing_ones_each_another(server: HubRoom, world: Surroundings) -> None:
    """So that the store finds its place for them quickly, and a resend finds the one that it means."""
    ann, bob = guests(server, world, "ann", "bob")
    for one in (ann, bob):
        one.write("JOIN #tea")
    lines = b"PRIVMSG #tea :1\r\nPRIVMSG #tea :2\r\n"
    for one in (ann, bob, ann):
        one.session.receive(lines)
    server.settle()
    bob.write("PRIVMSG #tea :3")
    of_each = [[id_ for id_, _ in kept] for kept in server.logs._requests.values()]
    ids = [id_ for of_one in of_each for id_ in of_one]
    assert len(set(ids)) == len(ids) == 8  # The room was opened, too.
    assert all(len(id_) == 32 for id_ in ids)
    assert all(of_one == sorted(of_one) for of_one in of_each)


def test_who_speaks_in_the_same_turn_is_told_what_the_others_said(server: HubRoom, world: Surroundings) -> None:
    ann, bob, eve = guests(server, world, "ann", "bob", "eve")
    for one in (ann, bob, eve):
        one.write("JOIN #tea")
    for one in (ann, bob, eve):
        one.read()
    ann.session.receive(b"PRIVMSG #tea :1\r\nPRIVMSG #tea :2\r\n")
    bob.session.receive(b"PRIVMSG #tea :3\r\n")
    server.settle()
    assert [one.said() for one in (ann, bob, eve)] == [
        [f"PRIVMSG #tea :{number}" for number in numbers] for numbers in ([3], [1, 2], [1, 2, 3])
    ]


def test_who_shares_two_rooms_is_told_once_that_a_guest_has_gone(server: HubRoom, world: Surroundings) -> None:
    ann, bob = guests(server, world, "ann", "bob")
    for one in (ann, bob):
        one.write("JOIN #tea,#cake")
    ann.read()
    bob.write("QUIT :home")
    assert ann.said() == ["QUIT :home"]
    assert bob.link.closed


def test_nobody_is_put_in_the_lobby_by_irc(server: HubRoom, world: Surroundings) -> None:
    (ann,) = guests(server, world, "ann")
    ann.write("NAMES #lobby")
    assert ann.read() == [f":{world.server} 366 ann #lobby :End of /NAMES list"]


def test_a_hidden_room_is_there_for_those_inside_only(server: HubRoom, world: Surroundings) -> None:
    ann, bob = guests(server, world, "ann", "bob")
    ann.write("JOIN #tea", "MODE #tea +si", "TOPIC #tea :cake", "TOPIC #tea")
    assert f":{world.server} 332 ann #tea cake" in ann.read()
    bob.write("TOPIC #tea", "MODE #tea", "JOIN #tea", "LIST")
    assert [line.split(" ")[1] for line in bob.read()] == ["403", "403", "473", "321", "323"]


def test_capabilities_change_how_a_session_reads_at_once(server: HubRoom, world: Surroundings) -> None:
    ann, bob = guests(server, world, "ann", "bob")
    for one in (ann, bob):
        one.write("JOIN #tea")
    assert ann.session.format is bob.session.format
    ann.write("CAP REQ :message-tags")
    assert ann.session.format is not bob.session.format
    ann.read()
    bob.write("PRIVMSG #tea :hi")
    assert [line.split("=")[0] for line in ann.read()] == ["@msgid"]


def test_somebody_who_is_here_has_a_face_and_nobody_an_address(server: HubRoom, world: Surroundings) -> None:
    (ann,) = guests(server, world, "ann")
    assert ann.session.online is not None
    face = world.face(ann.session.online.principal)
    assert (face.user, face.real_name, face.away) == ("~ann", "Ann", "")
    assert face.host.endswith(".ip")
    assert "203" not in face.host
    found = world.named(fold("Ann"))
    assert found is not None
    assert found.name == world.name(found.principal) == "ann"
    assert world.named(fold("zed")) is None
    nobody = world.face(PrincipalId(99))
    assert (nobody.host, nobody.away) == (NO_HOST, OFFLINE)


def test_everything_is_counted(server: HubRoom, world: Surroundings) -> None:
    ann, bob = guests(server, world, "ann", "bob")
    ann.write("JOIN #tea")
    bob.write("QUIT")
    counts = world.counts()
    assert (counts.users, counts.users_most, counts.rooms, counts.admins, counts.unknown) == (1, 2, 1, 0, 0)


def test_who_is_counted_is_whoever_others_can_see(server: HubRoom, world: Surroundings) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    second = server.another(ann)
    assert (world.counts().users, world.counts().admins) == (2, 0), "several clients are one person"
    bob.ask(SetProfile(id=server.new_id(), invisible=True))
    server.settle()
    assert (world.counts().users, world.named(fold("bob"))) == (1, None)
    account = server.done(server.hub.parts.accounts.account(ann.you.principal))
    assert account is not None
    server.governor.account_changed(msgspec.structs.replace(account, role=AccountRole.ADMIN))
    assert world.counts().admins == 1
    server.hub.lost(ann.session, "gone")
    assert world.counts().users == 1, "the other one is still here"
    server.hub.lost(second.session, "gone")
    server.settle(server.limits.grace_seconds + 2)
    counts = world.counts()
    assert (counts.users, counts.admins, counts.users_most, world.named(fold("ann"))) == (0, 0, 2, None)
    guest = server.guest("ann2")
    assert world.named(fold("ANN2")) == Person(guest.you.principal, guest.you.name)


def test_connections_that_have_not_said_who_they_are_are_counted_apart(server: HubRoom, world: Surroundings) -> None:
    visitor = server.visitor()
    assert (world.counts().users, world.counts().unknown) == (0, 1)
    server.hub.lost(visitor.session, "gone")
    assert world.counts().unknown == 0


def test_rooms_are_counted_that_somebody_is_in_and_anybody_may_know(server: HubRoom, world: Surroundings) -> None:
    (ann,) = guests(server, world, "ann")
    assert world.counts().rooms == 0, "nobody has joined the lobby"
    ann.write("JOIN #tea,#cake")
    assert world.counts().rooms == 2
    ann.write("MODE #tea +s", "JOIN #lobby")
    assert world.counts().rooms == 2
    ann.write("MODE #tea -s", "PART #cake")
    server.settle(2)
    assert world.counts().rooms == 2
    ann.write("QUIT")
    server.settle(2)
    assert world.counts().rooms == 0


def test_the_server_is_called_what_nobody_can_be(world: Surroundings) -> None:
    assert world.server == "besedka."
    assert " " not in world.version


@pytest.mark.parametrize(
    ("name", "server"),
    [("Chat.Example.org", "Chat.Example.org"), ("Ann's garden", "Ann-s-garden."), ("беседка", "besedka.")],
)
def test_the_server_is_called_as_its_operator_calls_it(name: str, server: str) -> None:
    assert Surroundings(HubRoom(settings=Settings(name=name)).hub, created=1).server == server


def test_a_ping_is_answered_behind_what_others_said_before_it(server: HubRoom, world: Surroundings) -> None:
    ann, bob = guests(server, world, "ann", "bob")
    for one in (ann, bob):
        one.write("JOIN #tea")
    bob.read()
    ann.session.receive(b"PRIVMSG #tea :hi\r\n")
    bob.session.receive(b"PING one\r\n")
    server.settle()
    assert [line.split(" ")[1] for line in bob.read()] == ["PRIVMSG", "PONG"]


@pytest.mark.parametrize(
    ("begins", "ends"), [("#tea :", ""), ("#tea :", "é"), ("bob :", ""), ("bob :\x01PING ", "\x01")]
)
def test_a_line_without_room_for_user_and_host_comes_from_the_nick_alone(begins: str, ends: str) -> None:
    server = IrcRoom()
    ann, bob = IrcPerson(server, "ann"), IrcPerson(server, "bob")
    for one in (ann, bob):
        one.write("JOIN #tea")
        one.read()

    def told(size: int) -> str:
        """What bob reads when ann says a line of so many bytes, which is told whole."""
        line = f"PRIVMSG {begins}{'a' * (size - len(f'PRIVMSG {begins}{ends}..'.encode()))}{ends}"
        answer = ann.answer(line)
        (found,) = bob.read() or answer
        source, _, rest = found.partition(" ")
        assert rest == line or answer
        return source

    (mask,) = {told(size) for size in (440, 450)}
    assert mask.startswith(":ann!~ann@")
    most = 512 - len(mask) - 1
    assert (told(most), told(most + 1), told(512 - len(":ann "))) == (mask, ":ann", ":ann")
    assert told(512 - len(":ann ") + 1) == f":{server.world.server}", "417"


def test_a_nick_with_a_dot_is_not_told_alone_for_it_would_seem_a_server() -> None:
    server = IrcRoom()
    ann = IrcPerson(server, "a.nn")
    ann.write("JOIN #tea")
    assert " 417 a.nn :" in ann.answer("PRIVMSG #tea :" + "a" * 490)[0]
