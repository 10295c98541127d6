"""One's devices: which there are, and ending them, by hand or by another password."""

from __future__ import annotations

import pytest

from besedka.chat.answers import SessionLine, SessionList
from besedka.chat.entries import SessionsRevoked
from besedka.chat.own_requests import ChangePassword, EndSessions, ListSessions
from besedka.chat.refusals import Code
from besedka.chat.requests import Hello, Login, Ping, Request, Resume
from besedka.chat.told import Done, Farewell, Parting, You
from besedka.hub.faults import StoreFault
from besedka.hub.ports import Peer
from besedka.hub.tokens import token_handle
from besedka.limits import Limits
from besedka.wire.native import NativeClient, NativeServer
from hub_room import PASSWORD, Device, HubRoom, Wire

NEW = "battery staple"


@pytest.fixture
def server() -> HubRoom:
    return HubRoom()


def asks(device: Device, *requests: Request) -> None:
    device.ask(*requests)
    device.server.settle(1)


def devices(device: Device) -> list[SessionLine]:
    asks(device, ListSessions())
    return list(device.told(SessionList)[-1].sessions)


def parting(device: Device) -> Parting | None:
    told = device.told(Farewell)
    return told[-1].parting if told else None


def revocations(device: Device) -> int:
    assert device.you.inbox is not None
    return sum(isinstance(entry.body, SessionsRevoked) for entry in device.entries(device.you.inbox))


def handle(device: Device) -> str:
    assert device.you.token is not None
    return token_handle(device.you.token)


def let_in(server: HubRoom, *requests: Request) -> bool:
    """Whether a new connection comes in by these."""
    device = server.visitor(address="192.0.2.9")
    asks(device, *requests)
    return bool(device.told(You))


# Which there are -------------------------------------------------------------------------------------------------


def test_devices_are_listed_the_one_last_used_first(server: HubRoom) -> None:
    ann, other = server.registered("ann"), server.visitor(address="198.51.100.7")
    asks(other, Login(name="ann", password=PASSWORD))
    server.registered("bob")
    gone = server.another(ann)
    gone.hang_up()
    server.settle(5)
    asks(other, Ping())
    server.settle(5)
    first, second, third = devices(ann)
    assert first == SessionLine(handle(ann), "192.0.2.1", first.used, live=True, this=True)
    assert (second.handle, second.address, second.live) == (f"live-{other.session.number}", "198.51.100.7", True)
    assert (third.handle, third.live, third.this) == (handle(gone), False, False)
    assert second.used == first.used - 6000, "when it was heard last"
    assert ann.you.token is not None
    assert ann.you.token not in repr(ann.units)


def test_a_device_says_what_it_is(server: HubRoom) -> None:
    ann = server.registered("ann")
    link = Wire()
    session = server.hub.connect(link, Peer("192.0.2.2", True, "native"), NativeServer(server.limits))
    assert session is not None
    client = NativeClient()
    for request in (
        Hello(version=1, client="pocket 2 " + "x" * 200),
        Login(name="ann", password=PASSWORD, remember=True),
    ):
        session.receive(client.ask(request))
        server.settle()
    assert devices(ann)[-1].client.startswith("pocket 2 ")
    assert len(devices(ann)[-1].client) == 100
    server.hub.lost(session, "closed by peer")
    assert devices(ann)[-1].client.startswith("pocket 2 "), "the store remembers"


def test_guests_have_no_devices(server: HubRoom) -> None:
    guest = server.guest("gus")
    asks(guest, ListSessions(), EndSessions(), ChangePassword(old="x", new=NEW))
    assert guest.refusals() == [Code.ACCOUNT_NEEDED] * 3


# Ending them -----------------------------------------------------------------------------------------------------


def test_one_device_is_ended(server: HubRoom) -> None:
    ann = server.registered("ann")
    lost, other = server.another(ann), server.another(ann)
    token = lost.you.token
    assert token is not None
    asks(ann, EndSessions(handle=handle(lost)))
    assert ann.told(Done)
    assert parting(lost) is Parting.REVOKED
    assert parting(other) is None
    assert not let_in(server, Resume(token=token))
    assert revocations(ann) == 0
    assert handle(lost) not in [line.handle for line in devices(ann)]


def test_a_device_without_a_token_is_ended(server: HubRoom) -> None:
    ann, other = server.registered("ann"), server.visitor()
    asks(other, Login(name="ann", password=PASSWORD))
    asks(ann, EndSessions(handle=f"live-{other.session.number}"))
    assert parting(other) is Parting.REVOKED


