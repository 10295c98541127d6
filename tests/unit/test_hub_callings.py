"""What people are called: nicks of guests and of accounts, seen through IRC sessions of one hub."""

from __future__ import annotations

import base64

from besedka.chat.entries import MembershipChanged, Message
from besedka.chat.names import fold
from besedka.chat.own_requests import ChangeNick
from besedka.chat.principals import AccountName, AccountRole
from besedka.chat.refusals import Code
from besedka.chat.told import Called
from besedka.hub.governing import HubGovernor
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.limits import Limits
from besedka.wire.irc.settings import IrcSettings, Nicks
from hub_room import PASSWORD, HubRoom
from irc_guests import Guest, Guests


class Arbour:
    """A server with guests and accounts at its IRC door."""

    def __init__(self, nicks: Nicks = Nicks.FREE, *, limits: Limits | None = None) -> None:
        self.server = HubRoom() if limits is None else HubRoom(limits=limits)
        self.server.hub.parts.settings = Settings(guests=True, irc=IrcSettings(nicks=nicks))
        self.guests = Guests(self.server, Surroundings(self.server.hub, created=1))
        self.come = self.guests.come

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

    def log_in(self, account: str, nick: str, *capabilities: str) -> Guest:
        visitor = self.guests.visitor(nick)
        asked = [f"CAP REQ :{' '.join(capabilities)}", "CAP END"] if capabilities else []
        visitor.write(*asked, f"PASS :{account}:{PASSWORD}", f"NICK {nick}", "USER a 0 * :A")
        visitor.welcome = visitor.plainly()
        return visitor


def said(guest: Guest) -> list[str]:
    """What people did, with their nicks."""
    lines = [line for line in guest.plainly() if "!" in line.split(" ")[0]]
    return [f"{line[1:].partition('!')[0]} {line.split(' ', 1)[1]}" for line in lines]


def in_room(*people: Guest) -> None:
    for one in people:
        one.write("JOIN #tea")
    for one in people:
        one.read()


def test_a_guest_changes_its_nick_and_all_around_are_told_once() -> None:
    arbour = Arbour(Nicks.ACCOUNT)
    ann, bob, eve = arbour.come("ann"), arbour.come("bob"), arbour.come("eve")
    in_room(ann, bob)
    ann.write("JOIN #cake")
    bob.write("JOIN #cake")
    ann.read()
    bob.read()
    ann.write("NICK anna")
    assert said(ann) == ["ann NICK anna"]
    assert said(bob) == ["ann NICK anna"]
    assert said(eve) == []
    bob.write("NAMES #tea", "PRIVMSG anna :hi", "WHOWAS ann", "PRIVMSG ann :gone")
    assert [line.split(" ")[0] for line in bob.plainly()] == ["353", "366", "314", "312", "369", "401"]
    assert said(ann) == ["bob PRIVMSG anna :hi"]
    assert arbour.come("ann").welcome[0].startswith("001 ann ")


def test_a_nick_is_refused_for_what_is_wrong_with_it_and_changes_nothing() -> None:
    arbour = Arbour(Nicks.ACCOUNT)
    arbour.account("carol")
    ann, bob = arbour.come("ann"), arbour.come("bob")
    in_room(ann, bob)
    ann.write("NICK", "NICK bob", "NICK BOB", "NICK Carol", "NICK :a b", "NICK nickserv", "NICK 0x", "NICK ann")
    replies = [line.split(" ")[0] for line in ann.plainly()]
    assert replies == ["431", "433", "433", "433", "432", "432", "432"]
    assert said(bob) == []
    ann.write("NICK Ann")
    assert said(ann) == ["ann NICK Ann"]
    assert said(bob) == ["ann NICK Ann"]
    bob.write("WHOWAS ann")
    assert "406" in bob.plainly()[0]


def test_a_nick_changes_so_often_and_no_oftener() -> None:
    arbour = Arbour(limits=Limits(nick_changes_burst=2))
    ann = arbour.come("ann")
    ann.write("NICK a1", "NICK a2", "NICK a3")
    assert [line.split(" ")[1 if line.startswith(":") else 0] for line in ann.plainly()] == ["NICK", "NICK", "438"]


def test_a_session_of_an_account_bears_its_name_unless_nicks_are_free() -> None:
    arbour = Arbour(Nicks.ACCOUNT)
    arbour.account("carol")
    carol = arbour.log_in("carol", "caro")
    assert carol.welcome[0].startswith("001 carol ")
    carol.write("NICK caro")
    assert [line.split(" ")[0] for line in carol.plainly()] == ["447"]


def test_the_first_session_chooses_a_free_nick_for_all() -> None:
    arbour = Arbour()
    arbour.account("carol")
    first = arbour.log_in("carol", "caro")
    assert first.welcome[0].startswith("001 caro ")
    second = arbour.log_in("carol", "other")
    assert second.welcome[0].startswith("001 caro ")
    second.write("NICK cc")
    assert said(second) == ["caro NICK cc"]
    assert said(first) == ["caro NICK cc"]
    bob = arbour.guests.visitor("cc")
    bob.write("NICK cc", "USER b 0 * :B")
    assert bob.plainly() == ["433 * cc :Nickname is already in use"]
    bob.write("NICK carol")
    assert bob.plainly() == ["433 * carol :Nickname is already in use"]


