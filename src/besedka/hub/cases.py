"""What a request is judged on: the room as this turn has made it, and all else that its rule wants to know."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from enum import Enum

import msgspec

from besedka.chat.entries import Entry, Person, Reacted, RoomId
from besedka.chat.governance import code_digest
from besedka.chat.masks import may_be_name
from besedka.chat.names import FoldedName, fold, room_name
from besedka.chat.principals import Actor, PrincipalId, is_account, is_guest
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Edit, Join, Leave, React, Redact, Say, SetTopic, Tell, Write
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    MakeCode,
    Open,
    Rename,
    SetData,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)
from besedka.chat.rooms import Room
from besedka.chat.text import one_line
from besedka.chat.verdicts import Circumstances
from besedka.hub.doorway import Doorway
from besedka.hub.keeping import Reactions
from besedka.hub.parts import Parts
from besedka.hub.preparing import Prepared
from besedka.hub.rooms import NOWHERE, OpenRoom, bears
from besedka.hub.session import Online, Session
from besedka.hub.turn import Turn

CODE_BYTES = 16
"""128 bits of an invite code that nobody guesses."""


class Later(Enum):
    """Why a request has no verdict yet."""

    UNPREPARED = "unprepared"
    """Something must be read first."""
    NEXT_TURN = "next turn"
    """What it is about is being changed in this turn: judge it on what the commit makes true."""


class Wanting(msgspec.Struct, frozen=True):
    """No verdict yet either: what it would do is noted in these accounts' inboxes, which must be open."""

    inboxes: tuple[PrincipalId, ...]


class Case(msgspec.Struct, frozen=True):
    """What a request is judged on."""

    room: Room
    """As this turn has made it; `NOWHERE` if there is none."""
    circumstances: Circumstances
    effect: Callable[[Session, int, Room], None] | None = None
    """What happens beside the entries: told the session, the first one's number, and the room."""
    obstacle: Refusal | None = None
    """Why it cannot be, for whoever may ask for it."""
    code: str = ""
    """The invite code that is being made; a secret."""

    def __repr__(self) -> str:
        """Without the code."""
        return f"<Case in room {self.room.id}>"


Found = Case | Later | Refusal

Finder = Callable[[Turn, Online, Write, Prepared | None], Found]
"""Finds the case of one kind of request of somebody's."""


