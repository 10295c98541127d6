"""What every store of rooms keeps of how they are governed and of what is done to messages, in memory and in SQLite."""

from __future__ import annotations

from typing import Protocol

import pytest

from additions import ANN, BOB, EVE, NOW, addition, direct, inbox, joined, left, opening, rewriting
from besedka.chat.audit import AuditLine
from besedka.chat.entries import (
    Archived,
    Body,
    CodeMade,
    DataSet,
    Edited,
    Ignored,
    InvitationsChanged,
    Invited,
    Kind,
    Level,
    Listing,
    Mark,
    Marked,
    MarkerMoved,
    MembershipChanged,
    Message,
    NotifySet,
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
    SettingsChange,
    SettingsChanged,
    Unmarked,
    Way,
)
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.told import ReactionCount
from besedka.hub.keeping import AuditRow, Kept, LogStore, Moved, Reactions, Steps
from running import Run

EVERYTHING = 1 << 40
GUEST = PrincipalId(-5)


class Logs(LogStore, Steps, Protocol):
    """All that is asked here."""


def bodies(logs: Logs, run: Run, room: RoomId) -> list[Body]:
    page = run(logs.page(room, after=0, upto=EVERYTHING, limit=EVERYTHING, bytes_max=EVERYTHING))
    return [entry.body for entry in page.entries]


def unread(logs: Logs, run: Run, who: PrincipalId) -> dict[int, tuple[int, int, int]]:
    """By room: the number read, the messages and the mentions after it."""
    return {one.room.id: (one.read, one.unread, one.mentions) for one in run(logs.unread(who))}


def say(text: str, *mentions: PrincipalId, calls_room: bool = False) -> Message:
    return Message(text, mentions=mentions, calls_room=calls_room)


# The state of a room ---------------------------------------------------------------------------------------------

BAN = Mark(Listing.BAN, "*!*@*.ip", None, NOW + 50, "spam")
MUTE = Mark(Listing.MUTE, "eve", EVE.principal)

GOVERNING: list[Body] = [
    SettingsChanged(SettingsChange(invite_only=True, hidden=True, key="sesame", members_max=9, slow_seconds=5)),
    SettingsChanged(SettingsChange(hidden=False, key="")),
    Marked(BAN),
    Unmarked(Listing.BAN, (BAN.mask,)),
    InvitationsChanged((EVE,)),
    CodeMade("d" * 64, NOW + 9),
    RolesChanged((RoleChange(BOB, RoomRole.MODERATOR), RoleChange(ANN, voice=True))),
    RolesChanged((RoleChange(ANN, RoomRole.MEMBER), RoleChange(BOB, RoomRole.OWNER))),
    DataSet("colour", "teal"),
    DataSet("colour", ""),
    Renamed(RoomName("Salon"), RoomName("one")),
    Message("in slow mode"),
    left(BOB),
    MembershipChanged(Way.JOINED, (EVE,)),
]


def test_a_room_is_read_as_governed_after_each_entry(logs: Logs, run: Run) -> None:
    made = opening(1, "one", joined(ANN, BOB))
    run(logs.append([made]))
    room = made.after
    for body in GOVERNING:
        step = addition(room, body)
        assert run(logs.append([step])) == [Kept()]
        room = step.after
        assert run(logs.room(RoomId(1))) == room, body
    whole = addition(opening(2, "two", joined(ANN, BOB)).after, *GOVERNING[:-4])
    run(logs.append([opening(2, "two", joined(ANN, BOB)), whole]))
    assert run(logs.room(RoomId(2))) == whole.after


def test_a_private_room_may_be_opened_to_all_and_back(logs: Logs, run: Run) -> None:
    closed = opening(1, "one", kind=Kind.PRIVATE)
    run(logs.append([closed]))
    assert run(logs.public_rooms(limit=9)) == []
    shown = addition(closed.after, SettingsChanged(SettingsChange(invite_only=False, hidden=False)))
    run(logs.append([shown]))
    assert [room.governance for room in run(logs.public_rooms(limit=9))] == [shown.after.governance]
    run(logs.append([addition(shown.after, SettingsChanged(SettingsChange(hidden=True)))]))
    assert run(logs.public_rooms(limit=9)) == []


