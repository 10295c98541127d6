"""What every store of rooms forgets, and what it does not, in memory and in SQLite."""

from __future__ import annotations

from random import Random

import pytest

from additions import ANN, BOB, NOW, addition, inbox, joined, opening
from besedka.chat.audit import AuditLine
from besedka.chat.entries import (
    Body,
    Entry,
    MarkerMoved,
    Message,
    Reacted,
    RequestId,
    RoomId,
    SettingsChange,
    SettingsChanged,
    TopicSet,
)
from besedka.chat.principals import AccountName
from besedka.chat.retention import FOR_EVER, Floor, Retention
from besedka.chat.rooms import Room
from besedka.chat.told import ReactionCount
from besedka.hub.keeping import Addition, AuditRow, Kept, LogStore, Reactions, Receipt
from besedka.store.logs import SqliteLogStore
from besedka.store.memory import MemoryLogStore
from running import Run

LOBBY, GARDEN, INBOX = RoomId(7), RoomId(8), RoomId(9)
EVERYTHING = 1 << 40
ID = RequestId(f"{5:032x}")


def page(logs: LogStore, run: Run, room: RoomId, after: int = 0) -> list[int]:
    found = run(logs.page(room, after=after, upto=EVERYTHING, limit=1000, bytes_max=EVERYTHING))
    return [entry.number for entry in found.entries]


def due(logs: LogStore, run: Run, retention: Retention = FOR_EVER, *, now: int = NOW) -> list[Floor]:
    return list(run(logs.floors_due(retention, now=now, after=RoomId(0), limit=100)).floors)


def messages(*texts: str) -> list[Body]:
    return [Message(text) for text in texts]


@pytest.fixture
def lobby(logs: LogStore, run: Run) -> Addition:
    """1 opened, 2 ann and Bob joined, 3 to 8 messages a second apart; 5 calls Bob and 4 was reacted to."""
    made = opening(LOBBY, "lobby", joined(ANN, BOB))
    run(logs.append([made]))
    for second, text in enumerate("abcdef"):
        body = Message(text, mentions=(BOB.principal,)) if text == "c" else Message(text)
        made = addition(made.after, body, now=NOW + 1000 * second, requests=(ID,) if text == "a" else ())
        run(logs.append([made]))
    made = addition(made.after, Reacted(4, "+1"), author=BOB, now=NOW + 6000)
    run(logs.append([made]))
    return made


