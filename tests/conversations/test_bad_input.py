"""Whatever a client sends, it gets one clear answer, and everybody else's conversation goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from besedka.chat.entries import RoomId
from besedka.chat.refusals import Code
from besedka.chat.requests import (
    ComeAsGuest,
    Hello,
    History,
    Join,
    Leave,
    ListRooms,
    Login,
    Ping,
    Register,
    Request,
    Resume,
    Say,
    SetTopic,
    Sync,
    Tell,
    Who,
)
from besedka.chat.told import Entries, Farewell, Kept, Parting, Refused, Welcome
from native_peer import NativePeer, as_json, frame, new_id
from server import Server

LOBBY = RoomId(2)

CONFIGURATION = """
[limits]
flood = false
login_attempts_max = 1000000
login_seconds_max = 20.0
"""

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bad-input")
    configuration = folder / "besedka.toml"
    configuration.write_text(CONFIGURATION)
    data = folder / "data"
    server = Server(data, arguments=["--config", str(configuration), "--no-console"])
    for name in ("ann", "mallory", "hoarder"):
        server.add(name, PASSWORD)
    with server.start():
        yield server
        assert server.stop() == 0
        assert not [line for line in server.log() if "failed" in line and "login" not in line]
        assert PASSWORD not in (data / "server.log").read_text()


@pytest.fixture(scope="module")
def ann(server: Server) -> Iterator[NativePeer]:
    """Somebody decent, whose conversation nothing may disturb."""
    with NativePeer(server.port) as peer:
        peer.login("ann", PASSWORD)
        yield peer


def still_talks(ann: NativePeer) -> None:
    """Ann says something and reads it."""
    asked = new_id()
    ann.ask(Say(id=asked, room=LOBBY, text="still here"))
    kept = ann.wait(lambda unit: isinstance(unit, Kept) and unit.id == asked)
    ann.wait(lambda unit: isinstance(unit, Entries) and unit.entries[-1].number >= kept.number)


ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    1 << 80,
    0.5,
    "",
    "x" * 5000,
    "\0",
    "\x1b[2J\x07",
    "\ud800",
    "a\u202eb",
    "\r\n",
    [],
    [[]],
    {},
    {"is": "say"},
)

VISITORS: tuple[Request, ...] = (
    Hello(version=1),
    Login(id=new_id(), name="mallory", password=PASSWORD),
    Register(id=new_id(), name="nobody", password="short"),
    ComeAsGuest(id=new_id(), name="nobody"),
    Resume(id=new_id(), token="none"),
)

MEMBERS: tuple[Request, ...] = (
    Sync(id=new_id(), epoch="x", places=((LOBBY, 0),), show=1),
    Say(id=new_id(), room=LOBBY, text="hi"),
    Tell(id=new_id(), name="ann", text="hi"),
    Join(id=new_id(), name="tea", show=2),
    Leave(id=new_id(), room=RoomId(999)),
    SetTopic(id=new_id(), room=LOBBY, topic="fine"),
    History(id=new_id(), room=LOBBY, before=3, after=None, limit=5),
    ListRooms(id=new_id()),
    Who(id=new_id(), room=LOBBY),
    Ping(id=new_id()),
)


FATAL = (Code.BAD_VERSION, Code.TOO_LONG)
"""Refusals after which what follows cannot be understood; a visitor's frame is at most 4 KiB."""


def oddities(request: Request) -> Iterator[bytes]:
    """The request with each of its fields missing, and with each of them odd."""
    sample = as_json(request)
    for field in sample:
        yield json.dumps({key: value for key, value in sample.items() if key != field}).encode()
        for odd in ODD_VALUES:
            yield json.dumps({**sample, field: odd}).encode()


@pytest.mark.parametrize("request_", VISITORS, ids=lambda request: type(request).__name__)
def test_an_odd_request_of_a_visitor_has_one_answer(server: Server, ann: NativePeer, request_: Request) -> None:
    for message in oddities(request_):
        with NativePeer(server.port) as peer:
            if not isinstance(request_, Hello):
                peer.hello()
            peer.send(frame(message))
            answer = peer.next_unit()
            assert answer is not None, message
            if isinstance(answer, Refused) and answer.code in FATAL:
                assert isinstance(peer.next_unit(), Farewell)
            else:
                assert peer.answers() == [], message
    still_talks(ann)


