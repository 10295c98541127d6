"""Where a reader is in a room's log, and whether what it is given fits there."""

from __future__ import annotations

from enum import Enum

import msgspec


class Step(Enum):
    """How an entry lies to a reader's place."""

    NEXT = "next"
    REPEAT = "repeat"
    GAP = "gap"


class Resumption(Enum):
    """How a reader that comes back goes on."""

    ON = "on"
    """From its place; nothing before it is sent again."""
    PRUNED = "pruned"
    """What lay next is no longer kept: from the first number that is."""
    START_OVER = "start-over"
    """Its place is in another log than this one: it forgets what it had, and begins as somebody new does."""


class Cursor(msgspec.Struct, frozen=True):
    """The last entry a reader has: of which log, and its number (0: none yet)."""

    epoch: str
    number: int


def step(after: int, number: int) -> Step:
    """How entry `number` lies to a reader that has everything up to `after`."""
    if number == after + 1:
        return Step.NEXT
    return Step.REPEAT if number <= after else Step.GAP


def resumption(cursor: Cursor, *, epoch: str, head: int, floor: int, fresh: int) -> tuple[Resumption, int]:
    """How a reader with this cursor goes on in a log, and the number it then has.

    `floor` is the first number still kept, `head` the last one given out, and `fresh` the number after which somebody
    begins who has nothing. A cursor of another epoch, or one past the head, is of a log that was: nothing the reader
    has may be trusted. It is given what somebody new is, and not a log of a million entries from its floor.
    """
    if cursor.epoch != epoch or cursor.number > head or cursor.number < 0:
        return Resumption.START_OVER, max(fresh, floor - 1)
    if cursor.number < floor - 1:
        return Resumption.PRUNED, floor - 1
    return Resumption.ON, cursor.number
