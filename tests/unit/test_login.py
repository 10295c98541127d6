"""Every way in: what is asked, what is refused, what it costs, and what it never tells."""

from __future__ import annotations

import pytest

from besedka.chat.principals import AccountRole, PrincipalId
from besedka.chat.refusals import Code
from besedka.chat.requests import ComeAsGuest, Exit, Login, Register, Request, Resume
from besedka.chat.told import Registration, You
from besedka.hub.ports import Peer
from besedka.hub.settings import Settings
from besedka.limits import Limits
from hub_room import ANN, PASSWORD, Device, HubRoom

INVITING = Settings(registration=Registration.INVITE)
CLOSED = Settings(registration=Registration.CLOSED)


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(settings=Settings(guests=True, name="Arbour"))


def asking(server: HubRoom, request: Request, *, address: str = "192.0.2.1", seconds: float = 0.1) -> Device:
    visitor = server.visitor(address=address)
    visitor.ask(request)
    server.settle(seconds)
    return visitor


def with_ann(settings: Settings | None = None, limits: Limits | None = None) -> HubRoom:
    """A server that Ann has registered at, and left."""
    server = HubRoom(settings=settings, limits=limits)
    server.done(
        server.accounts.add_account(
            name="ann",  # type: ignore[arg-type]
            password_hash=f"hash of {PASSWORD}",
            role=AccountRole.USER,
            address="192.0.2.1",
            now=1,
            invitation=None,
        )
    )
    return server


# By password -----------------------------------------------------------------------------------------------------


def test_the_right_password_however_the_name_is_written() -> None:
    server = with_ann()
    ann = asking(server, Login(name="ANN", password=PASSWORD))
    assert (ann.you.principal, ann.you.name, ann.you.token) == (ANN, "ann", None)
    account = server.done(server.accounts.account(ANN))
    assert account is not None
    assert (account.last_address, account.last_seen > 1) == ("192.0.2.1", True)


def test_where_anybody_may_register_it_is_said_that_nobody_bears_a_name(server: HubRoom) -> None:
    assert asking(server, Login(name="ann", password="x")).refusals() == [Code.NAME_UNKNOWN]
    assert asking(server, Login(name="an n", password="x")).refusals() == [Code.BAD_NAME]
    assert asking(server, Login(name="arbour", password="x")).refusals() == [Code.NAME_RESERVED]
    server.guest("passer-by")
    assert asking(server, Login(name="Passer-By", password="x")).refusals() == [Code.NAME_TAKEN]


@pytest.mark.parametrize("settings", [INVITING, CLOSED])
def test_elsewhere_an_unknown_name_and_a_wrong_password_are_alike(settings: Settings) -> None:
    outcomes = []
    for name in ("ann", "nobody", "an n", "server"):
        server = with_ann(settings)
        hashed: list[int] = []
        server.keys.hashing = lambda hashed=hashed: hashed.append(1)  # type: ignore[misc]
        visitor = server.visitor()
        for _ in range(3):
            visitor.ask(Login(name=name, password="wrong"))
            server.settle(10)
        outcomes.append((visitor.refusals(), len(hashed), visitor.link.closed))
    assert outcomes == [([Code.WRONG_PASSWORD] * 3, 3, True)] * 4


@pytest.mark.parametrize(
    "request_", [Login(name="ann", password="x"), Register(name="bob", password=PASSWORD), Resume(token="x")]
)
def test_no_secret_is_taken_on_an_unsafe_way(server: HubRoom, request_: Request) -> None:
    visitor = server.visitor()
    visitor.session.peer = Peer("192.0.2.1", False, "native")
    visitor.ask(request_)
    server.settle()
    assert visitor.refusals() == [Code.UNSAFE_WAY]
    assert visitor.session.attempts == 0


@pytest.mark.parametrize(
    "make", [lambda secret: Login(name="ann", password=secret), lambda secret: Register(name="bob", password=secret)]
)
def test_a_password_is_bounded_before_it_is_hashed(server: HubRoom, make: object) -> None:
    server.keys.hashing = lambda: pytest.fail("hashed")
    assert asking(server, make("ж" * 513)).refusals() == [Code.PASSWORD_LONG]  # type: ignore[operator]


def test_an_old_hash_is_made_anew(server: HubRoom) -> None:
    server = with_ann()
    server.keys.outdated = lambda password_hash: password_hash == f"hash of {PASSWORD}"  # type: ignore[method-assign]
    hashes = iter(["newer"])

    async def newer(password: str) -> str:
        return f"{next(hashes)} hash of {password}"

    server.keys.hash = newer  # type: ignore[method-assign]
    assert asking(server, Login(name="ann", password=PASSWORD)).told(You)
    credentials = server.done(server.accounts.credentials("ann"))  # type: ignore[arg-type]
    assert credentials is not None
    assert credentials.password_hash == f"newer hash of {PASSWORD}"


