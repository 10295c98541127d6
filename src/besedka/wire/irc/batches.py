"""Batches (IRCv3 batch): lines that belong together, between a line that begins them and one that ends them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import build, with_tag

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer


def batched(lines: Iterable[str], *, server: str, reference: str, kind: str, params: tuple[str, ...] = ()) -> list[str]:
    """Built lines as one batch. Lines that are in a batch already stay in that: batches may be nested."""
    begin = build(server, "BATCH", f"+{reference}", kind, *params)
    return [begin, *within(lines, reference), build(server, "BATCH", f"-{reference}")]


def within(lines: Iterable[str], reference: str) -> list[str]:
    """Built lines as parts of a batch; what belongs to a batch among them is a part of it through that."""
    return [line if _is_part(line) or _is_end(line) else with_tag(line, "batch", reference) for line in lines]


def is_one(lines: list[str]) -> bool:
    """Whether these are one batch as a whole, which is one logical message (IRCv3 labeled-response)."""
    begins, ends = _reference(lines[0], "+"), _reference(lines[-1], "-")
    return begins is not None and begins == ends


def say_batch(conversation: IrcServer, kind: str, *params: str, lines: Iterable[str]) -> None:
    """Say these lines as a batch; one by one to a client that did not ask for batches."""
    for line in in_batch(conversation, kind, *params, lines=lines):
        conversation.say(line)


def in_batch(conversation: IrcServer, kind: str, *params: str, lines: Iterable[str]) -> list[str]:
    """These lines as a batch, or as they are for a client that did not ask for batches."""
    if Capability.BATCH not in conversation.capabilities:
        return list(lines)
    reference = f"b{next(conversation.references)}"
    return batched(lines, server=conversation.world.server, reference=reference, kind=kind, params=params)


def _is_part(line: str) -> bool:
    tags = line.partition(" ")[0] if line.startswith("@") else ""
    return any(tag.startswith("batch=") for tag in tags[1:].split(";"))


def _is_end(line: str) -> bool:
    return _reference(line, "-") is not None


def _reference(line: str, sign: str) -> str | None:
    """Of a line that begins or ends a batch, its reference."""
    words = line.split()
    if words[0].startswith("@"):
        del words[0]
    begun = len(words) > 2 and words[1] == "BATCH" and words[2].startswith(sign)
    return words[2][1:] if begun else None
