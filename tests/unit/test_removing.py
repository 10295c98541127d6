"""An account removed by way of the hub: what is left of it, whatever befalls on the way."""

from __future__ import annotations

import pytest

from besedka.chat.entries import Entry, Kind, Message, Reacted, Redacted, RoomId, RoomRole
from besedka.chat.forgetting import tombstone
from besedka.chat.principals import SERVER
from besedka.chat.refusals import Code
from besedka.chat.requests import Edit, History, Join, Login, React, Redact, Register, Say, Tell
from besedka.chat.told import Kept, Page
from besedka.hub import belongings, removing
from besedka.hub.belongings import Place, Step
from besedka.hub.faults import StoreFault, StoreUnsure
from besedka.hub.removing import Removal, Removing
from besedka.store import memory_belongings
from hub_room import ANN, PASSWORD, Device, HubRoom, folded

DAYS = 30
MARK = tombstone(ANN)


@pytest.fixture(autouse=True)
def little_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few messages are gone through in several goes."""
    monkeypatch.setattr(removing, "TAKEN_BACK_AT_ONCE", 2)
    for module in (belongings, memory_belongings):
        monkeypatch.setattr(module, "SCAN_ENTRIES", 5)


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def begun(server: HubRoom, *, redact: bool) -> Step:
    """The irrevocable part."""
    account = server.done(server.accounts.account(ANN))
    assert account is not None
    now = server.process.now()
    return server.done(removing.begin(server.logs, server.accounts, account, redact=redact, now=now, name_days=DAYS))


def remove(server: HubRoom, *, redact: bool) -> None:
    server.ordered(server.governor.finish_removal(begun(server, redact=redact)), seconds=5)


def say(device: Device, room: RoomId, *texts: str) -> list[int]:
    for text in texts:
        device.ask(Say(id=device.server.new_id(), room=room, text=text))
    device.server.settle()
    return [kept.number for kept in device.told(Kept)[-len(texts) :]]


def whole(server: HubRoom, room: RoomId) -> tuple[Entry, ...]:
    return server.done(server.logs.page(room, after=0, upto=1 << 40, limit=1 << 40, bytes_max=1 << 40)).entries


def texts(server: HubRoom, room: RoomId) -> list[tuple[str, str]]:
    return [(one.name, one.body.text) for one in whole(server, room) if isinstance(one.body, Message)]


def busy(server: HubRoom) -> tuple[Device, Device, RoomId, RoomId]:
    """Ann and Bob have talked in a room of hers and between themselves; she has edited, and has put a reaction."""
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    numbers = say(ann, tea, "a 1", "a 2", "a 3")
    (number,) = say(bob, tea, "b 1")
    ann.ask(
        Edit(id=server.new_id(), room=tea, number=numbers[0], text="a 1, mended"),
        React(id=server.new_id(), room=tea, number=number, reaction="+1"),
        Tell(id=server.new_id(), name="bob", text="a 4"),
        Redact(id=server.new_id(), room=tea, number=numbers[2], reason="a 5"),
    )
    server.settle()
    direct = server.done(server.logs.direct_room(ANN, bob.you.principal))
    assert direct is not None
    return ann, bob, tea, direct


@pytest.mark.parametrize("redact", [False, True])
def test_what_somebody_said_stays_under_a_tombstone_or_is_taken_back(server: HubRoom, redact: bool) -> None:
    _ann, bob, tea, direct = busy(server)
    remove(server, redact=redact)
    if redact:
        assert texts(server, tea) == [(MARK, ""), (MARK, ""), (MARK, ""), ("bob", "b 1")]
        assert texts(server, direct) == [(MARK, "")]
    else:
        assert texts(server, tea) == [(MARK, "a 1, mended"), (MARK, "a 2"), (MARK, ""), ("bob", "b 1")]
        assert texts(server, direct) == [(MARK, "a 4")]
    written = b"".join(repr(whole(server, room)).encode() for room in (tea, direct, bob.room("lobby")))
    assert b"'ann'" not in written
    assert (b"a 5" in written) is not redact
    number = next(one.number for one in whole(server, tea) if isinstance(one.body, Message) and one.body.text == "b 1")
    put = server.done(server.logs.reactions(tea, number, ANN, "+1"))
    assert (put.mine, put.count) == ((False, 0) if redact else (True, 1))
    assert server.done(server.logs.pending_steps()) == []
    assert server.parts.unscrubbed


def test_those_who_are_there_see_it_as_entries(server: HubRoom) -> None:
    _ann, bob, tea, _direct = busy(server)
    before = len(bob.entries(tea))
    remove(server, redact=True)
    seen = bob.entries(tea)[before:]
    assert [one.author for one in seen[:2]] == [SERVER, SERVER], "an heir, and that she is out"
    assert [one.body.number for one in seen if isinstance(one.body, Redacted)] == [
        one.number for one in whole(server, tea) if isinstance(one.body, Message) and one.author == ANN
    ][:2]
    assert [one.body.withdrawn for one in seen if isinstance(one.body, Reacted)] == [True]
    bob.ask(History(id=server.new_id(), room=tea, limit=50))
    server.settle()
    page = bob.told(Page)[-1]
    assert {one.name for one in page.entries if one.author == ANN} == {MARK}, "whatever is in memory still"
    assert not [one for one in page.entries if isinstance(one.body, Message) and one.author == ANN and one.body.text]


def test_a_room_of_theirs_has_another_owner(server: HubRoom) -> None:
    _ann, bob, tea, _direct = busy(server)
    remove(server, redact=False)
    state = server.done(server.logs.room(tea))
    assert state is not None
    assert {one: member.role for one, member in state.members.items()} == {bob.you.principal: RoomRole.OWNER}


def test_nothing_is_left_of_their_own_log(server: HubRoom) -> None:
    busy(server)
    inbox = server.done(server.logs.inbox(ANN))
    assert inbox is not None
    remove(server, redact=False)
    assert whole(server, inbox) == ()
    state = server.done(server.logs.room(inbox))
    assert state is not None
    assert (state.kind, state.owner, state.floor) == (Kind.INBOX, ANN, state.head + 1)


def test_the_name_is_free_after_its_days_and_the_id_never(server: HubRoom) -> None:
    busy(server)
    remove(server, redact=False)
    for name in ("ann", "ANN", MARK):
        other = server.visitor()
        other.ask(Register(name=name, password=PASSWORD))
        server.settle()
        assert other.refusals() == [Code.NAME_RESERVED if name == MARK else Code.NAME_TAKEN]
    guest = server.visitor()
    guest.ask(Login(name="ann", password=PASSWORD))
    server.settle()
    assert guest.refusals() in ([Code.NAME_UNKNOWN], [Code.NAME_TAKEN])
    server.process.clock_off = DAYS * 86_400_000 + 1000
    again = server.registered("ann")
    assert again.you.principal > ANN


@pytest.mark.parametrize("redact", [False, True])
@pytest.mark.parametrize("call", ["append", "authored", "update_step", "forget", "erase_inbox", "finish_step"])
def test_it_goes_on_where_it_was_interrupted(server: HubRoom, call: str, redact: bool) -> None:
    _ann, _bob, tea, direct = busy(server)
    step = begun(server, redact=redact)
    calls = 0

    async def fail(call_now: str) -> None:
        nonlocal calls
        if call_now == call:
            calls += 1
            if calls == 2 or call_now in ("erase_inbox", "finish_step"):
                raise StoreUnsure("no")

    before = server.logs._disturbance.before
    server.logs._disturbance.before = fail  # type: ignore[method-assign,assignment]
    faults: list[StoreFault] = []

    async def attempt() -> None:
        try:
            await server.governor.finish_removal(step)
        except StoreFault as fault:
            faults.append(fault)

    server.ordered(attempt(), seconds=10)
    server.logs._disturbance.before = before  # type: ignore[method-assign]
    assert faults or calls < 2
    later = HubRoom(logs=server.logs)
    later.accounts._given = 2  # The file of accounts was there all the time.
    for pending in later.done(later.logs.pending_steps()):
        later.ordered(later.governor.finish_removal(pending), seconds=10)
    said = ["", "", "", "b 1"] if redact else ["a 1, mended", "a 2", "", "b 1"]
    assert texts(later, tea) == [*((MARK, text) for text in said[:3]), ("bob", "b 1")]
    assert texts(later, direct) == [(MARK, "" if redact else "a 4")]
    redactions = [one for one in whole(later, tea) if isinstance(one.body, Redacted)]
    assert len(redactions) == len({one.body.number for one in redactions if isinstance(one.body, Redacted)})
    assert later.done(later.logs.pending_steps()) == []


def test_a_message_that_is_just_being_mended_is_taken_back_as_well(server: HubRoom) -> None:
    _ann, bob, tea, _direct = busy(server)
    bob.ask(Join(id=server.new_id(), name="lobby"))
    step = begun(server, redact=True)
    numbers = [one.number for one in whole(server, tea) if isinstance(one.body, Message) and one.author == ANN]

    async def both() -> None:
        for number in numbers:
            bob.ask(Redact(id=server.new_id(), room=tea, number=number))
        await server.governor.finish_removal(step)

    server.ordered(both(), seconds=5)
    redacted = [one.body.number for one in whole(server, tea) if isinstance(one.body, Redacted)]
    assert sorted(redacted) == sorted(numbers), "each once"
    assert texts(server, tea)[:3] == [(MARK, "")] * 3


def test_a_step_of_an_older_version_is_understood(server: HubRoom) -> None:
    _ann, bob, tea, _direct = busy(server)
    step = server.done(server.logs.add_step('{"deed":"remove","account":1}'))
    server.ordered(Removing(server.hub).finish(Step(step, '{"deed":"remove","account":1}')), seconds=5)
    assert server.done(server.logs.pending_steps()) == []
    assert texts(server, tea)[0] == (MARK, "a 1, mended")
    assert bob.you.name == "bob"


def test_what_a_step_says_is_what_is_left() -> None:
    removal = Removal(ANN, name=folded("ann"), redact=True, taken_back=True, upto=Place(RoomId(3), 7))  # type: ignore[arg-type]
    assert removal.step(9) == Step(
        9,
        '{"deed":"remove","account":1,"name":"ann","redact":true,"taken_back":true,"upto":{"room":3,"number":7}}',
    )
