"""Those who talk: each turns deeds of the script into bytes, and bytes into the lines it sees."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from immutables import Map

from besedka.chat.answers import OverviewTold, SessionList
from besedka.chat.entries import Entry, Invited, Kind, Manner, MarkerMoved, Message, RequestId, RoomId, RoomRole
from besedka.chat.names import LOBBY, fold
from besedka.chat.principals import PrincipalId
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Request
from besedka.chat.rooms import Member, Room
from besedka.chat.told import Farewell, Page, People, Presence, Refused, RoomList, TypingTold
from besedka.client.core import Core
from besedka.client.events import Answered, Arrived, Event, Phase, Welcomed
from besedka.client.ids import Ids
from besedka.client.memory import KnownRoom
from besedka.wire.text_format import TEXT
from talks.deeds import governing_deeds

Deed = Callable[[str], None]


class Line:
    """A connection, as whoever speaks has it."""

    def __init__(self, send: Callable[[bytes], None], cut: Callable[[], None]) -> None:
        """`cut` breaks it without a word."""
        self.send = send
        self.cut = cut


class Speaker(ABC):
    """Somebody in a talk."""

    def __init__(self, name: str, connect: Callable[[Speaker], Line]) -> None:
        self.name = name
        self.seen: list[str] = []
        """Every line shown, from the beginning."""
        self.matched = 0
        """How many of them the script has come past."""
        self.connected = False
        self._connect = connect
        self._line: Line | None = None

    def come(self) -> None:
        """Open a connection."""
        assert not self.connected, f"{self.name} is connected"
        self.connected = True
        self._line = self._connect(self)

    def send(self, data: bytes) -> None:
        """Write to the connection, if there is one."""
        if self._line is not None and data:
            self._line.send(data)

    def lose(self) -> None:
        """The connection breaks."""
        assert self._line is not None
        self._line.cut()
        self.ended()

    def ended(self) -> None:
        """The connection is gone."""
        self.connected, self._line = False, None

    @abstractmethod
    def received(self, data: bytes) -> None:
        """Bytes have come."""

    @abstractmethod
    def deeds(self) -> dict[str, Deed]:
        """What it can do, by the words that say so; each is given what follows."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether what it did last has had its answer, so that the next deed may follow."""


class TextSpeaker(Speaker):
    """Somebody with `nc`."""

    def __init__(self, name: str, connect: Callable[[Speaker], Line]) -> None:
        super().__init__(name, connect)
        self._rest = b""

    def received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        self.seen += [line.decode() for line in lines]

    def deeds(self) -> dict[str, Deed]:
        return {"writes": self._write, "loses the line": lambda _: self.lose()}

    def ready(self) -> bool:
        return True

    def _write(self, line: str) -> None:
        if not self.connected:
            self._rest = b""
            self.come()
        self.send(line.encode() + b"\n")


