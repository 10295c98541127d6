from __future__ import annotations

import base64

import pytest

from besedka.chat.own_requests import SetProfile
from besedka.chat.refusals import SENTENCES, Code
from besedka.chat.requests import ComeAsGuest, Exit, Login, Malformed, Ping, Sync
from besedka.chat.told import Done
from besedka.wire.irc.conversation import LINES_BEFORE_LOGIN_MAX
from besedka.wire.irc.settings import IrcSettings, ServerPassword
from besedka.wire.proving import Knock
from irc_visitor import ANN, Visitor, present, refused, you

DONE = Done(None)


def test_a_guest_is_welcomed_when_the_hub_has_let_it_in() -> None:
    visitor = Visitor()
    visitor.write("NICK guest", "USER me 0 * :Real Name")
    asked = visitor.tell(you())
    assert visitor.read() == []
    assert [type(one) for one in asked] == [Ping]
    asked = visitor.tell(DONE)
    numerics = visitor.numerics()
    assert numerics[:4] == ["001", "002", "003", "004"]
    assert set(numerics[4:-1]) == {"005", "251", "252", "253", "254", "255", "265", "266"}
    assert numerics[-1] == "422"
    assert asked == [SetProfile(real_name="Real Name"), Sync()]
    assert visitor.protocol.user == "~me"


def test_isupport_has_thirteen_tokens_a_line_at_most() -> None:
    visitor = present()
    visitor.write("VERSION")
    for line in visitor.read():
        if " 005 " in line:
            assert len(line.split(" :")[0].split(" ")) <= 3 + 13


def test_where_guests_are_not_admitted_an_account_is_needed() -> None:
    visitor = Visitor(guests=False)
    asked = visitor.write("NICK ann", "USER a 0 * :Ann")
    assert [type(one) for one in asked] == [Exit]
    (line,) = visitor.read()
    assert line.startswith(":here. FAIL * ACCOUNT_REQUIRED_TO_CONNECT :")


@pytest.mark.parametrize(
    ("code", "numeric"),
    [(Code.NAME_TAKEN, "433"), (Code.BAD_NAME, "432"), (Code.NAME_RESERVED, "432")],
)
def test_a_refused_nick_may_be_chosen_again(code: Code, numeric: str) -> None:
    visitor = Visitor()
    visitor.write("NICK ann", "USER a 0 * :Ann")
    visitor.tell(refused(code))
    assert visitor.numerics() == [numeric]
    (asked,) = visitor.write("NICK anna")
    assert getattr(asked, "name", "") == "anna"


def test_pass_logs_in_with_name_and_password_and_once() -> None:
    visitor = Visitor(guests=False)
    asked = visitor.write("PASS :ann:correct horse:battery", "NICK x", "USER a 0 * :Ann")
    (login,) = asked
    assert (getattr(login, "name", ""), getattr(login, "password", "")) == ("ann", "correct horse:battery")
    asked = visitor.tell(refused(Code.WRONG_PASSWORD))
    assert [type(one) for one in asked] == [Exit]
    assert visitor.numerics() == ["464"]


def passworded() -> Visitor:
    visitor = Visitor()
    visitor.world.irc = IrcSettings(password=ServerPassword.of("sesame"))
    return visitor


def test_a_guest_says_the_password_of_the_server_first() -> None:
    visitor = passworded()
    (asked,) = visitor.write("PASS wrong", "PASS :sesame: open", "NICK guest", "USER a 0 * :A")
    assert asked == Knock(password="sesame: open")
    assert "sesame" not in repr(asked)
    assert [type(one) for one in visitor.tell(DONE)] == [ComeAsGuest]


def test_a_wrong_password_of_the_server_is_464_and_the_end() -> None:
    visitor = passworded()
    visitor.write("PASS wrong", "NICK guest", "USER a 0 * :A")
    assert [type(one) for one in visitor.tell(refused(Code.WRONG_PASSWORD))] == [Exit]
    assert visitor.numerics() == ["464"]


def test_whoever_says_none_is_not_let_in() -> None:
    visitor = passworded()
    assert [type(one) for one in visitor.write("NICK guest", "USER a 0 * :A")] == [Exit]
    assert visitor.numerics() == ["464"]


def test_what_is_not_the_password_of_the_server_may_be_an_accounts() -> None:
    visitor = passworded()
    visitor.write("PASS :ann:correct: horse", "NICK guest", "USER a 0 * :A")
    assert visitor.tell(refused(Code.WRONG_PASSWORD)) == [Login(name="ann", password="correct: horse")]


