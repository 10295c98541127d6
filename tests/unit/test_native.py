"""The native protocol: what is asked and told comes out as it went in; garbage is refused; what is new is survived."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from besedka.chat.entries import (
    Entry,
    Kind,
    Manner,
    Message,
    RequestId,
    RoomId,
    RoomName,
    SettingsChange,
    SettingsChanged,
    TopicSet,
)
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Hello, Malformed, Ping, Request, Say, Write
from besedka.chat.rooms import Room
from besedka.chat.shapes import AnyRequest, AnyUnit
from besedka.chat.told import Done, Entries, Farewell, Kept, Page, Parting, Refused, Unit
from besedka.limits import Limits
from besedka.wire.framing import Fault, encode_frame
from besedka.wire.native import NATIVE, NativeClient, NativeServer, Unknown, told_without_key
from besedka.wire.protocol import ServerProtocol
from shapes import values_of
from vectors_of import Vector, load

ID = RequestId("0192f0c1a2b37c4d8e9f00112233aabb")
ROOM = RoomId(7)
TYPES: dict[str, type[Request]] = {one.__name__: one for one in get_args(AnyRequest)}
LIMITS = Limits()


def server() -> NativeServer:
    """One that takes frames as long as a session's."""
    protocol = NativeServer(LIMITS)
    protocol.logged_in()
    return protocol


def frame(message: Any) -> bytes:
    return encode_frame(json.dumps(message).encode())


def refusal_of(message: bytes) -> Malformed:
    """What the server makes of one frame that it must not understand, and survive."""
    protocol = server()
    (malformed, *rest) = protocol.receive(encode_frame(message) + frame({"is": "ping"}))
    assert rest == [Ping()]
    assert isinstance(malformed, Malformed)
    assert not malformed.fatal
    return malformed


# Round trips -----------------------------------------------------------------------------------------------------


@given(values_of(AnyRequest))
def test_every_request_arrives_as_it_was_asked(request: Request) -> None:
    received = server().receive(NativeClient().ask(request))
    if isinstance(request, Write) and request.id is None:
        assert received == [Malformed(Refusal(Code.BAD_REQUEST, "id"))]
    else:
        assert received == [request]


@given(values_of(AnyUnit))
def test_every_unit_arrives_as_it_was_told(unit: Unit) -> None:
    client = NativeClient()
    if isinstance(unit, Page):
        unit = msgspec.structs.replace(unit, entries=told_without_key(unit.entries))
    assert client.receive(server().tell(unit)) == [unit]
    assert client.unknown_units == 0


@given(values_of(tuple[Entry, ...]))
def test_a_run_is_one_frame_of_entries(entries: tuple[Entry, ...]) -> None:
    run = NATIVE.run(Room(ROOM), list(entries))
    assert NativeClient().receive(run) == [Entries(ROOM, told_without_key(entries))]


def test_no_entry_tells_a_rooms_key_but_only_that_there_is_one() -> None:
    def by_ann(change: SettingsChange) -> Entry:
        return Entry(4, 1004, PrincipalId(3), AccountName("ann"), SettingsChanged(change))

    given, told = SettingsChange(key="rake", moderated=True), SettingsChange(key="*", moderated=True)
    (run,) = NativeClient().receive(NATIVE.run(Room(ROOM), [by_ann(given)]))
    assert run == Entries(ROOM, (by_ann(told),))
    (page,) = NativeClient().receive(server().tell(Page(ID, ROOM, (by_ann(given),), 4, 1)))
    assert page == Page(ID, ROOM, (by_ann(told),), 4, 1)
    taken_away = by_ann(SettingsChange(key=""))
    assert told_without_key([taken_away]) == (taken_away,)


# What the server refuses -----------------------------------------------------------------------------------------


def nested(depth: int) -> bytes:
    return b'{"is":"ping","more":' + b"[" * depth + b"]" * depth + b"}"


@pytest.mark.parametrize(
    "message",
    [
        b"{",
        b"null",
        b"[]",
        b'"ping"',
        b'{"is":"ping"} {"is":"ping"}',
        b'\xef\xbb\xbf{"is":"ping"}',
        b'{"is":"\xff"}',
        b'{"is":"ping","id":"\xff"}',
        nested(30_000),
    ],
)
def test_what_is_no_request_at_all_is_refused_and_survived(message: bytes) -> None:
    assert refusal_of(message) == Malformed(Refusal(Code.BAD_REQUEST))


