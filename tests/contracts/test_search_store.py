"""What every store of rooms finds, in memory and in SQLite."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import pytest

from additions import ANN, BOB, EVE, addition, direct, inbox, joined, left, opening, rewriting
from besedka.chat.entries import Archived, Edited, Kind, Message, Opened, Redacted, RoomId, RoomName, TopicSet
from besedka.chat.folded import words_of
from besedka.chat.forgetting import Bygone, tombstone
from besedka.chat.names import fold
from besedka.chat.retention import Floor
from besedka.chat.rooms import Reading, Room, reading
from besedka.chat.searching import Query, Term
from besedka.hub.belongings import Place
from besedka.hub.keeping import Addition, Found, LogStore, SearchPlace
from besedka.store.logs import SqliteLogStore
from running import Run

LOBBY, GARDEN = RoomId(7), RoomId(8)
ALL = Reading(1, None)
SCOPE = {LOBBY: ALL, GARDEN: ALL}


@pytest.fixture(params=["memory", "sqlite", "indexed"])
def kind(request: pytest.FixtureRequest) -> str:
    """The store in SQLite once without its index, which then reads everything, and once with all of it indexed."""
    chosen: str = request.param
    return chosen


def about(*texts: str, prefix: bool = False) -> Query:
    """A query for these words or phrases."""
    return Query(tuple(Term(words_of(text), prefix) for text in texts))


def search(
    logs: LogStore,
    run: Run,
    query: Query,
    *,
    scope: Mapping[RoomId, Reading] = SCOPE,
    older_than: SearchPlace | None = None,
    limit: int = 50,
    bytes_max: int = 1 << 20,
    spans_max: int = 9,
) -> Found:
    if isinstance(logs, SqliteLogStore):
        run(logs.scrub())  # Which indexes everything first.
    return run(logs.search(query, scope, older_than=older_than, limit=limit, bytes_max=bytes_max, spans_max=spans_max))


def places(found: Found) -> list[tuple[RoomId, int]]:
    return [(one.room, one.entry.number) for one in found.messages]


@pytest.fixture
def lobby(logs: LogStore, run: Run) -> Addition:
    """A room in which six messages were said, from number 3 on."""
    said = ("Зелёный ЧАЙ с мёдом", "green tea, Café", "чаю воды", "see https://tea.example/green", "tea green", "")
    made = opening(LOBBY, "lobby", joined(ANN, BOB), *(Message(text or "…") for text in said))
    run(logs.append([made]))
    return made


def test_words_are_found_whatever_their_case_and_their_marks(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert places(search(logs, run, about("зеленый", "медом"))) == [(LOBBY, 3)]
    assert places(search(logs, run, about("CAFE"))) == [(LOBBY, 4)]
    assert places(search(logs, run, about("зелены"))) == []


def test_the_newest_come_first_and_all_words_must_be_there(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert places(search(logs, run, about("green", "tea"))) == [(LOBBY, 7), (LOBBY, 6), (LOBBY, 4)]


def test_whoever_is_removed_is_found_as_their_tombstone(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert len(search(logs, run, Query(names=(fold("ann"),))).messages) == 6
    place: Place | None = Place()
    while place is not None:
        place = run(logs.forget(Bygone(ANN.principal, ANN.name, words=False), after=place))
    assert search(logs, run, Query(names=(fold("ann"),))).messages == ()
    assert len(search(logs, run, Query(names=(fold(tombstone(ANN.principal)),))).messages) == 6
    assert places(search(logs, run, about("green tea"))) == [(LOBBY, 4)]


def test_it_is_said_where_the_words_stand(logs: LogStore, run: Run, lobby: Addition) -> None:
    """By the store's own threads: nobody who talks waits for it."""
    (found,) = search(logs, run, about("мед", "чай", prefix=True)).messages
    assert list(found.spans) == [(8, 11), (14, 19)]
    (found,) = search(logs, run, about("мед", "чай", prefix=True), spans_max=1).messages
    assert list(found.spans) == [(8, 11)]
    assert [list(one.spans) for one in search(logs, run, Query(authors=(ANN.principal,))).messages] == [[]] * 6


