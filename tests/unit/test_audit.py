"""The audit trail: every act of moderation is a line of it, and no line holds what somebody said, or a key."""

from __future__ import annotations

import pytest
from hypothesis import given

from a_room import ANN, BOB, CARL, NOW, joined, standing
from besedka.chat.audit import AuditLine, audit_line
from besedka.chat.entries import (
    Body,
    Edited,
    Entry,
    InvitationsChanged,
    Listing,
    Mark,
    Marked,
    MembershipChanged,
    Message,
    Reacted,
    Redacted,
    Renamed,
    RoleChange,
    RolesChanged,
    RoomName,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    TopicSet,
    Unmarked,
    Way,
)
from shapes import values_of

SECRET = "the words"


def line(body: Body) -> AuditLine | None:
    return audit_line(Entry(7, NOW, ANN.principal, ANN.name, body))


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (MembershipChanged(Way.REMOVED, (BOB, CARL), "loud"), AuditLine("kick", "bob, carl", "loud")),
        (Marked(Mark(Listing.BAN, "bob", until=9, reason="loud")), AuditLine("ban", "bob", "loud", 9)),
        (Marked(Mark(Listing.BAN_EXCEPTION, "*!*@x")), AuditLine("ban-exception", "*!*@x")),
        (Unmarked(Listing.MUTE, ("bob", "carl")), AuditLine("lift mute", "bob, carl")),
        (standing(BOB, RoomRole.MODERATOR), AuditLine("roles", "bob: moderator")),
        (
            RolesChanged((RoleChange(BOB, RoomRole.OWNER, True), RoleChange(CARL, voice=False))),
            AuditLine("roles", "bob: owner and voice, carl: no voice"),
        ),
        (
            SettingsChanged(SettingsChange(moderated=True, key=SECRET, members_max=0)),
            AuditLine("settings", "moderated: true, key: set, members_max: 0"),
        ),
        (SettingsChanged(SettingsChange(key="")), AuditLine("settings", "key: none")),
        (Renamed(RoomName("books"), RoomName("tea")), AuditLine("rename", "books")),
        (Redacted(3, BOB, "loud"), AuditLine("redact", "bob", "loud")),
        (Edited(3, SECRET, author=BOB), AuditLine("edit", "bob")),
    ],
)
def test_acts_of_moderation(body: Body, expected: AuditLine) -> None:
    assert line(body) == expected


@pytest.mark.parametrize(
    "body",
    [
        Message(SECRET),
        Edited(3, SECRET),
        Redacted(3, ANN, "mine"),
        Reacted(3, "+1"),
        TopicSet(SECRET),
        joined(BOB),
        MembershipChanged(Way.LEFT, (ANN,), "bye"),
        InvitationsChanged((BOB,)),
    ],
)
def test_what_is_none(body: Body) -> None:
    assert line(body) is None


@given(values_of(Edited), values_of(SettingsChange))
def test_no_line_holds_words_or_a_key(edit: Edited, change: SettingsChange) -> None:
    other = line(Edited(edit.number, SECRET, edit.mentions, BOB))
    setting = line(SettingsChanged(SettingsChange(key=SECRET, hidden=change.hidden)))
    assert SECRET not in repr([other, setting])
