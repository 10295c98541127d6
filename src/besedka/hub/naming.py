"""What is told of a room whose name changes: each reader of a protocol that knows rooms by name must follow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from besedka.chat.entries import Entry, Person, Renamed
from besedka.chat.rooms import Room
from besedka.hub.session import Session
from besedka.wire.looking import RoomRenamed


def by_name(room: Room, entries: Sequence[Entry]) -> Iterator[tuple[Room, Sequence[Entry], Entry | None]]:
    """Consecutive entries up to the head of `room`, cut behind each renaming.

    Each piece comes with the room as it was called by then, and with the renaming that ends it, if one does.
    """
    start = 0
    for index, entry in enumerate(entries):
        if isinstance(entry.body, Renamed):
            before = msgspec.structs.replace(room, name=entry.body.before)
            yield before, entries[start : index + 1], entry
            start = index + 1
    if start < len(entries):
        yield room, entries[start:], None


def is_renamed(entries: Sequence[Entry]) -> bool:
    """Whether the room changes its name in these."""
    return any(type(entry.body) is Renamed for entry in entries)


def tell_renamed(session: Session, room: Room, renaming: Entry) -> None:
    """Tell a session that knows rooms by their names; others see the entry."""
    body = renaming.body
    assert isinstance(body, Renamed), "a renaming"
    if session.protocol.sees_guests:
        by = Person(renaming.author, renaming.name)
        session.tell(RoomRenamed(room.id, by, body.before, body.room_name, body.reason))
