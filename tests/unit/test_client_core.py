"""The client's core against a scripted server: what it asks, and what it lets the screen see."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.cursor import Resumption
from besedka.chat.entries import (
    Entered,
    Kind,
    Left,
    MembershipChanged,
    Person,
    RequestId,
    RoomId,
    RoomName,
    TopicSet,
    Way,
)
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Exit, Hello, History, Login, Pong, Request, Resume, Say, Sync
from besedka.chat.told import Done, Farewell, Kept, Parting, Pinged, Presence, Refused, Synced, Unit
from besedka.client.core import Core
from besedka.client.events import (
    Answered,
    Appeared,
    Arrived,
    Event,
    Garbled,
    Jump,
    Jumped,
    Phase,
    Returned,
    StartedOver,
    Welcomed,
)
from besedka.client.memory import State
from scripted import ANN, BOB, INBOX, LOBBY, Asked, entry, framed, kinds, of, room, run, welcome, you


class Someone:
    """A core, and the script's view of what it asks."""

    def __init__(self, state: State | None = None, *, epoch: str = "e1", outbox_max: int = 8) -> None:
        numbers = count(1)
        self.core = Core(new_id=lambda: RequestId(f"{next(numbers):032x}"), state=state, outbox_max=outbox_max)
        self.epoch = epoch
        self._asked = Asked()

    def asked(self) -> list[Request]:
        return self._asked.take(self.core.to_send())

    def told(self, *units: Unit) -> list[Event]:
        return self.core.receive(framed(*units))

    def comes_in(self, principal: PrincipalId = ANN) -> Sync:
        """Connect and log in with a password or the token; the sync that follows."""
        self.core.connected()
        self.told(welcome(self.epoch))
        if self.core.phase is Phase.STRANGER:
            self.core.login("ann", "correct horse")
        login = self.asked()[-1]
        self.told(you(login.id, principal=principal))
        self._after_you = self.asked()
        sync = self._after_you[0]
        assert isinstance(sync, Sync)
        return sync

    def resent(self) -> list[Request]:
        """What followed the sync after the last login."""
        return self._after_you[1:]

    def is_in_the_lobby(self, *, after: int = 0) -> None:
        sync = self.comes_in()
        self.told(Synced(sync.request_id, 1), room(after=after, head=after))


def in_the_lobby(after: int = 0) -> Someone:
    someone = Someone()
    someone.is_in_the_lobby(after=after)
    return someone


def numbers(events: list[Event]) -> list[int]:
    return [one.number for event in events if isinstance(event, Arrived) for one in event.entries]


# Coming in ---------------------------------------------------------------------------------------------------------


def test_it_says_hello_and_then_waits_to_be_logged_in() -> None:
    ann = Someone()
    ann.core.connected()
    assert [type(one) for one in ann.asked()] == [Hello]
    events = ann.told(welcome())
    assert events == [Welcomed(welcome(), resuming=False)]
    assert ann.asked() == []
    ann.core.login("ann", "correct horse")
    (login,) = ann.asked()
    assert isinstance(login, Login)
    assert (login.name, login.password, login.remember) == ("ann", "correct horse", True)


def test_a_refused_login_may_be_tried_again() -> None:
    ann = Someone()
    ann.core.connected()
    ann.told(welcome())
    wrong = ann.core.login("ann", "wrong")
    assert isinstance(wrong, str)
    (answered,) = ann.told(Refused(wrong, Code.WRONG_PASSWORD, ""))
    assert isinstance(answered, Answered)
    assert isinstance(answered.request, Login)
    assert ann.core.phase is Phase.STRANGER
    assert isinstance(ann.core.login("ann", "right"), str)


def test_with_a_token_it_comes_back_by_itself_and_without_a_live_one_it_asks() -> None:
    ann = in_the_lobby()
    ann.core.lost()
    ann.core.connected()
    ann.asked()
    assert ann.told(welcome()) == [Welcomed(welcome(), resuming=True)]
    (resume,) = ann.asked()
    assert isinstance(resume, Resume)
    assert resume.token == "t" * 64
    ann.told(Refused(resume.request_id, Code.TOKEN_DEAD, ""))
    assert ann.core.token is None
    assert ann.core.phase is Phase.STRANGER


def test_a_busy_server_does_not_cost_the_token() -> None:
    ann = in_the_lobby()
    ann.core.lost()
    ann.core.connected()
    ann.told(welcome())
    ann.told(Refused(ann.asked()[-1].request_id, Code.BUSY, ""))
    assert ann.core.token is not None
    ann.core.resume()
    assert kinds(ann.asked()) == ["Resume"]


