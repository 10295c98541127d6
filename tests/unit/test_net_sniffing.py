"""What the first bytes say, whichever way they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.net.sniffing import Speech, recognise

LINE_BYTES_MAX = 64

SAID: dict[bytes, Speech] = {
    b"\x16\x03\x01": Speech.TLS,
    b"\x00\x00\x00\x10": Speech.NATIVE,
    b"GET / HTTP/1.1\r\n": Speech.HTTP,
    b"GET /": Speech.HTTP,
    b"OPTIONS * HTTP/1.1\r\n": Speech.HTTP,
    b"PROPFIND /x HTTP/1.1\r\n": Speech.HTTP,
    b"PRI * HTTP/2.0\r\n": Speech.HTTP,
    b"NICK ann HTTP/1.0\n": Speech.HTTP,
    b"get well soon\n": Speech.TEXT,
    b"GET\n": Speech.TEXT,
    b"CAP LS 302\r\n": Speech.IRC,
    b"nick ann\n": Speech.IRC,
    b"USER ann 0 * :Ann\r\n": Speech.IRC,
    b"Pass secret\r\n": Speech.IRC,
    b"QUIT\r\n": Speech.IRC,
    b"QUIT :bye\r\n": Speech.IRC,
    b"PING x\n": Speech.IRC,
    b"AUTHENTICATE PLAIN\r\n": Speech.IRC,
    b"@time=1 NICK ann\r\n": Speech.IRC,
    b":ann NICK bob\r\n": Speech.IRC,
    b"nickel\n": Speech.TEXT,
    b"ann\r\n": Speech.TEXT,
    b"\n": Speech.TEXT,
    b"\xff\xfe\x80 what\n": Speech.TEXT,
    b"Host: evil.example\r\n": Speech.HOST_LINE,
    b"HOST:x\n": Speech.HOST_LINE,
    b"x" * LINE_BYTES_MAX: Speech.ENDLESS_LINE,
    b"x" * (LINE_BYTES_MAX - 1) + b"\n": Speech.TEXT,
    b"NICK " + b"x" * LINE_BYTES_MAX + b"\n": Speech.ENDLESS_LINE,
}


def said(data: bytes, *, prompted: bool = False) -> Speech | None:
    return recognise(data, prompted=prompted, line_bytes_max=LINE_BYTES_MAX)


@pytest.mark.parametrize(("data", "speech"), SAID.items(), ids=[repr(data[:24]) for data in SAID])
def test_the_first_bytes_say_what_it_is(data: bytes, speech: Speech) -> None:
    assert said(data) is speech


@pytest.mark.parametrize("data", [b"", b"N", b"NICK ann", b"NICK ann\r", b"ann", b"GET", b"Host: x", b"x" * 63])
def test_less_than_a_line_says_nothing(data: bytes) -> None:
    assert said(data) is None


@pytest.mark.parametrize("line", [b"nick", b"PASS", b"User", b"ping"])
def test_a_lone_word_is_a_command_unless_a_name_was_asked_for(line: bytes) -> None:
    assert said(line + b"\r\n") is Speech.IRC
    assert said(line + b"\r\n", prompted=True) is Speech.TEXT


def test_a_command_after_the_prompt_is_still_a_command() -> None:
    assert said(b"NICK ann\r\n", prompted=True) is Speech.IRC
    assert said(b"quit\r\n", prompted=True) is Speech.IRC


first_bytes = st.one_of(
    st.binary(max_size=80),
    st.builds(
        lambda word, rest: word + rest,
        st.sampled_from([b"GET ", b"NICK", b"nick ", b"QUIT", b"@", b":", b"Host:", b"\x00", b"\x16", b"PR", b"x"]),
        st.text(alphabet="aN :/\r\nHTP1.0", max_size=80).map(str.encode),
    ),
)


@given(first_bytes, st.booleans())
def test_any_cut_says_the_same(data: bytes, prompted: bool) -> None:
    """What the shortest deciding piece says, every longer one says too."""
    verdicts = [said(data[:size], prompted=prompted) for size in range(len(data) + 1)]
    decided = [verdict for verdict in verdicts if verdict is not None]
    assert len(set(decided)) <= 1
    assert verdicts == [None] * (len(verdicts) - len(decided)) + decided
    if len(data) >= LINE_BYTES_MAX or b"\n" in data[:LINE_BYTES_MAX]:
        assert decided
