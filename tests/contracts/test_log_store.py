"""What every store of rooms does, in memory and in SQLite."""

from __future__ import annotations

from itertools import count
from typing import Protocol

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from additions import ANN, BOB, EVE, addition, direct, inbox, joined, left, opening
from besedka.admin.ports import Rooms
from besedka.chat.entries import (
    Archived,
    Body,
    Entered,
    Entry,
    Kind,
    Left,
    Manner,
    MembershipChanged,
    Message,
    Person,
    RequestId,
    RoomId,
    RoomName,
    SessionsRevoked,
    SettingsChange,
    SettingsChanged,
    TopicSet,
    Way,
)
from besedka.chat.folding import evolve
from besedka.chat.names import fold
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Room
from besedka.chat.settings import PRESETS
from besedka.hub.keeping import Addition, Kept, LogStore, Moved, Page, Receipt, RoomBrief, Step, Steps
from besedka.hub.seen import RoomSeen
from besedka.store.memory import MemoryLogStore
from besedka.store.rows import encode_body, weight
from running import Run

EVERYTHING = 1 << 40
FIRST, SECOND, THIRD = (RequestId(f"{number:032x}") for number in (1, 2, 3))


class Logs(LogStore, Steps, Rooms, Protocol):
    """All that is asked of a store of rooms."""


def entries_of(made: Addition) -> tuple[Entry, ...]:
    return tuple(numbered.entry for numbered in made.entries)


def whole(logs: Logs, run: Run, room: RoomId) -> tuple[Entry, ...]:
    return run(logs.page(room, after=0, upto=EVERYTHING, limit=EVERYTHING, bytes_max=EVERYTHING)).entries


# Appending -------------------------------------------------------------------------------------------------------


def test_a_new_log_has_a_name_and_nothing_in_it(logs: Logs, run: Run) -> None:
    assert logs.epoch
    assert logs.boot == 1
    assert logs.rooms_given == 0
    assert run(logs.room(RoomId(1))) is None
    assert run(logs.room_named(fold("lobby"))) is None
    assert run(logs.page(RoomId(1), after=0, upto=9, limit=9, bytes_max=99)) == Page(())


def test_what_was_kept_is_read_again(logs: Logs, run: Run) -> None:
    made = opening(7, "Lobby", joined(ANN, BOB), Message("hé\n\x1b[31m 🙂", Manner.DONE), left(BOB))
    assert run(logs.append([made])) == [Kept()]
    assert run(logs.room(RoomId(7))) == made.after
    assert whole(logs, run, RoomId(7)) == entries_of(made)


def test_rooms_of_one_batch_are_kept_together(logs: Logs, run: Run) -> None:
    one, other = opening(1, "one", Message("1")), opening(2, "other", Message("2"), Message("3"))
    assert run(logs.append([one, other])) == [Kept(), Kept()]
    more, others = addition(one.after, TopicSet("t")), addition(other.after, Message("4"), joined(EVE))
    assert run(logs.append([more, others])) == [Kept(), Kept()]
    assert run(logs.room(RoomId(1))) == more.after
    assert run(logs.room(RoomId(2))) == others.after
    assert [entry.number for entry in whole(logs, run, RoomId(2))] == [1, 2, 3, 4, 5]


def test_two_additions_to_one_room_follow_each_other_in_a_batch(logs: Logs, run: Run) -> None:
    first = opening(1, "one", joined(ANN))
    second = addition(first.after, left(ANN), Message("gone"))
    assert run(logs.append([first, second])) == [Kept(), Kept()]
    assert run(logs.room(RoomId(1))) == second.after
    assert len(whole(logs, run, RoomId(1))) == 4


def test_a_room_that_moved_gets_nothing_and_the_others_theirs(logs: Logs, run: Run) -> None:
    made, other = opening(1, "one", Message("1")), opening(2, "other")
    run(logs.append([made, other]))
    ahead = addition(made.after, Message("2", Manner.SAID), joined(ANN), requests=[FIRST])
    run(logs.append([ahead]))
    late = addition(made.after, Message("late"), joined(BOB), TopicSet("late"), requests=[SECOND])
    fine = addition(other.after, Message("fine"))
    assert run(logs.append([late, fine])) == [Moved(ahead.after.head), Kept()]
    assert run(logs.room(RoomId(1))) == ahead.after
    assert run(logs.room(RoomId(2))) == fine.after
    assert whole(logs, run, RoomId(1)) == (*entries_of(made), *entries_of(ahead))
    assert run(logs.kept_request(ANN.principal, SECOND, None)) is None
    assert run(logs.briefs(BOB.principal)) == []