def test_a_guest_stands_in_a_room_and_is_put_out(logs: Logs, run: Run) -> None:
    guest = Person(GUEST, AccountName("guest"))
    made = addition(opening(1, "one", joined(ANN)).after, RolesChanged((RoleChange(guest, RoomRole.MODERATOR, True),)))
    run(logs.append([opening(1, "one", joined(ANN)), made]))
    assert run(logs.room(RoomId(1))) == made.after
    out = addition(made.after, MembershipChanged(Way.REMOVED, (guest,)))
    run(logs.append([out]))
    assert run(logs.room(RoomId(1))) == out.after
    assert run(logs.briefs(GUEST)) == []


def test_an_inbox_is_read_with_all_it_says_of_its_account(logs: Logs, run: Run) -> None:
    made = inbox(1, ANN)
    run(logs.append([made]))
    room = made.after
    for body in (
        ProfileSet("Ann Onymous", True, False),
        Ignored(EVE),
        NotifySet(RoomId(7), Level.MENTIONS),
        Invited(RoomId(8), Kind.PRIVATE, RoomName("den")),
        MarkerMoved("7", 3, NOW, 2),
        MarkerMoved("bob", 0, NOW),
        MarkerMoved("7", 4, NOW + 1, 3),
        Ignored(EVE, withdrawn=True),
        DataSet("pronouns", "she"),
    ):
        step = addition(room, body)
        assert run(logs.append([step])) == [Kept()]
        room = step.after
        assert run(logs.room(RoomId(1))) == room, body


def test_a_passing_room_that_somebody_takes_is_passing_no_more(logs: Logs, run: Run) -> None:
    made = opening(1, "tea", joined(ANN), owner=None)
    run(logs.append([made, opening(2, "den", owner=None, kind=Kind.PRIVATE)]))
    assert run(logs.passing_rooms()) == [1, 2]
    run(logs.append([addition(made.after, RolesChanged((RoleChange(ANN, RoomRole.OWNER),)))]))
    assert run(logs.passing_rooms()) == [2]


def test_rooms_are_due_when_the_first_marks_time_is_over(logs: Logs, run: Run) -> None:
    def marked(room: int, *untils: int | None) -> None:
        marks = [Marked(Mark(Listing.BAN, f"m{place}", None, until)) for place, until in enumerate(untils)]
        run(logs.append([opening(room, f"r{room}", *marks)]))

    marked(1, NOW + 30, NOW + 10)
    marked(2, None)
    marked(3, NOW + 20)
    run(logs.append([opening(4, "over", Marked(Mark(Listing.BAN, "m", None, NOW)), Archived(), owner=None)]))
    assert run(logs.rooms_with_marks_due(now=NOW + 9, limit=9)) == []
    assert run(logs.rooms_with_marks_due(now=NOW + 10, limit=9)) == [1]
    assert run(logs.rooms_with_marks_due(now=NOW + 99, limit=9)) == [1, 3]
    assert run(logs.rooms_with_marks_due(now=NOW + 99, limit=1)) == [1]
    room = run(logs.room(RoomId(1)))
    assert room is not None
    run(logs.append([addition(room, Unmarked(Listing.BAN, ("m1",)))]))
    assert run(logs.rooms_with_marks_due(now=NOW + 29, limit=9)) == [3]


# Names -----------------------------------------------------------------------------------------------------------


def renamed(before: str, after: str) -> Renamed:
    return Renamed(RoomName(after), RoomName(before))


