"""What the operator does to a running hub."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.audit import AuditLine
from besedka.chat.entries import (
    Kind,
    Left,
    Manner,
    MembershipChanged,
    Message,
    RolesChanged,
    RoomId,
    RoomRole,
    SessionsRevoked,
    Way,
)
from besedka.chat.principals import SERVER, AccountRole, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import ComeAsGuest, Exit, Say, Tell
from besedka.chat.room_requests import Invite, Kick, Open, SetRole
from besedka.chat.told import Farewell, Kept, Parting, You
from besedka.hub.faults import StoreFault
from besedka.hub.removing import Removing
from besedka.hub.seen import SessionNumber
from hub_room import ANN, Device, HubRoom, folded


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


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
    assert server.ordered(server.governor.say("good morning")) is None
    ann = server.registered("ann")
    assert server.ordered(server.governor.say("welcome, ann")) is None
    lobby = ann.room("lobby")
    assert ann.heard(lobby)[-1] == "welcome, ann"
    last = ann.entries(lobby)[-1]
    assert (last.author, last.name, last.body) == (SERVER, "server", Message("welcome, ann", Manner.NOTED))


def test_what_the_server_cannot_say(server: HubRoom) -> None:
    assert server.ordered(server.governor.say(" ")) == Refusal(Code.EMPTY_TEXT)
    server.weather.lost = StoreFault("the disk is full")
    assert server.ordered(server.governor.say("hm")) == Refusal(Code.NOT_KEPT)


def test_one_session_is_ended_by_its_number(server: HubRoom) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    assert server.governor.end_session(SessionNumber(ann.session.number), Parting.KICKED)
    assert parting(ann) is Parting.KICKED
    assert parting(other) is None
    assert not server.governor.end_session(SessionNumber(ann.session.number), Parting.KICKED)


def test_a_name_is_claimed_by_guests_and_the_operator_alike(server: HubRoom) -> None:
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
    server.ordered(server.governor.revoked(ANN))
    assert parting(ann) is parting(other) is Parting.REVOKED
    assert parting(bob) is None
    inbox = server.done(server.logs.inbox(ANN))
    assert inbox is not None
    assert ann.entries(inbox)[-1].body == SessionsRevoked()
    server.ordered(server.governor.revoked(PrincipalId(99)))


def test_a_removed_account_leaves_every_room(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    tea = ann.join("tea")
    bob.join("tea")
    bob.ask(Tell(id=server.new_id(), name="ann", text="bye"))
    server.settle()
    private = bob.told(Kept)[-1].room
    for _ in range(2):  # Repeating it is harmless.
        server.ordered(Removing(server.hub).leave(ANN))
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
    server.ordered(Removing(server.hub).leave(ANN))
    bob = server.registered("bob")
    assert bob.told(You)
    briefs = server.done(server.logs.briefs(ANN))
    assert [brief.member for brief in briefs if brief.room == bob.room("lobby")] == [False]


# Rooms -----------------------------------------------------------------------------------------------------------


def owner_of(server: HubRoom, room: RoomId) -> list[str]:
    opened = server.parts.rooms.get(room)
    assert opened is not None
    return [member.name for member in opened.state.members.values() if member.role is RoomRole.OWNER]


@pytest.mark.parametrize("moderated", [True, False])
def test_a_room_whose_last_owner_is_removed_goes_to_the_longest_standing(server: HubRoom, moderated: bool) -> None:
    ann, bob, eve = server.registered("ann"), server.registered("bob"), server.registered("eve")
    tea = ann.join("tea")
    bob.join("tea")
    eve.join("tea")
    if moderated:
        ann.ask(SetRole(id=server.new_id(), room=tea, name="eve", role=RoomRole.MODERATOR))
        server.settle()
    server.ordered(Removing(server.hub).leave(ann.you.principal))
    assert owner_of(server, tea) == ["eve" if moderated else "bob"]
    roles, gone = [entry.body for entry in bob.entries(tea)][-2:]
    assert isinstance(roles, RolesChanged)
    assert isinstance(gone, MembershipChanged)
    server.ordered(Removing(server.hub).leave(bob.you.principal))
    assert owner_of(server, tea) == ["eve"]
    server.ordered(Removing(server.hub).leave(eve.you.principal))
    assert owner_of(server, tea) == []


def test_the_operator_acts_in_a_room_that_nobody_else_would_let_in(server: HubRoom) -> None:
    ann, eve = server.registered("ann"), server.registered("eve")
    ann.ask(Open(id=server.new_id(), name="den", room_kind=Kind.PRIVATE))
    server.settle()
    den = server.done(server.governor.room_named("#Den"))
    assert den is not None
    opened, inbox = server.parts.rooms.get(den), server.parts.rooms.inbox_of(eve.you.principal)
    assert opened is not None
    assert inbox is not None
    server.parts.rooms.put_away(opened)
    server.parts.rooms.put_away(inbox)
    assert server.ordered(server.governor.act(Invite(room=den, name="eve"))) is None
    eve.join("den")
    assert server.ordered(server.governor.act(Kick(room=den, name="eve", reason="rude"))) is None
    refusal = server.ordered(server.governor.act(Kick(room=den, name="eve")))
    assert refusal is not None
    assert refusal.code is Code.NOT_HERE
    refusal = server.ordered(server.governor.act(Kick(room=RoomId(999), name="eve")))
    assert refusal is not None
    assert refusal.code is Code.NO_SUCH_ROOM
    entry = eve.entries(den)[-1]
    assert (entry.author, entry.name) == (SERVER, "server")


def test_an_act_that_was_not_kept_says_so(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    server.weather.lost = StoreFault("full")
    refusal = server.ordered(server.governor.act(SetRole(room=tea, name="ann", voice=True)))
    assert refusal is not None
    assert refusal.code is Code.NOT_KEPT


def test_a_room_whose_owner_is_gone_is_given_another(server: HubRoom) -> None:
    ann = server.registered("ann")
    tea = ann.join("tea")
    server.ordered(Removing(server.hub).leave(ann.you.principal))
    bob = server.registered("bob")
    bob.join("tea")
    assert owner_of(server, tea) == []
    for _ in range(2):  # Repeating it is harmless.
        assert server.ordered(server.governor.act(SetRole(room=tea, name="bob", role=RoomRole.OWNER))) is None
    assert owner_of(server, tea) == ["bob"]
    opened = server.parts.rooms.get(tea)
    assert opened is not None
    assert opened.state.owner == bob.you.principal
    (row,) = server.done(server.logs.audit(limit=1))
    assert (row.by, row.room, row.line) == ("server", "tea", AuditLine("roles", "bob: owner"))
