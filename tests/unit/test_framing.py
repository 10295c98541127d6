"""Framing: whole messages come out, however the bytes were cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from besedka.wire.framing import (
    FRAME_BYTES_CEILING,
    HEADER_BYTES,
    Fault,
    FrameDecoder,
    LineDecoder,
    encode_frame,
)

LIMIT = 12


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    """The stream in pieces of these sizes (zero among them), and what is left."""
    pieces = []
    for size in sizes:
        pieces.append(stream[:size])
        stream = stream[size:]
    return [*pieces, stream]


def frames_of(pieces: list[bytes], *, limit: int = LIMIT) -> list[bytes | Fault]:
    decoder = FrameDecoder(bytes_max=limit)
    return [message for piece in pieces for message in decoder.receive(piece)]


def lines_of(pieces: list[bytes], *, limit: int = LIMIT) -> list[bytes | Fault]:
    decoder = LineDecoder(bytes_max=limit)
    return [line for piece in pieces for line in decoder.receive(piece)]


cuts = st.lists(st.integers(0, 9), max_size=60)


# Frames ----------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(min_size=1, max_size=LIMIT)), cuts)
def test_any_cut_gives_the_frames_that_were_sent(messages: list[bytes], sizes: list[int]) -> None:
    stream = b"".join(encode_frame(message) for message in messages)
    assert frames_of(cut(stream, sizes)) == messages


@given(st.lists(st.sampled_from([b"\0", b"\0\0\0\x01", b"\0\0\0\x05", b"abcdefg", b"\xff"])).map(b"".join), cuts)
def test_any_bytes_in_any_cut_give_what_they_give_in_one_piece(stream: bytes, sizes: list[int]) -> None:
    assert frames_of(cut(stream, sizes)) == frames_of([stream])


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        (b"\0\0\0\0", Fault.EMPTY),
        (b"\0\0\0\x0d", Fault.TOO_LONG),
        (b"\xff\xff\xff\xff", Fault.TOO_LONG),
        (b"\x00\x03\x00\x08", Fault.TOO_LONG),  # A browser's STUN packet, read as a length.
    ],
)
def test_a_bad_length_is_refused_from_its_header_alone_and_is_the_last_thing_said(header: bytes, fault: Fault) -> None:
    decoder = FrameDecoder(bytes_max=LIMIT)
    assert decoder.receive(encode_frame(b"good") + header[:3]) == [b"good"]
    assert decoder.receive(header[3:]) == [fault]
    assert decoder.receive(encode_frame(b"good")) == []


def test_a_frame_of_exactly_the_limit_passes() -> None:
    assert frames_of([encode_frame(b"x" * LIMIT)]) == [b"x" * LIMIT]
    assert frames_of([encode_frame(b"x" * (LIMIT + 1))]) == [Fault.TOO_LONG]


def test_the_limit_can_be_raised_between_frames() -> None:
    decoder = FrameDecoder(bytes_max=2)
    assert decoder.receive(encode_frame(b"ab") + b"\0\0") == [b"ab"]
    decoder.raise_limit(3)
    assert decoder.receive(b"\0\x03abc") == [b"abc"]


def test_a_short_frame_does_not_wait_for_as_much_as_the_long_one_before_it() -> None:
    long, short = encode_frame(b"x" * LIMIT), encode_frame(b"y")
    assert frames_of([long[:6], long[6:] + short[:2], short[2:]]) == [b"x" * LIMIT, b"y"]


def test_a_limit_is_never_lowered() -> None:
    with pytest.raises(AssertionError):
        FrameDecoder(bytes_max=2).raise_limit(1)
    with pytest.raises(AssertionError):
        LineDecoder(bytes_max=2).raise_limit(1)


def test_what_no_decoder_takes_is_not_encoded() -> None:
    with pytest.raises(AssertionError):
        encode_frame(b"")
    with pytest.raises(AssertionError):
        encode_frame(bytes(FRAME_BYTES_CEILING + 1))


def test_a_frame_as_long_as_the_protocol_has_begins_with_the_byte_servers_know_it_by() -> None:
    assert encode_frame(bytes(FRAME_BYTES_CEILING))[:HEADER_BYTES] == b"\x00\xff\xff\xff"


def test_a_decoder_never_holds_more_than_one_frame_of_the_limit() -> None:
    decoder = FrameDecoder(bytes_max=LIMIT)
    stream = encode_frame(b"x" * LIMIT) * 5
    for index in range(len(stream)):
        decoder.receive(stream[index : index + 1])
        assert len(decoder._held) < HEADER_BYTES + LIMIT
    assert not decoder._held


# Lines -----------------------------------------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=LIMIT)), st.booleans(), cuts)
def test_any_cut_gives_the_lines_that_were_sent(texts: list[bytes], with_cr: bool, sizes: list[int]) -> None:
    lines = [text.replace(b"\n", b" ").replace(b"\r", b" ") for text in texts]
    stream = b"".join(line + (b"\r\n" if with_cr else b"\n") for line in lines)
    assert lines_of(cut(stream, sizes)) == lines


@given(st.text("a\r\n", max_size=80).map(str.encode), cuts)
def test_any_line_bytes_in_any_cut_give_what_they_give_in_one_piece(stream: bytes, sizes: list[int]) -> None:
    assert lines_of(cut(stream, sizes), limit=3) == lines_of([stream], limit=3)


def test_an_overlong_line_is_refused_once_in_its_place_and_passed_over() -> None:
    long = b"x" * (LIMIT + 1)
    assert lines_of([b"one\n" + long + b"\ntwo\r\n"]) == [b"one", Fault.TOO_LONG, b"two"]


def test_an_overlong_line_is_refused_before_it_ends_and_takes_no_memory() -> None:
    decoder = LineDecoder(bytes_max=LIMIT)
    assert decoder.receive(b"x" * LIMIT) == []
    assert decoder.receive(b"x") == [Fault.TOO_LONG]
    for _ in range(5):
        assert decoder.receive(b"x" * 1000) == []
        assert not decoder._held
    assert decoder.receive(b"x\nnext\n") == [b"next"]


def test_the_end_of_a_line_is_not_counted() -> None:
    longest = b"x" * LIMIT
    assert lines_of([longest + b"\n", longest + b"\r\n"]) == [longest, longest]
    assert lines_of([longest + b"\r", b"", b"\n"]) == [longest]
    assert lines_of([longest + b"\r", b"\r\n"]) == [Fault.TOO_LONG]


def test_the_limit_of_lines_can_be_raised() -> None:
    decoder = LineDecoder(bytes_max=2)
    assert decoder.receive(b"abc\n") == [Fault.TOO_LONG]
    decoder.raise_limit(3)
    assert decoder.receive(b"abc\n") == [b"abc"]


def test_an_empty_line_is_a_line() -> None:
    assert lines_of([b"\n\r\n"]) == [b"", b""]
