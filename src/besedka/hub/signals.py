"""Signals: who comes, goes, is away or is writing, told as one unit for each room every quarter of a second.

They are neither numbered nor kept, and dropped for whoever is full. The first change in a quiet server starts a task
that waits for a moment and then tells every room what is another by then: so a crowd that comes at once costs each
reader one unit and not a thousand, and whoever came and went meanwhile is not spoken of. Nothing runs while nothing
changes. In a room of more than `presence_room_max` people only their count is told.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

import msgspec

from besedka.chat.entries import Kind, Person, RoomId
from besedka.chat.own_requests import Away
from besedka.chat.principals import SERVER, PrincipalId
from besedka.chat.refusals import Refusal
from besedka.chat.speaking_rules import may_speak
from besedka.chat.text import one_line
from besedka.chat.told import AwayPerson, Done, Presence, TypingPerson, TypingState, TypingTold, Unit
from besedka.chat.verdicts import Circumstances
from besedka.hub.following import Following
from besedka.hub.ports import Clock, Tasks
from besedka.hub.presence import Attendance
from besedka.hub.rooms import OpenRoom, RoomTable
from besedka.hub.session import Online, Session
from besedka.limits import Limits
from besedka.wire.irc.world import UNSPECIFIED
from besedka.wire.looking import AwayMoved

TELL_SECONDS = 0.25
"""How long changes are collected: short for people, and a crowd connects in a few of them."""

TYPING_AGAIN_SECONDS = 3.0
"""The same is told again after this long at the earliest (IRCv3 `+typing`: "at least 3 seconds")."""

TYPING_SECONDS = 6.0
"""How long those who were told believe it (IRCv3 `+typing`)."""

TYPING_REMEMBERED_MAX = 20_000
"""Of how many that is remembered: two for each session there may be. Who is forgotten may only be told of sooner."""

SENDS_AT_ONCE = 1000
"""After so many, at some eight microseconds each, others have their turn."""


class Shown(msgspec.Struct, frozen=True):
    """Somebody as others see them."""

    online: bool = False
    away: str = ""


NOT_HERE = Shown()


def shown(online: Online | None) -> Shown:
    """How others see a principal: who is invisible looks like one who is not here."""
    return NOT_HERE if online is None or online.profile.invisible else Shown(True, online.away)


class _Changes:
    """What is to be told of one room."""

    __slots__ = ("people", "typing")

    def __init__(self) -> None:
        self.people: dict[PrincipalId, tuple[Person, Shown]] = {}
        """Who may be another than was told, and what was told."""
        self.typing: dict[PrincipalId, TypingPerson] = {}


class Signals:
    """What is to be told soon. Bounded by who is online and where they are."""

    def __init__(
        self,
        *,
        limits: Limits,
        clock: Clock,
        tasks: Tasks,
        rooms: RoomTable,
        attendance: Attendance,
        following: Following,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._tasks = tasks
        self._rooms = rooms
        self._attendance = attendance
        self._following = following
        self._pending: dict[RoomId, _Changes] = {}
        self._typed: dict[tuple[RoomId, PrincipalId], tuple[TypingState, float]] = {}
        """What was last told of whom, and when; the oldest first."""

    # What happens ---------------------------------------------------------------------------------------------------

    def came(self, rooms: Iterable[OpenRoom], online: Online) -> None:
        """Somebody is in these rooms who was not there for others until now."""
        self._note(rooms, online, NOT_HERE)

    def changed(self, rooms: Iterable[OpenRoom], online: Online, was: Shown) -> None:
        """Somebody is another than `was`, or is not here any more: the present state is looked up when it is told."""
        self._note(rooms, online, was)

    def went(self, rooms: Iterable[OpenRoom], online: Online) -> None:
        """Somebody is not here any more."""
        self._note(rooms, online, shown(online))

    def away(self, session: Session, request: Away) -> Unit | Refusal:
        """Somebody is not at the keyboard, or is back; for all its sessions."""
        online = session.online
        assert online is not None, "a signal before login"
        message = one_line(request.message, bytes_max=self._limits.reason_bytes_max)
        if isinstance(message, Refusal):
            return message
        message = message.strip()
        if message == UNSPECIFIED and len(online.sessions) > 1:
            return Done(request.request_id)  # "as though the connection did not exist at all" (IRCv3 pre-away).
        was, online.away = shown(online), message
        rooms = self.rooms_of(online)
        self._note(rooms, online, was)
        if was != shown(online):
            self._tell_away(rooms, online)
        return Done(request.request_id)

    def _tell_away(self, rooms: Iterable[OpenRoom], online: Online) -> None:
        """Tell those at once whose protocol has a line for it, each of them once; and those who follow keenly."""
        told: dict[Session, None] = {}
        for opened in rooms:
            if opened.state.kind is Kind.INBOX or self._is_large(opened):
                continue
            unit = AwayMoved(online.person, self.away_in(opened, online))
            for sessions in opened.readers.values():
                data = sessions[0].protocol.tell(unit) if sessions and sessions[0].protocol.sees_guests else b""
                for session in sessions if data else ():
                    if session not in told and session.online is not online and not session.link.full:
                        told[session] = None
                        session.link.write(data)
        for session in self._following.keenly(online):
            if session not in told and not session.link.full:
                session.link.write(session.protocol.tell(AwayMoved(online.person, online.away)))

    def away_in(self, opened: OpenRoom, online: Online) -> str:
        """What somebody who is here says of being away, as it may be read in a room; empty if it is not away."""
        here = shown(online)
        return self._words_in(opened, online.principal, here) or (UNSPECIFIED if here.away else "")

    def typing(self, opened: OpenRoom, online: Online, state: TypingState) -> None:
        """Somebody who may speak in this room is writing, or has stopped."""
        if self._is_large(opened) or not shown(online).online:
            return
        key, now = (opened.state.id, online.principal), self._clock.seconds()
        last = self._typed.get(key)
        if last is not None and last[1] + TYPING_SECONDS <= now:
            last = None
        if state is TypingState.DONE and last is None:
            return
        if last is not None and last[0] is state and now < last[1] + TYPING_AGAIN_SECONDS:
            return
        self._typed.pop(key, None)
        if state is not TypingState.DONE:
            self._remember(key, state, now)
        changes = self._changes(opened.state.id)
        changes.typing[online.principal] = TypingPerson(online.person, state)

    @property
    def somebody_typed(self) -> bool:
        """Whether anybody anywhere was lately told to be writing."""
        return bool(self._typed)

    def said(self, room: RoomId, author: PrincipalId) -> None:
        """A message says by itself that its author is not writing it any more."""
        if self._typed.pop((room, author), None) is not None and room in self._pending:
            self._pending[room].typing.pop(author, None)

    def rooms_of(self, online: Online) -> list[OpenRoom]:
        """The open rooms that somebody is in; nobody else is told of what is not open."""
        if not any(session.synced for session in online.sessions):  # It came, and follows no room.
            return [opened for opened in self._rooms if opened.is_inside(online.principal)]
        rooms = {opened.state.id: opened for session in online.sessions for opened in session.live}
        for session in online.sessions:
            for room in session.behind:
                opened = self._rooms.get_stale(room)
                if opened is not None:
                    rooms[room] = opened
        return [opened for opened in rooms.values() if opened.is_inside(online.principal)]

    def _remember(self, key: tuple[RoomId, PrincipalId], state: TypingState, now: float) -> None:
        self._typed[key] = state, now
        oldest = next(iter(self._typed))
        while len(self._typed) > TYPING_REMEMBERED_MAX or self._typed[oldest][1] + TYPING_SECONDS <= now:
            del self._typed[oldest]
            oldest = next(iter(self._typed))

    def _note(self, rooms: Iterable[OpenRoom], online: Online, was: Shown) -> None:
        for opened in rooms:
            if opened.state.kind is not Kind.INBOX:
                self._changes(opened.state.id).people.setdefault(online.principal, (online.person, was))

    def _changes(self, room: RoomId) -> _Changes:
        if not self._pending:
            self._tasks.spawn(self._tell_soon(), "signals")
        return self._pending.setdefault(room, _Changes())

    # Telling it -----------------------------------------------------------------------------------------------------

    async def _tell_soon(self) -> None:
        await self._clock.wait_seconds(TELL_SECONDS)
        pending, self._pending = self._pending, {}
        sent = 0
        for room, changes in pending.items():
            opened = self._rooms.get_stale(room)
            if opened is not None:
                sent += self._tell_presence(opened, changes)
                sent += self._tell_typing(opened, changes)
            if sent >= SENDS_AT_ONCE:
                await self._clock.wait_seconds(0.0)
                sent = 0

    def _tell_presence(self, opened: OpenRoom, changes: _Changes) -> int:
        """How many were sent."""
        moved = _Moved()
        for principal, (noted, was) in changes.people.items():
            now, online = self._shown_in(opened, principal), self._attendance.get(principal)
            person = noted if online is None else online.person  # What it is called may be another by now.
            moved.add(person, was, now, words=self._words_in(opened, principal, now))
        room = opened.state.id
        if self._is_large(opened):
            if len(moved.came) == len(moved.went):
                return 0
            full = _send(opened, Presence(room, online=self._count(opened)))
        elif not moved.about:
            return 0
        else:
            full = _send(opened, moved.told(room), moved.about, lambda own: moved.told(room, but=own))
        for session in full:
            session.missed[room] = None
        return sum(map(len, opened.readers.values()))

    def _tell_typing(self, opened: OpenRoom, changes: _Changes) -> int:
        """The same; whoever is full has missed nothing that still holds when it is not."""
        room, typists = opened.state.id, changes.typing
        for principal in [one for one in typists if not self._shown_in(opened, one).online]:
            del typists[principal]
        if not typists:
            return 0

        def others(own: PrincipalId) -> Unit | None:
            told = tuple(one for principal, one in typists.items() if principal != own)
            return TypingTold(room, told) if told else None

        _send(opened, TypingTold(room, tuple(typists.values())), typists, others)
        return sum(map(len, opened.readers.values()))

    def present(self, opened: OpenRoom, session: Session) -> Presence:
        """The present state of a room's signals, for somebody who missed some."""
        room = opened.state.id
        if self._is_large(opened):
            return Presence(room, online=self._count(opened))
        own = session.online
        others = [one for one in self._attendance if one is not own and self._shown_in(opened, one.principal).online]
        others = others[: self._limits.people_listed_max]
        return Presence(
            room,
            came=tuple(one.person for one in others),
            away=tuple(
                AwayPerson(one.person, self._words_in(opened, one.principal, shown(one))) for one in others if one.away
            ),
        )

    def _shown_in(self, opened: OpenRoom, principal: PrincipalId) -> Shown:
        return shown(self._attendance.get(principal)) if opened.is_inside(principal) else NOT_HERE

    def _words_in(self, opened: OpenRoom, principal: PrincipalId, now: Shown) -> str:
        """What somebody says of being away; nothing in a room where they may not speak."""
        online = self._attendance.get(principal)
        if not now.away or online is None:
            return ""
        circumstances = Circumstances(self._limits, self._clock.now())
        refused = (may_speak(opened.state, one.actor(inside=True), circumstances) for one in online.sessions)
        return "" if any(refused) else now.away

    def _is_large(self, opened: OpenRoom) -> bool:
        return len(opened.state.members) + len(opened.guests) > self._limits.presence_room_max

    def _count(self, opened: OpenRoom) -> int:
        """How many in a room are online for others; one look at those who are fewer, members or people online."""
        members = opened.state.members
        if len(members) < len(self._attendance):
            accounts = sum(shown(self._attendance.get(one)).online for one in members)
        else:
            accounts = sum(one.principal in members and shown(one).online for one in self._attendance)
        return accounts + sum(shown(guest).online for guest in opened.guests.values())


