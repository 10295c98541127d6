"""Fan-out: some speak, everybody reads; what a delivery costs the server, and how long it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import msgspec

from besedka.bench.peers import MARK, Attention, Peer, Said, arrive, parse, receipt_of, text_of
from besedka.bench.server import Device, Running, Unmeasured, cpu_seconds
from besedka.chat.entries import Message, RoomId
from besedka.chat.requests import Say
from besedka.chat.told import Entries, Unit

STALLED_SECONDS = 20.0
ARRIVING_AT_ONCE = 32


class Shape(msgspec.Struct, frozen=True):
    """One load."""

    readers: int
    """Connections, the speakers among them."""
    speakers: int
    window: int
    """Messages a speaker has under way: said and not yet seen by the last reader."""
    messages_each: int
    payload_bytes: int = 100
    per_second: float = 0.0
    """Messages of all speakers together; 0 is as fast as the window lets them."""

    @property
    def name(self) -> str:
        """How it is printed."""
        paced = f", {self.per_second:g}/s" if self.per_second else ""
        return f"{self.readers} readers x {self.speakers} speakers, window {self.window}{paced}"


class Measured(msgspec.Struct, frozen=True):
    """What came out. Times are in milliseconds."""

    shape: Shape
    deliveries: int
    seconds: float
    cpu: float
    receipt: Sequence[float]
    delivery: Sequence[float]

    def line(self) -> str:
        """One line for people."""
        return (
            f"{self.shape.name:44} {self.deliveries / self.seconds:>11,.0f} deliveries/s"
            f"  {self.cpu / self.deliveries * 1e6:6.3f} us of server CPU each"
            f"  receipt p50 {_percentile(self.receipt, 50):.2f} p99 {_percentile(self.receipt, 99):.2f} ms"
            f"  delivery p50 {_percentile(self.delivery, 50):.2f} p99 {_percentile(self.delivery, 99):.2f} ms"
        )


def _percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else float("nan")


async def gather(
    running: Running, devices: Sequence[Device], progress: Callable[[str], None]
) -> list[tuple[Peer, RoomId]]:
    """Bring everybody into the lobby, a few at a time."""
    arrived: list[tuple[Peer, RoomId]] = []
    for first in range(0, len(devices), ARRIVING_AT_ONCE):
        some = devices[first : first + ARRIVING_AT_ONCE]
        arrived += await asyncio.gather(*(arrive(running, device) for device in some))
        progress(f"{len(arrived)} of {len(devices)} readers are there")
    return arrived


class Load:
    """One run of a shape."""

    def __init__(self, shape: Shape, peers: Sequence[Peer], room: RoomId, pid: int | None) -> None:
        self._shape = shape
        self._peers = peers
        self._room = room
        self._pid = pid
        self._said = [Said() for _ in range(shape.speakers)]
        self._asked: dict[str, int] = {}
        self._next_id = time.time_ns() << 64  # Above every earlier id, so that each is new without a look-up.
        self._last_number: int | None = None
        self._began = 0.0
        self._receipt: list[float] = []
        self._delivery: list[float] = []
        self._heard_at = 0.0

    async def run(self) -> Measured:
        """Speak until everything has been said and delivered to everybody."""
        shape = self._shape
        witness = self._peers[-1]
        for peer in self._peers:
            peer.count(MARK, Attention.NOTHING)
        for speaker in self._peers[: shape.speakers]:
            speaker.count(MARK, Attention.RECEIPTS)
        witness.count(MARK, Attention.ALL)
        for peer in self._peers:
            peer.on_unit = self._hear
        expected = shape.messages_each * shape.speakers
        self._began = self._heard_at = time.perf_counter()
        cpu = cpu_seconds(self._pid)
        self._pump()
        while any(peer.counted < expected for peer in self._peers):
            await asyncio.sleep(0.002)
            self._pump()
            if time.perf_counter() - self._heard_at > STALLED_SECONDS:
                raise Unmeasured("the server has delivered nothing for too long")
        seconds = time.perf_counter() - self._began
        spent = cpu_seconds(self._pid) - cpu
        return Measured(shape, expected * len(self._peers), seconds, spent, self._receipt, self._delivery)

    def _hear(self, peer: Peer, unit: Unit) -> None:
        now = time.perf_counter_ns()
        asked = receipt_of(unit)
        if asked is not None:
            self._receipt.append((now - self._asked.pop(asked)) / 1e6)
        elif isinstance(unit, Entries) and peer is self._peers[-1] and unit.room == self._room:
            self._witness(unit, now)

    def _witness(self, unit: Entries, now: int) -> None:
        self._heard_at = time.perf_counter()
        for entry in unit.entries:
            assert self._last_number is None or entry.number == self._last_number + 1, "a gap in what was delivered"
            self._last_number = entry.number
            if isinstance(entry.body, Message):
                speaker, sent = parse(entry.body)
                self._said[speaker].seen += 1
                self._delivery.append((now - sent) / 1e6)
        self._pump()

    def _pump(self) -> None:
        shape = self._shape
        for index, said in enumerate(self._said):
            room = min(shape.messages_each - said.sent, shape.window - (said.sent - said.seen))
            if shape.per_second:
                due = (time.perf_counter() - self._began) * shape.per_second / shape.speakers
                room = min(room, int(due) - said.sent)
            requests = []
            for _ in range(room):
                self._next_id += 1
                request_id = f"{self._next_id:032x}"
                now = time.perf_counter_ns()
                self._asked[request_id] = now
                requests.append(Say(id=request_id, room=self._room, text=text_of(index, now, shape.payload_bytes)))
            if requests:
                said.sent += len(requests)
                self._peers[index].ask(*requests)


WINDOWS = (1, 4, 64)
"""Always together, so that batching hides nothing."""

CROWDS = ((100, 4), (1000, 1), (1, 1))
"""Readers and speakers."""

MESSAGES = {
    (100, 4): {1: 500, 4: 1500, 64: 5000},
    (1000, 1): {1: 200, 4: 600, 64: 3000},
    (1, 1): {1: 1000, 4: 4000, 64: 20_000},
}
"""Messages of each speaker: enough for a second or more of server CPU."""


def shapes() -> list[Shape]:
    """Every crowd with every window."""
    return [
        Shape(readers, speakers, window, MESSAGES[readers, speakers][window])
        for readers, speakers in CROWDS
        for window in WINDOWS
    ]


async def measure(
    running: Running, devices: Sequence[Device], wanted: Sequence[Shape], progress: Callable[[str], None]
) -> list[Measured]:
    """Run shapes of one crowd, one after the other, on the same connections."""
    arrived = await gather(running, devices, progress)
    peers, room = [peer for peer, _ in arrived], arrived[0][1]
    results = []
    for shape in wanted:
        progress(f"speaking: {shape.name}")
        results.append(await Load(shape, peers, room, running.pid).run())
    for peer in peers:
        peer.close()
    return results
