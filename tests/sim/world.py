"""A server and its people, in all weathers, from one seed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

import msgspec

from besedka.chat.entries import Kind
from besedka.chat.retention import FOR_EVER, Retention
from besedka.hub.faults import StoreFault
from besedka.hub.hub import Hub
from besedka.hub.parts import Parts
from besedka.hub.ports import Peer
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.limits import Limits
from besedka.wire.irc.conversation import IrcServer
from besedka.wire.irc.format import Formats
from besedka.wire.irc.settings import IrcSettings
from sim.irc_people import Chatter
from sim.irc_server import WitnessedIrcServer
from sim.link import PIECE_BYTES_MAX, Connection, Weather
from sim.people import Device
from sim.record import Broken, Record, hold
from sim.rest import check_rest
from sim.stepper import Bell, Process, Stepper
from sim.text_people import Texter
from sim.troubled import Mood, SlowKeys, TroubledAccounts, WitnessedLogStore

STORM_SECONDS = 24.0
CALM_SECONDS_MAX = 400.0
"""Everything must have come to rest by then; the longest wait of a client and of the hub are far below."""

GLANCE_SECONDS = 1.1
"""Between two looks at whether all is at rest, each at a moment of its own: not at every ping that is on its way."""

MARK_MILLISECONDS_MAX = 15_000
"""So long after its time a mark may be listed: the server looks every five seconds."""

REQUEST_BYTES_MIN = 17
"""The shortest request, a pong in its frame."""


class QuietJournal:
    """Fills `hub.ports.Journal`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def note(self, event: str, **fields: str | int | float) -> None:
        """One line."""
        self._world.tell_story("journal", event, fields)

    def fault(self, event: str, error: BaseException) -> None:
        """One line and its reason; the hub survives its own faults, and the simulator must not."""
        self._world.tell_story("journal", event, repr(error))
        if not isinstance(error, StoreFault):
            self._world.faults.append(error)


class Server:
    """One life of the server."""

    def __init__(self, world: World) -> None:
        self.process = Process(world.stepper, clock_off=world.random.choice([0, 0, 3000, -4000]))
        self.mood = Mood(self.process)
        self.mood.stormy = world.stormy
        world.store = world.store.reopened(disturbance=self.mood)
        world.store.clock = self.process
        world.accounts.disturbance = self.mood
        self.hub = Hub(
            Parts(
                logs=world.store,
                accounts=world.accounts,
                keys=SlowKeys(self.process),
                clock=self.process,
                bell=Bell(),
                tasks=self.process,
                dice=world,
                journal=QuietJournal(world),
                limits=world.limits,
                settings=Settings(guests=True, irc=IrcSettings(before_connect=True), retention=world.retention),
            )
        )
        self._record = world.record
        self._surroundings = Surroundings(self.hub, created=self.process.now())
        self._formats = Formats(self._surroundings)
        self.over = False
        self.process.spawn(self._run(), "hub")

    def irc(self, limits: Limits, address: str, tell_story: Callable[[str, object], None]) -> IrcServer:
        """This server's end of a new IRC connection."""
        return WitnessedIrcServer(
            limits, self._surroundings, self._formats, record=self._record, address=address, tell_story=tell_story
        )

    async def _run(self) -> None:
        await self.hub.run()
        self.over = True


