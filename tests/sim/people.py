"""People and their devices: real client cores with a will of their own."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import msgspec

from besedka.chat.answers import Hit, InviteCode, OverviewTold, SearchPage
from besedka.chat.entries import Kind, Message, RoomId, TopicSet
from besedka.chat.own_requests import Overview
from besedka.chat.refusals import Code
from besedka.chat.requests import ComeAsGuest, ListRooms, Login, Register, Request, Resume, Say, Search, SetTopic
from besedka.chat.told import Farewell, Kept, Presence, Refused, RoomList, TypingTold
from besedka.client.core import Core
from besedka.client.events import (
    Answer,
    Answered,
    Appeared,
    Arrived,
    Event,
    Garbled,
    Jumped,
    Phase,
    Returned,
    StartedOver,
    Welcomed,
)
from besedka.client.ids import Ids
from besedka.client.memory import State
from besedka.limits import Limits
from besedka.wire.native import NativeServer
from sim.link import Connection
from sim.record import Record, hold
from sim.screens import Screen, Screens
from sim.stepper import Process
from sim.tap import NativeTap
from sim.tokens import token
from sim.wishes import Wishes

if TYPE_CHECKING:
    from sim.world import World


PAGE_HITS = 10
"""So few that the last question has to be asked on."""

SEARCHED = "«Б»*"
"""What everybody looks for in the end: half of all that is said has a word that begins so."""


class OnDisk(msgspec.Struct):
    """What a device has on its disk."""

    state: bytes
    screens: dict[RoomId, Screen]


class Device:
    """One client of one person: it comes and goes, asks at random, and checks all it is shown."""

    def __init__(self, world: World, *, name: str, label: str, address: str, guest: bool) -> None:
        self.world = world
        self.name = name
        self.label = label
        self.address = address
        self.guest = guest
        self.password = f"password of {name}"
        self.connection: Connection | None = None
        self.wanted = True
        """Whether it wants to be connected."""
        self.active = True
        """Whether it does things of its own accord."""
        self._said = 0
        self._connections = 0
        self._disk = OnDisk(msgspec.json.encode(State()), {})
        self.listed: RoomList | None = None
        """The rooms there are, as last told."""
        self.overview: OverviewTold | None = None
        self.found: list[Hit] = []
        """What `SEARCHED` finds, as last told."""
        self._registers = True
        self._start()

    def protocol(self, limits: Limits) -> NativeServer:
        """The server's end of what it speaks."""
        return NativeServer(limits)

    def tap(self, record: Record, _connection: Connection) -> NativeTap:
        """What looks at a new connection."""
        world = self.world
        self._connections += 1
        return NativeTap(
            record,
            world.limits,
            device=f"{self.label}.{self._connections}",
            address=self.address,
            lose=lambda: world.lossy and world.stormy and world.random.random() < 0.05,
            tell_story=lambda what, it: world.tell_story(f"{self.label} {what}", it),
        )

    def _start(self) -> None:
        """Begin from what is on the disk."""
        random = self.world.random
        self.process = Process(self.world.stepper, clock_off=random.choice([0, 0, -3000, 40_000]))
        state = msgspec.json.decode(self._disk.state, type=State)
        new_id = Ids(now=self.process.now, token_bytes=random.randbytes)
        self.core = Core(new_id=new_id, state=state, show=random.choice([0, 3, 20]), limits=self.world.limits)
        self.screens = Screens()
        self.screens.restore(self._disk.screens)
        self._wishes = Wishes(self, random)
        self.process.spawn(self._stay_connected(), "connect")
        self.process.spawn(self._live(), "live")

    def crash(self) -> None:
        """Stop at once and begin again from what is on the disk."""
        self.process.kill()
        if self.connection is not None:
            self.world.random.choice([self.connection.vanish, self.connection.hang_up])()
            self.connection = None
        self._start()

    def _keep(self) -> None:
        """Now and then, what must not be forgotten is put on the disk. A guest is somebody else each time."""
        if not self.guest and self.world.random.random() < 0.5:
            self._disk = OnDisk(msgspec.json.encode(self.core.state()), self.screens.snapshot())

    # The connection -------------------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        random = self.world.random
        while True:
            if self.connection is None and self.wanted:
                self.connection = self.world.connect(self)
                if self.connection is not None:
                    self.core.connected()
                    self._flush()
            await self.process.wait_seconds(random.uniform(0.01, 1.0))

    def received(self, connection: Connection, data: bytes) -> None:
        """Bytes from the server."""
        if connection is not self.connection:
            return
        for event in self.core.receive(data):
            self._happened(event)
        self._keep()
        self._flush()

    def ended(self, connection: Connection) -> None:
        """The connection is gone."""
        if connection is self.connection:
            self.connection = None
            self.core.lost()

    def _flush(self) -> None:
        data = self.core.to_send()
        if data and self.connection is not None:
            self.connection.send(data)

    @property
    def record(self) -> Record:
        """The log that the server on this connection says it has."""
        assert self.core.welcome is not None
        return self.world.records[self.core.welcome.epoch]

    # What happens ---------------------------------------------------------------------------------------------------

    def _happened(self, event: Event) -> None:
        self.world.tell_story(self.label, event)
        match event:
            case Welcomed(resuming=resuming):
                if not resuming:
                    self._enter()
            case StartedOver():
                self.screens.restore({})
            case Appeared(room=room, after=after):
                self.screens.appear(room, after)
            case Jumped():
                self.screens.jump(self.record, event, self.core.principal, lossy=self.world.lossy)
            case Arrived(room=room, entries=entries):
                self.screens.show(self.record, room, entries)
            case Answered(request=request, answer=answer):
                self._answered(request, answer)
            case Garbled():
                hold(False, "the server garbles")
            case Farewell() | Presence() | TypingTold() | Returned():
                pass

    def _answered(self, request: Request | None, answer: Answer) -> None:
        match answer:
            case Refused(code=code):
                if isinstance(request, Login | Register | Resume | ComeAsGuest):
                    self._not_let_in(code)
                elif isinstance(request, Search) and code is Code.BUSY and not self.active:
                    self.core.ask(msgspec.structs.replace(request, id=None))  # "Try again in a moment."
            case Kept(room=room, number=number):
                self._check_receipt(request, room, number)
            case InviteCode(code=code):
                self.world.codes.append(code)
            case RoomList():
                self.listed = answer
            case OverviewTold():
                self.overview = answer
            case SearchPage():
                self._found(request, answer)

    def _check_receipt(self, request: Request | None, room: RoomId, number: int) -> None:
        """It is for what was asked, unless that has been mended since."""
        body = self.record.entries[room][number - 1].body
        match request:
            case Say(text=text, manner=manner):
                hold(isinstance(body, Message) and body.manner is manner, "the receipt is for something else")
                assert isinstance(body, Message)
                touched = body.edited > 0 or body.redacted > 0
                hold(touched or body.text == text, "the receipt is for something else")
            case SetTopic(topic=topic):
                hold(body == TopicSet(topic), "the receipt is for something else")

    def _not_let_in(self, code: Code) -> None:
        if code is Code.NAME_UNKNOWN:
            self._registers = True
        elif code is Code.NAME_TAKEN:
            self._registers = False

        async def again() -> None:
            await self.process.wait_seconds(self.world.random.uniform(0.05, 1.0))
            self._enter()
            self._flush()

        self.process.spawn(again(), "again")

    def _enter(self) -> None:
        if self.core.phase is not Phase.STRANGER:
            return  # It has been told more since.
        if self.guest:
            self.core.come_as_guest(self.name)
        elif self._registers:
            self.core.register(self.name, self.password)
        else:
            self.core.login(self.name, self.password)

    # What it does ---------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        random = self.world.random
        while True:
            await self.process.wait_seconds(random.expovariate(1 / self.world.leisure))
            if self.active:
                for _ in range(random.choice([1, 1, 1, 2, 5])):
                    self._act(random)
                self._flush()
                self._keep()

    def _act(self, random: Random) -> None:
        core = self.core
        chance = random.random()
        if chance < 0.72 and not core.full:
            self._ask(self._wishes.write())
        elif chance < 0.95 and core.phase is Phase.IN:
            self._ask(self._wishes.question())
        elif chance > 0.98 and core.phase not in (Phase.OFFLINE, Phase.OVER):
            core.exit(forget=random.random() < 0.3)
            self._rest(random)

    def _ask(self, request: Request | None) -> None:
        if request is not None:
            self.core.ask(request)

    def _rest(self, random: Random) -> None:
        """Stay away for a while."""
        self.wanted = False

        async def back() -> None:
            await self.process.wait_seconds(random.uniform(0.0, 8.0))
            self.wanted = True

        self.process.spawn(back(), "rest")

    def something(self) -> str:
        """A text that nobody has said before."""
        self._said += 1
        random = self.world.random
        return f"{token(self.label, self._said)} " + "б" * random.choice(
            [0, 3, self.world.limits.message_bytes_max // 5]
        )

    def last_words(self) -> None:
        """Say something everywhere, so that whoever lost something finds out."""
        for room in list(self.core.rooms.values()):
            if room.inside and room.kind is not Kind.INBOX:
                self.core.say(room.room, self.something())
        self._flush()

    def last_questions(self) -> None:
        """Ask what there is, so that it can be compared with what there is."""
        self.listed = self.overview = None
        self.core.ask(ListRooms())
        self.core.ask(Overview())
        self.found = []
        self.core.ask(Search(query=SEARCHED, limit=PAGE_HITS))
        self._flush()

    def _found(self, request: Request | None, page: SearchPage) -> None:
        """The last question is asked on until there is no more."""
        assert isinstance(request, Search), "nothing else is answered so"
        if request.query == SEARCHED and not self.active:
            self.found += page.hits
            if page.next is not None:
                self.core.ask(msgspec.structs.replace(request, id=None, older_than=page.next))

    @property
    def settled(self) -> bool:
        """Whether it has been told all and has all its answers."""
        session = None if self.connection is None else self.connection.session
        given = session is not None and not session.behind  # What cannot be read is told of and left alone for a while.
        told = given and self.core.in_step and self.core.waiting == 0
        return told and self.connection is not None and self.connection.idle

    @property
    def unrest(self) -> str:
        """Why it is not settled."""
        core = self.core
        link = "no connection" if self.connection is None else f"idle: {self.connection.idle}"
        return f"{self.label} {core.phase.value}, in step: {core.in_step}, waiting: {core.waiting}, {link}"
