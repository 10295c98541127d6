"""Hypothesis strategies for any structure of the wire, made from its type."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

_WHOLE = 1 << 53  # What JavaScript counts exactly.


def values_of(shape: Any) -> st.SearchStrategy[Any]:
    """Values of a type, a struct or a union of structs, that the wire can carry."""
    return _of(msgspec.inspect.type_info(shape))


def _of(info: msgspec.inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case msgspec.inspect.NoneType():
            return st.none()
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.IntType(ge=ge, le=le):
            return st.integers(-_WHOLE if ge is None else ge, _WHOLE if le is None else le)
        case msgspec.inspect.StrType(pattern=str(pattern)):
            return st.from_regex(pattern)
        case msgspec.inspect.StrType(max_length=longest):
            return st.text(max_size=min(30, longest or 30))
        case msgspec.inspect.EnumType(cls=cls):
            return st.sampled_from(list(cls))
        case msgspec.inspect.VarTupleType(item_type=item):
            return st.lists(_of(item), max_size=4).map(tuple)
        case msgspec.inspect.TupleType(item_types=items):
            return st.tuples(*map(_of, items))
        case msgspec.inspect.UnionType(types=types):
            return st.one_of(*map(_of, types))
        case msgspec.inspect.StructType(cls=cls, fields=fields):
            return st.builds(cls, **{field.name: _of(field.type) for field in fields})
        case _:
            raise AssertionError(f"no strategy for {info}")
