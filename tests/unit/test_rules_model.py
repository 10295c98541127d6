"""The rules and the fold against a model that knows nothing of either: lists of what was said, and sets of people.

The model is told in words what a request should come to. Where it and `decide` differ, in the verdict or in what
becomes of the room, one of them is wrong.
"""

from __future__ import annotations

from itertools import pairwise

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from besedka.chat.entries import Entered, Entry, Kind, Left, Message, Person, RoomId, RoomName
from besedka.chat.folding import evolve, number
from besedka.chat.notices import inbox_notices
from besedka.chat.principals import AccountName, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Leave, Say, SetTopic, Tell, Write
from besedka.chat.rooms import Room, reading
from besedka.chat.rules import decide
from besedka.chat.verdicts import Circumstances
from besedka.limits import Limits

LIMITS = Limits(rooms_per_account_max=4, members_max=3)
PEOPLE = [
    *(Person(PrincipalId(number), AccountName(name)) for number, name in enumerate(("ann", "bob", "carl", "dora"), 1)),
    Person(PrincipalId(-1), AccountName("passer-by")),
]
NAMES = ["tea", "books", "chess"]

people = st.sampled_from(PEOPLE)
texts = st.sampled_from(["hi", "e\u0301", "", "  ", "a\nb", "a\rb", "x" * 4097])


class Modelled:
    """A room as one would keep it on paper."""

    def __init__(self, name: str, pair: frozenset[int] | None = None) -> None:
        self.name = name
        self.pair = pair
        self.said: list[str] = []
        self.topic = ""
        self.inside: set[int] = set()
        self.present: set[int] = set()
        """Guests, who are nobody's members."""
        self.stays: dict[int, tuple[int, int | None]] = {}
        """From which entry on somebody could read, and up to which."""
        self.length = 0

    def enter(self, who: int) -> None:
        self.inside.add(who)
        self.stays[who] = (self.stays.get(who, (self.length, None))[0], None)

    def leave(self, who: int) -> None:
        self.inside.discard(who)
        self.stays[who] = (self.stays[who][0], self.length)


