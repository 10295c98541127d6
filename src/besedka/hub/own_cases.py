"""What requests about oneself are judged on: one's inbox, or, of a guest, what its session remembers."""

from __future__ import annotations

import msgspec

from besedka.chat.entries import Kind, MarkerMoved, Person, RoomId
from besedka.chat.folding import evolve, number
from besedka.chat.names import account_name, fold, room_name
from besedka.chat.own_requests import Ignore, MoveMarker, SetProfile
from besedka.chat.personal import Personal
from besedka.chat.personal_rules import PERSONAL_RULES
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import NO_ROOM, Write
from besedka.chat.room_requests import SetData
from besedka.chat.rooms import Room
from besedka.chat.rules import decide
from besedka.chat.told import Done
from besedka.chat.verdicts import Circumstances
from besedka.hub.cases import Case, Found, Later
from besedka.hub.markers import Markers
from besedka.hub.parts import Parts
from besedka.hub.preparing import Prepared
from besedka.hub.rooms import NOWHERE
from besedka.hub.session import Online, Session
from besedka.hub.turn import Turn


def is_own(request: Write) -> bool:
    """Whether a request is about whoever asks, and not about a room."""
    return type(request) in PERSONAL_RULES or (type(request) is SetData and request.room == NO_ROOM)


class OwnCases:
    """Finds what the requests about oneself are judged on."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._markers = Markers(parts)

    def find(self, turn: Turn, online: Online, request: Write, prepared: Prepared | None) -> Found:
        """The case of one request of somebody's."""
        circumstances = Circumstances(self._parts.limits, turn.now)
        if not online.registered:
            return Case(NOWHERE, circumstances)  # What a guest may say of itself comes to `guest`.
        opened = self._parts.rooms.inbox_of(online.principal)
        if opened is None:
            return Later.UNPREPARED
        inbox = turn.tentative(opened.state)
        if isinstance(request, Ignore):
            other = self._ignored(inbox, request) if request.withdrawn else None
            if other is None and prepared is None:
                return Later.UNPREPARED
            if other is None and prepared is not None:
                other = prepared.other
            circumstances = msgspec.structs.replace(circumstances, other=other)
        elif isinstance(request, MoveMarker):
            marker = self._marker(online, request, prepared)
            if not isinstance(marker, MarkerMoved):
                return marker
            circumstances = msgspec.structs.replace(circumstances, marker=marker)
        return Case(inbox, circumstances)

    def _ignored(self, inbox: Room, request: Ignore) -> Person | None:
        """The one of this name among those who are ignored: there may be no such account any more."""
        name = fold(request.name)
        return next((one for one in inbox.personal.ignored.values() if fold(one.name) == name), None)

    def _marker(self, online: Online, request: MoveMarker, prepared: Prepared | None) -> MarkerMoved | Later | Refusal:
        wrong = self._wrong_marker(request)
        if wrong is not None:
            return wrong
        marker = self._markers.find_in_memory(online, request)
        if marker is not None:
            return marker
        if prepared is None:
            return Later.UNPREPARED
        return prepared.marker or Refusal(Code.NO_SUCH_ROOM)

    def _wrong_marker(self, request: MoveMarker) -> Refusal | None:
        if not request.number and not request.time:
            return Refusal(Code.BAD_VALUE, "number")
        named = request.room != NO_ROOM or self._can_be_a_name(request.name)
        return None if named else Refusal(Code.BAD_VALUE, "name")

    def _can_be_a_name(self, name: str) -> bool:
        limits = self._parts.limits
        found = room_name(name, limits=limits), account_name(name, limits=limits)
        return not all(isinstance(one, Refusal) for one in found)

    def guest(self, turn: Turn, session: Session, request: Write) -> Done | Refusal:
        """Carry out what a guest says of itself: its session remembers it, and no inbox."""
        online = session.online
        assert online is not None, "only who has said who it is says something of itself"
        own = _guests_own(online)
        marker = None
        if isinstance(request, MoveMarker):
            wrong = self._wrong_marker(request)
            if wrong is not None:
                return wrong
            marker = self._markers.by_name(request)
        circumstances = Circumstances(self._parts.limits, turn.now, marker=marker)
        verdict = decide(own, session.actor(inside=True), request, circumstances)
        if isinstance(verdict, Refusal):
            return verdict
        for draft in verdict:
            own = evolve(own, number(own, draft, turn.now))
        online.markers = own.personal.markers
        self._parts.watching.guest_changed(online, own.personal.profile, own.data)
        return Done(request.request_id)


KEPT_OF_GUESTS = frozenset({SetProfile, SetData, MoveMarker})
"""What a guest may say of itself; everything else of this kind needs an account."""


def _guests_own(online: Online) -> Room:
    """What would be a guest's inbox, to be judged by the same rules."""
    personal = Personal(online.markers, profile=online.profile)
    return Room(RoomId(0), Kind.INBOX, owner=online.principal, head=1, personal=personal, data=online.data)
