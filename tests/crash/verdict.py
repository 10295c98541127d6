"""What the files of a killed server say, compared with what its clients were promised and saw.

Everything is read from a copy of the files as they lie there, with SQLite alone: nothing the server would heal at its
next start is healed first, and nothing it would misread is misread here.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from besedka.chat.entries import Entry, Message, RoomId, TopicSet
from besedka.chat.folding import evolve
from besedka.chat.requests import Say, SetTopic, Tell
from besedka.chat.rooms import Room
from besedka.chat.told import Kept
from besedka.client.memory import AnyWrite
from besedka.store.rows import ROOM_COLUMNS, STAY_COLUMNS, entry_of, room_of
from crash.people import Person


class Files(msgspec.Struct):
    """The two databases of a data directory, as they lie there."""

    rooms: dict[RoomId, Room]
    """As kept, not folded."""
    logs: dict[RoomId, list[Entry]]
    accounts: dict[str, int]
    """Ids by name."""
    removed: frozenset[int]
    """Ids of those who are no more: wherever they are named, it may be by their tombstone."""
    faults: list[str]
    """What is wrong with the files by themselves."""

    def text_at(self, room: RoomId, number: int) -> str | None:
        """The words of a message or topic; None where there is no such entry."""
        log = self.logs.get(room, [])
        return words_of(log[number - 1]) if 1 <= number <= len(log) else None


def words_of(entry: Entry) -> str | None:
    """The words of a message or topic; None for what has none."""
    match entry.body:
        case Message() as message if message.redacted:
            return None
        case Message(text=text) | TopicSet(topic=text):
            return text
        case _:
            return None


def asked_words(write: AnyWrite) -> str | None:
    """The words of a request; None for what has none."""
    match write:
        case Say(text=text) | Tell(text=text) | SetTopic(topic=text):
            return text
        case _:
            return None


def read_files(data: Path, scratch: Path) -> Files:
    """Copy the databases to `scratch` and read them; their faults are part of the answer, not raised."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for path in data.glob("*.db*"):
        if not path.name.endswith("-shm"):
            shutil.copy(path, scratch)
    files = Files({}, {}, {}, frozenset(), [])
    try:
        _read_accounts(scratch / "accounts.db", files)
        _read_messages(scratch / "messages.db", files)
    except sqlite3.Error as error:
        files.faults.append(f"damaged: {error}")
    for room, log in files.logs.items():
        files.faults += _log_faults(files.rooms.get(room), room, log)
    return files


def _read_accounts(path: Path, files: Files) -> None:
    if not path.exists():
        return
    connection = sqlite3.connect(path)
    try:
        files.faults += _damage(connection, path.name)
        files.accounts = dict(connection.execute("SELECT name, id FROM accounts WHERE folded IS NOT NULL"))
        removed = connection.execute("SELECT id FROM accounts WHERE folded IS NULL")
        files.removed = frozenset(account for (account,) in removed)
        orphans = "SELECT count(*) FROM tokens WHERE account NOT IN (SELECT id FROM accounts WHERE folded IS NOT NULL)"
        if connection.execute(orphans).fetchone() != (0,):
            files.faults.append("a token outlives its account")
    finally:
        connection.close()


def _read_messages(path: Path, files: Files) -> None:
    if not path.exists():
        return
    connection = sqlite3.connect(path)
    try:
        files.faults += _damage(connection, path.name)
        for row in connection.execute(f"SELECT {ROOM_COLUMNS} FROM rooms").fetchall():
            stays = f"SELECT {STAY_COLUMNS} FROM stays WHERE room = ?"
            room = room_of(row, connection.execute(stays, (row[0],)))
            files.rooms[room.id] = room
            files.logs[room.id] = []
        entries = "SELECT room, number, time, author, name, CAST(body AS BLOB) FROM entries ORDER BY room, number"
        for room_id, *rest in connection.execute(entries):
            files.logs.setdefault(room_id, []).append(entry_of(tuple(rest)))
        lost = (
            "SELECT count(*) FROM requests LEFT JOIN entries USING (room, number, author)"
            " JOIN rooms ON rooms.id = requests.room AND floor <= requests.number WHERE entries.room IS NULL"
        )
        if connection.execute(lost).fetchone() != (0,):
            files.faults.append("a request id leads to no entry of its sender's")
    finally:
        connection.close()


def _damage(connection: sqlite3.Connection, name: str) -> list[str]:
    found = [line for (line,) in connection.execute("PRAGMA integrity_check")]
    return [] if found == ["ok"] else [f"damaged: {name}: {line}" for line in found]


