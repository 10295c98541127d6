"""What a session can ask of a room that it governs, or wants to see governed: settings, roles, lists, invitations."""

from __future__ import annotations

from typing import Annotated

import msgspec

from besedka.chat.entries import Kind, Listing, RoomRole, SettingsChange
from besedka.chat.requests import NO_ROOM, Count, InRoom, Name, Request, Write

Text = Annotated[str, msgspec.Meta(max_length=8192)]
"""What a rule will shorten or refuse by its own limit."""


class Open(Write, frozen=True, tag="open"):
    """Open a room and be its owner (a guest: its moderator). Answered `kept`; refused where there is one."""

    name: Name
    room_kind: Kind = Kind.PUBLIC
    """`public` or `private`: the settings it begins with, and from where its members may read."""
    topic: str = ""


class ChangeSettings(Write, frozen=True, tag="set"):
    """Change settings of a room. Answered `kept`, or `done` where they are so already."""

    room: InRoom
    change: SettingsChange


class Rename(Write, frozen=True, tag="rename"):
    """Call a room something else. Answered `kept`."""

    room: InRoom
    name: Name
    reason: Text = ""


class Kick(Write, frozen=True, tag="kick"):
    """Put somebody out of a room; they may come back. Answered `kept`."""

    room: InRoom
    name: Name
    reason: Text = ""


class SetMark(Write, frozen=True, tag="mark"):
    """Ban, mute or except whoever fits a mask. Answered `kept`."""

    room: InRoom
    listing: Listing
    mask: Name
    seconds: Count = 0
    """How long; 0 is for ever."""
    reason: Text = ""
    put_out: bool = False
    """Whether the members it fits are kicked as well."""


class LiftMark(Write, frozen=True, tag="unmark"):
    """Take a mask off a list. Answered `kept`, or `done` where it is not on it."""

    room: InRoom
    listing: Listing
    mask: Name


class SetRole(Write, frozen=True, tag="role"):
    """Give somebody in a room another role, or voice, or take it. Answered `kept`, or `done` if it is so already."""

    room: InRoom
    name: Name
    role: RoomRole | None = None
    voice: bool | None = None


class Transfer(Write, frozen=True, tag="transfer"):
    """Make somebody the owner in one's own place, and be a moderator. Answered `kept`."""

    room: InRoom
    name: Name


class Invite(Write, frozen=True, tag="invite"):
    """Let somebody join who could not, and tell them. Answered `kept`."""

    room: InRoom
    name: Name


class Uninvite(Write, frozen=True, tag="uninvite"):
    """Withdraw an invitation. Answered `kept`, or `done` where there is none."""

    room: InRoom
    name: Name


class MakeCode(Write, frozen=True, tag="code"):
    """Make an invite code, in place of earlier ones. Answered `invite-code`; sent again, `kept`."""

    room: InRoom
    seconds: Count = 604_800
    """Until it expires."""


class SetData(Write, frozen=True, kw_only=True, tag="data"):
    """Set a small value under a key, of a room or (room 0) of oneself. Answered `kept`, or `done` if it is so."""

    room: InRoom = NO_ROOM
    key: Name
    value: Text = ""


class ListMarks(Request, frozen=True, tag="marks"):
    """Who is banned, muted or excepted in a room. Answered `mark-list`."""

    room: InRoom
    listing: Listing
