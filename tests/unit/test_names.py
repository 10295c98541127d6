"""Names as DESIGN §7 has them, held against Unicode as Python knows it."""

from __future__ import annotations

import re
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from besedka.chat.names import RESERVED, account_name, fold, room_name
from besedka.chat.refusals import Code, Refusal
from besedka.chat.text import harmless
from besedka.limits import Limits

LIMITS = Limits()
ASCII_NICK = re.compile(r"[A-Za-z_\[\]\\^{|}`][A-Za-z0-9_\[\]\\^{|}`.-]*", re.ASCII)

letters = st.characters(categories=["Lu", "Ll", "Lt", "Lm", "Lo", "Nd"])
near_names = st.text(
    st.one_of(letters, st.sampled_from("_-.[]\\^{|}`"), st.sampled_from(" :,@!#&~+*?\0\r\n")), max_size=36
)
anything = st.one_of(near_names, st.text(max_size=40))


def refused(name: str, *, server_name: str = "") -> Code | None:
    found = account_name(name, limits=LIMITS, server_name=server_name)
    return found.code if isinstance(found, Refusal) else None


# Folding ---------------------------------------------------------------------------------------------------------


def test_folding_what_is_folded_changes_no_letter() -> None:
    everything = map(chr, range(sys.maxunicode + 1))
    letters_and_digits = [one for one in everything if unicodedata.category(one)[0] == "L" or one.isdecimal()]
    assert len(letters_and_digits) > 100_000
    assert [one for one in letters_and_digits if fold(fold(one)) != fold(one)] == []


@given(anything)
@example("\u1e9e\u0130\ufb03")
def test_folding_a_name_is_done_once(raw: str) -> None:
    if not isinstance(account_name(raw, limits=LIMITS), Refusal):
        assert fold(fold(raw)) == fold(raw)


@given(near_names)
def test_however_a_name_is_composed_it_is_one_name(raw: str) -> None:
    forms = {fold(unicodedata.normalize(form, raw)) for form in ("NFC", "NFD", "NFKC", "NFKD")}
    assert forms == {fold(raw)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "aNN"),
        ("Жанна", "ЖАННА"),
        ("straße", "STRASSE"),
        ("ａｎｎ", "ann"),
        ("é", "e\u0301"),
        ("ﬁn", "fin"),
        ("Σς", "σσ"),
    ],
)
def test_names_that_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("ann", "anna"), ("ё", "е"), ("a_b", "a-b"), ("[x]", "{x}")])
def test_names_that_are_two(one: str, other: str) -> None:
    """Brackets and braces are one in RFC 1459, which is not how we fold."""
    assert fold(one) != fold(other)


# Accounts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "ann",
        "Жанна",
        "李",
        "_x",
        "[away]",
        "\\^{|}`",
        "a1",
        "a-b.c",
        "a-",
        "x" * 32,
        "ж" * 32,
        "İbrahim",
        "عمر",
        "observe",
    ],
)
def test_a_name(name: str) -> None:
    assert account_name(name, limits=LIMITS) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "1ann", "٣x", "-ann", ".ann", "ann.", ".", "an n", "ann:", "a,b", "a@b", "a!b", "#ann", "a\0b", "a\nb",
        "x" * 33, "李" * 22, "ann\u200b", "\u202eann", "e\u0301\u0302", "\ud800", "a\ud800", "😀", "½", "²", "a/b",
        "\u115fa", "\uffa0", "\ufdfa", "a+b", "a'b", "\x1b[31mann", "\u3164", "a\tb",
    ],
)  # fmt: skip
def test_no_name(name: str) -> None:
    assert refused(name) is Code.BAD_NAME


@pytest.mark.parametrize(
    "name",
    [
        "server", "system", "lobby", "all", "room", "here", "everyone", "0", "SERVER", "Ｌobby", "ſystem",
        "NickServ", "chanserv", "serv", "SERV", "xﬅserv",
    ],
)  # fmt: skip
def test_a_reserved_name(name: str) -> None:
    assert refused(name) is Code.NAME_RESERVED


def test_the_list_of_reserved_names_is_folded() -> None:
    assert {fold(name) for name in RESERVED} == RESERVED


@pytest.mark.parametrize("name", ["Arbour", "arbour", "ａrbour"])
def test_the_servers_own_name_is_its_own(name: str) -> None:
    assert refused(name, server_name="Arbour") is Code.NAME_RESERVED
    assert refused(name) is None


def test_a_name_is_kept_composed() -> None:
    assert account_name("Zoe\u0308", limits=LIMITS) == "Zoë"


@given(anything)
def test_every_name_let_through_is_safe_everywhere(raw: str) -> None:
    name = account_name(raw, limits=LIMITS, server_name="Arbour")
    if isinstance(name, Refusal):
        return
    assert 1 <= len(name) <= 32
    assert len(name.encode()) <= 64
    assert not set(name) & set(" :,@!#&~+*?%$\0\r\n\t/\"'<>()=;")
    assert not name[0].isdigit()
    assert name[0] not in "-."
    assert name[-1] != "."
    assert name == unicodedata.normalize("NFC", name)
    assert name == harmless(name)
    assert name.isprintable()
    assert fold(name) not in RESERVED
    assert not fold(name).endswith("serv")
    assert not name.isascii() or ASCII_NICK.fullmatch(name)
    assert account_name(name, limits=LIMITS) == name, "a name once given is a name for ever"


@given(anything)
def test_whoever_writes_a_name_otherwise_finds_it(raw: str) -> None:
    name = account_name(raw, limits=LIMITS)
    if not isinstance(name, Refusal):
        assert fold(raw) == fold(name)


# Rooms -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lobby", "1", "0", "-", "чай", "a.b-c_d", "x" * 50])
def test_a_rooms_name(name: str) -> None:
    assert room_name(name, limits=LIMITS) == name
    assert room_name("#" + name, limits=LIMITS) == name


@pytest.mark.parametrize(
    "name", ["", "#", "##tea", "a b", "a,b", "[x]", "x" * 51, "\ud800", "\u3164", "a\nb", "tea\u200b", "\ufdfa"]
)
def test_no_rooms_name(name: str) -> None:
    assert room_name(name, limits=LIMITS) == Refusal(Code.BAD_ROOM_NAME)


@given(st.text(st.one_of(letters, st.sampled_from("_-. #[:\a,")), max_size=54))
def test_every_rooms_name_let_through_is_a_channels(raw: str) -> None:
    """RFC 2812 §1.3: no space, comma, colon or BEL in a channel's name."""
    name = room_name(raw, limits=LIMITS)
    if not isinstance(name, Refusal):
        assert 1 <= len(name) <= 50
        assert not set(name) & set(" ,:\a\0\r\n#")
        assert room_name("#" + name, limits=LIMITS) == name