def test_a_room_that_is_not_there_has_moved_to_nothing(logs: Logs, run: Run) -> None:
    never_kept = opening(1, "one").after
    assert run(logs.append([addition(never_kept, Message("1"))])) == [Moved(0)]
    assert run(logs.room(RoomId(1))) is None


def test_a_room_is_new_only_once(logs: Logs, run: Run) -> None:
    run(logs.append([opening(1, "one", Message("1"))]))
    assert run(logs.append([opening(1, "two")])) == [Moved(2)]
    assert run(logs.room_named(fold("two"))) is None


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two batches"])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        (opening(1, "Lobby"), opening(2, "LOBBY")),
        (opening(1, "Lobby"), opening(2, "lobby", kind=Kind.PRIVATE)),
        (direct(1, ANN, BOB), direct(2, BOB, ANN)),
        (inbox(1, ANN), inbox(2, ANN)),
    ],
    ids=["name", "name of another kind", "pair", "inbox"],
)
def test_a_place_that_is_taken_is_not_given_again(
    logs: Logs, run: Run, first: Addition, second: Addition, together: bool
) -> None:
    fine = opening(3, "fine")
    if together:
        assert run(logs.append([first, second, fine])) == [Kept(), Moved(0), Kept()]
    else:
        assert run(logs.append([first])) == [Kept()]
        assert run(logs.append([second, fine])) == [Moved(0), Kept()]
    assert run(logs.room(RoomId(1))) == first.after
    assert run(logs.room(RoomId(2))) is None
    assert run(logs.room(RoomId(3))) == fine.after


def test_an_archived_room_frees_its_name_and_keeps_its_log(logs: Logs, run: Run) -> None:
    made = opening(1, "tea", owner=None)
    run(logs.append([made]))
    over, again = addition(made.after, Archived()), opening(2, "Tea", owner=None)
    assert run(logs.append([over, again])) == [Kept(), Kept()]
    assert run(logs.room_named(fold("tea"))) == 2
    assert run(logs.room(RoomId(1))) == over.after
    assert whole(logs, run, RoomId(1)) == (*entries_of(made), *entries_of(over))
    assert run(logs.passing_rooms()) == [2]


def test_a_room_may_begin_and_end_in_one_batch(logs: Logs, run: Run) -> None:
    brief = opening(1, "tea", Archived(), owner=None)
    begun = opening(2, "Tea", owner=None)
    over, again = addition(begun.after, Archived()), opening(3, "tea")
    assert run(logs.append([brief, begun, over, again])) == [Kept()] * 4
    assert run(logs.room_named(fold("tea"))) == 3
    assert run(logs.room(RoomId(1))) == brief.after
    assert run(logs.room(RoomId(2))) == over.after


def test_more_than_one_statement_holds_is_kept_all_the_same(logs: Logs, run: Run) -> None:
    many = 200 if isinstance(logs, MemoryLogStore) else 1300  # In memory there are no statements.
    crowd = tuple(Person(PrincipalId(number), AccountName(f"n{number}")) for number in range(1, many + 1))
    made = opening(1, "crowd", joined(*crowd), *(Message(str(number)) for number in range(many)))
    boxes = [inbox(number + 1, person) for number, person in enumerate(crowd, start=1)]
    assert run(logs.append([made, *boxes])) == [Kept()] * (many + 1)
    assert run(logs.room(RoomId(1))) == made.after
    assert whole(logs, run, RoomId(1)) == entries_of(made)
    more = [addition(box.after, Entered(RoomId(1), Kind.PUBLIC, RoomName("crowd"), 2)) for box in boxes]
    assert run(logs.append(more)) == [Kept()] * many
    assert run(logs.room(RoomId(many + 1))) == more[-1].after


