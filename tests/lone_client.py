"""A client's core without a connection, and a script's view of what it asks."""

from __future__ import annotations

from itertools import count

from besedka.chat.entries import RequestId
from besedka.chat.principals import PrincipalId
from besedka.chat.requests import Request, Sync
from besedka.chat.told import Synced, Unit
from besedka.client.core import Core
from besedka.client.events import Arrived, Event, Phase
from besedka.client.memory import State
from scripted import ANN, Asked, framed, room, welcome, you


class Someone:
    """A core, and the script's view of what it asks."""

    def __init__(self, state: State | None = None, *, epoch: str = "e1", outbox_max: int = 8) -> None:
        numbers = count(1)
        self.core = Core(new_id=lambda: RequestId(f"{next(numbers):032x}"), state=state, outbox_max=outbox_max)
        self.epoch = epoch
        self._asked = Asked()

    def asked(self) -> list[Request]:
        return self._asked.take(self.core.to_send())

    def told(self, *units: Unit) -> list[Event]:
        return self.core.receive(framed(*units))

    def comes_in(self, principal: PrincipalId = ANN) -> Sync:
        """Connect and log in with a password or the token; the sync that follows."""
        self.core.connected()
        self.told(welcome(self.epoch))
        if self.core.phase is Phase.STRANGER:
            self.core.login("ann", "correct horse")
        login = self.asked()[-1]
        self.told(you(login.id, principal=principal))
        self._after_you = self.asked()
        sync = self._after_you[0]
        assert isinstance(sync, Sync)
        return sync

    def resent(self) -> list[Request]:
        """What followed the sync after the last login."""
        return self._after_you[1:]

    def is_in_the_lobby(self, *, after: int = 0) -> None:
        sync = self.comes_in()
        self.told(Synced(sync.request_id, 1), room(after=after, head=after))


def in_the_lobby(after: int = 0) -> Someone:
    someone = Someone()
    someone.is_in_the_lobby(after=after)
    return someone


def numbers(events: list[Event]) -> list[int]:
    return [one.number for event in events if isinstance(event, Arrived) for one in event.entries]
