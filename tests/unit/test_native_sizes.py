"""Whatever a unit holds at its limits, it is one frame; and what a client may say at its limits fits one of its own."""

from __future__ import annotations

import pytest

from besedka.chat.answers import (
    DataList,
    Gone,
    MarkLine,
    MarkList,
    OverviewLine,
    OverviewTold,
    PersonTold,
    SessionLine,
    SessionList,
    Whereabouts,
    WhowasList,
)
from besedka.chat.entries import (
    Entry,
    Kind,
    Level,
    Listing,
    MembershipChanged,
    Message,
    Person,
    RequestId,
    RoomId,
    RoomName,
    RoomRole,
    Way,
)
from besedka.chat.governing_rules import KEY_CHARACTERS_MAX
from besedka.chat.masks import MASK_CHARACTERS_MAX
from besedka.chat.own_requests import ChangePassword
from besedka.chat.personal import INVITATIONS_MAX, Invitation, Marker, Profile
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.requests import Request, Say, Sync
from besedka.chat.settings import RoomSettings
from besedka.chat.told import (
    AwayPerson,
    Entries,
    Page,
    People,
    PersonalTold,
    PersonLine,
    Presence,
    ReactionCount,
    RoomLine,
    RoomList,
    RoomTold,
    Unit,
)
from besedka.limits import Limits
from besedka.wire.framing import FRAME_BYTES_CEILING
from besedka.wire.native import NativeClient, NativeServer

LIMITS = Limits()
ID = RequestId("0192f0c1a2b37c4d8e9f00112233aabb")
LARGE = 1 << 53
ROOM = RoomId(LARGE)


def written(bytes_max: int) -> str:
    """What a person may write that is longest in JSON: each byte of it becomes six."""
    return "\x01" * bytes_max


