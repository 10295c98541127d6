"""Reading back and searching in the line client."""

from __future__ import annotations

import time
from collections.abc import Iterator

import msgspec
import pytest

from besedka.chat.answers import Hit, HitRoom, SearchPage
from besedka.chat.entries import Ignored, Kind, Manner, Message, Person, RequestId, RoomId, RoomName
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.requests import History, Request, Search
from besedka.chat.told import Page, Unit
from besedka.client.commands import understood
from besedka.client.completing import Known, completions
from besedka.client.deeds.past import zone
from besedka.client.doing import Doer
from besedka.client.showing import Look, moment
from besedka.client.surface import Surface
from lone_client import Someone
from scripted import ANN, BOB, INBOX, LOBBY, entry, of, room

TEA, DEN, TWO = RoomId(3), RoomId(4), RoomId(5)
MIDNIGHT = 1_795_305_600_000 - zone() * 60_000
"""That begins 2026-11-22 here."""

DAY = 86_400_000


class Reader:
    """Ann, who is in the lobby and in tea."""

    def __init__(self, *, colour: bool = False) -> None:
        self.someone = Someone()
        self.core = self.someone.core
        self.someone.comes_in()
        self.told_lines: list[str] = []
        self.surface = Surface(self.core, Look(colour), line=self.told_lines.append, notice=self.told_lines.append)
        self.doer = Doer(self.core, self.surface, unsayable=set())
        self.told(room(INBOX, kind=Kind.INBOX), room(head=40, after=38), room(TEA, name="tea"))
        self.told(of(LOBBY, entry(39), entry(40)))
        self.surface.settle()
        self.someone.asked()

    def told(self, *units: Unit) -> list[str]:
        self.told_lines.clear()
        for event in self.someone.told(*units):
            self.surface.show(event)
        return list(self.told_lines)

    def types(self, line: str) -> Request | None:
        """What is asked because of a line."""
        self.told_lines.clear()
        self.doer.carry_out(understood(line))
        asked = self.someone.asked()
        return asked[-1] if asked else None

    def asks(self, line: str) -> Request | None:
        asked = self.types(line)
        return None if asked is None else msgspec.structs.replace(asked, id=None)


def hit(
    number: int,
    text: str,
    *spans: tuple[int, int],
    where: RoomId = LOBBY,
    manner: Manner = Manner.SAID,
    edited: int = 0,
) -> Hit:
    return Hit(where, entry(number, Message(text, manner, edited=edited)), spans)


ROOMS = (
    HitRoom(LOBBY, Kind.PUBLIC, RoomName("lobby")),
    HitRoom(DEN, Kind.PRIVATE, RoomName("")),
    HitRoom(TWO, Kind.DIRECT, RoomName(""), (Person(ANN, AccountName("ann")), Person(BOB, AccountName("bob")))),
)


def found(asked: Request | None, *hits: Hit, **more: object) -> SearchPage:
    assert asked is not None
    told = tuple(one for one in ROOMS if one.room in {hit.room for hit in hits})
    return SearchPage(RequestId(str(asked.id)), hits, told, **more)  # type: ignore[arg-type]


