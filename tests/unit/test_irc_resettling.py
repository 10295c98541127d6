"""What clients are told when the operator has the configuration read again: CAP NEW and CAP DEL."""

from __future__ import annotations

import msgspec
import pytest

from besedka.chat.told import Registration
from besedka.hub.settings import Settings
from besedka.hub.surroundings import Surroundings
from besedka.wire.irc.settings import IrcSettings, ServerPassword
from hub_room import HubRoom
from irc_guest import Guest, guests

OPEN = Settings(name="tea.example", guests=True, registration=Registration.OPEN)


@pytest.fixture
def server() -> HubRoom:
    return HubRoom(settings=OPEN)


@pytest.fixture
def ann(server: HubRoom) -> Guest:
    (guest,) = guests(server, Surroundings(server.hub, created=1), "ann")
    return guest


def settle(server: HubRoom, irc: IrcSettings | None = None, **changes: object) -> None:
    server.hub.settle(msgspec.structs.replace(OPEN, irc=irc or IrcSettings(), **changes))
    server.settle()


def changes(guest: Guest) -> list[str]:
    return [line.removeprefix(":tea.example CAP ann ").replace(" :", " ") for line in guest.read()]


def test_who_understands_values_is_told_of_those_that_changed(server: HubRoom, ann: Guest) -> None:
    ann.write("CAP LS 302")
    ann.read()
    settle(server, IrcSettings(scram=True))
    assert changes(ann) == ["NEW sasl=PLAIN,SCRAM-SHA-256"]
    settle(server, IrcSettings(scram=True, before_connect=True), guests=False)
    assert changes(ann) == ["NEW draft/account-registration=before-connect draft/account-required"]
    settle(server, IrcSettings(scram=True, before_connect=True, password=ServerPassword.of("x")))
    assert changes(ann) == ["DEL draft/account-required", "NEW draft/account-registration"]
    settle(server)
    assert changes(ann) == ["NEW sasl=PLAIN"]
    settle(server)
    assert changes(ann) == []


def test_what_is_taken_away_is_enabled_no_longer(server: HubRoom, ann: Guest) -> None:
    ann.write("CAP LS 302", "CAP REQ :draft/account-registration batch")
    ann.read()
    settle(server, registration=Registration.CLOSED)
    assert changes(ann) == ["DEL draft/account-registration"]
    ann.write("CAP LIST", "CAP REQ draft/account-registration")
    assert changes(ann) == ["LIST batch cap-notify", "NAK draft/account-registration"]
    settle(server)
    assert changes(ann) == ["NEW draft/account-registration"]
    ann.write("CAP REQ draft/account-registration")
    assert changes(ann) == ["ACK draft/account-registration"]


def test_who_asked_for_changes_alone_is_told_names(server: HubRoom, ann: Guest) -> None:
    ann.write("CAP REQ cap-notify")
    ann.read()
    settle(server, IrcSettings(scram=True), guests=False)
    assert changes(ann) == ["NEW draft/account-required"]


@pytest.mark.parametrize("asked", ["CAP LS", "CAP REQ batch", "TIME"])
def test_nobody_else_is_told(server: HubRoom, ann: Guest, asked: str) -> None:
    ann.write(asked)
    ann.read()
    settle(server, IrcSettings(scram=True), registration=Registration.CLOSED, guests=False)
    assert changes(ann) == []
    ann.write("CAP LS 302")
    assert "draft/account-required" in ann.read()[-1]
