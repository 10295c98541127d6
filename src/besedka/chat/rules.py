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
from besedka.chat.verdicts import Circumstances, Verdict, absent, draft, last_owner

Rule = Callable[[Room, Actor, Write, Circumstances], Verdict]


def decide(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    """What `request` becomes in `room`, which is `Room(id)` with head 0 where there is none yet."""
    rule = _RULES[type(request)]
    return rule(room, actor, request, circumstances)


def carried_over(room: Room, actor: Actor, guest: Person, circumstances: Circumstances) -> tuple[Draft, ...]:
    """What becomes of a guest in a room when it logs in as `actor`: a member, unless it is banned or in too many.

    It was let in already, so neither a key nor an invitation is asked for again.
    """
    too_many = circumstances.rooms_joined >= circumstances.limits.rooms_per_account_max
    if actor.principal in room.members or too_many or banned(room, actor, circumstances.now):
        return ()
    joined = MembershipChanged(Way.JOINED, (Person(actor.principal, actor.name),), guest=guest)
    return (draft(actor, joined),)


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
    if topic and actor.muted:
        return Refusal(Code.MUTED)
    return (*drafts, draft(actor, TopicSet(topic))) if topic else drafts


def _join(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    if room.archived:
        return Refusal(Code.NO_SUCH_ROOM)
    if actor.inside:
        return ()
    kept_out = _kept_out(room, actor, cast(Join, request), circumstances) if room.head else None
    if kept_out is not None:
        return kept_out
    if circumstances.rooms_joined >= circumstances.limits.rooms_per_account_max:
        return Refusal(Code.TOO_MANY_ROOMS)
    if room.head:
        return _joined(actor)
    return (draft(actor, open_room(circumstances.room_name, actor.principal, Kind.PUBLIC)), *_joined(actor))


def _joined(actor: Actor) -> tuple[Draft, ...]:
    """That somebody is a member now. A guest's being there is its session's, and no entry."""
    if not is_account(actor.principal):
        return ()
    return (draft(actor, MembershipChanged(Way.JOINED, (Person(actor.principal, actor.name),))),)


def _kept_out(room: Room, actor: Actor, join: Join, circumstances: Circumstances) -> Refusal | None:
    """Why somebody may not join a room that there is.

    Of a hidden one whoever is neither invited nor its owner learns that its name is taken and nothing else, former
    members too: it may bear that name since they left.
    """
    invited = _is_invited(room, actor, join, circumstances.now)
    owns = actor.principal == room.owner
    refusal = _barred(room, actor, circumstances, key=join.key, invited=invited, owns=owns)
    if refusal is not None and room.hidden and not invited and not owns:
        return Refusal(Code.ROOM_NAME_TAKEN)
    return refusal


def _barred(
    room: Room, actor: Actor, circumstances: Circumstances, *, key: str, invited: bool, owns: bool
) -> Refusal | None:
    settings, inside = room.governance.settings, len(room.members) + circumstances.guests_here
    if not is_account(actor.principal) and room.kind is not Kind.PUBLIC:
        return Refusal(Code.ACCOUNT_NEEDED)
    excused = room.governance.excused.get(actor.principal)
    if not owns and rank(room, actor) is not Rank.ADMIN:
        if banned(room, actor, circumstances.now, since=excused or 0):
            return Refusal(Code.BANNED_HERE)
        if settings.invite_only and not invited:
            return Refusal(Code.INVITATION_ONLY)
        if excused is None and settings.key and key != settings.key:
            return Refusal(Code.WRONG_KEY)
        if excused is None and settings.members_max and inside >= settings.members_max:
            return Refusal(Code.ROOM_FULL)
    return Refusal(Code.ROOM_FULL) if inside >= circumstances.limits.members_max else None


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
    if actor.principal not in room.members:
        return ()  # A guest's being there is its session's, not the room's.
    whom = Person(actor.principal, actor.name)
    reason = one_line(cast(Leave, request).reason, bytes_max=circumstances.limits.reason_bytes_max)
    refusal = last_owner(room, (whom,)) or (reason if isinstance(reason, Refusal) else None)
    if refusal is not None:
        return refusal
    heard = may_speak(room, actor, circumstances) is None  # Whoever may not speak leaves without a word.
    return (draft(actor, MembershipChanged(Way.LEFT, (whom,), cast(str, reason) if heard else "")),)


def _topic(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    refusal = absent(room, actor)
    if refusal is not None:
        return refusal
    refusal = may_speak(room, actor, circumstances) or allowed(room, actor, Act.SET_TOPIC)
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
