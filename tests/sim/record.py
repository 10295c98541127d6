"""What is durable, seen as it becomes so: folded, judged again, and asked about by all other checkers.

Between the moment at which a commit is durable and the one at which the server knows, it may go on as before. So what
a commit changed is *unsure* until the server has its answer, or has read the room again; only then must it heed it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence

import msgspec

from besedka.chat.entries import (
    Body,
    Edited,
    Entered,
    Entry,
    Ignored,
    Invited,
    Kind,
    Left,
    MembershipChanged,
    Message,
    Reacted,
    Redacted,
    RequestId,
    RoomId,
    SettingsChanged,
    Way,
)
from besedka.chat.folding import evolve
from besedka.chat.mending import Rewrite, as_read, rewrites
from besedka.chat.notices import inbox_notices
from besedka.chat.principals import PrincipalId
from besedka.chat.requests import Write
from besedka.chat.retention import Floor
from besedka.chat.rooms import Room, reading
from besedka.hub.keeping import Addition, Numbered
from besedka.limits import Limits
from besedka.wire.native import KEY_UNTOLD
from sim.retrial import Retrial, wrong
from sim.rights import Rights, Span
from sim.tokens import tokens_in


class Broken(AssertionError):
    """A promise was not kept."""


def hold(promise: bool, why: str) -> None:
    """Complain unless it holds."""
    if not promise:
        raise Broken(why)


NAMELESS_MAX = 64
"""More requests than a session may have pending, and few enough to be judged all of them."""


class Asked(msgspec.Struct, frozen=True):
    """A write that somebody sent, and from where."""

    request: Write
    address: str
    user: str = ""


class Record:
    """The log as it is kept, with a fold and a verdict of its own on each entry. Fills `troubled.Witness`."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.entries: dict[RoomId, list[Entry]] = {}
        """As they stand: what was edited or redacted says what it says now."""
        self.rooms: dict[RoomId, Room] = {}
        self.rights = Rights()
        self.requests: dict[tuple[PrincipalId, RequestId], tuple[RoomId, int]] = {}
        """Where each request was kept first."""
        self.askers: dict[RequestId, set[str]] = {}
        """By which devices each request was asked: several where one forgot its token and is another now."""
        self.asked: dict[RequestId, Asked] = {}
        self.nameless: dict[PrincipalId, deque[Asked]] = {}
        """What somebody has asked lately by a protocol in which requests have no ids, and is not kept."""
        self.said: dict[str, list[tuple[RoomId, int]]] = {}
        """Where each token stands: first in the message itself, then in its edits. Nobody says the same twice."""
        self.stands: dict[str, tuple[RoomId, int]] = {}
        """The message that says a token, for what an edit has made it say too."""
        self.of_guests: dict[str, None] = {}
        """Tokens in what guests say of themselves: their sessions remember it, and everybody may know."""
        self.gone: dict[str, None] = {}
        """Tokens that were edited or redacted away, and the server knows."""
        self.reactions: dict[tuple[RoomId, int], dict[tuple[PrincipalId, str], None]] = {}
        self.joined: Counter[PrincipalId] = Counter()
        self.floors: dict[RoomId, int] = {}
        """The first number still kept, where that is not 1."""
        self.addresses: dict[str, list[str]] = {}
        """From where somebody of this name may come; of the world, and the same for every record."""
        self.admins: frozenset[str] = frozenset()
        """Who is an administrator, by name; the same for every record."""
        self.host_key = b""
        self.now = 0
        """The server's clock when it judged what is being kept, in milliseconds since 1970 UTC."""
        self._lately: dict[RoomId, list[Room]] = {}
        """Every state that a room had in the last commit but its last."""
        self._unsure: dict[RoomId, Room] = {}
        """What rooms were before commits of which the server does not know yet."""
        self._going: dict[RoomId, dict[str, None]] = {}
        """Tokens that will be gone when it knows."""
        self._superseded: dict[RoomId, dict[int, list[Entry]]] = {}
        """What entries said before, until it knows."""
        self._retrial = Retrial(self)
        self._due: list[tuple[PrincipalId, Body]] = []
        """What inboxes must note, by what this commit has so far."""
        self._moved: dict[PrincipalId, None] = {}
        self._noted: list[tuple[PrincipalId, Body]] = []

    def asked_without_id(self, principal: PrincipalId, asked: Asked) -> None:
        """Somebody asks something by IRC."""
        self.nameless.setdefault(principal, deque(maxlen=NAMELESS_MAX)).append(asked)

    # Commits --------------------------------------------------------------------------------------------------------

    def judged(self, now: int) -> None:
        """A turn has been judged at this time, in milliseconds since 1970 UTC, and is about to be kept."""
        self.now = now
        self._lately.clear()

    def kept(self, addition: Addition) -> None:
        """This has just become durable."""
        room_id = addition.after.id
        state = self.rooms.get(room_id, Room(room_id))
        hold(state.head == addition.before.head, f"room {room_id}: judged on {addition.before.head}, was {state.head}")
        self._unsure.setdefault(room_id, state)
        mended: list[Rewrite] = []
        for group in _groups(addition.entries):
            first = group[0]
            entries = [numbered.entry for numbered in group]
            why = self._retrial.why_illegal(state, entries, first.request)
            hold(not why, f"room {room_id}: {first.entry.number} by {first.entry.author} is illegal: {why}")
            for entry in entries:
                state = self._take(state, entry)
                mended += self._mend(state, entry)
            if first.request is not None:
                key = (first.entry.author, first.request)
                hold(key not in self.requests, f"request {key} kept twice: {self.requests.get(key)} and in {room_id}")
                self.requests[key] = (room_id, first.entry.number)
        hold(_same(state, addition.after), f"room {room_id}: kept as {addition.after}, folded {state}")
        hold(mended == list(addition.rewrites), f"room {room_id}: rewritten {addition.rewrites}, not {mended}")

    def known(self, room: RoomId) -> None:
        """The server knows what is kept of this room: it has its answer, has read it again, or is another."""
        self._unsure.pop(room, None)
        self._superseded.pop(room, None)
        self.gone.update(self._going.pop(room, {}))

    def risen(self, floor: Floor) -> None:
        """A floor is where the server's retention has let it rise to, and it counts what lies before."""
        held = self.floors.get(floor.room, 1)
        hold(floor.number >= held, f"room {floor.room}: the floor sinks from {held} to {floor.number}")
        before = self.messages_upto(floor.room, floor.number - 1)
        hold(floor.pruned == before, f"room {floor.room}: {floor.pruned} messages before {floor.number}, not {before}")
        self.floors[floor.room] = floor.number

    @property
    def unsure(self) -> list[RoomId]:
        """The rooms of which the server does not know all that is kept."""
        return list(self._unsure)

    def _take(self, state: Room, entry: Entry) -> Room:
        """Fold one entry."""
        hold(entry.number == state.head + 1, f"room {state.id}: entry {entry.number} after {state.head}")
        hold(entry.time >= state.time, f"room {state.id}: entry {entry.number} is earlier than its predecessor")
        if isinstance(entry.body, MembershipChanged):
            for person in entry.body.people:
                self.joined[person.principal] += 1 if entry.body.way is Way.JOINED else -1
                self._moved[person.principal] = None
        why = wrong(state, entry, now=self.now, admins=self.admins)
        hold(not why, f"room {state.id}: {entry.number} by {entry.author}: {why}")
        after = evolve(state, entry)
        self._lately.setdefault(state.id, []).append(state)
        self._note(after, entry)
        self.rooms[state.id] = after
        self.rights.take(state.id, entry)
        self.entries.setdefault(state.id, []).append(entry)
        self._read(after, entry)
        return after

    def _read(self, room: Room, entry: Entry) -> None:
        """Remember where each token stands, and reactions."""
        body = entry.body
        if isinstance(body, Reacted):
            there = self.reactions.setdefault((room.id, body.number), {})
            if body.withdrawn:
                del there[entry.author, body.reaction]
            else:
                there[entry.author, body.reaction] = None
        for token in tokens_in(msgspec.json.encode(body)):
            places = self.said.setdefault(token, [])
            why_put_out = isinstance(body, MembershipChanged)  # As the mark before it says.
            hold(not places or why_put_out, f"room {room.id}: said twice: {token}")
            places.append((room.id, entry.number))
            self.stands[token] = room.id, body.number if isinstance(body, Edited) else entry.number

    def _mend(self, room: Room, entry: Entry) -> tuple[Rewrite, ...]:
        """Do what an edit or a redaction does to what was kept."""
        if not isinstance(entry.body, Edited | Redacted):
            return ()
        entries = self.entries[room.id]
        made = rewrites(entry, entries[entry.body.number - 1])
        for rewrite in made:
            before = entries[rewrite.number - 1]
            lost = dict.fromkeys(tokens_in(msgspec.json.encode(before.body)))
            entries[rewrite.number - 1] = msgspec.structs.replace(before, body=rewrite.body)
            kept = tokens_in(msgspec.json.encode(rewrite.body))
            self._going.setdefault(room.id, {}).update({token: None for token in lost if token not in kept})
            self._superseded.setdefault(room.id, {}).setdefault(rewrite.number, []).append(before)
        return made

    def _note(self, after: Room, entry: Entry) -> None:
        """What inboxes must note in the same commit, and what they did note."""
        if isinstance(entry.body, Entered | Left | Invited):
            assert after.owner is not None
            self._noted.append((after.owner, entry.body))
        self._due += inbox_notices(after, entry)

    def settled(self) -> None:
        """Between commits: every inbox has noted what concerns it, and nothing else."""
        if not self._due and not self._noted and not self._moved:
            return
        for note in self._noted:
            hold(note in self._due, f"the inbox of {note[0]} notes what did not happen: {note[1]}")
            self._due.remove(note)
        hold(not self._due, f"inboxes did not note {self._due}")
        self._noted.clear()
        most = self.limits.rooms_per_account_max + 1  # The lobby is entered at the first login, whatever else.
        for principal in self._moved:  # Within one commit nobody knows which room came first.
            hold(self.joined[principal] <= most, f"{principal} is in too many rooms")
        self._moved.clear()

    # What the other checkers ask ------------------------------------------------------------------------------------

    def was_kept(self, room: RoomId, entry: Entry) -> bool:
        """Whether there is this entry; what it says may have been edited or redacted since it was sent."""
        entries = self.entries.get(room, [])
        if not 0 < entry.number <= len(entries):
            return False
        now = as_told(entries[entry.number - 1])
        same = (now.time, now.author, now.name, type(now.body)) == (
            entry.time,
            entry.author,
            entry.name,
            type(entry.body),
        )
        return now == entry or (same and isinstance(now.body, Message | Edited))

    def has(self, room: RoomId, entry: Entry) -> bool:
        """Whether this very entry is durable, and says what it says now as far as the server knows."""
        entries = self.entries.get(room, [])
        if not 0 < entry.number <= len(entries):
            return False
        told = as_told(entries[entry.number - 1])
        kept = (told, as_read(told, 0), *self._superseded.get(room, {}).get(entry.number, ()))
        return entry in kept  # Whether its words are theirs who are told them is asked of each word.

    def versions(self, room: RoomId) -> list[Room]:
        """What a room is, and while the server does not know that, what it was."""
        now = [self.rooms[room]] if room in self.rooms else []
        return [*now, self._unsure[room]] if room in self._unsure else now

    def lately(self, room: RoomId) -> list[Room]:
        """The same, and what it was within the last commit: what is refused was judged there."""
        return [*self.versions(room), *self._lately.get(room, ())]

    def span(self, room: RoomId, principal: PrincipalId) -> Span | None:
        """What an account may read of a room as it is; both opinions agree on it."""
        state, found = self.rooms.get(room), self.rights.span(room, principal)
        other = None if state is None else reading(state, principal, inside=False)
        agreed = (other is None) if found is None else other is not None and (other.first, other.last) == _pair(found)
        hold(agreed, f"room {room}: {principal} may read {other} by its state, and {found} by its log")
        return found

    def was_inside(self, room: RoomId, principal: PrincipalId, number: int) -> bool:
        """Whether somebody was a member as of entry `number`."""
        inside = False
        for entry in self.entries.get(room, [])[:number]:
            body = entry.body
            if isinstance(body, MembershipChanged) and any(one.principal == principal for one in body.people):
                inside = body.way is Way.JOINED
        return inside

    def inbox(self, account: PrincipalId) -> Room | None:
        """An account's own log, as it is."""
        return next((one for one in self.rooms.values() if one.kind is Kind.INBOX and one.owner == account), None)

    def ever_ignored(self, account: PrincipalId, other: PrincipalId) -> bool:
        """Whether an account has ignored somebody, if only for a while."""
        inbox = self.inbox(account)
        bodies = (entry.body for entry in self.entries[inbox.id]) if inbox is not None else ()
        return any(isinstance(body, Ignored) and body.person.principal == other for body in bodies)

    def messages_upto(self, room: RoomId, number: int) -> int:
        """How many messages had been said by then."""
        return sum(isinstance(entry.body, Message) for entry in self.entries[room][:number])

    def replayed(self, entries: dict[RoomId, list[Entry]], rooms: dict[RoomId, Room]) -> None:
        """The whole log as it is stored is the one that was seen, and folds from 1 to the stored rooms."""
        for room_id in self.entries:
            hold(entries.get(room_id) == self.entries[room_id], f"room {room_id}: stored is not what was kept")
        hold(len(entries) == len(self.entries), "there is a room that nobody saw")
        for room_id, stored in rooms.items():
            state = Room(room_id)
            for entry in entries[room_id]:
                state = evolve(state, entry)
                left = [token for token in tokens_in(msgspec.json.encode(entry.body)) if token in self.gone]
                hold(not left, f"room {room_id}: {left} is stored in {entry.number}")
            hold(_same(state, stored), f"room {room_id}: stored as {stored}, folds to {state}")

    def copy(self) -> Record:
        """As it is now, for the day this moment is restored."""
        other = Record(self.limits)
        other.entries = {room: list(entries) for room, entries in self.entries.items()}
        other.rooms = dict(self.rooms)
        other.rights = self.rights.copy()
        other.requests = dict(self.requests)
        other.askers = {request: set(askers) for request, askers in self.askers.items()}
        other.asked = dict(self.asked)
        other.nameless = {principal: deque(asked, NAMELESS_MAX) for principal, asked in self.nameless.items()}
        other.said = {token: list(places) for token, places in self.said.items()}
        other.stands = dict(self.stands)
        other.gone = dict(self.gone)
        other.of_guests = dict(self.of_guests)
        other.reactions = {message: dict(there) for message, there in self.reactions.items()}
        other.joined = self.joined.copy()
        other.floors = dict(self.floors)
        other.addresses, other.admins = self.addresses, self.admins
        other.host_key = self.host_key
        for room in self._unsure:
            other.gone.update(self._going.get(room, {}))
        return other


def as_told(entry: Entry) -> Entry:
    """An entry as it goes over the wire: a room's key is told to nobody by its log."""
    if not isinstance(entry.body, SettingsChanged) or not entry.body.change.key:
        return entry
    change = msgspec.structs.replace(entry.body.change, key=KEY_UNTOLD)
    return msgspec.structs.replace(entry, body=SettingsChanged(change))


def _groups(entries: Sequence[Numbered]) -> Iterator[list[Numbered]]:
    """The entries that one request became, request by request; what came without one stands alone."""
    group: list[Numbered] = []
    for numbered in entries:
        follows = (
            group
            and group[0].request is not None
            and numbered.request is None
            and numbered.entry.author == group[0].entry.author
            and not isinstance(numbered.entry.body, Entered | Left | Invited)
        )
        if group and not follows:
            yield group
            group = []
        group.append(numbered)
    if group:
        yield group


def _pair(span: Span) -> tuple[int, int | None]:
    return span.first, span.last


def _same(one: Room, other: Room) -> bool:
    """Whether two rooms are alike; how much is still kept is nobody's verdict."""
    kept = {"floor": 1, "pruned": 0}
    return msgspec.structs.replace(one, **kept) == msgspec.structs.replace(other, **kept)
