"""Plain text: the dialogue for `nc`, line by line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import Message, RoomId
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.chat.requests import ComeAsGuest, Exit, Login, Malformed, Register, Request, Say
from besedka.chat.rooms import Room
from besedka.chat.shapes import AnyUnit
from besedka.chat.told import (
    Done,
    Farewell,
    Parting,
    Registration,
    Unit,
    Welcome,
)
from besedka.wire.protocol import ServerProtocol
from besedka.wire.text import DIALOGUE_LINES_MAX, TextServer
from besedka.wire.text_format import TEXT
from shapes import values_of
from text_visitor import AGAIN, ENTERING, LIMITS, LOBBY, NAME, NEW_HERE, PASSWORD, Visitor, present, refused, room, you

# Coming in -------------------------------------------------------------------------------------------------------


def test_a_first_visit_where_registration_is_open() -> None:
    visitor = Visitor().connect()
    assert visitor.read() == [NAME]
    assert visitor.write("ann") == []
    assert visitor.read() == [PASSWORD]
    assert visitor.write("correct horse") == [Login(name="ann", password="correct horse")]
    assert visitor.read() == []
    assert visitor.tell(refused(Code.NAME_UNKNOWN)) == []
    assert visitor.read() == [NEW_HERE]
    assert visitor.write("correct horse") == [Register(name="ann", password="correct horse")]
    assert visitor.tell(you()) == ENTERING
    assert visitor.read() == ["Hello, ann. Every line you write is said in the lobby; exit alone on a line leaves."]
    assert visitor.write("hi") == []
    assert visitor.tell(room(topic="tea\x1b[2J")) == [Say(room=LOBBY, text="hi")]
    assert visitor.read() == ["[lobby] -- the topic is: tea\ufffd[2J"]
    assert visitor.write("again") == [Say(room=LOBBY, text="again")]
    assert visitor.write("exit") == [Exit()]
    assert visitor.tell(Farewell(Parting.EXIT, "Bye.")) == []
    assert visitor.read() == ["Bye."]


def test_a_name_is_asked_for_once_even_where_that_was_done_before_anything_was_known() -> None:
    visitor = Visitor(prompted=True).connect()
    assert visitor.read() == []
    visitor.write("ann")
    assert visitor.read() == [PASSWORD]


def test_a_typing_error_makes_no_account() -> None:
    visitor = Visitor().connect()
    visitor.write("ann", "correct horse")
    visitor.tell(refused(Code.NAME_UNKNOWN))
    visitor.read()
    assert visitor.write("corect horse") == []
    assert visitor.read() == ["The two passwords differ, so no account was made.", NAME]
    assert visitor.write("ann", "correct horse") == [Login(name="ann", password="correct horse")]


@pytest.mark.parametrize("registration", [Registration.OPEN, Registration.CLOSED])
def test_a_wrong_password_asks_for_the_name_again(registration: Registration) -> None:
    visitor = Visitor(registration).connect()
    visitor.write("ann", "wrong")
    visitor.read()
    assert visitor.tell(refused(Code.WRONG_PASSWORD)) == []
    assert visitor.read() == ["Wrong name or password.", NAME]


INVITATION = ["If you are new here, write your invitation; an empty line tries another name.", "Invitation:"]


def test_a_first_visit_by_invitation() -> None:
    visitor = Visitor(Registration.INVITE).connect()
    visitor.write("ann", "correct horse")
    visitor.read()
    visitor.tell(refused(Code.WRONG_PASSWORD))
    assert visitor.read() == ["Wrong name or password.", *INVITATION]
    assert visitor.write("  abcdefgh ") == []
    assert visitor.read() == [AGAIN]
    assert visitor.write("correct horse") == [
        Register(name="ann", password="correct horse", invitation="abcdefgh"),
    ]
    visitor.tell(refused(Code.INVITATION_NEEDED))
    assert visitor.read() == [SENTENCES[Code.INVITATION_NEEDED], NAME]


def test_without_an_invitation_another_name_is_tried() -> None:
    visitor = Visitor(Registration.INVITE).connect()
    visitor.write("ann", "wrong")
    visitor.tell(refused(Code.WRONG_PASSWORD))
    visitor.read()
    assert visitor.write("") == []
    assert visitor.read() == [NAME]


@pytest.mark.parametrize("code", [Code.BUSY, Code.BANNED, Code.PASSWORD_LONG, Code.NAME_RESERVED])
@pytest.mark.parametrize("registration", list(Registration))
def test_any_other_refusal_is_said_and_the_name_asked_again(code: Code, registration: Registration) -> None:
    visitor = Visitor(registration).connect()
    visitor.write("ann", "correct horse")
    visitor.read()
    visitor.tell(refused(code))
    assert visitor.read() == [SENTENCES[code], NAME]


def test_a_refused_registration_asks_for_the_name_again() -> None:
    visitor = Visitor().connect()
    visitor.write("ann", "short")
    visitor.tell(refused(Code.NAME_UNKNOWN))
    visitor.write("short")
    visitor.read()
    visitor.tell(refused(Code.PASSWORD_SHORT))
    assert visitor.read() == [SENTENCES[Code.PASSWORD_SHORT], NAME]


def test_an_empty_password_is_asked_for_again_where_no_guests_are_admitted() -> None:
    visitor = Visitor().connect()
    visitor.write("ann")
    visitor.read()
    assert visitor.write("") == []
    assert visitor.read() == [PASSWORD]


def test_an_empty_password_lets_a_guest_in() -> None:
    visitor = Visitor(guests=True).connect()
    visitor.write("ann")
    assert visitor.read() == [NAME, "An empty password lets you in as a guest.", PASSWORD]
    assert visitor.write("") == [ComeAsGuest(name="ann")]
    visitor.tell(refused(Code.NAME_TAKEN))
    assert visitor.read() == [SENTENCES[Code.NAME_TAKEN], NAME]
    assert visitor.write(" bob ", "") == [ComeAsGuest(name="bob")]
    assert visitor.tell(you("bob")) == ENTERING


def test_an_empty_name_is_asked_for_again() -> None:
    visitor = Visitor().connect()
    assert visitor.write("", "  ") == []
    assert visitor.read() == [NAME, NAME, NAME]


def test_a_password_is_taken_as_it_is_and_never_said_back() -> None:
    visitor = Visitor().connect()
    secret = "  pass {name} wörd "
    assert visitor.write("ann", secret) == [Login(name="ann", password=secret)]
    visitor.tell(refused(Code.NAME_UNKNOWN))
    assert visitor.write(secret) == [Register(name="ann", password=secret)]
    visitor.tell(you())
    assert secret not in "\n".join(visitor.read())
    assert secret not in repr(vars(visitor.protocol))


def test_a_script_may_send_everything_in_one_piece() -> None:
    visitor = Visitor().connect()
    assert visitor.write("ann", "correct horse", "hi", "", "there", "exit", "lost") == [
        Login(name="ann", password="correct horse")
    ]
    assert visitor.tell(you()) == ENTERING
    assert visitor.tell(Done(None), room()) == [Say(room=LOBBY, text="hi"), Say(room=LOBBY, text="there"), Exit()]
    assert visitor.write("more") == []


def test_lines_may_come_before_thewelcome() -> None:
    visitor = Visitor()
    assert visitor.write("ann", "correct horse") == []
    assert visitor.tell(Welcome(1, "s", "n", "e", (), Registration.OPEN, False, True)) == [
        Login(name="ann", password="correct horse")
    ]


@pytest.mark.parametrize("before", [[], ["ann"]])
def test_exit_leaves_before_login_too(before: list[str]) -> None:
    visitor = Visitor().connect()
    assert visitor.write(*before, " exit\r") == [Exit()]
    assert visitor.write("ann", "correct horse") == []


def test_a_web_page_cannot_make_a_browser_speak_text() -> None:
    visitor = Visitor().connect()
    assert visitor.write("POST / HTTP/9", "hOsT: evil.example", "ann") == [
        Malformed(Refusal(Code.BAD_REQUEST), fatal=True)
    ]
    assert present().write("Host: me") == [Say(room=LOBBY, text="Host: me")]


def test_a_dialogue_does_not_go_on_for_ever() -> None:
    visitor = Visitor().connect()
    assert visitor.write(*[""] * DIALOGUE_LINES_MAX) == []
    assert visitor.write("", "ann") == [Malformed(Refusal(Code.TOO_MANY_ATTEMPTS), fatal=True)]


# A way that is not safe ------------------------------------------------------------------------------------------


def test_on_an_unsafe_way_without_guests_the_server_says_so_and_parts() -> None:
    visitor = Visitor(safe=False)
    visitor.write("ann")
    assert visitor.tell(visitor.welcome) == [Exit()]
    assert visitor.read() == [SENTENCES[Code.UNSAFE_WAY]]
    assert visitor.write("ann", "correct horse") == []
    assert visitor.read() == []


def test_on_an_unsafe_way_a_password_is_neither_asked_for_nor_said_aloud() -> None:
    visitor = Visitor(safe=False, guests=True).connect()
    assert visitor.read() == [SENTENCES[Code.UNSAFE_WAY], NAME]
    as_guest = "An empty line lets you in as a guest."
    assert visitor.write("ann", "correct horse", "hi") == []
    assert visitor.read() == [as_guest] * 3
    assert visitor.write("") == [ComeAsGuest(name="ann")]


# Bad input -------------------------------------------------------------------------------------------------------


def test_bytes_that_are_no_text_are_refused_and_the_line_dropped() -> None:
    visitor = Visitor().connect()
    visitor.read()
    assert visitor.write_bytes(b"\xff\n") == []
    assert visitor.read() == [SENTENCES[Code.BAD_TEXT], NAME]
    assert present().write_bytes(b"\xff\nhi\n") == [Malformed(Refusal(Code.BAD_TEXT)), Say(room=LOBBY, text="hi")]


def test_an_overlong_line_is_refused_and_the_next_one_is_not() -> None:
    visitor = Visitor().connect()
    visitor.read()
    assert visitor.write("x" * (LIMITS.frame_bytes_before_login_max + 1)) == []
    assert visitor.read() == [SENTENCES[Code.TOO_LONG], NAME]
    visitor = present()
    longest = "x" * LIMITS.line_bytes_max
    assert visitor.write(longest) == [Say(room=LOBBY, text=longest)]
    assert visitor.write(longest + "x", "hi") == [Malformed(Refusal(Code.TOO_LONG)), Say(room=LOBBY, text="hi")]


def test_control_characters_are_the_hubs_to_judge() -> None:
    assert present().write("a\0b\x1b[2J") == [Say(room=LOBBY, text="a\0b\x1b[2J")]


@pytest.mark.parametrize("line", ["", "x" * 100])
def test_what_waits_for_an_answer_is_bounded_and_dropping_it_is_said_once(line: str) -> None:
    visitor = Visitor().connect()
    visitor.write("ann", "correct horse")
    visitor.read()
    for _ in range(20):
        visitor.write(*[line] * 200)
    assert visitor.read() == ["Too much came before there was an answer; what came last was not read."]
    held = visitor.protocol._held
    assert sum(64 + len(one) for one in held if isinstance(one, bytes)) <= LIMITS.frame_bytes_max
    visitor.tell(you(), room())
    assert visitor.write("hi")[-1] == Say(room=LOBBY, text="hi")


@given(st.lists(st.binary(max_size=30) | st.sampled_from([b"\n", b"exit\n", b"\xff\n", b"ann\n"]), max_size=12))
@pytest.mark.parametrize("stage", [[], ["ann", "secret"]])
def test_no_bytes_raise(stage: list[str], pieces: list[bytes]) -> None:
    visitor = Visitor(Registration.INVITE, guests=True).connect()
    visitor.write(*stage)
    for piece in pieces:
        visitor.write_bytes(piece)
        visitor.read()


@given(st.lists(values_of(AnyUnit) | st.sampled_from(["ann", "secret", "", "exit"]), max_size=12))
def test_no_unit_at_any_time_raises(script: list[Unit | str]) -> None:
    visitor = Visitor().connect()
    for step in script:
        if isinstance(step, str):
            visitor.write(step)
        else:
            visitor.tell(step)
        visitor.read()


@given(st.integers(1, 40).flatmap(lambda size: st.lists(st.integers(0, size), max_size=20)))
def test_any_cut_of_a_script_asks_for_the_same(sizes: list[int]) -> None:
    stream = "ann\r\ncorrect horse\nпривет\nx\nexit\n".encode()
    visitor = Visitor().connect()
    asked: list[Request | Malformed] = []
    for size in sizes:
        asked += visitor.write_bytes(stream[:size])
        stream = stream[size:]
    asked += visitor.write_bytes(stream)
    asked += visitor.tell(you(), room())
    assert asked == [
        Login(name="ann", password="correct horse"),
        *ENTERING,
        Say(room=LOBBY, text="привет"),
        Say(room=LOBBY, text="x"),
        Exit(),
    ]


# Other -----------------------------------------------------------------------------------------------------------


def test_what_the_hub_must_know_of_it() -> None:
    protocol: ServerProtocol = TextServer(LIMITS, prompted=False)
    assert (protocol.handshake, protocol.pings, protocol.converses) == (False, False, True)
    assert not protocol.echoes(Room(RoomId(9)), Message("tea"))
    assert (protocol.enters_lobby, protocol.sees_guests) == (True, False)
    assert (protocol.user, protocol.last_words) == ("", "")
    assert protocol.format is TEXT


def test_every_sentence_goes_through_the_translation() -> None:
    spoken: list[str] = []

    def translate(sentence: str) -> str:
        spoken.append(sentence)
        return sentence.upper() if "{" not in sentence else "Hallo {name}"

    protocol = TextServer(LIMITS, prompted=False, translate=translate)
    welcome = Welcome(1, "s", "n", "e", (), Registration.OPEN, True, True)
    assert protocol.tell(welcome) == b"NAME:\r\n"
    protocol.receive(b"ann\nsecret\n")
    assert protocol.prompt() == b"AN EMPTY PASSWORD LETS YOU IN AS A GUEST.\r\nPASSWORD:\r\n"
    assert protocol.tell(refused(Code.WRONG_PASSWORD)) == b"WRONG NAME OR PASSWORD.\r\nNAME:\r\n"
    assert protocol.tell(you("ann")) == b"Hallo ann\r\n"
    assert protocol.format is TextServer(LIMITS, prompted=True, translate=translate).format
    assert protocol.format is not TEXT
