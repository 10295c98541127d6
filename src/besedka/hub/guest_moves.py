"""Moves of guests, for those protocols in which there must be a line of each, told with the turn that made them so.

It is a signal: whoever is full is not told. Moves are collected and told once for each room, format and turn. In a
crowd that is not enough: a thousand guests that come one by one would cost half a million writes, so there they are
told together, a moment later. Nothing that is said meanwhile overtakes them: before it, `tell` is called.
"""

from __future__ import annotations

from collections.abc import Iterable

from besedka.chat.entries import RoomId
from besedka.chat.names import fold
from besedka.chat.principals import SERVER, PrincipalId
from besedka.hub.ports import Clock, Tasks
from besedka.hub.rooms import OpenRoom, RoomTable
from besedka.hub.session import Online, Session
from besedka.limits import Limits
from besedka.wire.looking import GuestBecame, GuestMove, GuestsMoved


class GuestMoves:
    """What is to be told of guests."""

    def __init__(self, *, rooms: RoomTable, limits: Limits, clock: Clock, tasks: Tasks) -> None:
        self._rooms = rooms
        self._limits = limits
        self._clock = clock
        self._tasks = tasks
        self._moves: dict[RoomId, list[GuestMove]] = {}
        self._waits = False
        """Whether what crowds are to be told has a task that will tell it."""

    def came(self, opened: OpenRoom, guest: Online) -> None:
        """A guest is in a room from now on."""
        self._note(opened, _move(guest, came=True))

    def left(self, opened: OpenRoom, guest: Online, reason: str) -> None:
        """A guest has left a room by its own will."""
        self._note(opened, _move(guest, reason=reason))

    def quit(self, rooms: Iterable[OpenRoom], guest: Online, session: Session) -> None:
        """A guest's session is over. Each session in some of its rooms is told of that once, and at once."""
        self.tell()
        told: dict[Session, None] = {session: None}
        move = _move(guest, session=session, reason=session.protocol.last_words)
        for opened in rooms:
            told.update(_tell(opened, (move,), told))

    def became(self, rooms: Iterable[OpenRoom], guest: Online, session: Session, keen: Iterable[Session]) -> None:
        """A guest has logged in on this session, which is not told; called as before, it is still here to everybody.

        Told are those in its rooms, and those who follow it keenly.
        """
        account = session.online
        assert account is not None, "somebody has logged in"
        if fold(guest.name) != fold(account.nick):
            self.quit(rooms, guest, session)
            return
        self.tell()
        told: dict[Session, None] = {session: None}
        for opened in rooms:
            unit = GuestBecame(account.person)
            for sessions in opened.readers.values():
                data = sessions[0].protocol.tell(unit) if sessions and sessions[0].protocol.sees_guests else b""
                for reader in sessions if data else ():
                    if reader not in told and not reader.link.full:
                        told[reader] = None
                        reader.link.write(data)
        for reader in keen:
            if reader not in told and not reader.link.full:
                reader.link.write(reader.protocol.tell(GuestBecame(account.person)))

    def tell(self) -> None:
        """Tell what has been noted, before anything else is said."""
        for room in list(self._moves):
            self._tell_room(room)

    def end_turn(self) -> None:
        """Tell what has been noted; crowds in a moment."""
        for room in list(self._moves):
            opened = self._rooms.get_stale(room)
            readers = 0 if opened is None else sum(map(len, opened.readers.values()))
            if readers <= self._limits.moves_room_max:
                self._tell_room(room)
        if self._moves and not self._waits:
            self._waits = True
            self._tasks.spawn(self._tell_soon(), "guest moves")

    async def _tell_soon(self) -> None:
        await self._clock.wait_seconds(self._limits.moves_seconds)
        self._waits = False
        self.tell()

    def _tell_room(self, room: RoomId) -> None:
        moves, opened = self._moves.pop(room), self._rooms.get_stale(room)
        if opened is not None:
            _tell(opened, tuple(moves), {})

    def _note(self, opened: OpenRoom, move: GuestMove) -> None:
        self._moves.setdefault(opened.state.id, []).append(move)


def _move(guest: Online, *, came: bool = False, session: Session | None = None, reason: str = "") -> GuestMove:
    last = session or (guest.sessions[-1] if guest.sessions else None)
    return GuestMove(
        person=guest.person,
        user="" if last is None else last.protocol.user,
        host=guest.host if last is None else last.host,
        real_name=guest.profile.real_name,
        came=came,
        quit=session is not None,
        reason=reason,
    )


def _tell(opened: OpenRoom, moves: tuple[GuestMove, ...], but: dict[Session, None]) -> dict[Session, None]:
    """Tell the readers of a room, encoded once for each format; nobody of their own moves. Whom it was told."""
    told: dict[Session, None] = {}
    movers = {move.person.principal for move in moves}
    for sessions in opened.readers.values():
        if not sessions or not sessions[0].protocol.sees_guests:
            continue
        data = sessions[0].protocol.tell(GuestsMoved(opened.state, moves))
        for session in sessions:
            if session in but or session.link.full:
                continue
            told[session] = None
            own = _principal(session)
            if own in movers:
                others = tuple(move for move in moves if move.person.principal != own)
                session.link.write(session.protocol.tell(GuestsMoved(opened.state, others)) if others else b"")
            else:
                session.link.write(data)
    return told


def _principal(session: Session) -> PrincipalId:
    return SERVER if session.online is None else session.online.principal