@pytest.mark.parametrize("request_", MEMBERS, ids=lambda request: type(request).__name__)
def test_an_odd_request_of_a_member_has_one_answer(server: Server, ann: NativePeer, request_: Request) -> None:
    with NativePeer(server.port) as peer:
        peer.login("mallory", PASSWORD)
        for message in oddities(request_):
            peer.send(frame(message))
            answers = peer.answers()
            assert len(answers) == 1, (message, answers)
    still_talks(ann)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{", Code.BAD_REQUEST),
        (b"\xff\xfe", Code.BAD_REQUEST),
        (b"[]", Code.BAD_REQUEST),
        (b"[" * 5000, Code.BAD_REQUEST),
        (b'{"is":' * 5000, Code.BAD_REQUEST),
        (b'{"is":"fly"}', Code.UNKNOWN_REQUEST),
        (b'{"is":"say","room":2,"text":"no id"}', Code.BAD_REQUEST),
        (b'{"is":"say","id":"short","room":2,"text":"hi"}', Code.BAD_REQUEST),
        (b'{"is":"say","id":"' + b"G" * 32 + b'","room":2,"text":"hi"}', Code.BAD_REQUEST),
        (json.dumps({"is": "say", "id": new_id(), "room": 2, "text": "x" * 4097}).encode(), Code.TEXT_LONG),
        (json.dumps({"is": "say", "id": new_id(), "room": 2, "text": "a\rb"}).encode(), Code.BAD_TEXT),
        (json.dumps({"is": "say", "id": new_id(), "room": 2, "text": "a\0b"}).encode(), Code.BAD_TEXT),
        (json.dumps({"is": "say", "id": new_id(), "room": 2, "text": " \n "}).encode(), Code.EMPTY_TEXT),
        (json.dumps({"is": "say", "id": new_id(), "room": 1, "text": "your inbox"}).encode(), Code.NO_SUCH_ROOM),
        (json.dumps({"is": "say", "id": new_id(), "room": 77, "text": "hi"}).encode(), Code.NO_SUCH_ROOM),
        (json.dumps({"is": "tell", "id": new_id(), "name": "nobody", "text": "hi"}).encode(), Code.NO_SUCH_PERSON),
        (json.dumps({"is": "join", "id": new_id(), "name": "no spaces"}).encode(), Code.BAD_ROOM_NAME),
        (json.dumps({"is": "login", "id": new_id(), "name": "ann", "password": "x"}).encode(), Code.LOGGED_IN_ALREADY),
    ],
)
def test_a_refusal_says_what_is_wrong_and_the_connection_lives(
    server: Server, ann: NativePeer, message: bytes, code: Code
) -> None:
    with NativePeer(server.port) as peer:
        peer.login("mallory", PASSWORD)
        peer.send(frame(message))
        (answer,) = peer.answers()
        assert isinstance(answer, Refused)
        assert answer.code is code
        assert answer.why
    still_talks(ann)


@pytest.mark.parametrize(
    "data",
    [b"\0\0\0\0", b"\0\xff\xff\xff", frame(b" " * 70_000), b"\0\x03\x00\x08!STUN"],
    ids=["length zero", "length 16 MiB", "over the limit", "a browser's STUN"],
)
def test_a_frame_that_cannot_be_is_refused_before_it_is_read(server: Server, ann: NativePeer, data: bytes) -> None:
    with NativePeer(server.port) as peer:
        peer.login("mallory", PASSWORD)
        peer.send(data)
        refused = peer.wait(lambda unit: isinstance(unit, Refused))
        assert refused.code in (Code.TOO_LONG, Code.BAD_REQUEST)
        farewell = peer.wait(lambda unit: isinstance(unit, Farewell))
        assert farewell.parting is Parting.BAD_INPUT
        assert peer.next_unit() is None
    still_talks(ann)


def test_before_login_a_frame_is_small(server: Server, ann: NativePeer) -> None:
    with NativePeer(server.port) as peer:
        peer.hello()
        peer.send(frame(b" " * 4097))
        assert peer.wait(lambda unit: isinstance(unit, Refused)).code is Code.TOO_LONG
        assert peer.wait(lambda unit: isinstance(unit, Farewell)).parting is Parting.BAD_INPUT
    still_talks(ann)


def test_nothing_is_done_before_hello_and_login(server: Server) -> None:
    with NativePeer(server.port) as peer:
        peer.ask(Say(id=new_id(), room=LOBBY, text="hi"))
        assert peer.wait(lambda unit: isinstance(unit, Refused)).code is Code.HELLO_FIRST
        peer.ask(Hello(version=1))
        assert peer.wait(lambda unit: isinstance(unit, Welcome)).name == "besedka"
        for request in MEMBERS[:-1]:
            peer.ask(request)
            assert peer.wait(lambda unit: isinstance(unit, Refused)).code is Code.LOGIN_FIRST


def test_an_account_is_in_so_many_rooms_and_no_more(server: Server, ann: NativePeer) -> None:
    with NativePeer(server.port) as peer:
        peer.login("hoarder", PASSWORD)
        joins = [Join(id=new_id(), name=f"room{number}") for number in range(1005)]
        for first in range(0, len(joins), 100):
            peer.ask(*joins[first : first + 100])
        answers = peer.answers()
        assert len(answers) == len(joins)
        kept = [answer for answer in answers if isinstance(answer, Kept)]
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        assert len(kept) == 999, "the lobby is the thousandth"
        assert {answer.code for answer in refused} == {Code.TOO_MANY_ROOMS}
    still_talks(ann)


def test_a_client_that_never_reads_costs_nobody_else_anything(server: Server, ann: NativePeer) -> None:
    with NativePeer(server.port, receive_bytes=4096) as peer:
        peer.login("mallory", PASSWORD)
        peer.patience(seconds=0.5)
        for _ in range(8000):  # Far more than the kernel's buffers hold.
            history = [History(id=new_id(), room=LOBBY, limit=200) for _ in range(20)]
            peer.ask(*history)
            if peer.closed:  # The server reads no more of what it cannot answer: the kernel's buffers are full.
                break
        else:
            pytest.fail("the server read everything that was asked of it and not taken")
        still_talks(ann)


def test_half_a_frame_and_then_nothing(server: Server, ann: NativePeer) -> None:
    with NativePeer(server.port) as peer:
        peer.login("mallory", PASSWORD)
        peer.send(frame(b'{"is":"ping"}')[:7])
        still_talks(ann)


def test_who_says_nothing_after_connecting_is_sent_away(tmp_path: Path) -> None:
    configuration = tmp_path / "besedka.toml"
    configuration.write_text("[limits]\nlogin_seconds_max = 1.0\n")
    with (
        Server(tmp_path / "data", arguments=["--config", str(configuration)]) as server,
        NativePeer(server.port) as peer,
    ):
        peer.hello()
        farewell = peer.wait(lambda unit: isinstance(unit, Farewell))
        assert farewell.parting is Parting.TOO_SLOW_LOGIN
        assert peer.next_unit() is None