def test_the_devices_of_others_are_out_of_reach(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    asks(
        ann, EndSessions(handle=handle(bob)), EndSessions(handle=f"live-{bob.session.number}"), EndSessions(handle="x")
    )
    assert ann.refusals() == [Code.NO_SUCH_SESSION] * 3
    assert parting(bob) is None


def test_all_other_devices_are_ended(server: HubRoom) -> None:
    ann, bob = server.registered("ann"), server.registered("bob")
    others = [server.another(ann), server.another(ann)]
    others[0].hang_up()
    asks(ann, EndSessions())
    assert parting(others[1]) is Parting.REVOKED
    assert parting(bob) is None
    assert [line.this for line in devices(ann)] == [True]
    assert revocations(ann) == 1
    assert ann.you.token is not None
    assert let_in(server, Resume(token=ann.you.token))


def test_who_is_just_being_let_in_is_ended_too(server: HubRoom) -> None:
    ann = server.registered("ann")
    late = server.visitor()
    banned = server.accounts.banned

    async def slowly(*asked: object, **more: object) -> bool:
        await server.process.wait_seconds(3)
        return await banned(*asked, **more)  # type: ignore[arg-type]

    server.accounts.banned = slowly  # type: ignore[method-assign]
    asks(late, Login(name="ann", password=PASSWORD))
    asks(ann, EndSessions())
    assert parting(late) is Parting.REVOKED
    server.settle(5)
    assert not late.told(You)


# Another password ------------------------------------------------------------------------------------------------


def test_another_password_ends_all_other_devices(server: HubRoom) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    token, kept = other.you.token, ann.you.token
    assert token is not None
    assert kept is not None
    asks(ann, ChangePassword(old=PASSWORD, new=NEW))
    assert ann.told(Done)
    assert parting(other) is Parting.REVOKED
    assert revocations(ann) == 1
    assert let_in(server, Login(name="ann", password=NEW))
    assert not let_in(server, Login(name="ann", password=PASSWORD))
    assert not let_in(server, Resume(token=token))
    assert let_in(server, Resume(token=kept))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("wrong", NEW, Code.WRONG_PASSWORD),
        (PASSWORD, "short", Code.PASSWORD_SHORT),
        (PASSWORD, "x" * 1025, Code.PASSWORD_LONG),
        ("x" * 1025, NEW, Code.PASSWORD_LONG),
    ],
)
def test_a_password_that_is_not_changed(server: HubRoom, old: str, new: str, code: Code) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    asks(ann, ChangePassword(old=old, new=new))
    assert ann.refusals() == [code]
    assert parting(other) is None
    assert let_in(server, Login(name="ann", password=PASSWORD))


def test_no_password_travels_an_unsafe_way(server: HubRoom) -> None:
    ann = server.registered("ann")
    ann.session.peer = Peer("192.0.2.1", False, "native")
    asks(ann, ChangePassword(old=PASSWORD, new=NEW))
    assert ann.refusals() == [Code.UNSAFE_WAY]


def test_guesses_at_the_old_password_wait_longer_and_longer(server: HubRoom) -> None:
    ann = server.registered("ann")
    waits = []
    for _ in range(6):
        began = server.steps.seconds
        ann.ask(ChangePassword(old="wrong", new=NEW))
        answered = len(ann.refusals())
        while len(ann.refusals()) == answered:
            server.settle(0.5)
        waits.append(server.steps.seconds - began)
    assert waits[0] < 1 < waits[-2] < waits[-1]
    assert ann.refusals() == [Code.WRONG_PASSWORD] * 6


def test_one_change_at_a_time_is_tried(server: HubRoom) -> None:
    ann = server.registered("ann")
    other = server.another(ann)
    hashing = server.keys.hash

    async def slowly(password: str) -> str:
        await server.process.wait_seconds(2)
        return await hashing(password)

    server.keys.hash = slowly  # type: ignore[method-assign]
    asks(ann, ChangePassword(old=PASSWORD, new=NEW))
    asks(other, ChangePassword(old=PASSWORD, new="battery acid"))
    assert other.refusals() == [Code.BUSY]
    server.settle(5)
    assert ann.told(Done)


def test_a_hash_that_changed_meanwhile_is_not_replaced() -> None:
    server = HubRoom(limits=Limits(flood=False))
    ann = server.registered("ann")

    async def elsewhere(*_asked: object, **_more: object) -> bool:
        return False

    server.accounts.change_password = elsewhere  # type: ignore[method-assign]
    asks(ann, ChangePassword(old=PASSWORD, new=NEW))
    assert ann.refusals() == [Code.BUSY]
    assert revocations(ann) == 0


def test_a_changed_password_is_changed_though_it_cannot_be_noted(server: HubRoom) -> None:
    ann = server.registered("ann")

    async def full(*_asked: object) -> None:
        raise StoreFault("the disk is full")

    server.hub.orders.add_to = full  # type: ignore[method-assign, assignment]
    asks(ann, ChangePassword(old=PASSWORD, new=NEW))
    assert ann.told(Done)
    assert let_in(server, Login(name="ann", password=NEW))


def test_no_password_is_noted(server: HubRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[str] = []
    monkeypatch.setattr(server.notebook, "note", lambda event, **fields: noted.append(f"{event} {fields}"))
    ann = server.registered("ann")
    asks(ann, ChangePassword(old="wrong one", new=NEW), ChangePassword(old=PASSWORD, new=NEW))
    assert any("password changed" in line for line in noted)
    assert not any(secret in line for line in noted for secret in ("wrong one", NEW, PASSWORD))
