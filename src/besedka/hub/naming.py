"""What is told of a room whose name changes: each reader of a protocol that knows rooms by name must follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from besedka.chat.entries import Entry, Person, Renamed, RoomId, RoomName
from besedka.chat.rooms import Room
from besedka.hub.session import Apart, Session
from besedka.wire.looking import RoomRenamed


def by_name(
    room: Room, entries: Sequence[Entry], called: RoomName | None = None
) -> Iterator[tuple[Room, Sequence[Entry], Entry | None]]:
    """Consecutive entries of `room`, cut behind each renaming.

    Each piece comes with the room as it was called by then, and with the renaming that ends it, if one does. What it
    was called behind the last one is `called`; None for its name as it is, where these go up to the head.
    """
    start = 0
    for index, entry in enumerate(entries):
        if isinstance(entry.body, Renamed):
            before = msgspec.structs.replace(room, name=entry.body.before)
            yield before, entries[start : index + 1], entry
            start = index + 1
    if start < len(entries):
        yield room if called is None else msgspec.structs.replace(room, name=called), entries[start:], None


def remember_name(sessions: Iterable[Session], room: RoomId, entries: Sequence[Entry]) -> None:
    """Those who are behind in a room that is renamed in these read on under the name it has where they are."""
    renamings = [(entry.number, entry.body.before) for entry in entries if isinstance(entry.body, Renamed)]
    for session in sessions:
        place = session.behind.get(room)
        before = None if place is None else next((name for number, name in renamings if number > place), None)
        if before is not None:
            call(session, room, before)


def call(session: Session, room: RoomId, name: RoomName) -> None:
    """The session is behind where the room was called so, or before that."""
    apart = session.apart.setdefault(room, Apart())
    apart.called = apart.called or name


def name_behind(entries: Sequence[Entry], called: RoomName) -> RoomName:
    """What a room is called behind these, before which it was `called`."""
    bodies = (entry.body for entry in reversed(entries))
    return next((body.room_name for body in bodies if isinstance(body, Renamed)), called)


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
