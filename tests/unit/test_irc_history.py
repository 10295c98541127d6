"""CHATHISTORY: pages of what was said and done, and with whom, seen through whole conversations."""

from __future__ import annotations

from typing import Any

import pytest

from besedka.chat.entries import Kind, RoomId
from besedka.chat.own_requests import Ignore
from besedka.chat.requests import Edit, Login, Redact, Say
from besedka.chat.room_requests import Invite, Open
from besedka.hub.keeping import Page
from hub_room import PASSWORD, Device
from irc_person import IrcPerson, IrcRoom

CAPABILITIES = ("batch", "message-tags", "server-time", "echo-message", "labeled-response", "draft/chathistory")


@pytest.fixture
def server() -> IrcRoom:
    return IrcRoom()


@pytest.fixture
def ann(server: IrcRoom) -> IrcPerson:
    """In `#tea`, where she has said "0" to "9" and set a topic before each."""
    person = IrcPerson(server, "ann", *CAPABILITIES)
    person.write("JOIN #tea")
    for text in "0123456789":
        person.write(f"TOPIC #tea :about {text}", f"PRIVMSG #tea {text}")
    return person


def words(lines: list[str]) -> list[str]:
    """The last word of each line that somebody said or did."""
    return [line.rpartition(" ")[2].removeprefix(":") for line in lines if "!" in line]


def tag(line: str, key: str) -> str:
    tags = dict(one.partition("=")[::2] for one in line.split(" ")[0][1:].split(";"))
    return tags[key]


def asked(person: IrcPerson, line: str) -> list[str]:
    """The words in the one batch that answers a line."""
    first, *lines, last = person.answer(f"CHATHISTORY {line}")
    reference = first.split(" ")[2].removeprefix("+")
    assert first.split(" ")[1] == "BATCH"
    assert last.split(" ")[1:] == ["BATCH", f"-{reference}"]
    assert all(tag(one, "batch") == reference for one in lines)
    return words(lines)


def failed(person: IrcPerson, line: str) -> list[str]:
    (said,) = person.answer(f"CHATHISTORY {line}")
    return said.split(" :")[0].split(" ")[1:]


def points(person: IrcPerson) -> tuple[list[str], list[str]]:
    """The messages of `#tea` by id, and by time."""
    lines = [one for one in person.answer("CHATHISTORY LATEST #tea * 100") if "!" in one]
    return [f"msgid={tag(one, 'msgid')}" for one in lines], [f"timestamp={tag(one, 'time')}" for one in lines]


# Pages -----------------------------------------------------------------------------------------------------------


def test_the_latest_messages(ann: IrcPerson) -> None:
    assert asked(ann, "LATEST #tea * 3") == list("789")
    assert asked(ann, "latest #TEA * 100") == list("0123456789")
    for point in (kind[4] for kind in points(ann)):
        assert asked(ann, f"LATEST #tea {point} 100") == list("56789")
        assert asked(ann, f"LATEST #tea {point} 2") == list("89")


def test_before_after_and_around(ann: IrcPerson) -> None:
    for point in (kind[6] for kind in points(ann)):
        assert asked(ann, f"BEFORE #tea {point} 100") == list("012345")
        assert asked(ann, f"BEFORE #tea {point} 2") == list("45")
        assert asked(ann, f"AFTER #tea {point} 100") == list("789")
        assert asked(ann, f"AFTER #tea {point} 2") == list("78")
        assert asked(ann, f"AROUND #tea {point} 1") == list("6")
        assert asked(ann, f"AROUND #tea {point} 4") == list("5678")


def test_between_two_points_counted_from_the_first(ann: IrcPerson) -> None:
    ids, times = points(ann)
    for early, late in ((ids[1], ids[8]), (times[1], times[8]), (ids[1], times[8]), (times[1], ids[8])):
        assert asked(ann, f"BETWEEN #tea {early} {late} 100") == list("234567")
        assert asked(ann, f"BETWEEN #tea {early} {late} 2") == list("23")
        assert asked(ann, f"BETWEEN #tea {late} {early} 100") == list("234567")
        assert asked(ann, f"BETWEEN #tea {late} {early} 2") == list("67")


def test_where_there_is_nothing_the_batch_is_empty(ann: IrcPerson) -> None:
    assert asked(ann, "BEFORE #tea timestamp=1969-01-01T00:00:00.000Z 9") == []
    assert asked(ann, "AFTER #tea timestamp=2999-01-01T00:00:00.000Z 9") == []
    ann.write("JOIN #new")
    assert asked(ann, "LATEST #new * 9") == []


