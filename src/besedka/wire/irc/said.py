"""How what people say looks in IRC: messages, edits, reactions, redactions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Final, cast

from besedka.chat.entries import Body, Edited, Entry, Kind, Manner, Message, Reacted, Redacted, Tagged
from besedka.chat.principals import PrincipalId
from besedka.chat.rooms import Room
from besedka.wire.irc.lines import LINE_BYTES_MAX, encode_tags, pieces, plain, shortened, word
from besedka.wire.irc.pages import Page, Show
from besedka.wire.irc.tagging import REACT, REPLY, UNREACT, msgid, shown_tags
from besedka.wire.irc.world import World, shortest

REASON_BYTES_MAX: Final = 300
"""So that a line with a reason fits (`Limits.reason_bytes_max`); what is longer ends in an ellipsis."""

CTCP: Final = "\x01"
ACTION: Final = "\x01ACTION "
"""What `/me` begins with, and U+0001 ends (modern.ircdocs.horse/ctcp, "ACTION")."""

KIND: Final = "draft/multiline"
"""The batch that is one message, as a capability and as a kind of batch."""

CONCAT: Final = "draft/multiline-concat"
"""The tag of a line that goes on with the one before it."""

_EDITED: Final = "* "
"""What shows that a line says anew what was said before."""


def _say(page: Page, entry: Entry, text: str, manner: Manner, tags: str = "", breaks: tuple[int, ...] = ()) -> None:
    """One message as it is: a line, or several, of which the first has the id; in a batch where that is understood."""
    command = "NOTICE" if manner is Manner.NOTED else "PRIVMSG"
    target = other_of(page.room, entry.author, page.world) or page.channel
    source = page.source(entry.author, entry.name)
    before, behind = (ACTION, CTCP) if manner is Manner.DONE else ("", "")
    room = LINE_BYTES_MAX - len(target.encode()) - len(f": {command}  :{before}{behind}\r\n")
    whole = "\n" not in text and not breaks
    if whole and len(text) + len(source.encode()) <= room and text.isascii():  # The hot path.
        page.add(entry, command, target, f"{before}{plain(text)}{behind}", source=source, tags=tags)
        return
    if whole and len(source.encode()) > room - len(text.encode()) >= len(shortest(source).encode()):
        source = shortest(source)
    found = list(_lines(text, breaks, bytes_max=room - len(source.encode())))
    if page.multiline and manner is Manner.SAID and len(found) > 1:
        reference = f"m{page.room.id}-{entry.number}"
        page.add(entry, "BATCH", f"+{reference}", KIND, target, tags=tags)
        for line, goes_on in found:
            page.add_part(entry, reference, command, target, line, tags=f";{CONCAT}" if goes_on else "")
        page.add_end(reference)
        return
    first = True
    for line, _ in found:
        if line:  # "Servers MUST NOT send blank lines" outside a batch.
            page.add(entry, command, target, f"{before}{line}{behind}", source=source, msgid=first, tags=tags)
            first = False


def _lines(text: str, breaks: tuple[int, ...], *, bytes_max: int) -> Iterator[tuple[str, bool]]:
    """A text in lines that fit, each with whether it goes on with the one before it.

    "Servers SHOULD maintain the line composition sent by the client" (draft/multiline): `breaks` are where it cut.
    """
    start = 0
    for line in text.split("\n"):
        end = start + len(line)
        cuts = [start, *(one for one in breaks if start < one < end), end]
        goes_on = False
        for left, right in pairwise(cuts):
            for piece in pieces(plain(text[left:right]), bytes_max=bytes_max):
                yield piece, goes_on
                goes_on = True
        start = end + 1


def other_of(room: Room, author: PrincipalId, world: World) -> str:
    """To whom something said in a direct room is: the other one, or oneself. Empty for any other room."""
    if room.kind is not Kind.DIRECT or room.pair is None:
        return ""
    other = room.pair[0] if room.pair[1] == author else room.pair[1]
    member = room.members.get(other)
    return word("" if member is None else world.name(other) or member.name)


def _message(page: Page, entry: Entry, body: Body) -> None:
    message = cast(Message, body)
    if message.redacted:
        return  # Whoever cannot be told of a redaction sees nothing of what is gone.
    tags = _message_tags(page, message) if page.tagged and (message.reply or message.tags) else ""
    _say(page, entry, message.text, message.manner, tags, message.breaks)
    if _is_told_twice(page, entry):
        _say(page, entry, message.text, message.manner, tags, message.breaks)


def _message_tags(page: Page, message: Message) -> str:
    tags = message.tags
    if message.reply:
        tags = ((REPLY, msgid(page.room.id, message.reply)), *tags)
    return shown_tags(tags)


def _is_told_twice(page: Page, entry: Entry) -> bool:
    """What is said to oneself is told twice: once as one's echo, once as delivered."""
    return page.room.pair is not None and page.echoes and page.room.pair == (entry.author, entry.author)


def _edited(page: Page, entry: Entry, body: Body) -> None:
    edited = cast(Edited, body)
    if edited.text:
        _say(page, entry, _EDITED + edited.text, Manner.SAID)


def _reacted(page: Page, entry: Entry, body: Body) -> None:
    """TAGMSG, which clients without tags "MUST NOT" be told (IRCv3 message-tags)."""
    reacted = cast(Reacted, body)
    if page.tagged:
        key = UNREACT if reacted.withdrawn else REACT
        reply = msgid(page.room.id, reacted.number)
        tags = encode_tags([(REPLY, reply), (key, plain(reacted.reaction))])[1:-1]
        for _ in range(1 + _is_told_twice(page, entry)):
            page.add(entry, "TAGMSG", other_of(page.room, entry.author, page.world) or page.channel, tags=tags)


def _tagged(page: Page, entry: Entry, body: Body) -> None:
    """TAGMSG that its sender wanted to be kept (IRCv3 message-tags; draft/persist)."""
    if page.tagged:
        for _ in range(1 + _is_told_twice(page, entry)):
            target = other_of(page.room, entry.author, page.world) or page.channel
            page.add(entry, "TAGMSG", target, tags=shown_tags(cast(Tagged, body).tags))


def _redacted(page: Page, entry: Entry, body: Body) -> None:
    """REDACT, which who did not ask for it "MUST not" be told (IRCv3 draft/message-redaction)."""
    redacted = cast(Redacted, body)
    if page.redacts:
        target = other_of(page.room, entry.author, page.world) or page.channel
        reason = shortened(plain(redacted.reason), bytes_max=REASON_BYTES_MAX)
        page.add(entry, "REDACT", target, msgid(page.room.id, redacted.number), *([reason] if reason else []))


SHOWN_SAID: Final[dict[type, Show]] = {
    Message: _message,
    Edited: _edited,
    Reacted: _reacted,
    Tagged: _tagged,
    Redacted: _redacted,
}
