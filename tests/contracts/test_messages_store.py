"""What every store of rooms says about messages alone: pages of them, and when the last one was said."""

from __future__ import annotations

import pytest

from additions import ANN, BOB, NOW, addition, direct, joined, left, opening
from besedka.chat.entries import Entry, Kind, Message, Person, RoomId, TopicSet
from besedka.hub.keeping import LogStore
from running import Run

EVERYTHING = 1 << 40


@pytest.fixture
def mixed(logs: LogStore, run: Run) -> tuple[Entry, ...]:
    """A room in which messages are numbers 3, 4, 7 and 8."""
    bodies = (
        joined(ANN),
        Message("c"),
        Message("d"),
        TopicSet("e"),
        joined(BOB),
        Message("g"),
        Message("h"),
        TopicSet(""),
    )
    made = opening(1, "one", *bodies)
    run(logs.append([made]))
    return tuple(numbered.entry for numbered in made.entries)


@pytest.mark.parametrize(
    ("after", "upto", "limit", "numbers"),
    [(0, 99, 99, [3, 4, 7, 8]), (0, 99, 3, [3, 4, 7]), (3, 7, 99, [4, 7]), (4, 6, 99, []), (8, 99, 99, [])],
)
def test_a_page_of_messages_is_of_nothing_else(
    logs: LogStore, run: Run, mixed: tuple[Entry, ...], after: int, upto: int, limit: int, numbers: list[int]
) -> None:
    page = run(logs.page(RoomId(1), after=after, upto=upto, limit=limit, bytes_max=EVERYTHING, messages=True))
    assert page.entries == tuple(mixed[number - 1] for number in numbers)


@pytest.mark.parametrize(
    ("before", "first", "limit", "numbers"),
    [(99, 1, 99, [3, 4, 7, 8]), (99, 1, 3, [4, 7, 8]), (8, 4, 99, [4, 7]), (7, 5, 99, []), (3, 1, 99, [])],
)
def test_a_page_of_messages_before_a_number(
    logs: LogStore, run: Run, mixed: tuple[Entry, ...], before: int, first: int, limit: int, numbers: list[int]
) -> None:
    page = run(
        logs.page_before(RoomId(1), before=before, first=first, limit=limit, bytes_max=EVERYTHING, messages=True)
    )
    assert page.entries == tuple(mixed[number - 1] for number in numbers)


# When something was last said ------------------------------------------------------------------------------------


def last_said(
    logs: LogStore, run: Run, person: Person, *beside: int, after: int = 0, before: int = NOW * 2
) -> dict[str, int]:
    found = run(logs.last_said(person.principal, after=after, before=before, beside=[RoomId(room) for room in beside]))
    assert [one.room.id for one in found] == sorted(one.room.id for one in found)
    return {one.room.name or "direct": one.time - NOW for one in found}


def test_a_room_is_found_by_when_its_last_message_was_said(logs: LogStore, run: Run) -> None:
    tea = opening(1, "tea", joined(ANN), Message("c"), Message("d"), TopicSet("e"), joined(BOB))
    quiet = opening(2, "quiet", joined(ANN), TopicSet("q"))
    run(logs.append([tea, quiet]))
    assert last_said(logs, run, ANN) == {"tea": 3}
    assert last_said(logs, run, ANN, after=NOW + 2, before=NOW + 4) == {"tea": 3}
    assert last_said(logs, run, ANN, after=NOW + 3) == last_said(logs, run, ANN, before=NOW + 3) == {}
    assert last_said(logs, run, ANN, after=NOW - 1, before=NOW + 3) == {}, "there was something later"


def test_only_ones_own_rooms_are_found_and_those_beside(logs: LogStore, run: Run) -> None:
    past = opening(3, "past", joined(ANN), Message("c"), left(ANN))
    run(
        logs.append([opening(1, "tea", joined(BOB), Message("c")), opening(2, "cake", joined(BOB), Message("c")), past])
    )
    assert last_said(logs, run, ANN) == {}
    assert last_said(logs, run, ANN, 2) == {"cake": 2}
    assert last_said(logs, run, ANN, 99) == {}


def test_of_a_closed_room_only_what_was_said_since_one_came_counts(logs: LogStore, run: Run) -> None:
    shed = opening(1, "shed", joined(ANN), Message("c"), joined(BOB), kind=Kind.PRIVATE)
    tea = opening(2, "tea", joined(ANN), Message("c"), joined(BOB))
    run(logs.append([shed, tea]))
    assert last_said(logs, run, ANN) == {"shed": 2, "tea": 2}
    assert last_said(logs, run, BOB) == {"tea": 2}
    run(logs.append([addition(shed.after, Message("e"), now=NOW + 9)]))
    assert last_said(logs, run, BOB) == {"shed": 9, "tea": 2}


def test_a_conversation_of_two_is_found_with_both_of_them(logs: LogStore, run: Run) -> None:
    run(logs.append([direct(1, ANN, BOB)]))
    (found,) = run(logs.last_said(BOB.principal, after=0, before=NOW * 2))
    assert [member.name for _, member in sorted(found.room.members.items())] == ["ann", "Bob"]
