"""What of a room's log can be brought into a new room, and the entry that each of it becomes.

What people wrote comes over: messages as they stood when the log was exported, reactions to them, topics. What made
the old room what it was stays there: who was in it, what they were allowed, who was banned are facts about other
accounts under other ids.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from besedka.chat.entries import Draft, Entry, Message, Reacted, RoomId, TopicSet
from besedka.chat.principals import AccountName, imported_author
from besedka.chat.refusals import Refusal
from besedka.chat.text import message_text, one_line, topic_text
from besedka.limits import Limits

Brought = Message | Reacted | TopicSet
"""The bodies that come over. Their numbers are of the new room."""


class Imported(msgspec.Struct, frozen=True):
    """One entry on its way into a new room."""

    time: int
    """When it was said, in milliseconds since 1970 UTC."""
    author: int
    """Which of the import's authors, from 0."""
    name: AccountName
    """The author's name as it was."""
    body: Brought

    def __repr__(self) -> str:
        """Without what was said."""
        return f"<Imported {type(self.body).__name__}>"


def draft_of(room: RoomId, imported: Imported) -> Draft:
    """What it becomes there: its author's id says that it is imported."""
    return Draft(imported_author(room, imported.author), imported.name, imported.body)


def checked(body: Brought, *, limits: Limits) -> Brought | Refusal:
    """The body with its text as it may be kept here."""
    match body:
        case Message(text=raw, manner=manner, reply=reply):
            text = message_text(raw, limits=limits)
            return text if isinstance(text, Refusal) else Message(text, manner, reply=reply)
        case TopicSet(topic=raw):
            topic = topic_text(raw, limits=limits)
            return topic if isinstance(topic, Refusal) else TopicSet(topic)
        case Reacted(number=number, reaction=raw, withdrawn=withdrawn):
            reaction = one_line(raw, bytes_max=limits.reaction_bytes_max)
            return reaction if isinstance(reaction, Refusal) else Reacted(number, reaction, withdrawn)


def brought(entry: Entry, *, number_of: Callable[[int], int], limits: Limits) -> Brought | Refusal | None:
    """The body of a log's entry as it is in the new room, held to what may be written here.

    `number_of` gives the new number of an entry that came over before this one, or 0. None where there is nothing to
    bring: an edit (its message says it already), a message taken back, a reaction to what stays behind, everything
    about the old room.
    """
    match entry.body:
        case Message(text="") | Reacted(reaction=""):
            return None
        case Message(reply=reply) as message:
            number = number_of(reply) if reply else 0
            return checked(msgspec.structs.replace(message, reply=number), limits=limits)
        case TopicSet() as topic:
            return checked(topic, limits=limits)
        case Reacted(number=number) as reacted:
            target = number_of(number)
            return checked(msgspec.structs.replace(reacted, number=target), limits=limits) if target else None
        case _:
            return None