def test_a_labelled_answer_is_the_batch_itself(ann: IrcPerson) -> None:
    lines = ann.answer("@label=x CHATHISTORY LATEST #tea * 2")
    assert [one.count("label=x") for one in lines] == [1, 0, 0, 0]
    assert lines[0].endswith(" chathistory #tea")


def test_without_batches_the_lines_come_by_themselves(server: IrcRoom, ann: IrcPerson) -> None:
    bob = IrcPerson(server, "bob")
    bob.write("JOIN #tea")
    assert [one.split(" ", 1)[1] for one in bob.answer("CHATHISTORY LATEST #tea * 2")] == [
        "PRIVMSG #tea :8",
        "PRIVMSG #tea :9",
    ]


def test_what_was_done_is_for_those_who_asked_for_it(server: IrcRoom, ann: IrcPerson) -> None:
    bob = IrcPerson(server, "bob", *CAPABILITIES, "draft/event-playback")
    bob.write("JOIN #tea", "MODE #tea +m", "KICK #tea ann :out")
    lines = bob.answer("CHATHISTORY LATEST #tea * 4")
    assert [one.split(" ")[2] for one in lines[1:-1]] == ["TOPIC", "PRIVMSG", "TOPIC", "PRIVMSG"]
    ann.write("MODE #tea +o bob")
    bob.write("MODE #tea +i", "KICK #tea ann :out")
    lines = bob.answer("CHATHISTORY LATEST #tea * 4")
    assert [one.split(" ")[2] for one in lines[1:-1]] == ["PRIVMSG", "MODE", "MODE", "KICK"]
    assert all("msgid=" in one and "time=" in one for one in lines[1:-1])


def test_a_page_counts_what_can_be_shown(server: IrcRoom, ann: IrcPerson) -> None:
    bob = IrcPerson(server, "bob", *CAPABILITIES, "draft/event-playback")
    ann.write("JOIN #cake", "MODE #cake +o ann", "PRIVMSG #cake one")
    dora = server.registered("dora")
    cake = dora.join("cake")
    for number in range(20):  # Nothing that IRC has words for.
        dora.ask(Say(id=server.new_id(), room=cake, text=f"d{number}"))
        server.settle(0.1)
    bob.write("JOIN #cake")
    kept = [entry.number for entry in dora.entries(cake) if entry.name == "dora" and hasattr(entry.body, "text")]
    for number in kept:
        dora.ask(Redact(id=server.new_id(), room=cake, number=number))
        server.settle(0.1)
    ann.write("PRIVMSG #cake two")
    assert asked(ann, "LATEST #cake * 2") == ["one", "two"]
    assert asked(bob, "LATEST #cake * 3")[-3:] == ["one", "#cake", "two"]


def test_a_message_of_several_lines_is_one_and_a_batch_within_the_batch(server: IrcRoom) -> None:
    dora = server.registered("dora")
    lobby = dora.room("lobby")
    server.registered("eve")
    eve = IrcPerson(server, "eve", *CAPABILITIES, "draft/multiline", account=True)
    for text in ("one", "two\nthree"):
        dora.ask(Say(id=server.new_id(), room=lobby, text=text))
        server.settle()
    first, *lines, last = eve.answer("CHATHISTORY LATEST #lobby * 2")
    outer = first.split(" ")[2][1:]
    begins = lines[1]
    assert tag(begins, "batch") == tag(lines[0], "batch") == outer
    assert begins.split(" ")[2:5:2] == ["BATCH", "draft/multiline"]
    inner = begins.split(" ")[3][1:]
    assert [tag(line, "batch") for line in lines[2:4]] == [inner, inner]
    assert lines[4].split(" ")[1:] == ["BATCH", f"-{inner}"]
    assert last.split(" ")[1:] == ["BATCH", f"-{outer}"]
    assert asked(IrcPerson(server, "eve", *CAPABILITIES, account=True), "LATEST #lobby * 1") == ["two", "three"]


def test_tags_that_say_so_are_kept_for_those_who_want_what_was_done(server: IrcRoom) -> None:
    server.registered("bob")
    ann = IrcPerson(server, "ann", *CAPABILITIES, "draft/event-playback")
    bob = IrcPerson(server, "bob", *CAPABILITIES, account=True)
    plain = IrcPerson(server, "carl")
    for one in (ann, bob, plain):
        one.write("JOIN #tea")
    for one in (bob, plain):
        one.read()
    for target, told in (("#tea", "#tea"), ("bob", "ann")):
        (echo,) = ann.answer(f"@+poll=7;+draft/persist TAGMSG {target}")
        assert echo.endswith(f" TAGMSG {target}")
        assert [line.split(" ")[0] for line in bob.read()] == [echo.split(" ")[0]]
        found = [line for line in ann.answer(f"CHATHISTORY LATEST {target} * 9") if " TAGMSG " in line]
        assert [(tag(line, "msgid"), tag(line, "+poll")) for line in found] == [(tag(echo, "msgid"), "7")]
        assert asked(bob, f"LATEST {told} * 9") == [], "it is no message"
    (first, second) = ann.answer("@+poll=8;+draft/persist TAGMSG ann")
    assert first == second
    ann.answer("@+poll=9 TAGMSG #tea")
    assert "+poll=9" not in str(ann.answer("CHATHISTORY LATEST #tea * 9"))
    assert "TAGMSG" not in str(plain.read())


