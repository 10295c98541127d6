"""Additions to rooms, numbered and folded as the hub does it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from besedka.chat.entries import (
    Body,
    Draft,
    Edited,
    Kind,
    MembershipChanged,
    Message,
    Opened,
    Person,
    Redacted,
    RequestId,
    RoomId,
    RoomName,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.mending import Rewrite, rewrites
from besedka.chat.principals import AccountName, PrincipalId
from besedka.chat.rooms import Room
from besedka.hub.keeping import Addition, Numbered

ANN = Person(PrincipalId(1), AccountName("ann"))
BOB = Person(PrincipalId(2), AccountName("Bob"))
EVE = Person(PrincipalId(3), AccountName("eve"))

NOW = 1_700_000_000_000


def addition(
    before: Room, *bodies: Body, author: Person = ANN, requests: Sequence[RequestId | None] = (), now: int = NOW
) -> Addition:
    """The addition of these bodies to a room; `requests` are the ids of the first entries."""
    room = before
    entries = []
    for place, body in enumerate(bodies):
        entry = number(room, Draft(author.principal, author.name, body), now)
        room = evolve(room, entry)
        entries.append(Numbered(entry, requests[place] if place < len(requests) else None))
    return Addition(before, room, entries)


def opening(
    room: int,
    name: str,
    *more: Body,
    kind: Kind = Kind.PUBLIC,
    owner: Person | None = ANN,
    requests: Sequence[RequestId | None] = (),
) -> Addition:
    """A new room by that name."""
    opened = Opened(kind, RoomName(name), None if owner is None else owner.principal)
    return addition(Room(RoomId(room)), opened, *more, requests=requests)


def direct(room: int, one: Person, other: Person) -> Addition:
    """A new direct room."""
    low, high = sorted((one.principal, other.principal))
    people = (one,) if one == other else (one, other)
    return addition(
        Room(RoomId(room)), Opened(Kind.DIRECT, pair=(low, high)), joined(*people), Message("hi"), author=one
    )


def inbox(room: int, whose: Person) -> Addition:
    """A new inbox."""
    return addition(Room(RoomId(room)), Opened(Kind.INBOX, owner=whose.principal))


def joined(*people: Person) -> MembershipChanged:
    """They come in."""
    return MembershipChanged(Way.JOINED, people)


def left(*people: Person) -> MembershipChanged:
    """They go."""
    return MembershipChanged(Way.LEFT, people)


def rewriting(made: Addition, mending: Addition, *earlier: Addition) -> Addition:
    """The same with what its edits and redactions make of entries of `made`, after what `earlier` ones have."""
    kept = {one.entry.number: one.entry for addition in (made, *earlier, mending) for one in addition.entries}
    rewritten: list[Rewrite] = []
    for addition in (*earlier, mending):
        rewritten = []
        for one in addition.entries:
            if isinstance(one.entry.body, Edited | Redacted):
                changes = rewrites(one.entry, kept[one.entry.body.number])
                kept |= {change.number: replace(kept[change.number], body=change.body) for change in changes}
                rewritten += changes
    return replace(mending, rewrites=rewritten)
