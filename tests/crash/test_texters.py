"""What somebody with `nc` was shown is compared with the log: each fault is found, and nothing else is one."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from besedka.chat.entries import Draft, Kind, Message, Opened, RoomId, RoomName
from besedka.chat.folding import evolve, number
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Room
from crash.texters import Texter, shown_faults
from crash.verdict import Files


def lobby(*said: str) -> Files:
    """Files in which this was said; who said it is its first word."""
    room = Room(RoomId(1))
    entries = []
    bodies: list[Opened | Message] = [Opened(Kind.PUBLIC, RoomName("lobby")), *map(Message, said)]
    for body in bodies:
        name = AccountName(body.text.partition(" ")[0] if isinstance(body, Message) else "server")
        entry = number(room, Draft(PrincipalId(1), name, body), 1)
        room = evolve(room, entry)
        entries.append(entry)
    return Files({room.id: room}, {room.id: entries}, {}, frozenset(), [])


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ([["ann 1", "ann 2", "bob 1"]], []),
        ([["ann 1", "t0 1", "ann 2", "bob 1"]], []),  # Its own are shown where they were said before it came.
        ([["bob 1"], ["ann 2", "bob 1"]], []),
        ([["ann 1", "bob 1"]], ["reordered"]),
        ([["ann 2", "ann 1", "ann 2", "bob 1"]], ["reordered"]),
        ([["ann 1", "ann 1", "ann 2", "bob 1"]], ["reordered"]),
        ([["ann 2", "ann 3"], ["bob 1"]], ["lost"]),
        ([["ann 1", "ann 2"]], ["t0 was not shown"]),
        ([["ann 1", "ann 2"], ["bob 1"]], []),
    ],
)
def test_what_was_shown_is_compared_with_what_is_kept(shown: list[list[str]], found: Sequence[str]) -> None:
    texter = Texter("t0", dice=random.Random(1))
    texter.shown = shown
    faults = list(shown_faults(lobby("ann 1", "t0 1", "ann 2", "bob 1"), texter, all_told=True))
    assert len(faults) == len(found)
    assert all(fault.startswith(kind) for fault, kind in zip(faults, found, strict=True))
