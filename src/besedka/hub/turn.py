"""One turn: what was asked, judged on tentative rooms, until the store has said that it is kept.

A turn owns nothing that outlives it. If its commit fails it is dropped, and with it every tentative room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from besedka.chat.entries import (
    Draft,
    Edited,
    Entry,
    InvitationsChanged,
    Kind,
    MembershipChanged,
    Message,
    Opened,
    Reacted,
    Redacted,
    Renamed,
    RequestId,
    RoomId,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.mending import Rewrite, rewrites
from besedka.chat.names import FoldedName, fold
from besedka.chat.notices import inbox_notices
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.requests import Malformed, Request
from besedka.chat.rooms import Room
from besedka.chat.told import Unit
from besedka.hub.keeping import Addition, Numbered

if TYPE_CHECKING:
    from besedka.hub.session import Session

Effect = Callable[[], None]
"""What a request does beside its entries, once they are kept."""


class Taken(msgspec.Struct, frozen=True):
    """One request of this turn, to be answered, or asked again if nobody knows what became of it."""

    session: Session
    request: Request | Malformed
    answer: Unit | None
    effect: Effect | None = None
    wrote: bool = False
    """Whether it became drafts, so that a failed commit refuses it."""
    request_id: RequestId | None = None
    """What finds it again; made by the hub where the client gave none."""

    @property
    def asked_id(self) -> RequestId | None:
        """The id its sender gave it."""
        return self.request.id if isinstance(self.request, Malformed) else self.request.request_id


class Turn:
    """The drafts of one turn, by room, each room as they make it."""

    def __init__(
        self, *, now: int, inbox_of: Callable[[PrincipalId], Room | None], give_room: Callable[[], RoomId]
    ) -> None:
        self.now = now
        self._inbox_of = inbox_of
        self._give_room = give_room
        self._before: dict[RoomId, Room] = {}
        self._after: dict[RoomId, Room] = {}
        self._entries: dict[RoomId, list[Numbered]] = {}
        self._named: dict[FoldedName, RoomId] = {}
        self._pairs: dict[tuple[PrincipalId, PrincipalId], RoomId] = {}
        self._inboxes: dict[PrincipalId, RoomId] = {}
        self.taken: list[Taken] = []
        self.judged: Session | None = None
        """Whose request is being judged."""
        self.origins: dict[RoomId, dict[int, Session]] = {}
        """Which session said an entry, for those that are not shown their own."""
        self.given: dict[tuple[Session, RoomId], int] = {}
        """How far a session has been told what this turn has of a room, before the room's run."""
        self.writers: dict[PrincipalId, None] = {}
        """Who has drafts in this turn."""
        self.joined: dict[PrincipalId, int] = {}
        """How many rooms more, or fewer, somebody is in by this turn."""
        self.moved: dict[RoomId, dict[PrincipalId, None]] = {}
        """Whose membership of a room changed."""
        self.renamed: dict[RoomId, None] = {}
        """Rooms that are called something else than before."""
        self.invited: dict[RoomId, list[Entry]] = {}
        """The entries by which people were invited."""
        self.mended: dict[RoomId, dict[int, None]] = {}
        """The messages that were edited or redacted."""
        self.reacted: dict[tuple[RoomId, int], list[Entry]] = {}
        """The reactions to a message."""
        self._rewrites: dict[RoomId, list[Rewrite]] = {}

    def tentative(self, room: Room) -> Room:
        """The room with this turn's drafts in it."""
        return self._after.get(room.id, room)

    def named(self, name: FoldedName) -> Room | None:
        """A room opened, or renamed, in this turn that had this name then."""
        room = self._named.get(name)
        return None if room is None else self._after[room]

    def of_pair(self, one: PrincipalId, other: PrincipalId) -> Room | None:
        """A direct room opened in this turn."""
        room = self._pairs.get((min(one, other), max(one, other)))
        return None if room is None else self._after[room]

    def new_room(self) -> Room:
        """A room that does not exist yet, with an id that was never given."""
        return Room(self._give_room())

    def add(
        self,
        room: Room,
        drafts: Iterable[Draft],
        *,
        request: RequestId | None = None,
        session: Session | None = None,
        target: Entry | None = None,
        time: int | None = None,
    ) -> int:
        """Number the drafts after `room` as it is by now, and what the inboxes note of them; the first one's number.

        `target` is the message that is mended, as it is kept. `time` is that of what was said elsewhere before, in
        milliseconds since 1970 UTC; None is now.
        """
        now = self.now if time is None else time
        which = room.id
        state = self._after.get(which, room)
        if which not in self._before:
            self._before[which] = room
            self._entries[which] = []
        first = state.head + 1
        for draft in drafts:
            entry = number(state, draft, now)
            self._after[which] = state = evolve(state, entry)
            self._entries[which].append(Numbered(entry, request))
            request = None  # The id finds the first entry only.
            if (
                session is not None
                and not session.protocol.echoes_all
                and not session.protocol.echoes(state, entry.body)
            ):
                self.origins.setdefault(which, {})[entry.number] = session
            if type(entry.body) is not Message:  # Which opens, moves and mends nothing, and is in no inbox.
                self._follow(state, entry, target)
        assert state.head >= first, "a request without drafts adds nothing"
        return first

    def _follow(self, state: Room, entry: Entry, target: Entry | None) -> None:
        """What an entry means for other rooms, and for what this turn knows beside them."""
        self._index(state, entry)
        self._count(state, entry)
        self._touch(state, entry, target)
        for account, body in inbox_notices(state, entry):
            self.add(self._inbox(account), (Draft(entry.author, entry.name, body),))

    def _index(self, state: Room, entry: Entry) -> None:
        if isinstance(entry.body, Renamed):
            self._named[fold(state.name)] = state.id
            self.renamed[state.id] = None
        if not isinstance(entry.body, Opened):
            return
        if state.pair is not None:
            self._pairs[state.pair] = state.id
        elif state.kind is Kind.INBOX:
            assert state.owner is not None
            self._inboxes[state.owner] = state.id
        else:
            self._named[fold(state.name)] = state.id

    def _count(self, state: Room, entry: Entry) -> None:
        if not isinstance(entry.body, MembershipChanged):
            return
        more = 1 if entry.body.way is Way.JOINED else -1
        for person in entry.body.people:
            self.joined[person.principal] = self.joined.get(person.principal, 0) + more
            self.moved.setdefault(state.id, {})[person.principal] = None

    def _touch(self, state: Room, entry: Entry, target: Entry | None) -> None:
        body = entry.body
        if isinstance(body, Edited | Redacted):
            assert target is not None, "a message is mended as it is kept"
            self._rewrites.setdefault(state.id, []).extend(rewrites(entry, target))
            self.mended.setdefault(state.id, {})[body.number] = None
        elif isinstance(body, InvitationsChanged):
            self.invited.setdefault(state.id, []).append(entry)
        elif isinstance(body, Reacted):
            self.reacted.setdefault((state.id, body.number), []).append(entry)

    def _inbox(self, account: PrincipalId) -> Room:
        made = self._inboxes.get(account)
        if made is not None:
            return self._after[made]
        room = self._inbox_of(account)
        return self.open_inbox(account) if room is None else self.tentative(room)

    def open_inbox(self, account: PrincipalId) -> Room:
        """Give an account its own log."""
        room = self.new_room()
        self.add(room, (Draft(SERVER, AccountName("server"), Opened(Kind.INBOX, owner=account)),))
        return self._after[room.id]

    def inbox_id(self, account: PrincipalId) -> RoomId:
        """The inbox of an account that has one by now."""
        made = self._inboxes.get(account)
        if made is not None:
            return made
        room = self._inbox_of(account)
        assert room is not None, "an inbox was to be opened first"
        return room.id

    def has_inbox(self, account: PrincipalId) -> bool:
        """Whether the account has its own log, counting one opened in this turn."""
        return account in self._inboxes or self._inbox_of(account) is not None

    def entries(self, room: RoomId) -> list[Entry]:
        """What is written to a room."""
        return [numbered.entry for numbered in self._entries.get(room, ())]

    @property
    def touched(self) -> Iterable[RoomId]:
        """The rooms with drafts, in the order of their first one."""
        return self._entries.keys()

    def additions(self) -> list[Addition]:
        """What is to be kept, in one commit."""
        return [
            Addition(self._before[room], self._after[room], entries, self._rewrites.get(room, ()))
            for room, entries in self._entries.items()
        ]
