"""The client's core against a scripted server: coming in, the outbox, going on, and any bytes at all."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import Kind, Person, RequestId
from besedka.chat.principals import AccountName
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Exit, Hello, History, Login, Pong, Resume, Say, Sync
from besedka.chat.told import Farewell, Kept, Parting, Pinged, Presence, Refused, Synced
from besedka.client.events import Answered, Event, Garbled, Phase, Returned, StartedOver, Welcomed
from besedka.client.memory import State
from lone_client import Someone, in_the_lobby, numbers
from scripted import BOB, INBOX, LOBBY, framed, kinds, room, run, welcome, you

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
        return [event for piece in pieces for event in ann.core.receive(piece)], ann.core.to_send()

    stream = _conversation(None)
    pieces, rest = [], stream
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert played([*pieces, rest]) == played([stream])


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
