"""`docs/PROTOCOL.md` says what the program does: its tables are made from it, its examples are the golden vectors."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from besedka.chat.requests import Ping, Spoken, Write
from besedka.chat.settings import RoomSettings
from besedka.chat.shapes import AnyRequest
from besedka.limits import Limits
from besedka.wire.framing import encode_frame
from protocol_page import LIMITS_OF_CLIENTS, PAGE, fields_of, rewritten, sections
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


def test_a_request_stands_among_those_that_need_an_id_or_among_the_others() -> None:
    made = sections()
    writes, questions = (
        set(re.findall(r"^\| `([a-z-]+)` \| [A-Z]", made[name], re.MULTILINE)) for name in ("writes", "questions")
    )
    assert writes == {one.__struct_config__.tag for one in get_args(AnyRequest) if issubclass(one, Write)}
    assert questions == {one.__struct_config__.tag for one in get_args(AnyRequest)} - writes


def test_what_may_be_left_out_is_in_brackets_and_what_there_is_to_say_beside_it() -> None:
    assert fields_of(Spoken) == (
        "`text`, [`manner`], [`breaks`] (Where the sender cut a long line: offsets in characters, growing, inside the"
        " text), [`tags`] (What the sender's program attached, for other programs; kept as it is. Without"
        " a text they are kept alone)"
    )
    assert fields_of(Ping) == ""


def test_every_setting_is_in_its_table_with_what_each_kind_begins_with() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \|.*\| (\S+) \| (\S+) \|$", sections()["settings"], re.MULTILINE)
    assert [name for name, *_ in rows] == [field.name for field in msgspec.structs.fields(RoomSettings)]
    assert {name for name, public, private in rows if public != private} == {"invite_only", "hidden"}


def test_limits_it_speaks_of_are_in_its_table() -> None:
    spoken = {word for word in re.findall(r"`([a-z_]+)`", TEXT) if word in Limits.__struct_fields__}
    assert spoken == set(LIMITS_OF_CLIENTS)
