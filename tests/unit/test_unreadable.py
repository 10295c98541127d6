"""A room that cannot be read just now, as plain text and the line client say it; the hub is in `test_places.py`."""

from __future__ import annotations

from itertools import count

from besedka.chat.entries import RequestId, RoomId
from besedka.chat.told import Registration, RoomTold, Synced, Unit, Unreadable, Welcome
from besedka.client.core import Core
from besedka.client.showing import Look
from besedka.client.surface import Surface
from besedka.limits import Limits
from besedka.wire.text import TextServer
from scripted import LOBBY, framed, room, welcome, you

OTHER = RoomId(9)


def told_in_text(*units: Unit) -> str:
    """What somebody with `nc` reads of these."""
    protocol = TextServer(Limits(), prompted=False)
    protocol.tell(Welcome(1, "besedka 0", "here", "e", (), Registration.OPEN, guests=False, safe=True))
    protocol.receive(b"ann\ncorrect horse\n")
    protocol.prompt()
    protocol.tell(you())
    return b"".join(map(protocol.tell, units)).decode()


def synced_core(rooms: int) -> Core:
    """A client that was told how many rooms follow."""
    numbers = count(1)
    core = Core(new_id=lambda: RequestId(f"{next(numbers):032x}"))
    core.connected()
    core.receive(framed(welcome()))
    login = core.login("ann", "correct horse")
    assert isinstance(login, str)
    core.receive(framed(you(login), Synced(None, rooms)))
    return core


def test_plain_text_says_it_in_the_lobby_or_of_some_room() -> None:
    sentence = "-- one of your rooms cannot be read just now; what is missing follows when it can be\r\n"
    assert told_in_text(room(), Unreadable(LOBBY)) == f"[lobby] {sentence}"
    assert told_in_text(room(), Unreadable(OTHER)) == sentence
    assert told_in_text(Unreadable(LOBBY, untold=True)) == sentence, "nobody knows yet which room that is"


def test_nobody_waits_for_a_room_that_may_never_be_told() -> None:
    core = synced_core(2)
    core.receive(framed(room()))
    assert not core.in_step
    assert core.receive(framed(Unreadable(OTHER, untold=True))) == [Unreadable(OTHER, untold=True)]
    assert core.in_step
    core.receive(framed(room(OTHER, name="tea")))
    assert core.in_step


def test_a_room_that_was_told_of_is_not_counted_again() -> None:
    core = synced_core(2)
    core.receive(framed(room(), Unreadable(LOBBY)))
    assert not core.in_step


def test_the_line_client_names_the_room() -> None:
    core, notices = synced_core(1), list[str]()
    surface = Surface(core, Look(), line=notices.append, notice=notices.append)
    units: tuple[RoomTold, Unreadable] = (room(OTHER, name="tea"), Unreadable(OTHER))
    for event in core.receive(framed(*units)):
        surface.show(event)
    assert any("tea" in notice and "cannot be read" in notice for notice in notices)