def test_nothing_is_due_where_all_is_kept_for_ever(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert due(logs, run, now=NOW + 10**12) == []
    assert due(logs, run, Retention(seconds=7), now=NOW + 7000) == []
    assert due(logs, run, Retention(messages=6)) == []


def test_what_is_due_goes_by_age_by_count_and_by_what_is_stricter(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert due(logs, run, Retention(seconds=3), now=NOW + 5000) == [Floor(LOBBY, 5, 2)]
    assert due(logs, run, Retention(messages=2)) == [Floor(LOBBY, 7, 4)]
    assert due(logs, run, Retention(seconds=3, messages=2), now=NOW + 5000) == [Floor(LOBBY, 7, 4)]
    assert due(logs, run, Retention(seconds=3, messages=5), now=NOW + 5000) == [Floor(LOBBY, 5, 2)]
    assert due(logs, run, Retention(seconds=1), now=NOW + 10**9) == [Floor(LOBBY, 10, 6)], "nothing need stay"


def test_a_room_may_keep_less_than_the_server_and_not_more(logs: LogStore, run: Run, lobby: Addition) -> None:
    change = SettingsChange(keep_seconds=2, keep_messages=3)
    set_ = addition(lobby.after, SettingsChanged(change), now=NOW + 6001)
    run(logs.append([set_]))
    assert due(logs, run, now=NOW + 5000) == [Floor(LOBBY, 6, 3)]
    assert due(logs, run, Retention(seconds=10**6, messages=10**6), now=NOW + 5000) == [Floor(LOBBY, 6, 3)]
    assert due(logs, run, Retention(messages=1), now=NOW + 5000) == [Floor(LOBBY, 8, 5)]


def test_rooms_are_looked_at_a_few_at_a_time(logs: LogStore, run: Run, lobby: Addition) -> None:
    run(logs.append([opening(GARDEN, "garden", *messages("a", "b"))]))
    first = run(logs.floors_due(Retention(messages=1), now=NOW, after=RoomId(0), limit=1))
    assert ([floor.room for floor in first.floors], first.next) == ([LOBBY], LOBBY)
    assert first.next is not None
    second = run(logs.floors_due(Retention(messages=1), now=NOW, after=first.next, limit=2))
    assert ([floor.room for floor in second.floors], second.next) == ([GARDEN], None)


def test_a_floor_rises_and_never_sinks(logs: LogStore, run: Run, lobby: Addition) -> None:
    run(logs.raise_floors([Floor(LOBBY, 6, 3)]))
    run(logs.raise_floors([Floor(LOBBY, 5, 2)]))
    room = run(logs.room(LOBBY))
    assert room is not None
    assert (room.floor, room.pruned, room.messages, room.head) == (6, 3, 6, 9)
    assert set(room.members) == {ANN.principal, BOB.principal}, "the state stays"
    stale = addition(lobby.after, Message("judged before"), now=NOW + 7000)  # Its room still has the floor at 1.
    assert run(logs.append([stale])) == [Kept()]
    room = run(logs.room(LOBBY))
    assert room is not None
    assert (room.floor, room.pruned, room.messages) == (6, 3, 7)


def test_what_lies_before_the_floor_goes_a_few_at_a_time(logs: LogStore, run: Run, lobby: Addition) -> None:
    run(logs.raise_floors([Floor(LOBBY, 6, 3)]))
    assert run(logs.prune(LOBBY, limit=2)) is True
    assert page(logs, run, LOBBY) == [3, 4, 5, 6, 7, 8, 9]
    assert due(logs, run) == [Floor(LOBBY, 6, 3)], "whoever was interrupted is told what is left to do"
    assert run(logs.prune(LOBBY, limit=9)) is False
    assert page(logs, run, LOBBY) == [6, 7, 8, 9]
    assert due(logs, run) == []
    assert run(logs.prune(LOBBY, limit=9)) is False
    assert [run(logs.entry(LOBBY, number)) is None for number in (5, 6)] == [True, False]
    before = run(logs.page_before(LOBBY, before=8, first=1, limit=9, bytes_max=EVERYTHING))
    assert [entry.number for entry in before.entries] == [6, 7]


def test_ids_stay_and_what_belongs_to_messages_goes(logs: LogStore, run: Run, lobby: Addition) -> None:
    run(logs.raise_floors([Floor(LOBBY, 6, 3)]))
    run(logs.prune(LOBBY, limit=99))
    assert run(logs.kept_request(ANN.principal, ID, LOBBY)) == Receipt(LOBBY, 3)
    assert run(logs.newest_request(ANN.principal)) == ID
    assert run(logs.reactions(LOBBY, 4, BOB.principal, "+1")) == Reactions(mine=False, count=0)
    counts: list[ReactionCount] = list(
        run(logs.reaction_counts(LOBBY, first=1, last=9, upto=99, principal=BOB.principal, limit=9))
    )
    assert counts == []


def test_how_much_is_kept_is_counted_from_the_floors_on(
    logs: MemoryLogStore | SqliteLogStore, run: Run, lobby: Addition
) -> None:
    other = opening(GARDEN, "garden")
    run(logs.append([other, addition(other.after, Message("a"), TopicSet("b"))]))
    assert run(logs.messages_kept()) == 7
    run(logs.raise_floors([Floor(LOBBY, 6, 3)]))
    assert run(logs.messages_kept()) == 4


@pytest.mark.parametrize("swept", [False, True], ids=["risen", "swept"])
def test_what_is_unread_is_what_can_be_read(logs: LogStore, run: Run, lobby: Addition, swept: bool) -> None:
    def unread() -> tuple[int, int]:
        (one,) = run(logs.unread(BOB.principal))
        return one.unread, one.mentions

    assert unread() == (6, 1)
    run(logs.raise_floors([Floor(LOBBY, 5, 2)]))
    if swept:
        run(logs.prune(LOBBY, limit=99))
    assert unread() == (4, 1)
    run(logs.raise_floors([Floor(LOBBY, 6, 3)]))
    if swept:
        run(logs.prune(LOBBY, limit=99))
    assert unread() == (3, 0)
    own = inbox(INBOX, BOB)
    run(logs.append([own, addition(own.after, MarkerMoved(str(LOBBY), 7, NOW, 5), author=BOB)]))
    assert unread() == (1, 0)
    run(logs.raise_floors([Floor(LOBBY, 10, 6)]))
    assert unread() == (0, 0)


@pytest.mark.parametrize("swept", [False, True], ids=["risen", "swept"])
def test_places_are_found_in_what_is_kept(logs: LogStore, run: Run, lobby: Addition, swept: bool) -> None:
    run(logs.raise_floors([Floor(LOBBY, 6, 3)]))
    if swept:
        run(logs.prune(LOBBY, limit=99))
    assert [run(logs.said_by(LOBBY, number)) for number in (0, 2, 5, 6, 8, 9)] == [3, 3, 3, 4, 6, 6]
    assert [run(logs.number_at(LOBBY, NOW + ms)) for ms in (0, 2999, 3000, 4500, 10**6)] == [0, 0, 6, 7, 9]

    def said() -> list[int]:
        found = run(logs.last_said(ANN.principal, after=0, before=NOW * 2))
        return [one.time - NOW for one in found]

    assert said() == [5000]
    run(logs.raise_floors([Floor(LOBBY, 9, 6)]))
    if swept:
        run(logs.prune(LOBBY, limit=99))
    assert said() == [], "there is no message any more, but a reaction"


def test_an_inbox_goes_by_age_and_keeps_its_state(logs: LogStore, run: Run) -> None:
    own = inbox(INBOX, BOB)
    moved = addition(own.after, MarkerMoved("1", 7, NOW, 5), MarkerMoved("1", 8, NOW, 6), author=BOB, now=NOW + 1)
    run(logs.append([own, moved]))
    assert due(logs, run, Retention(messages=1)) == []
    (floor,) = due(logs, run, Retention(seconds=1), now=NOW + 5000)
    assert floor == Floor(INBOX, 4, 0)
    run(logs.raise_floors([floor]))
    run(logs.prune(INBOX, limit=99))
    room = run(logs.room(INBOX))
    assert room is not None
    assert room.personal == moved.after.personal
    assert page(logs, run, INBOX) == []


def test_the_audit_trail_goes_by_age_and_by_count(logs: LogStore, run: Run) -> None:
    for number in range(6):
        row = AuditRow(NOW + number, AccountName("ann"), LOBBY_NAME, AuditLine("kick", str(number), "", None))
        run(logs.add_audit(row))

    def whom() -> list[str]:
        return [row.line.whom for row in run(logs.audit(limit=9))]

    assert run(logs.prune_audit(before=0, keep=6, limit=9)) is False
    assert run(logs.prune_audit(before=NOW + 4, keep=9, limit=1)) is True
    assert whom() == ["1", "2", "3", "4", "5"]
    assert run(logs.prune_audit(before=NOW + 2, keep=9, limit=9)) is False
    assert whom() == ["2", "3", "4", "5"]
    assert run(logs.prune_audit(before=0, keep=1, limit=9)) is False
    assert whom() == ["5"]


LOBBY_NAME = opening(LOBBY, "lobby").after.name


def test_the_floor_is_where_a_naive_look_at_every_entry_puts_it(logs: LogStore, run: Run) -> None:
    random = Random(5)
    made = opening(LOBBY, "lobby")
    run(logs.append([made]))
    entries = [numbered.entry for numbered in made.entries]
    for _ in range(30):
        body: Body = Message("x") if random.random() < 0.6 else TopicSet("t")
        made = addition(made.after, body, now=NOW + random.randint(0, 20_000))
        run(logs.append([made]))
        entries += [numbered.entry for numbered in made.entries]
    room = made.after
    for _ in range(60):
        retention = Retention(seconds=random.choice([0, 1, 5, 19]), messages=random.choice([0, 1, 4, 18, 99]))
        now = NOW + random.randint(0, 30_000)
        floors = due(logs, run, retention, now=now)
        room = run(logs.room(LOBBY)) or room
        wanted = naive(room, entries, retention, now)
        assert [floor.number for floor in floors] == ([wanted] if wanted > room.floor else [])
        for floor in floors:
            assert floor.pruned == said(entries[: floor.number - 1])
        if random.random() < 0.2:
            run(logs.raise_floors(floors))
            run(logs.prune(LOBBY, limit=99))


def naive(room: Room, entries: list[Entry], retention: Retention, now: int) -> int:
    """The first number that nothing says should go."""
    for place, entry in enumerate(entries):
        old = retention.seconds and entry.time < now - retention.seconds * 1000
        many = retention.messages and said(entries[place:]) > retention.messages
        if entry.number >= room.floor and not old and not many:
            return entry.number
    return room.head + 1


def said(entries: list[Entry]) -> int:
    return sum(isinstance(entry.body, Message) for entry in entries)
