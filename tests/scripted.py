"""The server's side of a native conversation as a test's script: it says what it is told to say, and keeps no state."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from besedka.chat.entries import Body, Entry, Kind, Message, RequestId, RoomId, RoomName
from besedka.chat.principals import AccountName, AccountRole, PrincipalId
from besedka.chat.requests import Request
from besedka.chat.shapes import AnyRequest
from besedka.chat.told import PROTOCOL_VERSION, Entries, Registration, RoomTold, Unit, Welcome, You

ANN = PrincipalId(1)
BOB = PrincipalId(2)
INBOX = RoomId(1)
LOBBY = RoomId(2)


def framed(*units: Unit) -> bytes:
    """What a server writes: each unit a frame (DESIGN §5)."""
    bodies = [msgspec.json.encode(unit) for unit in units]
    return b"".join(len(body).to_bytes(4, "big") + body for body in bodies)


class Asked:
    """Takes apart what a client writes."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[Request]:
        """The requests that are complete with these bytes."""
        self._rest += data
        asked: list[Request] = []
        while len(self._rest) >= 4 and len(self._rest) >= 4 + int.from_bytes(self._rest[:4], "big"):
            end = 4 + int.from_bytes(self._rest[:4], "big")
            asked.append(msgspec.json.decode(self._rest[4:end], type=AnyRequest))
            self._rest = self._rest[end:]
        return asked


def welcome(
    epoch: str = "e1", *, registration: Registration = Registration.OPEN, guests: bool = False, name: str = "home"
) -> Welcome:
    """A server's introduction."""
    return Welcome(
        version=PROTOCOL_VERSION,
        server="besedka test",
        name=name,
        epoch=epoch,
        capabilities=(),
        registration=registration,
        guests=guests,
        safe=True,
    )


def you(
    request: str | None = None, *, principal: PrincipalId = ANN, name: str = "ann", token: str | None = "t" * 64
) -> You:
    """An answer to a login."""
    request_id = None if request is None else RequestId(request)
    return You(request_id, principal, AccountName(name), AccountRole.USER, INBOX if principal > 0 else None, token)


def room(
    room: RoomId = LOBBY,
    *,
    after: int = 0,
    head: int = 0,
    name: str = "lobby",
    kind: Kind = Kind.PUBLIC,
    topic: str = "",
) -> RoomTold:
    """A room's description."""
    return RoomTold(
        room=room,
        room_kind=kind,
        room_name=RoomName(name),
        topic=topic,
        head=head,
        floor=1,
        messages=0,
        members=1,
        after=after,
    )


def entry(number: int, body: Body | str | None = None, *, author: PrincipalId = BOB, name: str = "bob") -> Entry:
    """One entry; a text is a message, nothing is the message "m<number>"."""
    if body is None or isinstance(body, str):
        body = Message(body if body is not None else f"m{number}")
    return Entry(number, 1_700_000_000_000 + number, author, AccountName(name), body)


def run(first: int, last: int, room: RoomId = LOBBY) -> Entries:
    """The messages `first` to `last` of a room."""
    return Entries(room, tuple(entry(number) for number in range(first, last + 1)))


def of(room: RoomId, *entries: Entry) -> Entries:
    """These entries of a room."""
    return Entries(room, entries)


def kinds(asked: Sequence[Request]) -> list[str]:
    """The names of requests, for a glance."""
    return [type(one).__name__ for one in asked]
