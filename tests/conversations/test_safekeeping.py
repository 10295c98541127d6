"""People talk while a backup is made, and the server dies: on another machine is what was kept when it began."""

from __future__ import annotations

import threading
from pathlib import Path

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Message, RoomId
from besedka.chat.requests import Hello, History, Login, Resume, Say, Sync
from besedka.chat.told import PROTOCOL_VERSION, Kept, Page, RoomTold, Welcome, You
from command import in_process
from native_peer import NativePeer, new_id
from server import Server, besedka

PASSWORD = "correct horse"


def greet(peer: NativePeer) -> str:
    """Say hello; the epoch of the log."""
    peer.ask(Hello(version=PROTOCOL_VERSION))
    welcome = peer.wait(lambda unit: isinstance(unit, Welcome))
    return str(welcome.epoch)


def say(peer: NativePeer, room: RoomId, text: str) -> int:
    """Say something; the number it was kept under."""
    asked = new_id()
    peer.ask(Say(id=asked, room=room, text=text))
    kept = peer.wait(lambda unit: isinstance(unit, Kept) and unit.id == asked)
    return int(kept.number)


def test_a_conversation_goes_on_from_a_backup(used: Path, tmp_path: Path) -> None:
    file, new = tmp_path / "b.tar", tmp_path / "new"
    server = Server(used, arguments=["--no-console"])
    server.add("ann", PASSWORD)
    said: list[int] = []
    stopping = threading.Event()
    with server.start(), NativePeer(server.port) as ann:
        epoch = greet(ann)
        ann.ask(Login(id=new_id(), name="ann", password=PASSWORD, remember=True))
        token = ann.wait(lambda unit: isinstance(unit, You)).token
        ann.ask(Sync(id=new_id()))
        lobby = ann.wait(lambda unit: isinstance(unit, RoomTold) and unit.room_name == "lobby").room
        last = say(ann, lobby, "before the backup")

        def talk() -> None:
            while not stopping.is_set() and len(said) < 10_000:
                said.append(say(ann, lobby, "while it is made"))

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            done = besedka("backup", file, "--data", used)
        finally:
            stopping.set()
            talking.join()
        assert (done.returncode, done.stderr) == (0, "")
        assert f" backup made file={file} moment=" in (used / "server.log").read_text()
        assert f" backup  {file} " in server.ctl("audit").stdout
        place = say(ann, lobby, "after the backup")
        server.kill()
    done = in_process("restore", file, "--data", new)
    assert done.returncode == 0, done.stderr
    with Server(new, arguments=["--no-console"]) as server, NativePeer(server.port) as ann:
        restored = greet(ann)
        assert restored != epoch
        said_so = [line for line in (new / "server.log").read_text().splitlines() if " backup restored " in line]
        assert [line.endswith(f"epoch={restored}") for line in said_so] == [True]
        assert " restore  backup of 20" in server.ctl("audit").stdout
        ann.ask(Resume(id=new_id(), token=token))  # Her device is hers still.
        ann.wait(lambda unit: isinstance(unit, You))
        ann.ask(Sync(id=new_id(), epoch=epoch, places=((lobby, place),)))
        told = ann.wait(lambda unit: isinstance(unit, RoomTold) and unit.room == lobby)
        assert told.resumption is Resumption.START_OVER
        assert last <= told.head < place
        ann.ask(History(id=new_id(), room=lobby, after=last - 1, limit=200))
        page = ann.wait(lambda unit: isinstance(unit, Page))
        texts = [entry.body.text for entry in page.entries if isinstance(entry.body, Message)]
        assert [entry.number for entry in page.entries] == list(range(last, last + len(page.entries)))
        assert texts[0] == "before the backup"
        assert set(texts[1:]) <= {"while it is made"}
        assert say(ann, lobby, "and on it goes") == told.head + 1
