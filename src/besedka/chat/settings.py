"""What can be set of a room, independently of one another, and with what each kind of room begins."""

from __future__ import annotations

from typing import Any

import msgspec

from besedka.chat.entries import Kind, SettingsChange


class RoomSettings(msgspec.Struct, frozen=True, omit_defaults=True):
    """The settings of a room as of a number."""

    invite_only: bool = False
    """Joined by invitation of a person, by an invite code, or by an exception only."""
    hidden: bool = False
    """Not there for those outside: not in lists, and not in refusals."""
    members_only: bool = True
    """Only those inside may speak in it."""
    topic_locked: bool = False
    """Only moderators set the topic."""
    moderated: bool = False
    """Only those with a voice, and moderators, may speak."""
    no_ctcp: bool = False
    """No message is a client-to-client query (a text that begins with U+0001), but for `/me`."""
    key: str = ""
    """What a newcomer must say to join; empty for none."""
    members_max: int = 0
    """How many may be members; 0 for as many as the server admits."""
    slow_seconds: int = 0
    """How long a member waits between two messages; 0 for not at all."""
    keep_seconds: int = 0
    """How long what happens is kept, where the server does not forget it sooner; 0 for no limit of its own."""
    keep_messages: int = 0
    """How many of the last messages are kept, where the server does not keep fewer; 0 for no limit of its own."""

    def __repr__(self) -> str:
        """Without the key."""
        return "<RoomSettings>"


PRESETS: dict[Kind, RoomSettings] = {
    Kind.PUBLIC: RoomSettings(),
    Kind.PRIVATE: RoomSettings(invite_only=True, hidden=True),
    Kind.DIRECT: RoomSettings(invite_only=True, hidden=True),
    Kind.INBOX: RoomSettings(invite_only=True, hidden=True),
}
"""What a room of each kind begins with."""


def changed(settings: RoomSettings, change: SettingsChange) -> RoomSettings:
    """The settings after a change."""
    return msgspec.structs.replace(settings, **_given(change))


def effective(settings: RoomSettings, change: SettingsChange) -> SettingsChange:
    """Of a change, what is not so already."""
    return SettingsChange(**{name: value for name, value in _given(change).items() if getattr(settings, name) != value})


def _given(change: SettingsChange) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(change).items() if value is not None}