# Reading back ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("/history", History(room=LOBBY, before=39, limit=20)),
        ("/history 50", History(room=LOBBY, before=39, limit=50)),
        ("/history #12", History(room=LOBBY, around=12, limit=20)),
        ("/history 5 #12", History(room=LOBBY, around=12, limit=5)),
        ("/history @bob", History(room=LOBBY, around=40, limit=20)),
        ("/history TEA#12", History(room=TEA, around=12, limit=20)),
        ("/history before #12", History(room=LOBBY, before=12, limit=20)),
        ("/history After tea#12", History(room=TEA, after=12, limit=20)),
        (
            "/history 2026-11-22",
            History(room=LOBBY, after_time=MIDNIGHT - 1, before_time=MIDNIGHT + DAY, limit=20),
        ),
        ("/history after 22.11.2026", History(room=LOBBY, after_time=MIDNIGHT + DAY - 1, limit=20)),
        ("/history before 2026-11-22", History(room=LOBBY, before_time=MIDNIGHT, limit=20)),
        ("/history 2026-11-22T18:30", History(room=LOBBY, around_time=MIDNIGHT + 66_600_000, limit=20)),
        ("/history before 1960-01-01", History(room=LOBBY, before_time=0, limit=20)),
    ],
)
def test_what_can_be_read_back(line: str, asked: History) -> None:
    assert Reader().asks(line) == asked


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("/history 0", "-- /history takes a number from 1 to 200."),
        ("/history soon", "-- It is used like this: /history"),
        ("/history before", "-- It is used like this: /history"),
        ("/history before #1 #2", "-- It is used like this: /history"),
        ("/history @eve", "-- eve has said nothing that is on your screen"),
        ("/history nowhere#1", "-- You are not in nowhere"),
    ],
)
def test_what_cannot(line: str, said: str) -> None:
    reader = Reader()
    assert reader.types(line) is None
    (answer,) = reader.told_lines
    assert answer.startswith(said)


def test_the_message_that_was_asked_about_is_marked_and_one_that_is_gone_says_so() -> None:
    reader = Reader()
    asked = reader.types("/history #12")
    entries = (entry(11, Message("", redacted=13)), entry(12, "this one"))
    told = reader.told(Page(RequestId(str(asked and asked.id)), LOBBY, entries, 40, 1))
    assert any("taken away" in line for line in told)
    assert [line for line in told if line.endswith("←")] == [line for line in told if "this one" in line]


def page_of(reader: Reader, line: str, *numbers: int, floor: int, where: RoomId = LOBBY) -> list[str]:
    asked = reader.types(line)
    assert asked is not None
    return reader.told(Page(RequestId(str(asked.id)), where, tuple(entry(one) for one in numbers), 40, floor))


def test_where_the_past_ends_is_said() -> None:
    reader = Reader()
    assert page_of(reader, "/history", 8, 9, floor=8)[0] == "-- What was said earlier in lobby is no longer kept."
    assert page_of(reader, "/history", floor=8) == ["-- What was said earlier in lobby is no longer kept."]
    assert not any("no longer kept" in line for line in page_of(reader, "/history", 9, 10, floor=8))
    assert page_of(reader, "/history after #99", floor=8) == ["-- There is nothing there in lobby."]
    assert page_of(reader, "/history", floor=1) == ["-- There is nothing earlier in lobby."]
    reader.told(room(DEN, name="den", kind=Kind.PRIVATE))
    (said,) = page_of(reader, "/history den#7", floor=8, where=DEN)
    assert said == "-- What was said earlier in den is no longer kept, or was said before you came."


# Searching ---------------------------------------------------------------------------------------------------------


def test_what_was_found_stands_where_it_can_be_asked_for() -> None:
    reader = Reader()
    asked = reader.types("/search tea")
    told = reader.told(
        found(
            asked,
            hit(9, "green tea\nat five", (6, 9), edited=11),
            hit(3, "drinks tea", where=TWO, manner=Manner.DONE),
            hit(12, "\x1b tea", where=DEN),
        )
    )
    assert told == [
        f"{moment(entry(9).time)} lobby#9 bob: green tea⏎at five (edited)",
        f"{moment(entry(3).time)} @bob#3 * bob drinks tea",
        f"{moment(entry(12).time)} ~4#12 bob: \ufffd tea",
        "-- 3 messages",
    ]
    assert reader.asks("/history @bob#3") == History(room=TWO, around=3, limit=20)
    assert reader.asks("/history 5 ~4#12") == History(room=DEN, around=12, limit=5)


