"""Who is known to be in the rooms, and whose coming is said."""

from __future__ import annotations

from besedka.chat.entries import Kind, MembershipChanged, Person, RoomId, RoomRole, Way
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.told import AwayPerson, People, PersonLine, Presence
from besedka.client.company import PEOPLE_MAX, RETURNING_SECONDS, Company
from besedka.client.link import Back
from besedka.client.showing import Look
from besedka.client.surface import Surface
from lone_client import Someone
from scripted import BOB, INBOX, LOBBY, entry, of, room

HIM = Person(BOB, AccountName("bob"))
EVE = Person(PrincipalId(5), AccountName("eve\x1b"))
TEA = RoomId(3)


class Screen:
    """Ann's, who is in the lobby, or about to be."""

    def __init__(self, *, settled: bool = True) -> None:
        self.ann = Someone()
        self.lines: list[str] = []
        self.now = 1000.0
        self.surface = Surface(
            self.ann.core, Look(), line=self.lines.append, notice=lambda _text: None, now=lambda: self.now
        )
        self.ann.comes_in()
        self.told(room(INBOX, kind=Kind.INBOX), room())
        if settled:
            self.surface.settle()

    def told(self, *units: object) -> None:
        for event in self.ann.told(*units):  # type: ignore[arg-type]
            self.surface.show(event)

    def comes_back(self) -> None:
        self.ann.core.lost()
        self.ann.comes_in()
        self.surface.show(Back())

    def said_of(self, *units: Presence) -> list[str]:
        self.lines.clear()
        self.told(*units)
        return self.lines


def test_whoever_comes_and_goes_is_said() -> None:
    screen = Screen()
    came, went = Presence(LOBBY, came=(HIM,)), Presence(LOBBY, went=(HIM,))
    assert screen.said_of(came, went, came) == ["-- bob is here", "-- bob has gone", "-- bob is here"]
    assert screen.said_of(Presence(LOBBY, came=(EVE,))) == ["-- eve\ufffd is here"]


def test_whoever_may_not_speak_is_away_without_words() -> None:
    assert Screen().said_of(Presence(LOBBY, away=(AwayPerson(HIM, ""),))) == ["-- bob is away"]


def test_nobody_has_come_who_was_told_of_while_the_rooms_were() -> None:
    screen = Screen(settled=False)
    assert screen.said_of(Presence(LOBBY, came=(HIM,), away=(AwayPerson(HIM, "lunch"),))) == ["-- bob is away: lunch"]
    screen.surface.settle()
    assert screen.said_of(Presence(LOBBY, came=(HIM,))) == []
    assert screen.said_of(Presence(LOBBY, went=(HIM,))) == ["-- bob has gone"]


def test_nobody_has_come_who_was_here_when_the_connection_was_lost() -> None:
    screen = Screen()
    screen.told(Presence(LOBBY, came=(HIM,)))
    screen.comes_back()
    screen.now += 10 * RETURNING_SECONDS
    assert screen.said_of(Presence(LOBBY, came=(HIM,))) == []
    assert screen.said_of(Presence(LOBBY, back=(EVE,)), Presence(LOBBY, came=(EVE,))) == ["-- eve\ufffd is back"]


def test_after_a_restart_only_those_have_come_who_were_seen_to_go() -> None:
    screen = Screen()
    screen.told(Presence(LOBBY, went=(EVE,)))
    screen.comes_back()
    screen.now += RETURNING_SECONDS - 1
    assert screen.said_of(Presence(LOBBY, came=(HIM, EVE))) == ["-- eve\ufffd is here"]
    carl = Person(PrincipalId(6), AccountName("carl"))
    screen.now += 1
    assert screen.said_of(Presence(LOBBY, came=(HIM, carl))) == ["-- carl is here"]


def test_whoever_is_listed_is_here_or_is_not() -> None:
    screen = Screen()
    lines = tuple(PersonLine(one.principal, one.name, RoomRole.MEMBER, one is HIM) for one in (HIM, EVE))
    asked = screen.ann.core.who(LOBBY)
    assert isinstance(asked, str)
    screen.told(People(asked, LOBBY, 1, lines, 2))
    screen.comes_back()
    assert screen.said_of(Presence(LOBBY, came=(HIM, EVE))) == ["-- eve\ufffd is here"]


def test_words_do_not_say_who_is_here_now() -> None:
    screen = Screen()
    screen.told(of(LOBBY, entry(1, "hi")))
    assert screen.said_of(Presence(LOBBY, came=(HIM,))) == ["-- bob is here"]
    screen.told(of(LOBBY, entry(2, "hi")))
    assert screen.said_of(Presence(LOBBY, came=(HIM,))) == [], "nor is it forgotten"


# Names -------------------------------------------------------------------------------------------------------------


def test_those_told_of_here_are_named_first_and_the_last_first() -> None:
    company = Company()
    joined = MembershipChanged(Way.JOINED, (EVE,))
    company.arrived(LOBBY, [entry(1, joined, author=SERVER, name="server"), entry(2), entry(3, joined, author=BOB)])
    company.arrived(
        TEA, [entry(1, author=PrincipalId(6), name="carl"), entry(2, author=PrincipalId(7), name="EVE\x1b")]
    )
    assert company.names(LOBBY) == ["eve\ufffd", "bob", "carl"]
    assert company.names(TEA) == ["EVE\ufffd", "carl", "bob"]
    company.forget()
    assert company.names(None) == []


def test_people_are_bounded() -> None:
    company = Company()
    company.arrived(LOBBY, (entry(1, author=PrincipalId(one), name=f"p{one}") for one in range(1, PEOPLE_MAX + 3)))
    names = company.names(LOBBY)
    assert (len(names), names[-1]) == (PEOPLE_MAX, "p3")
