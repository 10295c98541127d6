"""What my inbox says of me, the same on all my devices."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from besedka.chat.entries import (
    Entered,
    Entry,
    Ignored,
    Invited,
    Left,
    Level,
    MarkerMoved,
    NotifySet,
    Person,
    ProfileSet,
    RoomId,
)
from besedka.chat.personal import INVITATIONS_MAX, Invitation, Profile
from besedka.chat.principals import PrincipalId
from besedka.chat.told import PersonalTold

K = TypeVar("K")
V = TypeVar("V")

_replace = msgspec.structs.replace


class Own(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of an inbox after the last entry of it that this client has. Bounded as the server's is."""

    read: dict[str, int] = {}
    """By target, as `MarkerMoved` has it: the number up to which I have read."""
    ignored: dict[PrincipalId, Person] = {}
    notify: dict[RoomId, Level] = {}
    """Rooms that are not at `Level.ALL`."""
    invitations: dict[RoomId, Invitation] = {}
    """Rooms I am invited to and have not entered, the oldest first."""
    profile: Profile = Profile()

    @classmethod
    def of(cls, told: PersonalTold) -> Own:
        """As the server describes the inbox."""
        return cls(
            read={target: marker.number for target, marker in told.markers},
            ignored={person.principal: person for person in told.ignored},
            notify=dict(told.notify),
            invitations={invitation.room: invitation for invitation in told.invitations},
            profile=told.profile,
        )

    def level(self, room: RoomId) -> Level:
        """Of what I want to be notified in a room."""
        return self.notify.get(room, Level.ALL)

    def read_upto(self, room: RoomId) -> int:
        """The number up to which I have read a room; 0 for nothing of it."""
        return self.read.get(str(room), 0)

    def after(self, entry: Entry) -> Own:
        """The same after the inbox's next entry."""
        match entry.body:
            case MarkerMoved(target=target, number=number):
                return _replace(self, read={**self.read, target: number})
            case Ignored(person=person, withdrawn=withdrawn):
                others = _without(self.ignored, person.principal)
                return _replace(self, ignored=others if withdrawn else {**others, person.principal: person})
            case NotifySet(room=room, level=level):
                others_set = _without(self.notify, room)
                return _replace(self, notify=others_set if level is Level.ALL else {**others_set, room: level})
            case Invited(room=room, room_kind=kind, room_name=name, withdrawn=withdrawn):
                before = _without(self.invitations, room)
                if not withdrawn:
                    by = Person(entry.author, entry.name)
                    before = {**before, room: Invitation(room, entry.number, kind, name, by)}
                return _replace(self, invitations=dict(list(before.items())[-INVITATIONS_MAX:]))
            case Entered(room=room):
                return _replace(self, invitations=_without(self.invitations, room))
            case Left(room=room):
                return _replace(self, notify=_without(self.notify, room))
            case ProfileSet() as said:
                given = msgspec.structs.asdict(said)
                profile = _replace(self.profile, **{name: one for name, one in given.items() if one is not None})
                return _replace(self, profile=profile)
            case _:
                return self


def _without(mapping: dict[K, V], key: K) -> dict[K, V]:
    return {one: value for one, value in mapping.items() if one != key}
