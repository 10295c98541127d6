"""Several rooms and the people in them, in two copies: as the real rules have them, and on paper.

What people do is in `unit/test_rules_model.py`; here is what they do it with, and what must always be true.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec

from besedka.chat.entries import (
    Archived,
    Body,
    Draft,
    Edited,
    Entered,
    Entry,
    Invited,
    Left,
    Message,
    Person,
    Redacted,
    RoomId,
    RoomName,
)
from besedka.chat.folding import evolve, number
from besedka.chat.mending import rewrites
from besedka.chat.notices import inbox_notices
from besedka.chat.principals import SERVER, AccountName, AccountRole, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Tell, Write
from besedka.chat.rooms import Room, reading
from besedka.chat.rules import decide
from besedka.chat.verdicts import Circumstances
from besedka.limits import Limits
from paper_room import Paper, Someone

LIMITS = Limits(rooms_per_account_max=4, members_max=4, marks_max=2, invited_max=2, reactions_per_message_max=2)
ANN, BOB, CARL = (
    Someone(at, name, f"10.0.0.{at}", f"h{at}.net.ip") for at, name in enumerate(("ann", "bob", "carl"), 1)
)
DORA = Someone(4, "dora", "fd00::4", "h4.other.ip", admin=True)
PASSER, STRAY = Someone(-1, "passer-by", "10.0.0.9", "h9.net.ip"), Someone(-2, "stray", "fd00::9", "h9.other.ip")
PEOPLE = [ANN, BOB, CARL, DORA, PASSER, STRAY]
BY_ID = {one.id: one for one in PEOPLE}
SETTINGS: dict[str, object] = {
    "invite_only": False,
    "hidden": False,
    "members_only": True,
    "topic_locked": False,
    "moderated": False,
    "no_ctcp": False,
    "key": "",
    "members_max": 0,
    "slow_seconds": 0,
    "keep_seconds": 0,
    "keep_messages": 0,
}
CLOSED = SETTINGS | {"invite_only": True, "hidden": True}

Expected = tuple[set[Code], int]
"""Why something may be refused, and, where nothing is the matter, how many entries it makes."""


def person(who: Someone) -> Person:
    return Person(PrincipalId(who.id), AccountName(who.name))


class Arbour:
    """The rooms."""

    def __init__(self) -> None:
        self.rooms: dict[int, Room] = {}
        self.logs: dict[int, list[Entry]] = {}
        self.papers: dict[int, Paper] = {}
        self.notes: dict[int, list[tuple[str, int]]] = {}
        """What inboxes were told: kind and room."""
        self.silenced: set[int] = set()
        self.now = 1_000_000
        self.touched: set[int] = set()
        """Rooms in which something may have changed since they were last looked at."""

    # Finding ----------------------------------------------------------------------------------------------------

    def named(self, name: str) -> int | None:
        """The room of this name, or the one that left it behind and has an owner."""
        standing = [(id_, paper) for id_, paper in self.papers.items() if paper.kind != "direct" and not paper.archived]
        for id_, paper in standing:
            if paper.name == name:
                return id_
        return next((id_ for id_, paper in standing if name in paper.former_names), None)

    def count(self, who: Someone) -> int:
        return sum(paper.inside(who) for paper in self.papers.values() if not paper.archived)

    def actor(self, who: Someone, room: int | None) -> Actor:
        inside = room in self.papers and self.papers[room].inside(who)
        role = AccountRole.ADMIN if who.admin else AccountRole.USER
        return Actor(
            PrincipalId(who.id),
            AccountName(who.name),
            role,
            inside,
            who.id in self.silenced,
            host=who.host,
            address=who.address,
        )

    def message(self, room: int, at: int) -> Entry | None:
        """An entry as it stands now."""
        log = self.logs.get(room, [])
        return log[at - 1] if 0 < at <= len(log) else None

    # Asking -----------------------------------------------------------------------------------------------------

    def judge(
        self, who: Someone, request: Write, room: int | None, other: Someone | None = None, **known: Any
    ) -> Code | int:
        """Ask the real rules, and keep what they allow. A refusal's code, or how many entries it made."""
        state = Room(RoomId(len(self.rooms) + 1)) if room is None else self.rooms.get(room, Room(RoomId(room)))
        if other is not None and (other.id not in state.members or isinstance(request, Tell)):
            here = room in self.papers and other.id in self.papers[room].here
            known |= {"other": person(other), "other_here": here}
        paper = self.papers.get(state.id)
        circumstances = Circumstances(
            LIMITS,
            self.now,
            rooms_joined=self.count(who),
            other_rooms_joined=self.count(other) if other else 0,
            guests_here=len(paper.here) if paper else 0,
            **known,
        )
        self.touched.add(state.id)
        verdict = decide(state, self.actor(who, room), request, circumstances)
        if isinstance(verdict, Refusal):
            return verdict.code
        for draft in verdict:
            self.keep(state.id, draft)
        return len(verdict)

    def keep(self, room: int, draft: Draft) -> None:
        """Number a draft, fold it, mend what it mends, and tell inboxes."""
        self.touched.add(room)
        before = self.rooms.get(room, Room(RoomId(room)))
        entry = number(before, draft, self.now)
        log = self.logs.setdefault(room, [])
        log.append(entry)
        self.rooms[room] = evolve(before, entry)
        if isinstance(entry.body, Edited | Redacted):
            for rewrite in rewrites(entry, log[entry.body.number - 1]):
                log[rewrite.number - 1] = msgspec.structs.replace(log[rewrite.number - 1], body=rewrite.body)
        for account, note in inbox_notices(self.rooms[room], entry):
            assert isinstance(note, Entered | Left | Invited)
            withdrawn = isinstance(note, Invited) and note.withdrawn
            self.notes.setdefault(account, []).append(("-" * withdrawn + type(note).__name__, note.room))

    def server_keeps(self, room: int, body: Body) -> None:
        self.keep(room, Draft(SERVER, AccountName("server"), body))
        self.papers[room].length += 1

    def ends_if_empty(self, room: int) -> None:
        """What the hub does with a passing room that nobody is in."""
        paper = self.papers[room]
        if paper.owner is None and paper.kind != "direct" and not paper.members and not paper.here:
            self.server_keeps(room, Archived())
            paper.archived = True

    @staticmethod
    def check(found: Code | int, reasons: set[Code], made: int) -> bool:
        """Hold a verdict against what the paper says; whether anything was kept."""
        if reasons:
            assert found in reasons
            return False
        assert found == made
        return made > 0

    # What is always true ----------------------------------------------------------------------------------------

    def seen_again(self) -> list[tuple[int, Paper]]:
        """The rooms to look at now."""
        return [(id_, self.papers[id_]) for id_ in self.touched if id_ in self.papers]

    def states_are_as_on_paper(self) -> None:
        assert set(self.rooms) == set(self.papers)
        for id_, paper in self.seen_again():
            room, governance = self.rooms[id_], self.rooms[id_].governance
            assert (room.head, room.topic, room.messages) == (paper.length, paper.topic, len(paper.said))
            assert (room.name, room.owner, room.archived) == (RoomName(paper.name), paper.owner, paper.archived)
            assert msgspec.structs.asdict(governance.settings) == paper.settings
            members = {who: (one.role.value, one.voice) for who, one in room.members.items()}
            assert members == {who: (one.role, one.voice) for who, one in paper.members.items()}
            assert set(room.named.values()) == set(room.members)
            guests = {who: (one.role.value, one.voice) for who, one in governance.guests.items() if not one.plain}
            more = {who: (one.role, one.voice) for who, one in paper.guests.items()}
            assert guests == {who: one for who, one in more.items() if one != ("member", False)}
            lines = {(one.mark.listing.value, one.mark.mask, one.mark.until) for one in governance.listed}
            assert lines == {
                (listing, line.mask, line.until) for listing, one in paper.lists.items() for line in one.values()
            }
            assert set(governance.invited) == paper.invited
            assert set(governance.excused) == set(paper.excused)
            assert list(governance.former_names) == paper.former_names

    def nobody_reads_what_is_not_theirs(self) -> None:
        for id_, paper in self.seen_again():
            for who in PEOPLE:
                seen = reading(self.rooms[id_], PrincipalId(who.id), inside=who.id in paper.here)
                numbers = set() if seen is None else set(range(seen.first, (seen.last or paper.length) + 1))
                assert numbers == {at for at in range(1, paper.length + 1) if paper.reads(who, at)}

    def logs_are_gapless_and_hold_no_words_taken_back(self) -> None:
        for id_, paper in self.seen_again():
            log = self.logs[id_]
            assert [entry.number for entry in log] == list(range(1, len(log) + 1))
            assert all(one.time <= other.time for one, other in pairwise(log))
            said = {entry.number: (entry.author, entry.body.text) for entry in log if isinstance(entry.body, Message)}
            assert said == paper.said
            edits = {
                (entry.body.number, entry.number): entry.body.text
                for entry in log
                if isinstance(entry.body, Edited) and entry.body.text
            }
            for (target, _), text in edits.items():
                assert said[target][1] == text, "only the last edit of a message that is not redacted holds words"

    def nobody_is_in_too_much(self) -> None:
        assert all(self.count(who) <= LIMITS.rooms_per_account_max for who in PEOPLE)
        for room in self.rooms.values():
            assert len(room.members) <= LIMITS.members_max
            accounts = [one for one in room.governance.invited if one > 0]
            assert len(accounts) <= LIMITS.invited_max

    def every_log_folds_to_its_state(self) -> None:
        """As the store would write it, and with what was mended: no number, no name and no right depends on words."""
        for id_, log in self.logs.items():
            folded = Room(RoomId(id_))
            for entry in log:
                folded = evolve(folded, msgspec.json.decode(msgspec.json.encode(entry), type=Entry))
            assert folded == self.rooms[id_]
