"""Everybody at an IRC client reads a room in its order and nothing twice: what they do themselves, and from behind."""

from __future__ import annotations

import msgspec

from besedka.chat.retention import Retention
from besedka.hub.settings import Settings
from besedka.limits import Limits
from hub_room import HubRoom, Wire
from irc_company import Company, Sitter

LABELS = ("batch", "echo-message", "labeled-response")


class Narrow(Wire):
    """A link that the next bytes fill, once that is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.fills = False

    def write(self, data: bytes) -> None:
        super().write(data)
        self.full = self.full or self.fills


class AtNarrow(Sitter):
    """Somebody whose link can be filled."""

    link: Narrow

    def fill(self) -> None:
        """From the next bytes on it takes no more."""
        self.link.fills = True

    def drain(self) -> None:
        """It takes everything again."""
        self.link.fills = self.link.full = False
        self.company.server.hub.drained(self.session)
        self.company.server.settle()


def narrowly(company: Company, name: str, *capabilities: str) -> AtNarrow:
    """A guest in #tea, whose link can be filled."""
    sitter = narrow_one(company.guest(name, *capabilities))
    sitter.write("JOIN #tea")
    sitter.read()
    return sitter


def narrow_one(sitter: Sitter) -> AtNarrow:
    """The same person, at a link that can be filled."""
    sitter.__class__ = AtNarrow
    assert isinstance(sitter, AtNarrow)
    sitter.link = sitter.session.link = Narrow()
    return sitter


def company(**limits: int) -> Company:
    found = Company(HubRoom(limits=msgspec.structs.replace(Limits(), **limits)))
    found.register("ann")
    owner = found.account("ann")
    owner.write("JOIN #tea")
    return found


def together(*said: tuple[Sitter, str]) -> None:
    """Several lines that arrive before the server does anything."""
    for sitter, line in said:
        sitter.session.receive(f"{line}\r\n".encode())
    said[0][0].company.server.settle()


def said(sitter: Sitter) -> list[str]:
    """What people said, in short."""
    lines = [line for line in sitter.read() if "PRIVMSG" in line]
    return [line.partition("PRIVMSG ")[2] for line in lines]


def test_a_labelled_echo_stands_behind_what_others_said_before() -> None:
    here = company()
    bob, eve = (here.guest(name, *LABELS) for name in ("bob", "eve"))
    for one in (bob, eve):
        one.write("JOIN #tea")
    bob.read()
    eve.read()
    together((eve, "PRIVMSG #tea :one"), (bob, "@label=b PRIVMSG #tea :two"), (eve, "@label=e PRIVMSG #tea :three"))
    assert said(bob) == said(eve) == ["#tea :one", "#tea :two", "#tea :three"]


def test_a_labelled_echo_is_not_told_again_to_who_was_full_then() -> None:
    here = company()
    bob, eve = narrowly(here, "bob", *LABELS), here.guest("eve")
    eve.write("JOIN #tea")
    bob.read()
    bob.fill()
    together((bob, "@label=b PRIVMSG #tea :one"), (eve, "PRIVMSG #tea :two"))
    bob.drain()
    assert said(bob) == ["#tea :one", "#tea :two"]


def test_who_wants_no_echo_gets_none_from_behind_either() -> None:
    here = company()
    bob, eve = narrowly(here, "bob"), here.guest("eve")
    eve.write("JOIN #tea")
    bob.read()
    bob.fill()
    together((eve, "PRIVMSG #tea :one"), (bob, "PRIVMSG #tea :two"), (bob, "PING x"))
    together((eve, "PRIVMSG #tea :three"))
    bob.drain()
    assert said(bob) == ["#tea :one", "#tea :three"]


def test_an_echo_from_behind_is_read_in_its_place() -> None:
    here = company(page_entries_max=1, tail_entries_max=0)
    bob, eve = narrowly(here, "bob", *LABELS), here.guest("eve")
    eve.write("JOIN #tea")
    bob.read()
    bob.fill()
    together((eve, "PRIVMSG #tea :one"))
    together((eve, "PRIVMSG #tea :two"))
    bob.link.fills = bob.link.full = False
    here.server.hub.drained(bob.session)
    together((bob, "@label=b PRIVMSG #tea :three"))
    lines = bob.read()
    assert [line.rpartition(":")[2] for line in lines if "PRIVMSG" in line] == ["one", "two", "three"]
    assert any(line.startswith("@label=b") for line in lines)


def test_nothing_of_a_room_comes_before_the_labelled_joining() -> None:
    here = company()
    eve, bob = here.guest("eve"), here.guest("bob", *LABELS)
    eve.write("JOIN #tea")
    bob.session.receive(b"@label=j JOIN #tea\r\n")
    for number in range(40):
        eve.session.receive(f"PRIVMSG #tea :{number}\r\n".encode())
        here.server.steps.step()
    here.server.settle()
    lines = bob.read()
    joined = next(index for index, line in enumerate(lines) if " JOIN " in line)
    assert "@label=j BATCH +l1 labeled-response" in lines[joined - 1].replace(f":{here.world.server} ", "")
    assert lines[joined].startswith("@batch=l1 ")
    assert not [line for line in lines[:joined] if "PRIVMSG" in line]
    assert [line for line in lines[joined:] if "PRIVMSG" in line]
    assert any(line.endswith("BATCH -l1") for line in lines)