@pytest.mark.parametrize(
    "text", [b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\udc00\\ud800", b"\xc0\x80"], ids=lambda text: text.hex()
)
def test_text_that_is_no_unicode_is_refused(text: bytes) -> None:
    message = b'{"is":"say","id":"%s","room":7,"text":"%s"}' % (ID.encode(), text)
    assert refusal_of(message).refusal == Refusal(Code.BAD_REQUEST)


SAY = {"is": "say", "id": ID, "room": 7, "text": "hi"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"room": "lobby"}, "room"),
        ({"room": None}, "room"),
        ({"room": 1.5}, "room"),
        ({"room": -1}, "room"),
        ({"room": 2**53 + 1}, "room"),
        ({"room": 10**40}, "room"),
        ({"text": 5}, "text"),
        ({"text": ["hi"]}, "text"),
        ({"manner": "shouted"}, "manner"),
        ({"manner": "` - at `$.text`"}, "manner"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not(change: dict[str, Any], field: str) -> None:
    malformed = refusal_of(json.dumps(SAY | change).encode())
    assert malformed == Malformed(Refusal(Code.BAD_REQUEST, field), ID)


@pytest.mark.parametrize("message", [b"{}", b'{"is":1}', b'{"is":null,"text":"hi"}'])
def test_a_request_must_say_what_it_is(message: bytes) -> None:
    assert refusal_of(message) == Malformed(Refusal(Code.BAD_REQUEST, "is"))


@pytest.mark.parametrize("field", ["room", "text"])
def test_a_missing_field_is_named(field: str) -> None:
    message = {name: value for name, value in SAY.items() if name != field}
    assert refusal_of(json.dumps(message).encode()) == Malformed(Refusal(Code.BAD_REQUEST, field), ID)


def test_the_place_of_a_wrong_value_in_a_list_is_named() -> None:
    message = {"is": "sync", "id": ID, "places": [[1, 2], [3, "x"]]}
    assert refusal_of(json.dumps(message).encode()) == Malformed(Refusal(Code.BAD_REQUEST, "places[1][1]"), ID)


@pytest.mark.parametrize("bad", [None, 5, "", "x", ID.upper(), ID + "\n", ID + "0"])
def test_a_write_without_a_good_id_is_refused_by_that_field(bad: Any) -> None:
    assert refusal_of(json.dumps(SAY | {"id": bad}).encode()) == Malformed(Refusal(Code.BAD_REQUEST, "id"))


def test_only_writes_need_an_id() -> None:
    assert server().receive(frame({"is": "hello", "version": 1})) == [Hello(version=1)]


@pytest.mark.parametrize(("given_id", "echoed"), [(ID, ID), (None, None), ("nonsense", None), (5, None)])
def test_an_unknown_request_is_refused_as_such_with_its_id(given_id: Any, echoed: RequestId | None) -> None:
    message = json.dumps({"is": "dance", "id": given_id, "partner": "bob"}).encode()
    assert refusal_of(message) == Malformed(Refusal(Code.UNKNOWN_REQUEST), echoed)


def test_unknown_fields_are_passed_over() -> None:
    assert server().receive(frame(SAY | {"colour": {"red": [1]}})) == [Say(id=ID, room=ROOM, text="hi")]


@given(st.binary(min_size=1, max_size=200))
def test_no_frame_raises(message: bytes) -> None:
    for request in server().receive(encode_frame(message)):
        assert isinstance(request, Request | Malformed)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
REQUESTS: list[Vector] = load("requests.json", Vector)
SHAPES = {given.type: json.loads(given.json) for given in REQUESTS}
NEVER_SHOWN = "\N{RADIOACTIVE SIGN}"


@settings(max_examples=300)  # Some for each request.
@given(st.sampled_from(list(SHAPES)), st.data())
def test_no_value_of_any_field_of_any_request_raises_or_is_shown(shape: str, data: st.DataObject) -> None:
    message = SHAPES[shape]
    changed = data.draw(st.sampled_from([*message, "more"]))
    value = data.draw(ANY_JSON | st.just(NEVER_SHOWN) | st.just([NEVER_SHOWN]) | st.just({NEVER_SHOWN: 1}))
    malformed = server().receive(frame(message | {changed: value}))
    assert len(malformed) == 1
    assert isinstance(malformed[0], Request | Malformed)
    if isinstance(malformed[0], Malformed):
        assert malformed[0].refusal.code in (Code.BAD_REQUEST, Code.UNKNOWN_REQUEST)
        assert re.fullmatch(r"[a-z_]*([.][a-z_]+|\[[0-9.]+\])*", malformed[0].refusal.detail)
        assert not malformed[0].fatal


@pytest.mark.parametrize("shape", SHAPES)
def test_a_missing_field_of_any_request_is_named(shape: str) -> None:
    needed = [field.name for field in msgspec.structs.fields(TYPES[shape]) if field.required]
    for missing in needed:
        message = {name: value for name, value in SHAPES[shape].items() if name != missing}
        assert refusal_of(json.dumps(message).encode()).refusal == Refusal(Code.BAD_REQUEST, missing)


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_no_bytes_raise_on_either_side(pieces: list[bytes]) -> None:
    protocol, client = server(), NativeClient()
    for piece in pieces:
        protocol.receive(piece)
        client.receive(piece)


# Bounds ----------------------------------------------------------------------------------------------------------


def test_a_frame_of_length_zero_is_the_end() -> None:
    protocol = server()
    assert protocol.receive(b"\0\0\0\0") == [Malformed(Refusal(Code.BAD_REQUEST, "length"), fatal=True)]
    assert protocol.receive(frame({"is": "ping"})) == []


@pytest.mark.parametrize(
    ("logged_in", "longest"), [(False, LIMITS.frame_bytes_before_login_max), (True, LIMITS.frame_bytes_max)]
)
def test_a_frame_over_the_limit_is_the_end_and_the_limit_grows_with_login(logged_in: bool, longest: int) -> None:
    message = b'{"is":"ping"}'
    padded = message + b" " * (longest - len(message))
    protocol = NativeServer(LIMITS)
    if logged_in:
        protocol.logged_in()
    assert protocol.receive(encode_frame(padded)) == [Ping()]
    too_long = encode_frame(padded + b" ")
    assert protocol.receive(too_long[:4]) == [Malformed(Refusal(Code.TOO_LONG, "length"), fatal=True)]


def test_a_client_holds_no_more_than_it_is_told_to() -> None:
    client = NativeClient(frame_bytes_max=20)
    assert client.receive(b"\0\0\0\x15") == [Fault.TOO_LONG]


def test_the_server_speaks_only_when_spoken_to() -> None:
    protocol: ServerProtocol = NativeServer(LIMITS)
    assert protocol.prompt() == b""
    assert (protocol.format, protocol.handshake, protocol.enters_lobby) == (NATIVE, True, True)
    assert protocol.echoes(Room(RoomId(9)), Message("tea"))
    assert (protocol.sees_guests, protocol.user, protocol.last_words) == (False, "", "")
    assert (protocol.pings, protocol.converses) == (True, False)


# What the client survives ----------------------------------------------------------------------------------------


def entry(number: int, body: dict[str, Any]) -> dict[str, Any]:
    return {"number": number, "time": 1000 + number, "author": 3, "name": "ann", "body": body}


KNOWN = {"kind": "message", "text": "hi"}
NEWER = [
    ({"kind": "poll", "question": "tea?"}, "poll"),
    ({"kind": "message", "text": "hi", "manner": "sung"}, "message"),
    ({"kind": "opened", "room_kind": "stage"}, "opened"),
]


@pytest.mark.parametrize(("body", "kind"), NEWER)
@pytest.mark.parametrize("around", [{"is": "entries"}, {"is": "page", "id": ID, "head": 9, "floor": 1}])
def test_an_entry_of_a_newer_kind_keeps_its_place_among_the_others(
    body: dict[str, Any], kind: str, around: dict[str, Any]
) -> None:
    told = around | {"room": 7, "entries": [entry(4, KNOWN), entry(5, body), entry(6, KNOWN)]}
    (unit,) = NativeClient().receive(frame(told))
    assert isinstance(unit, Entries | Page)
    assert [one.number for one in unit.entries] == [4, 5, 6]
    assert [one.body for one in unit.entries] == [Message("hi"), Unknown(kind), Message("hi")]
    assert (unit.entries[1].time, unit.entries[1].author, unit.entries[1].name) == (1005, 3, "ann")


def test_a_unit_of_a_newer_name_is_passed_over_and_counted() -> None:
    client = NativeClient()
    weather = frame({"is": "weather", "room": 7})
    assert client.receive(weather + frame({"is": "done", "id": ID}) + weather) == [Done(ID)]
    assert client.unknown_units == 2


def test_a_refusal_of_a_newer_code_still_says_why_and_to_what() -> None:
    told = {"is": "refused", "id": ID, "code": "too-loud", "why": "Not so loud."}
    assert NativeClient().receive(frame(told)) == [Refused(ID, Code.BAD_REQUEST, "Not so loud.", "too-loud")]


def test_a_farewell_for_a_newer_reason_is_a_farewell() -> None:
    told = {"is": "farewell", "parting": "bedtime", "why": "Good night."}
    assert NativeClient().receive(frame(told)) == [Farewell(Parting.FAULT, "Good night.")]


@pytest.mark.parametrize(
    "message",
    [
        b"{",
        b"[]",
        b"{}",
        nested(30_000),
        b'{"is":"done","id":"\xff"}',
        b'{"is":"kept","id":null,"room":7}',
        b'{"is":"entries","room":7,"entries":[{"number":"one"}]}',
        b'{"is":"entries","room":7,"entries":[{"number":1,"time":1,"author":1,"name":"a","body":{}}]}',
    ],
)
def test_what_no_version_of_the_protocol_has_is_a_fault_in_its_place(message: bytes) -> None:
    client = NativeClient()
    kept = Kept(ID, ROOM, 3)
    assert client.receive(encode_frame(message) + server().tell(kept)) == [Fault.UNREADABLE, kept]
    assert client.unknown_units == 0


def test_an_unknown_body_is_not_one_a_server_could_keep() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(Unknown("poll")), type=Message | TopicSet)


def test_a_run_is_encoded_from_the_room_it_is_about() -> None:
    room = Room(ROOM, Kind.PUBLIC, RoomName("den"))
    said = Entry(4, 1004, PrincipalId(3), AccountName("ann"), Message("waves", Manner.DONE))
    assert json.loads(NATIVE.run(room, [said])[4:]) == {
        "is": "entries",
        "room": 7,
        "entries": [entry(4, {"kind": "message", "text": "waves", "manner": "done"})],
    }