def test_what_cannot_be_encoded_or_is_too_long_is_refused_here() -> None:
    ann = in_the_lobby()
    assert ann.core.say(LOBBY, "\ud800") == Refusal(Code.BAD_TEXT)
    assert ann.core.say(LOBBY, "x" * 70_000) == Refusal(Code.TOO_LONG)
    assert ann.core.outbox == ()
    stranger = Someone()
    stranger.core.connected()
    stranger.told(welcome())
    assert stranger.core.login("ann", "x" * 5000) == Refusal(Code.TOO_LONG)
    assert stranger.core.phase is Phase.STRANGER
    assert isinstance(stranger.core.say(LOBBY, "x" * 4096), str), "written for later, when the larger bound holds"


def test_it_is_in_step_when_every_room_that_was_promised_was_told() -> None:
    ann = Someone()
    sync = ann.comes_in()
    assert not ann.core.in_step
    ann.told(Synced(sync.request_id, 2), room(LOBBY))
    assert not ann.core.in_step
    ann.told(room(INBOX, kind=Kind.INBOX))
    assert ann.core.in_step


# Entries -----------------------------------------------------------------------------------------------------------


def test_entries_arrive_in_order_and_repeats_do_not() -> None:
    ann = in_the_lobby(after=10)
    assert numbers(ann.told(run(11, 13))) == [11, 12, 13]
    assert numbers(ann.told(run(12, 14))) == [14]
    assert ann.told(run(1, 5)) == []
    assert ann.core.rooms[LOBBY].place == 14


def test_a_gap_is_healed_by_one_sync_of_that_room() -> None:
    ann = in_the_lobby(after=10)
    assert numbers(ann.told(of(LOBBY, entry(11), entry(13)))) == [11]
    (sync,) = ann.asked()
    assert isinstance(sync, Sync)
    assert (sync.epoch, sync.places) == ("e1", ((LOBBY, 11),))
    assert ann.told(run(14, 14)) == []
    assert ann.asked() == [], "one sync is under way"
    events = ann.told(Synced(sync.request_id, 1), room(after=11, head=14), run(12, 14))
    assert numbers(events) == [12, 13, 14]
    ann.told(run(16, 16))
    assert kinds(ann.asked()) == ["Sync"], "a later gap is another"


def test_entries_of_a_room_nobody_told_of_are_asked_for_from_the_first() -> None:
    ann = in_the_lobby()
    assert ann.told(run(1, 2, RoomId(9))) == []
    (sync,) = ann.asked()
    assert isinstance(sync, Sync)
    assert sync.places == ((RoomId(9), 0),)
    events = ann.told(Synced(sync.request_id, 1), room(RoomId(9), name="dev"), run(1, 2, RoomId(9)))
    assert Appeared(RoomId(9), 0) in events
    assert numbers(events) == [1, 2]


def test_a_place_that_was_pruned_jumps_and_says_so() -> None:
    ann = in_the_lobby(after=10)
    told = msgspec.structs.replace(room(after=49, head=60), resumption=Resumption.PRUNED)
    assert ann.told(told) == [Jumped(LOBBY, Jump.PRUNED, 10, 49)]
    assert numbers(ann.told(run(50, 51))) == [50, 51]


def test_a_room_whose_log_is_another_starts_over_and_says_so() -> None:
    ann = in_the_lobby(after=10)
    told = msgspec.structs.replace(room(after=0, head=3), resumption=Resumption.START_OVER)
    assert ann.told(told) == [Jumped(LOBBY, Jump.START_OVER, 10, 0)]
    assert numbers(ann.told(run(1, 3))) == [1, 2, 3]


def test_a_room_told_again_with_an_older_place_repeats_nothing() -> None:
    ann = in_the_lobby(after=10)
    assert ann.told(room(after=5, head=11)) == []
    assert numbers(ann.told(run(6, 11))) == [11]


def test_a_topic_told_as_of_the_head_is_not_changed_back_by_older_entries() -> None:
    ann = Someone()
    sync = ann.comes_in()
    ann.told(Synced(sync.request_id, 1), room(after=0, head=2, topic="new"))
    ann.told(of(LOBBY, entry(1, TopicSet("old"))))
    assert ann.core.rooms[LOBBY].topic == "new"
    ann.told(of(LOBBY, entry(2, TopicSet("new"))))
    assert ann.core.rooms[LOBBY].topic == "new"
    ann.told(of(LOBBY, entry(3, TopicSet("newer"))))
    assert ann.core.rooms[LOBBY].topic == "newer"


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6)), max_size=40), st.data())
def test_whatever_runs_a_server_sends_the_screen_has_each_number_once_in_order(
    runs: list[tuple[int, int]], data: st.DataObject
) -> None:
    ann = in_the_lobby()
    shown: list[int] = []
    for first, length in runs:
        shown += numbers(ann.told(run(first, first + length)))
        for sync in ann.asked():
            assert isinstance(sync, Sync)
            if data.draw(st.booleans()):
                ann.told(Synced(sync.request_id, 1), room(after=sync.places[0][1]))
    assert shown == list(range(1, len(shown) + 1))


