"""Every entry judged again: what was asked must be allowed on the room as it was, and become just these entries.

What somebody asked by a request with an id is known; where there is none (plain text, somebody's first login) it is
made up from what it became. What the rules want to know beside the room is found in the record, not in the server.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from besedka.chat.entries import (
    Archived,
    CodeMade,
    Draft,
    Entered,
    Entry,
    Ignored,
    InvitationsChanged,
    Invited,
    Kind,
    Left,
    Listing,
    Marked,
    MarkerMoved,
    MembershipChanged,
    Message,
    Opened,
    Person,
    Renamed,
    RequestId,
    RolesChanged,
    SessionsRevoked,
    Unmarked,
    Way,
)
from besedka.chat.hosts import host_of
from besedka.chat.names import LOBBY, FoldedName, fold, room_name
from besedka.chat.own_requests import MoveMarker
from besedka.chat.principals import SERVER, AccountName, AccountRole, Actor, PrincipalId, is_guest
from besedka.chat.refusals import Refusal
from besedka.chat.requests import Edit, Join, React, Redact, Say, Tell, Write
from besedka.chat.room_requests import Open, SetMark
from besedka.chat.rooms import Room
from besedka.chat.rules import decide, open_room
from besedka.chat.verdicts import Circumstances

if TYPE_CHECKING:
    from sim.record import Asked, Record

_NOTED = (Entered, Left, Invited)


class Retrial:
    """Judges what a request became, given the room before it."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def why_illegal(self, room: Room, entries: Sequence[Entry], request_id: RequestId | None) -> str:
        """Why these could not have come to be; empty if they could."""
        first = entries[0]
        if isinstance(first.body, _NOTED):
            return "" if room.kind is Kind.INBOX else "not an inbox"
        if isinstance(first.body, SessionsRevoked):
            return "" if room.owner == first.author and room.kind is Kind.INBOX else "somebody else's devices"
        if first.author == SERVER:
            return self._illegal_of_server(room, first)
        found = self._record.asked.get(request_id) if request_id is not None else None
        if found is None and self._was_asked_without_id(room, entries):
            return ""
        return self._why_not(room, entries, found)

    def _was_asked_without_id(self, room: Room, entries: Sequence[Entry]) -> bool:
        """Whether it is what somebody asked by IRC, who will not be believed to have asked it once more."""
        nameless = self._record.nameless.get(entries[0].author, deque())
        for asked in list(nameless):
            if not self._why_not(room, entries, asked):
                nameless.remove(asked)
                return True
        return False

    def _why_not(self, room: Room, entries: Sequence[Entry], found: Asked | None) -> str:
        first = entries[0]
        request = self._made_up(room, first) if found is None else found.request
        if request is None:
            return f"nobody can ask for this: {first.body}"
        why = self._wrong_place(room, first, request)
        if why:
            return why
        drafts = tuple(Draft(entry.author, entry.name, entry.body) for entry in entries)
        addresses = self._record.addresses.get(first.name, []) if found is None else [found.address]
        user = "" if found is None else found.user
        verdicts = [
            self._verdict(room, entries, request, address, user=user, inside=inside)
            for address in addresses
            for inside in self._inside(room, first, request)
        ]
        if drafts in verdicts:
            return ""
        return ", ".join(_reason(verdict) for verdict in verdicts)

    def _verdict(
        self, room: Room, entries: Sequence[Entry], request: Write, address: str, *, user: str, inside: bool
    ) -> tuple[Draft, ...] | Refusal:
        actor = self._actor(entries[0].author, entries[0].name, address, user=user, inside=inside)
        return decide(room, actor, request, self._circumstances(room, entries, request))

    def _inside(self, room: Room, first: Entry, request: Write) -> tuple[bool, ...]:
        """Whether they were in the room. Guests come and go without an entry: what either might do is legal."""
        if is_guest(first.author) and room.kind is Kind.PUBLIC and not isinstance(request, Join | Open):
            return True, False
        return (first.author in room.members,)

    def _actor(self, principal: PrincipalId, name: str, address: str, *, inside: bool, user: str = "") -> Actor:
        host = _host(address, self._record.host_key)
        role = AccountRole.ADMIN if name in self._record.admins and principal > 0 else AccountRole.USER
        return Actor(principal, AccountName(name), role, inside, user=user, host=host, address=address)

    # What was asked -------------------------------------------------------------------------------------------------

    def _made_up(self, room: Room, entry: Entry) -> Write | None:
        """What must have been asked in plain text, or by coming for the first time."""
        match entry.body:
            case Message(text=text, manner=manner) if is_found(room, LOBBY):
                return Say(room=room.id, text=text, manner=manner)
            case MembershipChanged(way=Way.JOINED) if is_found(room, LOBBY):
                return Join(name=LOBBY)
        return None

    def _wrong_place(self, room: Room, first: Entry, request: Write) -> str:
        """Why a request was not about this room."""
        if room.head == 0:
            return self._why_not_opened(room, first)
        if isinstance(request, Join | Open):
            name = room_name(request.name, limits=self._record.limits)
            return "" if not isinstance(name, Refusal) and is_found(room, name) else "another room was meant"
        if isinstance(request, Tell):
            return "" if room.pair is not None and first.author in room.pair else "not their room"
        if isinstance(first.body, Renamed) and self._is_taken(first.body.room_name, but=room):
            return "another room is called so"
        if room.kind is Kind.INBOX:
            return "" if room.owner == first.author else "somebody else's inbox"
        asked = getattr(request, "room", room.id)
        return "" if asked == room.id else f"room {asked} was meant"

    def _why_not_opened(self, room: Room, first: Entry) -> str:
        body = first.body
        if not isinstance(body, Opened):
            return "it begins without being opened"
        if body.room_kind is Kind.DIRECT:
            others = [other for other in self._record.rooms.values() if other.pair == body.pair]
            return "they have a direct room" if others else ""
        return "there is a room of that name" if self._is_taken(body.room_name, but=room) else ""

    def _is_taken(self, name: str, *, but: Room) -> bool:
        return any(is_found(other, name) for other in self._record.rooms.values() if other.id != but.id)

    # What the rules want to know ------------------------------------------------------------------------------------

    def _circumstances(self, room: Room, entries: Sequence[Entry], request: Write) -> Circumstances:
        record, first = self._record, entries[0]
        plain = Circumstances(record.limits, record.now)
        more: dict[str, object] = {}
        match first.body:
            case Opened(room_name=name, pair=None) | Renamed(room_name=name):
                more["room_name"] = name
            case Opened():
                joined = entries[1].body if len(entries) > 1 else None
                people = joined.people if isinstance(joined, MembershipChanged) else ()
                more["other"] = next((one for one in people if one.principal != first.author), _author(first))
            case Message() if isinstance(request, Tell):
                more["other"] = self._partner(room, first)
            case InvitationsChanged(people=(person,)) | Ignored(person=person):
                more["other"] = person
            case CodeMade(digest=digest):
                more["code"] = digest
            case MarkerMoved() if isinstance(request, MoveMarker):
                more["marker"] = self._marker(first.body, request, room)
            case Marked(mark=mark) if mark.principal is not None and mark.principal not in room.members:
                more["other"] = Person(mark.principal, AccountName(mark.mask))
        if isinstance(request, Say | Edit | Redact | React):
            more.update(self._about_message(room, first, request))
        more.update(self._about_guest(entries))
        more["present"] = self._put_out(entries, request)
        return msgspec.structs.replace(plain, **more)

    def _partner(self, room: Room, entry: Entry) -> Person:
        assert room.pair is not None
        low, high = room.pair
        other = high if entry.author == low else low
        return Person(other, room.members[other].name)

    def _about_message(self, room: Room, entry: Entry, request: Say | Edit | Redact | React) -> dict[str, object]:
        number = request.reply if isinstance(request, Say) else request.number
        if not 0 < number <= room.head:
            return {}
        there = self._record.reactions.get((room.id, number), {})
        mine = isinstance(request, React) and (entry.author, request.reaction) in there
        return {"target": self._record.entries[room.id][number - 1], "reacted": mine, "reactions": len(there)}

    def _about_guest(self, entries: Sequence[Entry]) -> dict[str, object]:
        """A guest that was put out, or given a role, was there; nothing kept says so."""
        match entries[0].body:
            case MembershipChanged(way=Way.REMOVED, people=(person,)) if is_guest(person.principal):
                return {"other": person, "other_here": True}
            case RolesChanged(changes=(change, *_)) if is_guest(change.person.principal):
                return {"other": change.person, "other_here": True}
        return {}

    def _put_out(self, entries: Sequence[Entry], request: Write) -> tuple[Actor, ...]:
        """Those whom a mark put out were there, from wherever they come. The mark itself may have been there before."""
        last = entries[-1].body
        if not isinstance(request, SetMark) or not isinstance(last, MembershipChanged) or last.way is not Way.REMOVED:
            return ()
        return tuple(
            self._actor(person.principal, person.name, address, inside=True)
            for person in last.people
            for address in self._record.addresses.get(person.name, [])
        )

    def _marker(self, moved: MarkerMoved, request: MoveMarker, inbox: Room) -> MarkerMoved | None:
        """Where the marker was to be: as it is, if that is in keeping with the room it is about."""
        if not moved.target.isdigit():
            return moved
        room = next((one for one in self._record.rooms.values() if str(one.id) == moved.target), None)
        assert inbox.owner is not None
        span = None if room is None else self._record.span(room.id, inbox.owner)
        if room is None or span is None or (request.room and request.room != room.id):
            return None
        before = inbox.personal.markers.get(moved.target)
        asked = request.number if request.number else moved.number
        furthest = max(asked, 0 if before is None else before.number)
        fits = moved.number <= min(furthest, room.head) and (span.last is None or moved.number <= span.last)
        said, floor = self._record.messages_upto(room.id, moved.number), self._record.floors.get(room.id, 1)
        forgotten = moved.number < floor and said <= moved.said <= self._record.messages_upto(room.id, floor - 1)
        return moved if fits and (moved.said == said or forgotten) else None

    # What the server writes of its own accord -----------------------------------------------------------------------

    def _illegal_of_server(self, room: Room, entry: Entry) -> str:
        match entry.body:
            case Opened(room_kind=Kind.INBOX, owner=owner):
                inboxes = (one for one in self._record.rooms.values() if one.kind is Kind.INBOX)
                return "there is an inbox" if any(one.owner == owner for one in inboxes) else ""
            case Opened() as opened:
                taken = self._is_taken(LOBBY, but=room)
                return "" if opened == open_room(LOBBY, SERVER, Kind.PUBLIC) and not taken else "opened oddly"
            case Archived():
                return "" if room.passing and not room.members else "somebody is there"
            case Unmarked(listing=listing, masks=masks):
                over = [
                    one.mark.mask for one in room.governance.of_listing(listing) if not one.in_force(self._record.now)
                ]
                return "" if masks and set(masks) <= set(over) else f"lifted {masks} where {over} was due"
        return f"the server does not write {entry.body}"