ANYBODY = Person(PrincipalId(-LARGE), AccountName("\\" * LIMITS.name_characters_max))
NAME = RoomName("\U00020000" * LIMITS.room_name_characters_max)
WHERE = Whereabouts(
    ROOM, Kind.DIRECT, NAME, written(LIMITS.topic_bytes_max), LARGE, True, (ANYBODY, ANYBODY), RoomRole.MODERATOR, True
)
LINE = RoomLine(ROOM, Kind.DIRECT, NAME, written(LIMITS.topic_bytes_max), LARGE, True, (ANYBODY, ANYBODY))
REASON = written(LIMITS.reason_bytes_max)
REAL_NAME = written(LIMITS.real_name_bytes_max)
HOST = "f" * 32
MARK = MarkLine("\U00020000" * MASK_CHARACTERS_MAX, ANYBODY.name, LARGE, LARGE, REASON)
LISTED = PersonLine(ANYBODY.principal, ANYBODY.name, RoomRole.MODERATOR, True, True, REASON, True)
DEVICE = SessionLine("f" * 64, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", LARGE, written(1024), True, True)
VALUE = ("k" * LIMITS.data_key_bytes_max, written(LIMITS.data_value_bytes_max))
SETTINGS = RoomSettings(True, True, False, True, True, True, "\\" * KEY_CHARACTERS_MAX, LARGE, LARGE)
MESSAGE = Message(
    written(LIMITS.message_bytes_max),
    reply=LARGE,
    mentions=(PrincipalId(LARGE),) * LIMITS.mentions_max,
    calls_room=True,
    breaks=(LIMITS.message_bytes_max,) * 256,
    tags=(("k", written(LIMITS.tags_bytes_max - 3)),),
    edited=LARGE,
)
ENTRY = Entry(LARGE, LARGE, ANYBODY.principal, ANYBODY.name, MESSAGE)
PER_PAGE = LIMITS.run_bytes_max // (LIMITS.message_bytes_max + LIMITS.tags_bytes_max) + 1
EVERYBODY = MembershipChanged(Way.REMOVED, (ANYBODY,) * LIMITS.members_max, REASON)

PERSONAL = PersonalTold(
    markers=((NAME * 3, Marker(LARGE, LARGE, LARGE)),) * LIMITS.markers_max,
    ignored=(ANYBODY,) * LIMITS.ignored_max,
    notify=((ROOM, Level.MENTIONS),) * LIMITS.markers_max,
    invitations=(Invitation(ROOM, LARGE, Kind.PRIVATE, NAME, ANYBODY),) * INVITATIONS_MAX,
    profile=Profile(REAL_NAME, bot=True, invisible=True),
    data=(VALUE,) * LIMITS.data_keys_max,
)

UNITS: list[Unit] = [
    RoomTold(ROOM, Kind.INBOX, RoomName(""), "", LARGE, LARGE, LARGE, LARGE, LARGE, personal=PERSONAL),
    RoomTold(
        ROOM,
        Kind.PUBLIC,
        NAME,
        LINE.topic,
        LARGE,
        LARGE,
        LARGE,
        LARGE,
        LARGE,
        people=LINE.people,
        settings=SETTINGS,
        role=RoomRole.MODERATOR,
        voice=True,
    ),
    RoomList(ID, (LINE,) * LIMITS.rooms_listed_max, more=True),
    OverviewTold(ID, (OverviewLine(LINE, LARGE, LARGE, LARGE, LARGE),) * LIMITS.rooms_per_account_max),
    PersonTold(
        ID,
        ANYBODY,
        AccountRole.ADMIN,
        HOST,
        False,
        REAL_NAME,
        True,
        REASON,
        LARGE,
        (WHERE,) * LIMITS.rooms_per_account_max,
        LARGE,
        LARGE,
    ),
    People(ID, ROOM, LARGE, (LISTED,) * LIMITS.people_listed_max, LARGE),
    Presence(
        ROOM,
        came=(ANYBODY,) * LIMITS.people_listed_max,
        away=(AwayPerson(ANYBODY, REASON),) * LIMITS.people_listed_max,
    ),
    MarkList(ID, ROOM, Listing.INVITE_EXCEPTION, (MARK,) * LIMITS.marks_max),
    WhowasList(ID, (Gone(ANYBODY, HOST, LARGE, REAL_NAME, "u" * 10),) * LIMITS.whowas_max),
    DataList(ID, (VALUE,) * LIMITS.data_keys_max),
    SessionList(ID, (DEVICE,) * (LIMITS.sessions_per_account_max + LIMITS.tokens_per_account_max)),
    Page(
        ID,
        ROOM,
        (ENTRY,) * PER_PAGE,
        LARGE,
        1,
        (ReactionCount(LARGE, written(LIMITS.reaction_bytes_max), LARGE, True),) * LIMITS.reactions_listed_max,
    ),
    Entries(ROOM, (ENTRY,) * PER_PAGE),
    Entries(ROOM, (Entry(LARGE, LARGE, ANYBODY.principal, ANYBODY.name, EVERYBODY),)),
]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: type(unit).__name__)
def test_a_unit_at_its_limits_is_one_frame_and_is_read(unit: Unit) -> None:
    frame = NativeServer(LIMITS).tell(unit)
    assert len(frame) <= FRAME_BYTES_CEILING
    assert NativeClient().receive(frame) == [unit]


@pytest.mark.parametrize(
    "request_at_its_limits",
    [
        Say(
            id=ID,
            room=ROOM,
            text=MESSAGE.text,
            reply=LARGE,
            breaks=tuple(range(LIMITS.message_bytes_max - 256, LIMITS.message_bytes_max)),
            tags=MESSAGE.tags,
        ),
        Sync(id=ID, epoch="9f2c41d07be85a36", places=((ROOM, LARGE),) * LIMITS.rooms_per_account_max, show=LARGE),
        ChangePassword(id=ID, old=written(LIMITS.password_bytes_max), new=written(LIMITS.password_bytes_max)),
    ],
    ids=lambda request: type(request).__name__,
)
def test_what_a_client_may_ask_at_its_limits_fits_its_frame(request_at_its_limits: Request) -> None:
    server = NativeServer(LIMITS)
    server.logged_in()
    assert server.receive(NativeClient().ask(request_at_its_limits)) == [request_at_its_limits]
