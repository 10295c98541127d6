"""What one person sees besides entries: who calls, who writes, where one is, and what became of a request."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.answers import InviteCode, OverviewLine, OverviewTold
from besedka.chat.entries import (
    Entered,
    Ignored,
    Invited,
    Kind,
    Left,
    Level,
    MembershipChanged,
    Message,
    NotifySet,
    Person,
    Renamed,
    RequestId,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomName,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    Way,
)
from besedka.chat.own_requests import Away, ChangePassword, EndSessions, MoveMarker, Overview, SetProfile, Typing
from besedka.chat.personal import Invitation
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import Join, React, Request
from besedka.chat.room_requests import Kick, MakeCode, Open
from besedka.chat.settings import RoomSettings
from besedka.chat.told import (
    AwayPerson,
    Done,
    Kept,
    PersonalTold,
    Presence,
    Refused,
    RoomLine,
    TypingPerson,
    TypingState,
    TypingTold,
    Unit,
)
from besedka.client.showing import Look
from besedka.client.surface import Surface
from lone_client import Someone
from scripted import ANN, BOB, INBOX, LOBBY, entry, of, room

TEA = RoomId(3)
EVE = Person(PrincipalId(5), AccountName("eve"))
ME = Person(ANN, AccountName("ann"))


class Screen:
    """Ann's, who is in the lobby."""

    def __init__(self) -> None:
        self.ann = Someone()
        self.core = self.ann.core
        self.lines: list[str] = []
        self.notices: list[str] = []
        self.rings = 0
        self.now = 0.0
        self.surface = Surface(
            self.core, Look(), line=self.lines.append, notice=self.notices.append, bell=self._ring, now=lambda: self.now
        )
        self.ann.comes_in()
        self.told(room(INBOX, kind=Kind.INBOX), room())
        self.surface.settle()
        self.notices.clear()

    def _ring(self) -> None:
        self.rings += 1

    def told(self, *units: Unit) -> None:
        for event in self.ann.told(*units):
            self.surface.show(event)

    def asks(self, request: Request) -> RequestId:
        asked = self.core.ask(request)
        assert isinstance(asked, str)
        return asked


# Being called ------------------------------------------------------------------------------------------------------


def test_the_bell_rings_when_somebody_calls_unless_it_is_not_wanted() -> None:
    screen = Screen()
    called = Message("ann: tea?", mentions=(ANN,))
    screen.told(of(LOBBY, entry(1, "nothing of interest")))
    assert screen.rings == 0
    screen.told(of(LOBBY, entry(2, called)))
    assert screen.rings == 1
    screen.told(of(INBOX, entry(1, NotifySet(LOBBY, Level.NONE))), of(LOBBY, entry(3, called)))
    assert screen.rings == 1
    screen.told(of(INBOX, entry(2, NotifySet(LOBBY, Level.MENTIONS))), of(LOBBY, entry(4, called)))
    assert screen.rings == 2


def test_what_was_said_before_does_not_ring() -> None:
    screen = Screen()
    screen.surface._settled = False
    screen.told(of(LOBBY, entry(1, Message("ann: tea?", mentions=(ANN,)))))
    assert screen.rings == 0


def test_whoever_writes_is_told_of_but_not_oneself_nor_whom_one_ignores() -> None:
    screen = Screen()
    people = tuple(TypingPerson(one, TypingState.ACTIVE) for one in (ME, EVE, Person(BOB, AccountName("bob"))))
    screen.told(TypingTold(LOBBY, people))
    assert screen.surface.writing == "eve, bob: writing"
    screen.told(of(INBOX, entry(1, Ignored(EVE))))
    assert screen.surface.writing == "bob: writing"
    screen.told(of(LOBBY, entry(1, "said it")))
    assert screen.surface.writing == ""


def test_presence_tells_of_away_and_back_and_not_of_the_ignored() -> None:
    screen = Screen()
    bob = Person(BOB, AccountName("bob"))
    screen.told(Presence(LOBBY, away=(AwayPerson(bob, "lunch\x1b"),)), Presence(LOBBY, back=(bob,)))
    assert screen.lines == ["-- bob is away: lunch\ufffd", "-- bob is back"]
    screen.told(of(INBOX, entry(1, Ignored(EVE))))
    screen.lines.clear()
    screen.told(Presence(LOBBY, came=(EVE,), away=(AwayPerson(EVE, "x"),)), Presence(LOBBY, online=700))
    assert screen.lines == []


# Rooms -------------------------------------------------------------------------------------------------------------


def test_whoever_is_put_out_reads_why_before_looking_elsewhere() -> None:
    screen = Screen()
    screen.told(room(TEA, name="tea"))
    screen.surface.current = TEA
    out = MembershipChanged(Way.REMOVED, (ME,), "spam")
    screen.told(of(INBOX, entry(1, Left(TEA, 1, Way.REMOVED))), of(TEA, entry(1, out)))
    assert screen.surface.current_label == "lobby"
    assert screen.lines[-1].endswith(" -- bob put ann out: spam")
    assert "[tea]" not in screen.lines[-1], "it was being looked at"
    assert screen.notices == ["-- you are in lobby"]


def test_whoever_makes_a_room_looks_at_it() -> None:
    screen = Screen()
    asked = screen.asks(Open(name="tea"))
    screen.told(Kept(asked, TEA, 1), room(TEA, name="tea"))
    assert screen.surface.current_label == "tea"