def test_a_former_name_leads_on_and_cannot_be_taken(logs: Logs, run: Run) -> None:
    made = opening(1, "one")
    moved = addition(made.after, renamed("one", "Uno"))
    assert run(logs.append([made, moved])) == [Kept(), Kept()]
    assert [run(logs.room_named(fold(name))) for name in ("one", "UNO", "two")] == [1, 1, None]
    assert run(logs.append([opening(2, "One"), opening(3, "two")])) == [Moved(0), Kept()]
    other = run(logs.room(RoomId(3)))
    assert other is not None
    for taken in ("one", "uno"):
        assert run(logs.append([addition(other, renamed("two", taken))])) == [Moved(1)]
    assert run(logs.room(RoomId(3))) == other
    back = addition(moved.after, renamed("Uno", "one"))
    assert run(logs.append([back])) == [Kept()]
    assert [run(logs.room_named(fold(name))) for name in ("one", "uno")] == [1, 1]
    assert run(logs.room(RoomId(1))) == back.after
    assert [room.name for room in run(logs.public_rooms(limit=9))] == ["one", "two"]


def test_a_room_leaves_so_many_names_behind_and_the_oldest_is_free(logs: Logs, run: Run) -> None:
    made = opening(1, "a")
    run(logs.append([made]))
    room = made.after
    for before, after in ("ab", "bc", "cd", "de", "ef"):
        step = addition(room, renamed(before, after))
        assert run(logs.append([step])) == [Kept()]
        room = step.after
    assert [run(logs.room_named(fold(name))) for name in "abcdef"] == [None, 1, 1, 1, 1, 1]
    assert run(logs.append([opening(2, "a"), opening(3, "b")])) == [Kept(), Moved(0)]


def test_a_room_without_owner_leaves_no_name_behind(logs: Logs, run: Run) -> None:
    made = opening(1, "one", owner=None)
    moved = addition(made.after, renamed("one", "two"))
    assert run(logs.append([made, moved, opening(2, "one")])) == [Kept()] * 3
    assert [run(logs.room_named(fold(name))) for name in ("one", "two")] == [2, 1]


def test_an_archived_room_loses_its_former_names(logs: Logs, run: Run) -> None:
    made = opening(1, "one")
    moved = addition(made.after, renamed("one", "two"), Archived())
    assert run(logs.append([made, moved, opening(2, "one"), opening(3, "two")])) == [Kept()] * 4
    assert [run(logs.room_named(fold(name))) for name in ("one", "two")] == [2, 3]


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two batches"])
def test_a_name_that_is_let_go_of_is_free_at_once(logs: Logs, run: Run, together: bool) -> None:
    rooms = [opening(1, "one", owner=None), opening(2, "two", owner=None), opening(3, "three", owner=None)]
    run(logs.append(rooms))
    moves = [
        addition(rooms[2].after, renamed("three", "spare")),
        addition(rooms[1].after, renamed("two", "three")),
        addition(rooms[0].after, renamed("one", "two")),
    ]
    for batch in [moves] if together else [[move] for move in moves]:
        assert run(logs.append(batch)) == [Kept()] * len(batch)
    assert [run(logs.room_named(fold(name))) for name in ("one", "two", "three", "spare")] == [None, 1, 2, 3]


def test_what_did_not_fit_takes_no_name(logs: Logs, run: Run) -> None:
    one, other = opening(1, "one", owner=None), opening(2, "two", owner=None)
    run(logs.append([one, other]))
    late = addition(other.after, Message("somebody was first"))
    run(logs.append([late]))
    moved = addition(other.after, renamed("two", "free"))
    assert run(logs.append([moved, addition(one.after, renamed("one", "free"))])) == [Moved(2), Kept()]
    assert [run(logs.room_named(fold(name))) for name in ("one", "two", "free")] == [None, 2, 1]


# Mending ---------------------------------------------------------------------------------------------------------


