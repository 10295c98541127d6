"""What the operator does to a running hub."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import msgspec
import pytest

from besedka.chat.entries import Left, Manner, Message, SessionsRevoked, Way
from besedka.chat.principals import SERVER, AccountRole, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import ComeAsGuest, Exit, Say, Tell
from besedka.chat.told import Farewell, Kept, Parting, You
from besedka.hub.ports import StoreFault
from besedka.hub.seen import SessionNumber
from hub_room import ANN, Device, HubRoom, folded

T = TypeVar("T")


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def order(server: HubRoom, work: Coroutine[Any, Any, T], *, seconds: float = 1.0) -> T:
    """Carry it out, and what it comes to."""
    outcomes: list[T] = []

    async def carry_out() -> None:
        outcomes.append(await work)

    server.process.spawn(carry_out(), "operator")
    server.settle(seconds)
    (outcome,) = outcomes
    return outcome


def parting(device: Device) -> Parting | None:
    farewells = device.told(Farewell)
    return farewells[-1].parting if farewells else None


def test_who_is_here(server: HubRoom) -> None:
    ann = server.registered("ann")
    server.visitor()
    guest = server.guest("passer-by")
    seen = server.governor.sessions()
    assert [(one.name, one.principal, one.role, one.address, one.way) for one in seen] == [
        ("ann", ANN, AccountRole.USER, "192.0.2.1", "native"),
        ("passer-by", guest.you.principal, AccountRole.USER, "192.0.2.1", "native"),
    ]
    assert seen[0].number == ann.session.number
    load = server.governor.load()
    assert (load.connections, load.rooms_open > 0, load.kept > 0) == (3, True, True)


def test_the_server_speaks_in_the_lobby_even_where_there_is_none(server: HubRoom) -> None:
    assert order(server, server.governor.say("good morning")) is None
    ann = server.registered("ann")
    assert order(server, server.governor.say("welcome, ann")) is None
    lobby = ann.room("lobby")
    assert ann.heard(lobby)[-1] == "welcome, ann"
    last = ann.entries(lobby)[-1]
    assert (last.author, last.name, last.body) == (SERVER, "server", Message("welcome, ann", Manner.NOTED))


def test_what_the_server_cannot_say(server: HubRoom) -> None:
    assert order(server, server.governor.say(" ")) == Refusal(Code.EMPTY_TEXT)
    server.weather.lost = StoreFault("the disk is full")
    assert order(server, server.governor.say("hm")) == Refusal(Code.NOT_KEPT)


def test_one_session_is_ended_by_its_number(server: HubRoom) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    assert server.governor.end_session(SessionNumber(ann.session.number), Parting.KICKED)
    assert parting(ann) is Parting.KICKED
    assert parting(other) is None
    assert not server.governor.end_session(SessionNumber(ann.session.number), Parting.KICKED)


def test_a_name_is_claimed_by_guests_and_the_operator_alike(server: HubRoom) -> None:
    guest = server.guest("Ann")
    assert not server.governor.claim_name(folded("ann"))
    guest.ask(Exit())
    server.settle()
    assert server.governor.claim_name(folded("ann"))
    late = server.visitor()
    late.ask(ComeAsGuest(name="ANN"))
    server.settle()
    assert late.refusals() == [Code.NAME_TAKEN]
    server.governor.release_name(folded("ann"))
    late.ask(ComeAsGuest(name="ANN"))
    server.settle()
    assert late.told(You)


def test_a_muting_is_felt_at_once(server: HubRoom) -> None:
    ann = server.registered("ann")
    account = server.done(server.accounts.account(ANN))
    assert account is not None
    server.governor.account_changed(msgspec.structs.replace(account, muted=True, role=AccountRole.ADMIN))
    server.governor.account_changed(msgspec.structs.replace(account, id=PrincipalId(77)))
    ann.ask(Say(id=server.new_id(), room=ann.room("lobby"), text="hi"))
    server.settle()
    assert ann.refusals() == [Code.MUTED]
    assert server.governor.sessions()[0].role is AccountRole.ADMIN


def test_revoked_sessions_end_and_the_inbox_says_so(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    other = server.another(ann)
    order(server, server.governor.revoked(ANN))
    assert parting(ann) is parting(other) is Parting.REVOKED
    assert parting(bob) is None
    inbox = server.done(server.logs.inbox(ANN))
    assert inbox is not None
    assert ann.entries(inbox)[-1].body == SessionsRevoked()
    order(server, server.governor.revoked(PrincipalId(99)))


def test_a_removed_account_leaves_every_room(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    bob.ask(Tell(id=server.new_id(), name="ann", text="bye"))
    server.settle()
    private = bob.told(Kept)[-1].room
    for _ in range(2):  # Repeating it is harmless.
        order(server, server.governor.removed(ANN))
    assert parting(ann) is Parting.REVOKED
    for room in (tea, private, bob.room("lobby")):
        state = server.done(server.logs.room(room))
        assert state is not None
        assert ANN not in state.members
        assert bob.entries(room)[-1].author == SERVER
    inbox = server.done(server.logs.inbox(ANN))
    noted = [entry.body for entry in ann.entries(inbox or tea)]
    assert [body.way for body in noted if isinstance(body, Left)][:1] == [Way.REMOVED]


def test_removing_who_is_away(server: HubRoom) -> None:
    server.registered("ann").ask(Exit())
    server.settle(120)
    order(server, server.governor.removed(ANN))
    bob = server.registered("bob")
    assert bob.told(You)
    briefs = server.done(server.logs.briefs(ANN))
    assert [brief.member for brief in briefs if brief.room == bob.room("lobby")] == [False]