def test_what_a_room_becomes_is_known() -> None:
    screen = Screen()
    changes = (RoleChange(EVE, RoomRole.OWNER), RoleChange(ME, RoomRole.MODERATOR), RoleChange(ME, voice=True))
    screen.told(
        of(
            LOBBY,
            entry(1, SettingsChanged(SettingsChange(moderated=True, slow_seconds=5))),
            entry(2, RolesChanged(changes)),
            entry(3, Renamed(RoomName("hall"), RoomName("lobby"))),
        )
    )
    known = screen.core.rooms[LOBBY]
    assert known.settings == RoomSettings(moderated=True, slow_seconds=5)
    assert (known.role, known.voice, known.name) == (RoomRole.MODERATOR, True, "hall")
    screen.told(of(LOBBY, entry(4, RolesChanged((RoleChange(ME, RoomRole.MEMBER),)))))
    assert (screen.core.rooms[LOBBY].role, screen.core.rooms[LOBBY].voice) == (RoomRole.MEMBER, True)


def test_an_old_change_does_not_undo_what_the_description_has() -> None:
    screen = Screen()
    screen.told(room(TEA, name="tea", head=2))
    screen.told(
        of(
            TEA,
            entry(1, Renamed(RoomName("old"), RoomName("older"))),
            entry(2, SettingsChanged(SettingsChange(hidden=True))),
        )
    )
    assert screen.core.rooms[TEA].name == "tea"
    assert not screen.core.rooms[TEA].settings.hidden


# Invitations -------------------------------------------------------------------------------------------------------


def test_standing_invitations_are_said_at_the_beginning_and_old_news_is_not() -> None:
    ann, lines, notices = Someone(), list[str](), list[str]()
    surface = Surface(ann.core, Look(), line=lines.append, notice=notices.append)
    ann.comes_in()
    tea = Invited(TEA, Kind.PRIVATE, RoomName("tea"))
    dev = Invited(RoomId(4), Kind.PRIVATE, RoomName("dev\x1b"))
    entered = Entered(TEA, Kind.PRIVATE, RoomName("tea"), 5)
    entries = (entry(1, tea), entry(2, dev), entry(3, entered))
    standing = Invitation(RoomId(4), 2, Kind.PRIVATE, RoomName("dev\x1b"), Person(BOB, AccountName("bob")))
    inbox = msgspec.structs.replace(
        room(INBOX, kind=Kind.INBOX, head=3), personal=PersonalTold(invitations=(standing,))
    )
    for event in ann.told(inbox, of(INBOX, *entries), room()):
        surface.show(event)
    assert lines == []
    surface.settle()
    assert notices[-1] == "-- bob has invited you to dev\ufffd; /join dev\ufffd enters it"
    assert not any("tea" in notice for notice in notices)


# Answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Away(message="x"), "you are away; /back ends that"),
        (Away(), "you are back"),
        (ChangePassword(old="a", new="b"), "your password is changed; your other devices must log in again"),
        (EndSessions(), "done"),
        (SetProfile(bot=True), "done"),
        (React(room=LOBBY, number=1, reaction="x"), "it is so already"),
    ],
)
def test_what_is_done_is_said(request_: Request, said: str) -> None:
    screen = Screen()
    screen.told(Done(screen.asks(request_)))
    assert screen.notices == [f"-- {said}"]


def test_markers_and_signals_are_moved_and_refused_in_silence() -> None:
    screen = Screen()
    screen.told(Done(screen.asks(MoveMarker(room=LOBBY, number=1))))
    screen.told(Refused(screen.asks(MoveMarker(room=LOBBY, number=2)), Code.NO_SUCH_ROOM, ""))
    screen.told(Refused(screen.asks(Typing(room=LOBBY)), Code.MODERATED, ""))
    assert screen.notices == []
    assert screen.core.waiting == 1, "the sync, which this script leaves unanswered"
    screen.told(Refused(screen.asks(Kick(room=LOBBY, name="bob")), Code.NOT_ALLOWED, ""))
    assert screen.notices == ["-- You may not do that in this room."]


def test_a_code_is_shown_and_not_asked_for_again() -> None:
    screen = Screen()
    asked = screen.asks(MakeCode(room=LOBBY))
    screen.told(InviteCode(asked, LOBBY, 1, "SESAME", 1_700_000_000_000))
    assert screen.lines[-1].strip() == "/join lobby SESAME"
    assert screen.core.outbox == ()


def test_the_first_overview_tells_only_of_what_is_unread() -> None:
    screen = Screen()
    lines = [
        RoomLine(number, Kind.PUBLIC, RoomName(name), "", 1, True) for number, name in ((LOBBY, "lobby"), (TEA, "tea"))
    ]
    overview = (OverviewLine(lines[0], 9, 9, 0), OverviewLine(lines[1], 9, 2, 4))
    screen.surface.first_overview = screen.asks(Overview())
    screen.told(OverviewTold(screen.surface.first_overview, overview))
    assert screen.lines == ["tea: 4 unread"]
    screen.told(OverviewTold(screen.asks(Overview()), overview))
    assert screen.lines[1:] == ["lobby: 0 unread", "tea: 4 unread"]
    screen.surface.first_overview = screen.asks(Overview())
    screen.told(Refused(screen.surface.first_overview, Code.ACCOUNT_NEEDED, ""))
    assert screen.notices == []


def test_what_a_newcomer_joins_is_described_once() -> None:
    for described_first in (True, False):
        screen = Screen()
        asked = screen.asks(Join(name="tea"))
        units = [Kept(asked, TEA, 1), room(TEA, name="tea", topic="at five")]
        screen.told(*(reversed(units) if described_first else units))
        assert screen.notices == ["-- you are in tea · at five"]
