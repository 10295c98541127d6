"""Somebody who talks at a server that forgets, and remembers what it was promised; and the judge of its files."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from besedka.chat.entries import Body, Message, RoomId
from besedka.chat.requests import Hello, History, Login, Say, Sync
from besedka.chat.told import PROTOCOL_VERSION, Kept, Page, RoomTold, Unit
from besedka.store.rows import decode_body
from native_peer import NativePeer, new_id

PASSWORD = "correct horse"

KEPT = 20
"""Messages that the server keeps of each room."""

CONFIGURATION = f"""
[retention]
messages = {KEPT}
[limits]
flood = false
retention_look_seconds = 0.05
"""

AT_ONCE = 16
"""Messages said in one piece, and then a page is asked for."""


class Witness:
    """What one account was promised, over any number of ends of the server."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.receipts: dict[int, str] = {}
        """The words of what it said, by the numbers of its receipts."""
        self.floor = 1
        """The highest it was told of."""
        self._said = 0
        self._lobby = RoomId(0)

    def talk(self, port: int, *, messages: int) -> None:
        """Say so many things, unless the server ends before."""
        under_way: dict[str | None, str] = {}
        inside = False
        with NativePeer(port) as peer:
            login = Login(id=new_id(), name=self.name, password=PASSWORD)
            peer.ask(Hello(version=PROTOCOL_VERSION), login, Sync(id=new_id()))
            while not inside and (unit := peer.next_unit()) is not None:
                if isinstance(unit, RoomTold) and unit.room_name == "lobby":
                    inside, self._lobby = True, unit.room
                self._hear(unit, under_way)
            until = self._said + messages
            while self._said < until and not peer.closed:
                self._ask(peer, under_way)
                while under_way and (unit := peer.next_unit()) is not None:
                    self._hear(unit, under_way)

    def _ask(self, peer: NativePeer, under_way: dict[str | None, str]) -> None:
        says = [Say(id=new_id(), room=self._lobby, text=f"{self.name} {self._said + more}") for more in range(AT_ONCE)]
        self._said += AT_ONCE
        under_way.update((say.id, say.text) for say in says)
        peer.ask(*says, History(id=new_id(), room=self._lobby, limit=KEPT))

    def _hear(self, unit: Unit, under_way: dict[str | None, str]) -> None:
        match unit:
            case Kept(id=asked, number=number) if asked in under_way:
                self.receipts[number] = under_way.pop(asked)
            case RoomTold(room=room, floor=floor) | Page(room=room, floor=floor) if room == self._lobby:
                self.floor = max(self.floor, floor)


class Lobby:
    """What the file of a server that is no more says of the lobby."""

    def __init__(self, data: Path, scratch: Path) -> None:
        """Read from a copy, so that the next start finds the files as they lie there."""
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        for path in data.glob("messages.db*"):
            if not path.name.endswith("-shm"):
                shutil.copy(path, scratch)
        with closing(sqlite3.connect(scratch / "messages.db")) as connection:
            self.damage = [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
            row = connection.execute(
                "SELECT id, head, floor, messages, pruned FROM rooms WHERE name = 'lobby'"
            ).fetchone()
            room, *counts = map(int, row)
            self.head, self.floor, self.messages, self.pruned = counts
            entries = "SELECT number, CAST(body AS BLOB) FROM entries WHERE room = ? ORDER BY number"
            self.bodies: dict[int, Body] = {
                number: decode_body(body) for number, body in connection.execute(entries, (room,))
            }

    @property
    def first(self) -> int:
        """The first number that is there."""
        return min(self.bodies, default=self.head + 1)


def faults_of(lobby: Lobby, witness: Witness) -> list[str]:
    """Every promise that is broken."""
    faults = [f"damaged: {line}" for line in lobby.damage]
    if lobby.floor < witness.floor:
        faults.append(f"sunk: the floor is {lobby.floor}, and was told to be {witness.floor}")
    if [*lobby.bodies] != [*range(lobby.first, lobby.head + 1)] or lobby.first > lobby.floor:
        faults.append(f"lost: of {lobby.floor} to {lobby.head} there are {[*lobby.bodies]}")
    for number, words in witness.receipts.items():
        body = lobby.bodies.get(number)
        there = isinstance(body, Message) and body.text == words
        if not there and (number >= lobby.floor or body is not None):
            faults.append(f"lost: {words!r}, which was {number}, and the floor is {lobby.floor}")
    kept = sum(isinstance(body, Message) for number, body in lobby.bodies.items() if number >= lobby.floor)
    if lobby.messages - lobby.pruned != kept:
        faults.append(f"miscounted: {lobby.messages} less {lobby.pruned} were kept, and there are {kept}")
    return faults