def test_what_is_redacted_while_it_is_looked_for_is_not_told(server: IrcRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    dora = server.registered("dora")
    lobby = dora.room("lobby")
    server.registered("eve")
    eve = IrcPerson(server, "eve", *CAPABILITIES, account=True)
    for text in ("one", "two"):
        dora.ask(Say(id=server.new_id(), room=lobby, text=text))
        server.settle()
    read, number = server.logs.page_before, dora.entries(lobby)[-1].number

    async def slowly(room: RoomId, **asked: Any) -> Page:
        found = await read(room, **asked)
        await server.process.wait_seconds(2)
        return found

    monkeypatch.setattr(server.logs, "page_before", slowly)
    eve.read()
    eve.write("CHATHISTORY LATEST #lobby * 2")
    dora.ask(Redact(id=server.new_id(), room=lobby, number=number))
    server.settle(5)
    assert words([line for line in eve.read() if "batch=" in line]) == ["one"]


# What is not one's own -------------------------------------------------------------------------------------------


def test_reading_needs_membership(server: IrcRoom, ann: IrcPerson) -> None:
    bob = IrcPerson(server, "bob", *CAPABILITIES)
    outside = ["FAIL", "CHATHISTORY", "INVALID_TARGET", "LATEST"]
    assert failed(bob, "LATEST #tea * 5") == [*outside, "#tea"]
    assert failed(bob, "LATEST #nowhere * 5") == [*outside, "#nowhere"]
    assert failed(bob, "LATEST nobody * 5") == [*outside, "nobody"]
    bob.write("JOIN #tea")
    assert asked(bob, "LATEST #tea * 1") == ["9"]
    bob.write("PART #tea")
    assert failed(bob, "LATEST #tea * 5") == [*outside, "#tea"]


def test_ids_that_are_not_the_rooms_are_unknown(ann: IrcPerson) -> None:
    ids, _ = points(ann)
    ann.write("JOIN #cake", "PRIVMSG #cake :hi")
    for one in (ids[0], "msgid=1-99", "msgid=abc", "msgid=", f"msgid={'9' * 40}-1"):
        assert failed(ann, f"BEFORE #cake {one} 5") == ["FAIL", "CHATHISTORY", "MESSAGE_ERROR", "BEFORE", "#cake"]


def test_a_closed_room_is_read_from_ones_own_coming(server: IrcRoom) -> None:
    dora = server.registered("dora")
    server.registered("eve")
    eve = IrcPerson(server, "eve", *CAPABILITIES, account=True)
    dora.ask(Open(id=server.new_id(), name="shed", room_kind=Kind.PRIVATE))
    server.settle()
    shed = dora.room("shed")
    dora.ask(Say(id=server.new_id(), room=shed, text="early"), Invite(id=server.new_id(), room=shed, name="eve"))
    server.settle()
    always = "timestamp=2000-01-01T00:00:00.000Z timestamp=2200-01-01T00:00:00.000Z"
    eve.write("JOIN #shed")
    assert "#shed" not in str(eve.answer(f"CHATHISTORY TARGETS {always} 9"))
    assert asked(eve, "LATEST #shed * 9") == []
    assert failed(eve, f"AFTER #shed msgid={shed}-3 9")[2:] == ["MESSAGE_ERROR", "AFTER", "#shed"]
    dora.ask(Say(id=server.new_id(), room=shed, text="late"))
    server.settle()
    assert asked(eve, "AFTER #shed timestamp=2000-01-01T00:00:00.000Z 9") == ["late"]


def test_what_is_malformed_is_said_to_be(ann: IrcPerson) -> None:
    def faults(line: str) -> list[str]:
        return failed(ann, line)[2:]

    assert faults("SINCE #tea * 5") == ["INVALID_PARAMS", "SINCE"]
    assert faults("LATEST #tea *") == ["INVALID_PARAMS", "LATEST"]
    assert faults("LATEST #tea * 5 5") == ["INVALID_PARAMS", "LATEST"]
    for limit in ("0", "-1", "x", "1.5", "9" * 12):
        assert faults(f"LATEST #tea * {limit}") == ["INVALID_PARAMS", "LATEST", limit]
    for point in ("*", "3", "timestamp=", "timestamp=2020-13-01T00:00:00.000Z", "timestamp=2020-01-01T00:00:00Z"):
        assert faults(f"BEFORE #tea {point} 5") == ["INVALID_PARAMS", "BEFORE", point]
    assert faults("BEFORE #tea id=3 5") == ["INVALID_MSGREFTYPE", "BEFORE", "#tea"]
    assert ann.answer("CHATHISTORY")[0].split(" ")[1] == "461"


# Conversations ---------------------------------------------------------------------------------------------------


def test_a_conversation_is_read_by_both_and_with_whom_has_gone(server: IrcRoom) -> None:
    server.registered("bob")
    ann = IrcPerson(server, "ann", *CAPABILITIES)
    bob = IrcPerson(server, "bob", *CAPABILITIES, account=True)
    ann.write("PRIVMSG bob one")
    bob.write("PRIVMSG ann two", "PRIVMSG bob :to myself")
    for person, other in ((ann, "bob"), (bob, "ann"), (ann, "BOB")):
        assert asked(person, f"LATEST {other} * 9") == ["one", "two"]
    assert asked(bob, "LATEST bob * 9") == ["myself"], "once, whoever asked for an echo"
    ann.write("QUIT")
    assert asked(bob, "LATEST ann * 9") == ["one", "two"]
    again = IrcPerson(server, "ann", *CAPABILITIES)
    assert asked(again, "LATEST bob * 9") == [], "another of that name has said nothing"
    assert asked(bob, "LATEST ann * 9") == []


def test_targets_are_found_by_their_last_message(server: IrcRoom, ann: IrcPerson) -> None:
    server.registered("bob")
    bob = IrcPerson(server, "bob", *CAPABILITIES, account=True)
    ann.write("PRIVMSG bob :hi")
    ann.write("JOIN #cake", "PRIVMSG #cake :hi")
    ann.write("TOPIC #cake :late", "JOIN #quiet")
    always = "timestamp=2000-01-01T00:00:00.000Z timestamp=2200-01-01T00:00:00.000Z"

    def targets(person: IrcPerson, line: str) -> list[str]:
        first, *lines, _ = person.answer(f"CHATHISTORY TARGETS {line}")
        assert first.split(" ")[-1] == "draft/chathistory-targets"
        return [one.split(" ", 3)[3] for one in lines]

    found = targets(ann, f"{always} 9")
    names, times = zip(*(one.removeprefix("TARGETS ").split(" ") for one in found), strict=True)
    assert names == ("#tea", "bob", "#cake")
    assert [one.split(" ")[0] for one in targets(bob, f"{always} 9")] == ["TARGETS"]
    early, late = (f"timestamp={times[index]}" for index in (0, 2))
    assert [one.split(" ")[1] for one in targets(ann, f"{early} {late} 9")] == ["bob"]
    assert [one.split(" ")[1] for one in targets(ann, f"{always} 1")] == ["#tea"]
    backwards = " ".join(reversed(always.split(" ")))
    assert [one.split(" ")[1] for one in targets(ann, f"{backwards} 2")] == ["bob", "#cake"]
    assert failed(ann, f"TARGETS msgid=1-1 {late} 9")[2:] == ["INVALID_PARAMS", "TARGETS", "msgid=1-1"]


def test_what_was_mended_reads_as_it_is_now_and_the_ignored_are_left_out(server: IrcRoom) -> None:
    dora = server.registered("dora")
    lobby = dora.room("lobby")
    server.registered("eve")
    eve = IrcPerson(server, "eve", *CAPABILITIES, account=True)
    for text in ("one", "two", "three"):
        dora.ask(Say(id=server.new_id(), room=lobby, text=text))
    server.settle()
    first = next(entry.number for entry in dora.entries(lobby) if getattr(entry.body, "text", "") == "one")
    dora.ask(Edit(id=server.new_id(), room=lobby, number=first, text="better"))
    dora.ask(Redact(id=server.new_id(), room=lobby, number=first + 1))
    server.settle()
    assert asked(eve, "LATEST #lobby * 2") == ["better", "three"]
    other = other_device(server, "eve")
    other.ask(Ignore(id=server.new_id(), name="dora"))
    server.settle()
    assert asked(eve, "LATEST #lobby * 9") == []


def other_device(server: IrcRoom, name: str) -> Device:
    device = server.visitor()
    device.ask(Login(name=name, password=PASSWORD))
    server.settle()
    return device.sync()
