"""What people decide about themselves; each is an entry of their inbox, which is the room it is judged on."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from besedka.chat.entries import Ignored, Kind, Level, MarkerMoved, NotifySet, ProfileSet
from besedka.chat.own_requests import Ignore, MoveMarker, SetNotify, SetProfile
from besedka.chat.principals import Actor
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Write
from besedka.chat.rooms import Room
from besedka.chat.text import one_line
from besedka.chat.verdicts import Circumstances, Verdict, draft


def _strange(room: Room, actor: Actor) -> Refusal | None:
    """Why this is not somebody's own inbox; None if it is."""
    own = room.kind is Kind.INBOX and room.head > 0 and room.owner == actor.principal
    return None if own else Refusal(Code.ACCOUNT_NEEDED)


def _marker(room: Room, actor: Actor, _request: Write, circumstances: Circumstances) -> Verdict:
    moved = circumstances.marker
    refusal = _strange(room, actor)
    if refusal is not None or moved is None:
        return refusal or Refusal(Code.NO_SUCH_ROOM)
    markers = room.personal.markers
    before = markers.get(moved.target)
    if before is None:
        if len(markers) >= circumstances.limits.markers_max:
            return Refusal(Code.LIST_FULL)
        return (draft(actor, moved),)
    after = MarkerMoved(
        moved.target, max(before.number, moved.number), max(before.time, moved.time), max(before.said, moved.said)
    )
    same = (after.number, after.time) == (before.number, before.time)
    return () if same else (draft(actor, after),)


def _ignore(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    asked, other = cast(Ignore, request), circumstances.other
    refusal = _strange(room, actor)
    if refusal is not None:
        return refusal
    if other is None:
        return Refusal(Code.NO_SUCH_PERSON)
    if other.principal == actor.principal:
        return Refusal(Code.BAD_VALUE, "name")
    if (other.principal in room.personal.ignored) is not asked.withdrawn:
        return ()
    if not asked.withdrawn and len(room.personal.ignored) >= circumstances.limits.ignored_max:
        return Refusal(Code.LIST_FULL)
    return (draft(actor, Ignored(other, asked.withdrawn)),)


def _notify(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    asked = cast(SetNotify, request)
    refusal = _strange(room, actor)
    if refusal is not None:
        return refusal
    if room.personal.notify.get(asked.room, Level.ALL) is asked.level:
        return ()
    more = asked.level is not Level.ALL and asked.room not in room.personal.notify
    if more and len(room.personal.notify) >= circumstances.limits.markers_max:
        return Refusal(Code.LIST_FULL)
    return (draft(actor, NotifySet(asked.room, asked.level)),)


def _profile(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    asked = cast(SetProfile, request)
    refusal = _strange(room, actor)
    if refusal is not None:
        return refusal
    real_name = None
    if asked.real_name is not None:
        written = one_line(asked.real_name, bytes_max=circumstances.limits.real_name_bytes_max)
        if isinstance(written, Refusal):
            return written
        real_name = None if written == room.personal.profile.real_name else written
    before = room.personal.profile
    change = ProfileSet(
        real_name,
        None if asked.bot is before.bot else asked.bot,
        None if asked.invisible is before.invisible else asked.invisible,
        None if asked.unlisted is before.unlisted else asked.unlisted,
        None if asked.accounts_only is before.accounts_only else asked.accounts_only,
    )
    return () if change == ProfileSet() else (draft(actor, change),)


PERSONAL_RULES: dict[type[Write], Callable[[Room, Actor, Write, Circumstances], Verdict]] = {
    MoveMarker: _marker,
    Ignore: _ignore,
    SetNotify: _notify,
    SetProfile: _profile,
}
