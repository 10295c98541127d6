"""What the hub shows a protocol that must name people by more than their nick (`wire.irc.world.World`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from besedka.chat.entries import Entry, Kind, MembershipChanged, Opened, Person, RoomId
from besedka.chat.names import LOBBY, FoldedName, fold
from besedka.chat.principals import PrincipalId, is_imported
from besedka.chat.rooms import Room
from besedka.hub.signals import shown
from besedka.wire.irc.settings import IrcSettings
from besedka.wire.irc.world import NO_USER, Counts, Face

if TYPE_CHECKING:
    from besedka.hub.hub import Hub

_NOBODY = Face()
_IMPORTED = Face(user="imported")


_OPENING = frozenset({Opened, MembershipChanged})
"""What comes before what is said first in a conversation of two."""


@lru_cache(maxsize=4)
def _as_host(network: str) -> str:
    """Looked up for every line that the server says of its own."""
    name = re.sub("[^A-Za-z0-9.-]+", "-", network).strip("-.") or "besedka"
    return name if "." in name else f"{name}."


class Surroundings:
    """The world around a connection, as of now."""

    def __init__(self, hub: Hub, *, created: int) -> None:
        """`created` is when the server was started, in milliseconds since 1970 UTC."""
        self._hub = hub
        self._parts = hub.parts
        self.created = created

    @property
    def network(self) -> str:
        """What the operator calls it."""
        return self._parts.settings.name

    @property
    def server(self) -> str:
        """The same as the name of a host, with a dot, which no name of anybody's has at its end."""
        return _as_host(self._parts.settings.name)

    @property
    def version(self) -> str:
        """The program and its version, as one word."""
        return self._parts.settings.version.replace(" ", "-") or "besedka"

    @property
    def settings(self) -> IrcSettings:
        """What the operator decides of the IRC door."""
        return self._parts.settings.irc

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return self._parts.clock.now()

    def face(self, principal: PrincipalId) -> Face:
        """How somebody looks; who is invisible looks like one who is not here."""
        online = self._parts.attendance.get(principal)
        if online is None or not shown(online).online:
            return _IMPORTED if is_imported(principal) else _NOBODY
        session = online.sessions[-1] if online.sessions else None
        return Face(
            user=(session.protocol.user if session is not None else "") or NO_USER,
            host=online.host if session is None else session.host,
            real_name=online.profile.real_name,
            away=online.away,
            bot=online.profile.bot,
            admin=online.is_admin,
            unlisted=online.profile.unlisted,
            accounts_only=online.profile.accounts_only,
            secure=bool(online.sessions) and all(one.peer.is_tls for one in online.sessions),
        )

    def name(self, principal: PrincipalId) -> str | None:
        """What somebody who is here is called."""
        online = self._parts.attendance.get(principal)
        return None if online is None else online.nick

    def account(self, principal: PrincipalId) -> str | None:
        """The account of somebody who is here."""
        online = self._parts.attendance.get(principal)
        return None if online is None or not online.registered else online.name

    def values(self, principal: PrincipalId, *, asker: PrincipalId) -> Mapping[str, str]:
        """What somebody who is here has set under keys; who is invisible is here for nobody else."""
        online = self._parts.attendance.get(principal)
        if online is None or (principal != asker and not shown(online).online):
            return {}
        return online.data

    def named(self, name: FoldedName) -> Person | None:
        """Who of this name is here."""
        online = self._parts.attendance.named(name)
        return None if online is None or not shown(online).online else online.person

    def away_in(self, room: RoomId, principal: PrincipalId) -> str:
        """What somebody who is here says of being away, as it may be read in this room; empty if it is not away."""
        online, opened = self._parts.attendance.get(principal), self._parts.rooms.get(room)
        return "" if online is None or opened is None else self._parts.signals.away_in(opened, online)

    def kept(self, room: RoomId, number: int) -> tuple[Room, Entry] | None:
        """The room, and what was said or done in it; where that opened the room, what was said or done behind that."""
        opened = self._parts.rooms.get(room)
        if opened is None:
            return None
        entry = opened.entry(number)
        before = _OPENING if opened.state.kind is Kind.DIRECT else {Opened}
        while entry is not None and type(entry.body) in before:
            entry = opened.entry(entry.number + 1)
        return None if entry is None else (opened.state, entry)

    def room(self, room: RoomId) -> Room | None:
        """An open room, as it is."""
        opened = self._parts.rooms.get_stale(room)
        return None if opened is None else opened.state

    def counts(self) -> Counts:
        """How many of everything there are; who is invisible is nobody, and who is unlisted is in user mode `i`."""
        attendance = self._parts.attendance
        census = attendance.census
        return Counts(
            users=census.users,
            invisible=census.unlisted,
            admins=census.admins,
            unknown=len(self._hub.sessions) - attendance.sessions,
            rooms=self._parts.rooms.listed - self._is_lobby_empty(),
            users_most=census.users_most,
        )

    def _is_lobby_empty(self) -> bool:
        """Whether nobody has joined the lobby: every other room ends when the last one leaves it."""
        lobby = self._parts.rooms.named(fold(LOBBY))
        if lobby is None or lobby.state.hidden:
            return False
        return not lobby.state.members and not lobby.guests
