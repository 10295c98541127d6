"""Bugs to plant: each breaks one promise the way a tired programmer would."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from besedka.chat import rules
from besedka.chat.cursor import Step, step
from besedka.chat.entries import Draft, Edited, Entry, Kind, MembershipChanged, Way
from besedka.chat.own_requests import MoveMarker
from besedka.chat.principals import Actor, PrincipalId
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Write
from besedka.chat.rooms import Reading, Room, reading
from besedka.chat.rules import decide
from besedka.chat.told import Kept, Presence
from besedka.chat.verdicts import Circumstances
from besedka.client import places
from besedka.client.core import Core
from besedka.hub import pages as hub_pages
from besedka.hub import places as hub_places
from besedka.hub import rooms as hub_rooms
from besedka.hub.cases import Later
from besedka.hub.hub import Hub
from besedka.hub.judging import Judge, refused
from besedka.hub.keeping import Addition, Receipt
from besedka.hub.places import Places
from besedka.hub.preparing import Preparation, Prepared
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.hub.signals import Signals
from besedka.hub.telling import Told
from besedka.hub.turn import Taken, Turn
from besedka.hub.upkeep import Upkeep
from sim.troubled import WitnessedLogStore

Plant = Callable[[pytest.MonkeyPatch], None]


def no_gap_check(patch: pytest.MonkeyPatch) -> None:
    """The client takes whatever comes for the next entry."""

    def careless(after: int, number: int) -> Step:
        found = step(after, number)
        return Step.NEXT if found is Step.GAP else found

    patch.setattr(places, "step", careless)


def no_id_check(patch: pytest.MonkeyPatch) -> None:
    """Every request is new."""
    right = Preparation._receipt

    async def careless(self: Preparation, online: Online, request: Write) -> tuple[Receipt | None, int | None]:
        _, looked_up = await right(self, online, request)
        return None, looked_up

    patch.setattr(Preparation, "_receipt", careless)


def rules_before_ids(patch: pytest.MonkeyPatch) -> None:
    """A request that was kept is refused when it is sent again after its sender left the room."""
    right = Judge.write

    def careless(self: Judge, turn: Turn, session: Session, request: Write, prepared: Prepared | None) -> Any:
        online = session.online
        if online is not None and online.newest is not None:
            case = self.case(turn, online, request, prepared)
            if not isinstance(case, Later | Refusal):
                verdict = decide(case.room, self.actor(turn, session, case.room), request, case.circumstances)
                if isinstance(verdict, Refusal):
                    return Taken(session, request, refused(request.request_id, verdict))
        return right(self, turn, session, request, prepared)

    patch.setattr(Judge, "write", careless)


def tell_before_keep(patch: pytest.MonkeyPatch) -> None:
    """Readers are told while the commit is under way."""
    right = Hub._keep

    async def careless(self: Hub, turn: Turn, additions: list[Addition]) -> bool:
        for addition in additions:
            opened = self.parts.rooms.get(addition.after.id)
            entries = [numbered.entry for numbered in addition.entries]
            for readers in opened.readers.values() if opened is not None else ():
                for session in readers:
                    session.link.write(session.protocol.format.run(addition.after, entries))
        return await right(self, turn, additions)

    patch.setattr(Hub, "_keep", careless)


def receipts_before_commit(patch: pytest.MonkeyPatch) -> None:
    """Senders have their receipts while the commit is under way."""
    right = Hub._keep

    async def careless(self: Hub, turn: Turn, additions: list[Addition]) -> bool:
        for taken in turn.taken:
            if isinstance(taken.answer, Kept):
                taken.session.tell(taken.answer)
        return await right(self, turn, additions)

    patch.setattr(Hub, "_keep", careless)


def judged_on_the_room_before(patch: pytest.MonkeyPatch) -> None:
    """Each request of a batch is judged as if it were the first."""
    tentative, add = Turn.tentative, Turn.add

    def before(self: Turn, room: Room) -> Room:
        return room

    def careless(self: Turn, room: Room, drafts: Iterable[Draft], **rest: Any) -> int:
        return add(self, tentative(self, room), drafts, **rest)

    patch.setattr(Turn, "tentative", before)
    patch.setattr(Turn, "add", careless)


def tentative_kept_after_failure(patch: pytest.MonkeyPatch) -> None:
    """A commit that failed is believed all the same."""
    right = Hub._ask_again

    def careless(self: Hub, turn: Turn, *, sure: bool) -> None:
        self._told.make_true(turn.additions(), turn)
        right(self, turn, sure=sure)
        for room in turn.touched:
            opened = self.parts.rooms.get_stale(room)
            assert opened is not None
            opened.stale = False

    patch.setattr(Hub, "_ask_again", careless)


def reader_behind_skips(patch: pytest.MonkeyPatch) -> None:
    """A reader that gets page after page misses one entry between them."""
    right = Places._give

    def careless(self: Places, session: Session, opened: OpenRoom, entries: Any, upto: int) -> None:
        right(self, session, opened, entries, upto)
        if entries and opened.state.id in session.behind:
            session.behind[opened.state.id] += 1

    patch.setattr(Places, "_give", careless)


def leaver_reads_on(patch: pytest.MonkeyPatch) -> None:
    """Whoever has left a room is still told what is said there."""
    right = Told._move

    def careless(self: Told, opened: OpenRoom, addition: Addition, principal: Any, turn: Turn, moved: Any) -> None:
        if principal in opened.state.members:
            right(self, opened, addition, principal, turn, moved)

    patch.setattr(Told, "_move", careless)


def places_outlive_their_epoch(patch: pytest.MonkeyPatch) -> None:
    """After a restore the client goes on from numbers of the log that was."""

    def careless(self: Core, events: list[Any]) -> None:
        pass

    patch.setattr(Core, "_start_over", careless)


# Governed rooms --------------------------------------------------------------------------------------------------


def kicked_reads_on(patch: pytest.MonkeyPatch) -> None:
    """Whoever was put out is told what is said there afterwards."""
    right = Told._move

    def careless(self: Told, opened: OpenRoom, addition: Addition, principal: Any, turn: Turn, moved: Any) -> None:
        if principal in opened.state.members or not _is_put_out(addition, principal):
            right(self, opened, addition, principal, turn, moved)

    patch.setattr(Told, "_move", careless)


def _is_put_out(addition: Addition, principal: PrincipalId) -> bool:
    bodies = (numbered.entry.body for numbered in addition.entries)
    removals = (body for body in bodies if isinstance(body, MembershipChanged) and body.way is Way.REMOVED)
    return any(person.principal == principal for removal in removals for person in removal.people)


def rights_of_the_turn_before(patch: pytest.MonkeyPatch) -> None:
    """Whoever was put out in this turn is still taken for a member in it."""
    right = Judge.actor

    def careless(self: Judge, turn: Turn, session: Session, room: Room) -> Any:
        actor = right(self, turn, session, room)
        opened = self._parts.rooms.get(room.id)
        inside = opened is not None and opened.is_inside(actor.principal)
        return msgspec.structs.replace(actor, inside=actor.inside or inside)

    patch.setattr(Judge, "actor", careless)


def banned_may_come_in(patch: pytest.MonkeyPatch) -> None:
    """A ban bars nobody from joining again."""
    patch.setattr(rules, "banned", lambda room, actor, now, since=0: False)


def banned_resumes_as_member(patch: pytest.MonkeyPatch) -> None:
    """Whoever was put out reads on when it comes back."""

    def careless(room: Room, principal: PrincipalId, *, inside: bool) -> Reading | None:
        found = reading(room, principal, inside=inside)
        return None if found is None else Reading(found.first, None)

    patch.setattr(hub_rooms, "reading", careless)


def redacted_stays_in_the_tail(patch: pytest.MonkeyPatch) -> None:
    """Readers a little behind get what a message said before."""
    right = OpenRoom.extend

    def careless(self: OpenRoom, state: Room, entries: Any, rewrites: Any = ()) -> None:
        right(self, state, entries)

    patch.setattr(OpenRoom, "extend", careless)


def redacted_stays_in_the_store(patch: pytest.MonkeyPatch) -> None:
    """The log keeps what a message said before."""
    right = WitnessedLogStore._add

    def careless(self: WitnessedLogStore, addition: Addition) -> Any:
        return right(self, msgspec.structs.replace(addition, rewrites=()))

    patch.setattr(WitnessedLogStore, "_add", careless)


def edited_twice(patch: pytest.MonkeyPatch) -> None:
    """An edit is kept twice."""
    right = Turn.add

    def careless(self: Turn, room: Room, drafts: Iterable[Draft], **rest: Any) -> int:
        twice = [draft for draft in drafts for _ in range(2 if isinstance(draft.body, Edited) else 1)]
        return right(self, room, twice, **rest)

    patch.setattr(Turn, "add", careless)


def edits_are_read_from_outside(patch: pytest.MonkeyPatch) -> None:
    """Whoever has left reads a message as it stands, also where it was edited since."""

    def careless(entry: Entry, _last: int | None) -> Entry:
        return entry

    for module in (hub_pages, hub_places):
        patch.setattr(module, "as_read", careless)


def marker_moves_back(patch: pytest.MonkeyPatch) -> None:
    """The device that spoke last says how far its person has read."""

    def careless(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Any:
        moved = circumstances.marker
        return (
            (Draft(actor.principal, actor.name, moved),)
            if moved is not None
            else right(room, actor, request, circumstances)
        )

    right = rules._RULES[MoveMarker]
    broken: dict[type[Write], rules.Rule] = {**rules._RULES, MoveMarker: careless}
    patch.setattr(rules, "_RULES", broken)


def hidden_is_listed(patch: pytest.MonkeyPatch) -> None:
    """A hidden room is in the list of rooms."""

    async def careless(self: WitnessedLogStore, *, limit: int) -> list[Room]:
        named = [room for room in self.rooms.values() if room.name and not room.archived]
        return sorted(named, key=lambda room: room.name)[:limit]

    def blind(_room: Room) -> bool:
        return False

    patch.setattr(WitnessedLogStore, "public_rooms", careless)
    patch.setattr(Room, "hidden", property(blind))


def strangers_see_who_comes(patch: pytest.MonkeyPatch) -> None:
    """Who comes and goes is told to all who are online."""
    right = Signals._tell_presence

    def careless(self: Signals, opened: OpenRoom, changes: Any) -> int:
        came = tuple(person for person, _ in changes.people.values())
        for online in self._attendance:
            for session in online.sessions if came and opened.state.kind is not Kind.INBOX else ():
                if session.synced:
                    session.tell(Presence(opened.state.id, went=came))
        return right(self, opened, changes)

    patch.setattr(Signals, "_tell_presence", careless)


def bans_outlive_their_time(patch: pytest.MonkeyPatch) -> None:
    """Nobody takes a ban off the list when its time is over."""

    async def careless(_self: Upkeep) -> None:
        pass

    patch.setattr(Upkeep, "_lift_marks", careless)


PLANTS: tuple[Plant, ...] = (
    no_gap_check,
    no_id_check,
    rules_before_ids,
    tell_before_keep,
    receipts_before_commit,
    judged_on_the_room_before,
    tentative_kept_after_failure,
    reader_behind_skips,
    leaver_reads_on,
    places_outlive_their_epoch,
    kicked_reads_on,
    rights_of_the_turn_before,
    banned_may_come_in,
    banned_resumes_as_member,
    redacted_stays_in_the_tail,
    redacted_stays_in_the_store,
    edited_twice,
    edits_are_read_from_outside,
    marker_moves_back,
    hidden_is_listed,
    strangers_see_who_comes,
    bans_outlive_their_time,
)
