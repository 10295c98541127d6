"""Messages of several lines (IRCv3 draft/multiline): as clients send them, and as they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.chat.entries import Entry, Manner, Message, RoomName
from besedka.chat.principals import AccountName
from besedka.chat.requests import Malformed, Ping, Request, Say
from besedka.chat.rooms import Room
from besedka.chat.told import Done, Kept
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.format import Formats
from irc_visitor import BOB, GUEST, TEA, FakeWorld, Visitor, seated

CAPABILITIES = ("batch", "draft/multiline", "message-tags", "labeled-response", "echo-message")
CONCAT = "draft/multiline-concat"
BLANK = "@batch=a PRIVMSG #tea :"


def several(*lines: str, tags: str = "", capabilities: tuple[str, ...] = CAPABILITIES) -> tuple[Visitor, list[object]]:
    visitor = seated(*capabilities)
    asked: list[Request | Malformed] = visitor.write(f"{tags}BATCH +a draft/multiline #tea", *lines, "BATCH -a")
    return visitor, list(asked)


def shown(message: Message, *capabilities: Capability) -> list[str]:
    world = FakeWorld()
    page = Formats(world).of(frozenset(capabilities))
    return (
        page.run(Room(TEA, name=RoomName("tea")), [Entry(6, 0, BOB, AccountName("bob"), message)])
        .decode()
        .split("\r\n")
    )


def test_lines_become_one_message() -> None:
    first, more = "@batch=a PRIVMSG #tea :how is ", f"@batch=a;{CONCAT} PRIVMSG #TEA :everyone?"
    visitor, asked = several(BLANK, first, more, "@batch=a PRIVMSG #tea x", tags="@+b=c ")
    assert asked == [Say(room=TEA, text="\nhow is everyone?\nx", breaks=(8,), tags=(("+b", "c"),))]
    assert visitor.read() == []


def test_the_label_of_a_batch_is_that_of_its_message() -> None:
    visitor, asked = several("@batch=a PRIVMSG #tea :one", "@batch=a PRIVMSG #tea :two", tags="@label=x ")
    message = Message("one\ntwo")
    assert asked == [Say(room=TEA, text="one\ntwo")]
    visitor.world.told[6] = Room(TEA, name=RoomName("tea")), Entry(6, 0, GUEST, AccountName("guest"), message)
    visitor.tell(Kept(None, TEA, 6))
    assert visitor.read() == [
        "@label=x;msgid=9-6 :guest!u@h BATCH +m9-6 draft/multiline #tea",
        "@batch=m9-6 :guest!u@h PRIVMSG #tea :one",
        "@batch=m9-6 :guest!u@h PRIVMSG #tea :two",
        ":here. BATCH -m9-6",
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("@batch=b PRIVMSG #tea :x", "MULTILINE_INVALID"),
        ("PRIVMSG #tea :x", "MULTILINE_INVALID"),
        ("JOIN #cake", "MULTILINE_INVALID"),
        ("@batch=a NOTICE #tea :x", "MULTILINE_INVALID"),
        ("@batch=a PRIVMSG #tea", "MULTILINE_INVALID"),
        (f"@batch=a;{CONCAT} PRIVMSG #tea :", "MULTILINE_INVALID"),
        ("@batch=a PRIVMSG #cake :x", "MULTILINE_INVALID_TARGET #tea #cake"),
        ("@batch=a PRIVMSG #tea :\x01VERSION\x01", "MULTILINE_INVALID"),
        (BLANK, "MULTILINE_INVALID"),
    ],
)
@pytest.mark.parametrize("label", ["", "@label=x "])
def test_what_is_wrong_is_told_once_and_the_rest_is_passed_over(line: str, code: str, label: str) -> None:
    visitor, asked = several(line, tags=label)
    assert asked == []
    told = visitor.read()
    (one,) = [one for one in told if "FAIL BATCH" in one]
    assert f" FAIL BATCH {code} :" in one
    assert one.startswith("@label=x ") is bool(label)
    assert visitor.write("PRIVMSG #tea :again") == [Say(room=TEA, text="again")]


def test_there_are_so_many_lines_and_so_many_bytes() -> None:
    visitor, asked = several(*["@batch=a PRIVMSG #tea x"] * 34)
    assert (len(asked), [line.partition(" :")[0] for line in visitor.read()]) == (
        0,
        [":here. FAIL BATCH MULTILINE_MAX_LINES 32"],
    )
    visitor, asked = several(*["@batch=a PRIVMSG #tea " + "x" * 400] * 11)
    assert (len(asked), [line.partition(" :")[0] for line in visitor.read()]) == (
        0,
        [":here. FAIL BATCH MULTILINE_MAX_BYTES 4096"],
    )


@pytest.mark.parametrize("begin", ["BATCH +a draft/other #tea", "BATCH +a draft/multiline", "BATCH a", "BATCH -a"])
def test_what_begins_or_ends_no_batch(begin: str) -> None:
    visitor = seated(*CAPABILITIES)
    assert visitor.write(begin) == []
    assert visitor.read() == [":here. FAIL BATCH MULTILINE_INVALID :That is no message of several lines"]


def test_a_batch_within_a_batch_ends_both() -> None:
    visitor = seated(*CAPABILITIES)
    assert visitor.write("BATCH +a draft/multiline #tea", "BATCH +b draft/multiline #tea", BLANK) == []
    assert visitor.numerics() == ["FAIL", "FAIL"]


def test_programs_may_ping_meanwhile_and_a_line_that_is_none_leaves_a_hole() -> None:
    visitor = seated(*CAPABILITIES)
    assert visitor.write("BATCH +a draft/multiline #tea", "@batch=a PRIVMSG #tea x", "PING y") == [Ping()]
    visitor.tell(Done(None))
    visitor.write("@batch=a PRIVMSG #tea :" + "x" * 600, "@batch=a PRIVMSG #tea z", "BATCH -a")
    assert visitor.numerics() == ["PONG", "417"]


def test_a_batch_is_told_as_one_where_it_is_understood() -> None:
    message = Message("one\n\nhow is everyone", breaks=(12,), tags=(("+a", "b"),))
    tags = (Capability.MESSAGE_TAGS, Capability.BATCH)
    assert shown(message, *tags, Capability.MULTILINE) == [
        "@msgid=9-6;+a=b :bob!u@h BATCH +m9-6 draft/multiline #tea",
        "@batch=m9-6 :bob!u@h PRIVMSG #tea :one",
        "@batch=m9-6 :bob!u@h PRIVMSG #tea :",
        "@batch=m9-6 :bob!u@h PRIVMSG #tea :how is ",
        f"@batch=m9-6;{CONCAT} :bob!u@h PRIVMSG #tea :everyone",
        ":here. BATCH -m9-6",
        "",
    ]
    assert shown(message, *tags) == [
        "@msgid=9-6;+a=b :bob!u@h PRIVMSG #tea :one",
        "@+a=b :bob!u@h PRIVMSG #tea :how is ",
        "@+a=b :bob!u@h PRIVMSG #tea :everyone",
        "",
    ]
    assert shown(message, Capability.MULTILINE)[0] == ":bob!u@h PRIVMSG #tea :one"
    done = Message("one\ntwo", Manner.DONE)
    assert shown(done, *tags, Capability.MULTILINE)[1] == ":bob!u@h PRIVMSG #tea :\x01ACTION two\x01"


@given(st.text(alphabet="aé \n", min_size=1, max_size=2000), st.lists(st.integers(1, 2000), max_size=9).map(sorted))
def test_nothing_of_a_text_is_lost(text: str, breaks: list[int]) -> None:
    lines = shown(Message(text, breaks=tuple(breaks)), Capability.MULTILINE, Capability.BATCH)[:-1]
    if len(lines) == 1:
        said = [("\n", lines[0].split(" :", 1)[1])]
    else:
        parts = [line.partition(" ") for line in lines[1:-1]]
        said = [("" if CONCAT in tags else "\n", rest.split(" :", 1)[1]) for tags, _, rest in parts]
    assert all(len(line.encode()) <= 510 + len(f"@batch=m9-6;{CONCAT} ") for line in lines)
    assert "".join(joined + line for joined, line in said) == "\n" + text
