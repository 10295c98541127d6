"""NickServ and ChanServ: what they do, and that nothing said to them is told to anybody."""

from __future__ import annotations

import pytest

from besedka.chat.entries import Message
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.services import looks_secret
from hub_room import HubRoom
from irc_guests import Guest, Guests

SECRET = "hunter22-hunter22"


@pytest.fixture
def server() -> HubRoom:
    made = HubRoom()
    made.hub.parts.settings = Settings(guests=True)
    return made


@pytest.fixture
def guests(server: HubRoom) -> Guests:
    return Guests(server, Surroundings(server.hub, created=1))


def notices(guest: Guest) -> list[str]:
    """What the services answered."""
    return [line.split(" :", 1)[1] for line in guest.plainly() if "Serv NOTICE " in line or "@besedka. NOTICE " in line]


def messages(server: HubRoom) -> list[str]:
    """Everything that was ever said."""
    rooms = list(server.hub.parts.rooms)
    entries = [entry for one in rooms for entry in one.entries_after(0, one.state.head) or []]
    return [entry.body.text for entry in entries if isinstance(entry.body, Message)]


@pytest.mark.parametrize("way", ["PRIVMSG NickServ :", "NICKSERV ", "NS :", "privmsg nickserv :"])
def test_a_guest_registers_with_nickserv_and_logs_in_again(server: HubRoom, guests: Guests, way: str) -> None:
    ann = guests.come("ann")
    ann.write(f"{way}REGISTER {SECRET}")
    assert notices(ann) == ["The account ann is made, and you are logged in."]
    assert ann.session.online is not None
    assert ann.session.online.registered
    ann.write("QUIT")
    again = guests.come("visitor")
    again.write(f"{way}IDENTIFY ann wrong-password", f"{way}IDENTIFY ann {SECRET}")
    assert notices(again) == ["Wrong name or password.", "You are logged in as ann."]
    assert again.session.online is not None
    assert again.session.online.name == "ann"
    again.write(f"{way}IDENTIFY ann {SECRET}")
    assert notices(again) == ["You are logged in already."]
    assert messages(server) == []


def test_a_service_says_how(guests: Guests) -> None:
    ann = guests.come("ann")
    ann.write(
        "NS", "NS REGISTER", "NS dance", "CS :HELP OP", "NOTICE NickServ :REGISTER", "PRIVMSG NickServ :\x01PING\x01"
    )
    assert notices(ann) == [
        "REGISTER <password> [<invite code>]: make an account that is called like your nick",
        "IDENTIFY [<account>] <password>: log in",
        "PASSWORD <old password> <new password>: change your password",
        "This is how: REGISTER <password> [<invite code>]",
        "There is no such command. HELP tells what there is.",
        "OP <channel> [<nick>]: make somebody an operator",
        "DEOP <channel> [<nick>]: make an operator a member",
        "VOICE <channel> [<nick>]: give somebody a voice",
        "DEVOICE <channel> [<nick>]: take a voice away",
        "REGISTER : nothing: a channel is its opener's",
    ]


def test_chanserv_gives_and_takes_what_one_may(guests: Guests) -> None:
    ann, bob = guests.come("ann"), guests.come("bob")
    for one in (ann, bob):
        one.write("JOIN #tea")
    ann.read()
    bob.read()
    bob.write("CS OP #tea", "CS OP #nowhere")
    assert notices(bob) == ["You may not do that in this room.", "There is no such room."]
    ann.write("PRIVMSG ChanServ :OP #tea bob", "CS VOICE #tea bob")
    assert notices(ann) == ["Done.", "Done."]
    assert [line.split(" ", 1)[1] for line in bob.plainly()] == ["MODE #tea +o bob", "MODE #tea +v bob"]
    ann.write("CS DEOP #tea bob", "CS OP #tea nobody")
    assert notices(ann) == ["Done.", "They are not in that room."]


def test_an_owner_that_asks_for_op_stays_the_owner(server: HubRoom, guests: Guests) -> None:
    server.registered("ann").join("tea")
    ann = guests.come_back("ann")
    ann.read()
    ann.write("CS OP #tea", "CS OP #tea ann")
    assert notices(ann) == ["Done.", "Done."]


def test_a_password_for_nickserv_is_told_to_nobody_else(server: HubRoom, guests: Guests) -> None:
    ann, bob = guests.come("ann"), guests.come("bob")
    for one in (ann, bob):
        one.write("JOIN #tea")
    ann.read()
    bob.read()
    ann.write(
        "PRIVMSG #tea :IDENTIFY hunter22", "PRIVMSG bob :identify ann hunter22", "NOTICE #tea :/ns identify hunter22"
    )
    told = ann.plainly()
    assert [line.split(" ")[0] for line in told] == ["400"] * 3
    assert not any("hunter" in line for line in told)
    assert bob.plainly() == []
    assert messages(server) == []


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("IDENTIFY hunter22", True),
        ("/msg NickServ IDENTIFY ann hunter22", True),
        (" identify ann hunter22", True),
        ("ns register hunter22", True),
        ("hello\nidentify hunter22", True),
        ("I identify with ann", False),
        ("identify", False),
        ("identify the parts of this thing", False),
        ("register now", False),
    ],
)
def test_what_looks_like_a_password(text: str, secret: bool) -> None:
    assert looks_secret(text) is secret
