"""No secret is in any representation: not of what carries it, and not of what it becomes on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from besedka.chat.answers import InviteCode
from besedka.chat.entries import Entry, Kind, RoomId, RoomName, SettingsChange, SettingsChanged
from besedka.chat.governance import Governance
from besedka.chat.principals import AccountName, AccountRole, Actor, PrincipalId
from besedka.chat.requests import Malformed, Request, Secret
from besedka.chat.room_requests import ChangeSettings
from besedka.chat.rooms import Room
from besedka.chat.settings import RoomSettings
from besedka.chat.shapes import AnyRequest
from besedka.chat.told import Entries, RoomTold, You
from besedka.limits import Limits
from besedka.wire.framing import encode_frame
from besedka.wire.native import NativeClient, NativeServer
from besedka.wire.text_format import TEXT
from vectors_of import Vector, filled, load

SECRET = "rhubarb and custard"
ROOM = RoomId(4)
REQUESTS: list[Vector] = load("requests.json", Vector)


def secrets_of(shape: type[Request]) -> list[str]:
    """The fields of a request that hold one."""
    return [name for name, hint in get_type_hints(shape, include_extras=True).items() if hint == Secret]


def decoded(message: dict[str, Any]) -> Request | Malformed:
    server = NativeServer(Limits())
    server.logged_in()
    (request,) = server.receive(encode_frame(msgspec.json.encode(message)))
    return request


def holders() -> Iterator[tuple[dict[str, Any], str]]:
    """Each request as JSON has it, with a field of it that holds a secret."""
    for shape in get_args(AnyRequest):
        given = next(msgspec.json.decode(one.json) for one in REQUESTS if one.type == shape.__name__)
        yield from ((given, name) for name in secrets_of(shape))


HOLDERS = [pytest.param(given, name, id=f"{given['is']}-{name}") for given, name in holders()]


def test_the_fields_that_hold_secrets_are_known() -> None:
    assert [param.id for param in HOLDERS] == [
        "login-password",
        "register-password",
        "register-invitation",
        "resume-token",
        "join-key",
        "join-code",
        "password-old",
        "password-new",
        "remove-account-password",
    ]


@pytest.mark.parametrize(("given", "name"), HOLDERS)
def test_a_request_shows_none_of_its_secrets(given: dict[str, Any], name: str) -> None:
    request = decoded(given | {name: SECRET})
    assert getattr(request, name) == SECRET
    assert SECRET not in f"{request!r} {request} {(request,)!r}"


@pytest.mark.parametrize(("given", "name"), HOLDERS)
def test_a_request_that_is_none_is_refused_without_its_secrets(given: dict[str, Any], name: str) -> None:
    for wrong in ({name: [SECRET]}, {name: SECRET, "id": SECRET}, {name: SECRET, "is": SECRET}, {name: SECRET * 300}):
        request = decoded(given | wrong)
        assert isinstance(request, Malformed)
        assert SECRET not in repr(request)


CHANGE = SettingsChange(key=SECRET)
SETTINGS = RoomSettings(key=SECRET)
ENTRY = Entry(5, 1005, PrincipalId(3), AccountName("ann"), SettingsChanged(CHANGE))
GOVERNED = Room(ROOM, Kind.PUBLIC, RoomName("shed"), governance=Governance(settings=SETTINGS))


@pytest.mark.parametrize(
    "value",
    [
        CHANGE,
        SETTINGS,
        ENTRY,
        GOVERNED,
        ChangeSettings(room=ROOM, change=CHANGE),
        Entries(ROOM, (ENTRY,)),
        RoomTold(ROOM, Kind.PUBLIC, RoomName("shed"), "", 5, 1, 3, 2, 4, settings=SETTINGS),
        InviteCode(None, ROOM, 6, SECRET, 1790086400000),
        You(None, PrincipalId(3), AccountName("ann"), AccountRole.USER, token=SECRET),
        Actor(PrincipalId(3), AccountName("ann"), address=SECRET),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_carries_a_key_a_code_or_a_token_does_not_show_it(value: msgspec.Struct) -> None:
    assert SECRET in str(filled(value)), "it does carry one"
    assert SECRET not in f"{value!r} {value} {[value]!r}"


def test_a_client_shows_none_of_what_it_was_told() -> None:
    told = InviteCode(None, ROOM, 6, SECRET, 1790086400000)
    (unit,) = NativeClient().receive(NativeServer(Limits()).tell(told))
    assert unit == told
    assert SECRET not in repr(unit)


def test_plain_text_shows_no_key() -> None:
    assert SECRET.encode() not in TEXT.run(GOVERNED, [ENTRY])
