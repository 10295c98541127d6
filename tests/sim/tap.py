"""What passes between the hub and one native session, checked at the hub's door as it is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from besedka.chat.entries import RequestId, RoomId
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Hello, Join, Leave, Malformed, Pong, Request, Resume, Sync, Write
from besedka.chat.told import (
    Done,
    Entries,
    Farewell,
    Kept,
    Page,
    People,
    Refused,
    RoomList,
    RoomTold,
    Synced,
    Unit,
    You,
)
from besedka.limits import Limits
from besedka.wire.framing import encode_frame
from besedka.wire.native import NativeClient, NativeServer
from sim.record import Record, hold

ANSWERS = (You, Synced, Kept, Done, Refused, Page, RoomList, People)


class NativeTap:
    """Knows the promises and looks at every unit."""

    def __init__(
        self,
        record: Record,
        limits: Limits,
        *,
        device: str,
        lose: Callable[[], bool],
        tell_story: Callable[[str, object], None],
    ) -> None:
        """`device` names the connection until a token does.

        `lose` says whether a run is to be lost on its way, which no server may but every client must survive."""
        self._tell_story = tell_story
        self._record = record
        self._lose = lose
        self._units = NativeClient()
        self._requests = NativeServer(limits)
        self._requests.logged_in()
        self._asked: deque[tuple[RequestId, Request | None]] = deque()
        """What was asked and not answered, in order."""
        self._device = device
        self._you: You | None = None
        self._given: dict[RoomId, int] = {}
        """The last number of each room that this session was given, as far as that is known."""
        self._guest_in: dict[RoomId, None] = {}
        """Rooms a guest is in."""
        self.over = False

    def asked(self, data: bytes) -> None:
        """What the hub is about to be given."""
        for request in self._requests.receive(data):
            self._tell_story("asks", described(request))
            if isinstance(request, Hello | Pong | Exit):
                continue
            if request_id := (request.request_id if isinstance(request, Request) else request.id):
                self._record.askers.setdefault(request_id, set()).add(self._device)
                self._asked.append((request_id, request if isinstance(request, Request) else None))
            if isinstance(request, Resume):
                self._device = request.token
            if isinstance(request, Sync):
                for room, place in request.places:
                    self._given.setdefault(room, place)

    def written(self, data: bytes) -> bytes:
        """What the hub has written; what of it is sent."""
        sent = bytearray()
        for unit in self._units.receive(data):
            assert isinstance(unit, Unit), "not the native protocol"
            self._tell_story("is told", unit)
            hold(not self.over, "something was said after the farewell")
            self._check(unit)
            if not (isinstance(unit, Entries) and self._lose()):
                sent += encode_frame(msgspec.json.encode(unit))
        return bytes(sent)

    def _check(self, unit: Unit) -> None:
        if isinstance(unit, ANSWERS) and unit.id is not None:
            self._answered(unit.id, unit)
        match unit:
            case You():
                self._you = unit
                self._device = unit.token or self._device
                if unit.principal < 0:
                    lobbies = [room.id for room in self._record.rooms.values() if room.name == "lobby"]
                    hold(bool(lobbies), "a guest is let in before there is a lobby")
                    self._guest_in[lobbies[0]] = None
            case RoomTold():
                self._may_read(unit.room, None)
                self._given[unit.room] = unit.after
            case Entries():
                self._entries(unit)
            case Page():
                self._page(unit)
            case Farewell():
                self.over = True

    def _answered(self, request_id: RequestId, unit: Unit) -> None:
        hold(bool(self._asked), f"an answer to nothing: {type(unit).__name__}")
        due, request = self._asked.popleft()
        hold(request_id == due, f"answered {request_id} by {type(unit).__name__} where {due} was due ({request!r})")
        if self._you is None:
            return
        kept = self._record.requests.get((self._you.principal, request_id))
        match unit:
            case Kept():
                hold(kept == (unit.room, unit.number), f"a receipt for {unit.room}/{unit.number}, but kept is {kept}")
            case Refused(code=Code.BUSY):
                pass  # Nothing could be read for long, not even whether it was kept.
            case Refused() if unit.code is not Code.NOT_KEPT or len(self._record.askers[request_id]) == 1:
                # Told that it was not kept, it may be kept for one that is another device and not gone yet.
                hold(kept is None, f"refused ({unit.code.value}) though kept as {kept}")
            case Done() if isinstance(request, Write):
                opened = isinstance(request, Join) and self._you.principal < 0  # A guest may open a room.
                hold(kept is None or opened, f"done and no entry, though kept as {kept}")
                if isinstance(request, Join) and unit.room:
                    self._guest_in[unit.room] = None
                elif isinstance(request, Leave) and unit.room:
                    self._guest_in.pop(unit.room, None)

    def _entries(self, unit: Entries) -> None:
        first, last = unit.entries[0].number, unit.entries[-1].number
        given = self._given.get(unit.room)
        if given is not None:
            hold(first == given + 1, f"room {unit.room}: given {first} after {given}")
        hold(first >= self._record.floors.get(unit.room, 1), f"room {unit.room}: {first} is no longer kept")
        for entry in unit.entries:
            hold(self._record.has(unit.room, entry), f"room {unit.room}: told of {entry.number} before it was kept")
        self._may_read(unit.room, first)
        self._may_read(unit.room, last)
        hold(last - first + 1 == len(unit.entries), f"room {unit.room}: a run with a gap")
        self._given[unit.room] = last

    def _page(self, unit: Page) -> None:
        for entry in unit.entries:
            hold(self._record.has(unit.room, entry), f"room {unit.room}: a page with {entry.number} that is not kept")
            self._may_read(unit.room, entry.number)
        numbers = [entry.number for entry in unit.entries]
        hold(numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True, "a page with a gap")

    def _may_read(self, room: RoomId, number: int | None) -> None:
        hold(self._you is not None, "a room is told to a stranger")
        assert self._you is not None
        readable = self._record.reading(room, self._you.principal, inside=room in self._guest_in)
        hold(readable is not None, f"room {room} is told to {self._you.principal}, who may not read it")
        assert readable is not None
        if number is not None:
            within = readable.first <= number and (readable.last is None or number <= readable.last)
            hold(within, f"room {room}: {number} is told to {self._you.principal}, who may read {readable}")


def described(request: Request | Malformed) -> object:
    """A request with all it says, which its own repr keeps to itself."""
    return msgspec.json.encode(request) if isinstance(request, Request) else request
