"""What is asked most often, as one word each."""

from __future__ import annotations

from abc import ABC, abstractmethod

from besedka.chat import requests
from besedka.chat.entries import Manner, RequestId, RoomId
from besedka.chat.refusals import Refusal


class Requesting(ABC):
    """Whoever can ask anything can ask these."""

    show: int
    """So many entries before one's own joining are asked for."""

    @abstractmethod
    def ask(self, request: requests.Request) -> RequestId | Refusal:
        """Ask something; the id it was given, or why it cannot be asked at all."""

    # Writes: said now, or when the connection is back; not to be called when the outbox is full.

    def say(self, room: RoomId, text: str, *, manner: Manner = Manner.SAID, reply: int = 0) -> RequestId | Refusal:
        """Say something in a room; `reply` is the number of the message this answers, 0 for none."""
        return self.ask(requests.Say(room=room, text=text, manner=manner, reply=reply))

    def tell(self, name: str, text: str, *, manner: Manner = Manner.SAID) -> RequestId | Refusal:
        """Say something to one person."""
        return self.ask(requests.Tell(name=name, text=text, manner=manner))

    def join(self, name: str, *, key: str = "", code: str = "") -> RequestId | Refusal:
        """Become a member of a room; `key` and `code` are for those that ask for one."""
        return self.ask(requests.Join(name=name, show=self.show, key=key, code=code))

    def leave(self, room: RoomId, *, reason: str = "") -> RequestId | Refusal:
        """End a membership."""
        return self.ask(requests.Leave(room=room, reason=reason))

    def topic(self, room: RoomId, topic: str) -> RequestId | Refusal:
        """Set a room's topic."""
        return self.ask(requests.SetTopic(room=room, topic=topic))

    # Reads: asked when logged in; their answers do not outlive the connection.

    def history(
        self, room: RoomId, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> RequestId | Refusal:
        """Ask for a page of a room."""
        return self.ask(requests.History(room=room, before=before, after=after, limit=limit))

    def list_rooms(self) -> RequestId | Refusal:
        """Ask for the rooms there are."""
        return self.ask(requests.ListRooms())

    def who(self, room: RoomId) -> RequestId | Refusal:
        """Ask who is in a room."""
        return self.ask(requests.Who(room=room))

    def ping(self) -> RequestId | Refusal:
        """Ask for a sign of life; answered `done` after everything asked before."""
        return self.ask(requests.Ping())
