"""How entries look: whole, harmless, nobody's line passes for another's, and what is mended says which it was."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import (
    Archived,
    Body,
    CodeMade,
    DataSet,
    Edited,
    Entered,
    Entry,
    Ignored,
    InvitationsChanged,
    Invited,
    Kind,
    Level,
    Listing,
    Manner,
    Mark,
    Marked,
    MarkerMoved,
    MembershipChanged,
    Message,
    NotifySet,
    Opened,
    Person,
    ProfileSet,
    Reacted,
    Redacted,
    Renamed,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomName,
    RoomRole,
    SessionsRevoked,
    SettingsChange,
    SettingsChanged,
    TopicSet,
    Unmarked,
    Way,
)
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.told import Page, ReactionCount
from besedka.client.events import Arrived
from besedka.client.showing import INDENT, Look
from besedka.client.transcript import Transcript
from besedka.wire.native import NativeClient
from lone_client import in_the_lobby
from scripted import ANN, BOB, INBOX, LOBBY, entry, of, room

EVE = PrincipalId(5)
DAY = "-- 2023-11-14"
PLAIN = Look()


@pytest.fixture(autouse=True)
def _in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class Screen:
    """What ann, who is in the lobby, sees of entries."""

    def __init__(self, *, colour: bool = False) -> None:
        self.ann = in_the_lobby()
        self.transcript = Transcript(self.ann.core, Look(colour=colour))

    def shows(self, *entries: Entry, kind: Kind = Kind.PUBLIC, where: str = "") -> list[str]:
        """The lines, without the day and the time."""
        lines = self.transcript.arrived(Arrived(LOBBY, entries), kind=kind, where=where)
        return [line.removeprefix("22:13 ") for line in lines if line != DAY]

    def ignores(self, principal: PrincipalId) -> None:
        """As the inbox says."""
        self.ann.told(room(INBOX, kind=Kind.INBOX), of(INBOX, entry(1, Ignored(Person(principal, AccountName("eve"))))))


def person(name: str, principal: PrincipalId = EVE) -> Person:
    return Person(principal, AccountName(name))


def shown(body: Body, *, where: str = "", name: str = "bob", author: PrincipalId = BOB) -> list[str]:
    return Screen().shows(entry(1, body, name=name, author=author), where=where)


def test_messages_of_each_manner() -> None:
    assert shown(Message("hi")) == ["bob: hi"]
    assert shown(Message("hi"), where="dev") == ["[dev] bob: hi"]
    assert shown(Message("waves", Manner.DONE)) == ["* bob waves"]
    assert shown(Message("build failed", Manner.NOTED)) == ["-bob- build failed"]


def test_a_day_is_said_once_and_again_after_a_page() -> None:
    screen = Screen()
    arrived = Arrived(LOBBY, (entry(1), entry(2)))
    assert screen.transcript.arrived(arrived, kind=Kind.PUBLIC, where="") == [DAY, "22:13 bob: m1", "22:13 bob: m2"]
    page = Page(None, LOBBY, (entry(1),), 2, 1)
    assert screen.transcript.page(page, kind=Kind.PUBLIC, where="lobby") == [
        "-- earlier in lobby", DAY, "22:13 bob: m1", "-- so far what was earlier",
    ]  # fmt: skip
    assert screen.transcript.arrived(Arrived(LOBBY, (entry(3),)), kind=Kind.PUBLIC, where="")[0] == DAY


MARK = Mark(Listing.BAN, "eve", EVE, 1_700_000_000_001 + 7_200_000, "spam")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (MembershipChanged(Way.JOINED, (person("p1"), person("p2"))), "p1, p2 joined"),
        (MembershipChanged(Way.LEFT, tuple(person(f"p{n}") for n in range(1, 8))), "p1, p2, p3, p4, p5, 2 more left"),
        (MembershipChanged(Way.REMOVED, (person("eve"),), "spam\x1b"), "bob put eve out: spam\ufffd"),
        (TopicSet("tea\nor not"), "bob set the topic: tea⏎or not"),
        (TopicSet(""), "bob took the topic away"),
        (Opened(Kind.PUBLIC, RoomName("dev")), "bob opened this room"),
        (Archived(), "this room has ended"),
        (Renamed(RoomName("teahouse"), RoomName("tea")), "bob renamed this room from tea to teahouse"),
        (RolesChanged((RoleChange(person("eve"), RoomRole.MODERATOR),)), "eve is a moderator now (by bob)"),
        (RolesChanged((RoleChange(person("eve"), voice=True),)), "eve has a voice now (by bob)"),
        (SettingsChanged(SettingsChange(moderated=True)), "bob changed this room: only those with a voice may speak"),
        (SettingsChanged(SettingsChange(key="sesame")), "bob changed this room: whoever joins needs its key"),
        (Marked(MARK), "bob banned eve for 2 hours: spam"),
        (Marked(Mark(Listing.MUTE, "eve", until=1_700_000_599_500)), "bob muted eve for 10 minutes"),
        (Unmarked(Listing.MUTE, ("eve",)), "bob lifted the mute on eve"),
        (InvitationsChanged((person("eve"),)), "bob invited eve"),
        (CodeMade("d", 5), "bob made an invite code"),
        (DataSet("wiki", "here"), "bob set wiki: here"),
    ],
)
def test_what_people_do(body: Body, line: str) -> None:
    assert shown(body) == ["-- " + line]


def test_a_ban_that_is_over_is_lifted_by_nobody() -> None:
    assert shown(Unmarked(Listing.BAN, ("eve",)), author=SERVER, name="server") == ["-- the ban on eve is over"]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (SessionsRevoked(), "sessions of yours were ended"),
        (Invited(RoomId(3), Kind.PRIVATE, RoomName("tea")), "bob invites you to tea; /join tea enters it"),
        (Invited(RoomId(3), Kind.PRIVATE, RoomName("tea"), True), "bob no longer invites you to tea"),
        (Ignored(person("eve")), "you ignore eve from now on; /unignore eve ends that"),
        (Ignored(person("eve"), True), "you do not ignore eve any more"),
        (NotifySet(LOBBY, Level.NONE), "lobby: you are notified of nothing"),
        (ProfileSet(bot=True), "your profile has changed; /profile shows it"),
        (DataSet("pronouns", "she"), "your value pronouns: she"),
        (DataSet("pronouns", ""), "your value pronouns is gone"),
    ],
)
def test_what_the_inbox_says(body: Body, line: str) -> None:
    assert Screen().shows(entry(1, body), kind=Kind.INBOX) == ["-- " + line]


@pytest.mark.parametrize("body", [Entered(RoomId(3), Kind.PUBLIC, RoomName("dev"), 1), MarkerMoved("2", 5, 0)])
def test_what_only_programs_need_is_not_shown(body: Body) -> None:
    assert Screen().shows(entry(1, body), kind=Kind.INBOX) == []


def test_what_the_inbox_said_before_is_no_news() -> None:
    screen = Screen()
    arrived = Arrived(INBOX, (entry(1, ProfileSet(bot=True)), entry(2, ProfileSet(bot=False))))
    lines = screen.transcript.arrived(arrived, kind=Kind.INBOX, where="", after=1)
    assert len([line for line in lines if line != DAY]) == 1


def test_of_a_conversation_of_two_nobody_enters_or_leaves() -> None:
    assert Screen().shows(entry(1, MembershipChanged(Way.JOINED, (person("eve"),))), kind=Kind.DIRECT) == []


def test_an_entry_of_a_newer_server_is_one_line() -> None:
    told = b'{"number":1,"time":1700000000000,"author":2,"name":"bob","body":{"kind":"poll"}}'
    frame = b'{"is":"entries","room":2,"entries":[' + told + b"]}"
    (unit,) = NativeClient().receive(len(frame).to_bytes(4, "big") + frame)
    assert Screen().shows(unit.entries[0]) == ["-- something that this version cannot show"]  # type: ignore[union-attr]


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_text_moves_the_cursor_or_begins_a_line_of_its_own(text: str, name: str) -> None:
    lines = shown(Message(text), name=name)
    assert len(lines) == 1 + text.count("\n")
    assert all(line.startswith(INDENT) for line in lines[1:])
    assert not any(set(line) & set("\x1b\r\n") for line in lines)


@given(st.text(min_size=1), st.text(min_size=1))
def test_nor_does_an_edit_a_reason_or_a_reaction(text: str, name: str) -> None:
    screen = Screen()
    screen.shows(entry(1, "first"))
    edited = screen.shows(entry(2, Edited(1, text), name=name))
    assert all(line.startswith(INDENT) for line in edited[1:])
    lines = screen.shows(
        entry(3, Reacted(1, text), name=name), entry(4, MembershipChanged(Way.REMOVED, (person(name),), text))
    )
    assert len(lines) == 2
    assert not any(set(line) & set("\x1b\r\n") for line in [*edited, *lines])


# Mending -----------------------------------------------------------------------------------------------------------


def test_an_edit_says_which_message_it_was() -> None:
    screen = Screen()
    screen.shows(entry(1, "helo"))
    assert screen.shows(entry(2, Edited(1, "hello\nworld"))) == ["-- bob edited #1 “helo”: hello", INDENT + "world"]
    assert screen.shows(entry(3, Edited(1, "bye", author=Person(BOB, AccountName("bob"))), author=ANN, name="ann")) == [
        "-- ann edited #1 of bob “hello⏎world”: bye"
    ]
    assert screen.shows(entry(4, Edited(77, "what"))) == ["-- bob edited #77: what"]


def test_a_long_message_is_called_by_its_beginning() -> None:
    screen = Screen()
    screen.shows(entry(1, "it is " + "very " * 20 + "long"))
    (line,) = screen.shows(entry(2, Reacted(1, "👍"), author=ANN, name="ann"))
    assert line == "-- ann put 👍 to #1 of bob “it is very very very very ver…”"
    assert screen.shows(entry(3, Reacted(1, "👍", withdrawn=True)))[0].startswith("-- bob took 👍 back from #1 “it")


def test_a_redaction_does_not_repeat_what_it_takes_away() -> None:
    screen = Screen()
    screen.shows(entry(1, "something awful"))
    redacted = Redacted(1, Person(BOB, AccountName("bob")), "awful")
    assert screen.shows(entry(2, redacted, author=ANN, name="ann")) == ["-- ann took away #1 of bob (22:13): awful"]
    assert screen.shows(entry(3, Reacted(1, "?"))) == ["-- bob put ? to #1 (22:13)"]
    assert screen.shows(entry(4, Redacted(50, person("eve")))) == ["-- bob took away #50 of eve"]


def test_what_was_shown_as_it_now_reads_is_not_mended_again() -> None:
    screen = Screen()
    assert screen.shows(entry(1, Message("new", edited=3)), entry(2, Message("", redacted=4))) == [
        "bob: new (edited)",
        "-- what bob wrote here was taken away",
    ]
    assert screen.shows(entry(3, Edited(1, "new")), entry(4, Redacted(2, Person(BOB, AccountName("bob"))))) == []
    assert screen.shows(entry(5, Edited(1, "newer"))) == ["-- bob edited #1 “new”: newer"]


def test_an_edit_whose_words_are_gone_says_nothing() -> None:
    assert shown(Edited(1, "")) == []


def test_an_answer_says_to_what() -> None:
    screen = Screen()
    screen.shows(entry(1, "tea at five?", author=ANN, name="ann"))
    assert screen.shows(entry(2, Message("yes", reply=1))) == ["bob: (to #1 of ann “tea at five?”) yes"]
    assert screen.shows(entry(3, Message("no", reply=99))) == ["bob: (to #99) no"]


def test_a_page_reads_as_it_is_now_with_its_reactions() -> None:
    screen = Screen()
    entries = (entry(1, Message("new", edited=2)), entry(2, Edited(1, "new")), entry(3, "other"))
    page = Page(None, LOBBY, entries, 9, 1, (ReactionCount(1, "👍", 3), ReactionCount(1, "\x1b", 1)))
    assert screen.transcript.page(page, kind=Kind.PUBLIC, where="lobby")[2:-1] == [
        "22:13 bob: new (edited)",
        INDENT + "👍 3  \ufffd 1",
        "22:13 bob: other",
    ]


def test_numbers_stand_before_messages_where_they_are_wanted() -> None:
    screen = Screen()
    screen.transcript.numbers = True
    lines = screen.shows(entry(7, "hi"), entry(8, Message("waves", Manner.DONE)), entry(9, TopicSet("tea")))
    assert lines == ["#7 bob: hi", "#8 * bob waves", "-- bob set the topic: tea"]


# Being called, and not hearing -------------------------------------------------------------------------------------


def test_being_called_is_bold_and_rings() -> None:
    screen = Screen(colour=True)
    (line,) = [one for one in screen.shows(entry(1, Message("ann: tea?", mentions=(ANN,)))) if "tea" in one]
    assert line.endswith("\x1b[1mann: tea?\x1b[0m")
    called: dict[str, tuple[Body, PrincipalId, Kind, bool]] = {
        "by name": (Message("ann: tea?", mentions=(ANN,)), BOB, Kind.PUBLIC, True),
        "with everybody": (Message("@room tea!", calls_room=True), BOB, Kind.PUBLIC, True),
        "by oneself": (Message("@room tea!", calls_room=True), ANN, Kind.PUBLIC, False),
        "somebody else": (Message("bob: tea?", mentions=(BOB,)), EVE, Kind.PUBLIC, False),
        "between two": (Message("tea?"), BOB, Kind.DIRECT, True),
        "an act": (TopicSet("ann"), BOB, Kind.PUBLIC, False),
    }
    for how, (body, author, kind, rings) in called.items():
        arrived = Arrived(LOBBY, (entry(1, body, author=author),))
        assert screen.transcript.calls_me(arrived, kind=kind) is rings, how


def test_whoever_is_ignored_is_not_heard_but_governs() -> None:
    screen = Screen()
    screen.ignores(EVE)
    bob = Person(BOB, AccountName("bob"))
    said: list[Body] = [
        Message("@ann hi", mentions=(ANN,)),
        Reacted(1, "👍"),
        Edited(1, "hi again"),
        Redacted(1, person("eve")),
    ]
    entries = tuple(entry(n, body, author=EVE, name="eve") for n, body in enumerate(said, 1))
    assert screen.shows(*entries) == []
    assert not screen.transcript.calls_me(Arrived(LOBBY, entries), kind=Kind.PUBLIC)
    page = Page(None, LOBBY, entries, 9, 1)
    assert len(screen.transcript.page(page, kind=Kind.PUBLIC, where="lobby")) == 2, "its two brackets"
    acts: list[Body] = [
        Edited(9, "hi", author=bob),
        Redacted(9, bob),
        Marked(MARK),
        MembershipChanged(Way.REMOVED, (bob,)),
    ]
    assert len(screen.shows(*(entry(n, body, author=EVE, name="eve") for n, body in enumerate(acts, 10)))) == 4


def test_of_another_log_nothing_is_remembered() -> None:
    screen = Screen()
    screen.shows(entry(1, "before"))
    screen.transcript.forget()
    assert screen.shows(entry(2, Reacted(1, "👍"))) == ["-- bob put 👍 to #1"]


def test_what_was_shown_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("besedka.client.remembered.MESSAGES_MAX", 2)
    screen = Screen()
    screen.shows(*(entry(number) for number in (1, 2, 3)))
    remembered = screen.transcript.remembered
    assert [remembered.entry(LOBBY, number) is not None for number in (1, 2, 3)] == [False, True, True]
    assert remembered.last_of(LOBBY, "BOB") == remembered.last_of(LOBBY, BOB) == 3
    screen.shows(entry(4, Redacted(3, Person(BOB, AccountName("bob")))))
    assert remembered.last_of(LOBBY, "bob") == 2
    assert remembered.last_of(LOBBY, "nobody") is None
