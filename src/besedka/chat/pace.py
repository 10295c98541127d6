"""How fast somebody may ask: a token bucket, with the time as an argument."""

from __future__ import annotations


class Pace:
    """A bucket of `burst` tokens that fills by `rate` a second. Not shared between sessions."""

    __slots__ = ("_burst", "_filled_at", "_rate", "_tokens")

    def __init__(self, *, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._filled_at = now

    def available(self, now: float) -> int:
        """How many requests may be taken at `now` (seconds, monotonic). Time that runs backwards adds nothing."""
        elapsed = max(0.0, now - self._filled_at)
        self._filled_at = max(now, self._filled_at)
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)
        return int(self._tokens)

    def take(self, count: int) -> None:
        """Use tokens that `available` said are there."""
        assert self._tokens >= count, "taken more than was available"
        self._tokens -= count

    def seconds_until_one(self) -> float:
        """How long after the last `available` the next request may be taken.

        A millisecond is added: without it the sum of rounded fractions may stay a hair below one for ever.
        """
        return max(0.0, (1.0 - self._tokens) / self._rate) + 0.001