def test_an_account_needs_no_password_of_the_server() -> None:
    visitor = Visitor()
    visitor.world.irc = IrcSettings(password=ServerPassword.of("sesame"))
    visitor.write("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("\0ann\0secret"))
    visitor.tell(you(ANN, "ann"), DONE)
    assert [type(one) for one in visitor.write("NICK ann", "USER a 0 * :A")] == [Ping]


def test_a_password_that_may_not_be_said_here_is_464_with_the_reason() -> None:
    visitor = passworded()
    visitor.write("PASS :ann:sesame", "NICK guest", "USER a 0 * :A")
    assert [type(one) for one in visitor.tell(refused(Code.UNSAFE_WAY))] == [Exit]
    assert visitor.read() == [f":here. 464 * :{SENTENCES[Code.UNSAFE_WAY]}"]


def test_the_message_of_the_day_is_told_in_lines_that_fit() -> None:
    visitor = present()
    visitor.world.irc = IrcSettings(motd=("Welcome :)", "", "x" * 500))
    visitor.write("MOTD")
    assert visitor.read() == [
        ":here. 375 guest :- here. Message of the day - ",
        ":here. 372 guest :- Welcome :)",
        ":here. 372 guest :- ",
        ":here. 372 guest :- " + "x" * 400,
        ":here. 372 guest :- " + "x" * 100,
        ":here. 376 guest :End of /MOTD command.",
    ]


def test_negotiation_holds_registration_back() -> None:
    visitor = Visitor()
    assert visitor.write("CAP LS 302", "NICK guest", "USER a 0 * :A") == []
    *lines, last = visitor.read()
    assert all(line.startswith(":here. CAP * LS * :") for line in lines)
    assert last.startswith(":here. CAP * LS :")
    assert " sasl=PLAIN " in f"{' '.join(lines)} {last} "
    assert visitor.write("CAP END") != []


def test_capabilities_are_taken_all_or_none() -> None:
    visitor = Visitor()
    visitor.write("CAP REQ :server-time nonsense", "CAP REQ :server-time setname", "CAP LIST", "CAP FOO", "CAP")
    assert visitor.read() == [
        ":here. CAP * NAK :server-time nonsense",
        ":here. CAP * ACK :server-time setname",
        ":here. CAP * LIST :server-time setname",
        ":here. 410 * FOO :Invalid CAP command",
        ":here. 461 * CAP :Not enough parameters",
    ]


def test_cap_notify_stays_with_who_asked_for_302() -> None:
    visitor = Visitor()
    visitor.write("CAP LS 302")
    visitor.read()
    visitor.write("CAP REQ :-cap-notify", "CAP REQ :server-time", "CAP REQ :-server-time", "CAP LIST")
    assert [line.split(" ", 3)[3] for line in visitor.read()] == [
        "NAK :-cap-notify",
        "ACK :server-time",
        "ACK :-server-time",
        "LIST :cap-notify",
    ]


def test_on_an_unsafe_way_no_password_is_offered_or_taken() -> None:
    visitor = Visitor(safe=False)
    assert visitor.write("CAP LS", "CAP REQ :sasl", "AUTHENTICATE PLAIN") == []
    ls, nak, failed = visitor.read()
    assert "sasl" not in ls
    assert " NAK " in nak
    assert " 904 " in failed


def test_an_old_client_gets_one_line_that_is_always_the_same() -> None:
    visitor = Visitor()
    visitor.write("CAP LS", "CAP LS 301", "CAP LS x", "CAP LS 302", "CAP LS 301")
    lines = visitor.read()
    old = lines[0]
    assert [line for line in lines if line == old] == [lines[0], lines[1], lines[2], lines[-1]]
    assert len(old) <= 510
    assert "=" not in old
    assert "draft/" not in old
    assert "=" in "".join(lines[3:-1])


def test_a_list_longer_than_a_line_comes_in_several_with_a_star_before_the_last() -> None:
    visitor = Visitor()
    visitor.protocol.nick, visitor.protocol.principal = "n" * 400, ANN
    visitor.write("CAP LS 302")
    *before, last = visitor.read()
    assert before
    assert all(" LS * :" in line and len(line) <= 510 for line in before)
    assert " LS * :" not in last


def test_a_request_too_long_for_its_answer_is_refused() -> None:
    visitor = Visitor()
    visitor.write("CAP REQ :" + "server-time " * 41 + "setname", "CAP LIST")
    refusal, found = visitor.read()
    assert " NAK :server-time " in refusal
    assert len(refusal.encode()) <= 510
    assert found.endswith(" LIST :")


def test_where_an_account_is_needed_the_list_says_so_and_it_cannot_be_asked_for() -> None:
    visitor = Visitor(guests=False)
    visitor.write("CAP LS 302", "CAP REQ draft/account-required")
    assert "draft/account-required" in " ".join(visitor.read()[:-1])
    visitor.write("CAP REQ draft/account-required")
    assert " NAK " in visitor.read()[0]


def plain(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_sasl_plain_logs_in_before_registration() -> None:
    visitor = Visitor(guests=False)
    visitor.write("CAP REQ :sasl", "AUTHENTICATE plain")
    (login,) = visitor.write("AUTHENTICATE " + plain("\0ann\0secret word"))
    assert (getattr(login, "name", ""), getattr(login, "password", "")) == ("ann", "secret word")
    visitor.tell(you(ANN, "ann"), DONE)
    assert visitor.numerics() == ["CAP", "AUTHENTICATE", "900", "903"]
    visitor.write("AUTHENTICATE PLAIN")
    assert visitor.numerics() == ["907"]
    assert [type(one) for one in visitor.write("NICK other", "USER a 0 * :A", "CAP END")] == [Ping]


def test_a_long_password_comes_in_chunks() -> None:
    visitor = Visitor()
    encoded = plain("\0ann\0" + "p" * 1024)
    visitor.write("AUTHENTICATE PLAIN")
    chunks = [encoded[at : at + 400] for at in range(0, len(encoded), 400)]
    asked = visitor.write(*(f"AUTHENTICATE {chunk}" for chunk in chunks))
    assert getattr(asked[0], "password", "") == "p" * 1024


@pytest.mark.parametrize(
    ("said", "numerics"),
    [
        (["AUTHENTICATE FOO"], ["908", "904"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE *"], ["AUTHENTICATE", "906"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE " + "a" * 401], ["AUTHENTICATE", "905"]),
        (["AUTHENTICATE PLAIN", *["AUTHENTICATE " + "a" * 400] * 5], ["AUTHENTICATE", "905", "908", "904"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE !!!"], ["AUTHENTICATE", "904"]),
        (["AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("bob\0ann\0secret")], ["AUTHENTICATE", "904"]),
    ],
)
def test_what_is_wrong_with_an_exchange_ends_it(said: list[str], numerics: list[str]) -> None:
    visitor = Visitor()
    assert visitor.write(*said) == []
    assert visitor.numerics()[: len(numerics)] == numerics


def test_registration_ends_an_exchange_that_is_under_way() -> None:
    visitor = Visitor()
    visitor.write("CAP REQ :sasl", "NICK guest", "AUTHENTICATE PLAIN", "USER a 0 * :A")
    asked = visitor.write("CAP END")
    assert visitor.numerics() == ["CAP", "AUTHENTICATE", "906"]
    assert [type(one) for one in asked] == [ComeAsGuest]


def test_who_is_banned_is_902() -> None:
    visitor = Visitor()
    visitor.write("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("\0ann\0secret"))
    visitor.tell(refused(Code.BANNED))
    assert visitor.numerics() == ["AUTHENTICATE", "902"]


def test_a_wrong_password_is_904() -> None:
    visitor = Visitor()
    visitor.write("AUTHENTICATE PLAIN", "AUTHENTICATE " + plain("\0ann\0wrong"))
    visitor.tell(refused(Code.WRONG_PASSWORD))
    assert visitor.numerics() == ["AUTHENTICATE", "904"]


def test_nobody_talks_for_ever_without_saying_who_it_is() -> None:
    visitor = Visitor()
    asked = visitor.write(*["PING x"] * (LINES_BEFORE_LOGIN_MAX + 1))
    while not isinstance(asked[-1], Malformed):
        asked = visitor.tell(*[DONE for _ in asked])
    assert asked[-1].fatal


def test_a_web_page_is_not_listened_to() -> None:
    (malformed,) = Visitor().write("NICK x", "Host: example")
    assert isinstance(malformed, Malformed)
    assert malformed.fatal
