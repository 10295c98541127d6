"""What is told and not kept: CTCP, TAGMSG, STATUSMSG, typing; seen through IRC sessions and a native one."""

from __future__ import annotations

import re

import pytest

from besedka.chat.told import TypingState
from besedka.hub.ports import Peer
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from hub_room import HubRoom, Wire

TAGS = ("message-tags", "echo-message")


class Client:
    """A guest at an IRC client."""

    def __init__(self, place: Place, name: str, *capabilities: str) -> None:
        self.server = place.server
        self.link = Wire()
        protocol = IrcServer(place.server.limits, place.world, place.formats)
        session = place.server.hub.connect(self.link, Peer("203.0.113.9", True, "irc"), protocol)
        assert session is not None
        self.session = session
        wanted = [f"CAP REQ :{' '.join(capabilities)}", "CAP END"] if capabilities else []
        self.write(*wanted, f"NICK {name}", f"USER {name} 0 * :{name}", "JOIN #tea")

    def write(self, *lines: str) -> None:
        self.session.receive("".join(line + "\r\n" for line in lines).encode())
        self.server.settle()

    def read(self) -> list[str]:
        """What was told, without who people are, and with marks and times that chance made as `?`."""
        text = self.link.written.decode()
        self.link.written.clear()
        known = re.sub(r"msgid=[0-9a-f]{18}\b", "msgid=?", re.sub(r"![^ ]+", "", text))
        return known.split("\r\n")[:-1]


class Place:
    """A server with a room `#tea`."""

    def __init__(self) -> None:
        self.server = HubRoom()
        self.world = Surroundings(self.server.hub, created=1)
        self.formats = Formats(self.world)

    def clients(self, *names: str, capabilities: tuple[str, ...] = TAGS) -> list[Client]:
        found = [Client(self, name, *capabilities) for name in names]
        for client in found:
            client.read()
        return found


@pytest.fixture
def place() -> Place:
    return Place()


