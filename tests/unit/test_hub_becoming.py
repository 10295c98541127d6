"""Guests that log in: what becomes of their session, their rooms and their standing, seen through IRC sessions."""

from __future__ import annotations

import base64

import msgspec
import pytest

from besedka.chat.entries import RoomRole
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.hub.ports import Peer
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from hub_room import PASSWORD, HubRoom, Wire


class Arbour:
    """A server that admits guests, and its IRC door."""

    def __init__(self) -> None:
        self.server = HubRoom()
        self.server.hub.parts.settings = Settings(guests=True)
        self.world = Surroundings(self.server.hub, created=1)
        self.formats = Formats(self.world)

    def guest(self, name: str, *capabilities: str) -> Guest:
        return Guest(self, name, capabilities)

    def account(self, name: str) -> None:
        adding = self.server.accounts.add_account(
            name=AccountName(name),
            password_hash=f"hash of {PASSWORD}",
            role=AccountRole.USER,
            address="",
            now=0,
            invitation=None,
        )
        self.server.done(adding)

    def members(self, room: str) -> dict[str, RoomRole]:
        opened = self.server.hub.parts.rooms.named(fold(room))
        assert opened is not None
        assert not opened.guests or all(guest.sessions for guest in opened.guests.values())
        return {member.name: member.role for member in opened.state.members.values()}

    def guests(self, room: str) -> list[str]:
        opened = self.server.hub.parts.rooms.named(fold(room))
        assert opened is not None
        return [guest.name for guest in opened.guests.values()]


class Guest:
    """A guest at an IRC client."""

    def __init__(self, arbour: Arbour, name: str, capabilities: tuple[str, ...]) -> None:
        self.server = arbour.server
        self.link = Wire()
        protocol = IrcServer(arbour.server.limits, arbour.world, arbour.formats)
        session = arbour.server.hub.connect(self.link, Peer("203.0.113.9", True, "irc"), protocol)
        assert session is not None
        self.session = session
        if capabilities:
            self.write(f"CAP REQ :{' '.join(capabilities)}", "CAP END")
        self.write(f"NICK {name}", f"USER {name} 0 * :{name.title()}")
        self.read()

    def write(self, *lines: str) -> None:
        self.session.receive("".join(line + "\r\n" for line in lines).encode())
        self.server.settle()

    def log_in(self, name: str, password: str = PASSWORD) -> None:
        secret = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self.write("AUTHENTICATE PLAIN", f"AUTHENTICATE {secret}")

    def read(self) -> list[str]:
        text = self.link.written.decode()
        self.link.written.clear()
        return text.split("\r\n")[:-1]

    def said(self) -> list[str]:
        """What people did, with their nicks."""
        lines = [line for line in self.read() if "!" in line.split(" ")[0]]
        return [f"{line[1:].partition('!')[0]} {line.split(' ', 1)[1]}" for line in lines]

    def commands(self) -> list[str]:
        return [line.split(" ")[1] for line in self.read() if line.startswith(":")]


@pytest.fixture
def arbour() -> Arbour:
    return Arbour()


def test_a_guest_that_registers_stays_where_it_is_and_what_it_is(arbour: Arbour) -> None:
    ann, bob, eve = arbour.guest("ann"), arbour.guest("bob", "account-notify"), arbour.guest("eve")
    for one in (ann, bob, eve):
        one.write("JOIN #tea,#cake")
    for one in (ann, bob, eve):
        one.read()
    ann.write(f"REGISTER * * :{PASSWORD}")
    assert ann.commands() == ["REGISTER", "900"]
    assert bob.said() == ["ann ACCOUNT ann"]
    assert eve.said() == []
    assert arbour.members("tea") == {"ann": RoomRole.MODERATOR}
    assert arbour.guests("tea") == ["bob", "eve"]
    bob.write("PRIVMSG #tea :hi", "NAMES #tea")
    assert ann.said() == ["bob PRIVMSG #tea :hi"]
    (names,) = [line for line in bob.read() if " 353 " in line]
    assert names.endswith(" #tea :@ann bob eve")
    ann.write("PRIVMSG #cake :hello")
    assert "ann PRIVMSG #cake :hello" in bob.said()
    ann.write("QUIT")
    assert arbour.members("tea") == {"ann": RoomRole.MODERATOR}