def _conversation(login: str | None) -> bytes:
    kept = Kept(RequestId("f" * 32), LOBBY, 3)
    return framed(welcome()) + framed(
        you(login), Synced(None, 1), room(), run(1, 2), Pinged(), kept, run(3, 9), Farewell(Parting.EXIT, "Bye.")
    )


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_any_cut_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    def played(pieces: list[bytes]) -> tuple[list[Event], bytes]:
        ann = Someone()
        ann.core.connected()
        events = [event for piece in pieces for event in ann.core.receive(piece)]
        whole: list[Event] = []
        for event in events:  # Runs are joined as they were sent; a cut never splits a frame.
            whole.append(event)
        return whole, ann.core.to_send()

    stream = _conversation(None)
    pieces, rest = [], stream
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert played([*pieces, rest]) == played([stream])


# Rooms entered and left --------------------------------------------------------------------------------------------


def _ann(way: Way) -> MembershipChanged:
    return MembershipChanged(way, (Person(ANN, AccountName("ann")),))


def test_a_room_left_is_not_listed_any_more_and_nothing_of_it_comes_twice_after_rejoining() -> None:
    ann = in_the_lobby(after=10)
    ann.told(of(LOBBY, entry(11, _ann(Way.LEFT))))
    assert not ann.core.rooms[LOBBY].inside
    ann.core.lost()
    assert ann.comes_in().places == ()
    events = ann.told(room(after=8, head=12), of(LOBBY, *(entry(n) for n in (9, 10, 11)), entry(12, _ann(Way.JOINED))))
    assert numbers(events) == [12]
    assert ann.core.rooms[LOBBY].inside


def test_what_was_said_while_outside_is_announced_as_left_out() -> None:
    ann = in_the_lobby(after=10)
    ann.told(of(LOBBY, entry(11, _ann(Way.LEFT))))
    events = ann.told(room(after=30, head=32), run(31, 31), of(LOBBY, entry(32, _ann(Way.JOINED))))
    assert events[0] == Jumped(LOBBY, Jump.REJOINED, 11, 30)
    assert numbers(events) == [31, 32]


def test_the_inbox_says_the_same_in_any_order() -> None:
    ann = in_the_lobby(after=10)
    inbox = room(INBOX, kind=Kind.INBOX)
    ann.told(inbox, of(INBOX, entry(1, Left(LOBBY, 20)), entry(2, Entered(LOBBY, Kind.PUBLIC, RoomName("lobby"), 30))))
    assert ann.core.rooms[LOBBY].inside
    ann.told(of(INBOX, entry(3, Left(LOBBY, 25))))
    assert ann.core.rooms[LOBBY].inside, "an older leaving than the last joining"
    ann.told(of(INBOX, entry(4, Left(LOBBY, 40, Way.REMOVED))))
    assert not ann.core.rooms[LOBBY].inside
    ann.core.lost()
    assert (LOBBY, 10) in ann.comes_in().places, "what it may still read up to its leaving is wanted"


def test_a_guest_comes_and_goes_without_entries() -> None:
    bob = Someone()
    bob.comes_in(PrincipalId(-7))
    bob.told(Synced(None, 1), room(after=3, head=3))
    left = bob.core.leave(LOBBY)
    assert isinstance(left, str)
    bob.told(Done(left, LOBBY))
    assert not bob.core.rooms[LOBBY].inside
    joined = bob.core.join("lobby")
    assert isinstance(joined, str)
    bob.told(Done(joined, LOBBY))
    assert bob.core.rooms[LOBBY].inside
    assert bob.core.outbox == ()


# The outbox --------------------------------------------------------------------------------------------------------


def test_writes_wait_for_a_receipt_and_are_asked_again_with_their_ids_in_order() -> None:
    ann = in_the_lobby()
    first, second = ann.core.say(LOBBY, "one"), ann.core.say(LOBBY, "two")
    assert isinstance(first, str)
    assert [one.id for one in ann.asked()] == [first, second]
    ann.core.lost()
    third = ann.core.say(LOBBY, "three")
    ann.comes_in()
    assert [one.id for one in ann.resent()] == [first, second, third]
    (event,) = ann.told(Kept(first, LOBBY, 1))
    assert isinstance(event, Answered)
    assert isinstance(event.request, Say)
    assert [one.id for one in ann.core.outbox] == [second, third]
    ann.core.lost()
    ann.comes_in()
    assert [one.id for one in ann.resent()] == [second, third]


