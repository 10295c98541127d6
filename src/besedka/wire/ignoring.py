"""What is left out for an account that ignores somebody, where its client cannot do so itself (DESIGN §3)."""

from __future__ import annotations

from besedka.chat.entries import Edited, Entry, Message, Person, Reacted, Redacted, Tagged
from besedka.chat.principals import PrincipalId


def is_said_by(people: frozenset[PrincipalId], entry: Entry) -> bool:
    """Whether an entry only says something, and one of these people says it. Deeds are everybody's to see."""
    match entry.body:
        case Edited(author=Person() as author) | Redacted(author=author):
            return author.principal in people
        case Message() | Edited() | Reacted() | Tagged():
            return entry.author in people
        case _:
            return False
