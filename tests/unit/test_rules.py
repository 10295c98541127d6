"""Every rule, said as a table: who asks what of which room, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from a_room import NOW, THE_SERVER, direct, opened, standing
from a_room import after as then
from a_room import asked as asked_there
from besedka.chat.entries import (
    Archived,
    Body,
    CodeMade,
    Draft,
    InvitationsChanged,
    Kind,
    Listing,
    Manner,
    Mark,
    Marked,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoomId,
    RoomName,
    RoomRole,
    TopicSet,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.governance import code_digest
from besedka.chat.principals import SERVER, AccountName, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Leave, Say, SetTopic, Tell, Write
from besedka.chat.room_requests import Open
from besedka.chat.rooms import Room
from besedka.chat.rules import decide, open_room
from besedka.chat.speaking_rules import open_direct
from besedka.chat.verdicts import Circumstances, Verdict
from besedka.limits import Limits

LIMITS = Limits(rooms_per_account_max=3, members_max=2)
ROOM = RoomId(9)
ANN = Person(PrincipalId(1), AccountName("ann"))
BOB = Person(PrincipalId(2), AccountName("bob"))
CARL = Person(PrincipalId(3), AccountName("carl"))
GUEST = Person(PrincipalId(-4), AccountName("passer-by"))
SAY, TOPIC = Say(room=ROOM, text="hi"), SetTopic(room=ROOM, topic="green")
JOIN, LEAVE, TELL = Join(name="tea"), Leave(room=ROOM), Tell(name="bob", text="hi")

NOWHERE = Room(RoomId(0))


def made(*bodies: Body) -> Room:
    room = Room(ROOM)
    for body in bodies:
        room = evolve(room, number(room, Draft(SERVER, AccountName("server"), body), 5))
    return room


def joined(*people: Person) -> MembershipChanged:
    return MembershipChanged(Way.JOINED, people)


def left(person: Person) -> MembershipChanged:
    return MembershipChanged(Way.LEFT, (person,))


PUBLIC = made(Opened(Kind.PUBLIC, RoomName("tea"), ANN.principal), joined(ANN))
PRIVATE = made(Opened(Kind.PRIVATE, RoomName("tea"), ANN.principal), joined(ANN))
PRIVATE_LEFT = made(Opened(Kind.PRIVATE, RoomName("tea"), ANN.principal), joined(BOB), left(BOB))
DIRECT = made(Opened(Kind.DIRECT, pair=(ANN.principal, BOB.principal)), joined(ANN, BOB))
INBOX = made(Opened(Kind.INBOX, owner=ANN.principal))
ENDED = made(Opened(Kind.PUBLIC, RoomName("tea")), Archived())


def asked(
    who: Person, request: Write, room: Room, *, muted: bool = False, present: bool = False, **known: Any
) -> Verdict:
    inside = present or who.principal in room.members
    actor = Actor(who.principal, who.name, inside=inside, muted=muted)
    circumstances = Circumstances(LIMITS, room_name=RoomName("tea"), **known)
    return decide(room, actor, request, circumstances)


def refused(verdict: Verdict) -> Code | None:
    return verdict.code if isinstance(verdict, Refusal) else None


def bodies(verdict: Verdict, author: Person) -> list[Body]:
    assert not isinstance(verdict, Refusal)
    assert all((draft.author, draft.name) == (author.principal, author.name) for draft in verdict)
    return [draft.body for draft in verdict]


# Acting in a room ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [SAY, TOPIC, LEAVE])
@pytest.mark.parametrize(
    ("who", "room", "code"),
    [
        (ANN, NOWHERE, Code.NO_SUCH_ROOM),
        (ANN, ENDED, Code.NO_SUCH_ROOM),
        (ANN, INBOX, Code.NO_SUCH_ROOM),
        (BOB, PUBLIC, Code.NOT_A_MEMBER),
        (GUEST, PUBLIC, Code.NOT_A_MEMBER),
        (BOB, PRIVATE, Code.NO_SUCH_ROOM),
        (CARL, DIRECT, Code.NO_SUCH_ROOM),
        (GUEST, DIRECT, Code.NO_SUCH_ROOM),
        (BOB, PRIVATE_LEFT, Code.NOT_A_MEMBER),
        (CARL, PRIVATE_LEFT, Code.NO_SUCH_ROOM),
    ],
)
def test_outside_nothing_can_be_done_and_what_is_hidden_is_not_there(
    request_: Write, who: Person, room: Room, code: Code
) -> None:
    assert refused(asked(who, request_, room)) is code
    assert refused(asked(who, request_, room, muted=True)) is code, "being muted tells nothing about rooms"


@pytest.mark.parametrize("manner", Manner)
@pytest.mark.parametrize(("who", "room"), [(ANN, PUBLIC), (ANN, PRIVATE), (BOB, DIRECT)])
def test_a_member_speaks(who: Person, room: Room, manner: Manner) -> None:
    verdict = asked(who, Say(room=ROOM, text="hi", manner=manner), room)
    assert bodies(verdict, who) == [Message("hi", manner)]


def test_a_guest_speaks_where_it_is_and_the_server_everywhere() -> None:
    assert bodies(asked(GUEST, SAY, PUBLIC, present=True), GUEST) == [Message("hi")]
    server = Person(SERVER, AccountName("server"))
    assert bodies(asked(server, SAY, PRIVATE), server) == [Message("hi")]


def test_a_message_is_kept_as_text_has_it() -> None:
    assert bodies(asked(ANN, Say(room=ROOM, text="e\u0301"), PUBLIC), ANN) == [Message("é")]
    assert refused(asked(ANN, Say(room=ROOM, text=" "), PUBLIC)) is Code.EMPTY_TEXT


@pytest.mark.parametrize("request_", [SAY, TOPIC])
def test_the_muted_are_refused_and_may_still_leave(request_: Write) -> None:
    assert refused(asked(ANN, request_, PUBLIC, muted=True)) is Code.MUTED
    assert bodies(asked(ANN, LEAVE, PUBLIC, muted=True), ANN) == [left(ANN)]


def test_a_topic() -> None:
    assert bodies(asked(ANN, TOPIC, PUBLIC), ANN) == [TopicSet("green")]
    assert refused(asked(ANN, SetTopic(room=ROOM, topic="a\nb"), PUBLIC)) is Code.BAD_TEXT
    assert asked(ANN, SetTopic(room=ROOM, topic=""), PUBLIC) == (), "it is so already"


# Joining ---------------------------------------------------------------------------------------------------------


def test_joining_a_room_that_is_there() -> None:
    assert bodies(asked(BOB, JOIN, PUBLIC), BOB) == [joined(BOB)]


def test_whoever_is_inside_is_inside() -> None:
    assert asked(ANN, JOIN, PUBLIC, rooms_joined=3) == ()
    assert asked(ANN, JOIN, PRIVATE) == ()
    assert asked(GUEST, JOIN, PUBLIC, present=True) == ()


def test_joining_a_room_that_is_not_there_opens_it() -> None:
    opening = Opened(Kind.PUBLIC, RoomName("tea"), BOB.principal)
    assert bodies(asked(BOB, JOIN, NOWHERE), BOB) == [opening, joined(BOB)]


def test_a_guest_opens_a_passing_room_and_is_no_member_of_any() -> None:
    assert bodies(asked(GUEST, JOIN, NOWHERE), GUEST) == [Opened(Kind.PUBLIC, RoomName("tea"), None)]
    assert asked(GUEST, JOIN, PUBLIC) == ()


@pytest.mark.parametrize("who", [BOB, GUEST])
@pytest.mark.parametrize(
    ("room", "rooms_joined", "code"),
    [
        (PRIVATE, 0, Code.ROOM_NAME_TAKEN),
        (PUBLIC, 3, Code.TOO_MANY_ROOMS),
        (NOWHERE, 3, Code.TOO_MANY_ROOMS),
        (made(Opened(Kind.PUBLIC, RoomName("tea")), joined(ANN, CARL)), 0, Code.ROOM_FULL),
        (ENDED, 0, Code.NO_SUCH_ROOM),
    ],
)
def test_no_joining(who: Person, room: Room, rooms_joined: int, code: Code) -> None:
    assert refused(asked(who, JOIN, room, rooms_joined=rooms_joined)) is code


# Leaving ---------------------------------------------------------------------------------------------------------


def test_leaving() -> None:
    assert bodies(asked(ANN, LEAVE, PUBLIC), ANN) == [left(ANN)]
    assert asked(GUEST, LEAVE, PUBLIC, present=True) == (), "a guest's being there is no entry"


def test_a_conversation_is_not_left() -> None:
    assert refused(asked(BOB, LEAVE, DIRECT)) is Code.CANNOT_LEAVE


# Telling one person ----------------------------------------------------------------------------------------------


def test_the_first_word_opens_the_room() -> None:
    verdict = asked(BOB, TELL, NOWHERE, other=ANN)
    assert bodies(verdict, BOB) == [
        Opened(Kind.DIRECT, pair=(PrincipalId(1), PrincipalId(2))),
        joined(BOB, ANN),
        Message("hi"),
    ]


def test_the_next_one_is_said_in_it() -> None:
    assert bodies(asked(BOB, TELL, DIRECT, other=ANN, rooms_joined=3, other_rooms_joined=3), BOB) == [Message("hi")]


def test_people_may_talk_to_themselves() -> None:
    verdict = asked(ANN, TELL, NOWHERE, other=ANN)
    assert bodies(verdict, ANN)[:2] == [Opened(Kind.DIRECT, pair=(PrincipalId(1), PrincipalId(1))), joined(ANN)]


@pytest.mark.parametrize(
    ("request_", "known", "code"),
    [
        (TELL, {"other": None}, Code.NO_SUCH_PERSON),
        (Tell(name="ann", text=""), {"other": ANN}, Code.EMPTY_TEXT),
        (TELL, {"other": ANN, "rooms_joined": 3}, Code.TOO_MANY_ROOMS),
        (TELL, {"other": ANN, "other_rooms_joined": 3}, Code.PERSON_FULL),
    ],
)
def test_no_telling(request_: Write, known: dict[str, Any], code: Code) -> None:
    assert refused(asked(BOB, request_, NOWHERE, **known)) is code


def test_the_muted_tell_nobody() -> None:
    assert refused(asked(BOB, TELL, NOWHERE, muted=True, other=ANN)) is Code.MUTED
    assert refused(asked(BOB, TELL, DIRECT, muted=True, other=ANN)) is Code.MUTED


# What others open ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opener", "owner"), [(ANN.principal, 1), (SERVER, 0), (GUEST.principal, None)])
def test_who_owns_what_they_open(opener: PrincipalId, owner: int | None) -> None:
    assert open_room(RoomName("tea"), opener, Kind.PUBLIC) == Opened(Kind.PUBLIC, RoomName("tea"), owner)  # type: ignore[arg-type]


def test_a_pair_stands_lower_first_whoever_begins() -> None:
    pairs = [open_direct(Actor(one.principal, one.name), other)[0].body for one, other in [(ANN, GUEST), (GUEST, ANN)]]
    assert pairs == [Opened(Kind.DIRECT, pair=(GUEST.principal, ANN.principal))] * 2


# Rooms that are not for everybody --------------------------------------------------------------------------------

CODE = "sesame"
CLOSED = opened(Kind.PRIVATE, ANN)
INVITED = then(CLOSED, InvitationsChanged((BOB,)))
CODED = then(CLOSED, CodeMade(code_digest(CODE), NOW + 5))
EXCEPTED = then(CLOSED, Marked(Mark(Listing.INVITE_EXCEPTION, "b*")))
KEYED = opened(Kind.PUBLIC, ANN, key="rake")
SECRET = opened(Kind.PUBLIC, ANN, key="rake", hidden=True)
BANNING = then(opened(Kind.PUBLIC, ANN), Marked(Mark(Listing.BAN, "*!*@*", until=NOW + 5)))
SMALL = opened(Kind.PUBLIC, ANN, CARL, members_max=2)


@pytest.mark.parametrize(
    ("room", "join", "known", "code"),
    [
        (CLOSED, {}, {}, Code.ROOM_NAME_TAKEN),
        (INVITED, {}, {}, None),
        (CODED, {"code": CODE}, {}, None),
        (CODED, {"code": CODE}, {"now": NOW + 5}, Code.ROOM_NAME_TAKEN),
        (CODED, {"code": "barley"}, {}, Code.ROOM_NAME_TAKEN),
        (CODED, {}, {}, Code.ROOM_NAME_TAKEN),
        (CLOSED, {"code": ""}, {}, Code.ROOM_NAME_TAKEN),
        (EXCEPTED, {}, {}, None),
        (opened(Kind.PRIVATE, ANN, hidden=False), {}, {}, Code.INVITATION_ONLY),
        (opened(Kind.PRIVATE, ANN, hidden=False, invite_only=False), {}, {}, None),
        (KEYED, {}, {}, Code.WRONG_KEY),
        (KEYED, {"key": "Rake"}, {}, Code.WRONG_KEY),
        (KEYED, {"key": "rake"}, {}, None),
        (SECRET, {"key": "spade"}, {}, Code.ROOM_NAME_TAKEN),
        (SECRET, {"key": "rake"}, {}, None),
        (BANNING, {}, {}, Code.BANNED_HERE),
        (BANNING, {}, {"now": NOW + 5}, None),
        (then(BANNING, Marked(Mark(Listing.BAN_EXCEPTION, "bob"))), {}, {}, None),
        (then(BANNING, InvitationsChanged((BOB,))), {}, {}, Code.BANNED_HERE),
        (SMALL, {}, {}, Code.ROOM_FULL),
        (opened(Kind.PUBLIC, ANN, members_max=2), {}, {"guests_here": 1}, Code.ROOM_FULL),
        (opened(Kind.PUBLIC, ANN, members_max=2), {}, {}, None),
        (CODED, {"code": CODE}, {"rooms_joined": 3}, Code.TOO_MANY_ROOMS),
        (EXCEPTED, {}, {"rooms_joined": 3}, Code.TOO_MANY_ROOMS),
        (CLOSED, {}, {"rooms_joined": 3}, Code.ROOM_NAME_TAKEN),
    ],
)
def test_who_may_enter(room: Room, join: dict[str, Any], known: dict[str, Any], code: Code | None) -> None:
    assert refused(asked_there(BOB, Join(name="tea", **join), room, **known)) is code


@pytest.mark.parametrize("room", [KEYED, BANNING, SMALL, opened(Kind.PRIVATE, ANN, hidden=False)])
def test_whose_it_is_enters_their_room_and_administrators_enter_all_they_can_see(room: Room) -> None:
    assert refused(asked_there(ANN, JOIN, then(room, left(ANN)))) is None
    assert refused(asked_there(BOB, JOIN, room, admin=True)) is None
    assert refused(asked_there(BOB, JOIN, SECRET, admin=True)) is Code.ROOM_NAME_TAKEN


def test_a_former_member_learns_no_more_of_a_hidden_room_than_its_name() -> None:
    """It may have been called something else when they left."""
    room = then(CLOSED, joined(BOB), left(BOB))
    assert refused(asked_there(BOB, JOIN, room)) is Code.ROOM_NAME_TAKEN


def test_no_guest_enters_a_private_room() -> None:
    shown = opened(Kind.PRIVATE, ANN, hidden=False, invite_only=False)
    assert refused(asked_there(GUEST, JOIN, shown)) is Code.ACCOUNT_NEEDED
    assert asked_there(GUEST, JOIN, opened(Kind.PUBLIC, ANN)) == ()


# Opening ---------------------------------------------------------------------------------------------------------


def test_opening_a_room_and_saying_what_it_is_about() -> None:
    request = Open(name="tea", room_kind=Kind.PRIVATE, topic="green")
    owned = Opened(Kind.PRIVATE, RoomName("tea"), BOB.principal)
    assert bodies(asked(BOB, request, NOWHERE), BOB) == [owned, joined(BOB), TopicSet("green")]
    guests = bodies(asked(GUEST, Open(name="tea", topic="green"), NOWHERE), GUEST)
    assert guests == [Opened(Kind.PUBLIC, RoomName("tea"), None), TopicSet("green")]
    assert len(bodies(asked(BOB, Open(name="tea"), NOWHERE, muted=True), BOB)) == 2


@pytest.mark.parametrize(
    ("who", "request_", "room", "more", "code"),
    [
        (BOB, Open(name="tea"), PUBLIC, {}, Code.ROOM_NAME_TAKEN),
        (BOB, Open(name="tea"), PRIVATE, {}, Code.ROOM_NAME_TAKEN),
        (ANN, Open(name="tea"), PUBLIC, {}, Code.ROOM_NAME_TAKEN),
        (BOB, Open(name="tea", room_kind=Kind.DIRECT), NOWHERE, {}, Code.BAD_VALUE),
        (BOB, Open(name="tea", room_kind=Kind.INBOX), NOWHERE, {}, Code.BAD_VALUE),
        (GUEST, Open(name="tea", room_kind=Kind.PRIVATE), NOWHERE, {}, Code.ACCOUNT_NEEDED),
        (BOB, Open(name="tea"), NOWHERE, {"rooms_joined": 3}, Code.TOO_MANY_ROOMS),
        (BOB, Open(name="tea", topic="a\nb"), NOWHERE, {}, Code.BAD_TEXT),
        (BOB, Open(name="tea", topic="x"), NOWHERE, {"muted": True}, Code.MUTED),
    ],
)
def test_no_opening(who: Person, request_: Write, room: Room, more: dict[str, Any], code: Code) -> None:
    assert refused(asked(who, request_, room, **more)) is code


# Going, and what it is about -------------------------------------------------------------------------------------


def test_the_last_owner_stays_as_long_as_others_do() -> None:
    room = opened(Kind.PUBLIC, ANN, BOB)
    assert refused(asked_there(ANN, LEAVE, room)) is Code.LAST_OWNER
    assert refused(asked_there(BOB, LEAVE, room)) is None
    assert refused(asked_there(ANN, LEAVE, then(room, left(BOB)))) is None
    assert refused(asked_there(ANN, LEAVE, then(room, standing(BOB, RoomRole.OWNER)))) is None
    lobby = then(opened(Kind.PUBLIC, ANN, BOB, owner=THE_SERVER), standing(ANN, RoomRole.OWNER))
    assert refused(asked_there(ANN, LEAVE, lobby)) is None
    assert refused(asked_there(ANN, Leave(room=ROOM, reason="a\nb"), then(room, left(BOB)))) is Code.BAD_TEXT


def test_a_locked_topic_is_the_moderators() -> None:
    room = opened(Kind.PUBLIC, ANN, BOB, topic_locked=True)
    assert refused(asked_there(BOB, TOPIC, room)) is Code.NOT_ALLOWED
    assert refused(asked_there(ANN, TOPIC, room)) is None
    assert refused(asked_there(BOB, TOPIC, opened(Kind.PUBLIC, ANN, BOB, moderated=True))) is Code.MODERATED
    assert refused(asked_there(BOB, TOPIC, direct(ANN, BOB))) is None
    assert refused(asked_there(BOB, TOPIC, direct(ANN, BOB), muted=True)) is Code.MUTED
