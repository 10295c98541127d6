"""What the inbox says of me, folded here as the server folds it; what has been read; who is writing."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import (
    Body,
    Entered,
    Entry,
    Ignored,
    Invited,
    Kind,
    Left,
    Level,
    MarkerMoved,
    NotifySet,
    Opened,
    Person,
    ProfileSet,
    RoomId,
    RoomName,
)
from besedka.chat.folding import evolve
from besedka.chat.own_requests import MoveMarker
from besedka.chat.principals import SERVER, AccountName, PrincipalId
from besedka.chat.rooms import Room
from besedka.chat.told import RoomTold, TypingPerson, TypingState, TypingTold
from besedka.client.events import Arrived
from besedka.client.own import Own
from besedka.client.reading import ReadSoFar
from besedka.client.writers import HOLDS_SECONDS, Writers
from besedka.hub.announcing import personal_told
from lone_client import Someone, in_the_lobby
from scripted import ANN, BOB, INBOX, LOBBY, entry, of, room

rooms = st.integers(2, 4).map(RoomId)
people = st.builds(Person, st.integers(2, 4).map(PrincipalId), st.just(AccountName("eve")))
bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(MarkerMoved, rooms.map(str), st.integers(1, 9), st.just(0)),
    st.builds(Ignored, people, st.booleans()),
    st.builds(NotifySet, rooms, st.sampled_from(Level)),
    st.builds(Invited, rooms, st.just(Kind.PRIVATE), st.just(RoomName("tea")), st.booleans()),
    st.builds(Entered, rooms, st.just(Kind.PUBLIC), st.just(RoomName("tea")), st.just(3)),
    st.builds(Left, rooms, st.just(3)),
    st.builds(ProfileSet, st.none() | st.text(max_size=3), st.none() | st.booleans(), st.none() | st.booleans()),
)


def inbox_told(inbox: Room, *, after: int) -> RoomTold:
    told = room(INBOX, kind=Kind.INBOX, name="", head=inbox.head, after=after)
    return msgspec.structs.replace(told, personal=personal_told(inbox))


def inbox_after(entries: list[Entry]) -> Room:
    inbox = evolve(Room(INBOX), Entry(1, 0, SERVER, AccountName("server"), Opened(Kind.INBOX, owner=ANN)))
    for one in entries:
        inbox = evolve(inbox, one)
    return inbox


@given(st.lists(bodies, max_size=30))
def test_the_client_knows_of_itself_what_the_server_does(said: list[Body]) -> None:
    entries = [entry(number, body) for number, body in enumerate(said, 2)]
    own, personal = Own(), inbox_after(entries).personal
    for one in entries:
        own = own.after(one)
    assert own.read == {target: marker.number for target, marker in personal.markers.items()}
    assert own.ignored == dict(personal.ignored)
    assert own.notify == dict(personal.notify)
    assert own.invitations == dict(personal.invitations)
    assert own.profile == personal.profile
    assert msgspec.json.decode(msgspec.json.encode(own), type=Own) == own, "it is kept between runs"


@given(st.data(), st.lists(bodies, max_size=30))
def test_an_inbox_described_and_what_came_later_is_the_inbox_read_from_its_beginning(
    data: st.DataObject, said: list[Body]
) -> None:
    """Wherever the device begins to read, and however far the description goes."""
    entries = [entry(number, body) for number, body in enumerate(said, 2)]
    described = data.draw(st.integers(1, len(said) + 1))
    after = data.draw(st.integers(1, described))
    folded = Own()
    for one in entries:
        folded = folded.after(one)
    ann = Someone()
    ann.comes_in()
    ann.told(inbox_told(inbox_after(entries[: described - 1]), after=after), of(INBOX, *entries[after - 1 :]))
    assert ann.core.own == folded
    assert list(ann.core.own.invitations) == list(folded.invitations), "the oldest first"
    ann.told(inbox_told(inbox_after(entries), after=after))
    assert ann.core.own == folded, "it may come again at any time"


def test_what_an_inbox_says_is_told_in_an_order_that_is_always_the_same() -> None:
    tea = RoomName("tea")
    invited = [Invited(RoomId(one), Kind.PRIVATE, tea) for one in (4, 3, 2, 4)]
    moved = [MarkerMoved(target, 1, 0) for target in ("9", "bob", "#7")]
    said: list[Body] = [*invited, *moved, *(NotifySet(RoomId(one), Level.NONE) for one in (9, 5))]
    told = personal_told(inbox_after([entry(number, body) for number, body in enumerate(said, 2)]))
    assert [invitation.room for invitation in told.invitations] == [3, 2, 4], "the oldest first"
    assert [target for target, _marker in told.markers] == ["#7", "9", "bob"]
    assert [room for room, _level in told.notify] == [5, 9]


def test_an_inbox_that_is_new_here_is_entered_by_its_state() -> None:
    ann = Someone()
    assert ann.comes_in().places == ()
    deaf = inbox_after([entry(2, NotifySet(LOBBY, Level.NONE)), entry(3, NotifySet(RoomId(9), Level.MENTIONS))])
    ann.told(inbox_told(deaf, after=2), of(INBOX, entry(3, NotifySet(RoomId(9), Level.MENTIONS))))
    assert ann.core.own.level(LOBBY) is Level.NONE
    assert ann.core.own.level(RoomId(8)) is Level.ALL
    again = Someone(ann.core.state())
    assert again.core.own.level(LOBBY) is Level.NONE
    assert again.comes_in().places == ((INBOX, 3),)


def test_what_an_entry_did_before_the_description_is_not_done_again() -> None:
    bob = Person(BOB, AccountName("bob"))
    entries = [entry(2, Ignored(bob)), entry(3, Ignored(bob, withdrawn=True))]
    ann = Someone()
    ann.comes_in()
    ann.told(inbox_told(inbox_after(entries), after=1), of(INBOX, entries[0]))
    assert ann.core.own == Own(), "between the two, no message of his is left out"


def test_only_the_inbox_speaks_of_me() -> None:
    ann = in_the_lobby()
    ann.told(of(LOBBY, entry(1, Ignored(Person(BOB, AccountName("bob"))))))
    assert ann.core.own == Own()


# Reading -----------------------------------------------------------------------------------------------------------


def arrived(*numbers: int, room: RoomId = LOBBY) -> Arrived:
    return Arrived(room, tuple(entry(number) for number in numbers))


def marks(ann: Someone) -> list[tuple[RoomId, int]]:
    asked = ann.asked()
    assert all(isinstance(one, MoveMarker) for one in asked)
    return [(one.room, one.number) for one in asked if isinstance(one, MoveMarker)]


def test_what_was_shown_is_marked_once() -> None:
    ann = in_the_lobby()
    reading = ReadSoFar(ann.core)
    reading.shown(arrived(1, 2))
    reading.shown(arrived(3))
    assert reading.waiting
    reading.mark()
    assert marks(ann) == [(LOBBY, 3)]
    assert not reading.waiting
    reading.mark()
    assert marks(ann) == []


def test_what_is_no_message_or_was_read_elsewhere_needs_no_mark() -> None:
    ann = in_the_lobby()
    reading = ReadSoFar(ann.core)
    reading.shown(Arrived(LOBBY, (entry(1, Ignored(Person(BOB, AccountName("bob")))),)))
    assert not reading.waiting
    reading.shown(arrived(4))
    ann.told(room(INBOX, kind=Kind.INBOX), of(INBOX, entry(1, MarkerMoved(str(LOBBY), 5, 0))))
    reading.mark()
    assert marks(ann) == []
    reading.shown(arrived(5))
    assert not reading.waiting


def test_a_full_outbox_is_waited_for_and_a_guest_marks_nothing() -> None:
    ann = Someone(outbox_max=1)
    ann.is_in_the_lobby()
    reading = ReadSoFar(ann.core)
    ann.core.say(LOBBY, "hi")
    ann.asked()
    reading.shown(arrived(1))
    reading.mark()
    assert marks(ann) == []
    assert reading.waiting
    reading.forget()
    assert not reading.waiting
    guest = Someone()
    guest.comes_in(PrincipalId(-7))
    of_guest = ReadSoFar(guest.core)
    of_guest.shown(arrived(1))
    of_guest.mark()
    assert marks(guest) == []


# Writing -----------------------------------------------------------------------------------------------------------


def writes(*names: str, state: TypingState = TypingState.ACTIVE) -> TypingTold:
    people = (TypingPerson(Person(PrincipalId(len(name)), AccountName(name)), state) for name in names)
    return TypingTold(LOBBY, tuple(people))


def test_whoever_writes_is_named_as_long_as_it_holds() -> None:
    writers = Writers()
    assert writers.line(LOBBY, 0, set()) == ""
    writers.told(writes("bo\x1b", "eve4"), 0)
    writers.told(writes("ann55"), 3)
    assert writers.line(LOBBY, 5, set()) == "bo\ufffd, eve4, ann55: writing"
    assert writers.line(RoomId(9), 5, set()) == ""
    assert writers.line(None, 5, set()) == ""
    assert writers.line(LOBBY, HOLDS_SECONDS + 1, set()) == "ann55: writing"
    assert writers.line(LOBBY, 5, {PrincipalId(3), PrincipalId(5)}) == "eve4: writing"


def test_whoever_stops_or_has_said_it_is_not() -> None:
    writers = Writers()
    writers.told(writes("bob", "eve4"), 0)
    writers.told(writes("bob", state=TypingState.PAUSED), 1)
    assert writers.line(LOBBY, 1, set()) == "eve4: writing"
    writers.said(LOBBY, PrincipalId(4))
    assert writers.line(LOBBY, 1, set()) == ""


def test_a_crowd_is_not_named() -> None:
    writers = Writers()
    writers.told(writes("a", "bb", "ccc", "dddd"), 0)
    assert writers.line(LOBBY, 0, set()) == "several people are writing"