def test_programs_ask_each_other_and_nothing_of_it_is_kept(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    kept = place.server.hub.entries_kept
    ann.write("PRIVMSG #tea :\x01VERSION\x01", "PRIVMSG bob :\x01PING 1\x01")
    bob.write("NOTICE ann :\x01PING 1\x01")
    assert bob.read() == [
        "@msgid=? :ann PRIVMSG #tea :\x01VERSION\x01",
        "@msgid=? :ann PRIVMSG bob :\x01PING 1\x01",
        "@msgid=? :bob NOTICE ann :\x01PING 1\x01",
    ]
    assert ann.read()[-1] == "@msgid=? :bob NOTICE ann :\x01PING 1\x01"
    assert place.server.hub.entries_kept == kept


def test_whoever_wants_no_questions_of_programs_is_told_all_else(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    bob.write("MODE bob +T", "MODE bob")
    assert [line.partition(" ")[2] for line in bob.read()] == ["MODE bob +T", "221 bob +T"]
    said = ["PRIVMSG bob :\x01VERSION\x01", "NOTICE bob :\x01VERSION me\x01", "PRIVMSG #tea :\x01TIME\x01"]
    ann.write(*said, "@+a=1 TAGMSG bob", "PRIVMSG bob :\x01ACTION waves\x01", "PRIVMSG bob :and speaks")
    heard = [line.partition(" :ann ")[2] for line in bob.read()]
    assert heard == [*said[1:], "TAGMSG bob", "PRIVMSG bob :\x01ACTION waves\x01", "PRIVMSG bob :and speaks"]
    bob.write("MODE bob -T")
    bob.read()
    ann.write(said[0])
    assert bob.read()[0].endswith(said[0])


def test_a_room_without_ctcp_lets_nobody_ask(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    ann.write("MODE #tea +C", "PRIVMSG #tea :\x01VERSION\x01", "PRIVMSG #tea :\x01ACTION waves\x01")
    assert [line.split(" ")[1] for line in ann.read()[1:]] == ["404", ":ann"]
    assert [line.partition(" ")[2] for line in bob.read()[1:]] == [":ann PRIVMSG #tea :\x01ACTION waves\x01"]


def test_tags_go_to_those_who_take_them(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    (eve,) = place.clients("eve", capabilities=())
    for one in (ann, bob):
        one.read()
    ann.write(r"@+a/b=x\:y;c=d TAGMSG #tea", "@+a=1 PRIVMSG #tea :hi", "TAGMSG nobody")
    shown = bob.read()
    assert shown[0] == r"@msgid=?;+a/b=x\:y :ann TAGMSG #tea"
    assert re.fullmatch(r"@msgid=\d+-\d+;\+a=1 :ann PRIVMSG #tea :hi", shown[1])
    assert ann.read() == [*shown, f":{place.world.server} 401 ann nobody :No such nick/channel"]
    assert eve.read() == [":ann PRIVMSG #tea :hi"]


def test_to_oneself_it_is_told_as_an_echo_and_as_delivered(place: Place) -> None:
    (ann,) = place.clients("ann")
    ann.write("@+a=1 TAGMSG ann")
    assert ann.read() == ["@msgid=?;+a=1 :ann TAGMSG ann"] * 2


def test_a_prefix_in_front_of_a_channel_is_for_those_who_have_it(place: Place) -> None:
    ann, bob, eve = place.clients("ann", "bob", "eve")
    ann.write("MODE #tea +v bob")
    for one in (ann, bob, eve):
        one.read()
    eve.write("PRIVMSG @#tea :to operators", "PRIVMSG +#tea :to voices", "TAGMSG @#none")
    heard = ["@msgid=? :eve PRIVMSG @#tea :to operators", "@msgid=? :eve PRIVMSG +#tea :to voices"]
    assert (ann.read(), bob.read()) == (heard, heard[1:])
    assert eve.read() == [*heard, f":{place.world.server} 403 eve @#none :No such channel"]
    ann.write("MODE #tea +m")
    eve.read()
    eve.write("PRIVMSG @#tea :psst")
    assert [line.split(" ")[1] for line in eve.read()] == ["404"]


def test_writing_is_told_to_every_program(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    ann.write("@+typing=active TAGMSG #tea")
    place.server.settle(1)
    assert [line.partition(" ")[0] for line in ann.read()] == ["@msgid=?;+typing=active"]
    assert bob.read() == ["@+typing=active :ann TAGMSG #tea"]
    assert bob.session.online is not None
    (tea,) = bob.session.live
    place.server.hub.parts.signals.typing(tea, bob.session.online, TypingState.PAUSED)
    place.server.settle(1)
    assert ann.read() == ["@+typing=paused :bob TAGMSG #tea"]
    assert bob.read() == []


def test_a_reply_and_a_reaction_refer_to_what_there_is(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    ann.write("PRIVMSG #tea :tea?")
    said = ann.read()[0].partition(" ")[0].removeprefix("@msgid=")
    room = said.partition("-")[0]
    bob.read()
    bob.write(f"@+draft/reply={said} PRIVMSG #tea :please", f"@+draft/react=+1;+draft/reply={said} TAGMSG #tea")
    bob.write(f"@+draft/reply={said};+draft/unreact=+1 TAGMSG #tea")
    shown = ann.read()
    tags = [line.partition(" ")[0].split(";") for line in shown]
    assert tags[0][1:] == [f"+draft/reply={said}"]
    assert tags[1] == [f"@msgid={room}-4", f"+draft/reply={said}", "+draft/react=+1"]
    assert tags[2] == [f"@msgid={room}-5", f"+draft/reply={said}", "+draft/unreact=+1"]
    assert bob.read() == shown
    bob.write("@+draft/reply=1-99 PRIVMSG #tea :what?", f"@+draft/react=x;+draft/reply={room}-99 TAGMSG #tea")
    assert [line.split(";", 1)[1] for line in ann.read()] == [
        "+draft/reply=1-99 :bob PRIVMSG #tea :what?",
        f"+draft/react=x;+draft/reply={room}-99 :bob TAGMSG #tea",
    ]


def test_a_reply_to_a_person_refers_to_what_was_said_there(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    ann.write("PRIVMSG bob :hi")
    said = ann.read()[-1].partition(" ")[0].removeprefix("@msgid=")
    bob.read()
    bob.write(f"@+draft/reply={said};+x=y PRIVMSG ann :yes", f"@+draft/react=+1;+draft/reply={said} TAGMSG ann")
    shown = ann.read()
    assert [line.split(";", 1)[1] for line in shown] == [
        f"+draft/reply={said};+x=y :bob PRIVMSG ann :yes",
        f"+draft/reply={said};+draft/react=+1 :bob TAGMSG ann",
    ]
    assert bob.read() == shown


def test_what_was_said_is_taken_away_for_those_who_asked_to_know(place: Place) -> None:
    ann, bob = place.clients("ann", "bob", capabilities=(*TAGS, "draft/message-redaction"))
    (eve,) = place.clients("eve")
    ann.write("PRIVMSG #tea :one", "PRIVMSG #tea :two")
    first, second = (line.partition(" ")[0].removeprefix("@msgid=") for line in ann.read()[-2:])
    bob.read()
    eve.read()
    bob.write(f"REDACT #tea {first}", "REDACT #tea x", f"REDACT #none {first}", f"REDACT ann {first}")
    assert [line.split(" ", 1)[1].partition(" :")[0] for line in bob.read()] == [
        f"FAIL REDACT REDACT_FORBIDDEN #tea {first}",
        "FAIL REDACT UNKNOWN_MSGID #tea x",
        "FAIL REDACT INVALID_TARGET #none",
        f"FAIL REDACT UNKNOWN_MSGID ann {first}",
    ]
    ann.write(f"REDACT #tea {first} :a slip", f"REDACT #tea {second}", f"REDACT #tea {second}")
    shown = bob.read()
    assert [line.partition(" ")[2] for line in shown] == [
        f":ann REDACT #tea {first} :a slip",
        f":ann REDACT #tea {second}",
    ]
    *told, failed = ann.read()
    assert told == shown
    assert f" FAIL REDACT UNKNOWN_MSGID #tea {second} :" in failed
    assert eve.read() == []


def test_a_reaction_of_ones_own_is_taken_back_by_its_id(place: Place) -> None:
    ann, bob = place.clients("ann", "bob", capabilities=(*TAGS, "draft/message-redaction"))
    ann.write("PRIVMSG #tea :one")
    said = ann.read()[-1].partition(" ")[0].removeprefix("@msgid=")
    bob.write(f"@+draft/react=+1;+draft/reply={said} TAGMSG #tea")
    mark = bob.read()[-1].partition(";")[0].removeprefix("@msgid=")
    ann.write(f"REDACT #tea {mark}")
    assert f"FAIL REDACT UNKNOWN_MSGID #tea {mark} :" in ann.read()[-1]
    bob.write(f"REDACT #tea {mark}")
    assert ann.read()[-1].endswith(f";+draft/reply={said};+draft/unreact=+1 :bob TAGMSG #tea")


def test_a_bot_is_known_by_its_tag(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    ann.write("MODE ann +B", "PRIVMSG #tea :hi", "TAGMSG #tea", "@+typing=active TAGMSG #tea")
    place.server.settle(1)
    tags = [line.partition(" ")[0].split(";") for line in bob.read()]
    assert [tags[0][1:], tags[1], tags[2]] == [["bot"], ["@bot", "msgid=?"], ["@bot", "+typing=active"]]


def test_who_is_ignored_or_not_there_is_not_heard(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    assert ann.session.online is not None
    bob.session.ignore([ann.session.online.principal])
    ann.write("TAGMSG #tea", "TAGMSG bob")
    assert bob.read() == []
    assert len(ann.read()) == 2


@pytest.mark.parametrize("line", ["+draft/persist TAGMSG bob", "+a=b TAGMSG bob"])
def test_a_label_is_answered_by_the_echo(place: Place, line: str) -> None:
    ann, bob = place.clients("ann", "bob", capabilities=(*TAGS, "labeled-response", "batch"))
    ann.write(f"@label=x;{line}", "@label=y PRIVMSG bob :\x01VERSION\x01", "@label=z PRIVMSG bob :hi")
    assert [line.partition(";")[0] for line in ann.read()] == ["@label=x", "@label=y", "@label=z"]
    said = bob.read()[-1].partition(" ")[0].removeprefix("@msgid=")
    ann.write(f"@label=r;+draft/react=+1;+draft/reply={said} TAGMSG bob")
    assert [line.partition(";")[0] for line in ann.read()] == ["@label=r"]


def test_writing_to_one_person_is_told_in_their_conversation(place: Place) -> None:
    ann, bob = place.clients("ann", "bob")
    ann.write("@+typing=active TAGMSG bob")
    place.server.settle(1)
    assert bob.read() == ["@msgid=?;+typing=active :ann TAGMSG bob"]
    ann.write("PRIVMSG bob :hi")
    bob.read()
    ann.write("@+typing=active TAGMSG bob")
    place.server.settle(1)
    assert bob.read() == ["@+typing=active :ann TAGMSG bob"]
