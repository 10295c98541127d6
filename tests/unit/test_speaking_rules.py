"""Who may say what, and what may be done to it afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from a_room import (
    ANN,
    BOB,
    CARL,
    DORA,
    GUEST,
    NOW,
    ROOM,
    THE_SERVER,
    actor,
    asked,
    bodies,
    direct,
    joined,
    opened,
    refused,
    said,
    standing,
)
from a_room import after as then
from besedka.chat.entries import (
    Edited,
    Entry,
    Kind,
    Listing,
    Manner,
    Mark,
    Marked,
    MembershipChanged,
    Message,
    Person,
    Reacted,
    Redacted,
    RoomRole,
    Tagged,
    TopicSet,
    Way,
)
from besedka.chat.permissions import Act, least_rank, rank
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Edit, Leave, React, Redact, Say, SetTopic, Tell, Write
from besedka.chat.rooms import Room
from besedka.chat.speaking_rules import may_speak
from besedka.chat.verdicts import Circumstances
from besedka.limits import Limits

TEA = opened(Kind.PUBLIC, ANN, BOB, CARL)
SAY = Say(room=ROOM, text="hi")


def spoken(room: Room, who: Person, at: int, text: str = "hi") -> Room:
    return then(room, Message(text), author=who, now=at)


# Being heard -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings", [{}, {"members_only": False}, {"moderated": True}, {"members_only": False, "moderated": True}]
)
@pytest.mark.parametrize("who", [ANN, BOB, CARL, DORA, GUEST])
def test_whoever_may_speak_is_as_much_as_the_table_asks(who: Person, settings: dict[str, Any]) -> None:
    room = then(opened(Kind.PUBLIC, ANN, BOB, CARL, **settings), standing(BOB, voice=True))
    one = actor(who, room, here=who is GUEST)
    heard = may_speak(room, one, Circumstances(Limits())) is None
    assert heard is (rank(room, one) >= least_rank(room, Act.SPEAK))


def test_an_administrator_governs_from_outside_and_speaks_inside() -> None:
    assert refused(asked(DORA, SAY, TEA, admin=True)) is Code.NOT_A_MEMBER
    assert bodies(asked(DORA, SAY, then(TEA, joined(DORA)), admin=True)) == [Message("hi")]
    assert bodies(asked(THE_SERVER, SAY, TEA)) == [Message("hi")]


@pytest.mark.parametrize(("listing", "code"), [(Listing.BAN, Code.BANNED_HERE), (Listing.MUTE, Code.MUTED_HERE)])
def test_whoever_is_banned_or_muted_inside_is_not_heard_without_a_voice(listing: Listing, code: Code) -> None:
    room = then(TEA, Marked(Mark(listing, "*!*@*", until=NOW + 5)))
    requests: list[Write] = [
        SAY,
        Edit(room=ROOM, number=2, text="ho"),
        React(room=ROOM, number=2, reaction="+1"),
        SetTopic(room=ROOM, topic="x"),
    ]
    for request in requests:
        assert refused(asked(BOB, request, room, target=said(2))) is code
        assert len(bodies(asked(BOB, request, room, target=said(2), now=NOW + 5))) == 1
        assert len(bodies(asked(BOB, request, then(room, standing(BOB, voice=True)), target=said(2)))) == 1
    assert len(bodies(asked(BOB, Redact(room=ROOM, number=2), room, target=said(2)))) == 1, "one's own goes always"
    assert len(bodies(asked(ANN, SAY, room))) == 1


def test_whoever_is_not_heard_leaves_without_a_word() -> None:
    leave = Leave(room=ROOM, reason="bye")
    left = MembershipChanged(Way.LEFT, (BOB,))
    assert bodies(asked(BOB, leave, TEA)) == [MembershipChanged(Way.LEFT, (BOB,), "bye")]
    assert bodies(asked(BOB, leave, TEA, muted=True)) == [left]
    assert bodies(asked(BOB, leave, then(TEA, Marked(Mark(Listing.MUTE, "bob", BOB.principal))))) == [left]
    assert bodies(asked(BOB, leave, opened(Kind.PUBLIC, ANN, BOB, moderated=True))) == [left]


# Slow mode -------------------------------------------------------------------------------------------------------

SLOW = opened(Kind.PUBLIC, ANN, BOB, slow_seconds=30)
SPOKE = NOW + 1000


def test_in_slow_mode_a_member_waits_between_two_messages() -> None:
    room = spoken(SLOW, BOB, SPOKE)
    assert asked(BOB, SAY, room, now=SPOKE + 29_001) == Refusal(Code.SLOW_MODE, "1")
    assert asked(BOB, SAY, room, now=SPOKE + 1) == Refusal(Code.SLOW_MODE, "30")
    assert bodies(asked(BOB, SAY, room, now=SPOKE + 30_000)) == [Message("hi")]
    assert bodies(asked(ANN, SAY, spoken(room, ANN, SPOKE), now=SPOKE + 1)) == [Message("hi")]
    assert bodies(asked(BOB, SAY, then(room, standing(BOB, voice=True)), now=SPOKE + 1)) == [Message("hi")]
    edit = Edit(room=ROOM, number=4, text="ho")
    assert len(bodies(asked(BOB, edit, room, now=SPOKE + 1, target=said(4)))) == 1, "mending is not speaking again"


def test_a_guest_waits_too_and_so_does_whoever_leaves_and_comes_back() -> None:
    room = spoken(SLOW, GUEST, SPOKE)
    assert refused(asked(GUEST, SAY, room, here=True, now=SPOKE + 1)) is Code.SLOW_MODE
    room = then(spoken(SLOW, BOB, SPOKE), MembershipChanged(Way.LEFT, (BOB,)), joined(BOB))
    assert refused(asked(BOB, SAY, room, now=SPOKE + 1)) is Code.SLOW_MODE
    assert len(bodies(asked(BOB, SAY, room, now=SPOKE + 30_000))) == 1


def test_nothing_is_remembered_of_who_spoke_where_nobody_waits() -> None:
    room = spoken(spoken(TEA, BOB, SPOKE), GUEST, SPOKE)
    assert (room.spoke(BOB.principal), room.spoke(GUEST.principal), len(room.governance.guests)) == (0, 0, 0)


# What a message is -----------------------------------------------------------------------------------------------


def message(room: Room, text: str, who: Person = BOB, **more: Any) -> Message:
    (body,) = bodies(asked(who, Say(room=ROOM, text=text, **more), room))
    assert isinstance(body, Message)
    return body


def test_mentions_are_of_members_and_a_note_has_none() -> None:
    assert message(TEA, "@ann @carl @dora").mentions == (ANN.principal, CARL.principal)
    noted = message(TEA, "@ann @room", ANN, manner=Manner.NOTED)
    assert (noted.mentions, noted.calls_room) == ((), False)


def test_moderators_call_the_room_and_others_only_say_so() -> None:
    assert message(TEA, "@room", ANN).calls_room
    assert not message(TEA, "@room", BOB).calls_room
    assert message(then(TEA, standing(BOB, RoomRole.MODERATOR)), "@room", BOB).calls_room
    assert not message(direct(ANN, BOB), "@room", BOB).calls_room
    assert message(direct(ANN, BOB), "@ann", BOB).mentions == (ANN.principal,)


@pytest.mark.parametrize("breaks", [(0,), (2,), (3, 3), (3, 1), (9,)])
def test_breaks_lie_inside_and_grow(breaks: tuple[int, ...]) -> None:
    text = "hé" if breaks == (2,) else "abcde"
    request = Say(room=ROOM, text=text, breaks=breaks)
    assert asked(BOB, request, TEA) == Refusal(Code.BAD_VALUE, "breaks")


def test_breaks_and_tags_are_kept_as_they_are() -> None:
    kept = message(TEA, "abc", breaks=(1, 2), tags=(("+x/y", "a b\n;"), ("k", "")))
    assert (kept.breaks, kept.tags) == ((1, 2), (("+x/y", "a b\n;"), ("k", "")))


@pytest.mark.parametrize(
    "tags",
    [
        (("", "x"),),
        (("a b", "x"),),
        (("a=b", "x"),),
        (("a;b", "x"),),
        (("a\n", "x"),),
        (("a", "\0"),),
        (("a", "\ud800"),),
        (("a", "x" * 4093),),
    ],
)
def test_tags_that_cannot_be(tags: tuple[tuple[str, str], ...]) -> None:
    assert asked(BOB, Say(room=ROOM, text="hi", tags=tags), TEA) == Refusal(Code.BAD_VALUE, "tags")


def test_a_room_may_take_no_queries_neither_said_nor_edited_in() -> None:
    room = opened(Kind.PUBLIC, ANN, BOB, no_ctcp=True)
    for text in ("\x01VERSION\x01", "\x01action waves\x01", "\x01"):
        assert refused(asked(BOB, Say(room=ROOM, text=text), room)) is Code.NO_CTCP
        edit = Edit(room=ROOM, number=2, text=text)
        assert refused(asked(BOB, edit, room, target=said(2))) is Code.NO_CTCP
        assert message(TEA, text).text == text
    assert message(room, "\x01ACTION waves\x01").text == "\x01ACTION waves\x01"
    assert message(room, "not \x01").text == "not \x01"


# Pointing at messages --------------------------------------------------------------------------------------------

CLOSED = then(opened(Kind.PRIVATE, ANN), Message("early"), joined(BOB), Message("late"))


@pytest.mark.parametrize(
    ("who", "target", "found"),
    [
        (BOB, said(5, author=ANN), True),
        (BOB, said(3, author=ANN), False),
        (ANN, said(3, author=ANN), True),
        (BOB, None, False),
        (BOB, said(4), False),
        (BOB, Entry(5, NOW, ANN.principal, ANN.name, TopicSet("x")), False),
        (BOB, said(5, "", redacted=6), False),
    ],
)
def test_a_message_is_pointed_at_by_whoever_may_read_it(who: Person, target: Entry | None, found: bool) -> None:
    at = 3 if target is not None and target.number == 3 else 5
    for request in (Say(room=ROOM, text="hi", reply=at), React(room=ROOM, number=at, reaction="+1")):
        verdict = asked(who, request, CLOSED, target=target)
        assert refused(verdict) is (None if found else Code.NO_SUCH_MESSAGE)


def test_what_is_pruned_is_not_pointed_at() -> None:
    pruned = Room(ROOM, head=9, floor=6, members=TEA.members, named=TEA.named)
    assert refused(asked(BOB, Say(room=ROOM, text="hi", reply=5), pruned, target=said(5))) is Code.NO_SUCH_MESSAGE
    assert len(bodies(asked(BOB, Say(room=ROOM, text="hi", reply=6), pruned, target=said(6)))) == 1


def test_an_outsider_who_may_speak_still_reads_nothing() -> None:
    room = opened(Kind.PUBLIC, ANN, members_only=False)
    assert bodies(asked(BOB, SAY, room)) == [Message("hi")]
    assert refused(asked(BOB, Say(room=ROOM, text="hi", reply=2), room, target=said(2))) is Code.NO_SUCH_MESSAGE
    assert refused(asked(BOB, Edit(room=ROOM, number=3, text="ho"), room, target=said(3))) is Code.NOT_A_MEMBER


# Mending ---------------------------------------------------------------------------------------------------------


def test_an_edit_of_ones_own_and_of_anothers() -> None:
    request = Edit(room=ROOM, number=2, text="@ann e\u0301")
    own, others = said(2), said(2, author=CARL)
    assert bodies(asked(BOB, request, TEA, target=own)) == [Edited(2, "@ann é", (ANN.principal,))]
    assert refused(asked(BOB, request, TEA, target=others)) is Code.NOT_ALLOWED
    assert bodies(asked(ANN, request, TEA, target=own)) == [Edited(2, "@ann é", (ANN.principal,), BOB)]
    assert refused(asked(ANN, request, direct(ANN, BOB), target=own)) is Code.NOT_ALLOWED
    assert asked(BOB, Edit(room=ROOM, number=2, text="hi"), TEA, target=own) == (), "it says so already"
    noted = said(2, manner=Manner.NOTED)
    assert bodies(asked(BOB, request, TEA, target=noted)) == [Edited(2, "@ann é")]


@pytest.mark.parametrize(
    ("text", "more", "code"),
    [
        ("", {}, Code.EMPTY_TEXT),
        ("x" * 4097, {}, Code.TEXT_LONG),
        ("a\0", {}, Code.BAD_TEXT),
        ("ho", {"muted": True}, Code.MUTED),
        ("ho", {"target": None}, Code.NO_SUCH_MESSAGE),
        ("ho", {"target": said(2, "", redacted=3)}, Code.NO_SUCH_MESSAGE),
    ],
)
def test_no_edit(text: str, more: dict[str, Any], code: Code) -> None:
    known = {"target": said(2)} | more
    assert refused(asked(BOB, Edit(room=ROOM, number=2, text=text), TEA, **known)) is code


def test_a_redaction_says_whose_it_was_and_a_second_one_is_nothing_to_those_who_see_the_mark() -> None:
    request = Redact(room=ROOM, number=2, reason="loud")
    assert bodies(asked(ANN, request, TEA, target=said(2))) == [Redacted(2, BOB, "loud")]
    assert bodies(asked(BOB, request, TEA, target=said(2))) == [Redacted(2, BOB, "loud")]
    assert refused(asked(CARL, request, TEA, target=said(2))) is Code.NOT_ALLOWED
    gone = said(2, "", redacted=3)
    assert asked(CARL, request, TEA, target=gone) == ()
    assert refused(asked(BOB, request, CLOSED, target=gone)) is Code.NO_SUCH_MESSAGE, "from before he came"
    assert refused(asked(DORA, request, TEA, target=gone)) is Code.NOT_A_MEMBER
    assert refused(asked(ANN, Redact(room=ROOM, number=2, reason="a\nb"), TEA, target=said(2))) is Code.BAD_TEXT


@pytest.mark.parametrize(
    ("room", "more"),
    [(TEA, {"muted": True}), (opened(Kind.PUBLIC, ANN, BOB, CARL, moderated=True), {})],
    ids=["muted", "moderated"],
)
def test_whoever_may_not_speak_takes_words_back_without_a_word(room: Room, more: dict[str, Any]) -> None:
    request = Redact(room=ROOM, number=2, reason="hear me")
    assert bodies(asked(BOB, request, room, target=said(2), **more)) == [Redacted(2, BOB)]


def test_tags_without_a_text_are_kept_and_are_no_message() -> None:
    tags = (("+draft/persist", ""), ("+a/b", "c"))
    assert bodies(asked(BOB, Say(room=ROOM, text="", tags=tags), TEA)) == [Tagged(tags)]
    assert bodies(asked(BOB, Tell(name="ann", text="", tags=tags), TEA, other=ANN)) == [Tagged(tags)]
    assert refused(asked(BOB, Say(room=ROOM, text=""), TEA)) is Code.EMPTY_TEXT
    assert refused(asked(BOB, Say(room=ROOM, text="", tags=(("a b", ""),)), TEA)) is Code.BAD_VALUE
    assert refused(asked(DORA, Say(room=ROOM, text="", tags=tags), TEA)) is Code.NOT_A_MEMBER
    slow = opened(Kind.PUBLIC, ANN, BOB, CARL, slow_seconds=9)
    once = then(slow, Tagged(tags), author=BOB)
    assert refused(asked(BOB, Say(room=ROOM, text="", tags=tags), once)) is Code.SLOW_MODE


# Reacting --------------------------------------------------------------------------------------------------------


def test_a_reaction_is_put_once_and_taken_back_once() -> None:
    put, back = (React(room=ROOM, number=2, reaction="e\u0301", withdrawn=one) for one in (False, True))
    assert bodies(asked(CARL, put, TEA, target=said(2))) == [Reacted(2, "é")]
    assert asked(CARL, put, TEA, target=said(2), reacted=True) == ()
    assert bodies(asked(CARL, back, TEA, target=said(2), reacted=True)) == [Reacted(2, "é", withdrawn=True)]
    assert asked(CARL, back, TEA, target=said(2)) == ()


@pytest.mark.parametrize(
    ("reaction", "code"),
    [("", Code.EMPTY_TEXT), (" ", Code.EMPTY_TEXT), ("a\nb", Code.BAD_TEXT), ("☕" * 22, Code.TEXT_LONG)],
)
def test_no_reaction(reaction: str, code: Code) -> None:
    assert refused(asked(CARL, React(room=ROOM, number=2, reaction=reaction), TEA, target=said(2))) is code


def test_reactions_to_one_message_are_bounded() -> None:
    put, back = (React(room=ROOM, number=2, reaction="+1", withdrawn=one) for one in (False, True))
    assert refused(asked(CARL, put, TEA, target=said(2), reactions=500)) is Code.LIST_FULL
    assert len(bodies(asked(CARL, put, TEA, target=said(2), reactions=499))) == 1
    assert len(bodies(asked(CARL, back, TEA, target=said(2), reactions=500, reacted=True))) == 1


# Conversations of two --------------------------------------------------------------------------------------------


def test_whoever_is_ignored_begins_no_conversation_and_goes_on_with_one() -> None:
    tell = Tell(name="ann", text="hi")
    assert refused(asked(BOB, tell, Room(ROOM), other=ANN, unwelcome=True)) is Code.NOT_WELCOME
    assert bodies(asked(BOB, tell, direct(ANN, BOB), other=ANN, unwelcome=True)) == [Message("hi")]


def test_one_talks_with_oneself_and_calls_nobody() -> None:
    assert bodies(asked(ANN, Tell(name="ann", text="@ann tea"), direct(ANN, ANN), other=ANN)) == [Message("@ann tea")]


@given(
    st.sampled_from(
        [
            SAY,
            SetTopic(room=ROOM, topic="x"),
            Leave(room=ROOM),
            Edit(room=ROOM, number=2, text="x"),
            Redact(room=ROOM, number=2),
            React(room=ROOM, number=2, reaction="x"),
        ]
    ),
    st.booleans(),
)
def test_a_hidden_room_and_none_are_alike_to_an_outsider(request: Write, admin: bool) -> None:
    hidden = opened(Kind.PUBLIC, ANN, hidden=True, members_only=False, moderated=True)
    there = asked(BOB, request, hidden, admin=admin, target=said(2))
    assert there == asked(BOB, request, Room(ROOM), admin=admin) == Refusal(Code.NO_SUCH_ROOM)
