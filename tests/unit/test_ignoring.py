"""Ignoring people where entries are written out: a text session leaves the shared run and comes back to it."""

from __future__ import annotations

from besedka.chat.entries import RoomId
from besedka.chat.own_requests import Ignore
from besedka.chat.requests import Say
from besedka.hub.ports import Peer
from besedka.hub.session import Session
from besedka.wire.text import TextServer
from besedka.wire.text_format import TEXT
from hub_room import PASSWORD, Device, HubRoom, Wire

LOBBY = "lobby"


class Terminal:
    """Somebody at `nc`, in the lobby."""

    def __init__(self, server: HubRoom, name: str) -> None:
        self.link = Wire()
        protocol = TextServer(server.limits, prompted=False)
        session = server.hub.connect(self.link, Peer("192.0.2.9", True, "text"), protocol)
        assert session is not None
        self.session: Session = session
        self.session.receive(f"{name}\n{PASSWORD}\n".encode())
        server.settle()

    def heard(self) -> list[str]:
        """What was said since last looked at."""
        lines = self.link.written.decode().splitlines()
        self.link.written.clear()
        return [line for line in lines if line.startswith("[lobby] ") and " -- " not in line]


def say(server: HubRoom, device: Device, text: str) -> None:
    device.ask(Say(id=server.new_id(), room=device.room(LOBBY), text=text))
    server.settle()


def ignore(server: HubRoom, device: Device, name: str, *, withdrawn: bool = False) -> None:
    device.ask(Ignore(id=server.new_id(), name=name, withdrawn=withdrawn))
    server.settle()


def test_what_an_account_ignores_is_not_written_out_for_its_terminals_from_then_on() -> None:
    server = HubRoom()
    ann, bob, eve = (server.registered(name) for name in ("ann", "bob", "eve"))
    of_ann, of_bob = Terminal(server, "ann"), Terminal(server, "bob")
    say(server, eve, "one")
    assert of_ann.heard() == of_bob.heard() == ["[lobby] eve: one"]
    ignore(server, ann, "eve")
    say(server, eve, "two")
    say(server, bob, "three")
    assert of_ann.heard() == ["[lobby] bob: three"]
    assert of_bob.heard() == ["[lobby] eve: two", "[lobby] bob: three"]
    assert (of_ann.session.format is TEXT, of_bob.session.format is TEXT) == (False, True)
    ignore(server, ann, "eve", withdrawn=True)
    say(server, eve, "four")
    assert of_ann.heard() == ["[lobby] eve: four"]
    assert of_ann.session.format is TEXT


def test_a_terminal_that_comes_later_is_not_shown_it_either() -> None:
    server = HubRoom()
    ann, bob, eve = (server.registered(name) for name in ("ann", "bob", "eve"))
    say(server, eve, "one")
    say(server, bob, "two")
    ignore(server, ann, "eve")
    of_ann = Terminal(server, "ann")
    assert of_ann.heard() == ["[lobby] bob: two"]
    say(server, eve, "three")
    assert of_ann.heard() == []


def test_a_native_device_is_given_everything_and_leaves_out_itself() -> None:
    server = HubRoom()
    ann, eve = server.registered("ann"), server.registered("eve")
    ignore(server, ann, "eve")
    say(server, eve, "one")
    assert ann.heard(ann.room(LOBBY)) == ["one"]
    assert ann.session.format is ann.session.protocol.format


def test_a_format_of_one_account_is_forgotten_with_its_last_session() -> None:
    server = HubRoom()
    ann, eve = server.registered("ann"), server.registered("eve")
    ignore(server, ann, "eve")
    terminals = [Terminal(server, "ann") for _ in range(3)]
    opened = server.parts.rooms.get(RoomId(ann.room(LOBBY)))
    assert opened is not None
    assert len(opened.readers) == 1 + len(terminals)
    for one in terminals:
        server.hub.lost(one.session, "closed by peer")
    server.settle()
    assert list(opened.readers) == [eve.session.format]