class World:
    """Everything there is. `run` it."""

    def __init__(self, seed: int, *, storm_seconds: float = STORM_SECONDS, story: bool = False) -> None:
        self.seed = seed
        self._storm_seconds = storm_seconds
        self.stepper = Stepper(seed)
        self.random = self.stepper.random
        self.story: list[str] | None = [] if story else None
        self._trace = hashlib.blake2b()
        self.faults: list[BaseException] = []
        """What the hub caught and should never have had to."""
        self.stormy = True
        self._trouble = Process(self.stepper)
        self.limits = some_limits(self)
        self.retention = self.random.choice([FOR_EVER, FOR_EVER, Retention(seconds=20), Retention(messages=4)])
        self.leisure = self.random.choice([0.3, 1.0, 4.0])
        """About how many seconds a device waits before it does something."""
        self.weather = Weather(self.stepper)
        self.lossy = self.random.random() < 0.3
        """Whether runs are lost on their way, which no server may do and every client must survive."""
        self.accounts = TroubledAccounts(limits=self.limits)
        self.store = WitnessedLogStore(epoch="e1")
        self.record = Record(self.limits)
        self.records = {"e1": self.record}
        self.store.witness = self.record
        self._backups: list[tuple[WitnessedLogStore, TroubledAccounts, Record]] = []
        self.connections: list[Connection] = []
        self.server: Server | None = None
        self.codes: list[str] = []
        """Every invite code that anybody was given; people pass them on."""
        self.names = ["ann", "bob", "cid", "dan", "eve"][: self.random.randint(2, 4)]
        self.accounts.admins = self.record.admins = frozenset(self.random.choice([(), (), ("ann",)]))
        self.record.host_key = self.store.host_key
        self.devices = self._make_devices()
        self.texters = [
            self._make_texter(self.random.choice([*self.names, "tim"]), f"text{number}")
            for number in range(self.random.choice([0, 0, 1, 2]))
        ]
        # Dice of their own: where nobody comes by IRC, a world is what it was before anybody could.
        self._irc_random = Random(f"irc {seed}")
        self.chatters = [self._make_chatter(number) for number in range(self._irc_random.choice([0, 0, 1, 2, 3]))]

    def _make_devices(self) -> list[Device]:
        devices = [
            Device(self, name=name, label=f"{name}{number}", address=self._address_for(name), guest=False)
            for name in self.names
            for number in range(self.random.choice([1, 1, 2]))
        ]
        if self.random.random() < 0.4:
            devices.append(Device(self, name="gus", label="gus0", address=self._address_for("gus"), guest=True))
        return devices

    def _make_texter(self, name: str, label: str) -> Texter:
        return Texter(self, name=name, label=label, address=self._address_for(name))

    def _make_chatter(self, number: int) -> Chatter:
        random = self._irc_random
        guest = random.random() < 0.3
        name = f"gil{number}" if guest else random.choice([*self.names, "ida"])
        random = Random(random.random())
        return Chatter(self, random, name=name, label=f"irc{number}", address=self._address_for(name), guest=guest)

    def _address_for(self, name: str) -> str:
        """From where the next device of somebody comes: an address of its own, in one of two networks."""
        count = sum(map(len, self.record.addresses.values()))
        address = f"{self.random.choice(['192.0.2', '198.51.100'])}.{count + 1}"
        self.record.addresses.setdefault(name, []).append(address)
        return address

    @property
    def everybody(self) -> list[Device | Texter | Chatter]:
        """All devices, terminals and IRC clients."""
        return [*self.devices, *self.texters, *self.chatters]

    def token_bytes(self, count: int) -> bytes:
        """Fills `hub.ports.Dice`."""
        return self.random.randbytes(count)

    def tell_story(self, who: str, *what: object) -> None:
        """Something happened; only for people who look for a fault."""
        if self.story is not None:
            self.story.append(f"{self.stepper.seconds:9.4f} {who}: {' '.join(map(repr, what))}")

    @property
    def trace(self) -> str:
        """A digest of every byte that was written and when."""
        return self._trace.hexdigest()

    # Time -----------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Live through the storm, then see that everything comes to rest as it should."""
        try:
            self._live()
        finally:
            self.crash()
            for process in (self._trouble, *(device.process for device in self.everybody)):
                process.kill()

    def _live(self) -> None:
        self._trouble.spawn(self._make_trouble(), "trouble")
        self.start()
        self._go_on(until=self._storm_seconds)
        self._trouble.kill()
        self._calm_down()
        self._wait_settled()
        for device in self.everybody:
            device.last_words()
        self._wait_settled()
        self._wait_lifted()
        self.record.replayed(self.store.entries, self.store.rooms)
        if not self.lossy:
            self._check_all_there(left=False)
        for connection in self.connections:
            connection.reset()
        self._wait_settled()
        self._check_all_there(left=True)
        for device in self.everybody:
            device.last_questions()
        self._wait_settled()
        for device in self.devices:
            check_rest(self.record, device)

    def _go_on(self, *, until: float) -> None:
        steps = 0
        while self.stepper.seconds < until:
            alive = self.stepper.step()
            assert alive, "nothing will ever happen again"
            if self.faults:
                raise self.faults[0]
            self._learn()
            self.record.settled()
            steps += 1
            if steps % 16 == 0:
                self._check_bounds()

    def _learn(self) -> None:
        """Rooms that a commit of unknown outcome has changed are known again when the server has read them."""
        for room in self.record.unsure:
            opened = None if self.server is None else self.server.hub.parts.rooms.get(room)
            if opened is not None and opened.state.head >= self.record.rooms[room].head:
                self.record.known(room)

    def _calm_down(self) -> None:
        self.stormy = self.weather.stormy = False
        for device in self.everybody:
            device.active = False
            device.wanted = True
        if self.server is None or self.server.over or self.server.hub.stopping:
            self.crash()
            self.start()
        assert self.server is not None
        self.server.mood.stormy = False
        parts = self.server.hub.parts  # What is compared from here on is to hold still.
        parts.settings = msgspec.structs.replace(parts.settings, retention=FOR_EVER)

    def _wait_settled(self) -> None:
        deadline = self.stepper.seconds + CALM_SECONDS_MAX
        quiet = 0
        while quiet < 3:
            self.stepper.later(GLANCE_SECONDS, lambda: None)
            self._go_on(until=self.stepper.seconds + GLANCE_SECONDS)
            for device in self.everybody:
                device.wanted = True
            quiet = quiet + 1 if all(device.settled for device in self.everybody) else 0
            if self.stepper.seconds > deadline:
                raise Broken(f"never at rest: {[device.unrest for device in self.everybody if not device.settled]}")

    def _wait_lifted(self) -> None:
        """Every ban ends when it was to end, and the room says so soon afterwards."""
        assert self.server is not None
        clock, rooms = self.server.process, self.record.rooms
        due = max((room.governance.next_due() or 0 for room in rooms.values() if not room.archived), default=0)
        while any(room.governance.next_due() for room in rooms.values() if not room.archived):
            over = clock.now() <= due + MARK_MILLISECONDS_MAX
            hold(over, f"at {clock.now()} rooms still list what ended at {due}")
            self._go_on(until=self.stepper.seconds + 1.0)
        self._wait_settled()  # What is durable may not have been told yet, and may have been lifted a moment ago.

    # The server -----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start a server on what is kept."""
        self.tell_story("world", "start")
        for room in self.record.unsure:
            self.record.known(room)
        self.server = Server(self)

    def crash(self) -> None:
        """The server is gone at once; what was not kept is lost."""
        self.tell_story("world", "crash")
        for connection in self.connections:
            connection.server_died()
        self.connections.clear()
        if self.server is not None:
            self.server.process.kill()
            self.server = None

    def connect(self, device: Device | Texter | Chatter) -> Connection | None:
        """A new connection of a device; None if nobody listens."""
        if self.server is None:
            return None
        connection = Connection(
            self.stepper,
            self.weather,
            buffer_bytes_max=self.limits.buffer_bytes_max,
            received=lambda data: device.received(connection, data),
            ended=lambda: device.ended(connection),
        )
        tap = device.tap(self.record, connection)

        def written(data: bytes) -> bytes:
            self._trace.update(f"{self.stepper.seconds} {device.label} ".encode() + data)
            return tap.written(data)

        connection.tap, connection.tap_in = written, tap.asked
        self.connections = [one for one in self.connections if not one.over]
        self.connections.append(connection)
        peer = Peer(address=device.address, safe=True, way="native")
        hub = self.server.hub
        connection.attach(hub, hub.connect(connection, peer, device.protocol(self.limits)))
        return connection

    # Trouble --------------------------------------------------------------------------------------------------------

    async def _make_trouble(self) -> None:
        clock = self._trouble
        while True:
            await clock.wait_seconds(self.random.expovariate(1 / 2.0))
            chance = self.random.random()
            if chance < 0.15:
                self.crash()
                await clock.wait_seconds(self.random.uniform(0.0, 2.0))
                self._while_down()
                self.start()
            elif chance < 0.2 and self.server is not None:
                self.server.hub.stop()
                while not self.server.over:
                    await clock.wait_seconds(0.1)
                self.crash()
                self.start()
            elif chance < 0.3:
                self.tell_story("world", "backup")
                backup = self.store.reopened(), self.accounts.copied(), self.record.copy()
                self._backups = [*self._backups[-2:], backup]
            elif chance < 0.6 and self.connections:
                self.random.choice(self.connections).reset()
            elif chance < 0.75:
                device = self.random.choice(self.everybody)
                self.tell_story("world", "crash of", device.label)
                device.crash()

    def _while_down(self) -> None:
        if self._backups and self.random.random() < 0.3:
            store, accounts, record = self.random.choice(self._backups)
            epoch = f"e{len(self.records) + 1}"
            self.tell_story("world", "restore", epoch)
            self.store = store.reopened(epoch=epoch)
            self.accounts = accounts.copied()
            self.record = self.records[epoch] = record.copy()
            self.store.witness = self.record

    # Looking --------------------------------------------------------------------------------------------------------

    def _check_bounds(self) -> None:
        limits = self.limits
        for connection in self.connections:
            most = limits.buffer_bytes_max + 2 * limits.run_bytes_max + 2 * limits.turn_bytes_max + 8192
            hold(connection.unsent_bytes <= most, f"{connection.unsent_bytes} bytes are unsent; the limit is {most}")
            session = connection.session
            if session is not None:
                asked = len(session.pending)
                together = PIECE_BYTES_MAX // REQUEST_BYTES_MIN
                hold(asked <= limits.pending_requests_max + together, f"{asked} are pending")
        if self.server is not None:
            for opened in self.server.hub.parts.rooms:
                hold(len(opened.tail) <= limits.tail_entries_max, "a tail is too long")

    def _check_all_there(self, *, left: bool) -> None:
        """Every device has every entry of every room of its person.

        What was lost at the very end of a log is found missing only when the device comes back; and so is what was
        said in a room that was entered and left again while the device was away (`left`). A device lists no more rooms
        than its person may be in, so that those it was put out of may wait.
        """
        for texter in self.texters:
            texter.check_complete()
        for chatter in self.chatters:
            chatter.check_complete()
        left = left and self.limits.rooms_per_account_max > len(self.record.rooms)
        for device in self.devices:
            me = device.core.principal
            assert me is not None
            hold(not device.core.outbox, f"{device.label} still waits for receipts")
            for room_id, room in self.record.rooms.items():
                screen = device.screens.rooms.get(room_id)
                last = None if screen is None else screen.last
                if me in room.members or (room.kind is Kind.INBOX and room.owner == me):
                    hold(last == room.head, f"{device.label} has room {room_id} up to {last}, not {room.head}")
                elif left and last is not None and me in room.former:
                    until = room.former[me].left
                    pruned = max(until, self.record.floors.get(room_id, 1) - 1)
                    hold(until <= last <= pruned, f"{device.label} has room {room_id} up to {last}, left at {until}")