# Throttled -------------------------------------------------------------------------------------------------------


def fail(server: HubRoom, times: int, *, address: str) -> None:
    """Wrong passwords, each as soon as the one before has been answered."""
    for _ in range(times):
        guesser = asking(server, Login(name="ann", password="wrong"), address=address)
        while not guesser.refusals():
            server.settle(0.1)


def test_strangers_wait_after_failures_and_those_who_are_known_do_not() -> None:
    server = with_ann()
    assert asking(server, Login(name="ann", password=PASSWORD), address="192.0.2.7").told(You)
    fail(server, 8, address="192.0.2.66")
    stranger = asking(server, Login(name="ann", password=PASSWORD), address="192.0.2.8")
    known = asking(server, Login(name="ann", password=PASSWORD), address="192.0.2.7")
    assert known.told(You)
    assert not stranger.told(You)
    server.settle(31)
    assert stranger.told(You)


def test_one_attempt_from_an_address_at_a_time() -> None:
    server = with_ann()
    fail(server, 8, address="192.0.2.66")
    waiting = asking(server, Login(name="ann", password=PASSWORD), address="192.0.2.66")
    other = asking(server, Login(name="ann", password=PASSWORD), address="192.0.2.66")
    assert other.refusals() == []
    server.settle(server.limits.gate_patience_seconds + 0.1)
    assert other.refusals() == [Code.BUSY], "it waits for the other, but not as long as one that has failed so often"
    assert waiting.refusals() == []
    assert other.session.attempts == 0
    server.settle(31)
    assert waiting.told(You)


def test_two_of_one_household_come_home_together() -> None:
    server = with_ann()
    fail(server, 3, address="192.0.2.66")  # So that the next one waits for a second.
    first = asking(server, Login(name="ann", password=PASSWORD), address="192.0.2.66")
    second = asking(server, Login(name="ann", password=PASSWORD), address="192.0.2.66")
    assert not first.told(You)
    assert not second.told(You)
    server.settle(1.5)
    assert first.told(You)
    assert second.told(You)


def test_when_all_places_are_taken_it_is_busy() -> None:
    server = with_ann(limits=Limits(gate_waiting_max=0, gate_known_waiting_max=1))
    assert asking(server, Login(name="ann", password=PASSWORD)).refusals() == [Code.BUSY]
    assert asking(server, Register(name="bob", password=PASSWORD)).refusals() == [Code.BUSY]
    server.done(server.accounts.visited(ANN, address="192.0.2.1", now=5))
    assert asking(server, Login(name="ann", password=PASSWORD)).told(You)


def test_load_tests_do_not_wait() -> None:
    server = with_ann(limits=Limits(flood=False))
    for _ in range(10):
        asking(server, Login(name="ann", password="wrong"))
    assert asking(server, Login(name="ann", password=PASSWORD)).told(You)


# Registering -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Register(name="1ann", password=PASSWORD), Code.BAD_NAME),
        (Register(name="Arbour", password=PASSWORD), Code.NAME_RESERVED),
        (Register(name="ann", password="1234567"), Code.PASSWORD_SHORT),
        (Register(name="passer-by", password=PASSWORD), Code.NAME_TAKEN),
        (Register(name="BOB", password=PASSWORD), Code.NAME_TAKEN),
    ],
)
def test_no_registering(server: HubRoom, request_: Request, code: Code) -> None:
    server.registered("bob")
    server.guest("Passer-by")
    assert asking(server, request_).refusals() == [code]


def test_nobody_registers_as_an_administrator(server: HubRoom) -> None:
    assert server.registered("ann").you.role is AccountRole.USER


def test_where_it_is_closed_it_is_closed() -> None:
    assert asking(HubRoom(settings=CLOSED), Register(name="ann", password=PASSWORD)).refusals() == [
        Code.REGISTRATION_CLOSED
    ]


def test_an_invitation_is_good_for_its_uses() -> None:
    server = HubRoom(settings=INVITING)
    server.done(server.accounts.add_invitation("come in", uses=1, now=0, expires=1 << 50))
    first = asking(server, Register(name="ann", password=PASSWORD, invitation="come in"))
    assert first.told(You)
    second = asking(server, Register(name="bob", password=PASSWORD, invitation="come in"))
    assert second.refusals() == [Code.INVITATION_NEEDED]


def test_invitations_cannot_be_guessed_at_leisure() -> None:
    server = HubRoom(settings=INVITING)
    for guess in ("", "x", "y" * 65):
        assert asking(server, Register(name="ann", password=PASSWORD, invitation=guess)).refusals() == [
            Code.INVITATION_NEEDED
        ]
    waiting = asking(server, Register(name="ann", password=PASSWORD, invitation="z"))
    assert asking(server, Register(name="ann", password=PASSWORD, invitation="z")).refusals() == [Code.BUSY]
    assert waiting.refusals() == []
    server.settle(5)
    assert waiting.refusals() == [Code.INVITATION_NEEDED]


