from __future__ import annotations

import re

from besedka.limits import Limits
from besedka.wire.irc.capabilities import OF_FORMAT, Capability
from besedka.wire.irc.isupport import TOKENS_PER_LINE_MAX, escaped, in_lines, tokens
from besedka.wire.irc.numerics import Numeric
from irc_page import CAPABILITIES, PAGE, page


def test_the_page_is_made_from_the_tables() -> None:
    assert PAGE.read_text() == page(), "run `python tests/irc_page.py`"
    assert set(CAPABILITIES) == set(Capability)


def test_what_is_missing_is_not_there() -> None:
    missing = page().partition("## Missing")[2]
    said = re.findall(r"\b[A-Z]{4,}\b", missing.partition("- **Capabilities**")[0])
    assert said
    assert not {"chghost"} & {one.value for one in Capability}


def test_each_numeric_stands_once() -> None:
    digits = [one.digits for one in Numeric]
    assert len(set(digits)) == len(digits)
    assert all(re.fullmatch(r"\d{3}", one) for one in digits)


def test_a_value_of_isupport_is_one_word_without_an_equals_sign() -> None:
    assert escaped("a=b c\\") == r"a\x3Db\x20c\x5C"
    found = tokens(network="My Net=1", limits=Limits())
    assert all(" " not in one and one.count("=") <= 1 for one in found)
    assert all(len(some) <= TOKENS_PER_LINE_MAX for some in in_lines(found, bytes_max=400))
    assert all(sum(len(one) + 1 for one in some) <= 80 for some in in_lines(found, bytes_max=80) if len(some) > 1)
    assert [one for some in in_lines(found, bytes_max=400) for one in some] == found


def test_what_changes_bytes_is_of_the_format() -> None:
    assert Capability.SERVER_TIME in OF_FORMAT
    assert Capability.MULTI_PREFIX not in OF_FORMAT