PEOPLE = (ANN, BOB, EVE)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@st.composite
def additions(draw: st.DrawFn) -> list[list[tuple[int, Body]]]:
    """Batches of bodies for two rooms that a hub may have judged possible."""
    inside: dict[int, set[int]] = {0: set(), 1: set()}
    batches: list[list[tuple[int, Body]]] = []
    for _ in range(draw(st.integers(1, 5))):
        batch: list[tuple[int, Body]] = []
        for _ in range(draw(st.integers(1, 6))):
            room, who = draw(st.integers(0, 1)), draw(st.integers(0, len(PEOPLE) - 1))
            there = who in inside[room]
            moves: list[Body] = [MembershipChanged(Way.LEFT if there else Way.JOINED, (PEOPLE[who],))]
            if there:
                moves = [MembershipChanged(draw(st.sampled_from([Way.LEFT, Way.REMOVED])), (PEOPLE[who],))]
            body = draw(
                st.one_of(
                    st.sampled_from(moves),
                    st.builds(Message, TEXTS, st.sampled_from(Manner)),
                    st.builds(TopicSet, TEXTS),
                    st.just(Entered(RoomId(9), Kind.DIRECT, RoomName(""), 2, (ANN, BOB))),
                    st.just(Left(RoomId(9), 3, Way.REMOVED)),
                    st.just(SessionsRevoked()),
                )
            )
            if isinstance(body, MembershipChanged):
                inside[room] ^= {who}
            batch.append((room, body))
        batches.append(batch)
    return batches


_fresh = count(1)


@given(batches=additions())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_state_kept_with_the_log_is_the_log_folded(
    logs: Logs, run: Run, batches: list[list[tuple[int, Body]]]
) -> None:
    rooms = [opening(next(_fresh), f"r{next(_fresh)}").after, opening(next(_fresh), f"r{next(_fresh)}").after]
    run(logs.append([opening(room.id, room.name) for room in rooms]))
    for batch in batches:
        made = [
            addition(room, *(body for place, body in batch if place == which), author=BOB)
            for which, room in enumerate(rooms)
            if any(place == which for place, _ in batch)
        ]
        assert run(logs.append(made)) == [Kept()] * len(made)
        rooms = [next((one.after for one in made if one.after.id == room.id), room) for room in rooms]
        for room in rooms:
            folded = Room(room.id)
            for entry in whole(logs, run, room.id):
                folded = evolve(folded, entry)
            assert run(logs.room(room.id)) == folded == room
            assert run(logs.member_counts([room.id])) == {room.id: len(folded.members)}


# Pages -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def ten(logs: Logs, run: Run) -> tuple[Entry, ...]:
    """The entries of room 1, and a neighbour on each side that must never be seen in it."""
    made = opening(1, "ten", *(Message(str(number) * 10) for number in range(2, 11)))
    run(logs.append([opening(0, "below", Message("below")), made, opening(2, "above", Message("above"))]))
    return entries_of(made)


@pytest.mark.parametrize(
    ("after", "upto", "limit", "numbers"),
    [
        (0, 10, 99, range(1, 11)),
        (0, 99, 99, range(1, 11)),
        (3, 7, 99, range(4, 8)),
        (3, 7, 2, range(4, 6)),
        (3, 3, 99, range(0)),
        (7, 3, 99, range(0)),
        (10, 99, 99, range(0)),
        (3, 7, 0, range(0)),
    ],
)
def test_a_page_begins_after_a_number(
    logs: Logs, run: Run, ten: tuple[Entry, ...], after: int, upto: int, limit: int, numbers: range
) -> None:
    page = run(logs.page(RoomId(1), after=after, upto=upto, limit=limit, bytes_max=EVERYTHING))
    assert page.entries == tuple(ten[number - 1] for number in numbers)


@pytest.mark.parametrize(
    ("before", "first", "limit", "numbers"),
    [
        (11, 1, 99, range(1, 11)),
        (99, 0, 99, range(1, 11)),
        (8, 4, 99, range(4, 8)),
        (8, 4, 2, range(6, 8)),
        (4, 4, 99, range(0)),
        (4, 8, 99, range(0)),
        (1, 1, 99, range(0)),
        (8, 4, 0, range(0)),
    ],
)
def test_a_page_ends_before_a_number(
    logs: Logs, run: Run, ten: tuple[Entry, ...], before: int, first: int, limit: int, numbers: range
) -> None:
    page = run(logs.page_before(RoomId(1), before=before, first=first, limit=limit, bytes_max=EVERYTHING))
    assert page.entries == tuple(ten[number - 1] for number in numbers)


