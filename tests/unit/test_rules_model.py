"""The rules and the fold against rooms kept on paper: people ask for this and that, and both copies must agree.

Where they differ, in the verdict or in what becomes of a room, one of them is wrong. `paper_room` was written from
what rooms promise, `arbour` holds what is always true; here is what people do.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from arbour import ANN, BOB, CARL, CLOSED, DORA, LIMITS, PASSER, PEOPLE, SETTINGS, Arbour
from besedka.chat.entries import Draft, Kind, Listing, Opened, RoomId, RoomName, RoomRole, SettingsChange, Unmarked
from besedka.chat.governance import code_digest
from besedka.chat.principals import SERVER, AccountName
from besedka.chat.refusals import Code
from besedka.chat.requests import Edit, Join, Leave, React, Redact, Say, SetTopic, Tell
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    MakeCode,
    Open,
    Rename,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from paper_room import MODERATES, OWNS, PLAIN, Line, Paper, Someone, Standing, fits, wrong_words

NAMES = ["lobby", "tea", "den", "books"]
MASKS = ["ann", "BOB", "passer-by", "nobody", "c*", "*!*@h9.*", "?or?!*@*", "10.0.0.0/30", "fd00::4"]
CHANGES: list[dict[str, Any]] = [
    *({name: value} for name in list(SETTINGS)[:6] for value in (True, False)),
    *({"key": key} for key in ("", "rake", "two words")),
    *({"members_max": most} for most in (0, 2, 9)),
    *({"slow_seconds": seconds} for seconds in (0, 30, 100_000)),
    *({"keep_messages": many} for many in (0, 30, -1)),
    {"invite_only": True, "hidden": True},
]
IMPOSSIBLE = ({"key": "two words"}, {"members_max": 9}, {"slow_seconds": 100_000}, {"keep_messages": -1})

people = st.sampled_from(PEOPLE)
rooms = st.integers(1, 5).map(RoomId)
names = st.sampled_from(NAMES)
numbers = st.integers(1, 14)
texts = st.sampled_from(["hi", "hi", "tea", "\x01VERSION\x01", "\x01ACTION waves\x01", " ", "x" * 4097])
codes = st.sampled_from(["", "sesame", "barley"])


class Visit(RuleBasedStateMachine, Arbour):
    """People in rooms."""

    def __init__(self) -> None:
        RuleBasedStateMachine.__init__(self)
        Arbour.__init__(self)

    @initialize()
    def four_rooms_are_lived_in(self) -> None:
        self.keep(1, Draft(SERVER, AccountName("server"), Opened(Kind.PUBLIC, RoomName("lobby"), SERVER)))
        self.papers[1] = Paper("lobby", "public", 0, dict(SETTINGS))
        self.opens(ANN, "tea", Kind.PUBLIC)
        self.opens(BOB, "den", Kind.PRIVATE)
        self.joins(PASSER, "books", "", "")
        self.invites(BOB, RoomId(3), CARL)
        self.gives_a_role(PASSER, RoomId(4), PASSER, None, True)
        for who, name in [(ANN, "lobby"), (CARL, "lobby"), (BOB, "tea"), (CARL, "tea"), (CARL, "den"), (DORA, "books")]:
            self.joins(who, name, "", "")
        self.gives_a_role(DORA, RoomId(1), ANN, RoomRole.OWNER, None)
        self.gives_a_role(ANN, RoomId(2), BOB, RoomRole.MODERATOR, None)
        for who, room in [(ANN, 2), (BOB, 2), (CARL, 3), (PASSER, 4)]:
            self.says(who, RoomId(room), "hi", 0)

    def about(self, room: RoomId) -> Paper:
        """What the paper says of a room; of one that there is not, that nobody may know of it."""
        return self.papers.get(room) or Paper("", "private", None, dict(CLOSED), archived=True)

    @rule(seconds=st.sampled_from([1, 20, 40, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * 1000

    @rule(who=people)
    def an_operator_changes_their_mind_about(self, who: Someone) -> None:
        self.silenced ^= {who.id}

    @rule(room=rooms)
    def the_server_lifts_what_is_over(self, room: RoomId) -> None:
        paper = self.about(room)
        for listing, lines in paper.lists.items():
            over = [mask for mask, line in lines.items() if line.until is not None and line.until <= self.now]
            if over and not paper.archived:
                self.server_keeps(room, Unmarked(Listing(listing), tuple(lines.pop(mask).mask for mask in over)))

    # Coming and going -------------------------------------------------------------------------------------------

    def begin(self, who: Someone, name: str, kind: str) -> None:
        room = len(self.papers) + 1
        owner = None if who.guest else who.id
        paper = self.papers[room] = Paper(name, kind, owner, dict(SETTINGS if kind == "public" else CLOSED))
        if who.guest:
            paper.guests[who.id] = Standing("moderator")
        self.enter(who, room)

    def enter(self, who: Someone, room: int) -> None:
        if who.guest:
            self.papers[room].here.add(who.id)
        else:
            self.papers[room].enter(who.id)

    @rule(who=people, name=names, key=st.sampled_from(["", "rake"]), code=codes)
    def joins(self, who: Someone, name: str, key: str, code: str) -> None:
        room = self.named(name)
        paper = None if room is None else self.papers[room]
        found = self.judge(who, Join(name=name, key=key, code=code), room, room_name=RoomName(name))
        if paper is not None and paper.inside(who):
            assert found == 0
            return
        most = LIMITS.members_max
        reasons = paper.entering(who, self.now, key=key, code=code, members_max=most) if paper else set()
        if not reasons and self.count(who) >= LIMITS.rooms_per_account_max:
            reasons = {Code.TOO_MANY_ROOMS}
        self.check(found, reasons, (paper is None) + (not who.guest))
        if not reasons and room is None:
            self.begin(who, name, "public")
        elif not reasons and room is not None:
            self.enter(who, room)

    @rule(who=people, name=names, kind=st.sampled_from([Kind.PUBLIC, Kind.PRIVATE, Kind.DIRECT]))
    def opens(self, who: Someone, name: str, kind: Kind) -> None:
        reasons = {Code.ROOM_NAME_TAKEN} if self.named(name) is not None else set()
        reasons |= {Code.BAD_VALUE} if kind is Kind.DIRECT else set()
        reasons |= {Code.ACCOUNT_NEEDED} if kind is Kind.PRIVATE and who.guest else set()
        reasons |= {Code.TOO_MANY_ROOMS} if self.count(who) >= LIMITS.rooms_per_account_max else set()
        found = self.judge(who, Open(name=name, room_kind=kind), self.named(name), room_name=RoomName(name))
        if self.check(found, reasons, 1 + (not who.guest)):
            self.begin(who, name, kind.value)

    @rule(who=people, room=rooms)
    def leaves(self, who: Someone, room: RoomId) -> None:
        paper = self.about(room)
        reasons = paper.strangeness(who) or ({Code.CANNOT_LEAVE} if paper.kind == "direct" else set())
        reasons = reasons or paper.orphaned({who.id})
        self.check(self.judge(who, Leave(room=room), room), reasons, int(not who.guest))
        if not reasons:
            paper.here.discard(who.id)
            if not who.guest:
                paper.go({who.id})
            self.ends_if_empty(room)

    # Talking ----------------------------------------------------------------------------------------------------

    def say(self, who: Someone, room: int, text: str) -> None:
        paper = self.papers[room]
        paper.length += 1
        paper.said[paper.length] = (who.id, text)
        if paper.settings["slow_seconds"]:
            paper.spoke[who.id] = self.rooms[room].time

    @rule(who=people, room=rooms, text=texts, reply=st.sampled_from([0, 0, 0, 2, 4, 6]))
    def says(self, who: Someone, room: RoomId, text: str, reply: int) -> None:
        paper = self.about(room)
        reasons = paper.hearing(who, self.now, silenced=who.id in self.silenced) or paper.hurrying(who, self.now)
        if not reasons:
            there = reply == 0 or (paper.reads(who, reply) and paper.said.get(reply, (0, ""))[1])
            reasons = wrong_words(text, paper) | (set() if there else {Code.NO_SUCH_MESSAGE})
        found = self.judge(who, Say(room=room, text=text, reply=reply), room, target=self.message(room, reply))
        if self.check(found, reasons, 1):
            self.say(who, room, text)

    @rule(who=people, other=people, text=texts, unwelcome=st.booleans())
    def tells(self, who: Someone, other: Someone, text: str, unwelcome: bool) -> None:
        pair = {who.id, other.id}
        room = next(
            (id_ for id_, one in self.papers.items() if one.kind == "direct" and set(one.members) == pair), None
        )
        reasons = wrong_words(text, None) | ({Code.MUTED} if who.id in self.silenced else set())
        if room is None:
            reasons |= {Code.NOT_WELCOME} if unwelcome else set()
            reasons |= {Code.TOO_MANY_ROOMS} if self.count(who) >= LIMITS.rooms_per_account_max else set()
            reasons |= {Code.PERSON_FULL} if self.count(other) >= LIMITS.rooms_per_account_max else set()
        found = self.judge(who, Tell(name=other.name, text=text), room, other, unwelcome=unwelcome)
        if not self.check(found, reasons, 3 if room is None else 1):
            return
        if room is None:
            room = len(self.papers) + 1
            paper = self.papers[room] = Paper("", "direct", None, dict(CLOSED), length=2)
            paper.members = {one: Standing() for one in pair}
            paper.stays = dict.fromkeys(pair, (2, None))
        self.say(who, room, text)

    @rule(who=people, room=rooms, topic=st.sampled_from(["", "green", "a\nb", "x" * 513]))
    def sets_a_topic(self, who: Someone, room: RoomId, topic: str) -> None:
        paper = self.about(room)
        reasons = paper.strangeness(who) or paper.hearing(who, self.now, silenced=who.id in self.silenced)
        if not reasons and paper.settings["topic_locked"] and paper.rank(who) < MODERATES:
            reasons = {Code.NOT_ALLOWED}
        reasons = reasons or {"a\nb": {Code.BAD_TEXT}, "x" * 513: {Code.TEXT_LONG}}.get(topic, set())
        if self.check(self.judge(who, SetTopic(room=room, topic=topic), room), reasons, int(topic != paper.topic)):
            paper.length, paper.topic = paper.length + 1, topic

    # Mending ----------------------------------------------------------------------------------------------------

    def mending(self, who: Someone, paper: Paper, at: int) -> set[Code]:
        """Why somebody may not touch a message."""
        reasons = paper.strangeness(who)
        if not reasons and not (paper.reads(who, at) and paper.said.get(at, (0, ""))[1]):
            reasons = {Code.NO_SUCH_MESSAGE}
        if not reasons and paper.said[at][0] != who.id and paper.rank(who) < MODERATES:
            reasons = {Code.NOT_ALLOWED}
        return reasons

    @rule(who=people, room=rooms, at=numbers, text=texts)
    def edits(self, who: Someone, room: RoomId, at: int, text: str) -> None:
        paper = self.about(room)
        reasons = self.mending(who, paper, at) or paper.hearing(who, self.now, silenced=who.id in self.silenced)
        reasons = reasons or wrong_words(text, paper)
        found = self.judge(who, Edit(room=room, number=at, text=text), room, target=self.message(room, at))
        if self.check(found, reasons, int(text != paper.said.get(at, (0, ""))[1])):
            paper.length += 1
            paper.said[at] = (paper.said[at][0], text)

    @rule(who=people, room=rooms, at=numbers)
    def redacts(self, who: Someone, room: RoomId, at: int) -> None:
        paper = self.about(room)
        gone = paper.inside(who) and paper.reads(who, at) and paper.said.get(at, (0, "?"))[1] == ""
        reasons = set() if gone else self.mending(who, paper, at)
        found = self.judge(who, Redact(room=room, number=at), room, target=self.message(room, at))
        if self.check(found, reasons, int(not gone)):
            paper.length += 1
            paper.said[at] = (paper.said[at][0], "")

    @rule(who=people, room=rooms, at=numbers, reaction=st.sampled_from(["+1", "☕"]), withdrawn=st.booleans())
    def reacts(self, who: Someone, room: RoomId, at: int, reaction: str, withdrawn: bool) -> None:
        paper = self.about(room)
        there = paper.reactions.setdefault(at, set())
        put = (who.id, reaction) in there
        reasons = paper.strangeness(who) or paper.hearing(who, self.now, silenced=who.id in self.silenced)
        if not reasons and not (paper.reads(who, at) and paper.said.get(at, (0, ""))[1]):
            reasons = {Code.NO_SUCH_MESSAGE}
        if not reasons and not put and not withdrawn and len(there) >= LIMITS.reactions_per_message_max:
            reasons = {Code.LIST_FULL}
        request = React(room=room, number=at, reaction=reaction, withdrawn=withdrawn)
        known: dict[str, Any] = {"target": self.message(room, at), "reacted": put, "reactions": len(there)}
        if self.check(self.judge(who, request, room, **known), reasons, int(put is withdrawn)):
            paper.length += 1
            there.symmetric_difference_update({(who.id, reaction)})

    # Governing --------------------------------------------------------------------------------------------------

    @rule(who=people, room=rooms, change=st.sampled_from(CHANGES))
    def changes_settings(self, who: Someone, room: RoomId, change: dict[str, Any]) -> None:
        paper = self.about(room)
        reasons = paper.governing(who, OWNS if "keep_messages" in change else MODERATES)
        if not reasons and change in IMPOSSIBLE:
            reasons = {Code.BAD_VALUE}
        made = int({**paper.settings, **change} != paper.settings)
        found = self.judge(who, ChangeSettings(room=room, change=SettingsChange(**change)), room)
        if self.check(found, reasons, made):
            paper.length += 1
            paper.settings.update(change)

    @rule(who=people, room=rooms, name=names)
    def renames(self, who: Someone, room: RoomId, name: str) -> None:
        paper = self.about(room)
        if self.named(name) not in (None, room):
            return  # The hub looks whose a name is.
        reasons = paper.governing(who, OWNS) or ({Code.MUTED} if who.id in self.silenced else set())
        found = self.judge(who, Rename(room=room, name=name), room, room_name=RoomName(name))
        if self.check(found, reasons, int(name != paper.name)):
            left = [one for one in paper.former_names if one != name]
            paper.former_names = [*left, paper.name] if paper.owner is not None else left
            paper.length, paper.name = paper.length + 1, name

    @rule(who=people, room=rooms, other=people)
    def kicks(self, who: Someone, room: RoomId, other: Someone) -> None:
        paper = self.about(room)
        reasons = paper.governing(who, MODERATES)
        if not reasons and not paper.inside(other):
            reasons = {Code.NOT_HERE}
        if not reasons and paper.stands(other.id) > paper.rank(who):
            reasons = {Code.NOT_ALLOWED}
        reasons = reasons or paper.orphaned({other.id})
        if self.check(self.judge(who, Kick(room=room, name=other.name), room, other), reasons, 1):
            paper.go({other.id})
            self.ends_if_empty(room)

    @rule(
        who=people,
        room=rooms,
        listing=st.sampled_from(Listing),
        mask=st.sampled_from(MASKS),
        seconds=st.sampled_from([0, 30, 3600]),
        put_out=st.booleans(),
    )
    def marks(self, who: Someone, room: RoomId, listing: Listing, mask: str, seconds: int, put_out: bool) -> None:
        paper = self.about(room)
        other = next((one for one in PEOPLE if one.name == mask.lower()), None)
        lines = paper.lists.get(listing.value, {})
        line = Line(mask, other.id if other else None, self.now + seconds * 1000 if seconds else None)
        against = listing in (Listing.BAN, Listing.MUTE)
        reasons = paper.governing(who, MODERATES)
        if not reasons and other and against and paper.stands(other.id) > paper.rank(who):
            reasons = {Code.NOT_ALLOWED}
        if not reasons and len(set(lines) - {mask.lower()}) >= LIMITS.marks_max:
            reasons = {Code.LIST_FULL}
        out = {
            one.id
            for one in PEOPLE
            if put_out and against and paper.inside(one) and one is not who and fits(line, one)
            if paper.stands(one.id) <= paper.rank(who)
            if (other and not other.guest) or not paper.listed("ban-exception", one, self.now)
        }
        reasons = reasons or paper.orphaned(out)
        made = int(lines.get(mask.lower()) != line)
        request = SetMark(room=room, listing=listing, mask=mask, seconds=seconds, put_out=put_out)
        present = tuple(self.actor(one, room) for one in PEOPLE if paper.inside(one)) if put_out else ()
        found = self.judge(who, request, room, other, present=present)
        if self.check(found, reasons, made + bool(out)):
            if made:
                paper.length += 1
                line.since = paper.length
                paper.lists.setdefault(listing.value, {})[mask.lower()] = line
            if out:
                paper.go(out)
            self.ends_if_empty(room)

    @rule(who=people, room=rooms, listing=st.sampled_from(Listing), mask=st.sampled_from(MASKS))
    def lifts(self, who: Someone, room: RoomId, listing: Listing, mask: str) -> None:
        paper = self.about(room)
        lines = paper.lists.get(listing.value, {})
        found = self.judge(who, LiftMark(room=room, listing=listing, mask=mask.upper()), room)
        if self.check(found, paper.governing(who, MODERATES), int(mask.lower() in lines)):
            del lines[mask.lower()]
            paper.length += 1

    @rule(
        who=people,
        room=rooms,
        other=people,
        role=st.sampled_from([None, *RoomRole]),
        voice=st.sampled_from([None, True, False]),
    )
    def gives_a_role(
        self, who: Someone, room: RoomId, other: Someone, role: RoomRole | None, voice: bool | None
    ) -> None:
        paper = self.about(room)
        before = paper.standing(other.id)
        same = role in (None, RoomRole(before.role)) and voice in (None, before.voice)
        reasons = paper.governing(who, MODERATES)
        if not reasons and not paper.inside(other):
            reasons = {Code.NOT_HERE}
        if not reasons and not same:
            changes = role is not None and role.value != before.role
            makes_owner, unmakes_owner = changes and role is RoomRole.OWNER, changes and before.role == "owner"
            if paper.stands(other.id) > paper.rank(who):
                reasons |= {Code.NOT_ALLOWED}
            if (makes_owner or unmakes_owner) and paper.rank(who) < OWNS:
                reasons |= {Code.NOT_ALLOWED}
            reasons |= {Code.ACCOUNT_NEEDED} if makes_owner and other.guest else set()
            reasons |= paper.orphaned({other.id}, stay=True) if unmakes_owner else set()
        found = self.judge(who, SetRole(room=room, name=other.name, role=role, voice=voice), room, other)
        if self.check(found, reasons, int(not same)):
            paper.length += 1
            paper.stand(other.id, role.value if role else None, voice)
            self.owned(paper)

    @staticmethod
    def owned(paper: Paper) -> None:
        if paper.owner is None:
            paper.owner = min(paper.owners(), default=None)
        paper.inherit()

    @rule(who=people, room=rooms, other=people)
    def transfers(self, who: Someone, room: RoomId, other: Someone) -> None:
        paper = self.about(room)
        reasons = paper.governing(who, OWNS)
        if not reasons and not paper.inside(other):
            reasons = {Code.NOT_HERE}
        if not reasons and other.guest:
            reasons = {Code.ACCOUNT_NEEDED}
        gives = who.id in paper.owners() and who is not other
        made = int(gives or other.id not in paper.owners())
        if self.check(self.judge(who, Transfer(room=room, name=other.name), room, other), reasons, made):
            paper.length += 1
            paper.stand(other.id, "owner", None)
            if gives:
                paper.stand(who.id, "moderator", None)
            self.owned(paper)

    # Inviting ---------------------------------------------------------------------------------------------------

    def inviting(self, who: Someone, paper: Paper) -> set[Code]:
        return paper.governing(who, MODERATES if paper.settings["invite_only"] else PLAIN)

    @rule(who=people, room=rooms, other=people)
    def invites(self, who: Someone, room: RoomId, other: Someone) -> None:
        paper = self.about(room)
        excused = not paper.governing(who, MODERATES)
        reasons, moot = self.inviting(who, paper), paper.inside(other) or paper.welcome(other.id, excused=excused)
        if not reasons and not moot:
            reasons |= {Code.ACCOUNT_NEEDED} if other.guest and paper.kind == "private" else set()
            full = sum(one > 0 for one in paper.invited - {other.id}) >= LIMITS.invited_max
            reasons |= {Code.LIST_FULL} if full and not other.guest else set()
        found = self.judge(who, Invite(room=room, name=other.name), room, other)
        if self.check(found, reasons, int(not moot)):
            paper.length += 1
            paper.invited.add(other.id)
            if excused:
                paper.excused[other.id] = paper.length

    @rule(who=people, room=rooms, other=people)
    def uninvites(self, who: Someone, room: RoomId, other: Someone) -> None:
        paper = self.about(room)
        if paper.inside(other):
            return
        found = self.judge(who, Uninvite(room=room, name=other.name), room, other)
        if self.check(found, self.inviting(who, paper), int(other.id in paper.invited)):
            paper.length += 1
            paper.uninvite(other.id)

    @rule(who=people, room=rooms, code=st.sampled_from(["sesame", "barley"]), seconds=st.sampled_from([0, 60, 9000]))
    def makes_a_code(self, who: Someone, room: RoomId, code: str, seconds: int) -> None:
        paper = self.about(room)
        reasons = paper.governing(who, MODERATES) or ({Code.BAD_VALUE} if seconds == 0 else set())
        found = self.judge(who, MakeCode(room=room, seconds=seconds), room, code=code_digest(code))
        if self.check(found, reasons, 1):
            paper.length += 1
            paper.code, paper.code_until = code, self.now + seconds * 1000

    # What is always true ----------------------------------------------------------------------------------------

    @invariant()
    def all_is_as_on_paper(self) -> None:
        self.states_are_as_on_paper()
        self.nobody_reads_what_is_not_theirs()
        self.logs_are_gapless_and_hold_no_words_taken_back()
        self.nobody_is_in_too_much()
        self.touched.clear()

    def teardown(self) -> None:
        self.every_log_folds_to_its_state()


def test_rooms_are_as_on_paper() -> None:
    run_state_machine_as_test(Visit, settings=settings(max_examples=50, stateful_step_count=50))


@pytest.mark.slow
def test_rooms_are_as_on_paper_for_long() -> None:
    run_state_machine_as_test(Visit, settings=settings(max_examples=1500, stateful_step_count=60))