def some_limits(world: World) -> Limits:
    """Limits so small that they are met."""
    choose = world.random.choice
    message = choose([40, 100])
    tags = message // 2
    frame = 4096
    per_session = choose([1, 2, 64])
    return Limits(
        message_bytes_max=message,
        tags_bytes_max=tags,
        topic_bytes_max=40,
        line_bytes_max=512,
        password_bytes_max=64,
        frame_bytes_max=frame,
        frame_bytes_before_login_max=1024,
        run_bytes_max=(message + tags) * choose([8, 100]),
        buffer_bytes_max=choose([100, 1000, 65_536]),
        page_entries_max=choose([1, 2, 5, 200]),
        tail_entries_max=choose([0, 1, 3, 50]),
        turn_requests_max=per_session * choose([1, 3]),
        turn_requests_per_session_max=per_session,
        turn_bytes_max=frame,
        pending_requests_max=per_session * choose([1, 4]),
        rooms_per_account_max=choose([3, 100]),
        rooms_open_max=choose([1, 100]),
        sessions_per_account_max=choose([8, 64]),
        ping_seconds=choose([2.0, 60.0]),
        pong_seconds_max=10.0,
        idle_text_seconds_max=30.0,
        grace_seconds=choose([0.5, 10.0]),
        full_seconds_max=choose([10.0, 60.0]),
        requests_burst=choose([5, 60]),
        marks_max=choose([1, 200]),
        invited_max=choose([1, 1000]),
        markers_max=choose([2, 3000]),
        ignored_max=choose([1, 1000]),
        data_keys_max=choose([1, 20]),
        reactions_per_message_max=choose([1, 500]),
        presence_room_max=choose([1, 500]),
        retention_look_seconds=choose([0.5, 5.0]),
    )