def test_who_finds_nothing_is_told_what_was_taken_for_words() -> None:
    reader = Reader()
    asked = reader.types("/search tea before:32.13.2026 has:cake from:bob note:this")
    assert reader.told(found(asked)) == [
        "-- before:32.13.2026 has:cake was looked for as words; /help search shows what can be said",
        "-- nothing found",
    ]
    asked = reader.types("/search has:cake")
    assert len(reader.told(found(asked, hit(9, "has: cake")))) == 2, "that was what they meant"


def test_words_are_bold_where_the_terminal_can() -> None:
    reader = Reader(colour=True)
    told = reader.told(found(reader.types("/search tea ёж"), hit(9, "a tea, a Ёж; tea", (2, 5), (9, 11), (13, 16))))
    assert told[0].endswith(" a \x1b[1mtea\x1b[0m, a \x1b[1mЁж\x1b[0m; \x1b[1mtea\x1b[0m")


def test_of_a_long_message_what_surrounds_the_first_word_is_shown() -> None:
    reader = Reader()
    text = "x" * 500 + " tea " + "y" * 500
    (line, _count) = reader.told(found(reader.types("/search tea"), hit(9, text, (501, 504), (900, 905))))
    shown = line.partition("bob: ")[2]
    assert shown == "…" + text[441:681] + "…"


def test_more_goes_on_where_the_last_search_ended() -> None:
    reader = Reader()
    assert reader.types("/more") is None
    assert "There is nothing more" in reader.told_lines[-1]
    asked = reader.types("/search tea")
    told = reader.told(found(asked, hit(9, "tea"), next=(5, LOBBY, 9)))
    assert told[-1] == "-- 1 message; /more looks further back"
    asked = reader.types("/more")
    assert asked is not None
    assert asked == Search(id=asked.id, query="tea", zone=zone(), older_than=(5, LOBBY, 9), limit=20)
    assert reader.told(found(asked)) == ["-- nothing found"]
    assert reader.types("/more") is None


def test_what_is_not_indexed_yet_is_said_and_whom_i_ignore_is_left_out() -> None:
    reader = Reader()
    reader.told(of(INBOX, entry(1, Ignored(Person(PrincipalId(2), AccountName("bob"))))))
    asked = reader.types("/search tea")
    told = reader.told(found(asked, hit(9, "tea"), since=MIDNIGHT))
    assert told == [
        "-- what was said before 2026-11-22 00:00 is not indexed yet, so it was not looked through",
        "-- nothing found",
    ]


def test_a_query_is_completed() -> None:
    known = Known(people=("bob",), rooms=("tea", "@bob"))
    assert completions("/search tea fr", known)[1] == ["from:me", "from:bob"]
    assert completions("/search in:", known)[1] == ["in:tea", "in:@bob"]


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Where clocks are an hour ahead of UTC in winter and two in summer: from 2026-03-29 to 2026-10-25."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("query", "minutes"),
    [
        ("tea before:2026-03-29", 60),
        ("tea after:2026-03-28", 60),
        ("tea after:2026-03-29", 120),
        ("tea before:2026-10-25", 120),
        ("tea after:2026-10-25", 60),
        ("tea before:2026-07-01 after:2026-01-01", 60),
    ],
)
def test_days_are_searched_by_the_clock_as_it_went_then(
    berlin: None, monkeypatch: pytest.MonkeyPatch, query: str, minutes: int
) -> None:
    for now in (1_769_900_000, 1_782_900_000):  # In winter and in summer.
        monkeypatch.setattr(time, "time", lambda now=now: now)
        asked = Reader().types(f"/search {query}")
        assert isinstance(asked, Search)
        assert asked.zone == minutes, query


def test_a_day_on_which_clocks_change_is_read_back_whole(berlin: None) -> None:
    asked = Reader().types("/history 2026-03-29")
    assert isinstance(asked, History)
    assert asked.after_time is not None
    assert asked.before_time is not None
    assert asked.before_time - asked.after_time - 1 == DAY - 3_600_000
    assert Reader().types("/history 0001-01-01") is not None
    assert Reader().types("/history 9999-12-31") is not None
