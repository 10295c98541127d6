"""The golden vectors: every shape of the native protocol, byte for byte, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, get_args

import msgspec
import pytest

from besedka.chat.cursor import Resumption
from besedka.chat.entries import Body, Kind, Level, Listing, Manner, RoomRole, Way
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Malformed, Request
from besedka.chat.shapes import AnyRequest, AnyUnit
from besedka.chat.told import TypingState, Unit
from besedka.limits import Limits
from besedka.wire.framing import Fault, FrameDecoder, encode_frame
from besedka.wire.native import NativeClient, NativeServer
from vectors_of import DIRECTORY, Refused, Stream, Vector, dump, filled, load, vector

REQUESTS: list[Vector] = load("requests.json", Vector)
UNITS: list[Vector] = load("units.json", Vector)
MALFORMED: list[Refused] = load("malformed.json", Refused)
STREAMS: list[Stream] = load("frames.json", Stream)


def named(vectors: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("given", vectors, ids=lambda given: given.name)


def read_request(message: str) -> Request | Malformed:
    (request,) = NativeServer(Limits()).receive(encode_frame(message.encode()))
    return request


def read_unit(message: str) -> Unit | Fault:
    (unit,) = NativeClient().receive(encode_frame(message.encode()))
    return unit


@named(REQUESTS)
def test_a_request_means_what_its_vector_says_and_is_written_so(given: Vector) -> None:
    request = read_request(given.json)
    assert isinstance(request, Request)
    assert type(request).__name__ == given.type
    assert without_tag(request) == given.fields
    assert NativeClient().ask(request) == encode_frame(given.json.encode())


@named(UNITS)
def test_a_unit_means_what_its_vector_says_and_is_written_so(given: Vector) -> None:
    unit = read_unit(given.json)
    assert isinstance(unit, Unit)
    assert type(unit).__name__ == given.type
    assert without_tag(unit) == given.fields
    assert NativeServer(Limits()).tell(unit) == encode_frame(given.json.encode())


def without_tag(value: msgspec.Struct) -> dict[str, Any]:
    fields = filled(value)
    assert isinstance(fields, dict)
    return {name: field for name, field in fields.items() if name != "is"}


@named(MALFORMED)
def test_what_is_no_request_is_refused_as_its_vector_says(given: Refused) -> None:
    request = read_request(given.json)
    assert isinstance(request, Malformed)
    assert (request.refusal, request.id) == (Refusal(Code(given.code), given.detail), given.id)


@named(STREAMS)
def test_a_stream_has_the_frames_that_its_vector_says(given: Stream) -> None:
    decoder = FrameDecoder(bytes_max=given.limit)
    found = decoder.receive(bytes.fromhex(given.bytes))
    expected: list[bytes | Fault] = [bytes.fromhex(frame) for frame in given.frames]
    assert found == expected + ([] if given.fault is None else [Fault(given.fault)])


def test_every_shape_has_a_vector() -> None:
    assert {given.type for given in REQUESTS} == {one.__name__ for one in get_args(AnyRequest)}
    assert {given.type for given in UNITS} == {one.__name__ for one in get_args(AnyUnit)}


def structs_in(value: object) -> Iterator[msgspec.Struct]:
    """A structure and all those within it."""
    if isinstance(value, msgspec.Struct):
        yield value
        for name in value.__struct_fields__:
            yield from structs_in(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from structs_in(one)


MEANT = [one for given in REQUESTS for one in structs_in(read_request(given.json))] + [
    one for given in UNITS for one in structs_in(read_unit(given.json))
]
"""Every structure in any vector, by itself."""


def test_every_kind_of_body_has_a_vector() -> None:
    assert set(get_args(Body)) <= {type(one) for one in MEANT}


@pytest.mark.parametrize("enum", [Kind, Level, Listing, Manner, Resumption, RoomRole, TypingState, Way])
def test_every_value_of_a_field_that_has_few_has_a_vector(enum: type[Enum]) -> None:
    assert {value for one in MEANT for value in msgspec.structs.asdict(one).values() if isinstance(value, enum)} == set(
        enum
    )


@pytest.mark.parametrize("shape", sorted({type(one) for one in MEANT}, key=repr))
def test_every_field_that_may_be_left_out_stands_in_a_vector(shape: type[msgspec.Struct]) -> None:
    optional = {field.name: field.default for field in msgspec.structs.fields(shape) if not field.required}
    given = [one for one in MEANT if type(one) is shape]
    unseen = {name for name in optional if all(getattr(one, name) == optional[name] for one in given)}
    assert unseen <= {"id"}, "an id looks alike in every request"


@pytest.mark.parametrize(("name", "read"), [("requests.json", read_request), ("units.json", read_unit)])
def test_names_of_vectors_are_unique_and_their_file_is_as_it_would_be_written(
    name: str, read: Callable[[str], object]
) -> None:
    vectors: list[Vector] = load(name, Vector)
    assert len({given.name for given in vectors}) == len(vectors)
    values = [(given.name, read(given.json)) for given in vectors]
    rewritten = [vector(name, value) for name, value in values if isinstance(value, msgspec.Struct)]
    assert dump(rewritten) == (DIRECTORY / name).read_text()