def test_two_who_register_one_name_are_one(server: HubRoom) -> None:
    one, other = server.visitor(address="192.0.2.1"), server.visitor(address="192.0.2.2")
    one.ask(Register(name="ann", password=PASSWORD))
    other.ask(Register(name="Ann", password=PASSWORD))
    server.settle()
    assert len(one.told(You)) + len(other.told(You)) == 1
    assert one.refusals() + other.refusals() == [Code.NAME_TAKEN]


# By token --------------------------------------------------------------------------------------------------------


def test_a_token_lets_a_device_back_in(server: HubRoom) -> None:
    ann = server.registered("ann")
    assert ann.you.token is not None
    ann.ask(Exit())
    server.settle()
    back = asking(server, Resume(token=ann.you.token))
    assert (back.you.principal, back.you.token) == (ANN, None)
    assert asking(server, Resume(token=ann.you.token + "x")).refusals() == [Code.TOKEN_DEAD]


def test_a_token_unused_for_long_is_dead() -> None:
    server = HubRoom(limits=Limits(token_days=1, ping_seconds=1e9))
    ann = server.registered("ann")
    token = ann.you.token
    assert token is not None
    ann.hang_up()
    server.steps.seconds += 86_401.0
    assert asking(server, Resume(token=token)).refusals() == [Code.TOKEN_DEAD]


# As a guest ------------------------------------------------------------------------------------------------------


def test_guests_come_where_they_are_admitted(server: HubRoom) -> None:
    one, other = server.guest("one"), server.guest("other")
    assert one.you.principal < 0
    assert one.you.principal != other.you.principal
    assert one.you.inbox is None
    assert asking(HubRoom(settings=CLOSED), ComeAsGuest(name="one")).refusals() == [Code.GUESTS_CLOSED]


def test_a_guests_number_is_never_given_again(server: HubRoom) -> None:
    before = {server.guest(f"guest{count}").you.principal for count in "abc"}
    again = HubRoom(logs=server.logs)
    assert not before & {again.guest(f"guest{count}").you.principal for count in "abc"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("ANN", Code.NAME_TAKEN), ("One", Code.NAME_TAKEN), ("1", Code.BAD_NAME), ("all", Code.NAME_RESERVED)],
)
def test_names_that_are_no_guests(server: HubRoom, name: str, code: Code) -> None:
    server.registered("ann")
    server.guest("one")
    assert asking(server, ComeAsGuest(name=name)).refusals() == [code]


def test_a_banned_address_is_no_guests(server: HubRoom) -> None:
    server.done(server.accounts.ban(account=None, address="192.0.2.1", now=0, until=None))
    assert asking(server, ComeAsGuest(name="one")).refusals() == [Code.BANNED]


def test_only_so_many_guests_in_one_life(server: HubRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("besedka.hub.login.GUESTS_PER_BOOT", 2)
    server.guest("one")
    assert asking(server, ComeAsGuest(name="two")).refusals() == [Code.BUSY]


# Ended meanwhile -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [ComeAsGuest(name="one"), Register(name="one", password=PASSWORD)])
def test_whoever_is_gone_before_being_let_in_keeps_no_name(server: HubRoom, request_: Request) -> None:
    visitor = server.visitor()
    found = server.accounts.account_named

    async def gone(name: object) -> object:
        server.hub.lost(visitor.session, "closed by peer")
        return await found(name)  # type: ignore[arg-type]

    server.accounts.account_named = gone  # type: ignore[assignment, method-assign]
    visitor.ask(request_)
    server.settle()
    del server.accounts.account_named
    assert visitor.session.claimed is None
    if isinstance(request_, ComeAsGuest):
        assert server.guest("one")


def test_a_login_without_a_session_to_come_to_is_nobodys(server: HubRoom) -> None:
    ann = server.registered("ann")
    ann.ask(Exit())
    server.settle()
    late = server.visitor()
    server.keys.hashing = lambda: server.hub.lost(late.session, "closed by peer")
    late.ask(Login(name="ann", password=PASSWORD))
    server.settle()
    assert server.parts.attendance.get(PrincipalId(1)) is None


# What overtakes a login --------------------------------------------------------------------------------------------


def test_a_ban_that_overtakes_a_login_has_it_asked_again() -> None:
    server = with_ann()
    server.keys.hashing = server.governor.overtake_logins
    overtaken = asking(server, Login(name="ann", password=PASSWORD))
    assert overtaken.refusals() == [Code.BUSY]
    server.keys.hashing = lambda: None
    assert asking(server, Login(name="ann", password=PASSWORD)).you.principal == ANN
