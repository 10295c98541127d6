"""`room export` and `room import` as people use them, with a running server and without one."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import msgspec
import pytest

from besedka.chat.entries import (
    Entry,
    Message,
    Opened,
    Reacted,
    Renamed,
    RolesChanged,
    RoomId,
    RoomName,
    RoomRole,
    SettingsChange,
    TopicSet,
)
from besedka.chat.principals import is_imported
from besedka.chat.requests import Edit, History, Join, React, Redact, Say, SetTopic, Write
from besedka.chat.room_requests import ChangeSettings
from besedka.chat.told import Done, Kept, Page
from command import failed, in_process
from native_peer import NativePeer, new_id
from server import Server, besedka

PASSWORD = "correct horse"
KEY = "sesame-opens"


class Garden:
    """A room in which somebody has been talking."""

    def __init__(self, peer: NativePeer) -> None:
        self.peer = peer
        self.room = RoomId(0)
        self.room = self.ask(Join(id=new_id(), name="garden")).room

    def ask(self, request: Write) -> Kept:
        """Have something kept."""
        self.peer.ask(request)
        (kept,) = self.peer.answers()
        assert isinstance(kept, Kept), kept
        return kept

    def say(self, text: str, *, reply: int = 0) -> int:
        """Its number."""
        return self.ask(Say(id=new_id(), room=self.room, text=text, reply=reply)).number

    def talk(self) -> None:
        """What is to come over, and what is not."""
        first = self.say("the roses are out")
        self.say("which ones?\nthe red ones?", reply=first)
        self.ask(React(id=new_id(), room=self.room, number=first, reaction="🌹"))
        gone = self.say("forget this word: zinnia")
        self.say("gone is what I answer to", reply=gone)
        self.ask(Redact(id=new_id(), room=self.room, number=gone))
        wrong = self.say("they are bleu")
        self.ask(Edit(id=new_id(), room=self.room, number=wrong, text="they are blue"))
        self.ask(SetTopic(id=new_id(), room=self.room, topic="Flowers"))
        self.ask(ChangeSettings(id=new_id(), room=self.room, change=SettingsChange(key=KEY)))


def log_of(peer: NativePeer, room: RoomId) -> tuple[Entry, ...]:
    """All of it."""
    peer.ask(History(id=new_id(), room=room, after=0))
    page = peer.wait(lambda unit: isinstance(unit, Page))
    assert isinstance(page, Page)
    return page.entries


def entries_of(file: Path) -> list[Entry]:
    return [msgspec.json.decode(line, type=Entry) for line in file.read_bytes().splitlines()[1:]]


@pytest.fixture
def served(used: Path) -> Server:
    server = Server(used)
    server.start()
    for name in ("ann", "bob"):
        server.add(name, PASSWORD)
    return server


def test_a_room_goes_into_a_file_and_out_of_it_into_a_new_one(served: Server, tmp_path: Path) -> None:
    file, again, words = tmp_path / "garden.jsonl", tmp_path / "again.jsonl", tmp_path / "again.txt"
    with served as server, NativePeer(server.port) as ann, NativePeer(server.port) as bob:
        ann.login("ann", PASSWORD)
        garden = Garden(ann)
        garden.talk()
        done = in_process("room", "export", "garden", "-o", file, "--data", server.data)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "cannot be made: File exists" in failed("room", "export", "garden", "-o", file, "--data", server.data)
        assert KEY not in file.read_text()
        assert "zinnia" not in file.read_text()
        before = log_of(ann, garden.room)
        assert entries_of(file) == list(before)

        done = in_process("room", "import", file, "Garten", "--owner", "bob", "--data", server.data)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("6 entries are in Garten; ")
        assert " #Garten" in server.ctl("audit").stdout, "which is nobody's name"
        bob.login("bob", PASSWORD)
        bob.ask(Join(id=new_id(), name="garten"))  # He is in it already.
        (done_already,) = bob.answers()
        assert isinstance(done_already, Done)
        assert done_already.room is not None
        new = log_of(bob, done_already.room)

    opened, *brought, named, _joined, owned = new
    assert isinstance(opened.body, Opened)
    assert named.body == Renamed(RoomName("Garten"), RoomName(""))
    assert isinstance(owned.body, RolesChanged)
    assert [(one.person.name, one.role) for one in owned.body.changes] == [("bob", RoomRole.OWNER)]
    assert [one.body for one in brought] == [
        Message("the roses are out"),
        Message("which ones?\nthe red ones?", reply=2),
        Reacted(2, "🌹"),
        Message("gone is what I answer to"),
        Message("they are blue"),
        TopicSet("Flowers"),
    ]
    assert {one.name for one in brought} == {"ann"}
    assert all(is_imported(one.author) for one in brought)
    assert len({one.author for one in brought}) == 1
    old = {entry.body.text: entry.time for entry in before if isinstance(entry.body, Message)}
    assert all(one.time == old[one.body.text] for one in brought if isinstance(one.body, Message))

    done = in_process("room", "export", "Garten", "-o", again, "--data", served.data)
    assert done.returncode == 0, "without a server it is read from the files"
    assert entries_of(again) == list(new)
    assert in_process("room", "export", "Garten", "--text", "-o", words, "--data", served.data).returncode == 0
    lines = [line[len("2026-11-22 20:00:00 ") :] for line in words.read_text().splitlines()]
    assert "ann (imported): the roses are out" in lines
    assert "-- ann (imported) set the topic: Flowers" in lines
    assert "-- server gave this room the name Garten" in lines
    assert (
        "start it, and import then"
        in in_process("room", "import", again, "other", "--owner", "bob", "--data", served.data).stderr
    )


def test_the_text_of_a_room_is_for_people(served: Server) -> None:
    with served as server, NativePeer(server.port) as ann:
        ann.login("ann", PASSWORD)
        Garden(ann).talk()
        done = besedka("room", "export", "garden", "--text", "--data", str(server.data))
    lines = [line[len("2026-11-22 20:00:00 ") :] for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert "ann: the roses are out" in lines
    assert "the red ones?" in done.stdout
    assert "zinnia" not in done.stdout
    assert KEY not in done.stdout


def test_a_name_that_is_taken_and_an_owner_who_is_not_there(served: Server, tmp_path: Path) -> None:
    file = tmp_path / "garden.jsonl"
    header = {"format": "besedka room", "version": 1, "room": "garden", "hidden": True}
    file.write_text(json.dumps(header) + "\n")
    with served as server, NativePeer(server.port) as ann:
        ann.login("ann", PASSWORD)
        Garden(ann)
        for name, owner, why in (
            ("garden", "ann", "taken"),
            ("other", "nobody", "nobody of that name"),
            ("a b", "ann", "name"),
        ):
            done = in_process("room", "import", file, name, "--owner", owner, "--data", server.data)
            assert done.returncode == 1
            assert why in done.stderr, done.stderr
        done = in_process("room", "import", file, "other", "--owner", "ann", "--data", server.data)
        assert done.stdout.startswith("0 entries are in other; ")
        assert "hidden" in server.ctl("rooms").stdout
        assert "There is no such room" in in_process("room", "export", "nothing", "--data", server.data).stderr
