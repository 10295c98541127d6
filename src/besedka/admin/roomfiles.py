"""Rooms as files: JSON Lines, which can be brought into a new room, and plain text, which is for reading.

The first line of JSON Lines says what it is (`RoomHeader`); each other one is an entry, as the native protocol tells it
(docs/PROTOCOL.md). Times are in milliseconds since 1970 UTC.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import msgspec

from besedka.admin.deeds import RoomPart
from besedka.chat.entries import Entry, RoomName
from besedka.chat.importing import Imported, brought
from besedka.chat.names import account_name
from besedka.chat.principals import AUTHORS_PER_IMPORT_MAX
from besedka.chat.refusals import SENTENCES, Code, Refusal
from besedka.limits import Limits
from besedka.wire.text_bodies import Telling, shown
from besedka.words import _

FORMAT = "besedka room"
VERSION = 1

LINE_BYTES_MAX = 1 << 20
"""One entry. The longest is a message, each of whose bytes JSON may write as six."""

AT_ONCE_MAX = 250
"""Entries in one deed: one commit of some milliseconds."""

AT_ONCE_BYTES_MAX = 128 << 10
"""And at most so much said in them, so that a deed stays within its size however JSON writes it."""

NUMBER_MAX = (1 << 53) - 1
"""Of an entry, and of milliseconds since 1970: what JSON has as whole numbers everywhere."""

_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_decode_entry = msgspec.json.Decoder(Entry).decode


class RoomHeader(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of such a file."""

    format: str
    version: int
    room: RoomName
    topic: str = ""
    hidden: bool = False
    invite_only: bool = False
    first: int = 1
    """The first number that was still kept."""
    last: int = 0
    """The number of the last entry when the export began."""


class RoomFileFault(Exception):
    """What is wrong with a file. Its text is a sentence for the operator and holds nothing that was said."""


# Writing ---------------------------------------------------------------------------------------------------------


def header_line(part: RoomPart) -> bytes:
    """The first line, from the first part of a room."""
    header = RoomHeader(
        format=FORMAT,
        version=VERSION,
        room=part.name,
        topic=part.topic,
        hidden=part.hidden,
        invite_only=part.invite_only,
        first=part.floor,
        last=part.head,
    )
    return msgspec.json.encode(header) + b"\n"


def json_lines(entries: Iterable[Entry]) -> bytes:
    """Entries for programs."""
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


def text_lines(entries: tuple[Entry, ...]) -> bytes:
    """Entries for people, each with its time in UTC; continuation lines are indented, controls replaced."""
    telling = Telling(_, entries)
    lines = ((entry, shown(telling, entry, direct=False)) for entry in entries)
    return "".join(f"{_moment(entry.time)} {line}\n" for entry, line in lines if line).encode()


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


# Reading ---------------------------------------------------------------------------------------------------------


class RoomFile:
    """A file of JSON Lines on its way into a new room. It is read twice: once to see that all of it can be brought."""

    def __init__(self, file: BinaryIO, *, limits: Limits) -> None:
        """Raises `RoomFileFault` where the first line is not that of such a file."""
        self._file = file
        self._limits = limits
        self._numbers: array[int] = array("q")
        """The old numbers of what came over, growing; what stands at the index `i` has the new number `_first + i`."""
        self._first = 0
        self._authors: dict[int, int] = {}
        self.header = self._header()
        self.opened = 0
        """When its first entry was kept."""
        self.left_behind = 0
        """Entries that do not come over."""

    @property
    def count(self) -> int:
        """Entries that came over so far."""
        return len(self._numbers)

    def entries(self, first: int) -> Iterator[Imported]:
        """What comes over, in order, to be numbered from `first` on. Raises `RoomFileFault`."""
        self._first = first
        self._numbers, self._authors, self.left_behind, self.opened = array("q"), {}, 0, 0
        self._file.seek(0)
        number, last = 1, 0
        self._file.readline(LINE_BYTES_MAX)
        while line := self._file.readline(LINE_BYTES_MAX):
            number += 1
            entry = self._entry(line, number)
            if entry.number <= last:
                raise RoomFileFault(_("line {number}: out of order").format(number=number))
            last = entry.number
            self.opened = self.opened or entry.time
            imported = self._brought(entry, number)
            if imported is None:
                self.left_behind += 1
            else:
                self._numbers.append(entry.number)
                yield imported

    def _header(self) -> RoomHeader:
        try:
            header = msgspec.json.decode(self._file.readline(LINE_BYTES_MAX), type=RoomHeader)
        except _UNDECODABLE:
            header = None
        if header is None or header.format != FORMAT:
            raise RoomFileFault(_("line 1: this is no room exported as JSON Lines"))
        if header.version != VERSION:
            raise RoomFileFault(_("line 1: made by another version of besedka"))
        return header

    @staticmethod
    def _entry(line: bytes, number: int) -> Entry:
        try:
            if not line.endswith(b"\n"):
                raise RoomFileFault(_("line {number}: cut off, or too long").format(number=number))
            entry = _decode_entry(line)
        except _UNDECODABLE:
            raise RoomFileFault(_("line {number}: no entry").format(number=number)) from None
        if entry.time < 0:
            raise RoomFileFault(_("line {number}: before 1970").format(number=number))
        if max(entry.number, entry.time) > NUMBER_MAX:
            raise RoomFileFault(_("line {number}: no entry").format(number=number))
        return entry

    def _brought(self, entry: Entry, number: int) -> Imported | None:
        body = brought(entry, number_of=self._new_number, limits=self._limits)
        if body is None:
            return None
        name = account_name(entry.name, server_name="", limits=self._limits)
        if isinstance(name, Refusal) and name.code is Code.BAD_NAME:
            raise RoomFileFault(_("line {number}: nobody can be called so").format(number=number))
        if isinstance(body, Refusal):
            sentence = _(SENTENCES[body.code])
            raise RoomFileFault(_("line {number}: {sentence}").format(number=number, sentence=sentence))
        author = self._authors.setdefault(entry.author, len(self._authors))
        if author >= AUTHORS_PER_IMPORT_MAX:
            raise RoomFileFault(_("line {number}: too many people").format(number=number))
        return Imported(entry.time, author, entry.name, body)

    def _new_number(self, old: int) -> int:
        """The new number of an entry that came over; 0 for one that did not."""
        index = bisect_left(self._numbers, old)
        there = index < len(self._numbers) and self._numbers[index] == old
        return self._first + index if there else 0


def in_parts(entries: Iterable[Imported]) -> Iterator[tuple[Imported, ...]]:
    """As many at once as one deed takes."""
    part: list[Imported] = []
    size = 0
    for entry in entries:
        part.append(entry)
        size += len(msgspec.json.encode(entry))
        if len(part) == AT_ONCE_MAX or size > AT_ONCE_BYTES_MAX:
            yield tuple(part)
            part, size = [], 0
    if part:
        yield tuple(part)
