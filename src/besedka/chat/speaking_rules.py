"""Who may say what: messages, and what is done to messages afterwards."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import cast

from besedka.chat.entries import (
    Draft,
    Edited,
    Entry,
    Kind,
    Manner,
    MembershipChanged,
    Message,
    Opened,
    Person,
    Reacted,
    Redacted,
    Tagged,
    Way,
)
from besedka.chat.masks import banned, muted
from besedka.chat.mentions import calls_everybody, may_call, mentioned
from besedka.chat.permissions import Act, Rank, allowed, least_rank, rank
from besedka.chat.principals import SERVER, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Edit, React, Redact, Say, Spoken, Tell, Write
from besedka.chat.rooms import Room, reading
from besedka.chat.text import message_text, one_line
from besedka.chat.verdicts import Circumstances, Verdict, absent, draft, unknown

_CTCP = "\x01"
_ACTION = "\x01ACTION "


def may_speak(room: Room, actor: Actor, circumstances: Circumstances) -> Refusal | None:
    """Why somebody may not be heard in a room they know of; None if they may.

    Administrators are heard where they are, like everybody; only the server speaks from outside.
    """
    governance = room.governance
    if not actor.inside and governance.settings.members_only and actor.principal != SERVER:
        return Refusal(Code.NOT_A_MEMBER)
    if actor.muted:
        return Refusal(Code.MUTED)
    if not governance.listed and not governance.settings.moderated:
        return None  # The hot path: nothing else asks for more than being here.
    here = rank(room, actor)
    if here < Rank.VOICED:
        if muted(room, actor, circumstances.now):
            return Refusal(Code.MUTED_HERE)
        if banned(room, actor, circumstances.now):
            return Refusal(Code.BANNED_HERE)
    return None if here >= least_rank(room, Act.SPEAK) else Refusal(Code.MODERATED)


def _too_soon(room: Room, actor: Actor, circumstances: Circumstances) -> Refusal | None:
    spoke = room.spoke(actor.principal)
    left = spoke + room.governance.settings.slow_seconds * 1000 - circumstances.now
    if not spoke or left <= 0 or rank(room, actor) >= Rank.VOICED:
        return None
    return Refusal(Code.SLOW_MODE, str(-(-left // 1000)))


def _said(
    room: Room, actor: Actor, spoken: Spoken, circumstances: Circumstances, reply: int
) -> Message | Tagged | Refusal:
    limits = circumstances.limits
    if spoken.tags and not spoken.text:
        return _bad_tags(spoken.tags, limits.tags_bytes_max) or Tagged(spoken.tags)
    text = message_text(spoken.text, limits=limits)
    if isinstance(text, Refusal):
        return text
    breaks, tags = spoken.breaks, spoken.tags
    if breaks or tags or room.governance.settings.no_ctcp:
        refusal = _unwanted_query(room, text) or _bad_breaks(breaks, text) or _bad_tags(tags, limits.tags_bytes_max)
        if refusal is not None:
            return refusal
    if not may_call(text) or spoken.manner is Manner.NOTED:
        return Message(text, spoken.manner, reply, (), False, breaks, tags)
    everybody = calls_everybody(text) and allowed(room, actor, Act.CALL_ROOM) is None
    called = mentioned(room, text, actor.principal, at_most=limits.mentions_max, nicks=circumstances.nicks)
    return Message(text, spoken.manner, reply, called, everybody, breaks, tags)


def _unwanted_query(room: Room, text: str) -> Refusal | None:
    unwanted = room.governance.settings.no_ctcp and text.startswith(_CTCP) and not text.startswith(_ACTION)
    return Refusal(Code.NO_CTCP) if unwanted else None


def _bad_breaks(breaks: tuple[int, ...], text: str) -> Refusal | None:
    if not breaks:
        return None
    growing = all(one < other for one, other in pairwise(breaks))
    return None if growing and breaks[0] > 0 and breaks[-1] < len(text) else Refusal(Code.BAD_VALUE, "breaks")


def _bad_tags(tags: tuple[tuple[str, str], ...], bytes_max: int) -> Refusal | None:
    try:
        # Each with its "=", and a ";" between them (IRCv3 message-tags, "Size limit").
        size = sum(len(key.encode()) + len(value.encode()) + 2 for key, value in tags) - 1
    except UnicodeEncodeError:
        return Refusal(Code.BAD_VALUE, "tags")
    whole = all(key and not set(key) & set(" ;=\r\n\0") and "\0" not in value for key, value in tags)
    return None if whole and size <= bytes_max else Refusal(Code.BAD_VALUE, "tags")


def _say(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    say: Say = request  # type: ignore[assignment]  # As the table below says; a cast here costs each message.
    refusal = unknown(room, actor) or may_speak(room, actor, circumstances)
    if refusal is None and room.governance.settings.slow_seconds:
        refusal = _too_soon(room, actor, circumstances)
    if refusal is not None:
        return refusal
    if say.reply and _message_of(room, actor, circumstances.target, say.reply) is None:
        return Refusal(Code.NO_SUCH_MESSAGE)
    said = _said(room, actor, say, circumstances, say.reply)
    return said if isinstance(said, Refusal) else (draft(actor, said),)


def _tell(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    tell = cast(Tell, request)
    other = circumstances.other
    if other is None:
        return Refusal(Code.NO_SUCH_PERSON)
    if actor.muted:
        return Refusal(Code.MUTED)
    said = _said(room, actor, tell, circumstances, 0)
    if isinstance(said, Refusal):
        return said
    if room.head:
        return (draft(actor, said),)
    if circumstances.unwelcome:
        return Refusal(Code.NOT_WELCOME)
    if circumstances.rooms_joined >= circumstances.limits.rooms_per_account_max:
        return Refusal(Code.TOO_MANY_ROOMS)
    if circumstances.other_rooms_joined >= circumstances.limits.rooms_per_account_max:
        return Refusal(Code.PERSON_FULL)
    return (*open_direct(actor, other), draft(actor, said))


def open_direct(actor: Actor, other: Person) -> tuple[Draft, Draft]:
    """The drafts that open the direct room of two people, or of one with oneself."""
    low, high = sorted((actor.principal, other.principal))
    people = tuple({one.principal: one for one in (Person(actor.principal, actor.name), other)}.values())
    return (
        draft(actor, Opened(Kind.DIRECT, pair=(low, high))),
        draft(actor, MembershipChanged(Way.JOINED, people)),
    )


def may_say_aside(room: Room, actor: Actor, circumstances: Circumstances, text: str | None) -> Refusal | None:
    """Why somebody may not say something that is told and not kept; it is held to what a message is held to.

    `text` is what it says, None where only a program has something to say to others.
    """
    refusal = unknown(room, actor) or may_speak(room, actor, circumstances)
    if refusal is None and room.governance.settings.slow_seconds and text is not None:
        refusal = _too_soon(room, actor, circumstances)
    if refusal is None and room.governance.settings.no_ctcp and text is not None:
        refusal = _unwanted_query(room, text)
    return refusal


# Afterwards ------------------------------------------------------------------------------------------------------


def _seen(room: Room, actor: Actor, target: Entry | None, number: int) -> Message | None:
    """The message, or the mark that one has left, that an entry is; None where the actor may not read it."""
    if target is None or target.number != number or not isinstance(target.body, Message):
        return None
    readable = reading(room, actor.principal, inside=actor.inside)
    if readable is None or not max(readable.first, room.floor) <= number <= (readable.last or room.head):
        return None
    return target.body


def _message_of(room: Room, actor: Actor, target: Entry | None, number: int) -> Message | None:
    """The message an entry is, if the actor may read it and its words are still there."""
    message = _seen(room, actor, target, number)
    return None if message is None or message.redacted else message


def _is_gone(room: Room, actor: Actor, target: Entry | None, number: int) -> bool:
    """Whether somebody here sees that the words are taken away already."""
    message = _seen(room, actor, target, number) if actor.inside else None
    return message is not None and message.redacted > 0


def _mend(room: Room, actor: Actor, circumstances: Circumstances, number: int) -> Message | Refusal:
    """The message that somebody may edit or redact."""
    refusal = absent(room, actor)
    if refusal is not None:
        return refusal
    message = _message_of(room, actor, circumstances.target, number)
    if message is None or circumstances.target is None:
        return Refusal(Code.NO_SUCH_MESSAGE)
    own = circumstances.target.author == actor.principal
    return allowed(room, actor, Act.MEND_OWN if own else Act.MEND_OTHERS) or message


def _edit(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    edit = cast(Edit, request)
    before = _mend(room, actor, circumstances, edit.number)
    if isinstance(before, Refusal):
        return before
    refusal = may_speak(room, actor, circumstances)
    text = message_text(edit.text, limits=circumstances.limits)
    if refusal is not None or isinstance(text, Refusal):
        return refusal or cast(Refusal, text)
    refusal = _unwanted_query(room, text)
    if refusal is not None:
        return refusal
    if text == before.text:
        return ()
    target = cast(Entry, circumstances.target)
    called: tuple[PrincipalId, ...] = ()
    if before.manner is not Manner.NOTED:
        limits, nicks = circumstances.limits, circumstances.nicks
        called = mentioned(room, text, target.author, at_most=limits.mentions_max, nicks=nicks)
    author = None if target.author == actor.principal else Person(target.author, target.name)
    return (draft(actor, Edited(edit.number, text, called, author)),)


def _redact(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    redact = cast(Redact, request)
    if _is_gone(room, actor, circumstances.target, redact.number):
        return ()
    message = _mend(room, actor, circumstances, redact.number)
    if isinstance(message, Refusal):
        return message
    heard = may_speak(room, actor, circumstances) is None  # Whoever may not speak takes it away without a word.
    reason = one_line(redact.reason if heard else "", bytes_max=circumstances.limits.reason_bytes_max)
    if isinstance(reason, Refusal):
        return reason
    target = cast(Entry, circumstances.target)
    return (draft(actor, Redacted(redact.number, Person(target.author, target.name), reason)),)


def _react(room: Room, actor: Actor, request: Write, circumstances: Circumstances) -> Verdict:
    react = cast(React, request)
    refusal = absent(room, actor) or may_speak(room, actor, circumstances)
    if refusal is not None:
        return refusal
    if _message_of(room, actor, circumstances.target, react.number) is None:
        return Refusal(Code.NO_SUCH_MESSAGE)
    reaction = one_line(react.reaction, bytes_max=circumstances.limits.reaction_bytes_max)
    if isinstance(reaction, Refusal):
        return reaction
    if not reaction.strip():
        return Refusal(Code.EMPTY_TEXT)
    if circumstances.reacted is not react.withdrawn:
        return ()
    if not react.withdrawn and circumstances.reactions >= circumstances.limits.reactions_per_message_max:
        return Refusal(Code.LIST_FULL)
    return (draft(actor, Reacted(react.number, reaction, react.withdrawn)),)


SPEAKING_RULES: dict[type[Write], Callable[[Room, Actor, Write, Circumstances], Verdict]] = {
    Say: _say,
    Tell: _tell,
    Edit: _edit,
    Redact: _redact,
    React: _react,
}
