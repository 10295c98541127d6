"""Who is online, and whose name is whose.

Somebody who leaves by `exit` has gone at once; a lost connection is forgiven for `grace_seconds`. What others are told
of it is made by `hub.signals`.
"""

from __future__ import annotations

from collections.abc import Iterator

from besedka.chat.entries import RoomId
from besedka.chat.names import FoldedName, fold
from besedka.chat.principals import AccountName, PrincipalId
from besedka.hub.census import Census
from besedka.hub.departed import Departed
from besedka.hub.rooms import OpenRoom
from besedka.hub.session import Online, Session
from besedka.limits import Limits


class Attendance:
    """Every principal that is online, by id and by name."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.departed = Departed(limits)
        self._online: dict[PrincipalId, Online] = {}
        self.census = Census()
        self._names: dict[FoldedName, PrincipalId] = {}
        """Of everybody who is online: what it is called, and its account's name."""
        self.nicks: dict[FoldedName, PrincipalId] = {}
        """Of the accounts that are called otherwise than their names."""
        self._sessions = 0
        self._claims: dict[FoldedName, Session | None] = {}
        """Names that somebody is about to bear: between looking whether one is free and taking it, time passes.

        None is an account that the operator makes.
        """
        self._lost: dict[PrincipalId, list[RoomId]] = {}
        """By id: a room may have been put away or read again before its people are told."""

    def __iter__(self) -> Iterator[Online]:
        return iter(self._online.values())

    def __len__(self) -> int:
        return len(self._online)

    def get(self, principal: PrincipalId) -> Online | None:
        """The principal, if it is online."""
        return self._online.get(principal)

    @property
    def sessions(self) -> int:
        """How many sessions have said who they are."""
        return self._sessions

    def named(self, name: FoldedName) -> Online | None:
        """Whoever is called so, or has an account of this name, and is online."""
        principal = self._names.get(name)
        return None if principal is None else self._online.get(principal)

    def guest_named(self, name: FoldedName) -> Online | None:
        """The guest of this name."""
        found = self.named(name)
        return None if found is None or found.registered else found

    def claim(self, name: FoldedName, session: Session) -> bool:
        """Keep a name for this session until it enters, gives it up or ends. False if somebody else has it.

        A guest may claim what it is called. An account of that name is for the caller to look for afterwards: once
        claimed, none can be made.
        """
        bearer = self.named(name)
        if self._claims.get(name, session) is not session or bearer not in (None, session.online):
            return False
        self.give_up(session)
        self._claims[name] = session
        session.claimed = name
        return True

    def give_up(self, session: Session) -> None:
        """The session wants no name any more."""
        if session.claimed is not None:
            del self._claims[session.claimed]
            session.claimed = None

    def claim_for_account(self, name: FoldedName) -> bool:
        """The same for an account that the operator makes, until `release`; whoever bears it is for the caller."""
        if name in self._claims:
            return False
        self._claims[name] = None
        return True

    def release(self, name: FoldedName) -> None:
        """The operator's account of this name is made, or will not be."""
        assert self._claims[name] is None, "a session gives up its own"
        del self._claims[name]

    def enter(self, online: Online, session: Session) -> bool:
        """A session has said who it is; whether that is news to others."""
        news = online.principal not in self._online
        self._online[online.principal] = online
        online.sessions.append(session)
        online.gone_at = None
        self._lost.pop(online.principal, None)
        self._name(online)
        self._sessions += 1
        self.census.note(online)
        self.give_up(session)
        return news

    def leave(self, session: Session, rooms: list[OpenRoom], *, now: float, forgiving: bool) -> list[OpenRoom]:
        """A session is over; the rooms to tell at once that its principal has gone."""
        online = session.online
        assert online is not None
        online.sessions.remove(session)
        self._sessions -= 1
        if online.sessions:
            return []
        if forgiving and online.registered:
            online.gone_at = now
            self._lost[online.principal] = [room.state.id for room in rooms]
            return []
        self._forget(online)
        return rooms

    def overdue(self, *, now: float) -> list[tuple[Online, list[RoomId]]]:
        """Those whose grace has run out, each with the rooms to tell."""
        gone: list[tuple[Online, list[RoomId]]] = []
        for principal, rooms in list(self._lost.items()):
            online = self._online[principal]
            assert online.gone_at is not None
            if online.gone_at + self._limits.grace_seconds > now:
                break  # They stand in the order they were lost in.
            self._forget(online)
            gone.append((online, rooms))
        return gone

    def _forget(self, online: Online) -> None:
        del self._online[online.principal]
        self.departed.add(online)
        self._lost.pop(online.principal, None)
        self.census.forget(online.principal)
        self._unname(online)

    def call(self, online: Online, nick: AccountName) -> None:
        """Somebody who is online is called so from now on."""
        self._unname(online)
        online.be_called(nick)
        if not online.registered:
            online.name = nick
        self._name(online)

    def _name(self, online: Online) -> None:
        name, nick = fold(online.name), fold(online.nick)
        self._names[name] = self._names[nick] = online.principal
        if nick != name:
            self.nicks[nick] = online.principal

    def _unname(self, online: Online) -> None:
        for name in (fold(online.name), fold(online.nick)):
            if self._names.get(name) == online.principal:
                del self._names[name]
        if self.nicks.get(fold(online.nick)) == online.principal:
            del self.nicks[fold(online.nick)]