def _log_faults(kept: Room | None, room: RoomId, log: Sequence[Entry]) -> Iterator[str]:
    """Numbers 1, 2, 3 …, and a state that is what they make of it; an inbox that was erased has none."""
    if kept is not None and kept.floor > kept.head and not log:
        return
    if [entry.number for entry in log] != [*range(1, len(log) + 1)]:
        yield f"room {room} has gaps: {[entry.number for entry in log]}"
        return
    folded = Room(room)
    for entry in log:
        folded = evolve(folded, entry)
    if kept != folded:
        yield f"room {room} is kept as of {kept and kept.head} and not as its {len(log)} entries make it"


def verdict(files: Files, people: Sequence[Person]) -> list[str]:
    """Every promise that the files break, in sentences; none when all is well."""
    faults = list(files.faults)
    said = Counter(words for log in files.logs.values() for words in map(words_of, log) if words is not None)
    faults += [f"doubled: {words!r} stands {count} times" for words, count in said.items() if count > 1]
    for person in people:
        faults += person.faults
        if person.core.principal is not None and files.accounts.get(person.name) != person.core.principal:
            faults.append(f"lost: the account of {person.name}")
        for asked, kept in person.receipts.items():
            faults += _receipt_faults(files, person, person.writes[asked], kept)
        for asked, code in person.refused.items():
            words = asked_words(person.writes[asked])
            if words in said:
                faults.append(f"kept although refused ({code.value}): {words!r}")
        for room, seen in person.seen.items():
            log = files.logs.get(room, [])
            for number, entry in seen.items():
                if number > len(log) or not _is_same(entry, log[number - 1], files.removed):
                    faults.append(f"lost: {person.name} saw entry {number} of room {room}, which is not there")
    faults += _order_faults(files)
    return faults


def _is_same(seen: Entry, kept: Entry, removed: frozenset[int]) -> bool:
    """Whether what was seen stands there still, as far as nobody has taken it back or is no more."""
    if isinstance(kept.body, Message) and kept.body.redacted:
        return isinstance(seen.body, Message) and seen.author == kept.author
    return seen == kept or _unnamed(seen, removed) == _unnamed(kept, removed)


def _unnamed(entry: Entry, removed: frozenset[int]) -> str:
    """The entry without the names of those who are no more."""
    author = f'"author":{entry.author},"name":"{entry.name}"'
    written = msgspec.json.encode(entry).decode().replace(author, f'"principal":{entry.author},"name":"{entry.name}"')

    def bare(match: re.Match[str]) -> str:
        return match[1] if int(match[1]) in removed else match[0]

    return re.sub(r'"principal":(\d+),"name":"[^"]*"', bare, written)


def _receipt_faults(files: Files, person: Person, write: AnyWrite, kept: Kept) -> Iterator[str]:
    """A receipt names the first entry of its request: of a direct room's first message, that room's opening."""
    log = files.logs.get(kept.room, [])
    if kept.number > len(log):
        yield f"lost: {person.name} has a receipt for entry {kept.number} of room {kept.room}, which is not there"
        return
    if log[kept.number - 1].author != person.core.principal:
        yield f"reordered: entry {kept.number} of room {kept.room} is not by {person.name}, who has its receipt"
    words = asked_words(write)
    places = (1, 3) if isinstance(write, Tell) and kept.number == 1 else (kept.number,)
    if words is not None and words not in [files.text_at(kept.room, place) for place in places]:
        yield f"reordered: entry {kept.number} of room {kept.room} is not what {person.name} has a receipt for"


def _order_faults(files: Files) -> Iterator[str]:
    """What somebody said in a room stands there in the order it was said: its words end in a growing number."""
    for room, log in files.logs.items():
        newest: dict[str, int] = {}
        for entry in log:
            speaker, _, number = (words_of(entry) or "").rpartition(" ")
            if not speaker:
                continue
            if int(number) < newest.get(speaker, 0):
                yield f"reordered: {words_of(entry)!r} comes after {speaker} {newest[speaker]} in room {room}"
            newest[speaker] = int(number)


def missed(files: Files, people: Sequence[Person]) -> list[str]:
    """What somebody who is in a room, and has been told everything, was not shown of it; for when all is quiet."""
    faults = []
    for person in people:
        if person.core.outbox:
            faults.append(f"{person.name} still waits for {len(person.core.outbox)} receipts")
        for room in files.rooms.values():
            if person.core.principal in room.members and room.id not in person.core.rooms:
                faults.append(f"{person.name} does not know that it is in room {room.id}")
        for known in person.core.rooms.values():
            shown = person.seen.get(known.room, {})
            skipped = {
                number for jump in person.jumps.get(known.room, ()) for number in range(jump.before + 1, jump.after + 1)
            }
            first = min(shown, default=known.place + 1)
            expected = [number for number in range(first, known.place + 1) if number not in skipped]
            if sorted(shown) != expected:
                faults.append(f"{person.name} was not shown all of room {known.room}")
            kept = len(files.logs.get(known.room, []))
            if known.inside and known.place != kept:
                faults.append(f"{person.name} is at entry {known.place} of room {known.room}, which has {kept}")
    return faults
