"""Whatever well-formed requests say, each is answered once, in order, and the server goes on without a fault."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from any_request import ASKED, asked, furnished
from besedka.chat.own_requests import Typing
from besedka.chat.requests import Ping, Request
from besedka.chat.told import Farewell, Unit
from hub_room import Device


@pytest.mark.parametrize("guest", [False, True], ids=["account", "guest"])
@settings(max_examples=30)
@given(st.lists(st.sampled_from(ASKED).flatmap(asked), max_size=12))
def test_each_request_is_answered_once_in_order_and_nothing_breaks(guest: bool, requests: list[Request]) -> None:
    server, ann, eve = furnished()
    device = eve if guest else ann
    before = len(answers(device))
    given_ids = [server.new_id() for _ in requests]
    device.ask(*(msgspec.structs.replace(one, id=given) for one, given in zip(requests, given_ids, strict=True)))
    last = server.new_id()
    device.ask(Ping(id=last))
    server.settle(5.0)
    assert server.notebook.faults == []
    assert not device.told(Farewell)
    silent = {given for one, given in zip(requests, given_ids, strict=True) if isinstance(one, Typing)}
    answered = [one.id for one in answers(device)[before:] if one.id not in silent]  # type: ignore[attr-defined]
    assert answered == [given for given in given_ids if given not in silent] + [last]


def answers(device: Device) -> list[Unit]:
    """What it was told that answers something."""
    return [unit for unit in device.told(Unit) if getattr(unit, "id", None) is not None]
