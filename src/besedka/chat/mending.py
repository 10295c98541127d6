"""What an edit or a redaction does to entries that are kept already: the only change there ever is to one.

The log still has every number and every author; what is rewritten is what a message said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def mended(entries: Iterable[Entry], since: Sequence[Entry]) -> list[Entry]:
    """Entries that were read a moment ago, as they are after `since`, which came while they were on their way."""
    menders = {entry.body.number: entry for entry in since if isinstance(entry.body, Edited | Redacted)}
    return [_mended(entry, menders) for entry in entries] if menders else [*entries]


def _mended(entry: Entry, menders: dict[int, Entry]) -> Entry:
    body = entry.body
    if isinstance(body, Edited):  # The last one holds the words, and is in `since` itself.
        mender = menders.get(body.number)
        late = mender is not None and mender.number > entry.number
        return msgspec.structs.replace(entry, body=Edited(body.number, "")) if late else entry
    mender = menders.get(entry.number)
    if mender is None or not isinstance(body, Message) or mender.number in (body.edited, body.redacted):
        return entry
    return msgspec.structs.replace(entry, body=rewrites(mender, entry)[0].body)
