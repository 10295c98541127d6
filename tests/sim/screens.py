"""What one device shows, held to what the log says it must be."""

from __future__ import annotations

import msgspec
from immutables import Map

from besedka.chat.entries import Edited, Entry, Message, Redacted, RoomId
from besedka.chat.principals import PrincipalId
from besedka.client.events import Jump, Jumped
from sim.record import Record, hold


class Screen(msgspec.Struct, frozen=True):
    """One room on one device: everything up to `last`, from where it began, but what was jumped over."""

    last: int
    texts: Map[int, str] = Map()
    """What each message says, of those since the last jump: an edit may have been jumped over."""

    def after(self, entry: Entry) -> Screen:
        """With one more entry."""
        texts = self.texts
        match entry.body:
            case Message(text=text):
                texts = texts.set(entry.number, text)
            case Edited(number=number, text=text) if number in texts and text:
                texts = texts.set(number, text)
            case Redacted(number=number) if number in texts:
                texts = texts.set(number, "")
        return Screen(entry.number, texts)


class Screens:
    """All rooms of one device."""

    def __init__(self) -> None:
        self.rooms: dict[RoomId, Screen] = {}

    def appear(self, room: RoomId, after: int) -> None:
        """A room is new, and begins after this."""
        self.rooms[room] = Screen(after)

    def show(self, record: Record, room: RoomId, entries: tuple[Entry, ...]) -> None:
        """Lines are added."""
        screen = self.rooms.get(room)
        hold(screen is not None, f"lines of room {room}, which was never told of")
        assert screen is not None
        for entry in entries:
            hold(screen.last == entry.number - 1, f"room {room}: {entry.number} is shown after {screen.last}")
            hold(record.was_kept(room, entry), f"room {room}: {entry.number} is shown and not kept")
            screen = screen.after(entry)
        self.rooms[room] = screen

    def jump(self, record: Record, jumped: Jumped, me: PrincipalId | None, *, lossy: bool) -> None:
        """Some lines are left out, for a good reason only.

        Where a run may be lost on its way, a device that leaves and joins again before it has healed misses it.
        """
        screen = self.rooms[jumped.room]
        hold(screen.last == jumped.before, f"room {jumped.room}: a jump from {jumped.before}, not {screen.last}")
        match jumped.why:
            case Jump.PRUNED:
                floor = record.floors.get(jumped.room, 1)
                # It may come from the life of the server before, which still had more.
                hold(jumped.after < floor, f"room {jumped.room}: pruned up to {jumped.after}, floor is {floor}")
            case Jump.REJOINED if me is not None and me > 0 and not lossy:
                inside = record.was_inside(jumped.room, me, jumped.before)
                hold(not inside, f"room {jumped.room}: {jumped.before} to {jumped.after} is missing")
            case Jump.START_OVER:
                hold(False, f"room {jumped.room}: started over within one epoch")
        self.rooms[jumped.room] = Screen(jumped.after)

    def check_texts(self, record: Record, room: RoomId) -> None:
        """Every message says here what it says: no edit is missing, and nothing that was taken away is left."""
        for number, text in self.rooms[room].texts.items():
            body = record.entries[room][number - 1].body
            assert isinstance(body, Message), "only messages are shown so"
            hold(text == body.text, f"room {room}: {number} is shown as {text!r} and says {body.text!r}")

    def snapshot(self) -> dict[RoomId, Screen]:
        """What is kept with the client's state."""
        return dict(self.rooms)

    def restore(self, snapshot: dict[RoomId, Screen]) -> None:
        """What a device shows that begins again from its kept state."""
        self.rooms = dict(snapshot)
