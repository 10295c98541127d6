"""What one session may be told beside entries: of which rooms and people it may know, and by what words.

Every mark in what people write (`sim.tokens`) is looked for in all that is told, whatever unit it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from besedka.chat.answers import DataTold, MarkList, OverviewTold, PersonTold, SearchPage
from besedka.chat.entries import Edited, Entry, Kind, Listing, MembershipChanged, Message, Redacted, RoomId, RoomName
from besedka.chat.names import LOBBY, fold, room_name
from besedka.chat.own_requests import GetData, SetNotify
from besedka.chat.principals import PrincipalId, is_account, is_guest
from besedka.chat.queries import parse
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Join, Request, Search
from besedka.chat.room_requests import Open, Rename
from besedka.chat.rooms import Room
from besedka.chat.searching import Query, matches
from besedka.chat.settings import RoomSettings
from besedka.chat.told import People, Presence, Refused, RoomLine, RoomList, RoomTold, TypingTold, Unit
from sim.record import Record, hold
from sim.retrial import is_found
from sim.rights import Span
from sim.tokens import tokens_in

_ABOUT_THE_SERVER = frozenset({Code.NOT_KEPT, Code.BUSY, Code.ACCOUNT_NEEDED, Code.BAD_VALUE})
"""Refusals that a request meets whatever room it is about."""

_FOR_READERS = (Message, Edited, Redacted, MembershipChanged)
"""What is told to those only who may read the entry; other words are the room's state as well."""


