"""Bugs to plant: each breaks one promise the way a tired programmer would."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from besedka.chat.cursor import Step, step
from besedka.chat.entries import Draft
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Write
from besedka.chat.rooms import Room
from besedka.chat.rules import decide
from besedka.chat.told import Kept
from besedka.client import places
from besedka.client.core import Core
from besedka.hub.cases import Later
from besedka.hub.hub import Hub
from besedka.hub.judging import Judge, refused
from besedka.hub.keeping import Addition, Receipt
from besedka.hub.places import Places
from besedka.hub.preparing import Preparation, Prepared
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.hub.telling import Told
from besedka.hub.turn import Taken, Turn

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

    def careless(self: Told, opened: OpenRoom, addition: Addition, principal: Any, moved: Any) -> None:
        if principal in opened.state.members:
            right(self, opened, addition, principal, moved)

    patch.setattr(Told, "_move", careless)


def places_outlive_their_epoch(patch: pytest.MonkeyPatch) -> None:
    """After a restore the client goes on from numbers of the log that was."""

    def careless(self: Core, events: list[Any]) -> None:
        pass

    patch.setattr(Core, "_start_over", careless)


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
)
