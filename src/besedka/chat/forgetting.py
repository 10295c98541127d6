"""What becomes of a name, and of words that are no messages, when the account they belong to is removed.

The log stays as it is in every number, time and author. Where it names the person it names their tombstone instead, and
where they wanted their words gone, so do the reasons they gave and what their program attached go. Messages are not
this module's: they are redacted one by one, by entries that everybody is told of.
"""

from __future__ import annotations

import re

import msgspec

from besedka.chat.entries import Body, Edited, Entry, MembershipChanged, Person, Reacted, Redacted, Renamed, Tagged
from besedka.chat.principals import AccountName, PrincipalId

_decode_body = msgspec.json.Decoder(Body).decode

_TOMBSTONE = re.compile(r"removed-\d+")


def tombstone(principal: PrincipalId) -> AccountName:
    """What somebody is called who is no more. An id is never given again, so nobody else ever is."""
    return AccountName(f"removed-{principal}")


def is_tombstone(folded: str) -> bool:
    """Whether a folded name is one that nobody alive may bear."""
    return _TOMBSTONE.fullmatch(folded) is not None


class Bygone(msgspec.Struct, frozen=True):
    """Who is to be forgotten."""

    principal: PrincipalId
    name: AccountName
    """As entries have it inside them; where they stand as an author, whatever they were called goes."""
    words: bool
    """Whether the words go too that are no messages."""

    @property
    def written(self) -> str:
        """How an entry's body names them. No text can hold it: in a text its quotation marks would be escaped."""
        return msgspec.json.encode(Person(self.principal, self.name)).decode()

    def is_in(self, entry: Entry) -> bool:
        """Whether an entry is theirs, or names them."""
        return entry.author == self.principal or self.written.encode() in msgspec.json.encode(entry.body)


def forgotten(entry: Entry, whom: Bygone) -> Entry:
    """The entry as it stands once they are forgotten; the same where that is so already."""
    mark = tombstone(whom.principal)
    buried = msgspec.json.encode(Person(whom.principal, mark))
    body = _decode_body(msgspec.json.encode(entry.body).replace(whom.written.encode(), buried))
    if entry.author != whom.principal:
        return msgspec.structs.replace(entry, body=body)
    return msgspec.structs.replace(entry, name=mark, body=_wordless(body) if whom.words else body)


def _wordless(body: Body) -> Body:
    match body:
        case MembershipChanged() | Redacted() | Renamed() if body.reason:
            return msgspec.structs.replace(body, reason="")
        case Edited(author=None):  # Of a message that was pruned: any other's redaction has emptied it already.
            return Edited(body.number, "")
        case Tagged():
            return Tagged(())
        case Reacted():
            return msgspec.structs.replace(body, reaction="")
        case _:
            return body
