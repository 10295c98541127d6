"""Whatever rooms go through, the store in SQLite answers as the one in memory, which looks at every entry each time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from additions import ANN, BOB, EVE, NOW, inbox, joined, opening
from besedka.chat.entries import (
    Body,
    Draft,
    Edited,
    Entry,
    Listing,
    Mark,
    Marked,
    MarkerMoved,
    MembershipChanged,
    Message,
    Reacted,
    Redacted,
    Renamed,
    RoomId,
    RoomName,
    SettingsChange,
    SettingsChanged,
    Unmarked,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.mending import Rewrite, rewrites
from besedka.chat.names import fold
from besedka.chat.rooms import Room
from besedka.hub.keeping import Addition, Kept, LogStore, Moved, Numbered
from besedka.store.logs import SqliteLogStore
from besedka.store.memory import MemoryLogStore
from running import OnLoop

PEOPLE = (ANN, BOB, EVE)
ROOMS = (1, 2)
INBOX = 3
NAMES = ("one", "two", "three", "One")


@pytest.fixture(scope="module")
def run() -> Iterator[OnLoop]:
    with asyncio.Runner() as runner:
        yield OnLoop(runner)


MOVES = st.tuples(
    st.sampled_from(ROOMS),
    st.integers(0, len(PEOPLE) - 1),
    st.sampled_from(
        ["say", "say", "call", "edit", "redact", "react", "join", "rename", "slow", "hide", "mark", "unmark", "read"]
    ),
    st.integers(0, 9),
)


class World:
    """Two rooms and ann's inbox as a hub would have them, and what it would keep of them next."""

    def __init__(self) -> None:
        self.kept: dict[int, Room] = {}
        self._before: dict[int, Room] = {}
        self._after: dict[int, Room] = {}
        self._numbered: dict[int, list[Numbered]] = {}
        self._rewrites: dict[int, list[Rewrite]] = {}
        self._messages: dict[tuple[int, int], Entry] = {}
        self._messages_before: dict[tuple[int, int], Entry] = {}

    def begin(self) -> list[Addition]:
        """The rooms, new."""
        made = [opening(room, f"r{room}", joined(*PEOPLE)) for room in ROOMS]
        made.append(inbox(INBOX, ANN))
        self.kept = {one.after.id: one.after for one in made}
        return made

    def move(self, place: int, who: int, deed: str, chance: int) -> None:
        """Somebody does something, if it can be done."""
        room = self._after.get(place, self.kept[place])
        body = self._body(room, who, deed, chance)
        if body is None:
            return
        if isinstance(body, MarkerMoved):
            room = self._after.get(INBOX, self.kept[INBOX])
        draft = Draft(PEOPLE[who].principal, PEOPLE[who].name, body)
        entry = number(room, draft, NOW + chance)
        self._before.setdefault(room.id, room)
        self._after[room.id] = evolve(room, entry)
        self._numbered.setdefault(room.id, []).append(Numbered(entry, None))
        if isinstance(body, Message):
            self._messages[room.id, entry.number] = entry
        if isinstance(body, Edited | Redacted):
            target = self._messages[room.id, body.number]
            changes = rewrites(entry, target)
            self._rewrites.setdefault(room.id, []).extend(changes)
            self._messages[room.id, body.number] = replace(target, body=changes[0].body)

    def _body(self, room: Room, who: int, deed: str, chance: int) -> Body | None:
        person = PEOPLE[who]
        there = [entry for (place, _), entry in self._messages.items() if place == room.id]
        target = there[chance % len(there)] if there else None
        gone = target is None or (isinstance(target.body, Message) and target.body.redacted)
        others = tuple(one.principal for one in PEOPLE[: chance % 4] if one != person)
        former = [one for one in NAMES if fold(one) != fold(room.name)]
        match deed:
            case "say":
                return Message(f"text {chance}", mentions=others)
            case "call":
                return Message("@room", mentions=others, calls_room=True)
            case "edit" if target is not None and not gone:
                return Edited(target.number, "@room better" if chance % 2 else "better", others)
            case "redact" if target is not None and not gone:
                return Redacted(target.number, person)
            case "react" if target is not None:
                return Reacted(target.number, "ab"[chance % 2], withdrawn=chance > 6)
            case "join":
                inside = person.principal in room.members
                return MembershipChanged(Way.LEFT if inside else Way.JOINED, (person,))
            case "rename":
                return Renamed(RoomName(former[chance % len(former)]), room.name)
            case "slow":
                return SettingsChanged(SettingsChange(slow_seconds=chance))
            case "hide":
                return SettingsChanged(SettingsChange(hidden=chance % 2 == 0))
            case "mark":
                return Marked(Mark(Listing.BAN, f"m{chance % 3}", None, NOW + chance if chance else None))
            case "unmark":
                return Unmarked(Listing.BAN, (f"m{chance % 3}",))
            case "read":
                markers = self._after.get(INBOX, self.kept[INBOX]).personal.markers
                before = markers[str(room.id)].number if str(room.id) in markers else 0
                upto = max(before, min(chance * 2, room.head))  # A marker never goes back.
                said = sum(entry.number <= upto for entry in there)
                return MarkerMoved(str(room.id), upto, NOW, said)
        return None

    def additions(self) -> list[Addition]:
        """What this turn has come to, once."""
        made = [
            Addition(self._before[room], self._after[room], entries, self._rewrites.get(room, ()))
            for room, entries in self._numbered.items()
        ]
        for each in (self._before, self._after, self._numbered, self._rewrites):
            each.clear()
        return made

    def settle(self, batch: Sequence[Addition], answers: Sequence[Kept | Moved]) -> None:
        """What was kept is so; what was not has never been, its messages included."""
        for one, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Kept):
                self.kept[one.after.id] = one.after
            else:
                room = one.after.id
                others = {place: entry for place, entry in self._messages.items() if place[0] != room}
                mine = {place: entry for place, entry in self._messages_before.items() if place[0] == room}
                self._messages = {**others, **mine}
        self._messages_before = dict(self._messages)


