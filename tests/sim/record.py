"""What is durable, seen as it becomes so: folded, judged again, and asked about by all other checkers."""

from __future__ import annotations

from collections import Counter

import msgspec

from besedka.chat.entries import (
    Archived,
    Body,
    Draft,
    Entered,
    Entry,
    Kind,
    Left,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RequestId,
    RoomId,
    TopicSet,
    Way,
)
from besedka.chat.folding import evolve
from besedka.chat.names import fold
from besedka.chat.notices import inbox_notices
from besedka.chat.principals import SERVER, Actor, PrincipalId, is_guest
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Join, Leave, Say, SetTopic, Tell, Write
from besedka.chat.rooms import Reading, Room, reading
from besedka.chat.rules import decide, open_room
from besedka.chat.speaking_rules import open_direct
from besedka.chat.verdicts import Circumstances
from besedka.hub.ports import Addition
from besedka.limits import Limits


class Broken(AssertionError):
    """A promise was not kept."""


def hold(promise: bool, why: str) -> None:
    """Complain unless it holds."""
    if not promise:
        raise Broken(why)


class Record:
    """The log as it is kept, with a fold and a verdict of its own on each entry. Fills `troubled.Witness`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.entries: dict[RoomId, list[Entry]] = {}
        self.rooms: dict[RoomId, Room] = {}
        self.requests: dict[tuple[PrincipalId, RequestId], tuple[RoomId, int]] = {}
        """Where each request was kept first."""
        self.askers: dict[RequestId, set[str]] = {}
        """By which devices each request was asked: several where one forgot its token and is another now."""
        self.said: dict[str, tuple[RoomId, int]] = {}
        """Where each text was said; nobody in the simulator says the same twice."""
        self.joined: Counter[PrincipalId] = Counter()
        self.floors: dict[RoomId, int] = {}
        """The first number still kept, where that is not 1."""
        self._due: list[tuple[PrincipalId, Body]] = []
        """What inboxes must note, by what this commit has so far."""
        self._moved: dict[PrincipalId, None] = {}
        self._noted: list[tuple[PrincipalId, Body]] = []

    def kept(self, addition: Addition) -> None:
        """This has just become durable."""
        room_id = addition.after.id
        state = self.rooms.get(room_id, Room(room_id))
        hold(state.head == addition.before.head, f"room {room_id}: judged on {addition.before.head}, was {state.head}")
        for numbered in addition.entries:
            entry = numbered.entry
            state = self._take(state, entry)
            if numbered.request is not None:
                key = (entry.author, numbered.request)
                hold(key not in self.requests, f"request {key} kept twice: {self.requests.get(key)} and in {room_id}")
                self.requests[key] = (room_id, entry.number)
        hold(_same(state, addition.after), f"room {room_id}: kept as {addition.after}, folded {state}")

    def _take(self, state: Room, entry: Entry) -> Room:
        """Judge one entry again, on the room before it, and fold it."""
        hold(entry.number == state.head + 1, f"room {state.id}: entry {entry.number} after {state.head}")
        hold(entry.time >= state.time, f"room {state.id}: entry {entry.number} is earlier than its predecessor")
        why = self._illegal(state, entry)
        hold(not why, f"room {state.id}: entry {entry.number} by {entry.author} is illegal: {why}")
        if isinstance(entry.body, MembershipChanged):
            for person in entry.body.people:
                self.joined[person.principal] += 1 if entry.body.way is Way.JOINED else -1
                self._moved[person.principal] = None
        after = evolve(state, entry)
        self._note(after, entry)
        self.rooms[state.id] = after
        self.entries.setdefault(state.id, []).append(entry)
        if isinstance(entry.body, Message):
            hold(entry.body.text not in self.said, f"room {state.id}: said twice: {entry.body.text}")
            self.said[entry.body.text] = (state.id, entry.number)
        return after

    def _note(self, after: Room, entry: Entry) -> None:
        """What inboxes must note in the same commit, and what they did note."""
        if isinstance(entry.body, Entered | Left):
            assert after.owner is not None
            self._noted.append((after.owner, entry.body))
        self._due += inbox_notices(after, entry)

    def settled(self) -> None:
        """Between commits: every inbox has noted what concerns it, and nothing else."""
        for note in self._noted:
            hold(note in self._due, f"the inbox of {note[0]} notes what did not happen: {note[1]}")
            self._due.remove(note)
        hold(not self._due, f"inboxes did not note {self._due}")
        self._noted.clear()
        most = self._limits.rooms_per_account_max + 1  # The lobby is entered at the first login, whatever else.
        for principal in self._moved:  # Within one commit nobody knows which room came first.
            hold(self.joined[principal] <= most, f"{principal} is in too many rooms")
        self._moved.clear()

    def _illegal(self, state: Room, entry: Entry) -> str:
        """Why an entry could not have come to be; empty if it could."""
        match entry.body:
            case Opened():
                return self._illegal_opening(state, entry, entry.body)
            case Archived():
                return "" if entry.author == SERVER and state.passing and not state.members else "somebody is there"
            case Entered() | Left():
                return "" if state.kind is Kind.INBOX else "not an inbox"
        request = self._request(state, entry)
        if request is None:
            return "nobody can ask for this"
        if state.kind is Kind.DIRECT and state.head == 1:
            return "" if isinstance(entry.body, MembershipChanged) else "nobody is in it"
        inside = entry.author in state.members or is_guest(entry.author)
        circumstances = Circumstances(self._limits, entry.time, state.name, self._other(state, entry))
        verdict = decide(state, Actor(entry.author, entry.name, inside=inside), request, circumstances)
        if isinstance(verdict, Refusal):
            return verdict.code.value
        return "" if verdict == (Draft(entry.author, entry.name, entry.body),) else f"it would have become {verdict}"

    def _request(self, state: Room, entry: Entry) -> Write | None:
        """What must have been asked."""
        match entry.body:
            case Message(text=text, manner=manner) if state.kind is Kind.DIRECT:
                return Tell(name="", text=text, manner=manner)
            case Message(text=text, manner=manner):
                return Say(room=state.id, text=text, manner=manner)
            case TopicSet(topic=topic):
                return SetTopic(room=state.id, topic=topic)
            case MembershipChanged(way=Way.JOINED):
                return Join(name=state.name)
            case MembershipChanged(way=Way.LEFT):
                return Leave(room=state.id)
        return None

    def _other(self, state: Room, entry: Entry) -> Person | None:
        if state.pair is None:
            return None
        low, high = state.pair
        other = high if entry.author == low else low
        member = state.members.get(other)
        return None if member is None else Person(other, member.name)

    def _illegal_opening(self, state: Room, entry: Entry, opened: Opened) -> str:
        others = [room for room in self.rooms.values() if room.id != state.id and not room.archived]
        match opened.room_kind:
            case Kind.PUBLIC:
                if any(fold(room.name) == fold(opened.room_name) for room in others if room.name):
                    return "there is a room of that name"
                return "" if opened == open_room(opened.room_name, entry.author, Kind.PUBLIC) else "opened oddly"
            case Kind.DIRECT:
                if any(room.pair == opened.pair for room in others):
                    return "they have a direct room"
                assert opened.pair is not None
                other = Person(next((one for one in opened.pair if one != entry.author), entry.author), entry.name)
                draft = open_direct(Actor(entry.author, entry.name), other)[0]
                return "" if draft == Draft(entry.author, entry.name, opened) else "opened oddly"
            case Kind.INBOX:
                taken = any(room.kind is Kind.INBOX and room.owner == opened.owner for room in others)
                return "there is an inbox" if taken or entry.author != SERVER else ""
        return "a kind that nobody can open"

    # What the other checkers ask ------------------------------------------------------------------------------------

    def has(self, room: RoomId, entry: Entry) -> bool:
        """Whether this very entry is durable."""
        entries = self.entries.get(room, [])
        return 0 < entry.number <= len(entries) and entries[entry.number - 1] == entry

    def reading(self, room: RoomId, principal: PrincipalId, *, inside: bool) -> Reading | None:
        """What somebody may read of a room as it is."""
        state = self.rooms.get(room)
        return None if state is None else reading(state, principal, inside=inside)

    def was_inside(self, room: RoomId, principal: PrincipalId, number: int) -> bool:
        """Whether somebody was a member as of entry `number`."""
        inside = False
        for entry in self.entries.get(room, [])[:number]:
            body = entry.body
            if isinstance(body, MembershipChanged) and any(one.principal == principal for one in body.people):
                inside = body.way is Way.JOINED
        return inside

    def replayed(self, entries: dict[RoomId, list[Entry]], rooms: dict[RoomId, Room]) -> None:
        """The whole log as it is stored is the one that was seen, and folds from 1 to the stored rooms."""
        hold(entries == self.entries, "the stored log is not what was kept")
        for room_id, stored in rooms.items():
            state = Room(room_id)
            for entry in entries[room_id]:
                state = evolve(state, entry)
            hold(_same(state, stored), f"room {room_id}: stored as {stored}, folds to {state}")

    def copy(self) -> Record:
        """As it is now, for the day this moment is restored."""
        other = Record(self._limits)
        other.entries = {room: list(entries) for room, entries in self.entries.items()}
        other.rooms = dict(self.rooms)
        other.requests = dict(self.requests)
        other.askers = {request: set(askers) for request, askers in self.askers.items()}
        other.said = dict(self.said)
        other.joined = self.joined.copy()
        other.floors = dict(self.floors)
        return other


def _same(one: Room, other: Room) -> bool:
    """Whether two rooms are alike; how much is still kept is nobody's verdict."""
    return msgspec.structs.replace(one, floor=1) == msgspec.structs.replace(other, floor=1)