def test_the_words_of_a_phrase_stand_side_by_side(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert places(search(logs, run, about("green tea"))) == [(LOBBY, 4)]


def test_the_beginning_of_a_word_may_be_enough(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert places(search(logs, run, about("ча", prefix=True))) == [(LOBBY, 5), (LOBBY, 3)]
    assert places(search(logs, run, about("tea gr", prefix=True))) == [(LOBBY, 7)]


def test_by_author_and_time_and_link(logs: LogStore, run: Run, lobby: Addition) -> None:
    more = addition(lobby.after, Message("tea"), author=BOB)
    run(logs.append([more]))
    assert places(search(logs, run, Query(authors=(BOB.principal,)))) == [(LOBBY, 9)]
    assert places(search(logs, run, Query(names=(fold("BOB"),)))) == [(LOBBY, 9)]
    assert places(search(logs, run, Query(has_link=True))) == [(LOBBY, 6)]
    third = lobby.entries[2].entry.time
    assert places(search(logs, run, Query(before=third + 1))) == [(LOBBY, 3)]
    assert places(search(logs, run, Query(after=third, before=third + 2))) == [(LOBBY, 4), (LOBBY, 3)]


def test_pages_follow_each_other_through_all_rooms(logs: LogStore, run: Run, lobby: Addition) -> None:
    run(logs.append([opening(GARDEN, "garden", *(Message("green tea") for _ in range(5)))]))
    everything = places(search(logs, run, about("green")))
    assert len(everything) == 8
    assert {room for room, _ in everything} == {LOBBY, GARDEN}
    paged: list[tuple[RoomId, int]] = []
    older: SearchPlace | None = None
    for _ in range(4):
        page = search(logs, run, about("green"), older_than=older, limit=2)
        paged, older = [*paged, *places(page)], page.next
    assert paged == everything
    assert older is None


def test_a_page_is_bounded_by_its_bytes_and_has_one_message_at_least(logs: LogStore, run: Run, lobby: Addition) -> None:
    page = search(logs, run, about("green"), bytes_max=1)
    assert places(page) == [(LOBBY, 7)]
    assert page.next == page.messages[0].place


def test_nothing_is_found_where_one_may_not_read(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert places(search(logs, run, about("green"), scope={})) == []
    assert places(search(logs, run, about("green"), scope={GARDEN: ALL})) == []
    assert places(search(logs, run, about("green"), scope={LOBBY: Reading(5, 6)})) == [(LOBBY, 6)]


def test_an_edited_message_is_found_by_what_it_says_now(logs: LogStore, run: Run, lobby: Addition) -> None:
    edit = rewriting(lobby, addition(lobby.after, Edited(4, "black coffee")))
    run(logs.append([edit]))
    assert places(search(logs, run, about("cafe"))) == []
    assert places(search(logs, run, about("coffee"))) == [(LOBBY, 4)]
    before_it = {LOBBY: Reading(1, 8)}
    assert places(search(logs, run, about("coffee"), scope=before_it)) == [], "said after one may read"


def test_a_redacted_message_is_not_found(logs: LogStore, run: Run, lobby: Addition) -> None:
    run(logs.append([rewriting(lobby, addition(lobby.after, Redacted(4, ANN)))]))
    assert places(search(logs, run, about("cafe"))) == []
    assert places(search(logs, run, Query(authors=(ANN.principal,)), limit=2)) == [(LOBBY, 8), (LOBBY, 7)]


def test_only_messages_are_found(logs: LogStore, run: Run, lobby: Addition) -> None:
    run(logs.append([addition(lobby.after, TopicSet("coffee"))]))
    assert places(search(logs, run, about("coffee"))) == []


def test_who_may_read_what_is_what_the_rooms_say(logs: LogStore, run: Run) -> None:
    people = (ANN, BOB, EVE)
    hidden = Opened(Kind.PRIVATE, RoomName("den"), ANN.principal)
    made = [
        opening(7, "lobby", joined(*people), left(EVE)),
        opening(8, "garden", joined(BOB)),
        addition(Room(RoomId(9)), hidden, joined(ANN), Message("tea"), joined(BOB, EVE), left(BOB)),
        direct(10, ANN, BOB),
        direct(11, ANN, ANN),
        opening(12, "tent", joined(EVE), left(EVE), Archived(), owner=None),
        inbox(13, ANN),
    ]
    pruned = msgspec.structs.replace(made[0], after=msgspec.structs.replace(made[0].after, floor=3))
    run(logs.append([pruned, *made[1:]]))
    for person in people:
        told = run(logs.readable_rooms(person.principal))
        readings = {one.room: one.reading for one in told}
        rooms = [room for one in made if (room := run(logs.room(one.after.id))) is not None]
        mine = {
            room.id: one
            for room in rooms
            if room.kind is not Kind.INBOX and (one := reading(room, person.principal, inside=False)) is not None
        }
        assert readings == mine
        assert [one.room for one in told] == sorted(readings)
    assert [(one.name, len(one.people)) for one in run(logs.readable_rooms(ANN.principal))] == [
        ("lobby", 0),
        ("den", 0),
        ("", 2),
        ("", 1),
    ]
    assert [one.name for one in run(logs.readable_rooms(BOB.principal))] == ["lobby", "garden", "", ""], "left, hidden"
    assert [one.name for one in run(logs.readable_rooms(EVE.principal))] == ["lobby", "den", "tent"]


def test_what_lies_below_the_floor_is_not_found_any_more(logs: LogStore, run: Run, lobby: Addition) -> None:
    assert places(search(logs, run, about("green"))) == [(LOBBY, 7), (LOBBY, 6), (LOBBY, 4)]
    run(logs.raise_floors([Floor(LOBBY, 6, 3)]))
    assert places(search(logs, run, about("green"))) == [(LOBBY, 7), (LOBBY, 6)]
    run(logs.prune(LOBBY, limit=9))
    assert places(search(logs, run, about("green"))) == [(LOBBY, 7), (LOBBY, 6)]
    assert places(search(logs, run, about("cafe"))) == []
