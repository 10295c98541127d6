"""How the answers to questions look."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from besedka.chat.answers import (
    DataList,
    Gone,
    InviteCode,
    MarkLine,
    MarkList,
    OverviewLine,
    OverviewTold,
    PersonTold,
    SessionLine,
    SessionList,
    Whereabouts,
    WhowasList,
)
from besedka.chat.entries import Kind, Level, Listing, Person, RoomId, RoomName, RoomRole
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.settings import RoomSettings
from besedka.chat.told import Done, People, PersonLine, RoomLine, RoomList
from besedka.client.answering import SETTINGS, answer_lines, overview_lines, room_lines, settings_lines
from besedka.client.showing import INDENT, Look
from scripted import ANN, BOB, LOBBY

PLAIN = Look()
WHEN = 1_700_000_000_000
CAT = PrincipalId(3)


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def lines(answer: object) -> list[str]:
    return answer_lines(answer, lambda room: f"room {room}", PLAIN)


def where(name: str) -> Whereabouts:
    return Whereabouts(RoomId(2), Kind.PUBLIC, RoomName(name), "", 1, False)


def room(name: str, *, number: int = 2, members: int = 1, topic: str = "", joined: bool = False) -> RoomLine:
    return RoomLine(RoomId(number), Kind.PUBLIC, RoomName(name), topic, members, joined)


def test_rooms() -> None:
    rooms = RoomList(None, (room("lobby", members=2, topic="hi\x1b[2J", joined=True), room("dev")), more=True)
    assert room_lines(rooms, ["@bob"], PLAIN) == [
        "* lobby  2 people  hi\ufffd[2J",
        "  dev  1 person",
        "and more; a server shows so many at once",
        "* @bob",
    ]
    assert "no rooms yet" in room_lines(RoomList(None, ()), [], PLAIN)[0]


def test_people() -> None:
    people = (
        PersonLine(ANN, AccountName("ann"), RoomRole.OWNER, True),
        PersonLine(BOB, AccountName("bob"), RoomRole.MODERATOR, True, away="lunch\n"),
        PersonLine(CAT, AccountName("cat"), RoomRole.MEMBER, False, voice=True, bot=True),
    )
    assert lines(People(None, LOBBY, 9, people, 3)) == [
        "3 people · room 2",
        "here: @ann, %bob (away: lunch⏎)",
        "not here: +cat (bot)",
        "@ owner, % moderator, + has a voice",
    ]
    plain = PersonLine(CAT, AccountName("cat"), RoomRole.MEMBER, True)
    assert lines(People(None, LOBBY, 9, (plain,), 1)) == ["1 person · room 2", "here: cat"]


def test_who_somebody_is() -> None:
    told = PersonTold(None, Person(BOB, AccountName("bob")), AccountRole.ADMIN, "a.b.ip", True)
    assert lines(told) == ["bob · administrator of this server", INDENT + "is here", INDENT + "comes from a.b.ip"]
    told = PersonTold(
        None, Person(BOB, AccountName("bob")), AccountRole.USER, "a.b.ip", False, "Bob\x1b", True,
        last_seen=WHEN, rooms=(where("dev"), where("lobby")),
    )  # fmt: skip
    assert lines(told) == [
        "bob · Bob\ufffd, bot",
        INDENT + "was last here 2023-11-14 22:13",
        INDENT + "comes from a.b.ip",
        INDENT + "is in dev, lobby",
    ]
    away = PersonTold(None, Person(BOB, AccountName("bob")), AccountRole.USER, "a", True, away="lunch")
    assert lines(away)[1] == INDENT + "away: lunch"


def test_who_it_was() -> None:
    gone = WhowasList(None, (Gone(Person(BOB, AccountName("bob")), "a.b.ip", WHEN, "Bob B."),))
    assert lines(gone) == ["bob · Bob B.  left 2023-11-14 22:13, came from a.b.ip"]
    assert lines(WhowasList(None, ())) == ["Nobody of that name has left lately."]


def test_lists_of_masks() -> None:
    marks = MarkList(
        None,
        LOBBY,
        Listing.BAN,
        (
            MarkLine("eve", AccountName("ann"), WHEN, WHEN + 3_600_000, "spam\x1b"),
            MarkLine("*!*@a.b.ip", AccountName("bob"), WHEN),
        ),
    )
    assert lines(marks) == [
        "banned from room 2: 2",
        "  eve  until 2023-11-14 23:13  by ann, 2023-11-14 22:13: spam\ufffd",
        "  *!*@a.b.ip  for ever  by bob, 2023-11-14 22:13",
    ]


def test_a_code_is_shown_as_it_is_used() -> None:
    assert lines(InviteCode(None, LOBBY, 5, "ABCD", WHEN)) == [
        "whoever has this code may join room 2 until 2023-11-14 22:13; it is shown this once:",
        INDENT + "/join room 2 ABCD",
    ]


def test_settings() -> None:
    shown = settings_lines(RoomSettings(moderated=True, slow_seconds=90, members_max=5, key="se\x1bsame"), "tea", PLAIN)
    assert len(shown) == 1 + len(SETTINGS)
    values = dict(line.split(maxsplit=1) for line in shown[1:])
    assert values["moderated"] == "on"
    assert values["hidden"] == "off"
    assert values["slow"] == "1 minute 30 seconds"
    assert values["limit"] == "5"
    assert values["key"] == "se\ufffdsame"
    assert dict(line.split(maxsplit=1) for line in settings_lines(RoomSettings(), "tea", PLAIN)[1:])["slow"] == "off"


def test_what_is_unread() -> None:
    overview = OverviewTold(
        None,
        (
            OverviewLine(room("lobby"), 9, 5, 3, 1, Level.MENTIONS),
            OverviewLine(room("dev"), 9, 9, 0),
        ),
    )

    def called(line: RoomLine) -> str:
        return line.room_name

    assert overview_lines(overview, called, PLAIN, all_rooms=False) == [
        "lobby: 3 unread, 1 mention of you, notified of mentions only"
    ]
    assert overview_lines(overview, called, PLAIN, all_rooms=True)[1:] == ["dev: 0 unread"]


def test_devices() -> None:
    sessions = SessionList(
        None,
        (
            SessionLine("abc", "192.0.2.1", WHEN, "besedka", live=True, this=True),
            SessionLine("def", "192.0.2.2", WHEN, live=True),
            SessionLine("ghi", "192.0.2.3", WHEN),
        ),
    )
    assert lines(sessions) == [
        "  abc  this one  192.0.2.1  besedka  last used 2023-11-14 22:13",
        "  def  connected  192.0.2.2  last used 2023-11-14 22:13",
        "  ghi  not connected  192.0.2.3  last used 2023-11-14 22:13",
    ]


def test_values() -> None:
    assert lines(DataList(None, (("pronouns", "she"), ("k\n", "v\x1b")))) == ["  pronouns: she", "  k⏎: v\ufffd"]
    assert lines(DataList(None, ())) == ["There are no values."]


def test_what_has_nothing_to_show_shows_nothing() -> None:
    assert lines(Done(None)) == []
