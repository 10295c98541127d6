"""Writes without a receipt, in the order they were asked."""

from __future__ import annotations

from collections.abc import Iterable

from besedka.chat.entries import RequestId
from besedka.chat.requests import Request
from besedka.client.memory import AnyWrite


class Outbox:
    """What must be asked again after every login, with the ids it had, until `kept`, `done` or a refusal comes."""

    def __init__(self, writes: Iterable[AnyWrite], *, writes_max: int) -> None:
        """`writes_max` bounds what waits; whoever adds to it asks `full` first."""
        self._writes = {id_of(write): write for write in writes}
        self._writes_max = writes_max

    @property
    def writes(self) -> tuple[AnyWrite, ...]:
        """All of them."""
        return tuple(self._writes.values())

    @property
    def full(self) -> bool:
        """Whether nothing more may be added until a receipt comes."""
        return len(self._writes) >= self._writes_max

    def __contains__(self, request: object) -> bool:
        """Whether the write of this id waits."""
        return request in self._writes

    def ids(self) -> frozenset[RequestId]:
        """Of all that wait."""
        return frozenset(self._writes)

    def add(self, write: AnyWrite) -> None:
        """It waits from here on."""
        assert not self.full, "the surface waits for a receipt first"
        self._writes[id_of(write)] = write

    def find(self, request: RequestId | None) -> AnyWrite | None:
        """The write of this id, if it waits."""
        return None if request is None else self._writes.get(request)

    def settle(self, request: RequestId | None) -> None:
        """It has its answer."""
        if request is not None:
            self._writes.pop(request, None)

    def clear(self) -> None:
        """None of them is to be asked again."""
        self._writes.clear()


def id_of(request: Request) -> RequestId:
    """The id of a request that was given one."""
    assert request.request_id is not None, "made with an id"
    return request.request_id
