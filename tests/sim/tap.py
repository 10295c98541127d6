"""What passes between the hub and one native session, checked at the hub's door as it is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from besedka.chat.answers import (
    DataList,
    ExportPart,
    InviteCode,
    MarkList,
    OverviewTold,
    PersonTold,
    SearchPage,
    SessionList,
    WhowasList,
)
from besedka.chat.entries import Message, RequestId, RoomId
from besedka.chat.own_requests import SetProfile, Typing
from besedka.chat.principals import AccountRole
from besedka.chat.refusals import Code
from besedka.chat.requests import Exit, Hello, Join, Leave, Malformed, Pong, Request, Resume, Search, Sync, Write
from besedka.chat.room_requests import Open, SetData
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
from sim.record import Asked, Record, hold
from sim.secrecy import Viewer, readable
from sim.tokens import tokens_in

ANSWERS = (
    You,
    Synced,
    Kept,
    Done,
    Refused,
    Page,
    RoomList,
    People,
    InviteCode,
    MarkList,
    PersonTold,
    WhowasList,
    DataList,
    OverviewTold,
    SearchPage,
    SessionList,
    ExportPart,
)


class NativeTap:
    """Knows the promises and looks at every unit."""

    def __init__(
        self,
        record: Record,
        limits: Limits,
        *,
        device: str,
        address: str,
        lose: Callable[[], bool],
        tell_story: Callable[[str, object], None],
    ) -> None:
        """`device` names the connection until a token does; `address` is from where it comes.

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
        self._address = address
        self._you: You | None = None
        self._viewer = Viewer(record)
        self._signalled: dict[RequestId, Request] = {}
        """Signals, which are answered only if they are refused."""
        self._given: dict[RoomId, int] = {}
        """The last number of each room that this session was given, as far as that is known."""
        self.over = False

    def asked(self, data: bytes) -> None:
        """What the hub is about to be given."""
        for request in self._requests.receive(data):
            self._tell_story("asks", described(request))
            if isinstance(request, Hello | Pong | Exit):
                continue
            if request_id := (request.request_id if isinstance(request, Request) else request.id):
                if isinstance(request, Typing):
                    self._signalled[request_id] = request
                    continue
                if isinstance(request, Write):
                    self._record.asked.setdefault(request_id, Asked(request, self._address))
                if (
                    isinstance(request, SetProfile | SetData | Leave)
                    and self._you is not None
                    and self._you.principal < 0
                ):
                    self._record.of_guests.update(dict.fromkeys(tokens_in(msgspec.json.encode(request))))
                self._record.askers.setdefault(request_id, set()).add(self._device)
                self._asked.append((request_id, request if isinstance(request, Request) else None))
            if isinstance(request, Resume):
                self._device = request.token
            if isinstance(request, Sync):
                for room, place in request.places:
                    self._given.setdefault(room, place)

    def written(self, data: bytes) -> bytes:
        """What the hub has written; what of it is sent."""
        self._viewer.check_words(data)
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
        request = self._answered(unit.id, unit) if isinstance(unit, ANSWERS) and unit.id is not None else None
        match unit:
            case You():
                self._you = unit
                self._viewer.me = unit.principal
                self._viewer.administers = unit.role is AccountRole.ADMIN
                self._device = unit.token or self._device
                if unit.principal < 0:
                    self._viewer.came_in_first()
            case RoomTold(room=room, after=after):
                self._viewer.check(unit, None)
                self._given[room] = after
            case Entries():
                self._entries(unit)
            case Page():
                self._page(unit)
            case SearchPage():
                assert isinstance(request, Search), "nothing else is answered so"
                self._viewer.check_found(unit, request)
            case Farewell():
                self.over = True
            case _ if self._you is not None:
                self._viewer.check(unit, request)

    def _answered(self, request_id: RequestId, unit: Unit) -> Request | None:
        """What is answered, which was due."""
        if request_id in self._signalled:
            hold(isinstance(unit, Refused), "a signal is answered")
            return self._signalled[request_id]
        hold(bool(self._asked), f"an answer to nothing: {type(unit).__name__}")
        due, request = self._asked.popleft()
        hold(request_id == due, f"answered {request_id} by {type(unit).__name__} where {due} was due ({request!r})")
        if self._you is not None:
            self._check_kept(self._you, request_id, request, unit)
        return request

    def _check_kept(self, you: You, request_id: RequestId, request: Request | None, unit: Unit) -> None:
        """The answer says truly whether a write was kept."""
        kept = self._record.requests.get((you.principal, request_id))
        match unit:
            case Kept() | InviteCode():
                hold(kept == (unit.room, unit.number), f"a receipt for {unit.room}/{unit.number}, but kept is {kept}")
                if isinstance(request, Open) and you.principal < 0:
                    self._viewer.came_in(unit.room)
            case Refused(code=Code.BUSY):
                pass  # Nothing could be read for long, not even whether it was kept.
            case Refused() if unit.code is not Code.NOT_KEPT or len(self._record.askers[request_id]) == 1:
                # Told that it was not kept, it may be kept for one that is another device and not gone yet.
                hold(kept is None, f"refused ({unit.code.value}) though kept as {kept}")
            case Done() if isinstance(request, Write):
                opened = isinstance(request, Join) and you.principal < 0  # A guest may open a room.
                hold(kept is None or opened, f"done and no entry, though kept as {kept}")
                if isinstance(request, Join) and unit.room:
                    self._viewer.came_in(unit.room)
                elif isinstance(request, Leave) and unit.room:
                    self._viewer.went_out(unit.room)

    def _entries(self, unit: Entries) -> None:
        first, last = unit.entries[0].number, unit.entries[-1].number
        given = self._given.get(unit.room)
        if given is not None:
            hold(first == given + 1, f"room {unit.room}: given {first} after {given}")
        hold(first >= self._record.floors.get(unit.room, 1), f"room {unit.room}: {first} is no longer kept")
        for entry in unit.entries:
            hold(self._record.has(unit.room, entry), f"room {unit.room}: told of {entry.number} before it was kept")
        readable(self._viewer, unit.room, (unit.entries[0], unit.entries[-1]))
        hold(last - first + 1 == len(unit.entries), f"room {unit.room}: a run with a gap")
        self._given[unit.room] = last

    def _page(self, unit: Page) -> None:
        floor = self._record.floors.get(unit.room, 1)
        for entry in unit.entries:
            hold(self._record.has(unit.room, entry), f"room {unit.room}: a page with {entry.number} that is not kept")
            hold(entry.number >= floor, f"room {unit.room}: a page with {entry.number}, and the floor is {floor}")
        readable(self._viewer, unit.room, unit.entries)
        numbers = [entry.number for entry in unit.entries]
        whole = numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
        of_messages = all(isinstance(entry.body, Message) for entry in unit.entries)
        hold(whole or of_messages, "a page with a gap")
        hold(numbers == sorted(set(numbers)), "a page out of order")


def described(request: Request | Malformed) -> object:
    """A request with all it says, which its own repr keeps to itself."""
    return msgspec.json.encode(request) if isinstance(request, Request) else request
