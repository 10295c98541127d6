"""What may happen: a request, judged on the room as it is, becomes drafts or a refusal.

Nothing here reads a clock, a store or a session. Whoever replays a log through `decide` finds that every entry in it
was allowed when it was kept; the simulator does so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from besedka.chat.entries import (
    Draft,
    Kind,
    Listing,
    MembershipChanged,
    Opened,
    Person,
    RoomName,
    RoomRole,
    TopicSet,
    Way,
)
from besedka.chat.governance import code_digest
from besedka.chat.governing_rules import GOVERNING_RULES
from besedka.chat.masks import banned, listed
from besedka.chat.permissions import Act, Rank, allowed, rank
from besedka.chat.personal_rules import PERSONAL_RULES
from besedka.chat.principals import Actor, PrincipalId, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Leave, SetTopic, Write
from besedka.chat.room_requests import Open
from besedka.chat.rooms import Room
from besedka.chat.speaking_rules import SPEAKING_RULES, may_speak
from besedka.chat.text import one_line, topic_text
from besedka.chat.verdicts import Circumstances, Verdict, absent, draft

Rule = Callable[[Room, Actor, Write, Circumstances], Verdict]


def decide(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    """What `request` becomes in `room`, which is `Room(id)` with head 0 where there is none yet."""
    rule = _RULES[type(request)]
    return rule(room, actor, request, circumstances)


# Coming and going ------------------------------------------------------------------------------------------------


def _open(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    asked = cast(Open, request)
    if room.head:
        return Refusal(Code.ROOM_NAME_TAKEN)
    if asked.room_kind not in (Kind.PUBLIC, Kind.PRIVATE):
        return Refusal(Code.BAD_VALUE, "room_kind")
    if asked.room_kind is Kind.PRIVATE and not is_account(actor.principal):
        return Refusal(Code.ACCOUNT_NEEDED)
    if circumstances.rooms_joined >= circumstances.limits.rooms_per_account_max:
        return Refusal(Code.TOO_MANY_ROOMS)
    topic = topic_text(asked.topic, limits=circumstances.limits)
    if isinstance(topic, Refusal):
        return topic
    drafts = (draft(actor, open_room(circumstances.room_name, actor.principal, asked.room_kind)), *_joined(actor))
    return (*drafts, draft(actor, TopicSet(topic))) if topic else drafts


def _join(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    if room.archived:
        return Refusal(Code.NO_SUCH_ROOM)
    if actor.inside:
        return ()
    if circumstances.rooms_joined >= circumstances.limits.rooms_per_account_max and _may_know(room, actor):
        return Refusal(Code.TOO_MANY_ROOMS)
    if not room.head:
        return (draft(actor, open_room(circumstances.room_name, actor.principal, Kind.PUBLIC)), *_joined(actor))
    kept_out = _kept_out(room, actor, cast(Join, request), circumstances)
    return kept_out or _joined(actor)


def _joined(actor: Actor) -> tuple[Draft, ...]:
    """That somebody is a member now. A guest's being there is its session's, and no entry."""
    if not is_account(actor.principal):
        return ()
    return (draft(actor, MembershipChanged(Way.JOINED, (Person(actor.principal, actor.name),))),)


def _kept_out(room: Room, actor: Actor, join: Join, circumstances: Circumstances) -> Refusal | None:
    """Why somebody may not join a room that there is. Of a hidden one they learn that its name is taken."""
    now, settings = circumstances.now, room.governance.settings
    invited = _is_invited(room, actor, join, now)
    owns = actor.principal == room.owner
    if room.hidden and not invited and not owns:
        return Refusal(Code.ROOM_NAME_TAKEN)
    if not is_account(actor.principal) and room.kind is not Kind.PUBLIC:
        return Refusal(Code.ACCOUNT_NEEDED)
    if not owns and rank(room, actor) is not Rank.ADMIN:
        if banned(room, actor, now):
            return Refusal(Code.BANNED_HERE)
        if settings.invite_only and not invited:
            return Refusal(Code.INVITATION_ONLY)
        if settings.key and join.key != settings.key:
            return Refusal(Code.WRONG_KEY)
        if settings.members_max and len(room.members) >= settings.members_max:
            return Refusal(Code.ROOM_FULL)
    return Refusal(Code.ROOM_FULL) if len(room.members) >= circumstances.limits.members_max else None


def _may_know(room: Room, actor: Actor) -> bool:
    """Whether a refusal may say more than that a name is taken."""
    return not room.hidden or actor.principal == room.owner or actor.principal in room.governance.invited


def _is_invited(room: Room, actor: Actor, join: Join, now: int) -> bool:
    governance = room.governance
    if actor.principal in governance.invited or listed(room, Listing.INVITE_EXCEPTION, actor, now):
        return True
    in_force = governance.code != "" and now < governance.code_until
    return in_force and code_digest(join.code) == governance.code


def open_room(name: RoomName, opener: PrincipalId, kind: Kind) -> Opened:
    """How a room begins: owned by the account (or the server) that opens it, passing where a guest does."""
    return Opened(kind, name, None if opener < 0 else opener)


def _leave(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    refusal = absent(room, actor)
    if refusal is not None:
        return refusal
    if room.kind is Kind.DIRECT:
        return Refusal(Code.CANNOT_LEAVE)
    member = room.members.get(actor.principal)
    if member is None:
        return ()  # A guest's being there is its session's, not the room's.
    owners = sum(one.role is RoomRole.OWNER for one in room.members.values()) if member.role is RoomRole.OWNER else 0
    if owners == 1 and len(room.members) > 1:
        return Refusal(Code.LAST_OWNER)
    reason = one_line(cast(Leave, request).reason, bytes_max=circumstances.limits.reason_bytes_max)
    if isinstance(reason, Refusal):
        return reason
    return (draft(actor, MembershipChanged(Way.LEFT, (Person(actor.principal, actor.name),), reason)),)


def _topic(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    refusal = absent(room, actor)
    if refusal is not None:
        return refusal
    if room.kind is Kind.DIRECT:
        refusal = Refusal(Code.MUTED) if actor.muted else None
    else:
        refusal = allowed(room, actor, Act.SET_TOPIC) or may_speak(room, actor, circumstances)
    if refusal is not None:
        return refusal
    topic = topic_text(cast(SetTopic, request).topic, limits=circumstances.limits)
    if isinstance(topic, Refusal):
        return topic
    return () if topic == room.topic else (draft(actor, TopicSet(topic)),)


_RULES: dict[type[Write], Rule] = {
    Open: _open,
    Join: _join,
    Leave: _leave,
    SetTopic: _topic,
    **SPEAKING_RULES,
    **GOVERNING_RULES,
    **PERSONAL_RULES,
}
