from __future__ import annotations

import pytest

from besedka.chat.refusals import Code
from besedka.chat.requests import Ping, Register
from besedka.chat.told import Done, Registration, Welcome
from besedka.wire.irc.settings import IrcSettings, ServerPassword
from irc_visitor import ANN, Visitor, present, refused, you

DONE = Done(None)
EARLY = IrcSettings(before_connect=True)


def newcomer(*, irc: IrcSettings = EARLY, safe: bool = True, registration: Registration = Registration.OPEN) -> Visitor:
    visitor = Visitor()
    visitor.world.irc = irc
    visitor.tell(Welcome(1, "besedka 0", "here", "e", (), registration, True, safe))
    return visitor


def fails(visitor: Visitor) -> list[str]:
    """What stands between FAIL and the words."""
    lines = visitor.read()
    assert all(line.startswith(":here. FAIL ") for line in lines)
    return [line.removeprefix(":here. FAIL ").partition(" :")[0] for line in lines]


@pytest.mark.parametrize(
    ("irc", "safe", "registration", "offer"),
    [
        (EARLY, True, Registration.OPEN, "draft/account-registration=before-connect"),
        (EARLY, True, Registration.INVITE, "draft/account-registration=before-connect"),
        (IrcSettings(), True, Registration.OPEN, "draft/account-registration"),
        (IrcSettings(before_connect=True, password=ServerPassword.of("x")), True, Registration.OPEN,
         "draft/account-registration"),
        (EARLY, False, Registration.OPEN, None),
        (EARLY, True, Registration.CLOSED, None),
    ],
)  # fmt: skip
def test_it_is_offered_where_accounts_can_be_made(
    irc: IrcSettings, safe: bool, registration: Registration, offer: str | None
) -> None:
    visitor = newcomer(irc=irc, safe=safe, registration=registration)
    visitor.write("CAP LS 302")
    offers = [one for one in " ".join(visitor.read()).replace(":", " ").split() if "account-registration" in one]
    assert offers == ([] if offer is None else [offer])


def test_an_account_is_made_before_connecting() -> None:
    visitor = newcomer()
    asked = visitor.write("CAP LS", "NICK ann", "REGISTER * * :correct horse")
    assert asked == [Register(name="ann", password="correct horse")]
    visitor.read()
    visitor.tell(you(ANN, "ann"), DONE)
    assert visitor.read() == [
        ":here. REGISTER SUCCESS ann :Account created.",
        ":here. 900 ann ann!u@h ann :You are now logged in as ann",
    ]
    assert [type(one) for one in visitor.write("USER a 0 * :A", "CAP END")] == [Ping]


def test_a_code_stands_in_place_of_the_address() -> None:
    visitor = newcomer(registration=Registration.INVITE)
    (asked,) = visitor.write("NICK ann", "REGISTER ANN linden-42 secretsecret")
    assert asked == Register(name="ann", password="secretsecret", invitation="linden-42")
    assert "secretsecret" not in repr(asked)
    visitor.tell(refused(Code.INVITATION_NEEDED))
    assert fails(visitor) == ["REGISTER UNACCEPTABLE_EMAIL ANN"]


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        ("REGISTER * * secretsecret", "REGISTER NEED_NICK *"),
        ("REGISTER ann * secretsecret", "REGISTER NEED_NICK *"),
        ("VERIFY ann 1234", "VERIFY INVALID_CODE ann"),
    ],
)
def test_what_cannot_be_said_without_a_nick(said: str, failure: str) -> None:
    visitor = newcomer()
    assert visitor.write(said) == []
    assert fails(visitor) == [failure]


def test_an_account_is_called_like_the_nick() -> None:
    visitor = present()
    assert visitor.write("REGISTER other * secretsecret") == []
    assert fails(visitor) == ["REGISTER ACCOUNT_NAME_MUST_BE_NICK other"]


@pytest.mark.parametrize("irc", [IrcSettings(), IrcSettings(before_connect=True, password=ServerPassword.of("x"))])
def test_where_it_is_not_allowed_before_connecting(irc: IrcSettings) -> None:
    visitor = newcomer(irc=irc)
    assert visitor.write("NICK ann", "REGISTER * * secretsecret", "VERIFY ann 1") == []
    assert fails(visitor) == ["REGISTER COMPLETE_CONNECTION_REQUIRED ann", "VERIFY COMPLETE_CONNECTION_REQUIRED ann"]


@pytest.mark.parametrize(("safe", "registration"), [(False, Registration.OPEN), (True, Registration.CLOSED)])
def test_where_no_account_can_be_made(safe: bool, registration: Registration) -> None:
    visitor = newcomer(safe=safe, registration=registration)
    assert visitor.write("NICK ann", "REGISTER * * secretsecret") == []
    assert fails(visitor) == ["REGISTER TEMPORARILY_UNAVAILABLE ann"]


def test_who_has_an_account_makes_no_other() -> None:
    visitor = present(principal=ANN, name="ann")
    assert visitor.write("REGISTER * * secretsecret", "VERIFY bob 1") == []
    assert fails(visitor) == ["REGISTER ALREADY_AUTHENTICATED ann", "VERIFY ALREADY_AUTHENTICATED ann"]


@pytest.mark.parametrize(
    ("code", "failure"),
    [
        (Code.NAME_TAKEN, "ACCOUNT_EXISTS"),
        (Code.BAD_NAME, "BAD_ACCOUNT_NAME"),
        (Code.NAME_RESERVED, "BAD_ACCOUNT_NAME"),
        (Code.PASSWORD_SHORT, "WEAK_PASSWORD"),
        (Code.PASSWORD_LONG, "UNACCEPTABLE_PASSWORD"),
        (Code.BUSY, "TEMPORARILY_UNAVAILABLE"),
    ],
)
def test_why_an_account_is_not_made(code: Code, failure: str) -> None:
    visitor = newcomer()
    visitor.write("NICK carol", "REGISTER * * secretsecret")
    visitor.tell(refused(code))
    assert fails(visitor) == [f"REGISTER {failure} carol"]


def test_a_nick_that_a_guest_bears_is_no_account() -> None:
    visitor = newcomer()
    visitor.write("NICK guest", "REGISTER * * secretsecret")
    visitor.tell(refused(Code.NAME_TAKEN))
    assert fails(visitor) == ["REGISTER USERNAME_EXISTS guest"]
