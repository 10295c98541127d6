"""What a session can ask about people: itself and its account's other devices, and others as it may see them."""

from __future__ import annotations

from typing import Annotated

import msgspec

from besedka.chat.entries import Level
from besedka.chat.requests import NO_ROOM, Count, InRoom, Name, Request, Secret, Write
from besedka.chat.told import TypingState

# Kept in one's inbox ---------------------------------------------------------------------------------------------


class MoveMarker(Write, frozen=True, tag="read"):
    """I have read so far. Answered `kept`, or `done` where the marker is there or further already."""

    room: InRoom = NO_ROOM
    name: Name = ""
    """Instead of a room's id: a room's or a person's name, whether or not there is one."""
    number: Count = 0
    time: Count = 0
    """Milliseconds since 1970 UTC; for those who know no number, and where the log does not reach back."""


class Ignore(Write, frozen=True, tag="ignore"):
    """Do not show me what somebody says, on any of my devices; or do again. Answered `kept` or `done`."""

    name: Name
    withdrawn: bool = False


class SetNotify(Write, frozen=True, tag="notify"):
    """Of what to be notified in a room. Answered `kept` or `done`."""

    room: InRoom
    level: Level


class SetProfile(Write, frozen=True, tag="profile"):
    """What I say of myself; None leaves it as it is. Answered `kept` or `done`; a guest's is not kept: `done`."""

    real_name: Name | None = None
    bot: bool | None = None
    invisible: bool | None = None
    unlisted: bool | None = None
    accounts_only: bool | None = None


class ChangeNick(Request, frozen=True, tag="nick"):
    """Be called otherwise: a guest, or where nicks are free all sessions of an account. Answered `you`."""

    name: Name
    first: bool = False
    """Only if no other session of the account has asked for that: the first one chooses for all."""


# Signals ---------------------------------------------------------------------------------------------------------


class Typing(Request, frozen=True, tag="typing"):
    """Tell a room that I am writing. Not answered unless refused."""

    room: InRoom
    state: TypingState = TypingState.ACTIVE


class Away(Request, frozen=True, tag="away"):
    """I am not at my keyboard, or (empty) I am back; for all my sessions. Answered `done`."""

    message: Name = ""


# Questions -------------------------------------------------------------------------------------------------------


class Whois(Request, frozen=True, tag="whois"):
    """Who somebody is. Answered `person`."""

    name: Name


class Whowas(Request, frozen=True, tag="whowas"):
    """Who bore a name until lately. Answered `whowas-list`."""

    name: Name


class GetData(Request, frozen=True, tag="get-data"):
    """The values of a room, or of a person, that I may see. Answered `data-list`."""

    room: InRoom = NO_ROOM
    name: Name = ""


class WatchData(Request, frozen=True, tag="watch-data"):
    """From here on tell this session of changes under these keys, and of no others. Answered `done`."""

    keys: Annotated[tuple[Name, ...], msgspec.Meta(max_length=64)] = ()


class Overview(Request, frozen=True, tag="overview"):
    """The rooms I am in, with what is unread. Answered `overview`."""


class ListSessions(Request, frozen=True, tag="sessions"):
    """The devices of my account. Answered `session-list`."""


class EndSessions(Request, frozen=True, tag="revoke"):
    """End one of my account's devices (its handle), or (empty) all others. Answered `done`."""

    handle: Name = ""


class ChangePassword(Request, frozen=True, tag="password"):
    """Change my password; all other devices must log in again. Answered `done`."""

    old: Secret
    new: Secret


class Export(Request, frozen=True, tag="export"):
    """Everything the server knows of me, in parts that are one JSON document. Answered `export-part`."""

    after: Name = ""
    """The `next` of the part before it; empty for the first one, which begins anew."""


class RemoveAccount(Request, frozen=True, tag="remove-account"):
    """End my account for ever. Answered `done`, after which all my sessions end."""

    password: Secret
    redact: bool = False
    """Whether everything I said is taken back; else it stays, under a tombstone."""
