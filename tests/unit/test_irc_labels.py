from __future__ import annotations

import pytest
from immutables import Map

from besedka.chat.entries import Entry, Kind, Message, RoomName, RoomRole
from besedka.chat.principals import AccountName
from besedka.chat.requests import Ping, Say
from besedka.chat.rooms import Member, Room
from besedka.chat.told import Done, Farewell, Kept, Parting, Pinged
from irc_visitor import GUEST, TEA, seated

DONE = Done(None)


LABELS = ("labeled-response", "batch", "message-tags")


def test_an_answer_of_one_line_bears_the_label() -> None:
    visitor = seated(*LABELS)
    visitor.write("@label=a PING x", "PING y")
    assert visitor.tell(DONE) == [Ping()]
    visitor.tell(DONE)
    assert visitor.read() == ["@label=a :here. PONG here. x", ":here. PONG here. y"]


def test_an_answer_of_several_lines_is_a_batch() -> None:
    visitor = seated(*LABELS)
    visitor.write("FOO", "@label=a WHO bob")
    first, begin, *lines, end = visitor.read()
    assert " 421 " in first
    assert begin == "@label=a :here. BATCH +l1 labeled-response"
    assert [line.split(" ")[0] for line in lines] == ["@batch=l1"] * 2
    assert end == ":here. BATCH -l1"


def test_no_answer_is_acknowledged() -> None:
    visitor = seated(*LABELS)
    visitor.write("@label=a PONG x")
    assert visitor.read() == ["@label=a :here. ACK"]


@pytest.mark.parametrize("echo", [False, True])
def test_a_labelled_message_is_told_here_and_not_by_the_room(echo: bool) -> None:
    visitor = seated(*LABELS, *(["echo-message"] if echo else []))
    room, entry = Room(TEA, name=RoomName("tea")), Entry(6, 0, GUEST, AccountName("guest"), Message("hi"))
    visitor.world.told[6] = room, entry
    assert visitor.write("@label=a PRIVMSG #tea :hi", "PRIVMSG #tea :more") == [Say(room=TEA, text="hi")]
    assert not visitor.protocol.echoes(room, entry.body)
    visitor.tell(Pinged())
    assert visitor.read() == ["PING here."]
    assert visitor.tell(Kept(None, TEA, 6)) == [Say(room=TEA, text="more")]
    message = f"@label=a;msgid={TEA}-6 :guest!u@h PRIVMSG #tea :hi"
    assert visitor.read() == [message if echo else "@label=a :here. ACK"]
    assert visitor.protocol.echoes(room, entry.body) is echo


def test_what_is_said_to_oneself_is_acknowledged_and_delivered() -> None:
    visitor = seated(*LABELS, "echo-message")
    alone = Room(
        TEA, Kind.DIRECT, pair=(GUEST, GUEST), members=Map({GUEST: Member(AccountName("guest"), RoomRole.MEMBER, 1)})
    )
    visitor.world.told[6] = alone, Entry(6, 0, GUEST, AccountName("guest"), Message("hi"))
    visitor.write("@label=a PRIVMSG guest :hi")
    visitor.tell(Kept(None, TEA, 6))
    assert visitor.read() == [
        "@label=a;msgid=9-6 :guest!u@h PRIVMSG guest :hi",
        "@msgid=9-6 :guest!u@h PRIVMSG guest :hi",
    ]


@pytest.mark.parametrize("label", ["a" * 65, ""])
def test_what_is_no_label_is_passed_over(label: str) -> None:
    visitor = seated(*LABELS)
    visitor.write(f"@label={label} FOO")
    assert visitor.read() == [":here. 421 guest FOO :Unknown command"]


def test_without_batch_nothing_is_labelled() -> None:
    visitor = seated("labeled-response")
    visitor.write("@label=a FOO")
    assert visitor.read() == [":here. 421 guest FOO :Unknown command"]


def test_a_labelled_end() -> None:
    visitor = seated(*LABELS)
    visitor.write("@label=a QUIT")
    visitor.tell(Farewell(Parting.EXIT, ""))
    assert visitor.read() == ["@label=a ERROR :Bye."]
