"""What an edit or a redaction does to entries that are kept already: the only change there ever is to one.

The log still has every number and every author; what is rewritten is what a message said.
"""

from __future__ import annotations

import msgspec

from besedka.chat.entries import Body, Edited, Entry, Message, Redacted
from besedka.chat.mentions import calls_everybody


class Rewrite(msgspec.Struct, frozen=True):
    """An entry's body from here on."""

    number: int
    body: Body


def rewrites(entry: Entry, target: Entry) -> tuple[Rewrite, ...]:
    """What `entry`, an edit or a redaction of the message `target`, makes of what is kept.

    The message says the new text at once, or nothing; the edit before this one says nothing any more, so that only the
    last edit holds words. A reader that is between them is told them by that one.
    """
    message = target.body
    assert isinstance(message, Message), "only messages are mended"
    earlier = (Rewrite(message.edited, Edited(target.number, "")),) if message.edited else ()
    if isinstance(entry.body, Edited):
        said: Message = msgspec.structs.replace(
            message,
            text=entry.body.text,
            mentions=entry.body.mentions,
            calls_room=message.calls_room and calls_everybody(entry.body.text),
            breaks=(),
            edited=entry.number,
        )
    else:
        assert isinstance(entry.body, Redacted), "nothing else mends"
        said = Message("", message.manner, message.reply, edited=message.edited, redacted=entry.number)
    return (Rewrite(target.number, said), *earlier)


def as_read(entry: Entry, last: int | None) -> Entry:
    """An entry for somebody who may read up to number `last`, None for however far it goes.

    A message that was edited after that says what is not theirs to read, and what it said before is kept nowhere: so it
    says nothing (P7).
    """
    message = entry.body
    if last is None or not isinstance(message, Message) or message.edited <= last:
        return entry
    return msgspec.structs.replace(entry, body=Message("", message.manner, message.reply, redacted=message.redacted))