def test_an_edit_and_a_redaction_rewrite_what_is_kept(logs: Logs, run: Run) -> None:
    made = opening(1, "one", joined(ANN, BOB), Message("first"), Message("second"))
    run(logs.append([made]))
    edited = rewriting(made, addition(made.after, Edited(3, "better")))
    assert run(logs.append([edited])) == [Kept()]
    assert bodies(logs, run, RoomId(1))[2:] == [Message("better", edited=5), Message("second"), Edited(3, "better")]
    again = rewriting(made, addition(edited.after, Edited(3, "best")), edited)
    run(logs.append([again]))
    assert bodies(logs, run, RoomId(1))[2:] == [
        Message("best", edited=6),
        Message("second"),
        Edited(3, ""),
        Edited(3, "best"),
    ]
    gone = rewriting(made, addition(again.after, Redacted(3, ANN)), edited, again)
    run(logs.append([gone]))
    found = run(logs.entry(RoomId(1), 3))
    assert found is not None
    assert found.body == Message("", edited=6, redacted=7)
    assert bodies(logs, run, RoomId(1))[5] == Edited(3, "")
    assert run(logs.room(RoomId(1))) == gone.after


def test_one_entry_is_found_by_its_number(logs: Logs, run: Run) -> None:
    made = opening(1, "one", Message("1"))
    run(logs.append([made]))
    assert run(logs.entry(RoomId(1), 2)) == made.entries[1].entry
    assert run(logs.entry(RoomId(1), 3)) is None
    assert run(logs.entry(RoomId(1), 0)) is None
    assert run(logs.entry(RoomId(2), 1)) is None


def test_scrubbing_is_done_where_there_is_nothing_to_scrub(logs: Logs, run: Run) -> None:
    assert run(logs.scrub())


# Where something lies --------------------------------------------------------------------------------------------


def test_messages_are_counted_up_to_each_entry(logs: Logs, run: Run) -> None:
    made = opening(1, "one", Message("1"), joined(ANN), Message("2"), Reacted(2, "+1"))
    run(logs.append([made, opening(2, "two", Message("1"))]))
    run(logs.append([addition(made.after, Message("3"))]))
    assert [run(logs.said_by(RoomId(1), number)) for number in range(-1, 9)] == [0, 0, 0, 1, 1, 2, 2, 3, 3, 3]
    assert run(logs.said_by(RoomId(9), 1)) == 0


def test_a_moment_lies_at_the_last_entry_by_then(logs: Logs, run: Run) -> None:
    made = opening(1, "one", Message("1"))
    late = addition(made.after, Message("2"), Message("3"), now=NOW + 10)
    run(logs.append([made, late]))
    times = [NOW - 1, NOW, NOW + 1, NOW + 9, NOW + 10, NOW + 11, NOW + 99]
    assert [run(logs.number_at(RoomId(1), time)) for time in times] == [0, 1, 2, 2, 3, 4, 4]
    assert run(logs.number_at(RoomId(9), NOW)) == 0


# Reactions -------------------------------------------------------------------------------------------------------


