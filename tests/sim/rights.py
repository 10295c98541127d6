"""Who may read what, found from the entries alone: a second opinion on what the rooms' states say of it (P7)."""

from __future__ import annotations

import msgspec

from besedka.chat.entries import Entry, Kind, MembershipChanged, Opened, RoomId, Way
from besedka.chat.principals import PrincipalId, is_guest


class Span(msgspec.Struct, frozen=True):
    """The numbers somebody may read; None for however far it goes."""

    first: int
    last: int | None

    def has(self, number: int) -> bool:
        """Whether this one is among them."""
        return self.first <= number and (self.last is None or number <= self.last)


class _Stays(msgspec.Struct):
    """Who has been in one room, and from when."""

    kind: Kind
    owner: PrincipalId | None
    first: dict[PrincipalId, int] = {}
    """The entry of somebody's first joining ever."""
    ended: dict[PrincipalId, int | None] = {}
    """The entry that put somebody outside the last time; None while inside. Of a guest, only that it was put out."""


class Rights:
    """What everybody may read in every room, as of the last entry."""

    def __init__(self) -> None:
        self._rooms: dict[RoomId, _Stays] = {}

    def take(self, room: RoomId, entry: Entry) -> None:
        """The next entry of a room."""
        body = entry.body
        if isinstance(body, Opened):
            self._rooms[room] = _Stays(body.room_kind, body.owner)
        elif isinstance(body, MembershipChanged):
            stays = self._rooms[room]
            for person in body.people:
                if body.way is Way.JOINED:
                    stays.first.setdefault(person.principal, entry.number)
                stays.ended[person.principal] = None if body.way is Way.JOINED else entry.number

    def span(self, room: RoomId, principal: PrincipalId) -> Span | None:
        """What an account may read of a room, or None for nothing."""
        stays = self._rooms.get(room)
        if stays is None:
            return None
        if stays.kind is Kind.INBOX:
            return Span(1, None) if principal == stays.owner else None
        if principal not in stays.first:
            return None
        return Span(1 if stays.kind is Kind.PUBLIC else stays.first[principal], stays.ended[principal])

    def is_inside(self, room: RoomId, principal: PrincipalId) -> bool:
        """Whether an account is a member."""
        stays = self._rooms.get(room)
        return stays is not None and principal in stays.first and stays.ended[principal] is None

    def put_out(self, room: RoomId, guest: PrincipalId) -> int:
        """The entry that put a guest out the last time; 0 for never."""
        assert is_guest(guest), "an account's stays are all known"
        stays = self._rooms.get(room)
        return 0 if stays is None else stays.ended.get(guest) or 0

    def copy(self) -> Rights:
        """As they are now."""
        other = Rights()
        for room, stays in self._rooms.items():
            other._rooms[room] = _Stays(stays.kind, stays.owner, dict(stays.first), dict(stays.ended))
        return other
