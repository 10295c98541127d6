"""Whatever native clients send, and whatever bytes IRC clients send, IRC clients read only lines that they should."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import strict_irc
from any_request import ASKED, asked, furnished
from besedka.chat.names import fold
from besedka.chat.own_requests import SetProfile
from besedka.chat.requests import Request, Say, SetTopic, Tell
from besedka.chat.room_requests import SetData
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.capabilities import BY_NAME, Capability
from besedka.wire.irc.commands import COMMANDS, When
from besedka.wire.irc.format import Formats
from hub_room import HubRoom
from irc_guest import Guest

TOLD = frozenset(
    {"ACCOUNT", "AWAY", "BATCH", "CHGHOST", "INVITE", "JOIN", "KICK", "MARKREAD", "METADATA", "MODE", "NICK", "NOTICE"}
    | {"PART", "PING", "PRIVMSG", "QUIT", "REDACT", "RENAME", "SETNAME", "TAGMSG", "TOPIC"}
)
"""What a client may be told that has asked nothing."""
BEHIND_JOIN = frozenset({"332", "333", "353", "366"})

NASTY = st.text(max_size=600) | st.sampled_from(
    [
        "\r\nKILL ann :x",
        "\nQUIT",
        "a\rb",
        "\x01VERSION\x01",
        ": :",
        ":",
        " ",
        "@time=1 :eve PRIVMSG #garden :no",
        "\u2028\u202e",
        "ж" * 2000,
        "\U0001f600" * 900,
        "x" * 4096,
        "x " * 2048,
        "\n" * 40 + "x",
    ]
)


def readers(server: HubRoom) -> tuple[Surroundings, list[Guest]]:
    """Guests in every public room: one whose client knows nothing, and one that asked for everything."""
    world = Surroundings(server.hub, created=1)
    formats = Formats(world)
    found = [Guest(server, world, formats, name) for name in ("old", "new")]
    wanted = [name for name, one in BY_NAME.items() if one is not Capability.SASL]
    for name in wanted:
        found[1].write(f"CAP REQ :{name}")
    for one in found:
        one.write("JOIN #lobby,#garden")
        one.link.written.clear()
    return world, found


def check(world: Surroundings, reader: Guest) -> None:
    """All it was told is lines of commands that may come, from people who are there or the server."""
    for line in strict_irc.read(bytes(reader.link.written)):
        assert line.command in TOLD | BEHIND_JOIN, line
        nick = line.source.partition("!")[0]
        known = world.named(fold(nick)) is not None
        assert not line.source or known or nick == world.server or line.command in ("QUIT", "NICK", "AWAY"), line
    reader.link.written.clear()


@settings(max_examples=25)
@given(st.lists(st.sampled_from(ASKED).flatmap(asked), max_size=12))
def test_whatever_is_asked_natively_readers_see_lines(requests: list[Request]) -> None:
    server, ann, _ = furnished()
    world, people = readers(server)
    ann.ask(*(msgspec.structs.replace(one, id=server.new_id()) for one in requests))
    server.settle(5.0)
    assert server.notebook.faults == []
    for one in people:
        check(world, one)


@settings(max_examples=30)
@given(NASTY, st.lists(st.tuples(NASTY, NASTY), max_size=3))
def test_whatever_people_write_readers_see_lines(text: str, tags: list[tuple[str, str]]) -> None:
    server, ann, _ = furnished()
    world, people = readers(server)
    lobby = ann.room("lobby")
    for request in (
        Say(room=lobby, text=text, tags=tuple(tags)),
        SetTopic(room=lobby, topic=text),
        Tell(name="new", text=text, tags=tuple(tags)),
        SetProfile(real_name=text),
        SetData(room=lobby, key="avatar", value=text),
        Say(room=lobby, text="the end"),
    ):
        ann.ask(msgspec.structs.replace(request, id=server.new_id()))
        server.settle()
    server.settle(1.0)
    assert server.notebook.faults == []
    for one in people:
        assert "PRIVMSG #lobby :the end" in one.link.written.decode()
        check(world, one)
        one.write("TOPIC #lobby", "WHO #lobby", "WHOIS ann", "NAMES #lobby", "LIST", "MODE #lobby")
        strict_irc.read(bytes(one.link.written))


# What IRC clients send -------------------------------------------------------------------------------------------

BYTES = st.lists(
    st.binary(max_size=40)
    | st.sampled_from([b"\r\n", b"\n", b" ", b":", b"@", b";", b"=", b"\0", b"\xff", b"#lobby", b"ann", b"x" * 600])
    | st.sampled_from([name.encode() for name in COMMANDS]),
    max_size=40,
).map(b"".join)


@settings(max_examples=50)
@given(st.lists(BYTES, min_size=1, max_size=6), st.booleans())
def test_whatever_bytes_come_nothing_breaks(pieces: list[bytes], everything: bool) -> None:
    server = HubRoom()
    _, people = readers(server)
    guest = people[everything]
    for piece in pieces:
        if guest.session.ended:
            break
        guest.session.receive(piece)
        server.settle()
    assert server.notebook.faults == []
    for one in people:
        strict_irc.read(bytes(one.link.written))


@pytest.fixture(scope="module")
def guest() -> Guest:
    """One that may say everything: a command that needs a capability is unknown without it."""
    return readers(HubRoom())[1][1]


def numerics(guest: Guest, *lines: str) -> list[str]:
    guest.link.written.clear()
    guest.write(*lines)
    return [line.command for line in strict_irc.read(bytes(guest.link.written))]


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.when is When.AFTER])
def test_before_registration_it_is_451(name: str) -> None:
    server = HubRoom()
    world = Surroundings(server.hub, created=1)
    stranger = Guest(server, world, Formats(world), "")
    assert numerics(stranger, f"{name} a b c d") == ["451"]
    assert not server.notebook.faults


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.least and one.when is not When.BEFORE])
def test_with_too_few_parameters_it_is_461(guest: Guest, name: str) -> None:
    least = COMMANDS[name].least
    assert numerics(guest, " ".join([name, *["x"] * (least - 1)])) == ["461"]
    assert numerics(guest, " ".join([name.lower(), *["x"] * (least - 1)])) == ["461"]


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if one.when is When.BEFORE])
def test_what_comes_too_late_is_462(guest: Guest, name: str) -> None:
    assert numerics(guest, f"{name} a b c d") == ["462"]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_line_that_is_too_long_is_417_whatever_it_says(guest: Guest, name: str) -> None:
    assert numerics(guest, f"{name} {'x' * 600}") == ["417"]


@pytest.mark.parametrize("name", list(COMMANDS))
def test_a_line_that_is_not_utf8_fails(guest: Guest, name: str) -> None:
    guest.link.written.clear()
    guest.session.receive(name.encode() + b" \xff\r\n")
    guest.server.settle()
    (line,) = strict_irc.read(bytes(guest.link.written))
    assert (line.command, line.params[:2]) == ("FAIL", (name, "INVALID_UTF8"))


@settings(max_examples=10)
@given(st.from_regex(r"[A-Z]{1,20}", fullmatch=True).filter(lambda name: name not in COMMANDS))
def test_what_is_no_command_is_421(name: str) -> None:
    server = HubRoom()
    _, (guest, _) = readers(server)
    assert numerics(guest, name) == ["421"]
