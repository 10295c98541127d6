"""The messages that were shown lately, so that what is done to them can say which they were."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from besedka.chat.entries import Edited, Entry, Message, Redacted, RoomId
from besedka.chat.mending import rewrites
from besedka.chat.names import fold
from besedka.chat.principals import PrincipalId

MESSAGES_MAX = 2000
"""Of all rooms together: more than a terminal scrolls back."""


class Remembered:
    """Messages by room and number, as they read now. Those shown first are forgotten first."""

    def __init__(self) -> None:
        self._messages: OrderedDict[tuple[RoomId, int], Entry] = OrderedDict()

    def show(self, room: RoomId, entry: Entry) -> None:
        """A message is shown, or what is done to one that was."""
        if isinstance(entry.body, Message):
            self._messages[room, entry.number] = entry
            self._messages.move_to_end((room, entry.number))
            while len(self._messages) > MESSAGES_MAX:
                self._messages.popitem(last=False)
        elif isinstance(entry.body, Edited | Redacted) and not self.has_happened(room, entry):
            target = self._messages.get((room, entry.body.number))
            if target is not None:
                body = rewrites(entry, target)[0].body
                self._messages[room, target.number] = msgspec.structs.replace(target, body=body)

    def has_happened(self, room: RoomId, entry: Entry) -> bool:
        """Whether the message was shown as this edit or redaction has left it, because it came after that."""
        if not isinstance(entry.body, Edited | Redacted):
            return False
        message = self.message(room, entry.body.number)
        return message is not None and (message.edited >= entry.number or message.redacted > 0)

    def entry(self, room: RoomId, number: int) -> Entry | None:
        """The entry of a message, if it was shown lately."""
        return self._messages.get((room, number))

    def message(self, room: RoomId, number: int) -> Message | None:
        """What it says now."""
        entry = self.entry(room, number)
        return entry.body if entry is not None and isinstance(entry.body, Message) else None

    def last_of(self, room: RoomId, author: PrincipalId | str) -> int | None:
        """The number of somebody's last message there, by who they are or by their name, if it was shown lately."""
        found = [
            entry.number
            for (where, _number), entry in self._messages.items()
            if where == room
            and (fold(entry.name) == fold(author) if isinstance(author, str) else entry.author == author)
            and isinstance(entry.body, Message)
            and not entry.body.redacted
        ]
        return max(found, default=None)

    def last(self, room: RoomId, most: int) -> list[Entry]:
        """The last messages of a room that say something, by number; not more than `most`."""
        found = [
            entry
            for (where, _number), entry in self._messages.items()
            if where == room and isinstance(entry.body, Message) and not entry.body.redacted
        ]
        return sorted(found, key=lambda entry: entry.number)[-most:]

    def forget(self) -> None:
        """The numbers mean nothing any more."""
        self._messages.clear()
