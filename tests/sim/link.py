"""Connections that delay, cut bytes anywhere, stall, lose what they held, and break."""

from __future__ import annotations

from collections.abc import Callable

from besedka.hub.hub import Hub
from besedka.hub.session import Session
from sim.stepper import Stepper

CLOSING_SECONDS_MAX = 3.0
"""How long a link that is closing waits for its peer to take the rest."""

PIECE_BYTES_MAX = 4096
"""The most that arrives together; a socket's reader has such a bound too."""


class Weather:
    """How connections are at present."""

    def __init__(self, stepper: Stepper) -> None:
        self._stepper = stepper
        self.stormy = True
        """Whether anything but promptness is to be expected."""
        self.pieces = stepper.random.choice([3, 40, 1000])
        """About how many bytes travel together."""

    def delay(self) -> float:
        """Seconds until the next bytes arrive."""
        random = self._stepper.random
        if not self.stormy:
            return 0.001
        if random.random() < 0.02:
            return random.uniform(0.5, 8.0)
        return random.choice([0.0, 0.0, 0.001, random.uniform(0.0, 0.2)])

    def piece(self, size: int) -> int:
        """How many of `size` bytes arrive together."""
        random = self._stepper.random
        size = min(size, PIECE_BYTES_MAX)
        if not self.stormy or random.random() < 0.6:
            return size
        return min(size, 1 + int(random.expovariate(1 / self.pieces)))


class Pipe:
    """One direction of a connection: bytes in order, whenever it likes."""

    def __init__(self, stepper: Stepper, weather: Weather, deliver: Callable[[bytes], None]) -> None:
        self._stepper = stepper
        self._weather = weather
        self._deliver = deliver
        self.unsent = bytearray()
        self.paused = False
        self.closing = False
        """Nothing more is written; `ended` is called when all is delivered."""
        self.broken = False
        self.ended: Callable[[], None] = lambda: None
        self._under_way = False

    def write(self, data: bytes) -> None:
        """Send, some time."""
        if not self.broken and not self.closing:
            self.unsent += data
            self.move()

    def close(self) -> None:
        """Send what was written, then end."""
        self.closing = True
        self.move()

    def break_off(self) -> None:
        """Nothing more arrives, not even the end."""
        self.broken = True
        self.unsent.clear()

    def move(self) -> None:
        """Let the next bytes travel, if there are any."""
        if not self._under_way and not self.paused and not self.broken and (self.unsent or self.closing):
            self._under_way = True
            self._stepper.later(self._weather.delay(), self._arrive)

    def _arrive(self) -> None:
        self._under_way = False
        if self.broken or self.paused:
            return
        if self.unsent:
            count = self._weather.piece(len(self.unsent))
            data = bytes(self.unsent[:count])
            del self.unsent[:count]
            self._deliver(data)
            self.move()
        elif self.closing:
            self.broken = True
            self.ended()


class Connection:
    """Two pipes, with the hub at one end (this object is its `Link`) and a device at the other."""

    def __init__(
        self,
        stepper: Stepper,
        weather: Weather,
        *,
        buffer_bytes_max: int,
        received: Callable[[bytes], None],
        ended: Callable[[], None],
    ) -> None:
        """`received` gets what the server says, `ended` is called once when the device sees the connection end."""
        self._stepper = stepper
        self._buffer_bytes_max = buffer_bytes_max
        self._ended = ended
        self._received = received
        self._hub: Hub | None = None
        self.session: Session | None = None
        self.full = False
        self.tap: Callable[[bytes], bytes] = lambda data: data
        """Sees what the hub writes, and says what of it is sent."""
        self.tap_in: Callable[[bytes], None] = lambda data: None
        """Sees what the hub is given."""
        self._down = Pipe(stepper, weather, self._down_arrived)
        self._down.ended = self._device_sees_end
        self._up = Pipe(stepper, weather, self._up_arrived)
        self._up.ended = self._hub_sees_end
        self._device_there = True

    def attach(self, hub: Hub, session: Session | None) -> None:
        """The hub has let it in, or (None) not."""
        self._hub = hub
        self.session = session

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way, an end among it."""
        ending = self._down.closing and not self._down.broken
        return not (self._down.unsent or self._up.unsent or ending)

    @property
    def over(self) -> bool:
        """Whether the server has nothing to do with it any more."""
        return self._hub is None and self.session is not None

    @property
    def unsent_bytes(self) -> int:
        """How much the server has written and the device has not."""
        return len(self._down.unsent)

    # The hub's end: `hub.ports.Link`.

    def write(self, data: bytes) -> None:
        """Send, in order, without waiting."""
        if self._down.closing or self._down.broken:
            return
        self._down.write(self.tap(data))
        self.full = len(self._down.unsent) > self._buffer_bytes_max

    def close(self) -> None:
        """Send what was written, then close."""
        if not self._down.closing:
            self._down.close()
            self._stepper.later(CLOSING_SECONDS_MAX, self.abort)

    def abort(self) -> None:
        """Close at once."""
        if not self._down.broken:
            self._down.break_off()
            self._up.break_off()
            self._hub_sees_end()
            self._device_sees_end()

    def pause(self) -> None:
        """Read nothing more."""
        self._up.paused = True

    def go_on(self) -> None:
        """Read again."""
        self._up.paused = False
        self._up.move()

    # The device's end.

    def send(self, data: bytes) -> None:
        """What the device says."""
        self._up.write(data)

    def hang_up(self) -> None:
        """The device is gone, and the server will see it."""
        self._device_there = False
        self._up.close()

    def vanish(self) -> None:
        """The device is gone without a word: the server must find out for itself."""
        self._device_there = False
        self._up.break_off()
        self._down.paused = True

    # The world's.

    def reset(self) -> None:
        """The connection breaks: both ends see it, at times of their own, and what was on its way is lost."""
        self._up.break_off()
        self._down.break_off()
        delay = self._stepper.random.uniform(0.0, 0.5)
        self._stepper.later(delay, self._hub_sees_end)
        self._stepper.later(0.5 - delay, self._device_sees_end)

    def server_died(self) -> None:
        """What the server wrote may still arrive; then the device sees the end."""
        self._hub = None
        self._up.break_off()
        if self._stepper.random.random() < 0.5:
            self._down.break_off()
            self._stepper.later(self._stepper.random.uniform(0.0, 0.5), self._device_sees_end)
        else:
            self._down.close()

    def _down_arrived(self, data: bytes) -> None:
        if self._device_there:
            self._received(data)
        if self.full and len(self._down.unsent) <= self._buffer_bytes_max // 2:
            self.full = False
            if self._hub is not None and self.session is not None:
                self._hub.drained(self.session)

    def _up_arrived(self, data: bytes) -> None:
        if self._hub is not None and self.session is not None and not self._down.closing:
            self.tap_in(data)
            self.session.receive(data)

    def _hub_sees_end(self) -> None:
        hub, self._hub = self._hub, None
        self._down.break_off()
        if hub is not None and self.session is not None:
            hub.lost(self.session, "gone")

    def _device_sees_end(self) -> None:
        if self._device_there:
            self._device_there = False
            self._up.close()
            self._ended()