class Viewer:
    """One session, and what it may know."""

    def __init__(self, record: Record, *, hears_itself: bool = False) -> None:
        """`hears_itself` is whether it is told what it said from outside, where that is allowed."""
        self.record = record
        self._hears_itself = hears_itself
        self.me: PrincipalId | None = None
        self.administers = False
        """Whether it is an administrator's."""
        self._guest_in: dict[RoomId, int] = {}
        """Rooms a guest went into, each with the entry that had put it out the last time before that."""

    def came_in(self, room: RoomId) -> None:
        """It has been told that it is in a room; what an account is in, the log says."""
        assert self.me is not None
        if is_guest(self.me):
            self._guest_in[room] = self.record.rights.put_out(room, self.me)

    def came_in_first(self) -> None:
        """A guest has been let in: it is in the lobby, whatever that is called by now."""
        lobby = next((room.id for room in self.record.rooms.values() if is_found(room, LOBBY)), None)
        hold(lobby is not None, "a guest is let in before there is a lobby")
        assert lobby is not None
        self.came_in(lobby)

    def went_out(self, room: RoomId) -> None:
        """It has been told that it is outside."""
        self._guest_in.pop(room, None)

    # What it may know -----------------------------------------------------------------------------------------------

    def span(self, room: RoomId) -> Span | None:
        """What it may read of a room."""
        assert self.me is not None, "a room is told to a stranger"
        if not is_guest(self.me) or self.record.rights.is_inside(room, self.me):
            return self.record.span(room, self.me)  # A guest is a member of its conversations of two.
        before = self._guest_in.get(room)
        if before is None:
            return None
        out = self.record.rights.put_out(room, self.me)
        return Span(1, None if out == before else out)

    def is_inside(self, room: RoomId) -> bool:
        """Whether it is in a room, as far as the server may know."""
        assert self.me is not None, "a stranger is nowhere"
        if is_guest(self.me) and not self.record.rights.is_inside(room, self.me):
            span = self.span(room)
            return span is not None and (span.last is None or room in self.record.unsure)
        return any(self.me in version.members for version in self.record.versions(room))

    def knows(self, room: RoomId) -> bool:
        """Whether it may know that there is such a room."""
        if room not in self.record.rooms:
            return False
        return self.is_inside(room) or self.span(room) is not None or any(map(self._finds, self.record.lately(room)))

    def _finds(self, room: Room) -> bool:
        if room.archived or room.kind is Kind.INBOX:
            return False
        return not _is_hidden(room) or self.me in room.governance.invited

    # What it is told ------------------------------------------------------------------------------------------------

    def check_words(self, data: bytes) -> None:
        """Everything in these bytes that somebody wrote."""
        for token in dict.fromkeys(tokens_in(data)):
            if token in self.record.of_guests:
                continue
            places = self.record.said.get(token)
            hold(places is not None, f"told of {token} before it was kept")
            hold(token not in self.record.gone, f"{token} is told, and was taken away")
            assert places is not None
            may = any(self._may_hear(*place) for place in places)
            hold(may, f"{self.me} is told {token} of {places}, and may read {[self.span(room) for room, _ in places]}")

    def _may_hear(self, room: RoomId, number: int) -> bool:
        span = self.span(room)
        if span is not None and span.has(number):
            return True
        entry = self.record.entries[room][number - 1]
        if self._hears_itself and entry.author == self.me:
            return True
        if isinstance(entry.body, _FOR_READERS):
            return False
        states = self.record.versions(room)
        return self.is_inside(room) or any(not _is_hidden(one) or one.kind is Kind.INBOX for one in states)

    def check(self, unit: Unit, request: Request | None) -> None:
        """A unit that is no run and no page; `request` is what it answers."""
        match unit:
            case RoomTold():
                self._room_told(unit)
            case RoomList(rooms=lines) | PersonTold(rooms=lines):
                for line in lines:
                    self._line(line)
            case OverviewTold(rooms=overview):
                for one in overview:
                    hold(self.is_inside(one.line.room), f"an overview with room {one.line.room}")
            case People():
                self._people(unit)
            case Presence(room=room):
                persons = (*unit.came, *unit.back, *(one.person for one in unit.away))
                self._present(room, [one.principal for one in persons])
            case TypingTold(room=room, people=people):
                self._present(room, [one.person.principal for one in people])
            case MarkList(room=room):
                governs = self.administers and any(not _is_hidden(one) for one in self.record.versions(room))
                hold(governs or self.is_inside(room), f"the lists of room {room} are told to {self.me}")
            case DataTold(room=room) if room is not None:
                hold(self.is_inside(room), f"a value of room {room} is told to {self.me}")
            case Refused():
                self._refused(unit, request)
        if isinstance(unit, PersonTold):
            self._visible([unit.person.principal] if unit.online or unit.away else [])
        if not isinstance(unit, Refused) and isinstance(request, GetData) and request.room:
            hold(self.knows(request.room), f"values of room {request.room} are told to {self.me}")

    def check_found(self, page: SearchPage, request: Search) -> None:
        """Each is kept, may be read, has the words that were asked for, and is older than the one before."""
        asked = parse(request.query, now=self.record.now, zone=request.zone, limits=self.record.limits)
        assert not isinstance(asked, Refusal), "found, and nothing was asked"
        query, older = Query(asked.terms, has_link=asked.has_link), request.older_than
        for hit in page.hits:
            hold(self.record.has(hit.room, hit.entry), f"room {hit.room}: {hit.entry.number} is found and not kept")
            readable(self, hit.room, (hit.entry,))
            hold(matches(query, hit.entry), f"{self.me} finds {hit.entry.number} of room {hit.room} by {request.query}")
            place = (hit.entry.time, hit.room, hit.entry.number)
            hold(older is None or place < older, f"found out of order: {place} behind {older}")
            older = place
        hold(
            {hit.room for hit in page.hits} == {one.room for one in page.rooms}, "rooms that are not those of the hits"
        )
        for room in page.rooms:
            versions = self.record.versions(room.room)
            named = any(
                one.name == room.room_name and (self.is_inside(one.id) or not _is_hidden(one)) for one in versions
            )
            hold(named or not room.room_name, f"{self.me} is told that room {room.room} is called {room.room_name}")

    def _room_told(self, told: RoomTold) -> None:
        span, versions = self.span(told.room), self.record.versions(told.room)
        hold(span is not None, f"room {told.room} is told to {self.me}, who may not read it")
        assert span is not None
        inside = span.last is None or self.is_inside(told.room)
        if inside and any(_describes(told, version, self.me) for version in versions):
            return
        stays = [stay for version in versions for principal, stay in version.former.items() if principal == self.me]
        last = max((one for one in (span.last, *(stay.left for stay in stays)) if one is not None), default=None)
        hold(last is not None, f"room {told.room} is told as {told}, and is {versions}")
        assert last is not None
        hold(told.head <= last, f"room {told.room}: head {told.head} is told to {self.me}, who has left at {last}")
        hidden = all(_is_hidden(version) for version in versions)
        hold(not hidden or not told.room_name, f"what room {told.room} is called now is told to who has left it")
        bare = (told.topic, told.members, told.messages, told.settings) == ("", 0, 0, RoomSettings())
        hold(bare, f"room {told.room} is told to {self.me} as it is now: {told}")

    def _line(self, line: RoomLine) -> None:
        """A room in some list, of which others may hear too."""
        versions = self.record.versions(line.room)
        seen = any(
            not one.archived and (not _is_hidden(one) or self.is_inside(one.id)) and one.kind is not Kind.INBOX
            for one in versions
        )
        hold(seen, f"room {line.room} is listed for {self.me}")
        fits = any((line.room_name, line.topic) == (one.name, one.topic) for one in versions)
        hold(fits, f"room {line.room} is listed as {line}, and is {versions}")

    def _people(self, people: People) -> None:
        hold(self.is_inside(people.room), f"who is in room {people.room} is told to {self.me}")
        versions = self.record.versions(people.room)
        for line in people.people:
            if is_account(line.principal):
                members = [one.members.get(line.principal) for one in versions]
                fits = any(one is not None and (one.role, one.voice) == (line.role, line.voice) for one in members)
                hold(fits, f"room {people.room} lists {line}, whose standing is {members}")
        self._visible(line.principal for line in people.people if line.online or line.away)

    def _present(self, room: RoomId, people: Iterable[PrincipalId]) -> None:
        hold(self.is_inside(room), f"who is in room {room} is told to {self.me}")
        there = list(people)
        versions = self.record.versions(room)
        for principal in filter(is_account, there):
            inside = any(principal in one.members for one in versions)
            hold(inside, f"{principal} is told of as being in room {room}")
        self._visible(there)

    def _visible(self, people: Iterable[PrincipalId]) -> None:
        """Nobody is told of as being here who does not want that."""
        for principal in people:
            if principal == self.me:
                continue
            inbox = self.record.inbox(principal)
            versions = [] if inbox is None else self.record.versions(inbox.id)
            hidden = bool(versions) and all(one.personal.profile.invisible for one in versions)
            hold(not hidden, f"{self.me} is told that {principal} is here, who is invisible")

    def _refused(self, refused: Refused, request: Request | None) -> None:
        """A room that one may not know of is refused as one that there is not."""
        room: RoomId | None = getattr(request, "room", None)
        if room and not isinstance(request, SetNotify) and not self.knows(room):
            like_none = refused.code is Code.NO_SUCH_ROOM and not refused.detail
            alike = like_none or refused.code in _ABOUT_THE_SERVER
            hold(alike, f"{self.me} is refused {request} in room {room} by {refused}")
        if isinstance(request, Join | Open | Rename):
            name = room_name(request.name, limits=self.record.limits)
            secret = not isinstance(name, Refusal) and self._is_secret(name, request)
            by_name = refused.code is Code.ROOM_NAME_TAKEN and not refused.detail
            like_any = refused.code in _ABOUT_THE_SERVER or refused.code is Code.TOO_MANY_ROOMS
            general = by_name or like_any or not isinstance(request, Join)
            hold(not secret or general, f"{self.me} is refused {request} of a hidden room by {refused}")

    def _is_secret(self, name: RoomName, request: Request) -> bool:
        """Whether a name leads to a room of which this session may not know, and to which it has no key or code."""
        bearers = [one for one in self.record.rooms.values() if not one.archived and fold(one.name) == fold(name)]
        with_code = isinstance(request, Join) and bool(request.code)
        return not with_code and any(not self.knows(one.id) and not _excepts(one) for one in bearers)


def _is_hidden(room: Room) -> bool:
    """As it is set."""
    return room.governance.settings.hidden


def _excepts(room: Room) -> bool:
    """Whether some may join without an invitation, whoever they are: to them it is not hidden."""
    return bool(room.governance.of_listing(Listing.INVITE_EXCEPTION))


def _describes(told: RoomTold, room: Room, me: PrincipalId | None) -> bool:
    settings = room.governance.settings
    member = None if me is None else room.members.get(me)
    standing = member or (None if me is None else room.governance.guests.get(me))
    return (
        (told.room_kind, told.room_name, told.topic, told.head) == (room.kind, room.name, room.topic, room.head)
        and (told.messages, told.members) == (room.messages, len(room.members))
        and told.settings == (settings if member is not None else msgspec.structs.replace(settings, key=""))
        and (standing is None or (told.role, told.voice) == (standing.role, standing.voice))
    )


def readable(viewer: Viewer, room: RoomId, entries: Iterable[Entry]) -> None:
    """All of these may be read."""
    span = viewer.span(room)
    for entry in entries:
        within = span is not None and span.has(entry.number)
        hold(within, f"room {room}: {entry.number} is told to {viewer.me}, who may read {span}")
