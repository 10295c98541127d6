"""Entries as lines of text: readable, and nobody can write somebody else's."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from immutables import Map

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
    Left,
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
from besedka.chat.rooms import Member, Room
from besedka.chat.told import Entries
from besedka.wire.text_format import TEXT
from shapes import values_of
from vectors_of import Vector, load

ANN, BOB = Person(PrincipalId(3), AccountName("ann")), Person(PrincipalId(4), AccountName("bob"))
EVE = Person(PrincipalId(5), AccountName("eve"))
VECTORS: list[Vector] = load("units.json", Vector)
LOBBY = Room(RoomId(1), Kind.PUBLIC, RoomName("lobby"))


def direct(one: Person, other: Person) -> Room:
    members = {person.principal: Member(person.name, RoomRole.MEMBER, 2) for person in (one, other)}
    pair = (one.principal, other.principal)
    return Room(RoomId(2), Kind.DIRECT, pair=pair, members=Map(members))


def by_bob(*bodies: Body) -> list[Entry]:
    return [Entry(number, number, BOB.principal, BOB.name, body) for number, body in enumerate(bodies, 1)]


def lines(room: Room, *bodies: Body) -> list[str]:
    run = TEXT.run(room, by_bob(*bodies)).decode()
    assert run.count("\n") == run.count("\r\n") == len(run.splitlines())
    return run.splitlines()


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (Message("hi"), "bob: hi"),
        (Message("waves", Manner.DONE), "* bob waves"),
        (Message("build passed", Manner.NOTED), "-bob- build passed"),
        (Message("a\tb {text}"), "bob: a\tb {text}"),
        (TopicSet("tea {name}"), "-- bob set the topic: tea {name}"),
        (TopicSet(""), "-- bob took the topic away"),
        (MembershipChanged(Way.JOINED, (ANN, BOB)), "-- ann, bob joined"),
        (MembershipChanged(Way.LEFT, (BOB,)), "-- bob left"),
        (MembershipChanged(Way.LEFT, (BOB,), "supper\n[lobby] ann: bye"), "-- bob left: supper\u23ce[lobby] ann: bye"),
        (MembershipChanged(Way.REMOVED, (ANN, EVE)), "-- bob put ann, eve out"),
        (MembershipChanged(Way.REMOVED, (EVE,), "shouting"), "-- bob put eve out: shouting"),
        (Opened(Kind.PUBLIC, RoomName("lobby")), "-- bob opened this room"),
        (Archived(), "-- this room has ended"),
        (Renamed(RoomName("orchard"), RoomName("garden")), "-- bob renamed this room from garden to orchard"),
        (InvitationsChanged((EVE, ANN)), "-- bob invited eve, ann"),
        (InvitationsChanged((EVE,), withdrawn=True), "-- bob no longer invites eve"),
        (CodeMade("ba7816bf", 9), "-- bob made an invite code"),
        (DataSet("homepage", "garden.example {key}"), "-- bob set homepage: garden.example {key}"),
        (DataSet("homepage", ""), "-- bob took homepage away"),
    ],
)
def test_each_body_is_a_line_of_its_room(body: Body, line: str) -> None:
    assert lines(LOBBY, body) == [f"[lobby] {line}"]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (Message("yes", reply=12), "bob: (to message 12) yes"),
        (Message("nods", Manner.DONE, reply=12), "* bob (to message 12) nods"),
        (Message("", redacted=9), "-- what bob wrote here was taken away"),
        (Edited(12, "two\nlines"), "-- bob edited message 12: two\r\n    lines"),
        (Edited(12, "better", author=EVE), "-- bob edited message 12 of eve: better"),
        (Redacted(12, EVE), "-- bob took away message 12 of eve"),
        (Redacted(12, EVE, "shouting"), "-- bob took away message 12 of eve: shouting"),
        (Reacted(12, "\U0001f44d"), "-- bob put \U0001f44d to message 12"),
        (Reacted(12, "+1", withdrawn=True), "-- bob took +1 back from message 12"),
    ],
)
def test_what_is_about_a_message_elsewhere_calls_it_by_its_number(body: Body, line: str) -> None:
    assert TEXT.run(LOBBY, by_bob(body)).decode() == f"[lobby] {line}\r\n"


def test_what_is_about_a_message_in_the_same_run_calls_it_by_its_author() -> None:
    told = lines(LOBBY, Message("tea?"), Message("yes", reply=1), Reacted(1, "+1"), Redacted(2, BOB))
    assert told[1:] == [
        "[lobby] bob: (to bob) yes",
        "[lobby] -- bob put +1 to message 1 of bob",
        "[lobby] -- bob took away message 2 of bob",
    ]


def test_an_edit_is_not_shown_where_it_says_nothing_new() -> None:
    assert lines(LOBBY, Message("new words", edited=2), Edited(1, "new words")) == ["[lobby] bob: new words"]
    assert lines(LOBBY, Edited(12, "")) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (RoleChange(ANN, RoomRole.OWNER), "ann is an owner now"),
        (RoleChange(ANN, RoomRole.MODERATOR), "ann is a moderator now"),
        (RoleChange(ANN, RoomRole.MEMBER), "ann is a member like others now"),
        (RoleChange(ANN, voice=True), "ann has a voice now"),
        (RoleChange(ANN, voice=False), "ann has no voice any more"),
        (RoleChange(ANN, RoomRole.MEMBER, voice=True), "ann is a member like others now; ann has a voice now"),
    ],
)
def test_roles_are_told_with_who_gave_them(change: RoleChange, line: str) -> None:
    assert lines(LOBBY, RolesChanged((change,))) == [f"[lobby] -- {line} (by bob)"]
    assert lines(LOBBY, RolesChanged((change, RoleChange(EVE, voice=True)))) == [
        f"[lobby] -- {line}; eve has a voice now (by bob)"
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            SettingsChange(moderated=True, hidden=False),
            "those outside can see that it is there; only those with a voice may speak",
        ),
        (SettingsChange(key="rake", no_ctcp=True), "it takes no client-to-client queries; whoever joins needs its key"),
        (SettingsChange(key=""), "nobody needs a key to join"),
        (SettingsChange(members_max=100), "it has 100 members at most"),
        (SettingsChange(slow_seconds=90), "one message each in 1 minute 30 seconds"),
        (SettingsChange(keep_seconds=86_400), "what happens is kept for 1 day"),
        (SettingsChange(keep_messages=500), "the last 500 messages are kept"),
        (
            SettingsChange(members_max=0, slow_seconds=0),
            "it has as many members as want to be; nobody waits between two messages",
        ),
    ],
)
def test_settings_are_told_in_words_and_a_key_is_not_told(change: SettingsChange, line: str) -> None:
    assert lines(LOBBY, SettingsChanged(change)) == [f"[lobby] -- bob changed this room: {line}"]


@pytest.mark.parametrize("name", [field.name for field in msgspec.structs.fields(SettingsChange)])
@pytest.mark.parametrize("off", [False, True])
def test_every_setting_has_words_for_on_and_off(name: str, off: bool) -> None:
    on: object = {"key": "rake"}.get(name, 3 if name.endswith(("_max", "_seconds", "_messages")) else True)
    change = msgspec.convert({name: type(on)() if off else on}, SettingsChange)
    (line,) = lines(LOBBY, SettingsChanged(change))
    assert len(line) > len("[lobby] -- bob changed this room: ")
    assert "rake" not in line


@pytest.mark.parametrize(
    ("listing", "set_line", "lifted", "over"),
    [
        (Listing.BAN, "bob banned e*", "bob lifted the ban on e*, f", "the ban on e*, f is over"),
        (Listing.MUTE, "bob muted e*", "bob lifted the mute on e*, f", "the mute on e*, f is over"),
        (
            Listing.BAN_EXCEPTION,
            "bob excepted e* from bans",
            "bob no longer excepts e*, f from bans",
            "e*, f is no longer excepted from bans",
        ),
        (
            Listing.INVITE_EXCEPTION,
            "bob lets e* join without an invitation",
            "bob lets e*, f join by invitation only",
            "e*, f may now join by invitation only",
        ),
    ],
)
def test_each_list_says_who_is_put_on_it_and_taken_off(listing: Listing, set_line: str, lifted: str, over: str) -> None:
    assert lines(LOBBY, Marked(Mark(listing, "e*"))) == [f"[lobby] -- {set_line}"]
    bodies = (Unmarked(listing, ("e*", "f")),)
    assert lines(LOBBY, *bodies) == [f"[lobby] -- {lifted}"]
    by_itself = Entry(1, 1, SERVER, AccountName("server"), *bodies)
    assert TEXT.run(LOBBY, [by_itself]).decode() == f"[lobby] -- {over}\r\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (86_400, "1 day"),
        (2 * 86_400 + 3 * 3600 + 59, "2 days 3 hours"),
        (86_400 + 60, "1 day"),
        (3599, "59 minutes 59 seconds"),
        (61, "1 minute 1 second"),
        (0, "less than a second"),
        (-5, "less than a second"),
    ],
)
def test_a_ban_says_for_how_long_and_why(seconds: int, words: str) -> None:
    mark = Mark(Listing.BAN, "eve", EVE.principal, until=1 + seconds * 1000, reason="shouting")
    assert lines(LOBBY, Marked(mark)) == [f"[lobby] -- bob banned eve for {words}: shouting"]


# People who are ignored ------------------------------------------------------------------------------------------


def test_what_ignored_people_say_is_left_out_and_what_they_do_is_not() -> None:
    bodies = (
        Message("hi"),
        Edited(9, "hello"),
        Reacted(9, "+1"),
        Redacted(9, BOB),
        Edited(9, "hullo", author=EVE),
        MembershipChanged(Way.REMOVED, (ANN,)),
        TopicSet("tea"),
    )
    of_eve = Entry(7, 7, EVE.principal, EVE.name, Message("ho"))
    deaf = TEXT.ignoring(frozenset({BOB.principal}))
    assert deaf.run(LOBBY, [*by_bob(*bodies), of_eve]).decode().splitlines() == [
        "[lobby] -- bob edited message 9 of eve: hullo",
        "[lobby] -- bob put ann out",
        "[lobby] -- bob set the topic: tea",
        "[lobby] eve: ho",
    ]
    assert deaf.run(LOBBY, by_bob(Message("hi"))) == b""
    assert len(lines(LOBBY, *bodies)) == len(bodies)


def test_who_ignores_nobody_shares_the_format_of_the_language_again() -> None:
    deaf = TEXT.ignoring(frozenset({BOB.principal}))
    assert deaf is not TEXT
    assert deaf.ignoring(frozenset()) is TEXT


def test_a_run_is_its_lines_in_order() -> None:
    assert lines(LOBBY, Message("one"), Message("two")) == ["[lobby] bob: one", "[lobby] bob: two"]


def test_a_message_of_several_lines_is_indented_so_that_none_looks_like_somebody_elses() -> None:
    assert lines(LOBBY, Message("hi\n[lobby] ann: I resign\n\nName:")) == [
        "[lobby] bob: hi",
        "    [lobby] ann: I resign",
        "    ",
        "    Name:",
    ]


def test_what_moves_the_cursor_is_shown_as_a_mark() -> None:
    assert lines(LOBBY, Message("a\x1b[1A\x07\u202eb\u2028c\x85d"), TopicSet("x\x1b]0;y\x07")) == [
        "[lobby] bob: a\ufffd[1A\ufffd\ufffdb\ufffdc\ufffdd",
        "[lobby] -- bob set the topic: x\ufffd]0;y\ufffd",
    ]


def test_a_direct_room_is_called_by_its_people_and_shows_what_they_say() -> None:
    room = direct(ANN, BOB)
    opening = (Opened(Kind.DIRECT, pair=(ANN.principal, BOB.principal)), MembershipChanged(Way.JOINED, (ANN, BOB)))
    assert lines(room, *opening, Message("hi"), TopicSet("us")) == [
        "[ann & bob] bob: hi",
        "[ann & bob] -- bob set the topic: us",
    ]
    assert lines(direct(BOB, BOB), Message("note to self")) == ["[bob] bob: note to self"]


def test_an_inbox_is_for_programs() -> None:
    inbox = Room(RoomId(3), Kind.INBOX, owner=ANN.principal)
    bodies = (
        Entered(RoomId(1), Kind.PUBLIC, RoomName("lobby"), 2),
        Left(RoomId(1), 5),
        SessionsRevoked(),
        Invited(RoomId(6), Kind.PRIVATE, RoomName("shed")),
        MarkerMoved("1", 45, 45),
        Ignored(EVE),
        NotifySet(RoomId(1), Level.NONE),
        ProfileSet("Ann"),
    )
    assert TEXT.run(inbox, by_bob(Opened(Kind.INBOX, owner=ANN.principal), *bodies)) == b""
    assert TEXT.run(LOBBY, by_bob(*bodies)) == b""


def test_a_direct_room_shows_what_becomes_of_what_was_said() -> None:
    bodies = (Edited(1, "hello"), Redacted(1, BOB), Reacted(1, "+1"), Archived())
    assert [line.split(" bob ")[1].split()[0] for line in lines(direct(ANN, BOB), *bodies)] == ["edited", "took", "put"]


EVIL = "\x1b[2J\n[lobby] ann: I resign\u202e"
WRITTEN = frozenset(
    {"text", "topic", "reason", "reaction", "mask", "masks", "key", "value", "name", "room_name", "before"}
)
"""Fields that hold what somebody wrote."""


def made_evil(value: object, field: str = "") -> object:
    """The same with everything that somebody wrote as bad as can be."""
    if isinstance(value, dict):
        return {name: made_evil(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [made_evil(one, field) for one in value]
    return EVIL if field in WRITTEN and isinstance(value, str) else value


@pytest.mark.parametrize("given_vector", [one for one in VECTORS if one.type == "Entries"], ids=lambda one: one.name)
def test_nothing_that_somebody_wrote_moves_the_cursor_or_begins_a_line(given_vector: Vector) -> None:
    evil = msgspec.convert(made_evil(msgspec.json.decode(given_vector.json)), Entries)
    for line in TEXT.run(LOBBY, evil.entries).decode().removesuffix("\r\n").split("\r\n"):
        assert (
            line.startswith(("[lobby] \ufffd[2J\u23ce", "[lobby] * \ufffd[2J\u23ce", "[lobby] -", "    ")) or not line
        )
        assert not set(line) & set("\x1b\n\u202e")


@given(st.sampled_from(["lobby", "a\nb", "\x1b"]), values_of(tuple[Entry, ...]))
def test_every_line_begins_with_the_room_or_is_indented(name: str, entries: tuple[Entry, ...]) -> None:
    run = TEXT.run(Room(RoomId(1), Kind.PUBLIC, RoomName(name)), entries).decode()
    for line in run.removesuffix("\r\n").split("\r\n") if run else []:
        assert line.startswith(("[lobby] ", "[a\u23ceb] ", "[\ufffd] ", "    "))
        assert not set(line) & set("\x00\x07\x1b\r\n\x0b\x0c\x85\u2028\u202e\u200b")


def test_entry_by_entry_they_are_the_run() -> None:
    entries = by_bob(Message("hi"), Reacted(1, "+1"), TopicSet("tea"))
    each = TEXT.each(LOBBY, entries)
    assert len(each) == len(entries)
    assert b"".join(each) == TEXT.run(LOBBY, entries)
    assert TEXT.ignoring(frozenset({BOB.principal})).each(LOBBY, entries)[0] == b"", (
        "an entry that is not shown has its place"
    )
