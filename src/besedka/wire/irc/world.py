"""What the IRC door must know of the server, and asks it without waiting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec

from besedka.chat.entries import Entry, Person, RoomId
from besedka.chat.names import FoldedName
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Room
from besedka.wire.irc.settings import IrcSettings

NO_USER: Final = "u"
"""The user name of whoever has none: their program is none of IRC."""

NO_HOST: Final = "offline"
"""The host of whoever is not here: a true one is known of nobody, and a former one would say where they were."""

OFFLINE: Final = "offline"
"""What an account without a session says of being away."""


BOT_MODE: Final = "B"
"""The letter of bots, as a user mode and in WHO (IRCv3 bot-mode, ISUPPORT BOT)."""


UNSPECIFIED: Final = "*"
"""What stands for words about being away that are not told, or were not said (IRCv3 pre-away)."""


class Face(msgspec.Struct, frozen=True):
    """What a nick carries with it: `nick!user@host`, and what its bearer says of itself."""

    user: str = NO_USER
    host: str = NO_HOST
    """What stands for the address, never one."""
    real_name: str = ""
    away: str = OFFLINE
    """Empty while it is here and not away."""
    bot: bool = False
    admin: bool = False
    unlisted: bool = False
    """Whether outsiders are not told where it is."""
    accounts_only: bool = False
    """Whether no guest may begin a conversation with it."""
    secure: bool = False
    """Whether it came over TLS."""


class Counts(msgspec.Struct, frozen=True):
    """For LUSERS."""

    users: int
    invisible: int
    admins: int
    unknown: int
    rooms: int
    users_most: int


class World(Protocol):
    """The server around a connection. Names of IRC's are words; everything is as of now."""

    @property
    def server(self) -> str:
        """What the server calls itself in front of a line: has a dot, so that it is nobody's nick."""
        ...

    @property
    def network(self) -> str:
        """What the operator calls it."""
        ...

    @property
    def version(self) -> str:
        """The program and its version, as one word."""
        ...

    @property
    def created(self) -> int:
        """When it was started, in milliseconds since 1970 UTC."""
        ...

    @property
    def settings(self) -> IrcSettings:
        """What the operator decides of the IRC door; another after a reload."""
        ...

    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    def face(self, principal: PrincipalId) -> Face:
        """How somebody looks; whoever is not here, or invisible, like one who is not here."""
        ...

    def name(self, principal: PrincipalId) -> str | None:
        """What somebody who is here is called."""
        ...

    def values(self, principal: PrincipalId, *, asker: PrincipalId) -> Mapping[str, str]:
        """What somebody who is here for the one who asks has set under keys (IRCv3 metadata)."""
        ...

    def account(self, principal: PrincipalId) -> str | None:
        """The name of the account of somebody who is here; None for a guest."""
        ...

    def named(self, name: FoldedName) -> Person | None:
        """Who of this name is here."""
        ...

    def away_in(self, room: RoomId, principal: PrincipalId) -> str:
        """What somebody who is here says of being away, as it may be read in this room; empty if it is not away."""
        ...

    def kept(self, room: RoomId, number: int) -> tuple[Room, Entry] | None:
        """The room, and what somebody said or did in it by a request that was just kept under this number."""
        ...

    def room(self, room: RoomId) -> Room | None:
        """A room that somebody who is here reads."""
        ...

    def counts(self) -> Counts:
        """How many of everything there are."""
        ...


def mask(name: str, face: Face) -> str:
    """`nick!user@host`, the source of a line."""
    return f"{name}!{face.user}@{face.host}"


def shortest(source: str) -> str:
    """A source without user and host, for a line that would else be too long: they are optional (modern, "Source").

    Not of a nick with a dot, which a client would take for a server's name.
    """
    nick = source.partition("!")[0]
    return source if "." in nick else nick