class Arbour(RuleBasedStateMachine):
    """Several people ask for this and that; a log and a model of each room are kept side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.rooms: dict[RoomId, Room] = {}
        self.logs: dict[RoomId, list[Entry]] = {}
        self.papers: dict[RoomId, Modelled] = {}
        self.inboxes: dict[int, list[tuple[str, int, int]]] = {}
        self.expected: dict[int, list[tuple[str, int, int]]] = {}
        self.muted: set[int] = set()
        self.now = 1000

    # The machine ------------------------------------------------------------------------------------------------

    def named(self, name: str) -> RoomId | None:
        return next((room for room, paper in self.papers.items() if paper.pair is None and paper.name == name), None)

    def of_pair(self, pair: frozenset[int]) -> RoomId | None:
        return next((room for room, paper in self.papers.items() if paper.pair == pair), None)

    def count(self, who: int) -> int:
        return sum(who in paper.inside | paper.present for paper in self.papers.values())

    def judge(
        self, who: Person, request: Write, room: RoomId | None, name: str = "", other: Person | None = None
    ) -> object:
        """Ask the real rules, and keep what they allow. A refusal's code, or how many entries it made."""
        state = Room(RoomId(len(self.rooms) + 1)) if room is None else self.rooms.get(room, Room(room))
        inside = who.principal in state.members
        if room in self.papers:
            inside = inside or who.principal in self.papers[room].present
        circumstances = Circumstances(
            LIMITS,
            self.now,
            RoomName(name),
            other,
            rooms_joined=self.count(who.principal),
            other_rooms_joined=self.count(other.principal) if other else 0,
        )
        actor = Actor(who.principal, who.name, inside=inside, muted=who.principal in self.muted)
        verdict = decide(state, actor, request, circumstances)
        if isinstance(verdict, Refusal):
            return verdict.code
        for draft in verdict:
            entry = number(state, draft, self.now)
            state = evolve(state, entry)
            self.rooms[state.id] = state
            self.logs.setdefault(state.id, []).append(entry)
            for account, note in inbox_notices(state, entry):
                assert isinstance(note, Entered | Left)
                self.inboxes.setdefault(account, []).append((type(note).__name__, note.room, note.number))
        return len(verdict)

    def note(self, who: int, what: str, room: RoomId) -> None:
        if who > 0:
            self.expected.setdefault(who, []).append((what, room, self.papers[room].length))

    def trouble(self, who: Person, paper: Modelled | None) -> Code | None:
        """Why somebody cannot act in a room, in the model's words."""
        if paper is None:
            return Code.NO_SUCH_ROOM
        if who.principal in paper.inside | paper.present:
            return None
        return Code.NO_SUCH_ROOM if paper.pair is not None else Code.NOT_A_MEMBER

    def wrong_words(self, who: Person, text: str) -> Code | None:
        if who.principal in self.muted:
            return Code.MUTED
        if "\r" in text:
            return Code.BAD_TEXT
        if len(text) > 4096:
            return Code.TEXT_LONG
        return None if text.strip() else Code.EMPTY_TEXT

    # What people do ---------------------------------------------------------------------------------------------

    @rule(who=people)
    def an_operator_changes_their_mind_about(self, who: Person) -> None:
        self.muted ^= {who.principal}

    @rule(milliseconds=st.integers(-3000, 3000))
    def the_clock_jumps(self, milliseconds: int) -> None:
        self.now = max(0, self.now + milliseconds)

    @rule(who=people, name=st.sampled_from(NAMES))
    def joins(self, who: Person, name: str) -> None:
        room = self.named(name)
        found = self.judge(who, Join(name=name), room, name=name)
        paper = None if room is None else self.papers[room]
        if paper is not None and who.principal in paper.inside | paper.present:
            assert found == 0
            return
        if self.count(who.principal) >= LIMITS.rooms_per_account_max:
            assert found is Code.TOO_MANY_ROOMS
            return
        if paper is not None and len(paper.inside) >= LIMITS.members_max:
            assert found is Code.ROOM_FULL
            return
        made = 0
        if paper is None:
            room = RoomId(len(self.papers) + 1)
            paper = self.papers[room] = Modelled(name)
            paper.length = made = 1
        assert room is not None
        if who.principal < 0:
            paper.present.add(who.principal)
        else:
            paper.length, made = paper.length + 1, made + 1
            paper.enter(who.principal)
            self.note(who.principal, "Entered", room)
        assert found == made

    @rule(who=people, room=st.integers(1, 8))
    def leaves(self, who: Person, room: int) -> None:
        paper = self.papers.get(RoomId(room))
        found = self.judge(who, Leave(room=RoomId(room)), RoomId(room))
        trouble = self.trouble(who, paper)
        if paper is None or trouble is not None:
            assert found is trouble
        elif paper.pair is not None:
            assert found is Code.CANNOT_LEAVE
        elif who.principal < 0:
            assert found == 0
            paper.present.discard(who.principal)
        else:
            assert found == 1
            paper.length += 1
            paper.leave(who.principal)
            self.note(who.principal, "Left", RoomId(room))

    @rule(who=people, room=st.integers(1, 8), text=texts)
    def says(self, who: Person, room: int, text: str) -> None:
        paper = self.papers.get(RoomId(room))
        found = self.judge(who, Say(room=RoomId(room), text=text), RoomId(room))
        trouble = self.trouble(who, paper) or self.wrong_words(who, text)
        assert found == (trouble or 1)
        if trouble is None and paper is not None:
            paper.length += 1
            paper.said.append(text)

    @rule(who=people, room=st.integers(1, 8), topic=st.sampled_from(["", "green", "black", "a\nb", "x" * 513]))
    def sets_a_topic(self, who: Person, room: int, topic: str) -> None:
        paper = self.papers.get(RoomId(room))
        found = self.judge(who, SetTopic(room=RoomId(room), topic=topic), RoomId(room))
        trouble = self.trouble(who, paper)
        if trouble is None and who.principal in self.muted:
            trouble = Code.MUTED
        if trouble is None and "\n" in topic:
            trouble = Code.BAD_TEXT
        if trouble is None and len(topic) > 512:
            trouble = Code.TEXT_LONG
        if trouble is not None or paper is None:
            assert found is trouble
        else:
            assert found == (0 if topic == paper.topic else 1)
            paper.length += topic != paper.topic
            paper.topic = topic

    @rule(who=people, other=people, text=texts)
    def tells(self, who: Person, other: Person, text: str) -> None:
        pair = frozenset({who.principal, other.principal})
        room = self.of_pair(frozenset(pair))
        found = self.judge(who, Tell(name=other.name, text=text), room, other=other)
        trouble = self.wrong_words(who, text)
        if trouble is None and room is None:
            if self.count(who.principal) >= LIMITS.rooms_per_account_max:
                trouble = Code.TOO_MANY_ROOMS
            elif self.count(other.principal) >= LIMITS.rooms_per_account_max:
                trouble = Code.PERSON_FULL
        if trouble is not None:
            assert found is trouble
            return
        assert found == (3 if room is None else 1)
        if room is None:
            room = RoomId(len(self.papers) + 1)
            paper = self.papers[room] = Modelled("", frozenset(pair))
            paper.length = 2
            for one in dict.fromkeys([who.principal, other.principal]):
                paper.enter(one)
                self.note(one, "Entered", room)
        self.papers[room].length += 1
        self.papers[room].said.append(text)

    @precondition(lambda self: not self.papers)
    @rule(who=people)
    def says_it_to_nobody(self, who: Person) -> None:
        assert self.judge(who, Say(room=RoomId(1), text="hi"), RoomId(1)) is Code.NO_SUCH_ROOM

    # What is true at every moment -------------------------------------------------------------------------------

    @invariant()
    def rooms_are_as_the_model_has_them(self) -> None:
        assert set(self.rooms) == set(self.papers)
        for id_, paper in self.papers.items():
            room = self.rooms[id_]
            assert (room.head, room.topic, room.messages) == (paper.length, paper.topic, len(paper.said))
            assert set(room.members) == paper.inside
            assert room.kind is (Kind.PUBLIC if paper.pair is None else Kind.DIRECT)
            said = [entry.body.text for entry in self.logs[id_] if isinstance(entry.body, Message)]
            assert said == [text.replace("e\u0301", "é") for text in paper.said]

    @invariant()
    def everybody_may_read_what_the_model_lets_them(self) -> None:
        for id_, paper in self.papers.items():
            for person in PEOPLE:
                who = person.principal
                seen = reading(self.rooms[id_], who, inside=who in paper.present)
                first, last = paper.stays.get(who, (1, None))
                if who in paper.stays or who in paper.present:
                    assert seen is not None
                    assert seen.first == (first if paper.pair is not None else 1)
                    assert seen.last == (None if who in paper.present else last)
                else:
                    assert seen is None

    @invariant()
    def logs_are_numbered_without_a_gap_in_growing_time(self) -> None:
        for log in self.logs.values():
            assert [entry.number for entry in log] == list(range(1, len(log) + 1))
            assert all(one.time <= other.time for one, other in pairwise(log))

    @invariant()
    def inboxes_note_what_the_model_noted(self) -> None:
        assert self.inboxes == self.expected

    @invariant()
    def nobody_is_in_more_rooms_than_the_limit(self) -> None:
        assert all(self.count(person.principal) <= LIMITS.rooms_per_account_max for person in PEOPLE)
        assert all(len(room.members) <= LIMITS.members_max for room in self.rooms.values())

    def teardown(self) -> None:
        """The state kept all along is the log folded from its first entry, also as the store would write it."""
        for id_, log in self.logs.items():
            folded = Room(id_)
            for entry in log:
                folded = evolve(folded, msgspec.json.decode(msgspec.json.encode(entry), type=Entry))
            assert folded == self.rooms[id_]


TestArbour = Arbour.TestCase
TestArbour.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