def test_reactions_are_counted_by_message_and_kind(logs: Logs, run: Run) -> None:
    made = opening(1, "one", joined(ANN, BOB), Message("1"), Message("2"))
    room = addition(made.after, Reacted(4, "z"), Reacted(3, "z"), Reacted(3, "a"))
    bobs = addition(room.after, Reacted(3, "a"), Reacted(3, "b"), author=BOB)
    run(logs.append([made, room, bobs]))

    def counts(who: PrincipalId, first: int = 0, last: int = 99, limit: int = 9, upto: int = 99) -> list[ReactionCount]:
        return [*run(logs.reaction_counts(RoomId(1), first=first, last=last, upto=upto, principal=who, limit=limit))]

    everybody = [(3, "z", 1, False), (3, "a", 2, True), (3, "b", 1, True), (4, "z", 1, False)]
    assert counts(BOB.principal) == [ReactionCount(*one) for one in everybody]
    assert counts(BOB.principal, 4, 4) == [ReactionCount(4, "z", 1)]
    assert counts(BOB.principal, limit=2) == [ReactionCount(*one) for one in everybody[:2]]
    by_seven = [(3, "z", 1, False), (3, "a", 1, False), (4, "z", 1, False)]
    assert counts(BOB.principal, upto=7) == [ReactionCount(*one) for one in by_seven]
    assert run(logs.reactions(RoomId(1), 3, ANN.principal, "a")) == Reactions(mine=True, count=4)
    assert run(logs.reactions(RoomId(1), 3, ANN.principal, "b")) == Reactions(mine=False, count=4)
    assert run(logs.reactions(RoomId(1), 5, ANN.principal, "b")) == Reactions(mine=False, count=0)
    assert run(logs.reactions(RoomId(2), 3, ANN.principal, "a")) == Reactions(mine=False, count=0)


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two batches"])
def test_a_reaction_that_is_taken_back_is_gone(logs: Logs, run: Run, together: bool) -> None:
    made = opening(1, "one", joined(ANN), Message("1"), Reacted(3, "b"))
    put = addition(made.after, Reacted(3, "a"))
    back = addition(put.after, Reacted(3, "b", withdrawn=True))
    again = addition(back.after, Reacted(3, "a", withdrawn=True), Reacted(3, "c"), Reacted(3, "b"))
    for batch in [[made, put, back, again]] if together else [[made], [put], [back], [again]]:
        assert run(logs.append(batch)) == [Kept()] * len(batch)
    found = run(logs.reaction_counts(RoomId(1), first=0, last=9, upto=9, principal=ANN.principal, limit=9))
    assert [one.reaction for one in found] == ["c", "b"]


# Unread ----------------------------------------------------------------------------------------------------------


def test_without_a_marker_all_since_joining_is_unread(logs: Logs, run: Run) -> None:
    made = opening(1, "one", Message("early"), joined(ANN), say("1"), joined(BOB), say("2", ANN.principal))
    run(logs.append([made, direct(2, ANN, BOB), inbox(3, ANN), opening(4, "gone", joined(ANN), left(ANN))]))
    assert unread(logs, run, ANN.principal) == {1: (2, 2, 1), 2: (1, 1, 0)}
    assert unread(logs, run, BOB.principal) == {1: (4, 1, 0), 2: (1, 1, 0)}
    assert unread(logs, run, EVE.principal) == {}


def test_whoever_comes_back_has_unread_what_was_said_since_the_first_joining(logs: Logs, run: Run) -> None:
    made = opening(1, "one", Message("early"), joined(ANN), say("1"), left(ANN), say("2"), joined(ANN), say("3"))
    run(logs.append([made]))
    assert unread(logs, run, ANN.principal) == {1: (2, 3, 0)}
    again = addition(made.after, left(ANN), say("4", ANN.principal), joined(ANN))
    run(logs.append([again]))
    voiced = addition(again.after, RolesChanged((RoleChange(ANN, voice=True),)), say("5"))
    run(logs.append([voiced]))
    assert unread(logs, run, ANN.principal) == {1: (2, 5, 1)}


def test_a_room_in_an_overview_has_its_state_and_the_two_of_a_conversation(logs: Logs, run: Run) -> None:
    made, two = opening(1, "one", joined(ANN, BOB), DataSet("k", "v")), direct(2, ANN, BOB)
    run(logs.append([made, two]))
    one, other = run(logs.unread(ANN.principal))
    assert (one.members, other.members) == (2, 2)
    assert one.room.data == made.after.data
    assert not one.room.members
    assert other.room == two.after


