"""Labelled lines that change where their sender is (IRCv3 labeled-response), through a whole hub."""

from __future__ import annotations

import re

import pytest

from besedka.hub.ports import Peer
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from hub_room import PASSWORD, HubRoom, Wire

LABELS = "labeled-response batch message-tags"


class Account:
    """A session of an account at an IRC client."""

    def __init__(self, server: HubRoom, formats: Formats, world: Surroundings, name: str, capabilities: str) -> None:
        self.server = server
        self.link = Wire()
        session = server.hub.connect(
            self.link, Peer("127.0.0.1", True, "irc"), IrcServer(server.limits, world, formats)
        )
        assert session is not None
        self.session = session
        asked = [f"CAP REQ :{capabilities}", "CAP END"] if capabilities else []
        self.write(f"PASS :{name}:{PASSWORD}", *asked, f"NICK {name}", f"USER {name} 0 * :{name}")
        self.read()

    def write(self, *lines: str) -> None:
        self.session.receive("".join(line + "\r\n" for line in lines).encode())
        self.server.settle()

    def read(self) -> list[str]:
        """What was told, without who people are, and without numerics."""
        text = re.sub(r"![^ ]+", "", self.link.written.decode())
        self.link.written.clear()
        return [line for line in text.split("\r\n")[:-1] if not re.search(r"(^| ):besedka\. \d{3} ", line)]


@pytest.fixture
def people() -> tuple[Account, Account]:
    """Ann, who labels, and Bob, who reads."""
    server = HubRoom()
    world = Surroundings(server.hub, created=1)
    formats = Formats(world)
    for name in ("ann", "bob"):
        server.registered(name)
    return Account(server, formats, world, "ann", LABELS), Account(server, formats, world, "bob", "")


def test_ones_own_joining_and_leaving_are_the_answer(people: tuple[Account, Account]) -> None:
    ann, bob = people
    bob.write("JOIN #tea", "PRIVMSG #tea :anybody?")
    ann.write("@label=a JOIN #tea")
    begin, joined, *_, end = ann.read()
    batch = begin.split(" ")[3][1:]
    assert begin == f"@label=a :besedka. BATCH +{batch} labeled-response"
    room = joined.partition("msgid=")[2].partition("-")[0]
    assert re.fullmatch(rf"@batch={batch};msgid=\d+-4 :ann JOIN #tea", joined)
    assert end == f":besedka. BATCH -{batch}"
    ann.write("@label=b PART #tea :bye")
    assert ann.read() == [f"@label=b;msgid={room}-5 :ann PART #tea bye"]
    bob.write("PRIVMSG #tea :gone?")
    assert ann.read() == []
    assert bob.read()[-2:] == [":ann JOIN #tea", ":ann PART #tea bye"]


def test_a_room_that_is_made_by_joining_it_is_entered_once(people: tuple[Account, Account]) -> None:
    ann, _ = people
    ann.write("@label=a JOIN #cake", "@label=b PRIVMSG #cake :hi", "@label=c JOIN #cake")
    told = ann.read()
    assert [line.rpartition(":ann ")[2] for line in told if ":ann " in line] == ["JOIN #cake"]
    assert [line for line in told if line.startswith("@label=b")] == ["@label=b :besedka. ACK"]
    assert told[-1] == "@label=c :besedka. ACK"


def test_what_others_said_before_one_left_is_told_and_nothing_twice(people: tuple[Account, Account]) -> None:
    ann, bob = people
    for one in (bob, ann):
        one.write("JOIN #tea")
        one.read()
    bob.session.receive(b"PRIVMSG #tea :wait\r\n")
    ann.session.receive(b"@label=a PART #tea\r\n")
    ann.server.settle()
    assert [line.rpartition(" :")[2] if "wait" in line else line.partition(" ")[2] for line in ann.read()] == [
        "wait",
        ":ann PART #tea",
    ]


def test_others_sessions_of_the_account_are_told_by_the_room(people: tuple[Account, Account]) -> None:
    ann, bob = people
    world = Surroundings(ann.server.hub, created=1)
    other = Account(ann.server, Formats(world), world, "ann", "")
    ann.write("@label=a JOIN #tea,#cake")
    assert sorted(other.read()) == [":ann JOIN #cake", ":ann JOIN #tea"]
    ann.write("@label=b PART #tea,#cake")
    assert sorted(other.read()) == [":ann PART #cake", ":ann PART #tea"]
    assert bob.read() == []