def test_a_page_weighs_no_more_than_asked_but_has_one_entry(logs: Logs, run: Run, ten: tuple[Entry, ...]) -> None:
    sizes = [weight(encode_body(entry.body)) for entry in ten]

    def after(bytes_max: int) -> int:
        return len(run(logs.page(RoomId(1), after=1, upto=10, limit=99, bytes_max=bytes_max)).entries)

    def before(bytes_max: int) -> int:
        return len(run(logs.page_before(RoomId(1), before=10, first=1, limit=99, bytes_max=bytes_max)).entries)

    assert [after(size) for size in (0, sizes[1], sum(sizes[1:4]) - 1, sum(sizes[1:4]))] == [1, 1, 2, 3]
    assert [before(size) for size in (0, sizes[8], sum(sizes[6:9]) - 1, sum(sizes[6:9]))] == [1, 1, 2, 3]


# Request ids -----------------------------------------------------------------------------------------------------


def test_a_request_is_found_by_its_first_entry(logs: Logs, run: Run) -> None:
    made = opening(1, "one", joined(ANN), Message("1"), requests=[FIRST, None, SECOND])
    run(logs.append([made]))
    assert run(logs.kept_request(ANN.principal, FIRST, RoomId(1))) == Receipt(RoomId(1), 1)
    assert run(logs.kept_request(ANN.principal, SECOND, RoomId(1))) == Receipt(RoomId(1), 3)
    assert run(logs.kept_request(ANN.principal, SECOND, None)) == Receipt(RoomId(1), 3)
    assert run(logs.kept_request(ANN.principal, THIRD, None)) is None
    assert run(logs.kept_request(ANN.principal, FIRST, RoomId(2))) is None


def test_of_two_entries_with_one_id_the_first_is_found(logs: Logs, run: Run) -> None:
    made = opening(1, "one", Message("1"), requests=[None, FIRST])
    run(logs.append([made]))
    assert run(logs.append([addition(made.after, Message("2"), requests=[FIRST])])) == [Kept()]
    assert run(logs.kept_request(ANN.principal, FIRST, None)) == Receipt(RoomId(1), 2)


def test_an_id_is_its_senders_alone(logs: Logs, run: Run) -> None:
    made = opening(1, "one", requests=[FIRST])
    run(logs.append([made, opening(2, "two", requests=[FIRST])]))
    run(logs.append([addition(made.after, Message("bob's"), author=BOB, requests=[FIRST])]))
    assert run(logs.kept_request(BOB.principal, FIRST, None)) == Receipt(RoomId(1), 2)
    assert run(logs.kept_request(ANN.principal, FIRST, RoomId(2))) == Receipt(RoomId(2), 1)
    assert run(logs.kept_request(EVE.principal, FIRST, None)) is None


def test_the_newest_request_of_a_sender_is_the_greatest_id_in_any_room(logs: Logs, run: Run) -> None:
    assert run(logs.newest_request(ANN.principal)) is None
    made = opening(1, "one", Message("1"), requests=[THIRD, FIRST])
    run(logs.append([made, opening(2, "two", requests=[SECOND])]))
    run(logs.append([addition(made.after, Message("2"), author=BOB, requests=[FIRST])]))
    assert run(logs.newest_request(ANN.principal)) == THIRD
    assert run(logs.newest_request(BOB.principal)) == FIRST


# Finding rooms ---------------------------------------------------------------------------------------------------


