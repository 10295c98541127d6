"""Messages of several lines from clients (IRCv3 draft/multiline): a batch of PRIVMSG that is one message.

Lines are collected between `BATCH +reference` and `BATCH -reference`; what is wrong with one of them is told once, and
the rest of that batch is passed over. One batch is open at a time, and what it holds is bounded as a message is. The
label of the line that opens it is the whole batch's: each of its lines waits as a labelled one, and the last answers.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

import msgspec

from besedka.chat.entries import Manner
from besedka.chat.names import fold
from besedka.chat.refusals import N_
from besedka.limits import Limits
from besedka.wire.irc import talking
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import Line, word
from besedka.wire.irc.said import CONCAT, KIND
from besedka.wire.irc.tagging import Tags, client_tags

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

_REFERENCE: Final = re.compile(r"[A-Za-z0-9-]{1,64}\Z")
_PASSES: Final = frozenset({"BATCH", "PING", "PONG", "QUIT"})
"""What is heard while a batch is open, beside its lines: programs send these by the clock."""

_INVALID: Final = N_("That is no message of several lines")
_INVALID_TARGET: Final = N_("All lines of a message are for the same target")
_TOO_LONG: Final = N_("The message is too long")
_TOO_MANY: Final = N_("The message has too many lines")


def terms(conversation: IrcServer) -> str:
    """What the capability says of itself: "a REQUIRED value"."""
    limits = conversation.limits
    return f"max-bytes={limits.message_bytes_max},max-lines={limits.multiline_lines_max}"


class _Fault(msgspec.Struct, frozen=True):
    """What is wrong with a batch: its code, what the code goes with, and the words."""

    code: str
    context: tuple[str, ...] = ()
    sentence: str = _INVALID


_WRONG: Final = _Fault("MULTILINE_INVALID")


class _Open(msgspec.Struct):
    """A batch under way."""

    reference: str
    target: str
    tags: Tags
    label: str
    text: str = ""
    lines: int = 0
    breaks: tuple[int, ...] = ()
    size: int = 0
    """In bytes, as they came."""
    blank: bool = True
    """Whether nothing but blank lines has come."""


class Multiline:
    """The batch that one client has open."""

    __slots__ = ("_failed", "_open")

    def __init__(self) -> None:
        self._open: _Open | None = None
        self._failed = ""
        """The reference of a batch of which the rest is passed over."""

    def concerns(self, line: Line) -> bool:
        """Whether a line belongs to a batch, or would have to."""
        return (line.tags != () and line.tag("batch") is not None) or (
            self._open is not None and line.command not in _PASSES
        )

    def label(self, line: Line) -> str:
        """The label that an open batch gives this line, which is a part of it or ends it."""
        if self._open is None:
            return ""
        return self._open.label if self.concerns(line) or line.command == "BATCH" else ""

    def begin_or_end(self, conversation: IrcServer, line: Line) -> None:
        """BATCH +<reference> draft/multiline <target>, and BATCH -<reference>."""
        sign, reference = line.params[0][:1], line.params[0][1:]
        if sign == "-" and self._failed == reference:
            self._failed = ""
        elif sign == "-":
            self._end(conversation, reference)
        else:
            self._begin(conversation, line, sign, reference)

    def _begin(self, conversation: IrcServer, line: Line, sign: str, reference: str) -> None:
        self._failed = ""
        kind, target = (*line.params[1:3], "", "")[:2]
        named = sign == "+" and _REFERENCE.match(reference) is not None and kind == KIND
        named = named and is_on(conversation.capabilities)
        if self._open is not None or not named or not target or "," in target:
            self._fail(conversation, _WRONG, reference)
            return
        tags, label = client_tags(conversation, line), conversation.put_off()
        self._open = _Open(reference, target, tags, label)

    def take(self, conversation: IrcServer, line: Line) -> None:
        """A line of a batch, or one that is in the way of it."""
        reference, batch = line.tag("batch"), self._open
        if reference is not None and reference == self._failed:
            return
        if batch is None or reference != batch.reference:
            self._fail(conversation, _WRONG, reference or "" if batch is None else batch.reference)
            return
        fault = self._wrong(conversation.limits, batch, line) or _add(conversation.limits, batch, line)
        if fault is None:
            conversation.put_off()
        else:
            self._fail(conversation, fault, batch.reference)

    def spoil(self) -> None:
        """A line was none, and its sender was told: what was to be one message has a hole."""
        if self._open is not None:
            self._failed, self._open = self._open.reference, None

    def _wrong(self, limits: Limits, batch: _Open, line: Line) -> _Fault | None:
        if line.command != "PRIVMSG" or len(line.params) < 2 or (line.tag(CONCAT) is not None and not line.params[1]):
            return _WRONG
        if fold(line.params[0]) != fold(batch.target):
            given = word(batch.target), word(line.params[0])
            return _Fault("MULTILINE_INVALID_TARGET", given, _INVALID_TARGET)
        if batch.lines >= limits.multiline_lines_max:
            return _Fault("MULTILINE_MAX_LINES", (str(limits.multiline_lines_max),), _TOO_MANY)
        return None

    def _end(self, conversation: IrcServer, reference: str) -> None:
        batch, self._open = self._open, None
        saying = None if batch is None else talking.meant("PRIVMSG", batch.text, Manner.SAID, batch.tags, batch.breaks)
        if batch is None or saying is None or batch.reference != reference or batch.blank or saying.aside:
            self._fail(conversation, _WRONG, "")
        elif not talking.say_kept(conversation, saying, batch.target):
            self._fail(conversation, _Fault("MULTILINE_INVALID_TARGET", (word(batch.target),) * 2, _INVALID_TARGET), "")

    def _fail(self, conversation: IrcServer, fault: _Fault, reference: str) -> None:
        """Say FAIL, in its order, and hear no more of this batch."""
        self._open, self._failed = None, reference

        def fail() -> None:
            conversation.fail("BATCH", fault.code, *fault.context, sentence=fault.sentence)

        talking.in_order(conversation, fail)


def _add(limits: Limits, batch: _Open, line: Line) -> _Fault | None:
    """Join a line to those before it. Offsets count characters of the text as it will be kept, which is NFC."""
    said = line.params[1]
    joined = "" if not batch.lines or line.tag(CONCAT) is not None else "\n"
    batch.size += len(joined) + len(said.encode())
    if batch.size > limits.message_bytes_max:
        return _Fault("MULTILINE_MAX_BYTES", (str(limits.message_bytes_max),), _TOO_LONG)
    if batch.lines and not joined:
        batch.breaks = (*batch.breaks, len(batch.text))
    batch.text = unicodedata.normalize("NFC", batch.text + joined + said)
    batch.lines += 1
    batch.blank = batch.blank and not said.strip()
    return None


def batch(conversation: IrcServer, line: Line) -> None:
    """BATCH from a client."""
    conversation.multiline.begin_or_end(conversation, line)


def is_on(capabilities: frozenset[Capability]) -> bool:
    """Whether it was negotiated, with the batches that it "MUST be negotiated" with."""
    return capabilities >= {Capability.MULTILINE, Capability.BATCH}
