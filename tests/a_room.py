"""A room with people in it, for tests that ask what may happen there and what becomes of it."""

from __future__ import annotations

from typing import Any

from besedka.chat.entries import (
    Body,
    Draft,
    Entry,
    Kind,
    MembershipChanged,
    Message,
    Opened,
    Person,
    RoleChange,
    RolesChanged,
    RoomId,
    RoomName,
    RoomRole,
    SettingsChange,
    SettingsChanged,
    Way,
)
from besedka.chat.folding import evolve, number
from besedka.chat.principals import SERVER, AccountName, AccountRole, Actor, PrincipalId
from besedka.chat.refusals import Code, Refusal
from besedka.chat.requests import Write
from besedka.chat.rooms import Room
from besedka.chat.rules import decide
from besedka.chat.verdicts import Circumstances, Verdict
from besedka.limits import Limits

ROOM = RoomId(9)
NOW = 1_000_000
"""When everything happens unless a test says otherwise."""

ANN = Person(PrincipalId(1), AccountName("ann"))
BOB = Person(PrincipalId(2), AccountName("bob"))
CARL = Person(PrincipalId(3), AccountName("carl"))
DORA = Person(PrincipalId(4), AccountName("dora"))
GUEST = Person(PrincipalId(-4), AccountName("passer-by"))
THE_SERVER = Person(SERVER, AccountName("server"))

LIMITS = Limits(rooms_per_account_max=3, members_max=5, marks_max=2, invited_max=2, markers_max=2, ignored_max=2)


def after(room: Room, *bodies: Body, author: Person = ANN, now: int = NOW) -> Room:
    """The room after some entries."""
    for body in bodies:
        room = evolve(room, number(room, Draft(author.principal, author.name, body), now))
    return room


def joined(*people: Person) -> MembershipChanged:
    return MembershipChanged(Way.JOINED, people)


def standing(person: Person, role: RoomRole | None = None, *, voice: bool | None = None) -> RolesChanged:
    return RolesChanged((RoleChange(person, role, voice),))


def opened(kind: Kind = Kind.PUBLIC, *people: Person, owner: Person | None = ANN, **settings: Any) -> Room:
    """A room, those in it, and what is set of it. Whoever owns it is in it only if said."""
    begun = Opened(kind, RoomName("tea"), None if owner is None else owner.principal)
    room = after(Room(ROOM), begun, author=owner or GUEST)
    room = after(room, joined(*people)) if people else room
    return after(room, SettingsChanged(SettingsChange(**settings))) if settings else room


def direct(one: Person, other: Person) -> Room:
    low, high = sorted((one.principal, other.principal))
    people = tuple(dict.fromkeys((one, other)))
    return after(Room(ROOM), Opened(Kind.DIRECT, pair=(low, high)), joined(*people))


def inbox(owner: Person = ANN, *bodies: Body) -> Room:
    return after(Room(ROOM), Opened(Kind.INBOX, owner=owner.principal), *bodies)


def actor(who: Person, room: Room, *, admin: bool = False, here: bool = False, **more: Any) -> Actor:
    """Somebody as the rules see them."""
    role = AccountRole.ADMIN if admin else AccountRole.USER
    inside = here or who.principal in room.members
    return Actor(who.principal, who.name, role, inside, **more)


def asked(
    who: Person,
    request: Write,
    room: Room,
    *,
    admin: bool = False,
    here: bool = False,
    muted: bool = False,
    **known: Any,
) -> Verdict:
    """What the rules say."""
    given: dict[str, Any] = {"limits": LIMITS, "now": NOW, "room_name": RoomName("tea")} | known
    return decide(room, actor(who, room, admin=admin, here=here, muted=muted), request, Circumstances(**given))


def refused(verdict: Verdict) -> Code | None:
    return verdict.code if isinstance(verdict, Refusal) else None


def bodies(verdict: Verdict) -> list[Body]:
    assert not isinstance(verdict, Refusal), verdict
    return [draft.body for draft in verdict]


def said(at: int, text: str = "hi", author: Person = BOB, **more: Any) -> Entry:
    """A message as it stands."""
    return Entry(at, NOW, author.principal, author.name, Message(text, **more))