def test_rooms_are_found_by_name_pair_and_owner(logs: Logs, run: Run) -> None:
    private = opening(2, "Straße", kind=Kind.PRIVATE)
    run(logs.append([opening(1, "Lobby"), private, direct(3, BOB, ANN), direct(4, ANN, ANN), inbox(5, BOB)]))
    assert run(logs.room_named(fold("LOBBY"))) == 1
    assert run(logs.room_named(fold("STRASSE"))) == 2
    assert run(logs.room_named(fold(""))) is None
    assert run(logs.direct_room(ANN.principal, BOB.principal)) == 3
    assert run(logs.direct_room(BOB.principal, ANN.principal)) == 3
    assert run(logs.direct_room(ANN.principal, ANN.principal)) == 4
    assert run(logs.direct_room(BOB.principal, BOB.principal)) is None
    assert run(logs.inbox(BOB.principal)) == 5
    assert run(logs.inbox(ANN.principal)) is None


def test_briefs_tell_of_rooms_one_is_or_was_in_and_of_the_inbox(logs: Logs, run: Run) -> None:
    mine = opening(4, "mine", joined(ANN), joined(BOB), left(ANN), joined(ANN))
    once = opening(3, "once", joined(ANN), left(ANN), Message("after"))
    run(logs.append([mine, once, inbox(5, ANN), inbox(6, BOB), opening(7, "other", joined(BOB)), direct(2, ANN, BOB)]))
    assert run(logs.briefs(ANN.principal)) == [
        RoomBrief(RoomId(2), 3, member=True),
        RoomBrief(RoomId(3), 4, member=False),
        RoomBrief(RoomId(4), 5, member=True),
        RoomBrief(RoomId(5), 1, member=True),
    ]
    assert run(logs.briefs(EVE.principal)) == []


def test_public_rooms_are_listed_by_name_without_their_people(logs: Logs, run: Run) -> None:
    slow = SettingsChange(slow_seconds=9)
    rooms = [
        opening(1, "zebra", joined(ANN, BOB), TopicSet("stripes")),
        opening(2, "Apple", joined(ANN), left(ANN)),
        opening(3, "hidden", SettingsChanged(slow), kind=Kind.PRIVATE, owner=None),
        opening(4, "over", Archived(), owner=None),
        opening(5, "émile"),
        direct(6, ANN, BOB),
        inbox(7, ANN),
    ]
    run(logs.append(rooms))
    listed = run(logs.public_rooms(limit=9))
    assert [room.name for room in listed] == ["Apple", "zebra", "émile"]
    assert listed[1].topic == "stripes"
    assert all(not room.members and not room.former for room in listed)
    assert [room.name for room in run(logs.public_rooms(limit=2))] == ["Apple", "zebra"]
    assert run(logs.member_counts([RoomId(1), RoomId(2), RoomId(9)])) == {1: 2, 2: 0, 9: 0}
    plain, private = PRESETS[Kind.PUBLIC], msgspec.structs.replace(PRESETS[Kind.PRIVATE], slow_seconds=9)
    ann = ANN.principal
    assert run(logs.rooms_seen(limit=3)) == [
        RoomSeen(RoomId(2), RoomName("Apple"), Kind.PUBLIC, plain, ann, "", 0, 0, ""),
        RoomSeen(RoomId(3), RoomName("hidden"), Kind.PRIVATE, private, None, "", 0, 0, ""),
        RoomSeen(RoomId(1), RoomName("zebra"), Kind.PUBLIC, plain, ann, "ann", 2, 0, "stripes"),
    ]


def test_passing_rooms_are_public_without_owner_and_not_over(logs: Logs, run: Run) -> None:
    passing = opening(5, "passing", owner=None)
    rooms = [passing, opening(1, "owned"), opening(2, "over", Archived(), owner=None), direct(3, ANN, BOB)]
    run(logs.append([*rooms, opening(4, "early", owner=None)]))
    assert run(logs.passing_rooms()) == [4, 5]
    run(logs.append([addition(passing.after, Archived())]))
    assert run(logs.passing_rooms()) == [4]


# Steps -----------------------------------------------------------------------------------------------------------


def test_a_step_is_pending_until_it_is_finished(logs: Logs, run: Run) -> None:
    one, other = run(logs.add_step('{"remove":1}')), run(logs.add_step('{"remove":2}'))
    assert run(logs.pending_steps()) == [Step(one, '{"remove":1}'), Step(other, '{"remove":2}')]
    run(logs.finish_step(one))
    run(logs.finish_step(one))
    assert run(logs.pending_steps()) == [Step(other, '{"remove":2}')]
    assert run(logs.add_step("{}")) > other
