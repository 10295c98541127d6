from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.wire.framing import LineDecoder
from besedka.wire.irc.lines import (
    CLIENT_TAGS_BYTES_MAX,
    INPUT_BYTES_MAX,
    Flaw,
    Line,
    Unbuildable,
    build,
    line_bytes,
    parse,
    pieces,
    plain,
    shortened,
    word,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)
SAFE = TEXT.map(plain)
WORD = TEXT.map(word)
KEY = st.from_regex(r"\A\+?(?:[a-z.]{1,8}/)?[A-Za-z0-9-]{1,8}\Z")


def parsed(text: str) -> Line:
    line = parse(text.encode())
    assert line is not None
    return line


@pytest.mark.parametrize(
    ("text", "command", "params"),
    [
        ("ping x", "PING", ("x",)),
        (":ann!a@b PRIVMSG #x :hello  there ", "PRIVMSG", ("#x", "hello  there ")),
        ("USER  ann  0 * :Ann", "USER", ("ann", "0", "*", "Ann")),
        ("TOPIC #x :", "TOPIC", ("#x", "")),
        ("JOIN :#x", "JOIN", ("#x",)),
        ("001 :::", "001", ("::",)),
        ("MODE #x +k a:b", "MODE", ("#x", "+k", "a:b")),
    ],
)
def test_a_line_is_its_command_and_parameters(text: str, command: str, params: tuple[str, ...]) -> None:
    line = parsed(text)
    assert (line.command, line.params, line.flaw) == (command, params, None)


@pytest.mark.parametrize("data", [b"", b"   ", b"\r"])
def test_an_empty_line_is_none(data: bytes) -> None:
    assert parse(data) is None


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("a=b;+c;d/e-f=", (("a", "b"), ("+c", ""), ("d/e-f", ""))),
        (r"a=\:\s\\\r\n\x\ ".strip(), (("a", "; \\\r\nx"),)),
        ("a=1;a=2", (("a", "2"),)),
        ("ä=1;b=c=d", (("b", "c=d"),)),
    ],
)
def test_tags_are_unescaped(tags: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert parsed(f"@{tags} PING x").tags == expected


@pytest.mark.parametrize(
    ("data", "flaw"),
    [
        (b"PRIVMSG x :" + b"a" * 499, None),
        (b"PRIVMSG x :" + b"a" * 500, Flaw.TOO_LONG),
        (b"@" + b"a" * CLIENT_TAGS_BYTES_MAX + b" PING x", None),
        (b"@" + b"a" * (CLIENT_TAGS_BYTES_MAX + 1) + b" PING x", Flaw.TOO_LONG),
        (b"PRIVMSG x :\xff", Flaw.NOT_UTF8),
        (b"PRIVMSG x :a\0b", Flaw.NO_LINE),
        (b"PRIVMSG x :a\rb", Flaw.NO_LINE),
        (b"@a=b", Flaw.NO_LINE),
        (b":ann", Flaw.NO_LINE),
    ],
)
def test_what_is_no_line_says_why(data: bytes, flaw: Flaw | None) -> None:
    line = parse(data)
    assert line is not None
    assert line.flaw is flaw
    assert "a" not in repr(line).replace("Flaw", "")


def test_a_flawed_line_still_has_its_command() -> None:
    line = parse(b"notice x :\xff")
    assert line is not None
    assert line.command == "NOTICE"


@given(st.binary(max_size=9000))
def test_parsing_never_raises(data: bytes) -> None:
    line = parse(data)
    assert line is None or line.flaw is not None or line.command


@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(min_value=1, max_value=7))
def test_any_cut_of_the_stream_gives_the_same_lines(lines: list[bytes], step: int) -> None:
    stream = b"\r\n".join(lines) + b"\r\n"
    whole = LineDecoder(bytes_max=INPUT_BYTES_MAX).receive(stream)
    cut = LineDecoder(bytes_max=INPUT_BYTES_MAX)
    pieces_ = [one for at in range(0, len(stream), step) for one in cut.receive(stream[at : at + step])]
    assert whole == pieces_


@given(st.sampled_from(["PRIVMSG", "332", "AWAY"]), st.lists(WORD, max_size=4), SAFE)
def test_what_is_built_is_parsed_as_it_was_meant(command: str, words: list[str], last: str) -> None:
    line = build("a!b@c", command, *words, last)
    assert line.endswith("\r\n")
    found = parse(line.removesuffix("\r\n").encode())
    assert found is not None
    if found.flaw is not Flaw.TOO_LONG:
        assert (found.command, found.params) == (command, (*words, last))


@given(st.dictionaries(KEY, SAFE, max_size=3))
def test_tags_come_back_as_they_went(tags: dict[str, str]) -> None:
    line = build("", "PING", "x", tags=tags.items())
    assert dict(parsed(line.removesuffix("\r\n")).tags) == tags


@given(TEXT, TEXT, TEXT)
def test_no_text_becomes_a_line_of_its_own(source: str, middle: str, last: str) -> None:
    try:
        line = build(source, "TOPIC", middle, last)
    except Unbuildable:
        return
    assert line.count("\r\n") == 1
    assert not set(line.removesuffix("\r\n")) & set("\r\n\0")
    assert " " not in middle
    assert middle[:1] not in ("", ":")


@pytest.mark.parametrize("bad", ["a b", ":a", "", "a\nb", "a\0"])
def test_a_middle_parameter_is_a_word(bad: str) -> None:
    with pytest.raises(Unbuildable):
        build("s", "MODE", bad, "x")


@pytest.mark.parametrize("bad", ["a\rQUIT", "a\nQUIT", "a\0"])
def test_a_last_parameter_is_one_line(bad: str) -> None:
    with pytest.raises(Unbuildable):
        build("s", "TOPIC", "#x", bad)


def test_a_source_has_no_space_and_a_tag_is_one() -> None:
    with pytest.raises(Unbuildable):
        build("a b", "PING", "x")
    with pytest.raises(Unbuildable):
        build("", "PING", "x", tags=[("a b", "")])


@given(TEXT, st.integers(min_value=64, max_value=100))
def test_pieces_are_short_and_make_the_whole(text: str, bytes_max: int) -> None:
    found = pieces(text * 3, bytes_max=bytes_max)
    assert "".join(found) == text * 3
    assert all(len(one.encode()) <= bytes_max for one in found)


@given(TEXT)
def test_a_shortened_text_fits_and_shows_it(text: str) -> None:
    found = shortened(text, bytes_max=20)
    assert found == text if len(text.encode()) <= 20 else found.endswith("…")
    assert len(found.encode()) <= 20


def test_tags_do_not_count_for_the_length_of_a_line() -> None:
    assert line_bytes("@a=b PING x\r\n") == line_bytes("PING x\r\n") == 8
