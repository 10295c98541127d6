"""What may happen: a request, judged on the room as it is, becomes drafts or a refusal.

Nothing here reads a clock, a store or a session. Whoever replays a log through `decide` finds that every entry in it
was allowed when it was kept; the simulator does so.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import msgspec

from besedka.chat.entries import (
    Body,
    Draft,
    Kind,
    Manner,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoomName,
    TopicSet,
    Way,
)
from besedka.chat.principals import SERVER, Actor, PrincipalId, is_account
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Leave, Say, SetTopic, Tell, Write
from besedka.chat.rooms import Room, reading
from besedka.chat.text import message_text, topic_text
from besedka.limits import Limits

Verdict = tuple[Draft, ...] | Refusal
"""Drafts for the room that was judged, in order; an empty tuple where what was asked is already so."""


class Circumstances(msgspec.Struct, frozen=True):
    """What a rule needs to know beside the room and whoever asks."""

    limits: Limits
    room_name: RoomName = RoomName("")
    """What a room would be called that this request opens."""
    other: Person | None = None
    """Whom a direct message is for."""
    rooms_joined: int = 0
    """How many rooms the actor is in."""
    other_rooms_joined: int = 0
    """How many the other is in; looked at where a direct room is opened."""


def decide(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    """What `request` becomes in `room`, which is `Room(id)` with head 0 where there is none yet."""
    rule = _RULES[type(request)]
    return rule(room, actor, request, circumstances)


def _absent(room: Room, actor: Actor) -> Refusal | None:
    """Why somebody may not act in a room at all: what is hidden is not there for those outside (P7)."""
    if room.head == 0 or room.archived or room.kind is Kind.INBOX:
        return Refusal(Code.NO_SUCH_ROOM)
    if actor.principal == SERVER or actor.inside:
        return None
    seen = not room.hidden or reading(room, actor.principal, inside=False) is not None
    return Refusal(Code.NOT_A_MEMBER if seen else Code.NO_SUCH_ROOM)


def _message(text: str, manner: Manner, actor: Actor, limits: Limits) -> Message | Refusal:
    if actor.muted:
        return Refusal(Code.MUTED)
    kept = message_text(text, limits=limits)
    return kept if isinstance(kept, Refusal) else Message(kept, manner)


def _draft(actor: Actor, body: Body) -> Draft:
    return Draft(actor.principal, actor.name, body)


def _say(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    say = cast(Say, request)
    message = _absent(room, actor) or _message(say.text, say.manner, actor, circumstances.limits)
    return message if isinstance(message, Refusal) else (_draft(actor, message),)


def _tell(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    tell = cast(Tell, request)
    other = circumstances.other
    if other is None:
        return Refusal(Code.NO_SUCH_PERSON)
    message = _message(tell.text, tell.manner, actor, circumstances.limits)
    if isinstance(message, Refusal):
        return message
    if room.head:
        return (_draft(actor, message),)
    if circumstances.rooms_joined >= circumstances.limits.rooms_per_account_max:
        return Refusal(Code.TOO_MANY_ROOMS)
    if circumstances.other_rooms_joined >= circumstances.limits.rooms_per_account_max:
        return Refusal(Code.PERSON_FULL)
    return (*open_direct(actor, other), _draft(actor, message))


def open_direct(actor: Actor, other: Person) -> tuple[Draft, Draft]:
    """The drafts that open the direct room of two people, or of one with oneself."""
    low, high = sorted((actor.principal, other.principal))
    people = tuple({one.principal: one for one in (Person(actor.principal, actor.name), other)}.values())
    return (
        _draft(actor, Opened(Kind.DIRECT, pair=(low, high))),
        _draft(actor, MembershipChanged(Way.JOINED, people)),
    )


def _join(room: Room, actor: Actor, _request: Write, circumstances: Circumstances) -> Verdict:
    limits = circumstances.limits
    account = is_account(actor.principal)
    if room.archived:
        return Refusal(Code.NO_SUCH_ROOM)
    if actor.inside:
        return ()
    if room.hidden:
        return Refusal(Code.ROOM_NAME_TAKEN)
    if circumstances.rooms_joined >= limits.rooms_per_account_max:
        return Refusal(Code.TOO_MANY_ROOMS)
    if len(room.members) >= limits.members_max:
        return Refusal(Code.ROOM_FULL)
    opening = () if room.head else (_draft(actor, open_public(circumstances.room_name, actor.principal)),)
    if not account:
        return opening
    joined = MembershipChanged(Way.JOINED, (Person(actor.principal, actor.name),))
    return (*opening, _draft(actor, joined))


def open_public(name: RoomName, opener: PrincipalId) -> Opened:
    """How a public room begins: owned by the account (or the server) that opens it, passing where a guest does."""
    return Opened(Kind.PUBLIC, name, None if opener < 0 else opener)


def _leave(room: Room, actor: Actor, _request: Write, _circumstances: Circumstances) -> Verdict:
    absent = _absent(room, actor)
    if absent is not None:
        return absent
    if room.kind is Kind.DIRECT:
        return Refusal(Code.CANNOT_LEAVE)
    if actor.principal not in room.members:
        return ()  # A guest's being there is its session's, not the room's.
    left = MembershipChanged(Way.LEFT, (Person(actor.principal, actor.name),))
    return (_draft(actor, left),)


def _topic(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    absent = _absent(room, actor)
    if absent is not None:
        return absent
    if actor.muted:
        return Refusal(Code.MUTED)
    topic = topic_text(cast(SetTopic, request).topic, limits=circumstances.limits)
    if isinstance(topic, Refusal):
        return topic
    return () if topic == room.topic else (_draft(actor, TopicSet(topic)),)


_RULES: dict[type[Write], Callable[[Room, Actor, Write, Circumstances], Verdict]] = {
    Say: _say,
    Tell: _tell,
    Join: _join,
    Leave: _leave,
    SetTopic: _topic,
}
