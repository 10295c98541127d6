"""Requests of every kind with whatever in their fields, and a server in which some of that means something."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
from hypothesis import strategies as st

from besedka.chat.entries import Kind
from besedka.chat.requests import Exit, Hello, Pong, Request, Say, Sync, Tell
from besedka.chat.room_requests import Open
from besedka.chat.shapes import AnyRequest
from besedka.limits import Limits
from hub_room import Device, HubRoom
from shapes import values_of

ASKED = [one for one in get_args(AnyRequest) if one not in (Exit, Hello, Pong, Sync)]
"""What may be asked at any time without ending or moving the session."""

LIMITS = Limits(flood=False, turn_requests_per_session_max=8)

NAMES = st.sampled_from(["ann", "BOB", "eve", "lobby", "garden", "shed", "server", "nobody", "#garden", "*!*@*", ""])
TEXTS = st.text(max_size=20) | st.sampled_from(["hi", "a\nb", "\0", "\x01VERSION\x01", "@room", "bob: hi", "x" * 5000])
NUMBERS = st.integers(0, 12) | st.sampled_from([1 << 53, (1 << 53) - 1])
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "room": st.sampled_from([2, 4, 5, 6]) | st.sampled_from([0, 1, 3, 7, 1 << 53]),
    "number": NUMBERS,
    "reply": NUMBERS,
    "seconds": st.sampled_from([0, 1, 60, 2_592_000, 2_592_001, 1 << 53]),
    "time": NUMBERS,
    "show": NUMBERS,
    "before": st.none() | NUMBERS,
    "after": st.none() | NUMBERS,
    "around": st.none() | NUMBERS,
    "limit": NUMBERS,
    "name": NAMES | TEXTS.filter(lambda text: len(text) <= 1024),
    "mask": NAMES | st.sampled_from(["192.0.2.0/24", "192.0.2.0/99", "*" * 900, "a b", "::1"]),
    "query": TEXTS | st.sampled_from(["hi", "from:ann", "hi in:garden", "in:shed 1*"]),
    "text": TEXTS,
    "topic": TEXTS,
    "reason": TEXTS,
    "reaction": TEXTS,
    "value": TEXTS,
}
"""What comes near something there is, or near a limit; anything else a field may hold comes too.

The lobby is room 2, the garden 4, the shed 5, and 6 what ann has told bob; their inboxes are 1 and 3.
"""


def asked(shape: type[Request]) -> st.SearchStrategy[Request]:
    """A request of one shape."""
    names = [name for name in shape.__struct_fields__ if name in LIKELY]
    return st.builds(
        lambda plain, likely: msgspec.structs.replace(plain, **likely),
        values_of(shape),
        st.fixed_dictionaries(
            {name: LIKELY[name] for name in names if name == "room"},
            optional={name: LIKELY[name] for name in names if name != "room"},
        ),
    )


def furnished() -> tuple[HubRoom, Device, Device]:
    """A server with some rooms, a governed one among them, an account that owns them, and a guest."""
    server = HubRoom(limits=LIMITS)
    ann = server.registered("ann")
    server.registered("bob")
    lobby = ann.room("lobby")
    for request in (
        Open(id=server.new_id(), name="garden"),
        Open(id=server.new_id(), name="shed", room_kind=Kind.PRIVATE),
        Tell(id=server.new_id(), name="bob", text="hi"),
        *(Say(id=server.new_id(), room=lobby, text=f"{number}") for number in range(4)),
    ):
        ann.ask(request)
        server.settle()
    return server, ann, server.guest("eve")
