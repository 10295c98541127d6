"""Request ids: UUIDv7, made of a time and chance that are given."""

from __future__ import annotations

from collections.abc import Callable

from besedka.chat.entries import RequestId

_RANDOM_BITS = 74


class Ids:
    """Makes request ids (RFC 9562 §5.7) that grow, even when the clock stands still or goes back."""

    def __init__(self, *, now: Callable[[], int], token_bytes: Callable[[int], bytes]) -> None:
        """`now` is milliseconds since 1970 UTC, `token_bytes(n)` gives n bytes of chance."""
        self._now = now
        self._token_bytes = token_bytes
        self._time = 0
        self._chance = 0

    def __call__(self) -> RequestId:
        """The next id."""
        time = self._now()
        if time > self._time:
            # The top bit is left free, so that counting on within a millisecond has room (§6.2, method 2).
            self._time, self._chance = time, int.from_bytes(self._token_bytes(10), "big") >> (80 - _RANDOM_BITS + 1)
        else:
            self._chance += 1 + self._token_bytes(1)[0]
        high, low = divmod(self._chance, 1 << 62)
        value = (self._time & (1 << 48) - 1) << 80 | 7 << 76 | high << 64 | 2 << 62 | low
        return RequestId(f"{value:032x}")
