"""Whom a session follows: it is told when people of these names come and go, wherever they are (IRCv3 monitor).

A signal: dropped for whoever is full. Whoever is invisible has not come.
"""

from __future__ import annotations

from besedka.chat.entries import Person
from besedka.chat.names import FoldedName, fold
from besedka.chat.refusals import Code, Refusal
from besedka.chat.told import Done, Unit
from besedka.hub.presence import Attendance
from besedka.hub.session import Online, Session
from besedka.limits import Limits
from besedka.wire.looking import Follow, Followed


class Following:
    """Who follows whom. Bounded by the sessions, each with `followed_max` names."""

    def __init__(self, *, limits: Limits, attendance: Attendance) -> None:
        self._limits = limits
        self._attendance = attendance
        self._names: dict[Session, tuple[FoldedName, ...]] = {}
        self._followers: dict[FoldedName, dict[Session, None]] = {}
        self._here: dict[FoldedName, Person] = {}
        """Of the names that are followed, who was here when that was last looked at."""

    @property
    def followed(self) -> int:
        """How many names are followed by anybody."""
        return len(self._followers)

    def follow(self, session: Session, request: Follow) -> Unit | Refusal:
        """From here on these names and no others."""
        names = tuple(dict.fromkeys(map(fold, request.names)))
        if len(names) > self._limits.followed_max:
            return Refusal(Code.LIST_FULL)
        self.forget(session)
        if names:
            self._names[session] = names
        for name in names:
            self._followers.setdefault(name, {})[session] = None
            self._note(name, self._shown(name))
        return Done(request.request_id)

    def forget(self, session: Session) -> None:
        """The session follows nobody any more."""
        for name in self._names.pop(session, ()):
            followers = self._followers[name]
            del followers[session]
            if not followers:
                del self._followers[name]
                self._here.pop(name, None)

    def look(self, *names: str) -> None:
        """Whoever bears or bore one of these names may have come or gone: those who follow it are told if so."""
        for name in map(fold, names) if self._followers else ():
            followers = self._followers.get(name)
            if followers is None:
                continue
            before, now = self._here.get(name), self._shown(name)
            self._note(name, now)
            person = now or before
            if person is not None and (before is None) is not (now is None):
                for session in list(followers):
                    if not session.link.full:
                        session.tell(Followed(person, here=now is not None))

    def keenly(self, online: Online) -> list[Session]:
        """The sessions of others that want to know more of somebody than that they came (IRCv3 extended-monitor)."""
        return [one for one in self.followers(online) if one.protocol.follows_keenly]

    def followers(self, online: Online) -> list[Session]:
        """The sessions of others that follow somebody."""
        found = self._followers.get(fold(online.nick), {}) if self._followers else {}
        return [one for one in found if one.online is not online]

    def _shown(self, name: FoldedName) -> Person | None:
        online = self._attendance.named(name)
        return None if online is None or online.profile.invisible or fold(online.nick) != name else online.person

    def _note(self, name: FoldedName, person: Person | None) -> None:
        if person is None:
            self._here.pop(name, None)
        else:
            self._here[name] = person
