"""Which entries are acts of moderation, and how each reads as one line of the audit trail."""

from __future__ import annotations

import msgspec

from besedka.chat.entries import (
    Edited,
    Entry,
    Marked,
    MembershipChanged,
    Person,
    Redacted,
    Renamed,
    RolesChanged,
    RoomRole,
    SettingsChanged,
    Unmarked,
    Way,
)


class AuditLine(msgspec.Struct, frozen=True):
    """One act: what, to whom, why, until when. Who and when are the entry's author and time."""

    act: str
    whom: str = ""
    reason: str = ""
    until: int | None = None
    """Milliseconds since 1970 UTC; None is for ever, or not at all."""


def audit_line(entry: Entry) -> AuditLine | None:
    """The line for an entry; None for what is no act of moderation. It never holds what a message said, nor a key."""
    match entry.body:
        case MembershipChanged(way=Way.REMOVED, people=people, reason=reason):
            return AuditLine("kick", ", ".join(person.name for person in people), reason)
        case Marked(mark=mark):
            return AuditLine(mark.listing.value, mark.mask, mark.reason, mark.until)
        case Unmarked(listing=listing, masks=masks):
            return AuditLine(f"lift {listing.value}", ", ".join(masks))
        case RolesChanged(changes=changes):
            return AuditLine("roles", ", ".join(_role(one.person.name, one.role, one.voice) for one in changes))
        case SettingsChanged(change=change):
            given = [(name, value) for name, value in msgspec.structs.asdict(change).items() if value is not None]
            return AuditLine("settings", ", ".join(_setting(name, value) for name, value in given))
        case Renamed(room_name=name):
            return AuditLine("rename", name)
        case Edited(author=Person(name=name)):
            return AuditLine("edit", name)
        case Redacted(author=author, reason=reason) if author.principal != entry.author:
            return AuditLine("redact", author.name, reason)
        case _:
            return None


def _setting(name: str, value: bool | int | str) -> str:
    if isinstance(value, str):
        return f"{name}: {'set' if value else 'none'}"  # The key itself is nobody's who is not in the room.
    return f"{name}: {str(value).lower()}"


def _role(name: str, role: RoomRole | None, voice: bool | None) -> str:
    given = [] if role is None else [role.value]
    if voice is not None:
        given.append("voice" if voice else "no voice")
    return f"{name}: {' and '.join(given)}"