class Cases:
    """Finds what the requests about rooms are judged on."""

    def __init__(self, parts: Parts, doorway: Doorway) -> None:
        self._parts = parts
        self._doorway = doorway
        self._plain = Circumstances(parts.limits, nicks=parts.attendance.nicks)
        self.finders: dict[type[Write], Finder] = {
            Say: self._say,
            Edit: self._about_message,
            Redact: self._about_message,
            React: self._about_message,
            SetTopic: self._in_room,
            Leave: self._leave,
            Join: self._by_name,
            Open: self._by_name,
            Tell: self._tell,
            ChangeSettings: self._in_room,
            LiftMark: self._in_room,
            SetData: self._in_room,
            Rename: self._rename,
            Kick: self._about_person,
            SetRole: self._about_person,
            Transfer: self._about_person,
            SetMark: self._mark,
            Invite: self._about_account,
            Uninvite: self._about_account,
            MakeCode: self._code,
        }

    def find(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Found:
        """The case of one request of somebody's."""
        return self.finders[type(request)](turn, online, request, prepared)

    def is_inside(self, turn: Turn, principal: PrincipalId, room: Room) -> bool:
        """Whether somebody is in a room as this turn has made it."""
        return principal in room.members or self.is_present(turn, principal, room)

    def is_present(self, turn: Turn, guest: PrincipalId, room: Room) -> bool:
        """Whether a guest is in a room. One whose membership changed in this turn was put out."""
        if not is_guest(guest):
            return False
        opened = self._parts.rooms.get(room.id)
        return opened is not None and guest in opened.guests and guest not in turn.moved.get(room.id, ())

    def _guests_in(self, turn: Turn, room: Room) -> int:
        opened = self._parts.rooms.get(room.id)
        gone = turn.moved.get(room.id, ())
        return 0 if opened is None else sum(guest not in gone for guest in opened.guests)

    def plain(self, turn: Turn) -> Circumstances:
        """The limits and the time, which is all that most rules want to know."""
        if self._plain.now != turn.now:
            self._plain = Circumstances(self._parts.limits, turn.now, nicks=self._parts.attendance.nicks)
        return self._plain

    def _with(self, turn: Turn, case: Case | Later, **more: object) -> Case | Later:
        """The case, with more circumstances."""
        if isinstance(case, Later):
            return case
        return msgspec.structs.replace(case, circumstances=msgspec.structs.replace(self.plain(turn), **more))

    # Rooms given by their ids ---------------------------------------------------------------------------------------

    def _in_room(self, turn: Turn, _online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        room: RoomId = request.room  # type: ignore[attr-defined]  # Each of these has one; asking would cost.
        opened = self._parts.rooms.get(room)
        if opened is not None:
            return Case(turn.tentative(opened.state), self.plain(turn))
        if prepared is not None and prepared.room_absent:
            return Case(NOWHERE, self.plain(turn))
        return Later.UNPREPARED

    def _leave(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        case = self._in_room(turn, online, request, prepared)
        if isinstance(case, Case) and not online.registered:
            assert isinstance(request, Leave)
            room, reason = case.room, request.reason
            return Case(room, case.circumstances, lambda *_: self._doorway.guest_leaves(online, room, reason))
        return case

    def _about_person(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        """About somebody in the room: a member, whom the rules find, or a guest."""
        assert isinstance(request, Kick | SetRole | Transfer)
        case = self._in_room(turn, online, request, prepared)
        guest = self._parts.attendance.guest_named(fold(request.name))
        if isinstance(case, Later) or guest is None or not self.is_present(turn, guest.principal, case.room):
            return case
        return self._with(turn, case, other=guest.person, other_here=True)

    def _about_account(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        """About somebody who need not be in the room."""
        assert isinstance(request, Invite | Uninvite)
        if prepared is None:
            return Later.UNPREPARED
        case = self._in_room(turn, online, request, prepared)
        guest = self._parts.attendance.guest_named(fold(request.name))
        here = isinstance(case, Case) and guest is not None and self.is_present(turn, guest.principal, case.room)
        return self._with(turn, case, other=prepared.other, other_here=here)

    def _mark(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        """Where the mask may be a name, its bearer is looked up; others need nothing, and follow in the same turn."""
        assert isinstance(request, SetMark)
        if prepared is None and may_be_name(request.mask):
            return Later.UNPREPARED
        case = self._in_room(turn, online, request, prepared)
        present = self._present(turn, case.room) if isinstance(case, Case) and request.put_out else ()
        return self._with(turn, case, other=None if prepared is None else prepared.other, present=present)

    def _present(self, turn: Turn, room: Room) -> tuple[Actor, ...]:
        """Those in a room who are here, once for each of their sessions: any of them may be what a mark fits."""
        return tuple(
            session.actor(inside=True)
            for online in self._parts.attendance
            if self.is_inside(turn, online.principal, room)
            for session in online.sessions
        )

    def _code(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        code = b32encode(self._parts.dice.token_bytes(CODE_BYTES)).decode().rstrip("=").lower()
        case = self._with(turn, self._in_room(turn, online, request, prepared), code=code_digest(code))
        return case if isinstance(case, Later) else msgspec.structs.replace(case, code=code)

    # Messages -------------------------------------------------------------------------------------------------------

    def _say(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        if request.reply:  # type: ignore[attr-defined]  # As above.
            return self._about_message(turn, online, request, prepared)
        return self._in_room(turn, online, request, prepared)

    def _about_message(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Case | Later:
        """The message is looked for in the tail first; what was read of it holds until it is touched again."""
        assert isinstance(request, Say | Edit | Redact | React)
        case = self._in_room(turn, online, request, prepared)
        opened = self._parts.rooms.get(request.room)
        if isinstance(case, Later) or opened is None:
            return case
        number = request.reply if isinstance(request, Say) else request.number
        if number > opened.state.head or number in turn.mended.get(request.room, ()):
            return Later.NEXT_TURN if number <= case.room.head else case
        target, known = opened.entry(number), prepared
        if target is None and number >= opened.state.floor:
            if known is None or not opened.is_untouched(number, since=known.head):
                return Later.UNPREPARED
            target = known.target
        if not isinstance(request, React):
            return self._with(turn, case, target=target)
        reactions = self._reactions(turn, online, request, opened, known)
        if isinstance(reactions, Later):
            return reactions
        return self._with(turn, case, target=target, reacted=reactions.mine, reactions=reactions.count)

    def _reactions(
        self, turn: Turn, online: Online, react: React, opened: OpenRoom, prepared: Prepared | None
    ) -> Reactions | Later:
        """What there is of reactions by now; where the message is in the tail, all of them are there as well."""
        entries: list[Entry] = []
        before = Reactions(False, 0)
        if opened.entry(react.number) is not None:
            entries = opened.entries_after(react.number, opened.state.head) or []
        elif react.number >= opened.state.floor:
            if prepared is None or not opened.is_untouched(react.number, since=prepared.head):
                return Later.UNPREPARED
            before = prepared.reactions or before
        reaction = one_line(react.reaction, bytes_max=self._parts.limits.reaction_bytes_max)
        mine, count = before.mine, before.count
        for entry in (*entries, *turn.reacted.get((react.room, react.number), ())):
            body = entry.body
            if isinstance(body, Reacted) and body.number == react.number:
                count += -1 if body.withdrawn else 1
                if entry.author == online.principal and body.reaction == reaction:
                    mine = not body.withdrawn
        return Reactions(mine, count)

    # Rooms given by their names, or by whom they are for ------------------------------------------------------------

    def _room_named(self, turn: Turn, name: FoldedName, prepared: Prepared | None) -> Room | Later:
        """The room that a name leads to by now; `NOWHERE` where it is free."""
        room = turn.named(name)
        if room is None:
            opened = self._parts.rooms.named(name)
            if opened is None:
                return NOWHERE if prepared is not None and prepared.name_free else Later.UNPREPARED
            room = turn.tentative(opened.state)
        # Where it ends or is renamed in this turn, its name is free in the next.
        return room if bears(room, name) else Later.NEXT_TURN

    def _by_name(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Found:
        assert isinstance(request, Join | Open)
        name = room_name(request.name, limits=self._parts.limits)
        if isinstance(name, Refusal):
            return name
        room = self._room_named(turn, fold(name), prepared)
        if isinstance(room, Later):
            return room
        joined = online.rooms_joined + turn.joined.get(online.principal, 0)
        guests = self._guests_in(turn, room)
        circumstances = Circumstances(self._parts.limits, turn.now, name, rooms_joined=joined, guests_here=guests)
        show = request.show if isinstance(request, Join) else 0

        def effect(session: Session, number: int, room: Room) -> None:
            self._doorway.enter(session, room, after=number - 1 - show)

        return Case(room, circumstances, effect)

    def _rename(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Found:
        assert isinstance(request, Rename)
        name = room_name(request.name, limits=self._parts.limits)
        if isinstance(name, Refusal):
            return name
        case = self._in_room(turn, online, request, prepared)
        bearer = self._room_named(turn, fold(name), prepared)
        if isinstance(case, Later):
            return case
        if isinstance(bearer, Later):
            return bearer
        taken = bearer is not NOWHERE and bearer.id != case.room.id
        circumstances = msgspec.structs.replace(self.plain(turn), room_name=name)
        return Case(case.room, circumstances, obstacle=Refusal(Code.ROOM_NAME_TAKEN) if taken else None)

    def _tell(self, turn: Turn, online: Online, _request: Write, prepared: Prepared | None) -> Case | Later:
        if prepared is None:
            return Later.UNPREPARED
        other = prepared.other
        if other is None:
            return Case(NOWHERE, self.plain(turn))
        pair = online.principal, other.principal
        room, opened = turn.of_pair(*pair), self._parts.rooms.of_pair(*pair)
        if room is None and opened is not None:
            room = turn.tentative(opened.state)
        if room is not None:
            return Case(room, msgspec.structs.replace(self.plain(turn), other=other))
        if not prepared.room_absent:
            return Later.UNPREPARED
        inbox = self._inbox(turn, other.principal)
        if inbox is None and is_account(other.principal) and other.principal not in prepared.inboxless:
            return Later.UNPREPARED
        circumstances = Circumstances(
            self._parts.limits,
            turn.now,
            other=other,
            unwelcome=self._is_unwelcome(online, other, inbox),
            rooms_joined=online.rooms_joined + turn.joined.get(online.principal, 0),
            other_rooms_joined=self._rooms_of(other, prepared) + turn.joined.get(other.principal, 0),
        )
        return Case(NOWHERE, circumstances)

    def _is_unwelcome(self, online: Online, other: Person, inbox: Room | None) -> bool:
        """Whether somebody wants no conversation to be begun by this one."""
        if inbox is not None:
            personal = inbox.personal
            return online.principal in personal.ignored or (personal.profile.accounts_only and not online.registered)
        there = self._parts.attendance.get(other.principal)
        return there is not None and there.profile.accounts_only and not online.registered

    def _inbox(self, turn: Turn, account: PrincipalId) -> Room | None:
        opened = self._parts.rooms.inbox_of(account)
        return None if opened is None else turn.tentative(opened.state)

    def _rooms_of(self, other: Person, prepared: Prepared) -> int:
        """In how many rooms the other is, without this turn."""
        there = self._parts.attendance.get(other.principal)
        if there is None or there.newest is None:
            return self._parts.rooms.count_joined(other.principal, prepared.other_briefs, inbox=None)
        return there.rooms_joined