def test_who_is_behind_reads_what_was_said_before_a_renaming_under_the_old_name() -> None:
    here = company(page_entries_max=1, tail_entries_max=0)
    bob, ann = narrowly(here, "bob"), here.account("ann")
    bob.fill()
    ann.write("PRIVMSG #tea :zero")  # It fills the link.
    ann.write("PRIVMSG #tea :one")
    ann.write("PRIVMSG #tea :two")
    ann.write("RENAME #tea #coffee")
    ann.write("PRIVMSG #coffee :three")
    bob.drain()
    lines = [line.partition(" ")[2] for line in bob.read()]
    assert [line for line in lines if line.split()[0] in ("PRIVMSG", "PART", "JOIN")] == [
        "PRIVMSG #tea :zero",
        "PRIVMSG #tea :one",
        "PRIVMSG #tea :two",
        "PART #tea",
        "JOIN #coffee",
        "PRIVMSG #coffee :three",
    ]


def test_who_leaves_while_behind_is_told_of_a_renaming_before() -> None:
    here = company(page_entries_max=1, tail_entries_max=0)
    here.register("bob")
    ann, bob = here.account("ann"), narrow_one(here.account("bob"))
    bob.write("JOIN #tea")
    bob.read()
    bob.fill()
    ann.write("PRIVMSG #tea :zero")  # It fills the link.
    ann.write("PRIVMSG #tea :one", "RENAME #tea #coffee")
    bob.link.fills = bob.link.full = False
    here.server.hub.drained(bob.session)
    together((bob, "PART #tea"))
    here.server.settle()
    lines = [line.partition(" ")[2] for line in bob.read()]
    moves = [line for line in lines if line.startswith(("PART", "JOIN"))]
    assert moves == ["PART #tea", "JOIN #coffee", "PART #coffee"]


def test_who_is_let_in_while_behind_enters_under_the_name_of_then_and_follows_the_renaming() -> None:
    here = company(page_entries_max=1, tail_entries_max=0)
    here.register("bob")
    ann, elsewhere, bob = here.account("ann"), here.account("bob"), narrow_one(here.account("bob"))
    bob.link.full = True
    elsewhere.write("JOIN #tea")
    ann.write("PRIVMSG #tea :one", "RENAME #tea #coffee", "PRIVMSG #coffee :two")
    bob.drain()
    lines = [line.partition(" ")[2] for line in bob.read()]
    assert [line for line in lines if line.startswith(("PRIVMSG", "JOIN", "PART"))] == [
        "JOIN #tea",
        "PRIVMSG #tea :one",
        "PART #tea",
        "JOIN #coffee",
        "PRIVMSG #coffee :two",
    ]


def test_who_was_in_a_hidden_room_reads_to_the_end_under_the_name_that_it_knows() -> None:
    """Neither the entry of the renaming nor the new name is told: the one is no longer kept, the other is hidden."""
    limits = Limits(retention_look_seconds=60.0, ping_seconds=86_400.0)  # Nobody answers a ping here.
    here = Company(HubRoom(limits=limits, settings=Settings(retention=Retention(messages=2))))
    here.register("ann")
    here.register("bob")
    ann, elsewhere, bob = here.account("ann"), here.account("bob"), narrow_one(here.account("bob"))
    ann.write("JOIN #tea")
    elsewhere.write("JOIN #tea")
    bob.read()
    bob.fill()
    ann.write("PRIVMSG #tea :zero")  # It fills the link.
    ann.write("PRIVMSG #tea :zero and a half", "RENAME #tea #coffee", "MODE #coffee +s")
    ann.write(*(f"PRIVMSG #coffee :{text}" for text in ("one", "two", "three")))
    elsewhere.write("PART #coffee")
    here.server.settle(61)
    bob.drain()
    lines = [line.partition(" ")[2] for line in bob.read()]
    assert [line for line in lines if line.startswith(("#", "PRIVMSG", "JOIN", "PART"))] == [
        "PRIVMSG #tea :zero",
        "#tea :Some of what was said here meanwhile is no longer kept.",
        "PRIVMSG #tea :two",
        "PRIVMSG #tea :three",
        "PART #tea",
    ]


def test_a_native_guest_that_goes_has_a_user_name() -> None:
    here = company()
    bob = here.guest("bob")
    bob.write("JOIN #lobby")
    gus = here.server.guest("gus")
    bob.read()
    gus.hang_up()
    here.server.settle(20)
    assert [line.split("@")[0] for line in bob.read() if "QUIT" in line] == [":gus!u"]
