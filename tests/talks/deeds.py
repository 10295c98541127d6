"""What somebody with our client can do in rooms beside talking, in the words of a script.

What a deed is about follows a colon, and a message is called by what it says (or said first):

    ann: opens the private room den           ann: sets tea: moderated        (or: not moderated, slow 5, key sesame)
    ann: invites to den: bob                  ann: edits in tea: Assam -> Darjeeling
    ann: kicks from tea: eve -> be kind       ann: has read in tea: Assam
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from besedka.chat.entries import Kind, Level, Listing, RoomId, RoomRole, SettingsChange
from besedka.chat.own_requests import (
    Away,
    EndSessions,
    Ignore,
    ListSessions,
    MoveMarker,
    Overview,
    SetNotify,
    Typing,
)
from besedka.chat.requests import Edit, Join, React, Redact, Request, Say
from besedka.chat.room_requests import (
    ChangeSettings,
    Invite,
    Kick,
    LiftMark,
    Open,
    Rename,
    SetMark,
    SetRole,
    Transfer,
    Uninvite,
)

RoomCalled = Callable[[str], RoomId]
NumberOf = Callable[[RoomId, str], int]
"""The number of the message that says this, in a room."""

_FLAGS = {"moderated", "hidden", "invite_only", "topic_locked", "members_only"}


def governing_deeds(room: RoomCalled, number: NumberOf) -> dict[str, Callable[[str], Request]]:
    """The request that each deed makes of what follows its words."""

    def to(make: Callable[[RoomId, str], Request]) -> Callable[[str], Request]:
        def deed(rest: str) -> Request:
            name, _, about = rest.partition(": ")
            return make(room(name), about)

        return deed

    def about(make: Callable[[RoomId, int, str], Request]) -> Callable[[str], Request]:
        def deed(where: RoomId, rest: str) -> Request:
            text, _, more = rest.partition(" -> ")
            return make(where, number(where, text), more)

        return to(deed)

    def mark(listing: Listing, *, put_out: bool) -> Callable[[str], Request]:
        def deed(where: RoomId, rest: str) -> Request:
            mask, _, seconds = rest.partition(" for ")
            time = int(seconds.removesuffix(" s") or 0)
            return SetMark(room=where, listing=listing, mask=mask, seconds=time, put_out=put_out)

        return to(deed)

    def kick(where: RoomId, rest: str) -> Request:
        name, _, reason = rest.partition(" -> ")
        return Kick(room=where, name=name, reason=reason)

    return {
        "opens the private room": lambda name: Open(name=name, room_kind=Kind.PRIVATE),
        "joins with a key": lambda rest: Join(name=rest.partition(": ")[0], key=rest.partition(": ")[2]),
        "sets": to(lambda where, rest: ChangeSettings(room=where, change=_setting(rest))),
        "renames": to(lambda where, name: Rename(room=where, name=name)),
        "invites to": to(lambda where, name: Invite(room=where, name=name)),
        "no longer invites to": to(lambda where, name: Uninvite(room=where, name=name)),
        "kicks from": to(kick),
        "bans from": mark(Listing.BAN, put_out=True),
        "mutes in": mark(Listing.MUTE, put_out=False),
        "lifts the ban in": to(lambda where, mask: LiftMark(room=where, listing=Listing.BAN, mask=mask)),
        "lifts the mute in": to(lambda where, mask: LiftMark(room=where, listing=Listing.MUTE, mask=mask)),
        "makes a moderator in": to(lambda where, name: SetRole(room=where, name=name, role=RoomRole.MODERATOR)),
        "gives a voice in": to(lambda where, name: SetRole(room=where, name=name, voice=True)),
        "passes on": to(lambda where, name: Transfer(room=where, name=name)),
        "edits in": about(lambda where, found, text: Edit(room=where, number=found, text=text)),
        "takes away in": about(lambda where, found, reason: Redact(room=where, number=found, reason=reason)),
        "answers in": about(lambda where, found, text: Say(room=where, text=text, reply=found)),
        "reacts in": about(lambda where, found, reaction: React(room=where, number=found, reaction=reaction)),
        "has read in": about(lambda where, found, _: MoveMarker(room=where, number=found)),
        "wants only mentions of": lambda name: SetNotify(room=room(name), level=Level.MENTIONS),
        "ignores": lambda name: Ignore(name=name),
        "is away": lambda message: Away(message=message),
        "is back": lambda _: Away(),
        "types in": lambda name: Typing(room=room(name)),
        "asks what is unread": lambda _: Overview(),
        "asks for the sessions": lambda _: ListSessions(),
        "ends all other sessions": lambda _: EndSessions(),
    }


def _setting(words: str) -> SettingsChange:
    name, _, value = words.removeprefix("not ").partition(" ")
    if name == "slow":
        return SettingsChange(slow_seconds=int(value))
    if name == "key":
        return SettingsChange(key=value)
    assert name in _FLAGS, f"no setting: {name}"
    return msgspec.convert({name: not words.startswith("not ")}, SettingsChange)