def test_what_is_kept_has_the_nick_and_the_account() -> None:
    arbour = Arbour()
    arbour.account("carol")
    carol = arbour.log_in("carol", "caro")
    bob = arbour.come("bob", "account-tag", "extended-join")
    in_room(bob)
    carol.write("JOIN #tea", "PRIVMSG #tea :hi")
    lines = bob.read()
    assert [line.split(" ")[0] for line in lines] == ["@account=carol"] * 2
    assert lines[0].endswith(" JOIN #tea carol A")
    assert ":caro!" in lines[1]
    opened = arbour.server.hub.parts.rooms.named(fold("tea"))
    assert opened is not None
    entries = opened.entries_after(0, opened.state.head) or []
    joined, message = [one for one in entries if isinstance(one.body, MembershipChanged | Message)][-2:]
    assert isinstance(joined.body, MembershipChanged)
    assert (joined.body.people[0].name, message.name) == ("carol", "caro")


def test_a_nick_and_the_name_of_the_account_both_lead_to_it() -> None:
    arbour = Arbour()
    arbour.account("carol")
    carol, bob = arbour.log_in("carol", "caro"), arbour.come("bob")
    in_room(bob, carol)
    bob.read()
    bob.write("PRIVMSG caro :one", "PRIVMSG carol :two", "WHOIS caro")
    assert said(carol) == ["bob PRIVMSG caro :one", "bob PRIVMSG caro :two"]
    assert "330 bob caro carol :is logged in as" in bob.plainly()
    bob.write("MODE #tea +v caro", "NAMES #tea")
    assert said(carol) == ["bob MODE #tea +v caro"]
    assert any(line.endswith(" #tea :+caro @bob") for line in bob.plainly())
    bob.write("KICK #tea caro :bye")
    assert said(carol) == ["bob KICK #tea caro :bye"]
    bob.write("INVITE caro #tea")
    assert said(carol) == ["bob INVITE caro #tea"]


def test_the_nick_is_the_name_again_when_the_last_session_is_gone() -> None:
    arbour = Arbour()
    arbour.account("carol")
    carol, bob = arbour.log_in("carol", "caro"), arbour.come("bob")
    other = arbour.log_in("carol", "caro")
    in_room(bob, carol)
    bob.read()
    other.write("QUIT")
    assert said(bob) == []
    carol.write("QUIT")
    assert said(bob) == ["caro NICK carol"]
    bob.write("NAMES #tea", "NICK caro")
    assert any(line.endswith(" #tea :carol @bob") for line in bob.plainly())
    assert arbour.log_in("carol", "caro").plainly() == []


def test_an_account_that_the_operator_makes_takes_its_name_from_whoever_bears_it() -> None:
    arbour = Arbour()
    arbour.account("carol")
    ann, carol = arbour.come("ann"), arbour.log_in("carol", "caro")
    in_room(ann, carol)
    ann.read()
    governing = HubGovernor(arbour.server.hub)
    assert governing.claim_name(fold("ANN"))
    (told,) = said(ann)
    assert told.startswith("ann NICK guest-")
    assert said(carol) == [told]
    assert governing.claim_name(fold("caro"))
    assert said(ann) == ["caro NICK carol"]
    assert governing.claim_name(fold("carol"))
    assert said(ann) == []
    assert not governing.claim_name(fold("ann"))
    governing.release_name(fold("ann"))
    ann.write("WHOWAS ann")
    assert "314" in ann.plainly()[0]


def test_native_people_are_told() -> None:
    arbour = Arbour()
    ann, carol = arbour.come("ann"), arbour.server.registered("carol").sync()
    ann.write("JOIN #lobby", "NICK anna")
    (told,) = carol.told(Called)
    assert (told.was, told.person.name) == ("ann", "anna")


def test_a_native_session_may_ask_where_nicks_are_free() -> None:
    for nicks, expected in ((Nicks.FREE, []), (Nicks.ACCOUNT, [Code.NICK_FIXED])):
        arbour = Arbour(nicks)
        carol = arbour.server.registered("carol")
        carol.ask(ChangeNick(id=arbour.server.new_id(), name="caro"))
        arbour.server.settle()
        assert carol.refusals() == expected


def test_whoever_logs_in_keeps_the_nick_and_is_the_same_to_others() -> None:
    arbour = Arbour()
    arbour.account("carol")
    ann, bob = arbour.come("ann"), arbour.come("bob", "account-notify")
    in_room(ann, bob)
    ann.read()
    ann.write("AUTHENTICATE PLAIN", f"AUTHENTICATE {plain('carol')}")
    assert not any(" NICK " in line for line in ann.read())
    assert said(bob) == ["ann ACCOUNT carol"]
    bob.write("NAMES #tea")
    assert any(line.endswith(" #tea :@ann bob") for line in bob.plainly())


def plain(name: str) -> str:
    return base64.b64encode(f"\0{name}\0{PASSWORD}".encode()).decode()
