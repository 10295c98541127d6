"""The answer to one labelled line (IRCv3 labeled-response): collected until it is whole, then told as one.

A labelled line waits until all before it is answered, and all behind it wait until it is; so whatever is said
meanwhile answers it. What its sender did itself is not read from the room's run then, but told here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from besedka.chat.entries import MarkerMoved, MembershipChanged, Message, Reacted, Tagged, Way
from besedka.chat.told import Kept, Unit
from besedka.wire.irc.batches import batched, is_one, within
from besedka.wire.irc.capabilities import Capability
from besedka.wire.irc.lines import Line, build, with_tag
from besedka.wire.irc.world import World
from besedka.wire.looking import KeptUnread

if TYPE_CHECKING:
    from besedka.wire.irc.conversation import IrcServer

MESSAGES: Final = frozenset({Message, Reacted, Tagged})
"""What is a PRIVMSG, NOTICE or TAGMSG, and is told to whoever said it by echo-message alone."""

LABEL_BYTES_MAX: Final = 64
"""Of the value of a label ("Tag value")."""

KIND: Final = "labeled-response"
"""Of a batch that is an answer."""

NEEDED: Final = frozenset({Capability.LABELED_RESPONSE, Capability.BATCH})
"""Without batch "MUST be negotiated", nothing is labelled."""


def label_of(line: Line, capabilities: frozenset[Capability]) -> str:
    """The label of a line; empty where it has none that counts."""
    label = line.tag("label") if line.tags and capabilities >= NEEDED else None
    return label if label and len(label.encode()) <= LABEL_BYTES_MAX else ""


def own_lines(conversation: IrcServer, unit: Unit) -> tuple[list[str], list[str]]:
    """What a labelled request made its sender do: lines of the answer, and lines that are delivered beside it."""
    kept = conversation.world.kept(unit.room, unit.number) if isinstance(unit, Kept) else None
    if kept is None or isinstance(unit, KeptUnread):
        return [], []
    room, entry = kept
    if isinstance(entry.body, MembershipChanged) and entry.body.way is Way.JOINED:
        conversation.entered[room.id] = None  # That it is in there is told already.
        conversation.begin_telling()
    if isinstance(entry.body, MarkerMoved):
        return [], []  # MARKREAD is answered with what is kept, whether or not that has moved.
    lines = conversation.format.run(room, (entry,)).decode().splitlines(keepends=True)
    if type(entry.body) not in MESSAGES:
        return lines, []
    echoes = Capability.ECHO_MESSAGE in conversation.capabilities
    if room.pair is not None and room.pair[0] == room.pair[1]:
        # "The server MUST NOT include the label tag, except for any acknowledgment sent with echo-message".
        half = len(lines) // 2 if echoes else 0
        return lines[:half], lines[half:]
    return (lines, []) if echoes else ([], [])


class Answers:
    """What a session is to be told as answers, in order."""

    __slots__ = ("_beside", "_collected", "_labels", "_ready", "_reference", "_world", "label")

    def __init__(self, world: World) -> None:
        self._world = world
        self.label = ""
        """Of the line that is being answered; empty where it has none."""
        self._labels = 0
        """How many there were."""
        self._ready: list[str] = []
        """What may go out."""
        self._collected: list[str] = []
        """The answer to the labelled line as far as it has come."""
        self._beside: list[str] = []
        """What comes behind it."""
        self._reference = ""
        """Of the batch that it is told in as it comes; empty where it is told when it is whole."""

    def begin(self, label: str) -> None:
        """What is said from here on answers one line, with this label or none."""
        assert not self.label, "a labelled line waits for nobody"
        self.label = label

    def add(self, lines: Iterable[str], beside: Iterable[str] = ()) -> None:
        """Say this as a part of the answer, and that behind it."""
        if self._reference:
            self._ready += within(lines, self._reference)
        else:
            (self._collected if self.label else self._ready).extend(lines)
        self._beside.extend(beside)

    def say_apart(self, line: str) -> None:
        """Say something that comes in between and belongs to no answer."""
        self._ready.append(line)

    def begin_telling(self) -> None:
        """What is said so far goes out, and the rest as it comes: a room begins here, and nothing of it comes before.

        It is a batch then, of however many lines: "a logical message is either a single message, or a batch".
        """
        if self.label and not self._reference:
            self._labels += 1
            self._reference = f"l{self._labels}"
            begin = build(self._world.server, "BATCH", f"+{self._reference}", KIND)
            self._ready.append(with_tag(begin, "label", self.label))
            collected, self._collected = self._collected, []
            self.add(collected)

    def finish(self) -> None:
        """The line is answered."""
        if not self.label:
            return
        if self._reference:
            self._ready.append(build(self._world.server, "BATCH", f"-{self._reference}"))
        else:
            self._labels += 1
            self._ready += labelled(self.label, self._collected, self._world.server, f"l{self._labels}")
        self._ready += self._beside
        self.label, self._reference, self._collected, self._beside = "", "", [], []

    def put_off(self) -> str:
        """The line is answered by a later one, which will have its label."""
        assert not self._collected, "what has an answer is answered"
        assert not self._reference, "what has an answer is answered"
        label, self.label = self.label, ""
        return label

    def take(self) -> bytes:
        """What goes out now."""
        if not self._ready:
            return b""
        ready, self._ready = self._ready, []
        return "".join(ready).encode()


def labelled(label: str, lines: list[str], server: str, reference: str) -> list[str]:
    """Lines as the one answer to a line: ACK for none, one with the label, more as a batch.

    "A logical message is either a single message, or a batch": an answer that is a batch already needs no other.
    """
    if not lines:
        lines = [build(server, "ACK")]
    if len(lines) > 1 and not is_one(lines):
        lines = batched(lines, server=server, reference=reference, kind=KIND)
    return [with_tag(lines[0], "label", label), *lines[1:]]
