"""What questions about people are answered, or about rooms beside their history."""

from __future__ import annotations

import msgspec

from besedka.chat.entries import Entry, Kind, Level, Listing, Person, RequestId, RoomId, RoomName, RoomRole
from besedka.chat.principals import AccountName, AccountRole
from besedka.chat.told import RoomLine, Unit


class InviteCode(Unit, frozen=True, tag="invite-code"):
    """The invite code that was made, told this once."""

    id: RequestId | None
    room: RoomId
    number: int
    """Of the entry that says so, as in a receipt."""
    code: str
    """A secret."""
    until: int

    def __repr__(self) -> str:
        """Without the code."""
        return "<InviteCode>"


class MarkLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a room's list."""

    mask: str
    by: AccountName
    since: int
    until: int | None = None
    reason: str = ""


class MarkList(Unit, frozen=True, tag="mark-list"):
    """Who is banned, muted or excepted in a room; the oldest first."""

    id: RequestId | None
    room: RoomId
    listing: Listing
    marks: tuple[MarkLine, ...]


class Hit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message that was looked for."""

    room: RoomId
    entry: Entry
    """As it reads now, under the name that its author bore."""
    spans: tuple[tuple[int, int], ...] = ()
    """Where in its text the words stand: from which character to before which, in order."""


class HitRoom(msgspec.Struct, frozen=True, omit_defaults=True):
    """A room in which something was found."""

    room: RoomId
    room_kind: Kind
    room_name: RoomName
    people: tuple[Person, ...] = ()
    """The two people of a direct room."""


class SearchPage(Unit, frozen=True, tag="found"):
    """What was looked for, the newest first. A page with a `next` may be short, or have nothing."""

    id: RequestId | None
    hits: tuple[Hit, ...]
    rooms: tuple[HitRoom, ...]
    """Those of the hits."""
    next: tuple[int, RoomId, int] | None = None
    """A time, a room and a number: the next page is of what is `older_than` this; null where there is none."""
    since: int = 0
    """Only what was said since this time was looked through; 0 where all was. Older messages are not indexed yet."""


class Whereabouts(RoomLine, frozen=True):
    """One room that somebody is in, and what they are there."""

    role: RoomRole = RoomRole.MEMBER
    voice: bool = False


class PersonTold(Unit, frozen=True, tag="person"):
    """Who somebody is, as far as I may know."""

    id: RequestId | None
    person: Person
    role: AccountRole
    host: str
    """What stands for their address: the same for the same address, and told to nobody else as an address."""
    online: bool
    real_name: str = ""
    bot: bool = False
    away: str = ""
    last_seen: int = 0
    """When they were last here, in milliseconds since 1970 UTC; 0 where that is not known, or they are here."""
    rooms: tuple[Whereabouts, ...] = ()
    """Rooms they are in that I may know of; of somebody unlisted, those that I am in as well."""
    since: int = 0
    """Since when they are here, in milliseconds since 1970 UTC; told to administrators and to who shares a room."""
    active: int = 0
    """When they last said or did something, told to the same; 0 where that is not known."""
    account: str = ""
    """The name of their account where they are called otherwise."""


class Gone(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody who has left."""

    person: Person
    host: str
    time: int
    real_name: str = ""
    user: str = ""
    """The user name they had, where their protocol has one."""


class WhowasList(Unit, frozen=True, tag="whowas-list"):
    """Who bore a name until lately, the last first. The server remembers so many and no longer than it runs."""

    id: RequestId | None
    people: tuple[Gone, ...]


class DataList(Unit, frozen=True, tag="data-list"):
    """The values of a room or a person."""

    id: RequestId | None
    values: tuple[tuple[str, str], ...]


class DataTold(Unit, frozen=True, tag="data"):
    """Signal: a value that this session watches has changed."""

    key: str
    value: str
    room: RoomId | None = None
    person: Person | None = None
    """Whose value it is, where it is no room's."""


class OverviewLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of my rooms, and what is unread in it."""

    line: RoomLine
    head: int
    read: int
    """The number up to which I have read."""
    unread: int
    mentions: int = 0
    level: Level = Level.ALL


class OverviewTold(Unit, frozen=True, tag="overview"):
    """My rooms, by id."""

    id: RequestId | None
    rooms: tuple[OverviewLine, ...]


class SessionLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One device of mine: a session token, a live session, or a live session that has a token."""

    handle: str
    """For `revoke`; not a secret."""
    address: str
    used: int
    """When it was last used, in milliseconds since 1970 UTC."""
    client: str = ""
    live: bool = False
    this: bool = False
    """Whether it is the one that asks."""


class SessionList(Unit, frozen=True, tag="session-list"):
    """My devices, the one last used first."""

    id: RequestId | None
    sessions: tuple[SessionLine, ...]


class ExportPart(Unit, frozen=True, tag="export-part", omit_defaults=True):
    """Some of the document in which everything stands that is known of me; the next one follows it without a gap."""

    id: RequestId | None
    text: str
    next: str = ""
    """What to ask for the next part with; empty where this is the last."""

    def __repr__(self) -> str:
        """Without what is in it."""
        return f"<ExportPart of {len(self.text)}>"