def test_a_marker_that_moves_leaves_less_unread(logs: Logs, run: Run) -> None:
    everybody = say("everybody", calls_room=True)
    made = opening(1, "one", joined(ANN, BOB), say("1", ANN.principal), everybody, say("2", ANN.principal), say("3"))
    box = inbox(2, ANN)
    run(logs.append([made, box]))
    assert unread(logs, run, ANN.principal) == {1: (1, 4, 3)}
    for number, said, left_over in ((3, 1, (3, 3, 2)), (4, 2, (4, 2, 1)), (6, 4, (6, 0, 0))):
        moved = addition(box.after, MarkerMoved("1", number, NOW, said))
        run(logs.append([moved]))
        box = moved
        assert unread(logs, run, ANN.principal) == {1: left_over}
    assert unread(logs, run, BOB.principal) == {1: (1, 4, 1)}


@pytest.mark.parametrize("target", ["one", "01x", "٣", "9" * 30, "2"])
def test_a_marker_about_something_else_changes_nothing_of_a_room(logs: Logs, run: Run, target: str) -> None:
    box = inbox(9, ANN)
    run(logs.append([opening(1, "one", joined(ANN), say("1", ANN.principal)), box]))
    run(logs.append([addition(box.after, MarkerMoved(target, 99, NOW, 99))]))
    assert unread(logs, run, ANN.principal) == {1: (1, 1, 1)}


def test_who_is_called_by_name_and_with_everybody_is_called_once(logs: Logs, run: Run) -> None:
    run(logs.append([opening(1, "one", joined(ANN, BOB), say("1", ANN.principal, calls_room=True))]))
    assert unread(logs, run, ANN.principal) == {1: (1, 1, 1)}
    assert unread(logs, run, BOB.principal) == {1: (1, 1, 1)}


def test_an_edit_calls_others_and_a_redaction_nobody(logs: Logs, run: Run) -> None:
    made = opening(1, "one", joined(ANN, BOB, EVE), say("@ann", ANN.principal), say("@room", calls_room=True))
    edited = rewriting(made, addition(made.after, Edited(3, "@eve", (EVE.principal,))))
    run(logs.append([made, edited]))
    assert [unread(logs, run, one.principal)[1][2] for one in (ANN, BOB, EVE)] == [1, 1, 2]
    gone = rewriting(made, addition(edited.after, Redacted(3, ANN), Redacted(4, ANN)), edited)
    run(logs.append([gone]))
    assert [unread(logs, run, one.principal)[1] for one in (ANN, BOB, EVE)] == [(1, 2, 0)] * 3


def test_an_edit_of_what_was_read_calls_nobody(logs: Logs, run: Run) -> None:
    made, box = opening(1, "one", joined(ANN, BOB), say("hi")), inbox(2, BOB)
    run(logs.append([made, box, addition(box.after, MarkerMoved("1", 3, NOW, 1))]))
    run(logs.append([rewriting(made, addition(made.after, Edited(3, "@bob", (BOB.principal,))))]))
    assert unread(logs, run, BOB.principal) == {1: (3, 0, 0)}


# The audit trail -------------------------------------------------------------------------------------------------


def test_acts_of_moderation_stand_in_the_audit_trail(logs: Logs, run: Run) -> None:
    made = opening(1, "one", joined(ANN, BOB), Message("secret"), Marked(BAN))
    gone = rewriting(made, addition(made.after, Redacted(3, BOB, "rude"), renamed("one", "two")))
    run(logs.append([made, gone]))
    server = AuditRow(NOW + 7, AccountName("ann"), RoomName(""), AuditLine("ban", "192.0.2.1", "", NOW + 9))
    run(logs.add_audit(server))
    trail = run(logs.audit(limit=9))
    assert [(row.line.act, row.line.whom, row.line.reason, row.line.until) for row in trail] == [
        ("ban", "*!*@*.ip", "spam", NOW + 50),
        ("redact", "Bob", "rude", None),
        ("rename", "two", "", None),
        ("ban", "192.0.2.1", "", NOW + 9),
    ]
    assert trail[0].by == "ann"
    assert trail[0].time == made.entries[3].entry.time
    assert trail[0].room == "one"
    assert trail[-1] == server
    assert run(logs.audit(limit=2)) == trail[2:]
