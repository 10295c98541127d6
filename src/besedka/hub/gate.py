"""Who may try a password now: one attempt under way per address, few waiting, and longer waits after failures.

What it cannot do is keep an honest person out: whoever has logged in to an account from an address before is not held
up by other people's failures, and has places of its own in the gate.
"""

from __future__ import annotations

from besedka.chat.names import FoldedName
from besedka.limits import Limits


class _Failures:
    """How often in a row, and when last."""

    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last = 0.0


class Throttle:
    """Counts failures by account and by address, and says how long the next attempt waits. Bounded, oldest first."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failures: dict[str, _Failures] = {}

    def seconds(self, name: FoldedName, address: str, *, now: float) -> float:
        """How long an attempt on this account from this address waits before it is looked at."""
        return max(self._seconds("n" + name, now), self._seconds("a" + address, now))

    def _seconds(self, key: str, now: float) -> float:
        failures = self._failures.get(key)
        if failures is None or failures.last + self._limits.login_failures_seconds < now:
            return 0.0
        beyond = failures.count - self._limits.login_free_failures
        if beyond < 0:
            return 0.0
        delay = min(self._limits.login_delay_seconds_max, 2.0 ** min(beyond, 16))
        return max(0.0, failures.last + delay - now)

    def failed(self, name: FoldedName, address: str, *, now: float) -> None:
        """A wrong password, whether the account exists or not."""
        for key in ("n" + name, "a" + address, _pair(name, address)):
            failures = self._failures.pop(key, None)
            if failures is None or failures.last + self._limits.login_failures_seconds < now:
                failures = _Failures()
            failures.count += 1
            failures.last = now
            self._failures[key] = failures
            if len(self._failures) > self._limits.login_failures_remembered_max:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, name: FoldedName, address: str, *, now: float) -> None:
        """The right password: this person, here, starts anew.

        What the address counted for other accounts stays, or whoever has an account would guess at others without
        end by logging in to its own between guesses.
        """
        self._failures.pop("n" + name, None)
        own, here = self._failures.pop(_pair(name, address), None), self._failures.get("a" + address)
        if own is not None and here is not None and own.last + self._limits.login_failures_seconds >= now:
            here.count = max(0, here.count - own.count)


def _pair(name: FoldedName, address: str) -> str:
    """The key of an account's failures from one address, which has no space in it."""
    return f"b{name} {address}"


class Gate:
    """Admits attempts: one under way per address (per address and account where that is known), few hashing."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._under_way: dict[str, None] = {}
        self._hashing = {False: 0, True: 0}

    def enter(self, key: str) -> bool:
        """Begin an attempt; False if one with this key is under way."""
        if not self._limits.flood:
            return True
        if key in self._under_way:
            return False
        self._under_way[key] = None
        return True

    def leave(self, key: str) -> None:
        """The attempt is over."""
        self._under_way.pop(key, None)

    def begin_hash(self, *, known: bool) -> bool:
        """Take a place in the queue for the hash; False if all are taken."""
        most = self._limits.gate_known_waiting_max if known else self._limits.gate_waiting_max
        if self._limits.flood and self._hashing[known] >= most:
            return False
        self._hashing[known] += 1
        return True

    def end_hash(self, *, known: bool) -> None:
        """Give the place back."""
        assert self._hashing[known] > 0
        self._hashing[known] -= 1
