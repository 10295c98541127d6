"""What Tab offers for each line."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.entries import Kind, Person, RoomId, RoomName
from besedka.chat.personal import Invitation
from besedka.chat.principals import AccountName
from besedka.chat.told import PersonalTold, RoomLine, RoomList
from besedka.client.command_table import COMMANDS
from besedka.client.completing import ARGUMENTS, Known, completions, known_to
from besedka.client.showing import Look
from besedka.client.surface import Surface
from lone_client import Someone
from scripted import ANN, BOB, INBOX, LOBBY, entry, of, room

KNOWN = Known(people=("bob", "Bea", "юля"), rooms=("lobby", "tea", "@bob"), others=("garden",))


@pytest.mark.parametrize(
    ("line", "word", "found"),
    [
        ("/ki", "/ki", ["/kick"]),
        ("/UNM", "/UNM", ["/unmute", "/unmoderator"]),
        ("/nonsense", "/nonsense", []),
        ("//ki", "//ki", []),
        ("/kick B", "B", ["bob", "Bea"]),
        ("/kick @b", "@b", ["@bob", "@Bea"]),
        ("/kick bob @b", "@b", ["@bob", "@Bea"]),
        ("/kick bob b", "b", []),
        ("/kick  bo", "bo", ["bob"]),
        ("/op Ю", "Ю", ["юля"]),
        ("/reply be", "be", ["@Bea"]),
        ("/redact @be", "@be", ["@Bea"]),
        ("/redact ", "", ["@bob", "@Bea", "@юля"]),
        ("/room ", "", ["lobby", "tea", "@bob"]),
        ("/room b", "b", ["@bob"]),
        ("/leave #te", "#te", ["tea"]),
        ("/leave tea good night @be", "@be", ["@Bea"]),
        ("/join ", "", ["garden"]),
        ("/invite be te", "te", ["tea"]),
        ("/make shed pr", "pr", ["private"]),
        ("/make pr", "pr", []),
        ("/settings mo", "mo", ["moderated"]),
        ("/settings moderated o", "o", ["on", "off"]),
        ("/settings Key ", "", ["off"]),
        ("/notify ", "", ["all", "mentions", "none", "lobby", "tea", "@bob"]),
        ("/notify tea me", "me", ["mentions"]),
        ("/profile b", "b", ["bot"]),
        ("/profile bot of", "of", ["off"]),
        ("/profile name o", "o", []),
        ("/data ro", "ro", ["room"]),
        ("/revoke o", "o", ["others"]),
        ("/help ba", "ba", ["back", "ban", "bans"]),
        ("/help gov", "gov", ["governing"]),
        ("/me winks at @b", "@b", ["@bob", "@Bea"]),
        ("/nonsense @b", "@b", ["@bob", "@Bea"]),
        ("hi @", "@", ["@bob", "@Bea", "@юля"]),
        ("one\n@ю", "@ю", ["@юля"]),
        ("mail ann@b", "ann@b", []),
        ("bo", "bo", []),
        ("", "", []),
    ],
)
def test_a_word_becomes_what_can_stand_there(line: str, word: str, found: list[str]) -> None:
    assert (completions(line, KNOWN)[0], sorted(completions(line, KNOWN)[1])) == (word, sorted(found))


def test_what_is_dictated_is_text() -> None:
    assert completions("/kick b", KNOWN, dictated=True) == ("b", [])
    assert completions("/kick @be", KNOWN, dictated=True) == ("@be", ["@Bea"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: str(command.word))
def test_every_command_about_people_and_rooms_goes_on(command: object) -> None:
    usage = getattr(command, "usage").replace("[", "").replace("]", "")  # noqa: B009
    word, *places = usage[1:].split(" ")
    named = [place for place in places if place in ("NAME", "ROOM", "MESSAGE", "MASK") and word != "rename"]
    assert not named or word in ARGUMENTS


def test_what_is_known_was_told() -> None:
    ann = Someone()
    surface = Surface(ann.core, Look(), line=lambda _line: None, notice=lambda _line: None)
    ann.comes_in()
    bob = Person(BOB, AccountName("bob"))
    shed = Invitation(RoomId(6), 1, Kind.PRIVATE, RoomName("shed"), bob)
    inbox = msgspec.structs.replace(room(INBOX, kind=Kind.INBOX), personal=PersonalTold(invitations=(shed,)))
    for event in ann.told(inbox, room(), of(LOBBY, entry(1), entry(2, author=ANN, name="ann"))):
        surface.show(event)
    surface.settle()
    lines = [
        RoomLine(RoomId(7), Kind.PUBLIC, RoomName("tea\x1b"), "", 1, False),
        RoomLine(LOBBY, Kind.PUBLIC, RoomName("lobby"), "", 1, True),
    ]
    asked = ann.core.list_rooms()
    assert isinstance(asked, str)
    for event in ann.told(RoomList(asked, tuple(lines))):
        surface.show(event)
    assert known_to(ann.core, surface) == Known(("bob",), ["lobby"], ["shed", "tea\ufffd"])
