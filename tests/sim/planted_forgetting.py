"""Bugs to plant in what the server no longer keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from besedka.chat.cursor import Cursor, Resumption, resumption
from besedka.chat.entries import RoomId
from besedka.chat.retention import Floor
from besedka.hub import places as hub_places
from besedka.hub.forgetting import Forgetting
from besedka.hub.rooms import OpenRoom
from sim.troubled import WitnessedLogStore

Plant = Callable[[pytest.MonkeyPatch], None]


def floor_of_the_store_alone(patch: pytest.MonkeyPatch) -> None:
    """Rooms in memory do not know that their floors have risen."""

    def careless(_self: OpenRoom, _floor: Floor) -> None:
        pass

    patch.setattr(OpenRoom, "raise_floor", careless)


def swept_before_risen(patch: pytest.MonkeyPatch) -> None:
    """Entries go before their floor rises."""
    right = Forgetting._raise

    async def careless(self: Forgetting, floors: Sequence[Floor]) -> Sequence[Floor]:
        logs = self._parts.logs
        assert isinstance(logs, WitnessedLogStore)
        for floor in floors:
            logs._gone[floor.room] = floor.number - 1
        await self._parts.clock.wait_seconds(0.1)
        return await right(self, floors)

    patch.setattr(Forgetting, "_raise", careless)


def one_too_many(patch: pytest.MonkeyPatch) -> None:
    """What is deleted ends with the floor and not before it."""
    right = WitnessedLogStore.prune

    async def careless(self: WitnessedLogStore, room: RoomId, *, limit: int) -> bool:
        more = await right(self, room, limit=limit)
        self._gone[room] = max(self._gone[room], self.rooms[room].floor)
        return more

    patch.setattr(WitnessedLogStore, "prune", careless)


def floors_end_with_the_process(patch: pytest.MonkeyPatch) -> None:
    """The next process begins with the floors where they were at first, as long as it has not looked."""
    right = WitnessedLogStore.reopened

    def careless(self: WitnessedLogStore, **how: Any) -> WitnessedLogStore:
        other = right(self, **how)
        for room in other.rooms.values():
            other.rooms[room.id] = msgspec.structs.replace(room, floor=1, pruned=0)
        other._gone.clear()
        return other

    patch.setattr(WitnessedLogStore, "reopened", careless)


def gap_untold(patch: pytest.MonkeyPatch) -> None:
    """Who has missed what is no longer kept goes on as if it had not."""

    def careless(cursor: Cursor, **where: Any) -> tuple[Resumption, int]:
        way, after = resumption(cursor, **where)
        return (Resumption.ON if way is Resumption.PRUNED else way), after

    patch.setattr(hub_places, "resumption", careless)


FORGETTING_PLANTS: tuple[Plant, ...] = (
    floor_of_the_store_alone,
    swept_before_risen,
    one_too_many,
    floors_end_with_the_process,
    gap_untold,
)
