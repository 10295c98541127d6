"""Reading `tests/vectors`: messages of the native protocol, byte for byte, with what they mean.

Each vector has a `name`, the exact `json` that this implementation writes, the `type` that it becomes here, and its
`fields`, those left out because they have their default included. Other implementations may write white space or
escape characters differently; what they read must be the same.
"""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

DIRECTORY = Path(__file__).parent / "vectors"


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message and what it means."""

    name: str
    json: str
    type: str
    fields: dict[str, Any]


class Refused(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message that is no request, and how the server refuses it."""

    name: str
    json: str
    code: str
    detail: str
    id: str | None


class Stream(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some bytes, in hexadecimal, and the frames in them."""

    name: str
    bytes: str
    limit: int
    frames: list[str]
    fault: str | None


def load(name: str, shape: type[Any]) -> list[Any]:
    """The vectors of one file."""
    return msgspec.json.decode((DIRECTORY / name).read_bytes(), type=list[shape])  # type: ignore[valid-type]


def filled(value: Any) -> Any:
    """A value as JSON would have it if no field were ever left out."""
    if isinstance(value, msgspec.Struct):
        config = value.__struct_config__
        tag = {config.tag_field: config.tag} if config.tag_field else {}
        return tag | {name: filled(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [filled(one) for one in value]
    return value


def vector(name: str, value: msgspec.Struct) -> Vector:
    """The vector of a value, for adding one to a file."""
    fields = filled(value)
    del fields["is"]
    return Vector(name, msgspec.json.encode(value).decode(), type(value).__name__, fields)


def dump(vectors: list[Any]) -> str:
    """The vectors as they stand in a file: one line for each member, so that a change shows what changed."""
    return json.dumps(msgspec.to_builtins(vectors), ensure_ascii=False, indent=1) + "\n"