class _Moved:
    """What has changed for others."""

    __slots__ = ("_away", "_back", "about", "came", "went")

    def __init__(self) -> None:
        self.came: list[Person] = []
        self.went: list[Person] = []
        self._away: list[AwayPerson] = []
        self._back: list[Person] = []
        self.about: dict[PrincipalId, None] = {}
        """Everybody of whom there is something to tell."""

    def add(self, person: Person, was: Shown, now: Shown, *, words: str) -> None:
        """Sort somebody in, who is heard to say `words` of being away."""
        if now == was:
            return
        self.about[person.principal] = None
        if now.online is not was.online:
            (self.came if now.online else self.went).append(person)
        if now.away:
            self._away.append(AwayPerson(person, words))
        elif now.online and was.online:
            self._back.append(person)

    def told(self, room: RoomId, *, but: PrincipalId | None = None) -> Presence | None:
        """The unit, without one person; None where nobody else is in it."""
        if but is not None and len(self.about) == 1:
            return None
        return Presence(
            room,
            came=tuple(one for one in self.came if one.principal != but),
            went=tuple(one for one in self.went if one.principal != but),
            away=tuple(one for one in self._away if one.person.principal != but),
            back=tuple(one for one in self._back if one.principal != but),
        )


def _send(
    opened: OpenRoom,
    unit: Unit | None,
    about: Container[PrincipalId] = (),
    without: Callable[[PrincipalId], Unit | None] = lambda _own: None,
) -> list[Session]:
    """Hand a unit to all at the head of a room, encoded once, and to those it is `about` one `without` themselves.

    Returns those that are full and were passed over.
    """
    assert unit is not None, "there is something to tell"
    full: list[Session] = []
    for sessions in opened.readers.values():
        data = sessions[0].protocol.tell(unit) if sessions else b""
        for session in sessions if data else ():
            principal = SERVER if session.online is None else session.online.principal
            if session.link.full:
                full.append(session)
            elif principal in about:
                own = without(principal)
                if own is not None:
                    session.link.write(session.protocol.tell(own))
            else:
                session.link.write(data)
    return full
