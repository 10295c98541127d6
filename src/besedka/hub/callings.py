"""What people are called: a guest as it likes, an account by its name or, where nicks are free, by a nick.

A nick is an account's as long as it is here, for all its sessions; then it goes by its name again. Looking whether one
is free takes time, so it is claimed first; it becomes true in a later turn, behind all that was said before it, and
whoever shares a room with its bearer is told. That is a signal: whoever is full is not told.
"""

from __future__ import annotations

from collections.abc import Iterable

from besedka.chat.names import account_name, fold
from besedka.chat.own_requests import ChangeNick
from besedka.chat.pace import Pace
from besedka.chat.principals import AccountName
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Request
from besedka.chat.told import Called, Unit, You
from besedka.hub.accounts import AccountStore
from besedka.hub.following import Following
from besedka.hub.guest_moves import GuestMoves
from besedka.hub.ports import Clock
from besedka.hub.presence import Attendance
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.hub.settings import Settings
from besedka.hub.signals import Signals
from besedka.limits import Limits
from besedka.wire.irc.settings import Nicks


class BeCalled(Request, frozen=True):
    """Made by a change of nick, never by a client: whoever asked is called so from now on."""

    nick: AccountName


class Callings:
    """Changes of nick, and what is told of them."""

    def __init__(
        self,
        *,
        limits: Limits,
        clock: Clock,
        attendance: Attendance,
        signals: Signals,
        guest_moves: GuestMoves,
        following: Following,
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._attendance = attendance
        self._signals = signals
        self._guest_moves = guest_moves
        self._following = following
        self._noted: list[tuple[Session, BeCalled]] = []
        """What this turn makes true; at most one of each session."""

    async def choose(
        self, session: Session, request: ChangeNick, *, accounts: AccountStore, settings: Settings
    ) -> Unit | Refusal | BeCalled:
        """Whether somebody may be called so; the name is claimed then. A name one has is had at once."""
        online = session.online
        assert online is not None, "only who has said who it is has a name"
        if request.first and any(other.wished for other in online.sessions if other is not session):
            return you_are(online, request)
        session.wished = session.wished or request.first
        if request.name == online.nick:
            return you_are(online, request)
        if online.registered and settings.irc.nicks is not Nicks.FREE:
            return Refusal(Code.NICK_FIXED)
        nick = account_name(request.name, limits=self._limits, server_name=settings.name)
        if isinstance(nick, Refusal):
            return nick
        if self._too_soon(online):
            return Refusal(Code.NICK_TOO_SOON)
        folded = fold(nick)
        if not self._attendance.claim(folded, session):
            return Refusal(Code.NAME_TAKEN)
        if online.registered and folded == fold(online.name):
            return BeCalled(id=request.id, nick=nick)
        bearer = await accounts.account_named(folded)
        if bearer is not None or await accounts.name_kept(folded, now=self._clock.now()):
            self._attendance.give_up(session)
            return Refusal(Code.NAME_TAKEN)
        return BeCalled(id=request.id, nick=nick)

    def _too_soon(self, online: Online) -> bool:
        """Whether everybody around has been told often enough what somebody is called."""
        limits, now = self._limits, self._clock.seconds()
        if online.nick_pace is None:
            rate, burst = limits.nick_changes_per_minute / 60, limits.nick_changes_burst
            online.nick_pace = Pace(rate=rate, burst=burst, now=now)
        if limits.flood and not online.nick_pace.available(now):
            return True
        if limits.flood:
            online.nick_pace.take(1)
        return False

    def note(self, session: Session, request: BeCalled) -> None:
        """This is true as soon as all that was kept in this turn is told."""
        self._noted.append((session, request))

    def tell(self) -> None:
        """Make what was noted true, and tell it."""
        noted, self._noted = self._noted, []
        for session, request in noted:
            online = session.online
            if session.ended or online is None:
                continue
            was = online.nick
            if fold(was) != fold(request.nick):
                online.host, online.user, online.left_at = session.host, session.protocol.user, self._clock.now()
                self._attendance.departed.add(online)
            self._attendance.call(online, request.nick)
            self._attendance.give_up(session)
            session.tell(you_are(online, request))
            if was != online.nick:
                self._tell(self._signals.rooms_of(online), online, was, but=session)

    def rename(self, online: Online, nick: AccountName) -> None:
        """Call somebody otherwise without having been asked."""
        was = online.nick
        self._attendance.departed.add(online)
        self._attendance.call(online, nick)
        self._tell(self._signals.rooms_of(online), online, was)

    def went(self, rooms: Iterable[OpenRoom], online: Online) -> None:
        """The last session of an account is gone: it is called by its name again."""
        if self._attendance.get(online.principal) is None and online.registered and online.nick != online.name:
            was = online.nick
            online.be_called(online.name)
            self._tell(rooms, online, was)

    def _tell(self, rooms: Iterable[OpenRoom], online: Online, was: AccountName, *, but: Session | None = None) -> None:
        """Tell each session in one of these rooms once, encoded once for each format, and its own sessions."""
        self._guest_moves.tell()
        self._following.look(was, online.nick)
        unit = Called(online.person, was)
        told = {but}
        for opened in rooms:
            for sessions in opened.readers.values():
                others = [one for one in sessions if one.online is not online and one not in told]
                told.update(others)
                data = others[0].protocol.tell(unit) if others else b""
                for session in others:
                    if session.link.full:
                        session.missed[opened.state.id] = None
                    elif data:
                        session.link.write(data)
        for session in online.sessions:
            if session is not but:
                session.tell(unit)


def you_are(online: Online, request: Request) -> You:
    """Who a session is now."""
    return You(
        id=request.request_id,
        principal=online.principal,
        name=online.name,
        role=online.role,
        inbox=online.inbox,
        nick=online.other_nick,
    )