def test_a_guest_that_logs_in_is_told_its_name_and_others_that_it_came(arbour: Arbour) -> None:
    arbour.account("carol")
    ann, bob = arbour.guest("ann", "account-notify", "extended-join"), arbour.guest("bob", "extended-join")
    for one in (ann, bob):
        one.write("JOIN #tea")
        one.read()
    ann.read()
    bob.write("MONITOR + ann,carol")
    bob.read()
    ann.log_in("carol")
    lines = ann.read()
    assert [line.split(" ")[1] for line in lines if line.startswith(":")][:4] == ["900", "903", "NICK", "ACCOUNT"]
    assert not any(" JOIN " in line for line in lines)
    heard = bob.read()
    assert [line.split(" ")[1] for line in heard] == ["QUIT", "731", "730", "JOIN"]
    assert heard[-1].endswith(" JOIN #tea carol carol")
    assert arbour.members("tea") == {"carol": RoomRole.MODERATOR}
    bob.write("PRIVMSG carol :hi")
    assert ann.said() == ["bob PRIVMSG carol :hi"]
    newcomer = arbour.guest("ann")
    assert newcomer.session.online is not None


def test_who_logs_in_is_in_the_rooms_of_its_account_too(arbour: Arbour) -> None:
    first = arbour.guest("carol")
    first.write("JOIN #cake", f"REGISTER * * :{PASSWORD}")
    ann = arbour.guest("ann")
    ann.write("JOIN #tea")
    ann.read()
    ann.log_in("carol")
    assert [line for line in ann.said() if " JOIN " in line] == ["carol JOIN #cake"]
    first.write("PRIVMSG #cake :from the other", "PRIVMSG #tea :here too")
    assert ann.said() == ["carol PRIVMSG #cake :from the other", "carol PRIVMSG #tea :here too"]


def test_whom_a_room_bans_by_name_it_does_not_keep(arbour: Arbour) -> None:
    arbour.account("carol")
    ann, bob = arbour.guest("ann"), arbour.guest("bob")
    bob.write("JOIN #tea", "MODE #tea +b carol")
    ann.write("JOIN #tea")
    ann.log_in("carol")
    assert arbour.members("tea") == {}
    assert arbour.guests("tea") == ["bob"]
    ann.read()
    bob.write("PRIVMSG #tea :among us")
    assert ann.said() == []


def test_a_wrong_password_leaves_a_guest_what_it_is(arbour: Arbour) -> None:
    arbour.account("carol")
    ann = arbour.guest("ann")
    ann.write("JOIN #tea")
    ann.read()
    ann.log_in("carol", "something else")
    assert ann.commands() == ["904"]
    assert arbour.guests("tea") == ["ann"]
    ann.log_in("carol")
    assert ann.commands()[:3] == ["900", "903", "NICK"]
    ann.write("AUTHENTICATE PLAIN")
    assert ann.commands() == ["907"]


def test_a_nick_that_a_guest_bears_is_registered_by_nobody_else(arbour: Arbour) -> None:
    arbour.guest("ann")
    server = arbour.server
    irc = msgspec.structs.replace(server.hub.parts.settings.irc, before_connect=True)
    server.hub.parts.settings = msgspec.structs.replace(server.hub.parts.settings, irc=irc)
    other = arbour.guest("bob")
    assert other.session.online is not None
    assert other.session.online.principal < PrincipalId(0)
    thief = Guest(arbour, "", ())
    thief.write("NICK ann", f"REGISTER * * :{PASSWORD}")
    assert [line.split(" ")[1:4] for line in thief.read()][-1] == ["FAIL", "REGISTER", "USERNAME_EXISTS"]


def test_who_guesses_too_often_is_parted(arbour: Arbour) -> None:
    arbour.account("carol")
    ann = arbour.guest("ann")
    for _ in range(arbour.server.limits.login_attempts_max):
        ann.log_in("carol", "something else")
    assert ann.link.closed