@pytest.mark.parametrize(("code", "waits"), [(Code.MUTED, False), (Code.NOT_KEPT, False), (Code.LOGIN_FIRST, True)])
def test_a_final_refusal_takes_a_write_out_and_one_about_the_connection_does_not(code: Code, waits: bool) -> None:
    ann = in_the_lobby()
    said = ann.core.say(LOBBY, "hi")
    assert isinstance(said, str)
    (event,) = ann.told(Refused(said, code, ""))
    assert isinstance(event, Answered)
    assert isinstance(event.request, Say)
    assert bool(ann.core.outbox) is waits


def test_the_outbox_is_bounded() -> None:
    ann = Someone(outbox_max=2)
    ann.core.say(LOBBY, "one")
    assert not ann.core.full
    ann.core.say(LOBBY, "two")
    assert ann.core.full
    with pytest.raises(AssertionError):
        ann.core.say(LOBBY, "three")


def test_reads_do_not_outlive_the_connection() -> None:
    ann = in_the_lobby()
    ann.core.history(LOBBY)
    assert isinstance(ann.asked()[0], History)
    waiting = ann.core.waiting
    assert waiting >= 1
    ann.core.lost()
    assert ann.core.waiting == 0


# Going on ----------------------------------------------------------------------------------------------------------


def test_it_can_be_stopped_and_goes_on_exactly() -> None:
    ann = in_the_lobby(after=10)
    ann.told(run(11, 12))
    said = ann.core.say(LOBBY, "hi")
    again = Someone(msgspec.json.decode(msgspec.json.encode(ann.core.state()), type=State))
    assert again.comes_in().places == ((LOBBY, 12),)
    assert [one.id for one in again.resent()] == [said]
    assert again.core.name == "ann"
    assert again.core.rooms[LOBBY].name == "lobby"
    assert numbers(again.told(run(12, 13))) == [13]


def test_another_epoch_forgets_all_places_and_gives_back_what_was_not_receipted() -> None:
    ann = in_the_lobby(after=10)
    ann.core.say(LOBBY, "hi")
    written = ann.core.outbox
    ann.core.lost()
    ann.core.connected()
    assert ann.told(welcome("e2")) == [StartedOver(), Returned(written), Welcomed(welcome("e2"), resuming=True)]
    ann.told(you(ann.asked()[-1].id))
    sync, *resent = ann.asked()
    assert isinstance(sync, Sync)
    assert (sync.epoch, sync.places, resent) == ("e2", (), [])


def test_another_person_has_other_places() -> None:
    ann = in_the_lobby(after=10)
    ann.core.lost()
    ann.core.token = None
    assert ann.comes_in(BOB).places == ()


def test_a_ping_is_answered_and_signals_and_farewells_pass_through() -> None:
    ann = in_the_lobby()
    assert ann.told(Pinged()) == []
    assert [type(one) for one in ann.asked()] == [Pong]
    came = Presence(LOBBY, came=(Person(BOB, AccountName("bob")),))
    assert ann.told(came) == [came]
    ann.core.exit(forget=True)
    assert ann.asked() == [Exit(id=ann_id(ann), forget=True)]
    assert ann.core.token is None
    bye = Farewell(Parting.EXIT, "Bye.")
    assert ann.told(bye, run(1, 1)) == [bye]
    assert ann.core.phase is Phase.OVER


def ann_id(someone: Someone) -> str:
    """The id asked last: ids count."""
    following = someone.core.say(LOBBY, "next")
    assert isinstance(following, str)
    return f"{int(following, 16) - 1:032x}"


@given(st.binary(max_size=200))
def test_garbage_never_raises(garbage: bytes) -> None:
    ann = in_the_lobby()
    events = ann.core.receive(garbage)
    assert all(isinstance(event, Garbled) for event in events)
    if events:
        assert ann.core.phase is Phase.OVER
        assert ann.told(run(1, 1)) == []


def test_nothing_secret_is_in_a_repr() -> None:
    ann = in_the_lobby()
    ann.core.say(LOBBY, "between us")
    assert "t" * 64 not in repr(ann.core.state())
    assert "between us" not in repr(ann.core.state())
    assert "between us" not in repr(Returned(ann.core.outbox))