class NativeSpeaker(Speaker):
    """Somebody with our client, whose screen shows entries in the same words as plain text does."""

    def __init__(
        self,
        name: str,
        connect: Callable[[Speaker], Line],
        *,
        now: Callable[[], int],
        token_bytes: Callable[[int], bytes],
    ) -> None:
        super().__init__(name, connect)
        self.core = Core(new_id=Ids(now=now, token_bytes=token_bytes))
        self._entering: Callable[[], RequestId | Refusal] | None = None
        self._numbers: dict[tuple[RoomId, str], int] = {}

    def received(self, data: bytes) -> None:
        for event in self.core.receive(data):
            self._happened(event)
        self.send(self.core.to_send())

    def ended(self) -> None:
        super().ended()
        self.core.lost()

    def come(self) -> None:
        if self.connected and self.core.phase is Phase.OVER:  # The farewell came before the end of the line.
            self.lose()
        self.core.connected()
        super().come()
        self.send(self.core.to_send())

    def ready(self) -> bool:
        core = self.core
        return (
            not self.connected or core.phase is Phase.OVER or (core.waiting == 0 and core.phase is not Phase.GREETING)
        )

    def _happened(self, event: Event) -> None:
        match event:
            case Welcomed(resuming=False) if self._entering is not None:
                self._entering()
            case Arrived(room=room, entries=entries):
                self._note(room, entries)
                self._show(TEXT.run(_as_room(self.core.rooms[room]), entries).decode().split("\r\n")[:-1])
            case Presence(room=room) if fold(self.core.rooms[room].name) == fold(LOBBY):
                self._show(TEXT.presence(LOBBY, event))
            case TypingTold(room=room, people=people):
                self._show([f"[{self.core.rooms[room].name}] {one.person.name} is typing" for one in people])
            case Farewell():
                self._show([f"! {event.parting.value}"])
            case Answered(answer=answer):
                self._answered(answer)

    def _answered(self, answer: object) -> None:
        match answer:
            case Refused(code=code):
                self._show([f"! {code.value}"])
            case Page(entries=entries, room=room):
                run = TEXT.run(_as_room(self.core.rooms[room]), entries).decode().split("\r\n")[:-1]
                self._show([f"| {line}" for line in run])
            case People(people=people):
                self._show([f"| {line.name} {'here' if line.online else 'away'}" for line in people])
            case RoomList(rooms=rooms):
                self._show([f"| {line.room_name} {line.members}" for line in rooms])
            case OverviewTold(rooms=overview):
                self._show([f"| {one.line.room_name}: {one.unread} unread, {one.mentions} for me" for one in overview])
            case SessionList(sessions=sessions):
                self._show([f"| {len(sessions)} sessions"])

    def _note(self, room: RoomId, entries: Sequence[Entry]) -> None:
        """Remember which message says what, and show what the inbox says."""
        for entry in entries:
            match entry.body:
                case Message(text=text):
                    self._numbers.setdefault((room, text), entry.number)
                case Invited(room_name=name, withdrawn=withdrawn):
                    self._show([f"| {entry.name} {'no longer invites' if withdrawn else 'invites'} me to {name}"])
                case MarkerMoved(number=number):
                    self._show([f"| read up to {number}"])

    def _show(self, lines: list[str]) -> None:
        self.seen += lines

    # Deeds ----------------------------------------------------------------------------------------------------------

    def deeds(self) -> dict[str, Deed]:
        return {
            "registers with": lambda password: self._enter(lambda: self.core.register(self.name, password)),
            "logs in with": lambda password: self._enter(lambda: self.core.login(self.name, password)),
            "comes back": lambda _: self.come(),
            "loses the line": lambda _: self.lose(),
            "exits": lambda _: self.core.exit(),
            "says": lambda text: self._checked(self.core.say(self._room(LOBBY), text)),
            "says in": self._say_in,
            "does": lambda text: self._checked(self.core.say(self._room(LOBBY), text, manner=Manner.DONE)),
            "tells": self._tell,
            "joins": lambda room: self._checked(self.core.join(room)),
            "leaves": lambda room: self._checked(self.core.leave(self._room(room))),
            "sets the topic of": self._set_topic,
            "asks who is in": lambda room: self._checked(self.core.who(self._room(room))),
            "asks for the rooms": lambda _: self._checked(self.core.list_rooms()),
            "asks for the history of": lambda room: self._checked(self.core.history(self._room(room))),
            "logs in as": self._log_in_as,
            **{words: self._asking(make) for words, make in governing_deeds(self._room, self._number).items()},
        }

    def _asking(self, make: Callable[[str], Request]) -> Deed:
        return lambda rest: self._checked(self.core.ask(make(rest)))

    def _number(self, room: RoomId, text: str) -> int:
        return self._numbers[room, text]

    def _log_in_as(self, rest: str) -> None:
        """As somebody who is here already: another of their devices."""
        name, _, password = rest.partition(" with ")
        self._enter(lambda: self.core.login(name, password))

    def do(self, deed: Deed, rest: str) -> None:
        """Do it and send what comes of it."""
        deed(rest)
        self.send(self.core.to_send())

    def _enter(self, enter: Callable[[], RequestId | Refusal]) -> None:
        self._entering = enter
        if not self.connected:
            self.come()
        elif self.core.phase is Phase.STRANGER:
            enter()

    def _checked(self, asked: RequestId | Refusal) -> None:
        if isinstance(asked, Refusal):
            self._show([f"! {asked.code.value}"])

    def _say_in(self, rest: str) -> None:
        room, _, text = rest.partition(": ")
        self._checked(self.core.say(self._room(room), text))

    def _tell(self, rest: str) -> None:
        name, _, text = rest.partition(": ")
        self._checked(self.core.tell(name, text))

    def _set_topic(self, rest: str) -> None:
        room, _, topic = rest.partition(": ")
        self._checked(self.core.topic(self._room(room), topic))

    def _room(self, name: str) -> RoomId:
        """A room of mine by its name, or a direct one by the other's."""
        for room in self.core.rooms.values():
            others = [person.name for person in room.people if person.principal != self.core.principal]
            if (room.name and fold(room.name) == fold(name)) or name in others:
                return room.room
        raise AssertionError(f"{self.name} knows no room {name}")


def _as_room(known: KnownRoom) -> Room:
    """As much of a room as the words about its entries need."""
    pair: tuple[PrincipalId, PrincipalId] | None = None
    members: Map[PrincipalId, Member] = Map()
    if known.kind is Kind.DIRECT:
        ids = sorted(person.principal for person in known.people)
        pair = ids[0], ids[-1]
        members = Map({one.principal: Member(one.name, RoomRole.MEMBER, 1) for one in known.people})
    return Room(known.room, kind=known.kind, name=known.name, pair=pair, members=members)