@lru_cache(maxsize=64)
def _host(address: str, key: bytes) -> str:
    return host_of(address, key)


def _author(entry: Entry) -> Person:
    return Person(entry.author, entry.name)


def wrong(room: Room, entry: Entry, *, now: int, admins: Container[str]) -> str:
    """What may never be, said without the rules, which may be wrong themselves; empty if all is well."""
    match entry.body:
        case MarkerMoved(target=target, number=number, time=time):
            before = room.personal.markers.get(target)
            back = before is not None and (number < before.number or time < before.time)
            return f"a marker moves back from {before}" if back else ""
        case MembershipChanged(way=Way.JOINED, people=(person,)):
            bans = [one for one in room.governance.of_listing(Listing.BAN) if one.in_force(now)]
            excused = room.governance.excused.get(person.principal, 0)
            banned = any(one.mark.principal == person.principal and one.since >= excused for one in bans)
            above = person.principal == room.owner or person.name in admins
            excepted = above or room.governance.of_listing(Listing.BAN_EXCEPTION)
            return "somebody joins who is banned by name" if banned and not excepted else ""
    return ""


def is_found(room: Room, name: str) -> bool:
    """Whether a name leads to a room."""
    return fold(name) in _names(room)


def _names(room: Room) -> Iterable[FoldedName]:
    """What leads to a room."""
    return [] if room.archived or not room.name else [fold(room.name), *map(fold, room.governance.former_names)]


def _reason(verdict: tuple[Draft, ...] | Refusal) -> str:
    return verdict.code.value if isinstance(verdict, Refusal) else f"it would have become {verdict}"
