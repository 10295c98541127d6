"""`docs/PROTOCOL.md` says what the program does: its tables are made from it, its examples are the golden vectors."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from besedka.chat.requests import Write
from besedka.chat.shapes import AnyRequest
from besedka.limits import Limits
from besedka.wire.framing import encode_frame
from protocol_page import LIMITS_OF_CLIENTS, PAGE, rewritten
from vectors_of import Vector, load

TEXT = PAGE.read_text()
EXAMPLES = [line for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
VECTORS: list[Vector] = load("requests.json", Vector) + load("units.json", Vector)


def test_its_tables_are_as_the_program_has_them() -> None:
    assert rewritten(TEXT) == TEXT, "run `python tests/protocol_page.py`"


def test_a_table_that_lost_its_place_is_missed() -> None:
    with pytest.raises(AssertionError, match="refusals"):
        rewritten(TEXT.replace("<!-- refusals -->", ""))


@pytest.mark.parametrize("example", sorted(set(EXAMPLES)))
def test_each_example_is_a_vector(example: str) -> None:
    assert example in {vector.json for vector in VECTORS}


def test_every_kind_of_message_is_at_least_named() -> None:
    names = set(re.findall(r'^\{"is":"([a-z-]+)"', "\n".join(vector.json for vector in VECTORS), re.MULTILINE))
    assert len(names) > 20
    unnamed = {name for name in names if f"`{name}`" not in TEXT and f'"is":"{name}"' not in TEXT}
    assert not unnamed


def test_its_frame_is_a_frame() -> None:
    (shown, message) = re.findall(r"^    ((?:[0-9a-f]{2} +)+)(\{.*\})$", TEXT, re.MULTILINE)[0]
    assert bytes.fromhex(shown) == encode_frame(message.encode())


def test_it_names_the_requests_that_need_an_id() -> None:
    (named,) = re.findall(r"Requests that\s+write \((.*?)\) must have one", TEXT)
    assert re.findall(r"`([a-z]+)`", named) == [
        one.__struct_config__.tag for one in get_args(AnyRequest) if issubclass(one, Write)
    ]


def test_limits_it_speaks_of_are_in_its_table() -> None:
    spoken = {word for word in re.findall(r"`([a-z_]+)`", TEXT) if word in Limits.__struct_fields__}
    assert spoken == set(LIMITS_OF_CLIENTS)