async def told(logs: LogStore) -> list[object]:
    """All that a store says of these rooms."""
    everything: list[object] = []
    for place in (*ROOMS, INBOX):
        room = RoomId(place)
        state = await logs.room(room)
        page = await logs.page(room, after=0, upto=999, limit=999, bytes_max=1 << 40)
        everything += [state, page]
        everything.append(await logs.page(room, after=1, upto=30, limit=9, bytes_max=2000, messages=True))
        everything.append(await logs.page_before(room, before=20, first=2, limit=9, bytes_max=2000, messages=True))
        everything += [await logs.said_by(room, number) for number in range(len(page.entries) + 2)]
        everything += [await logs.number_at(room, NOW + after) for after in range(-1, 12)]
        for person in PEOPLE:
            counts = await logs.reaction_counts(room, first=2, last=30, upto=25, principal=person.principal, limit=20)
            everything.append(counts)
            everything.append(await logs.reactions(room, 4, person.principal, "a"))
    for person in PEOPLE:
        everything += [await logs.unread(person.principal), await logs.briefs(person.principal)]
        everything.append(await logs.last_said(person.principal, after=NOW + 2, before=NOW + 40))
    everything += [await logs.room_named(fold(name)) for name in (*NAMES, "r1", "r2")]
    everything += [await logs.public_rooms(limit=9), await logs.passing_rooms(), await logs.audit(limit=99)]
    everything += [await logs.rooms_with_marks_due(now=NOW + after, limit=9) for after in (0, 5, 20)]
    return everything


@given(turns=st.lists(st.lists(MOVES, max_size=8), max_size=6))
@settings(max_examples=20)
def test_both_stores_answer_alike(run: OnLoop, turns: list[list[tuple[int, int, str, int]]]) -> None:
    world = World()
    with TemporaryDirectory() as directory:
        sqlite, memory = SqliteLogStore.open(Path(directory)), MemoryLogStore()
        try:
            for logs in (sqlite, memory):
                run(logs.append(world.begin()))
            for turn in turns:
                for place, who, deed, chance in turn:
                    world.move(place, who, deed, chance)
                batch = world.additions()
                answers = run(sqlite.append(batch))
                assert answers == run(memory.append(batch))
                world.settle(batch, answers)
                assert run(told(sqlite)) == run(told(memory))
        finally:
            sqlite.stop()
