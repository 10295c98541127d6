"""What the core tells the surface that shows the chat."""

from __future__ import annotations

from enum import Enum

import msgspec

from besedka.chat.answers import (
    DataList,
    ExportPart,
    InviteCode,
    MarkList,
    OverviewTold,
    PersonTold,
    SearchPage,
    SessionList,
    WhowasList,
)
from besedka.chat.entries import Entry, RoomId
from besedka.chat.requests import Request
from besedka.chat.told import (
    Called,
    Done,
    Farewell,
    Kept,
    Page,
    People,
    Presence,
    Refused,
    RoomList,
    Synced,
    TypingTold,
    Unreadable,
    Welcome,
    You,
)
from besedka.client.memory import AnyWrite
from besedka.wire.framing import Fault


class Phase(Enum):
    """How far the present connection is."""

    OFFLINE = "offline"
    GREETING = "greeting"
    """Hello is asked."""
    STRANGER = "stranger"
    """Welcomed; to be logged in."""
    ENTERING = "entering"
    """A login of some kind is asked."""
    IN = "in"
    """Logged in, and a sync asked."""
    OVER = "over"
    """Nothing more is said or understood on this connection."""


class Welcomed(msgspec.Struct, frozen=True):
    """The server has introduced itself. Unless `resuming`, it is for the surface to log in."""

    welcome: Welcome
    resuming: bool
    """A token is being tried: the answer to the `resume` request follows."""


class StartedOver(msgspec.Struct, frozen=True):
    """This is another log than the one remembered (or another person): every room and place was forgotten."""


class Returned(msgspec.Struct, frozen=True):
    """These wait for a receipt no more: it is not known whether the log that was has them, and this one is another."""

    writes: tuple[AnyWrite, ...]


class Appeared(msgspec.Struct, frozen=True):
    """A room is new to this client; its entries after `after` follow. `Core.rooms` has it."""

    room: RoomId
    after: int


class Arrived(msgspec.Struct, frozen=True):
    """Entries to show, in order: no number of a room comes twice, none is left out but by a `Jumped`."""

    room: RoomId
    entries: tuple[Entry, ...]


class Jump(Enum):
    """Why a place moved without its entries."""

    PRUNED = "pruned"
    """What lay between is no longer kept."""
    START_OVER = "start-over"
    """The room's log is not what it was; it is shown again from there."""
    REJOINED = "rejoined"
    """What lay between was said while I was not in the room."""


class Jumped(msgspec.Struct, frozen=True):
    """The place in a room moved from `before` to `after`; the next entry shown is `after + 1`."""

    room: RoomId
    why: Jump
    before: int
    after: int


Answer = (
    You
    | Synced
    | Kept
    | Done
    | Refused
    | Page
    | RoomList
    | People
    | InviteCode
    | MarkList
    | PersonTold
    | WhowasList
    | DataList
    | OverviewTold
    | SearchPage
    | SessionList
    | ExportPart
)


class Answered(msgspec.Struct, frozen=True):
    """The answer to a request, or (None) to something the server could not ascribe to one."""

    request: Request | None
    answer: Answer


class Garbled(msgspec.Struct, frozen=True):
    """What came is not the protocol; nothing after it is understood, so the connection is of no more use."""

    fault: Fault


Event = (
    Welcomed
    | StartedOver
    | Returned
    | Appeared
    | Arrived
    | Jumped
    | Answered
    | Presence
    | Called
    | TypingTold
    | Unreadable
    | Farewell
    | Garbled
)
