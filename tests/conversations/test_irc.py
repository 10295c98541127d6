"""IRC clients and others in one room of a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from besedka.chat.entries import Message
from besedka.chat.requests import Join, Say
from besedka.chat.told import Entries, Kept, RoomTold
from irc_peer import IrcPeer
from native_peer import NativePeer, new_id
from server import Server

PASSWORD = "correct horse"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    config = tmp_path / "besedka.toml"
    config.write_text("accounts.guests = true\n")
    server = Server(tmp_path / "data", arguments=["--no-console", "--config", str(config)])
    for name in ("ann", "bob", "carl"):
        server.add(name, PASSWORD)
    server.add("root", PASSWORD, "--admin")
    with server.start():
        yield server


def said(lines: list[str]) -> list[str]:
    """What was said in the room, each with its author."""
    found = (re.fullmatch(r"(?:@\S+ )?:(\w+)!\S+ PRIVMSG #tea :(.*)", line) for line in lines)
    return [f"{one[1]}: {one[2]}" for one in found if one]


def test_irc_and_native_people_see_the_same_in_the_same_order(server: Server) -> None:
    with IrcPeer(server.port) as ann, IrcPeer(server.port) as bob, NativePeer(server.port) as carl:
        ann.log_in("ann", PASSWORD, "echo-message")
        bob.log_in("bob", PASSWORD, "echo-message", "message-tags", "server-time")
        ann.write("JOIN #tea")
        assert any(" 366 ann #tea " in line for line in ann.read())
        bob.write("JOIN #tea")
        bob.read()
        carl.login("carl", PASSWORD)
        carl.ask(Join(id=new_id(), name="tea"))
        room = carl.wait(lambda unit: isinstance(unit, RoomTold) and unit.room_name == "tea").room
        for number in range(20):
            ann.write(f"PRIVMSG #tea :a{number}")
            bob.write(f"PRIVMSG #tea :b{number}")
            carl.ask(Say(id=new_id(), room=room, text=f"c{number}"))
        for _ in range(20):
            carl.wait(lambda unit: isinstance(unit, Kept) and unit.room == room)
        ann_saw, bob_lines = ann.read(), bob.read()
        ann_saw += ann.read()  # Whatever was kept before bob's answer is told to ann by now.
        bob_lines += bob.read()
        carl.answers()
        entries = [
            one for unit in carl.unasked if isinstance(unit, Entries) and unit.room == room for one in unit.entries
        ]
        native = [f"{one.name}: {one.body.text}" for one in entries if isinstance(one.body, Message)]
        assert said(ann_saw) == said(bob_lines)
        assert sorted(said(ann_saw)) == sorted(
            f"{name}: {name[0]}{n}" for name in ("ann", "bob", "carl") for n in range(20)
        )
        assert native == said(ann_saw)[: len(native)]
        tagged = [line for line in bob_lines if " PRIVMSG #tea " in line]
        ids = re.findall(rf"msgid={room}-(\d+) ", "\n".join(tagged))
        assert len(ids) == 60
        assert list(map(int, ids)) == sorted(map(int, ids))
        assert all(re.match(r"@time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z;msgid=", line) for line in tagged)


def test_an_account_is_back_in_its_rooms_on_connecting(server: Server) -> None:
    with IrcPeer(server.port) as ann:
        ann.log_in("ann", PASSWORD)
        ann.write("JOIN #tea", "TOPIC #tea :cake at five", "QUIT")
        while ann.line() is not None:
            pass
    with IrcPeer(server.port) as ann:
        lines = [line for line in (*ann.log_in("ann", PASSWORD), *ann.read()) if " #tea" in line]
        assert [line.split(" ")[1] for line in lines] == ["JOIN", "332", "333", "353", "366"]
        assert not any(" #lobby" in line for line in lines)


def test_what_was_missed_is_asked_for_when_the_server_is_there_again(server: Server) -> None:
    wanted = ("batch", "server-time", "message-tags", "draft/chathistory", "draft/read-marker")
    with IrcPeer(server.port) as ann, IrcPeer(server.port) as bob:
        ann.log_in("ann", PASSWORD, *wanted)
        bob.log_in("bob", PASSWORD, "echo-message", *wanted)
        for one in (ann, bob):
            one.write("JOIN #tea")
            one.read()
        bob.write("PRIVMSG #tea :before")
        (read,) = [line for line in bob.read() if " PRIVMSG " in line]
        time = read.partition("time=")[2].partition(";")[0]
        ann.write(f"MARKREAD #tea timestamp={time}")
        assert any(line.endswith(f" MARKREAD #tea timestamp={time}") for line in ann.read())
        ann.write("QUIT")
        while ann.line() is not None:
            pass
        bob.write("PRIVMSG #tea :one", "TOPIC #tea :cake", "PRIVMSG #tea :two", "PRIVMSG ann :to you alone")
        bob.read()
    server.kill()
    with server.start(), IrcPeer(server.port) as ann:
        assert any(
            f" MARKREAD #tea timestamp={time}" in line for line in (*ann.log_in("ann", PASSWORD, *wanted), *ann.read())
        )
        ann.write(f"CHATHISTORY TARGETS timestamp={time} timestamp=2999-01-01T00:00:00.000Z 50")
        found = [line.split(" ")[4] for line in ann.read() if " CHATHISTORY TARGETS " in line]
        assert found == ["#tea", "bob"]
        for target, words in (("#tea", ["one", "two"]), ("bob", ["alone"])):
            ann.write(f"CHATHISTORY AFTER {target} timestamp={time} 50")
            lines = [line for line in ann.read() if line.startswith("@batch=")]
            assert [line.rpartition(" ")[2].removeprefix(":") for line in lines] == words


def test_a_message_from_outside_irc_is_lines_and_nothing_else(server: Server) -> None:
    with IrcPeer(server.port) as ann, NativePeer(server.port) as carl:
        ann.log_in("ann", PASSWORD, "message-tags")
        ann.write("JOIN #tea")
        ann.read()
        carl.login("carl", PASSWORD)
        carl.ask(Join(id=new_id(), name="tea"))
        room = carl.wait(lambda unit: isinstance(unit, RoomTold) and unit.room_name == "tea").room
        carl.ask(Say(id=new_id(), room=room, text="one\n:ann QUIT\n\nKILL\tall " + "long " * 200))
        carl.wait(lambda unit: isinstance(unit, Kept) and unit.room == room)
        lines = [line for line in ann.read() if " JOIN " not in line]
        assert all(re.match(r"(?:@msgid=\d+-\d+ )?:carl!\S+ PRIVMSG #tea :", line) for line in lines)
        assert ["@msgid" in line for line in lines] == [True, *[False] * (len(lines) - 1)]
        assert all(len(line.partition(" :carl")[2].encode()) <= 510 for line in lines)
        assert [line.partition(" PRIVMSG #tea :")[2] for line in lines][:2] == ["one", ":ann QUIT"]


def test_guests_come_and_go_in_lines_of_their_own(server: Server) -> None:
    with IrcPeer(server.port) as ann:
        ann.log_in("ann", PASSWORD, "extended-join")
        ann.write("JOIN #tea")
        ann.read()
        with IrcPeer(server.port) as guest:
            guest.write("NICK wanderer", "USER w 0 * :A Wanderer", "JOIN #tea")
            guest.read()
            (joined,) = ann.read()
            assert re.fullmatch(r":wanderer!~w@\S+\.ip JOIN #tea \* :A Wanderer", joined)
            guest.write("PRIVMSG ann :psst")
            guest.read()
            (whispered,) = ann.read()
            assert re.fullmatch(r":wanderer!~w@\S+\.ip PRIVMSG ann :psst", whispered)
            guest.write("PART #tea :for a moment", "JOIN #tea")
            guest.read()
            assert [line.split(" ")[1] for line in ann.read()] == ["PART", "JOIN"]
            ann.write("MODE #tea +v wanderer", "KICK #tea wanderer :enough")
            assert [line.split(" ")[1] for line in ann.read()] == ["MODE", "KICK"]
            assert [line.split(" ", 2)[2] for line in guest.read() if "!~ann@" in line] == [
                "#tea +v wanderer",
                "#tea wanderer :enough",
            ]
            guest.write("JOIN #tea", "QUIT :gone home")
            while guest.line() is not None:
                pass
        assert [line.split(" ", 1)[1] for line in ann.read()][1:] == ["QUIT :gone home"]


def test_what_one_says_oneself_is_shown_where_that_was_asked_for(server: Server) -> None:
    with IrcPeer(server.port) as ann, IrcPeer(server.port) as bob:
        ann.log_in("ann", PASSWORD)
        bob.log_in("bob", PASSWORD, "echo-message")
        ann.write("PRIVMSG bob :the first", "PRIVMSG bob :the second", "PRIVMSG ann :to myself")
        assert [line.split(" ", 1)[1] for line in ann.read()] == ["PRIVMSG ann :to myself"]
        assert [line.split(" ", 1)[1] for line in bob.read()] == ["PRIVMSG bob :the first", "PRIVMSG bob :the second"]
        bob.write("PRIVMSG ann :an answer", "PRIVMSG bob :to myself")
        shown = ["PRIVMSG ann :an answer", "PRIVMSG bob :to myself", "PRIVMSG bob :to myself"]
        assert [line.split(" ", 1)[1] for line in bob.read()] == shown


def test_a_wrong_password_lets_nobody_in(server: Server) -> None:
    with IrcPeer(server.port) as ann:
        ann.write("PASS ann:wrong", "NICK ann", "USER ann 0 * :Ann")
        first, last = ann.line(), ann.line()
        assert first is not None
        assert " 464 " in first
        assert last is not None
        assert last.startswith("ERROR :")
        assert ann.line() is None


def test_an_invited_person_is_told(server: Server) -> None:
    with IrcPeer(server.port) as ann, IrcPeer(server.port) as bob:
        ann.log_in("ann", PASSWORD)
        bob.log_in("bob", PASSWORD)
        bob.write("JOIN #other")
        bob.read()
        ann.write("JOIN #tea", "MODE #tea +i", "INVITE bob #tea")
        assert ann.read()[-1].endswith(" 341 ann bob #tea")
        (invited,) = bob.read()
        assert re.fullmatch(r":ann!\S+ INVITE bob #tea", invited)
        bob.write("JOIN #tea")
        assert any(" 366 bob #tea " in line for line in bob.read())


def test_an_administrator_has_the_configuration_read_again_and_ends_somebodys_sessions(
    server: Server, tmp_path: Path
) -> None:
    with IrcPeer(server.port) as ann, IrcPeer(server.port) as bob:
        ann.log_in("ann", PASSWORD)
        bob.log_in("bob", PASSWORD)
        ann.write(f"OPER root :{PASSWORD}", "REHASH")
        assert [line.split(" ")[1] for line in ann.read()] == ["381", "MODE", "382"]
        (tmp_path / "besedka.toml").write_text("nonsense = true\n")
        ann.write("REHASH", "KILL bob :enough")
        assert [line.split(" ")[1] for line in ann.read()] == ["382", "400"]
        lines = list(iter(bob.line, None))
        assert lines[-2].endswith(" KILL bob enough")
        assert lines[-1].startswith("ERROR :")
